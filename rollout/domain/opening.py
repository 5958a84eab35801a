"""Opening a wave in two steps: leaders and key people, then all staff (rules 6, 7 and 8).

`preview` and `open_step` judge by the same function, so what a lead was shown is what happens, unless the facts change.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain import licensing, placing, readiness
from rollout.domain.locks import lock_placement, lock_plan, lock_wave
from rollout.domain.readiness import Problem
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import thousands
from rollout.models import (
    CAPACITY,
    WAVE_TRANSITIONS,
    EventKind,
    LicencePool,
    Placement,
    PlanEvent,
    Rollout,
    Step,
    Wave,
    opening_moment,
)


@dataclass(frozen=True)
class TurnedAway:
    """An agency that a step passes over, and why. `to`: the wave it is deferred to; None: the front of the queue."""

    placement: Placement
    problems: list[Problem]
    to: Wave | None = None

    @property
    def sentences(self) -> list[str]:
        return [problem.sentence for problem in self.problems]


@dataclass(frozen=True)
class Judgement:
    """Who a step lets in and who it does not, in the order of their slots."""

    let_in: list[Placement]
    turned_away: list[TurnedAway]


@dataclass(frozen=True)
class WavePreview:
    """What the next step would do if it came now. `step` None: nothing is left to open."""

    wave: Wave
    step: Step | None
    moment: dt.datetime | None
    judgement: Judgement
    messages: list[emails.Draft]


@dataclass(frozen=True)
class WaveOpening:
    """What a step did."""

    wave: Wave
    step: Step
    judgement: Judgement
    event: PlanEvent


def _judge(wave: Wave, step: Step, *, now: dt.datetime) -> Judgement:
    placements = list(
        wave.placements.select_related("rollout", "agency", "wave", "deferral_wave")
        .filter(leaders_access_at__isnull=step == Step.LEADERS)
        .order_by("slot")
    )
    courses = readiness.courses(placements, now=now)
    pool = LicencePool.objects.filter(rollout=wave.rollout_id).first()
    free = pool.free if pool else 0
    room = _room_elsewhere(wave)
    let_in, turned_away = [], []
    for placement in placements:
        problems = readiness.problems_of(courses[placement.pk])
        if step == Step.LEADERS and not problems:
            if placement.headcount > free:
                problems = [_pool_short(courses[placement.pk], placement.headcount, free)]
            else:
                free -= placement.headcount
        if not problems:
            let_in.append(placement)
            continue
        to = placement.deferral_wave if step == Step.LEADERS else None
        if to is not None and room.get(to.pk, 0) > 0:
            room[to.pk] -= 1
        else:
            to = None
        turned_away.append(TurnedAway(placement, problems, to))
    return Judgement(let_in, turned_away)


def _room_elsewhere(wave: Wave) -> dict[int, int]:
    """Free places in the other waves that have not opened."""
    return {
        other.pk: CAPACITY - len(other.placements.all())
        for other in Wave.objects.filter(rollout=wave.rollout_id).exclude(pk=wave.pk).prefetch_related("placements")
        if other.is_planned
    }


def _pool_short(course: list[readiness.StepStatus], needed: int, free: int) -> Problem:
    status = next(s for s in course if s.step.key == readiness.FUNDING)
    detail = _("avtalen har %(free)s ledige lisenser, og %(needed)s trengs") % {
        "free": thousands(free),
        "needed": thousands(needed),
    }
    return Problem("pool_short", status.step, status.step.owner_role, status.due_on, 0, detail)


def preview(wave: Wave, *, now: dt.datetime) -> WavePreview:
    """What the wave's next step would do with the facts as they are: who, who not and why, where to, which mail."""
    step = wave.next_step
    if step is None:
        return WavePreview(wave, None, None, Judgement([], []), [])
    moment = opening_moment(wave.day_of(step))
    judgement = _judge(wave, step, now=now)
    return WavePreview(wave, step, moment, judgement, _messages(wave, step, judgement, now=max(moment, now)))


def _messages(wave: Wave, step: Step, judgement: Judgement, *, now: dt.datetime) -> list[emails.Draft]:
    if step == Step.LEADERS:
        deferrals = [emails.dates.Deferral(away.placement, away.sentences, away.to) for away in judgement.turned_away]
        return [
            *emails.leaders_open(wave=wave, placements=judgement.let_in, now=now),
            *emails.dates.deferred(wave=wave, deferrals=deferrals, now=now),
        ]
    held = [(away.placement, away.sentences) for away in judgement.turned_away]
    return [
        *emails.all_staff_open(wave=wave, placements=judgement.let_in, now=now),
        *(emails.held(wave=wave, held=held, now=now) if held else []),
    ]


def open_due(*, now: dt.datetime, rollout: Rollout | None = None) -> list[WaveOpening]:
    """Open every step whose moment has come and that has its go; tell the leads of those without a decision."""
    due = Wave.objects.due_to_open(now).order_by("leaders_on", "number")
    if rollout is not None:
        due = due.filter(rollout=rollout)
    openings = []
    for wave in _unsettled(list(due.with_latest_decision())):
        # A wave may be due for both steps, after an outage.
        while opening := open_step(wave_id=wave.pk, now=now):
            openings.append(opening)
    return openings


def _unsettled(due: list[Wave]) -> list[Wave]:
    """Without those of which the leads have been told that nothing opens: a tick locks no plan for them again."""
    waiting = {_once(wave, wave.next_step) for wave in due if wave.next_step and not wave.has_go}
    told = set(PlanEvent.objects.filter(once__in=waiting).values_list("once", flat=True)) if waiting else set()
    return [wave for wave in due if wave.next_step and (wave.has_go or _once(wave, wave.next_step) not in told)]


def _once(wave: Wave, step: Step) -> str:
    """The key under which the missing decision about a step on its date is told one time."""
    return f"no_decision:{wave.pk}:{step}:{wave.day_of(step).isoformat()}"


@transaction.atomic
def open_step(*, wave_id: int, now: dt.datetime) -> WaveOpening | None:
    """Open a wave's next step if it is due and has its go. None: it is not, or another worker has done it.

    Without a decision nothing opens, and the leads are told once for each date. A no-go about it needs no telling.
    """
    lock_plan(Wave.objects.values_list("rollout_id", flat=True).get(pk=wave_id))
    wave = lock_wave(wave_id)
    step = wave.next_step
    if step is None or opening_moment(wave.day_of(step)) > now:
        return None
    if not wave.has_go:
        if wave.decision is None or _date_set_since_decided(wave, step):
            _tell_no_decision(wave, step, now=now)
        return None
    before, after = WAVE_TRANSITIONS[step]
    opened_at = "leaders_opened_at" if step == Step.LEADERS else "all_staff_opened_at"
    if not Wave.objects.filter(pk=wave_id, state=before).update(state=after, **{opened_at: now}):
        return None
    wave.refresh_from_db()
    judgement = _judge(wave, step, now=now)
    _let_in(judgement.let_in, step, now=now)
    if step == Step.LEADERS:
        emails.dates.withdraw_your_dates(wave)
        _defer(judgement.turned_away, now=now)
    else:
        _hold(judgement.turned_away, now=now)
    event = record(
        rollout=wave.rollout,
        kind=EventKind.LEADERS_OPENED if step == Step.LEADERS else EventKind.ALL_STAFF_OPENED,
        by=None,
        at=now,
        wave=wave,
        before={"state": before},
        after={
            "state": after,
            "let_in": [placement.agency.slug for placement in judgement.let_in],
            "turned_away": [away.placement.agency.slug for away in judgement.turned_away],
            "people": sum(placement.headcount for placement in judgement.let_in),
        },
    )
    drafts = _messages(wave, step, judgement, now=now)
    emails.write(drafts, rollout=wave.rollout, occurrence=f"event:{event.pk}", now=now)
    return WaveOpening(wave, step, judgement, event)


def _let_in(placements: list[Placement], step: Step, *, now: dt.datetime) -> None:
    for placement in placements:
        if step == Step.ALL_STAFF:
            placement.all_staff_access_at = now
            placement.save(update_fields=["all_staff_access_at"])
            continue
        placement.employees_at_opening = placement.agency.employees
        placement.leaders_access_at = now
        placement.save(update_fields=["employees_at_opening", "leaders_access_at"])
        if not licensing.reserve(placement=placement, licences=placement.headcount):
            raise RuntimeError(f"licences ran out between judging and reserving: {placement}")


def _defer(turned_away: list[TurnedAway], *, now: dt.datetime) -> None:
    """Out of the wave: those who go to the queue keep their order at its front (rule 7)."""
    front = 1
    for away in turned_away:
        placing.defer(placement=away.placement, to=away.to, queue_position=front, now=now, reasons=away.sentences)
        front += away.to is None


def _hold(turned_away: list[TurnedAway], *, now: dt.datetime) -> None:
    for away in turned_away:
        away.placement.held_at = now
        away.placement.save(update_fields=["held_at"])
        record(
            rollout=away.placement.rollout,
            kind=EventKind.HELD,
            by=None,
            at=now,
            agency=away.placement.agency,
            wave=away.placement.wave,
            reason="; ".join(away.sentences),
        )


def _date_set_since_decided(wave: Wave, step: Step) -> bool:
    """A no-go asks for a new date and a new go (rule 6): with the date set, the decision about it is still missing."""
    decided = wave.events.filter(kind=EventKind.DECIDED).last()
    first = wave.events.filter(kind=EventKind.DATES_SET, pk__gt=decided.pk if decided else 0).first()
    return first is not None and first.before[f"{step}_on"] != wave.day_of(step).isoformat()


def _tell_no_decision(wave: Wave, step: Step, *, now: dt.datetime) -> None:
    day, once = wave.day_of(step).isoformat(), _once(wave, step)
    if PlanEvent.objects.filter(once=once).exists():  # under the plan's lock; `once` is unique besides
        return
    event = record(
        rollout=wave.rollout,
        kind=EventKind.NO_DECISION,
        by=None,
        at=now,
        wave=wave,
        after={"step": str(step), "date": day},
        once=once,
    )
    drafts = emails.no_decision(wave=wave, step=step, now=now)
    emails.write(drafts, rollout=wave.rollout, occurrence=f"event:{event.pk}", now=now)


@transaction.atomic
def release(*, placement: Placement, reason: str, by: Person, now: dt.datetime) -> Placement:
    """Let in the staff of an agency that was held when its wave opened for all, whatever its problems (rule 6).

    Raises:
        Refused: it is not held, or there is no reason.
    """
    placement = lock_placement(placement.pk)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor virksomheten slippes inn."))
    wave = placement.wave
    if wave is None or not placement.is_held:
        raise Refused(_("%(agency)s holdes ikke tilbake.") % {"agency": placement.agency})
    placement.all_staff_access_at = now
    placement.save(update_fields=["all_staff_access_at"])
    event = record(
        rollout=placement.rollout,
        kind=EventKind.RELEASED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=wave,
        reason=reason.strip(),
    )
    drafts = emails.all_staff_open(wave=wave, placements=[placement], now=now)
    emails.write(drafts, rollout=placement.rollout, occurrence=f"event:{event.pk}", now=now)
    return placement
