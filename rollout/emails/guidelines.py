"""Mail about the guidelines: a receipt to who signed, and word of a text that asks for a new signature (rule 5)."""

from collections.abc import Sequence

from agencies.models import RoleName
from rollout.emails.writing import Draft, frame_of, link_to, names_of, readers_at, render
from rollout.models import EmailKind, GuidelineVersion, Placement, SignOff

#: Who at an agency is told that a signature is needed anew.
TOLD_OF_NEW_TEXT = (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF)


def guidelines_changed(*, version: GuidelineVersion, placements: Sequence[Placement]) -> list[Draft]:
    """To the head and the chief of each agency that must sign the new text: one mail a person, with all of theirs."""
    rollout, kind = version.rollout, EmailKind.GUIDELINES_CHANGED
    shared = {**frame_of(rollout), "version": version}
    drafts = []
    for person, places in readers_at(placements, roles=TOLD_OF_NEW_TEXT).items():
        names = names_of([place.agency.name for place in places])
        page = f"my/{places[0].agency.slug}/guidelines/" if len(places) == 1 else "my/"
        context = {**shared, "person": person, "places": places, "names": names, "link": link_to(rollout, page)}
        drafts.append(Draft(kind, f"guidelines:{version.number}", person, *render(kind, context)))
    return drafts


def sign_receipt(*, sign_off: SignOff) -> Draft:
    """To who signed: which text, by its number and hash, for whom, in which role and when."""
    placement, kind = sign_off.placement, EmailKind.SIGN_RECEIPT
    context = {
        **frame_of(placement.rollout),
        "sign_off": sign_off,
        "version": sign_off.version,
        "agency": placement.agency,
        "person": sign_off.person,
        "role": sign_off.get_role_display(),
        "link": link_to(placement.rollout, f"guidelines/{sign_off.version.number}/"),
    }
    subject = f"signoff:{placement.agency.slug}:{sign_off.version.number}"
    return Draft(kind, subject, sign_off.person, *render(kind, context))
