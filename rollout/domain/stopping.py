"""What stops us now: everything in the way of the waves that open within six weeks, what is late in those after them,
and who must act on it.

A wave's own course problems (rule 3) are for the agency's people; what a project lead must settle stands beside them:
a wave without agencies, no go, a review that keeps the next wave from its go, a date gone by, an agency held back, too
few licences in the contract, a change near at hand that is not announced.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency
from rollout.domain import glance
from rollout.domain.announcing import Urgent
from rollout.domain.calendar import Calendar
from rollout.domain.figures import Entry, Plan, WaveEntry
from rollout.domain.readiness import due_in
from rollout.domain.words import long_date, thousands
from rollout.models import OSLO, OwnerRole, Step, Verdict, Wave, WaveState, opening_moment

#: How far ahead a wave's opening stops us now.
WITHIN = dt.timedelta(weeks=6)
#: Who must act on what is no step of an agency's course.
LEAD = "prosjektleder"


class Matter(StrEnum):
    """What a project lead must settle. Every other code of a `Stop` is the key of a course step."""

    DATE_PASSED = "date_passed"
    EMPTY = "empty"
    UNDECIDED = "undecided"
    UNREVIEWED = "unreviewed"
    STOPPED = "stopped"
    HELD = "held"
    POOL_SHORT = "pool_short"
    UNTOLD = "untold"


WORDS = {
    Matter.DATE_PASSED: gettext_lazy("Datoen er passert uten åpning"),
    Matter.EMPTY: gettext_lazy("Puljen er tom"),
    Matter.UNDECIDED: gettext_lazy("Klarsignal er ikke gitt"),
    Matter.UNREVIEWED: gettext_lazy("Puljen venter på evaluering"),
    Matter.STOPPED: gettext_lazy("Puljen har fått stopp"),
    Matter.HELD: gettext_lazy("Virksomheten er holdt tilbake"),
    Matter.POOL_SHORT: gettext_lazy("Avtalen har for få lisenser"),
    Matter.UNTOLD: gettext_lazy("Nær åpning er endret og ikke kunngjort"),
}


@dataclass(frozen=True)
class Stop:
    """One thing in the way. `code`: a `Matter` or a step's key; `agency` None: it is about the whole wave.

    `due_on` is the step's due date, or the opening that it stands in the way of; `days_late` is counted from it.
    """

    code: str
    what: str
    actor: str
    wave: Wave
    agency: Agency | None
    due_on: dt.date
    days_late: int
    detail: str
    order: int = 0

    @property
    def urgency(self) -> tuple:
        """The most urgent sorts first: a wave that should have opened (until it has a new date, nothing else lets
        anybody in), the longest overdue, then what is due first, then the wave.
        """
        name = (self.agency.name_sort_key, self.agency.slug) if self.agency else ("", "")
        return (
            self.code != Matter.DATE_PASSED,
            -self.days_late,
            self.due_on,
            self.wave.number,
            self.order,
            self.code,
            name,
        )


@dataclass(frozen=True)
class Row:
    """One thing that is missing, and everywhere it is: the most urgent first. `detail` where it is the same for all."""

    code: str
    what: str
    stops: list[Stop]

    @property
    def detail(self) -> str:
        details = {stop.detail for stop in self.stops}
        return details.pop() if len(details) == 1 else ""

    @property
    def urgency(self) -> tuple:
        return self.stops[0].urgency

    @property
    def days_late(self) -> int:
        return max(stop.days_late for stop in self.stops)


@dataclass(frozen=True)
class Group:
    """What one role must act on."""

    actor: str
    rows: list[Row]

    @property
    def stops(self) -> list[Stop]:
        return [stop for row in self.rows for stop in row.stops]

    @property
    def late(self) -> int:
        return sum(stop.days_late > 0 for stop in self.stops)

    @property
    def urgency(self) -> tuple:
        return self.rows[0].urgency

    @property
    def name(self) -> str:
        return str(OwnerRole(self.actor).label) if self.actor in OwnerRole else _("prosjektleder")


def opens_soon(wave: Wave, now: dt.datetime) -> bool:
    """Whether a step of the wave is ahead within six weeks, or should have been taken already."""
    step = wave.next_step
    return step is not None and wave.day_of(step) <= _today(now) + WITHIN


def presses(wave: Wave, calendar: Calendar, now: dt.datetime) -> Callable[[Collection[glance.Step]], bool]:
    """Whether steps missing in the wave stop us now, as `stops` has it: it opens soon, or one of them is late."""
    soon, today = opens_soon(wave, now), _today(now)

    def press(missing: Collection[glance.Step]) -> bool:
        if soon or not missing:
            return bool(missing)
        first = max(missing, key=lambda step: step.lead_time_days)  # no other is due before it
        due = due_in(wave, first, calendar)
        return due is not None and due < today

    return press


def stops(plan: Plan, *, free_licences: int, now: dt.datetime, untold: Iterable[Urgent] = ()) -> list[Stop]:
    """Everything in the way, the most urgent first. `free_licences`: what the contract has left to reserve; `untold`:
    agencies whose people do not know that an opening near at hand is another (`announcing.urgent`).
    """
    found: list[Stop] = []
    soon = [entry for entry in plan.waves if opens_soon(entry.wave, now)]
    for entry in plan.waves:
        near = opens_soon(entry.wave, now)
        if near:
            found += _of_the_wave(entry, now)
        for agency in entry.entries:
            held = agency.placement.is_held
            if held:
                found.append(_held(entry.wave, agency, now))
            if agency.placement.all_staff_access_at is None:
                lacks = _of_the_agency(entry.wave, agency)
                found += lacks if held or near else [stop for stop in lacks if stop.days_late]
    found += [_unreviewed(*waves, now) for waves in unreviewed(plan) if opens_soon(waves[1], now)]
    found += _of_the_pool(soon, free_licences, now)
    found += [_untold(one, now) for one in untold]
    return sorted(found, key=lambda stop: stop.urgency)


def unreviewed(plan: Plan) -> list[tuple[Wave, Wave]]:
    """Each wave that waits for its review, with the next one, which gets no go before that (rule 13)."""
    holding_agencies = [entry.wave for entry in plan.waves if entry.entries]
    return [
        (before, wave)
        for before, wave in pairwise(holding_agencies)
        if before.state == WaveState.ALL_OPEN and wave.is_planned and not wave.has_go
    ]


def grouped(found: Iterable[Stop]) -> list[Group]:
    """The same, by who must act and then by what: groups, their rows and the stops in them, the most urgent first."""
    by_actor: dict[str, dict[str, list[Stop]]] = {}
    for stop in sorted(found, key=lambda stop: stop.urgency):
        by_actor.setdefault(stop.actor, {}).setdefault(stop.code, []).append(stop)
    # Dictionaries keep the order in which keys came: rows and groups stand by their most urgent stop.
    return [
        Group(actor, [Row(code, stops[0].what, stops) for code, stops in rows.items()])
        for actor, rows in by_actor.items()
    ]


def _today(now: dt.datetime) -> dt.date:
    return now.astimezone(OSLO).date()


def _matter(matter: Matter, wave: Wave, day: dt.date, now: dt.datetime, detail: str, agency: Agency | None = None):
    late = max(0, (_today(now) - day).days)
    return Stop(matter, str(WORDS[matter]), LEAD, wave, agency, day, late, detail)


def _of_the_wave(entry: WaveEntry, now: dt.datetime) -> list[Stop]:
    """What keeps the whole wave shut: at most one thing, the one to begin with."""
    wave, step = entry.wave, entry.wave.next_step
    assert step is not None  # noqa: S101 (only waves with a step ahead are asked about)
    day = wave.day_of(step)
    if not entry.entries and wave.is_planned:  # nobody can be put in it once it has opened
        return [_matter(Matter.EMPTY, wave, day, now, _("legg virksomheter i den, eller flytt datoen"))]
    if wave.has_go:
        return []
    words = {"who": _("ledere") if step == Step.LEADERS else _("alle"), "day": long_date(day)}
    if opening_moment(day) <= now:
        detail = _("skulle ha åpnet for %(who)s %(day)s; sett ny dato") % words
        return [_matter(Matter.DATE_PASSED, wave, day, now, detail)]
    matter = Matter.STOPPED if wave.decision == Verdict.NO_GO else Matter.UNDECIDED
    return [_matter(matter, wave, day, now, _("åpner for %(who)s %(day)s") % words)]


def _unreviewed(before: Wave, wave: Wave, now: dt.datetime) -> Stop:
    words = {"wave": str(wave).lower()}
    detail = _("%(wave)s kan ikke få klarsignal før evalueringen er avsluttet") % words
    return _matter(Matter.UNREVIEWED, before, wave.leaders_on, now, detail)


def _held(wave: Wave, entry: Entry, now: dt.datetime) -> Stop:
    detail = _("lederne er inne, de andre venter") if entry.problems else _("ingenting mangler lenger: slipp den inn")
    return _matter(Matter.HELD, wave, wave.all_staff_on, now, detail, entry.placement.agency)


def _of_the_agency(wave: Wave, entry: Entry) -> list[Stop]:
    return [
        Stop(
            code=problem.step.key,
            what=problem.step.name,
            actor=problem.role,
            wave=wave,
            agency=entry.placement.agency,
            due_on=problem.due_on or wave.leaders_on,
            days_late=problem.days_late or 0,
            detail=problem.detail,
            order=problem.step.number,
        )
        for problem in entry.problems
    ]


def _untold(one: Urgent, now: dt.datetime) -> Stop:
    detail = _("det gjelder %(day)s") % {"day": long_date(one.day)}
    return _matter(Matter.UNTOLD, one.wave, one.day, now, detail, one.agency)


def _of_the_pool(soon: list[WaveEntry], free: int, now: dt.datetime) -> list[Stop]:
    """The first wave for which the contract's free licences no longer reach, wave by wave as they open (rule 8)."""
    planned = sorted((e for e in soon if e.wave.is_planned), key=lambda e: (e.wave.leaders_on, e.wave.number))
    needed = 0
    for entry in planned:
        needed += entry.employees
        if needed > free:
            detail = _("%(needed)s trengs til og med %(wave)s, %(free)s er ledige") % {
                "needed": thousands(needed),
                "wave": str(entry.wave).lower(),
                "free": thousands(free),
            }
            return [_matter(Matter.POOL_SHORT, entry.wave, entry.wave.leaders_on, now, detail)]
    return []
