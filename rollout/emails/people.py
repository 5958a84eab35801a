"""The invitation: who is let in hears of it, once."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import CENTRAL_ROLES, Agency, Role, RoleName
from rollout.emails.writing import LANGUAGE, Draft, frame_of, link_to, render, withdraw
from rollout.models import EmailKind, EmailState, OutgoingEmail, PlanEvent, Rollout

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


def withdraw_what_is_not_theirs(messages: QuerySet[OutgoingEmail]) -> None:
    """A role has ended: what its holder is not to read any more is not sent. `messages`: all of one reader.

    What a server has, or may have, may come back, so those rows are locked too: the ending, or who brings it back, sees
    the other's.
    """
    on_the_way = messages.filter(state__in=[EmailState.WAITING, EmailState.CLAIMED, EmailState.UNKNOWN])
    withdraw(not_theirs(on_the_way.select_for_update(no_key=True).order_by("pk")))


def not_theirs(messages: Iterable[OutgoingEmail]) -> list[OutgoingEmail]:
    """Of one reader's messages those that are not theirs by now: an invitation to a role that has ended, what happened
    at an agency where they have none (what has `told` is kept true by `emails.dates`), and all where they have no role
    left. The receipt for what they have signed is theirs all the same.
    """
    messages = [message for message in messages if message.kind != EmailKind.SIGN_RECEIPT]
    held = list(Role.objects.current().filter(person__in={message.person_id for message in messages}))
    if not held:
        return messages
    roles = {_subject(role) for role in held}
    elsewhere = set()
    if not any(role.role == RoleName.PROJECT_LEAD for role in held):
        causes = [message.occurrence.removeprefix("event:") for message in messages if not message.told]
        events = PlanEvent.objects.filter(pk__in=[cause for cause in causes if cause.isdecimal()], agency__isnull=False)
        elsewhere = {f"event:{event.pk}" for event in events.exclude(agency__in=[role.agency_id for role in held])}
    return [
        message
        for message in messages
        if (message.kind == EmailKind.INVITED and message.subject not in roles)
        or (message.occurrence in elsewhere and not message.told)
    ]


def _subject(role: Role) -> str:
    return f"role:{role.pk}"


def _inviter(inviter: RoleName | None, agency: Agency | None) -> str:
    if inviter is None:
        return ""
    if inviter in CENTRAL_ROLES or agency is None:
        return str(inviter.label)
    return _("%(role)s i %(agency)s") % {"role": inviter.label, "agency": agency}
