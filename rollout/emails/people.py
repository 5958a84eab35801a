"""The invitation: who is let in hears of it, once."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import CENTRAL_ROLES, Agency, Person, Role, RoleName
from rollout.emails.writing import LANGUAGE, Draft, frame_of, link_to, render, withdraw
from rollout.models import EmailKind, OutgoingEmail, Rollout

#: What the holder of a role at an agency does here.
WHAT_FOR = {
    RoleName.AGENCY_HEAD: gettext_lazy("Du godkjenner finansieringen, og kan bekrefte og signere for virksomheten."),
    RoleName.COMMUNICATION_CHIEF: gettext_lazy("Du bekrefter stegene virksomheten skal gjøre, og signerer for den."),
    RoleName.DEPUTY: gettext_lazy("Du bekrefter stegene virksomheten skal gjøre, og signerer for den."),
    RoleName.KEY_PERSON: gettext_lazy(
        "Du får tilgang sammen med lederne, før de andre medarbeiderne, og hjelper dem i gang."
    ),
}


def frame(rollout: Rollout) -> dict[str, Any]:
    """What all invitations written together have in common."""
    return frame_of(rollout)


def invitation(role: Role, *, inviter: RoleName | None, frame: dict[str, Any]) -> Draft:
    """To who was given the role. `inviter`: the role in which it was given; the mail names no person but its reader."""
    agency = role.agency
    with translation.override(LANGUAGE):
        context = frame | {
            "person": role.person,
            "role": role.get_role_display(),
            "agency": agency,
            "inviter": _inviter(inviter, agency),
            "what_for": WHAT_FOR.get(RoleName(role.role), ""),
            "link": link_to(frame["rollout"], f"my/{agency.slug}/" if agency else ""),
        }
    return Draft(EmailKind.INVITED, _subject(role), role.person, *render(EmailKind.INVITED, context))


def withdraw_invitation(role: Role) -> None:
    """A role that has ended is not announced any more."""
    withdraw(
        OutgoingEmail.objects.select_for_update(no_key=True).filter(kind=EmailKind.INVITED, subject=_subject(role))
    )


def withdraw_all(person: Person) -> None:
    """Who has no role left is told no more. The receipt for what they have signed is theirs all the same."""
    messages = OutgoingEmail.objects.select_for_update(no_key=True).filter(person=person).not_handed_over()
    withdraw(messages.exclude(kind=EmailKind.SIGN_RECEIPT).order_by("pk"))


def _subject(role: Role) -> str:
    return f"role:{role.pk}"


def _inviter(inviter: RoleName | None, agency: Agency | None) -> str:
    if inviter is None:
        return ""
    if inviter in CENTRAL_ROLES or agency is None:
        return str(inviter.label)
    return _("%(role)s i %(agency)s") % {"role": inviter.label, "agency": agency}
