"""Rollouts played to their end, one at a time and in plain Python, so that a forecast can be held against what came.

Nothing is shared with the forecast but its plain data and its calendar: the same model is written here a second time, a
day and an agency at a time, beside three that are not the forecast's.
"""

import datetime as dt
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import holidays

from rollout.domain.forecasting.data import AgencyPlan, Assumptions, Observed, Piece, PlanData, WavePlan
from rollout.domain.forecasting.days import Days

PLACES = 5
#: The reference rollout's plan: leaders, all staff, agencies. The last is Utdanningsetaten.
PLAN = [
    ("2018-02-07", "2018-02-27", [600, 600, 600, 600, 522]),
    ("2018-04-04", "2018-04-17", [730, 730, 730, 728]),
    ("2018-04-26", "2018-05-07", [1040, 1040, 1040, 1030]),
    ("2018-05-23", "2018-06-05", [1170, 1170, 1170, 1160]),
    ("2018-08-16", "2018-08-28", [1045, 1045, 1045, 1045]),
    ("2018-09-06", "2018-09-18", [1290, 1290, 1290, 1290]),
    ("2018-09-27", "2018-10-16", [17000]),
]
SUMMER = dt.date(2018, 7, 9), dt.date(2018, 7, 29)


_HOLIDAYS = holidays.country_holidays("NO", language="no")


@cache
def is_working_day(day: dt.date) -> bool:
    return day.weekday() < 5 and day not in _HOLIDAYS


def _is_open(day: dt.date) -> bool:
    return is_working_day(day) and not SUMMER[0] <= day <= SUMMER[1]


DAYS = Days.of(dt.date(2018, 1, 1), is_working=is_working_day, is_open=_is_open)
WAVES = [
    WavePlan(number, dt.date.fromisoformat(leaders), dt.date.fromisoformat(all_staff))
    for number, (leaders, all_staff, _people) in enumerate(PLAN, 1)
]
AGENCIES = [
    AgencyPlan(f"{number}-{place}", f"{number}-{place}", people, wave=number)
    for number, (_leaders, _all_staff, headcounts) in enumerate(PLAN, 1)
    for place, people in enumerate(headcounts)
]
#: The plan's typical lengths, counted by hand here: medians of the pieces in working days.
ALL_STAFF, GAP = 9, 8


@dataclass
class Luck:
    """How one rollout's pieces and agencies go. `logs`: taken : planned of a wave's two pieces; `risk`: of a wave;
    `hold`: the share held at all staff.
    """

    logs: Callable[[int], tuple[float, float]]
    risk: Callable[[int], float]
    hold: float = 0.0


def own(source: random.Random) -> Luck:
    """The forecast's own model, with what it assumes drawn from its own assumptions."""
    assumed = Assumptions()
    pace = assumed.pace
    spread = math.sqrt(pace.scale / source.gammavariate(pace.shape, 1))
    mean = source.gauss(pace.mean, spread / math.sqrt(pace.weight))
    risk = source.betavariate(assumed.deferral.deferred, assumed.deferral.let_in)
    hold = source.betavariate(assumed.hold.deferred, assumed.hold.let_in)
    return Luck(lambda _wave: (source.gauss(mean, spread), source.gauss(mean, spread)), lambda _wave: risk, hold)


def heavy_tails(source: random.Random) -> Luck:
    """Most pieces as planned, give or take a little; one in six late without measure (Pareto)."""

    def log() -> float:
        if source.random() > 1 / 6:
            return source.gauss(0, 0.1)
        return math.log(1 + 0.5 * source.paretovariate(1.5))

    risk = source.betavariate(2, 10)
    return Luck(lambda _wave: (log(), log()), lambda _wave: risk)


def shared_in_wave(source: random.Random) -> Luck:
    """What delays a wave delays both its pieces, and its agencies fail together."""
    mean = source.gauss(0.1, 0.25)

    def logs(_wave: int) -> tuple[float, float]:
        shared = source.gauss(mean, 0.35)
        return shared, shared

    risks = {wave: source.betavariate(0.4, 2.4) for wave in range(40)}
    return Luck(logs, lambda wave: risks[min(wave, 39)])


def improving(source: random.Random) -> Luck:
    """The first wave takes half as long again, and each one after it is some 12 % faster."""
    start = source.gauss(0.4, 0.2)

    def logs(wave: int) -> tuple[float, float]:
        pace = start - 0.12 * wave
        return source.gauss(pace, 0.2), source.gauss(pace, 0.2)

    return Luck(logs, lambda wave: max(0.03, 0.25 - 0.04 * wave))


GENERATORS = {"own": own, "heavy_tails": heavy_tails, "shared_in_wave": shared_in_wave, "improving": improving}


@dataclass
class Played:
    """A rollout as it went: what was known on the day on which each wave opened for all, and when it was done."""

    known: list[PlanData] = field(default_factory=list)
    finish: dt.date = dt.date.min
    #: Days late so far, and the planned last day as it then stood, after each wave: what the naive forecast uses.
    late: list[list[int]] = field(default_factory=list)


def later(day: dt.date, by: float) -> dt.date:
    """So many open days later, a day at a time; earlier in working days and then on to an open day."""
    steps, one = abs(round(by)), dt.timedelta(days=1 if by >= 0 else -1)
    is_good = _is_open if by >= 0 else is_working_day
    while not is_working_day(day) or (by >= 0 and not _is_open(day)):
        day += dt.timedelta(days=1)
    for _n in range(steps):
        day += one
        while not is_good(day):
            day += one
    while not _is_open(day):
        day += dt.timedelta(days=1)
    return day


def _taken(log: float) -> float:
    return math.exp(max(-3, min(3, log)))


def _between(start: dt.date, end: dt.date) -> int:
    return sum(is_working_day(start + dt.timedelta(days=n)) for n in range(1, (end - start).days + 1))


def play(luck: Luck, source: random.Random) -> Played:
    """Play the plan to its end: dates, deferrals, room, and new waves for those who are left."""
    played = Played()
    waiting: list[AgencyPlan] = []
    access: dict[str, dt.date] = {}
    carried, last = 0.0, DAYS.first
    pieces: list[Piece] = []
    let_in = deferred = let_in_all = held = 0
    opened: list[WavePlan] = []
    late: list[int] = []
    place = 0
    while place < len(WAVES) or waiting:
        gap_log, staff_log = luck.logs(place)
        if place < len(WAVES):
            wave = WAVES[place]
            gap = GAP if place == 0 else _between(WAVES[place - 1].all_staff_on, wave.leaders_on)
            staff = _between(wave.leaders_on, wave.all_staff_on)
            gap_late = min(gap, GAP) * (_taken(gap_log) - 1)
            planned = later(wave.leaders_on, carried)
            leaders = later(wave.leaders_on, carried + gap_late)
            if place:
                pieces.append(Piece(wave.number, "leaders", gap, _late_by(planned, leaders)))
            carried += gap_late
            staff_late = min(staff, ALL_STAFF) * (_taken(staff_log) - 1)
            planned = later(wave.all_staff_on, carried)
            all_staff = later(wave.all_staff_on, carried + staff_late)
            pieces.append(Piece(wave.number, "all_staff", staff, _late_by(planned, all_staff)))
            carried += staff_late
            late.append(round(gap_late + staff_late))
            members = [agency for agency in AGENCIES if agency.wave == wave.number]
        else:
            leaders = later(last, max(1, GAP * _taken(gap_log)))
            all_staff = later(leaders, max(1, ALL_STAFF * _taken(staff_log)))
            members = []
        while waiting and len(members) < PLACES:
            members.append(waiting.pop(0))
        turned_away = [agency for agency in members if source.random() < luck.risk(place)]
        for agency in members:
            if agency in turned_away:
                continue
            access[agency.slug] = all_staff
            if luck.hold and source.random() < luck.hold:
                access[agency.slug] = later(all_staff, ALL_STAFF * _taken(luck.logs(place)[1]))
                held += 1
            else:
                let_in_all += 1
        waiting = sorted([*waiting, *turned_away], key=AGENCIES.index)
        let_in, deferred = let_in + len(members) - len(turned_away), deferred + len(turned_away)
        last, place = max(last, all_staff), place + 1
        if place <= len(WAVES):
            opened.append(WavePlan(place, leaders, all_staff, leaders_in=True, all_in=True))
            ahead = [
                replace(w, leaders_on=later(w.leaders_on, carried), all_staff_on=later(w.all_staff_on, carried))
                for w in WAVES[place:]
            ]
            stands = [
                replace(
                    agency,
                    wave=place if agency.slug in access else None if agency in waiting else agency.wave,
                    has_leaders=agency.slug in access,
                    access_on=access[agency.slug] if access.get(agency.slug, dt.date.max) <= all_staff else None,
                )
                for agency in AGENCIES
            ]
            played.known.append(
                PlanData(
                    ahead_from=all_staff + dt.timedelta(days=1),
                    days=DAYS,
                    waves=(*opened, *ahead),
                    agencies=tuple(stands),
                    observed=Observed(tuple(pieces), let_in, deferred, let_in_all, held),
                )
            )
            played.late.append(list(late))
    played.finish = max(access.values())
    return played


def _late_by(planned: dt.date, actual: dt.date) -> int:
    if actual < planned:
        return -_between(actual, planned)
    return sum(_is_open(planned + dt.timedelta(days=n)) for n in range(1, (actual - planned).days + 1))
