"""The plan read in bulk, and its sums: what the board, `show_plan` and the weekly status all tell (rule 16).

Every percentage says its base: *planned coverage* is the people of queue and waves of the municipality's own total;
*with access* is people past all-staff, of the people of queue and waves. Leaders' access is counted in agencies, and
the pilots are a line of their own.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection
from django.db.models import Q

from rollout.domain import readiness
from rollout.domain.readiness import Problem, StepStatus
from rollout.models import CAPACITY, LicencePool, Placement, Rollout, Wave
from rollout.models.waves import WaveQuerySet


@dataclass(frozen=True)
class Totals:
    """Sums over one plan. `employees` are the people of queue and waves, headcounts frozen where a wave has opened.

    `planned_coverage_percent` is `employees` of `municipality_employees`; None while that total is not stated.
    `with_access` (people) and `agencies_with_access` are past all-staff; `leaders_in_agencies` are agencies whose
    leaders have access, those past all-staff too. `places` is the room of all waves, `places_used` what is taken.
    """

    agencies: int
    employees: int
    planned_coverage_percent: Decimal | None
    municipality_employees: int | None
    with_access: int
    agencies_with_access: int
    leaders_in_agencies: int
    pilots_agencies: int
    pilots_employees: int
    places_used: int
    places: int


@dataclass(frozen=True)
class Licences:
    """The contract's pool, and its price per licence and month in NOK (rule 8)."""

    pool: int
    reserved: int
    free: int
    price_nok: Decimal


@dataclass(frozen=True)
class Entry:
    """One agency's place in the plan, with how its course stands. No problems: ready (rule 3)."""

    placement: Placement
    course: list[StepStatus]
    problems: list[Problem]

    @property
    def ready(self) -> bool:
        return not self.problems

    @property
    def funded(self) -> int:
        budget = getattr(self.placement, "licence_budget", None)
        return budget.funded if budget else 0

    @property
    def licences_missing(self) -> int:
        return max(0, self.placement.headcount - self.funded)


@dataclass(frozen=True)
class WaveEntry:
    """A wave with its agencies in the order of their slots."""

    wave: Wave
    entries: list[Entry]

    @property
    def employees(self) -> int:
        return sum(entry.placement.headcount for entry in self.entries)

    @property
    def ready(self) -> int:
        return sum(entry.ready for entry in self.entries)

    @property
    def free(self) -> int:
        return CAPACITY - len(self.entries)


@dataclass(frozen=True)
class Plan:
    """Queue and waves as they stood at one moment: no agency is missing, none stands in two places."""

    queue: list[Entry]
    waves: list[WaveEntry]

    @property
    def entries(self) -> list[Entry]:
        """Every agency: the waves in their order, then the queue."""
        return [entry for wave in self.waves for entry in wave.entries] + self.queue


def percent(part: int, whole: int | None) -> Decimal | None:
    """`part` of `whole` in per cent with one decimal, halves rounded up; None without a whole."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


# Plain SQL: the board asks it anew with every move, and building the query costs more than asking it.
_SUMS = """
SELECT r.id, r.municipality_employees,
       (SELECT count(*) FROM rollout_wave w WHERE w.rollout_id = r.id AND w.removed_at IS NULL),
       count(*) FILTER (WHERE p.in_plan),
       COALESCE(sum(p.people) FILTER (WHERE p.in_plan), 0),
       COALESCE(sum(p.people) FILTER (WHERE p.in_plan AND p.all_staff_access_at IS NOT NULL), 0),
       count(*) FILTER (WHERE p.in_plan AND p.all_staff_access_at IS NOT NULL),
       count(*) FILTER (WHERE p.in_plan AND p.leaders_access_at IS NOT NULL),
       count(*) FILTER (WHERE p.status = 'pilot'),
       COALESCE(sum(p.people) FILTER (WHERE p.status = 'pilot'), 0),
       count(*) FILTER (WHERE p.status = 'placed')
FROM rollout_rollout r
LEFT JOIN (SELECT p.rollout_id, p.status, p.status IN ('queued', 'placed') AS in_plan, p.leaders_access_at,
                  p.all_staff_access_at, COALESCE(p.employees_at_opening, a.employees) AS people
           FROM rollout_placement p JOIN agencies_agency a ON a.id = p.agency_id) p ON p.rollout_id = r.id
WHERE r.id = ANY(%s) GROUP BY r.id
"""


def totals(rollout: Rollout) -> Totals:
    return totals_of([rollout])[rollout.pk]


def totals_of(rollouts: Sequence[Rollout]) -> dict[int, Totals]:
    """The sums of each rollout, by its id, in one query for all."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [[rollout.pk for rollout in rollouts]])
        rows = cursor.fetchall()
    found = {}
    for pk, municipality, waves, agencies, employees, with_access, past, leaders_in, pilots, piloting, placed in rows:
        found[pk] = Totals(
            agencies=agencies,
            employees=employees,
            planned_coverage_percent=percent(employees, municipality),
            municipality_employees=municipality,
            with_access=with_access,
            agencies_with_access=past,
            leaders_in_agencies=leaders_in,
            pilots_agencies=pilots,
            pilots_employees=piloting,
            places_used=placed,
            places=CAPACITY * waves,
        )
    return found


def licences(rollout: Rollout) -> Licences:
    """A rollout without a pool has a pool of none."""
    pool = LicencePool.objects.filter(rollout=rollout).first() or LicencePool(size=0, reserved=0, price_nok=Decimal(0))
    return Licences(pool=pool.size, reserved=pool.reserved, free=pool.free, price_nok=pool.price_nok)


def plan(rollout: Rollout, *, now: dt.datetime) -> Plan:
    """The whole plan in a number of queries that does not grow with it."""
    # One query for every place, so that a move in between can neither lose an agency nor show it twice.
    placements = list(
        rollout.placements.in_plan()
        .select_related("agency", "wave", "licence_budget", "deferral_wave")
        .order_by("queue_position", "slot")
    )
    # After the places; and with a wave that was left and taken away just between, so every place finds its wave.
    there = Q(removed_at__isnull=True) | Q(pk__in={placement.wave_id for placement in placements if placement.wave_id})
    waves = list(WaveQuerySet(Wave).filter(there, rollout=rollout).with_latest_decision().order_by("number"))
    courses = readiness.courses(placements, now=now)
    by_wave: dict[int | None, list[Entry]] = defaultdict(list)
    for placement in placements:
        course = courses[placement.pk]
        by_wave[placement.wave_id].append(Entry(placement, course, readiness.problems_of(course)))
    return Plan(queue=by_wave[None], waves=[WaveEntry(wave, by_wave[wave.pk]) for wave in waves])
