"""Mail about the guidelines: a receipt to who signed, and word of a text that asks for a new signature (rule 5)."""

from collections.abc import Sequence
from typing import Any

from agencies.models import RoleName
from rollout.emails.writing import Draft, day_of, frame_of, link_to, names_of, readers_at, render
from rollout.models import EmailKind, GuidelineVersion, Placement, SignOff

#: Who at an agency is told that a signature is needed anew.
TOLD_OF_NEW_TEXT = (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF)


def guidelines_changed(*, version: GuidelineVersion, placements: Sequence[Placement]) -> list[Draft]:
    """To the head and the chief of each agency that must sign the new text: one mail a person, with all of theirs."""
    rollout, kind = version.rollout, EmailKind.GUIDELINES_CHANGED
    shared = {**frame_of(rollout), "version": version}
    openings = {placement.agency_id: coming for placement in placements if (coming := _needs_it(version, placement))}
    drafts = []
    for person, places in readers_at(placements, roles=TOLD_OF_NEW_TEXT).items():
        names = names_of([place.agency.name for place in places])
        page = f"my/{places[0].agency.slug}/guidelines/" if len(places) == 1 else "my/"
        context = {**shared, "person": person, "places": places, "names": names, "link": link_to(rollout, page)}
        context["openings"] = [openings[place.agency.pk] for place in places if place.agency.pk in openings]
        drafts.append(Draft(kind, f"guidelines:{version.number}", person, *render(kind, context)))
    return drafts


def _needs_it(version: GuidelineVersion, placement: Placement) -> dict[str, Any] | None:
    """The agency's next opening, where the old signature will not do for it; None: it has no date, or it will."""
    wave = placement.wave
    if wave is None or placement.all_staff_access_at is not None:
        return None
    leaders = placement.leaders_access_at is None
    day = wave.leaders_on if leaders else wave.all_staff_on
    if day < day_of(version.published_at) or (version.old_counts_until and day <= version.old_counts_until):
        return None
    return {"agency": placement.agency, "leaders": leaders, "day": day}


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
