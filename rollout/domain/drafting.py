"""The next guidelines while they are written: saved so that two writers never overwrite each other, then published.

A draft is nobody's rule yet, so saving one is no event of the plan; publishing it is.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import readiness, signing_off
from rollout.domain.locks import lock_plan
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.models import OSLO, GuidelineDraft, GuidelineVersion, Placement, Rollout, Step

#: An opening within so many days comes soon, to an agency that has to sign anew before it.
SOON_DAYS = 14


class DraftRefused(Refused):
    """Somebody else has saved, published or thrown away the draft. `theirs`: it as it is now; None: there is none."""

    def __init__(self, reason: str, theirs: GuidelineDraft | None):
        self.theirs = theirs
        super().__init__(reason, field="text")


def draft_of(rollout: Rollout) -> GuidelineDraft | None:
    return GuidelineDraft.objects.filter(rollout=rollout).select_related("saved_by").first()


@transaction.atomic
def save(*, rollout: Rollout, text: str, revision_seen: int, by: Person, now: dt.datetime) -> GuidelineDraft:
    """Save the draft. `revision_seen`: the one the writer started from, 0 where there was no draft.

    Raises:
        DraftRefused: the draft is another than the one the writer started from.
    """
    rollout = lock_plan(rollout.pk)
    draft = _as_seen(rollout, revision_seen)
    if draft is None:
        newest = readiness.current_guidelines(rollout)
        draft = GuidelineDraft(rollout=rollout, based_on=newest.number if newest else 0, revision=0)
    draft.text, draft.saved_by, draft.saved_at = signing_off.tidy(text), by, now
    draft.revision += 1
    draft.save()
    return draft


@transaction.atomic
def discard(*, rollout: Rollout, revision_seen: int) -> None:
    """Throw the draft away.

    Raises:
        DraftRefused: somebody has saved it since it was seen.
    """
    draft = _as_seen(lock_plan(rollout.pk), revision_seen)
    if draft is not None:
        draft.delete()


@transaction.atomic
def publish(
    *,
    rollout: Rollout,
    revision_seen: int,
    is_material: bool,
    old_counts_until: dt.date | None = None,
    by: Person,
    now: dt.datetime,
) -> GuidelineVersion:
    """Publish the draft exactly as it was seen, and so end it.

    Raises:
        DraftRefused: it is another than the one that was seen, or there is none.
        Refused: see `signing_off.publish`.
    """
    rollout = lock_plan(rollout.pk)
    draft = _as_seen(rollout, revision_seen)
    if draft is None:
        raise DraftRefused(_("Det finnes ikke noe utkast å publisere. Skriv et først."), None)
    version = signing_off.publish(
        rollout=rollout, text=draft.text, is_material=is_material, old_counts_until=old_counts_until, by=by, now=now
    )
    draft.delete()
    return version


def _as_seen(rollout: Rollout, revision_seen: int) -> GuidelineDraft | None:
    """The draft, if it is the one that was seen. The plan is locked, so it stays so until the transaction ends."""
    draft = draft_of(rollout)
    if (draft.revision if draft else 0) == revision_seen:
        return draft
    if draft is not None:
        words = {"who": draft.saved_by, "when": clock_time(draft.saved_at)}
        raise DraftRefused(_("%(who)s lagret utkastet %(when)s, etter at du åpnet det.") % words, draft)
    newest = readiness.current_guidelines(rollout)
    reason = _("En annen har publisert eller forkastet utkastet etter at du åpnet det.")
    if newest is not None:
        reason += " " + _("Siste publiserte versjon er %(number)s.") % {"number": newest.number}
    raise DraftRefused(reason, None)


# -- what publishing will do ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reopened:
    """An agency that a material change asks to sign anew, and its next opening, if one is ahead."""

    placement: Placement
    signed: int
    step: Step | None
    opens_on: dt.date | None
    days: int | None
    counts_then: bool  # whether the older signature still counts on that day

    @property
    def is_soon(self) -> bool:
        return self.days is not None and self.days <= SOON_DAYS


def reopened(rollout: Rollout, *, old_counts_until: dt.date | None, now: dt.datetime) -> list[Reopened]:
    """Which agencies a material change published now will ask to sign anew, those that open first at the top."""
    today, placements = now.astimezone(OSLO).date(), signing_off.signed_before(rollout)
    facts = readiness.load_facts(placements, now=now)
    found = []
    for placement in placements:
        signed = facts[placement.pk].signed_version or 0
        step = _next_step(placement)
        day = placement.wave.day_of(step) if placement.wave and step else None
        days = (day - today).days if day and day >= today else None
        counts = day is not None and old_counts_until is not None and day <= old_counts_until
        found.append(Reopened(placement, signed, step, day if days is not None else None, days, counts))
    return sorted(found, key=lambda one: (one.days is None, one.days or 0, one.placement.agency.name_sort_key))


def _next_step(placement: Placement) -> Step | None:
    """What the agency's wave opens next for it; None when all have access, or in the queue."""
    if placement.wave is None or placement.all_staff_access_at is not None:
        return None
    return Step.LEADERS if placement.leaders_access_at is None else Step.ALL_STAFF
