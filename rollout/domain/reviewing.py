"""A wave's review: its figures, the criteria, and the decision it ends in (rules 13 and 14)."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import figures, judging, usage
from rollout.domain.figures import WaveEntry
from rollout.domain.judging import Check
from rollout.domain.locks import lock_placement, lock_plan, lock_wave
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import FieldsRefused, Refused
from rollout.domain.words import long_date
from rollout.models import (
    OSLO,
    WAVE_CLOSING,
    Criteria,
    EventKind,
    Lesson,
    Pace,
    Placement,
    Review,
    Rollout,
    UsageFigures,
    Wave,
)

CRITERIA = tuple(field.name for field in Criteria._meta.concrete_fields if field.name != "rollout")


@dataclass(frozen=True)
class Reviewed:
    """One agency of the wave: its figures by date, oldest first, and its lessons."""

    placement: Placement
    rows: list[UsageFigures]
    lessons: list[Lesson]

    @property
    def latest(self) -> UsageFigures | None:
        return self.rows[-1] if self.rows else None


@dataclass(frozen=True)
class Standing:
    """How a wave's review stands."""

    wave: Wave
    agencies: list[Reviewed]
    criteria: Criteria
    checks: list[Check]
    coming: Wave | None

    @property
    def as_seen(self) -> dict[str, Any]:
        """What a decision on it was made on, as `close` asks for it: the newest figures' id (0: none), the number of
        agencies, and the thresholds.
        """
        return {
            "seen": max((row.pk for agency in self.agencies for row in agency.rows), default=0),
            "agencies_seen": len(self.agencies),
            "criteria_seen": " ".join(f"{float(getattr(self.criteria, name)):g}" for name in CRITERIA),
        }

    @property
    def proposal(self) -> Pace:
        return judging.propose(self.checks)


# -- reading -------------------------------------------------------------------------------------------------------


def criteria_of(rollout: Rollout) -> Criteria:
    """The rollout's thresholds: its own, or the defaults."""
    return Criteria.objects.filter(rollout=rollout).first() or Criteria(rollout=rollout)


def standing(wave: Wave, *, now: dt.datetime) -> Standing:
    """The review of a wave that is open for all, in a number of queries that does not grow. An agency that is held
    back is no part of it.
    """
    plan = figures.plan(wave.rollout, now=now)
    of_the_plan = {entry.wave.number: entry for entry in plan.waves if entry.entries}
    placements = [
        entry.placement
        for entry in (of_the_plan[wave.number].entries if wave.number in of_the_plan else [])
        if entry.placement.all_staff_access_at is not None
    ]
    agencies = _reviewed(placements)
    coming = next((entry for number, entry in sorted(of_the_plan.items()) if number > wave.number), None)
    criteria = criteria_of(wave.rollout)
    return Standing(
        wave=wave,
        agencies=agencies,
        criteria=criteria,
        checks=judging.judge(
            rows=[agency.latest for agency in agencies if agency.latest],
            agencies=len(agencies),
            criteria=criteria,
            is_first=wave.number == min(of_the_plan, default=wave.number),
            coming=_still_to_open(coming),
            free_licences=figures.licences(wave.rollout).free,
        ),
        coming=coming.wave if coming else None,
    )


def _still_to_open(coming: WaveEntry | None) -> WaveEntry | None:
    """A next wave that has opened already says nothing of whether it may."""
    return coming if coming is not None and coming.wave.is_planned else None


def _reviewed(placements: Sequence[Placement]) -> list[Reviewed]:
    rows: dict[int, list[UsageFigures]] = defaultdict(list)
    known = {placement.pk: placement for placement in placements}
    for row in UsageFigures.objects.filter(placement__in=placements).in_force():
        row.placement = known[row.placement_id]
        rows[row.placement_id].append(row)
    lessons: dict[int, list[Lesson]] = defaultdict(list)
    for lesson in Lesson.objects.filter(placement__in=placements).order_by("number"):
        lessons[lesson.placement_id].append(lesson)
    return [Reviewed(found, rows[found.pk], lessons[found.pk]) for found in placements]


def what_stands_before(wave: Wave) -> str:
    """Why the wave may not be given its go yet, in a sentence; empty: nothing does (rule 13).

    The wave before it is the nearest, by number, that holds agencies: one that was emptied has nothing to review.
    """
    before = wave.before()
    review = Review.objects.filter(wave=before).first() if before else None
    if before is None or (review is not None and review.pace != Pace.HOLD):
        return ""
    if review is None:
        return _("Evalueringen av %(before)s har ikke endt i en beslutning.") % {"before": str(before).lower()}
    return _("Evalueringen av %(before)s endte med «%(pace)s».") % {
        "before": str(before).lower(),
        "pace": review.get_pace_display().lower(),
    }


# -- figures ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def enter_figures(
    *,
    placement: Placement,
    measured_on: dt.date,
    numbers: Mapping[str, Any],
    definition: str,
    source: str,
    by: Person,
    now: dt.datetime,
    change: uuid.UUID | None = None,
) -> UsageFigures:
    """Write an agency's figures of one date; `numbers` by the names of `UsageFigures`. The same again writes nothing.

    Raises:
        Refused: the agency's wave is not open for all, or its review has ended with the agency; `FieldsRefused` names
            what does not add up, a date before the opening or ahead, or that the definition or the source is missing.
    """
    placement = lock_placement(placement.pk)
    _refuse_unless_open(placement)
    found = refused_fields(
        placement, measured_on=measured_on, numbers=numbers, definition=definition, source=source, now=now
    )
    if found:
        raise FieldsRefused(found)
    said = dict(numbers) | {"definition": definition.strip(), "source": source.strip()}
    latest = placement.usage_figures.filter(measured_on=measured_on).last()
    if latest is not None and is_same(latest, said):
        return latest
    row = UsageFigures.objects.create(
        placement=placement, measured_on=measured_on, entered_by=by, entered_at=now, **said
    )
    record(
        rollout=placement.rollout,
        kind=EventKind.FIGURES_ENTERED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        # The figures themselves are in the row: an event is told without regard to how small a group is (rule 14).
        after={"measured_on": measured_on.isoformat(), "figures_id": row.pk, "source": row.source},
        change=change,
    )
    return row


@transaction.atomic
def enter_many(*, wave: Wave, entries: Sequence[Mapping[str, Any]], by: Person, now: dt.datetime) -> int:
    """Write many figures as one change, all or nothing; each entry as `enter_figures` takes it. Returns how many new.

    Raises:
        Refused: as `enter_figures`.
    """
    lock_plan(wave.rollout_id)
    change, before = new_change(), UsageFigures.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = [enter_figures(**entry, by=by, now=now, change=change) for entry in entries]
    return sum(row.pk > before for row in rows)


def refused_fields(
    placement: Placement,
    *,
    measured_on: dt.date,
    numbers: Mapping[str, Any],
    definition: str,
    source: str,
    now: dt.datetime,
) -> dict[str, list[str]]:
    """What is wrong with figures of an agency that is let in, before they are written: in sentences by field."""
    found = usage.problems_of(numbers)
    opened = judging.let_in_on(placement)
    if measured_on < opened:
        words = {"agency": placement.agency, "day": long_date(opened)}
        found["measured_on"] = [_("%(agency)s åpnet for alle %(day)s.") % words]
    elif measured_on > now.astimezone(OSLO).date():
        found["measured_on"] = [_("Datoen har ikke kommet ennå.")]
    if not definition.strip():
        found["definition"] = [_("Skriv hva tallene betyr, slik verktøyet teller.")]
    if not source.strip():
        found["source"] = [_("Skriv hvor tallene er hentet.")]
    return found


def is_same(row: UsageFigures, said: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in said.items())


def is_frozen(placement: Placement) -> bool:
    """Whether the review of the agency's wave has ended with it: not without it, held back and let in later."""
    review = Review.objects.filter(wave=placement.wave_id).first() if placement.wave_id else None
    return review is not None and placement.agency.slug in review.frozen


def _refuse_unless_open(placement: Placement) -> None:
    wave = placement.wave
    if wave is not None and is_frozen(placement):
        raise Refused(_("Evalueringen av %(wave)s er avsluttet. Tallene står fast.") % {"wave": str(wave).lower()})
    if wave is None or wave.state not in WAVE_CLOSING or placement.all_staff_access_at is None:
        raise Refused(_("%(agency)s er ikke åpnet for alle ennå.") % {"agency": placement.agency})


# -- criteria and the decision -------------------------------------------------------------------------------------


@transaction.atomic
def set_criteria(*, rollout: Rollout, by: Person, now: dt.datetime, **thresholds: Any) -> Criteria:
    """Set thresholds, by the names of `Criteria`. Reviews that have ended keep those they were held against."""
    rollout = lock_plan(rollout.pk)
    criteria = criteria_of(rollout)
    before = {name: getattr(criteria, name) for name in thresholds}
    changed = {name: value for name, value in thresholds.items() if value != before[name]}
    if changed:
        for name, value in changed.items():
            setattr(criteria, name, value)
        criteria.save()
        record(
            rollout=rollout,
            kind=EventKind.CRITERIA_SET,
            by=by,
            at=now,
            before={name: str(before[name]) for name in changed},
            after={name: str(value) for name, value in changed.items()},
        )
    return criteria


@transaction.atomic
def close(
    *,
    wave: Wave,
    pace: str,
    reason: str,
    by: Person,
    now: dt.datetime,
    seen: int | None = None,
    agencies_seen: int | None = None,
    criteria_seen: str | None = None,
) -> Review:
    """End a wave's review in a decision on the pace: figures, lessons and criteria are frozen, the wave is closed.

    Who is let in later has figures and lessons of its own, beside what is frozen.

    `seen`, `agencies_seen` and `criteria_seen`: what the decision was made on (`Standing.as_seen`; None: not asked).

    Raises:
        Refused: the wave is not open for all or is closed already, figures have come since or an agency that was held
            has been let in, the criteria are others by now, or there is no reason.
    """
    lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    open_for_all, closed = WAVE_CLOSING
    if wave.is_closed:
        raise Refused(_("Evalueringen av %(wave)s er alt avsluttet.") % {"wave": str(wave).lower()})
    if wave.state != open_for_all:
        raise Refused(_("%(wave)s er ikke åpnet for alle ennå.") % {"wave": wave})
    if not reason.strip():
        raise Refused(_("Skriv en begrunnelse for beslutningen."), field="reason")
    found = standing(wave, now=now)
    by_now = found.as_seen
    if seen not in (None, by_now["seen"]) or agencies_seen not in (None, by_now["agencies_seen"]):
        raise Refused(_("Tallene er endret siden du så dem. Se på kriteriene og bestem på nytt."))
    if criteria_seen not in (None, by_now["criteria_seen"]):
        raise Refused(_("Kriteriene er endret siden du så dem. Se på dem og bestem på nytt."))
    Wave.objects.filter(pk=wave.pk, state=open_for_all).update(state=closed)
    review = Review.objects.create(
        wave=wave,
        pace=Pace(pace),
        proposal=found.proposal,
        reason=reason.strip(),
        figures=[told(agency) for agency in found.agencies],
        criteria=[check.frozen() for check in found.checks],
        closed_by=by,
        closed_at=now,
    )
    record(
        rollout=wave.rollout,
        kind=EventKind.REVIEW_CLOSED,
        by=by,
        at=now,
        wave=wave,
        before={"state": open_for_all},
        after={"state": closed, "pace": review.pace, "proposal": review.proposal, "review_id": review.pk},
        reason=review.reason,
    )
    return review


def told(reviewed: Reviewed) -> dict[str, Any]:
    """An agency of the wave as pages show it, and as a closed review keeps it."""
    agency = reviewed.placement.agency
    return {
        "slug": agency.slug,
        "name": agency.name,
        "employees": reviewed.placement.headcount,
        "figures": usage.shown(reviewed.latest) if reviewed.latest else None,
        "lessons": [lesson.text for lesson in reviewed.lessons],
    }
