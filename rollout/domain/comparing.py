"""A scenario and today's plan side by side: who goes where, when, and what it comes to in people, week by week."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from rollout.domain import coverage, effects, placing, scenarios, scheduling, shifting
from rollout.domain.calendar import Calendar, calendar_of
from rollout.domain.effects import Overdue
from rollout.domain.scenario_rules import moved_since, problems
from rollout.domain.scenarios import Dates, Places, Today
from rollout.models import CAPACITY, OSLO, LicencePool, Placement, Rollout, Scenario, Wave

Thought = dict[int, Wave]
#: A day after every week that is drawn: a comparison is told to its end on both sides.
TO_THE_END = dt.date.max - dt.timedelta(days=31)


@dataclass(frozen=True)
class Move:
    """An agency that the two have in different waves, by number; None: the queue. `done`: today's plan has it so."""

    placement: Placement
    before: int | None
    after: int | None
    done: bool = False

    @property
    def slug(self) -> str:
        return self.placement.agency.slug


@dataclass(frozen=True)
class Days:
    leaders_on: dt.date
    all_staff_on: dt.date


@dataclass(frozen=True)
class Redated:
    """A wave with other dates. `before` None: it is new; `after` None: it is gone. `done`: today's plan has it so."""

    number: int
    before: Days | None
    after: Days | None
    done: bool = False

    @property
    def days(self) -> int | None:
        """By how many days all staff get access later; negative: earlier."""
        return (self.after.all_staff_on - self.before.all_staff_on).days if self.before and self.after else None


@dataclass(frozen=True)
class Filled:
    """Who stands in a wave: agencies and people."""

    agencies: int
    people: int


@dataclass(frozen=True)
class WaveLine:
    """A wave on both sides; `number` None: the queue. `days_later` as `Redated.days`, 0 where nothing is moved."""

    number: int | None
    before: Filled
    after: Filled
    dates: Redated | None = None

    @property
    def differs(self) -> bool:
        return self.before != self.after or bool(self.dates and self.dates.before != self.dates.after)


@dataclass(frozen=True)
class Week:
    """People with access at the end of an ISO week by the two plans' dates."""

    monday: dt.date
    before: int
    after: int

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week

    @property
    def year(self) -> int:
        return self.monday.isocalendar().year


@dataclass(frozen=True)
class Licences:
    """Licences short in the waves: not funded by the agencies in them, and missing in the contract."""

    unfunded: int
    pool_short: int


@dataclass(frozen=True)
class Comparison:
    """`before` is today's plan and `after` the scenario; measured against a baseline, that and today's plan.

    `conflicts`: what the plan has moved since on what the scenario touches; `problems`: hard rules it breaks. Either
    stands in the way of adopting. `warnings` do not.
    """

    moves: list[Move]
    dates: list[Redated]
    waves: list[WaveLine]
    weeks: list[Week]
    licences: tuple[Licences, Licences]
    problems: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    overdue: list[Overdue] = field(default_factory=list)
    loses_go: list[Wave] = field(default_factory=list)

    @property
    def effects(self) -> list[str]:
        """What it leads to, though nothing stands in its way: in words, the gravest first."""
        lost = [_("Klarsignalet for %(wave)s faller bort.") % {"wave": wave} for wave in self.loses_go]
        return lost + self.warnings + [effects.late_words(one) for one in self.overdue]

    @property
    def last_days(self) -> tuple[dt.date | None, dt.date | None]:
        """When the last wave with agencies opens for all, on each side."""
        return (
            _last(line.dates.before for line in self.waves if line.dates and line.before.agencies),
            _last(line.dates.after for line in self.waves if line.dates and line.after.agencies),
        )

    @property
    def days_later(self) -> int | None:
        before, after = self.last_days
        return (after - before).days if before and after else None


@dataclass(frozen=True)
class Drift:
    """How far today's plan is from the baseline: in days for the last wave with agencies, and in people by today.

    `should_have`: people who by the baseline's dates have access today; `has` by the plan's. Both of the agencies that
    are in the two: who has joined since hides nobody who is late. `moved`: how many agencies stand in another wave,
    `redated`: how many waves have other dates.
    """

    baseline: Scenario
    days_later: int | None
    should_have: int
    has: int
    moved: int
    redated: int

    @property
    def none(self) -> bool:
        return not self.moved and not self.redated


def drift(rollout: Rollout, plan: Today, *, now: dt.datetime) -> Drift | None:
    """Against the baseline that is kept; None where none is. One query."""
    baseline = scenarios.baselines(rollout).first()
    if baseline is None:
        return None
    stands: tuple[Places, Dates] = plan.places, {n: _only_days(days) for n, days in plan.dates.items()}
    found, today = _sides(plan, (baseline.places, baseline.dates), stands, pool=None), now.astimezone(OSLO).date()
    known = {slug: place for slug, place in plan.places.items() if slug in baseline.places}
    return Drift(
        baseline,
        found.days_later,
        sum(people for day, people in _gains(plan, baseline.places, baseline.dates) if day <= today),
        sum(people for day, people in _gains(plan, known, stands[1]) if day <= today),
        len(found.moves),
        len(found.dates),
    )


@dataclass(frozen=True)
class Place:
    """An agency's wave and that wave's dates; both None: in the queue, or not in that plan."""

    wave: int | None = None
    days: Days | None = None


def places(scenario: Scenario) -> list[tuple[Placement, Place, Place]]:
    """Each agency of today's plan in their order, with its place on the two sides that `with_today` compares."""
    plan = scenarios.today(scenario.rollout)
    stands: tuple[Places, Dates] = plan.places, {n: _only_days(days) for n, days in plan.dates.items()}
    if scenario.is_baseline:
        before, after = (scenario.places, scenario.dates), stands
    else:
        before, after = stands, scenarios.merge(plan, scenarios.moves_of(scenario), scenarios.dates_of(scenario))
    return [(p, _place(slug, *before), _place(slug, *after)) for slug, p in plan.placements.items()]


def _place(slug: str, places: Places, dates: Dates) -> Place:
    number = places.get(slug, {}).get("wave")
    return Place(number, _days(dates.get(str(number))))


def _last(days: Iterable[Days | None]) -> dt.date | None:
    return max((one.all_staff_on for one in days if one), default=None)


def with_today(scenario: Scenario, *, now: dt.datetime) -> Comparison:
    """The scenario against today's plan; a baseline the other way: what has drifted since it was made.

    A constant number of queries, whatever the size of the plan.
    """
    rollout, plan = scenario.rollout, scenarios.today(scenario.rollout)
    stands = plan.places, {n: _only_days(days) for n, days in plan.dates.items()}
    if scenario.is_baseline:
        return _sides(plan, (scenario.places, scenario.dates), stands, pool=_pool(rollout))
    moves, dates = scenarios.moves_of(scenario), scenarios.dates_of(scenario)
    found = _sides(plan, stands, scenarios.merge(plan, moves, dates), pool=_pool(rollout))
    calendar = calendar_of(rollout)
    thought = _thought(rollout, plan, dates)
    changed = [plan.placements[m.slug] for m in found.moves] + [
        p for p in plan.placements.values() if p.wave and str(p.wave.number) in dates
    ]
    ahead = {p.pk: p for p in changed if p.leaders_access_at is None}
    places = scenarios.merge(plan, moves, dates)[0]
    overdue = effects.overdue_after(
        list(ahead.values()), {p.pk: thought.get(places[p.agency.slug]["wave"] or 0) for p in ahead.values()}, now=now
    )
    left = scenarios.outstanding(scenario, plan)
    touched = {n for move in found.moves for n in (move.before, move.after)} | {line.number for line in found.dates}
    return Comparison(
        moves=_as_the_scenario_says(scenario, plan, moves),
        dates=[_redated(n, scenario.base_dates.get(n), days, plan) for n, days in dates.items()],
        waves=found.waves,
        weeks=found.weeks,
        licences=found.licences,
        problems=problems(plan, *left, calendar=calendar, at=now),
        conflicts=moved_since(scenario, plan, *left),
        warnings=_warnings(rollout, plan, thought, places, dates, calendar),
        overdue=overdue,
        loses_go=[wave for n, wave in plan.waves.items() if n in touched and wave.has_go],
    )


def _only_days(days: dict[str, str]) -> dict[str, str]:
    return {name: days[name] for name in scheduling.DATES}


def _as_the_scenario_says(scenario: Scenario, plan: Today, moves: Places) -> list[Move]:
    lines = [
        Move(p, scenario.base_places[slug]["wave"], moves[slug]["wave"], _number(p) == moves[slug]["wave"])
        for slug, p in plan.placements.items()
        if slug in moves
    ]
    return sorted(lines, key=lambda move: (move.after is None, move.after or 0, moves[move.slug]["position"]))


def _redated(n: str, base: dict[str, str] | None, days: dict[str, str], plan: Today) -> Redated:
    stands = plan.dates.get(n)
    return Redated(int(n), _days(base), _days(days), done=stands is not None and _only_days(stands) == days)


def _number(placement: Placement) -> int | None:
    return placement.wave.number if placement.wave else None


def _days(days: dict[str, str] | None) -> Days | None:
    return Days(*(dt.date.fromisoformat(days[name]) for name in scheduling.DATES)) if days else None


def _sides(
    plan: Today, before: tuple[Places, Dates], after: tuple[Places, Dates], *, pool: LicencePool | None
) -> Comparison:
    """What differs between two plans of the agencies that are in today's."""
    (stood, dated), (stands, dates) = before, after
    known = {slug: p for slug, p in plan.placements.items() if slug in stood and slug in stands}
    moves = [
        Move(p, stood[s]["wave"], stands[s]["wave"]) for s, p in known.items() if stood[s]["wave"] != stands[s]["wave"]
    ]
    lines = []
    for n in sorted({*map(int, dated), *map(int, dates)}):
        redated = Redated(n, _days(dated.get(str(n))), _days(dates.get(str(n))))
        lines.append(WaveLine(n, _filled(plan, stood, n), _filled(plan, stands, n), redated))
    lines.append(WaveLine(None, _filled(plan, stood, None), _filled(plan, stands, None)))
    weeks = coverage.by_week(_gains(plan, stood, dated), _gains(plan, stands, dates), today=TO_THE_END)
    return Comparison(
        moves=moves,
        dates=[line.dates for line in lines if line.dates and line.dates.before != line.dates.after],
        waves=lines,
        weeks=[Week(point.monday, point.planned, point.actual or 0) for point in weeks],
        licences=(_licences(plan, stood, pool), _licences(plan, stands, pool)),
    )


def _pool(rollout: Rollout) -> LicencePool | None:
    return LicencePool.objects.filter(rollout=rollout).first()


def _filled(plan: Today, places: Places, number: int | None) -> Filled:
    inside = [p for slug, p in plan.placements.items() if slug in places and places[slug]["wave"] == number]
    return Filled(len(inside), sum(p.headcount for p in inside))


def _gains(plan: Today, places: Places, dates: Dates) -> Iterable[coverage.Gain]:
    for slug, place in places.items():
        if slug in plan.placements and place["wave"] is not None and str(place["wave"]) in dates:
            yield dt.date.fromisoformat(dates[str(place["wave"])]["all_staff_on"]), plan.placements[slug].headcount


def _licences(plan: Today, places: Places, pool: LicencePool | None) -> Licences:
    placed = [p for slug, p in plan.placements.items() if slug in places and places[slug]["wave"] is not None]
    budgets = {p.pk: getattr(p, "licence_budget", None) for p in placed}
    unfunded = sum(
        max(0, p.headcount - (budget.funded if (budget := budgets[p.pk]) else 0))
        for p in placed
        if p.leaders_access_at is None
    )
    people = sum(p.headcount for p in placed)
    return Licences(unfunded, max(0, people - pool.size) if pool else 0)


def _thought(rollout: Rollout, plan: Today, dates: Dates) -> Thought:
    """The waves with the dates they are to have, new ones too; never saved."""
    waves = dict(plan.waves)
    for n, days in dates.items():
        shown = _days(days)
        if shown is None:
            continue
        wave = plan.waves.get(int(n)) or Wave(rollout=rollout, number=int(n), **vars(shown))
        waves[int(n)] = effects.with_dates(shifting.Shift(wave, shown.leaders_on, shown.all_staff_on))
    return waves


def _warnings(
    rollout: Rollout, plan: Today, thought: Thought, places: Places, dates: Dates, calendar: Calendar
) -> list[str]:
    said = []
    for n in map(int, dates):
        wave, stands = thought[n], plan.waves.get(n)
        days = [getattr(wave, name) for name in scheduling.DATES if getattr(wave, name) != getattr(stands, name, None)]
        said += effects.date_warnings(wave, days, rollout=rollout, calendar=calendar)
    for number, wave in plan.waves.items():
        inside = [p for slug, p in plan.placements.items() if places[slug]["wave"] == number]
        if wave.is_planned and len(inside) <= CAPACITY:
            said.append(placing.cap_warning(wave, inside))
    return list(filter(None, said))
