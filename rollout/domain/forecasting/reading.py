"""A rollout's rows as the plain values that a forecast is made of, in a number of queries that does not grow."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from rollout.domain import calendar, figures
from rollout.domain.figures import Entry, Plan, WaveEntry
from rollout.domain.forecasting.data import AgencyPlan, Observed, Piece, PlanData, WavePlan
from rollout.domain.forecasting.days import Days
from rollout.models import (
    OSLO,
    CourseStep,
    EventKind,
    PlanEvent,
    Review,
    Rollout,
    UsageFigures,
    WaveState,
    last_opening_day,
)

DAY = dt.timedelta(days=1)
#: Before the first date of the plan, so that what came early still lies on the calendar.
EARLIER = dt.timedelta(days=120)
#: The share of those invited by which a wave counts as activated.
ACTIVATED = 0.5
TELLING = [
    EventKind.WAVE_ADDED,
    EventKind.DATES_SET,
    EventKind.LEADERS_OPENED,
    EventKind.ALL_STAFF_OPENED,
    EventKind.DEFERRED,
]


def read(rollout: Rollout, *, now: dt.datetime) -> PlanData:
    """The plan as it stands at `now`, and what its openings have taught."""
    plan = figures.plan(rollout, now=now)
    today, ahead_from = now.astimezone(OSLO).date(), last_opening_day(now) + DAY
    dates = [day for entry in plan.waves for day in (entry.wave.leaders_on, entry.wave.all_staff_on)]
    closed = calendar.calendar_of(rollout)
    days = Days.of(min([today, *dates]) - EARLIER, is_working=calendar.is_working_day, is_open=closed.is_open)
    decided = dict(Review.objects.filter(wave__rollout=rollout).values_list("wave__number", "closed_at"))
    pool = figures.licences(rollout)
    return PlanData(
        ahead_from=ahead_from,
        days=days,
        waves=tuple(_wave(entry, decided=entry.wave.number in decided) for entry in plan.waves),
        agencies=tuple(_agency(entry, today) for entry in [*plan.queue, *_placed(plan)]),
        observed=replace(
            _observed(rollout, plan, days),
            waits=_after_all_staff(plan, decided, days),
            activations=_after_all_staff(plan, _activated(rollout), days),
        ),
        # A new rollout's pool is nought until the contract is entered: that is no shortage.
        licences=pool.free if pool.pool else None,
    )


def step_names(rollout: Rollout) -> dict[str, str]:
    """The course's steps by their keys, in the words of the latest version that has them."""
    steps = CourseStep.objects.filter(course_version__rollout=rollout).order_by("course_version__number")
    return dict(steps.values_list("key", "name"))


def _placed(plan: Plan) -> list[Entry]:
    return [entry for wave in plan.waves for entry in wave.entries]


def _wave(entry: WaveEntry, *, decided: bool) -> WavePlan:
    wave = entry.wave
    return WavePlan(
        number=wave.number,
        leaders_on=wave.leaders_on,
        all_staff_on=wave.all_staff_on,
        leaders_in=not wave.is_planned,
        all_in=wave.state in (WaveState.ALL_OPEN, WaveState.CLOSED),
        firm=wave.has_go,
        decided=decided,
        people_cap=wave.people_cap,
    )


def _agency(entry: Entry, today: dt.date) -> AgencyPlan:
    placement = entry.placement
    access = placement.all_staff_access_at
    # In the queue no date is set: the course takes what its longest step still undone takes (rule 4).
    longest = max((problem.step.lead_time_days for problem in entry.problems), default=0)
    return AgencyPlan(
        slug=placement.agency.slug,
        name=placement.agency.name,
        people=placement.headcount,
        wave=placement.wave.number if placement.wave else None,
        defer_to=placement.deferral_wave.number if placement.deferral_wave else None,
        ready=entry.ready,
        missing=tuple(problem.step.key for problem in entry.problems),
        late=tuple(problem.step.key for problem in entry.problems if problem.days_late),
        earliest=today + longest * DAY,
        has_leaders=placement.leaders_access_at is not None,
        access_on=access.astimezone(OSLO).date() if access else None,
    )


def _observed(rollout: Rollout, plan: Plan, days: Days) -> Observed:
    """What the events tell. A piece is planned as the plan had it when the piece began."""
    steps = {status.step.name: status.step.key for entry in plan.entries for status in entry.course}
    waves: dict[int, dict[str, dt.date]] = {}
    begun: dict[int, tuple[str, dt.date, dt.date]] = {}  # wave -> what comes next, since when, planned for
    pieces: list[Piece] = []
    why: Counter[str] = Counter()
    let_in = deferred = let_in_all = held = 0
    for event in rollout.events.filter(kind__in=TELLING).select_related("wave").order_by("pk"):
        number, day = event.wave.number if event.wave else None, event.at.astimezone(OSLO).date()
        if event.kind == EventKind.DEFERRED:
            why.update(_steps(event, steps))
        elif number is None:
            continue
        elif not event.after:  # the wave's making was undone
            waves.pop(number, None)
            begun.pop(number, None)
        elif event.kind in (EventKind.WAVE_ADDED, EventKind.DATES_SET):
            waves[number] = {name: dt.date.fromisoformat(event.after[name]) for name in ("leaders_on", "all_staff_on")}
        elif event.kind == EventKind.LEADERS_OPENED:
            let_in += len(event.after["let_in"])
            deferred += len(event.after["turned_away"])
            _end(begun, number, "leaders", day, days, pieces)
            if dates := waves.pop(number, None):
                begun[number] = ("all_staff", day, dates["all_staff_on"])
        else:
            let_in_all += len(event.after["let_in"])
            held += len(event.after["turned_away"])
            _end(begun, number, "all_staff", day, days, pieces)
            ahead = [(dates["leaders_on"], other) for other, dates in waves.items() if dates["leaders_on"] > day]
            if ahead:
                planned, following = min(ahead)
                begun[following] = ("leaders", day, planned)
    return Observed(
        pieces=tuple(pieces),
        let_in=let_in,
        deferred=deferred,
        let_in_all=let_in_all,
        held=held,
        why=tuple(why.most_common()),
    )


def _after_all_staff(plan: Plan, moments: Mapping[int, dt.datetime | dt.date], days: Days) -> tuple[int, ...]:
    """How many open days after its all-staff opening each wave's moment came, in the waves' order."""
    found = []
    for wave in (entry.wave for entry in plan.waves):
        if wave.number in moments and wave.all_staff_opened_at is not None:
            moment = moments[wave.number]
            day = moment.astimezone(OSLO).date() if isinstance(moment, dt.datetime) else moment
            opened = days.number(wave.all_staff_opened_at.astimezone(OSLO).date())
            found.append(max(0, days.late_by(opened, days.number(day))))
    return tuple(found)


def _activated(rollout: Rollout) -> dict[int, dt.date]:
    """For each wave the day by whose figures half of those invited had taken their accounts into use."""
    rows = UsageFigures.objects.filter(placement__rollout=rollout, placement__wave__isnull=False).in_force()
    told = sorted(rows.values_list("measured_on", "placement__wave__number", "placement", "invited", "activated"))
    found: dict[int, dt.date] = {}
    latest: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for day, wave, placement, invited, activated in told:
        latest[wave][placement] = (invited, activated)
        all_invited, all_activated = map(sum, zip(*latest[wave].values(), strict=True))
        if all_invited and all_activated >= ACTIVATED * all_invited:
            found.setdefault(wave, day)
    return found


def _end(
    begun: dict[int, tuple[str, dt.date, dt.date]],
    number: int,
    step: str,
    day: dt.date,
    days: Days,
    pieces: list[Piece],
) -> None:
    """The piece that this opening ends, if it is known when it began."""
    was, since, planned = begun.pop(number, ("", day, day))
    if was == step and planned > since:
        length = days.working_between(days.number(since), days.number(planned))
        pieces.append(Piece(number, step, length, days.late_by(days.number(planned), days.number(day))))


def _steps(event: PlanEvent, steps: dict[str, str]) -> list[str]:
    """The steps for which an agency was deferred: its reason is their sentences."""
    names = [part.partition(": ")[0] for part in event.reason.split("; ")]
    return [steps[name] for name in names if name in steps]
