"""The plan's sums and its bulk reader (rule 16)."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.domain import figures
from rollout.models import WaveState
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = make.NOW


def open_wave(wave, *, for_all=False):
    wave.state = WaveState.ALL_OPEN if for_all else WaveState.LEADERS_OPEN
    wave.leaders_opened_at = NOW
    wave.all_staff_opened_at = NOW if for_all else None
    wave.save()


def let_in(placement, *, for_all=False):
    placement.employees_at_opening = placement.agency.employees
    placement.leaders_access_at = NOW
    placement.all_staff_access_at = NOW if for_all else None
    placement.save()


def test_planned_coverage_is_queue_and_waves_of_the_municipality():
    rollout = make.make_rollout(waves=2)
    make.place(make.make_agency(employees=40_000), rollout.waves.get(number=1))
    make.place(make.make_agency(employees=1_000), rollout=rollout)
    make.make_pilot(make.make_agency(employees=9_000), rollout=rollout)

    totals = figures.totals(rollout)

    assert (totals.agencies, totals.employees) == (2, 41_000)
    assert totals.planned_coverage_percent == Decimal("74.0")
    assert (totals.pilots_agencies, totals.pilots_employees) == (1, 9_000)
    assert (totals.places_used, totals.places) == (1, 10)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(41_000, 55_400, "74.0"), (1, 800, "0.1"), (1, 2_000, "0.1"), (1, 2_001, "0.0"), (5, 5, "100.0"), (0, 10, "0.0")],
)
def test_a_percentage_has_one_decimal_and_rounds_halves_up(part, whole, expected):
    assert figures.percent(part, whole) == Decimal(expected)


def test_without_the_municipalitys_total_there_is_no_coverage():
    rollout = make.make_rollout(municipality_employees=None)
    make.place(make.make_agency(employees=10), rollout=rollout)
    assert figures.totals(rollout).planned_coverage_percent is None


def test_an_empty_plan_sums_to_nothing():
    totals = figures.totals(make.make_rollout())
    assert (totals.agencies, totals.employees, totals.with_access, totals.pilots_employees, totals.places) == (0,) * 5
    assert totals.planned_coverage_percent == 0


def test_access_is_people_past_all_staff_and_leaders_are_counted_in_agencies():
    rollout = make.make_rollout(waves=2)
    first, second = rollout.waves.all()
    done = make.place(make.make_agency(employees=300), first)
    held = make.place(make.make_agency(employees=50), first)
    leaders_only = make.place(make.make_agency(employees=700), second)
    open_wave(first, for_all=True)
    open_wave(second)
    let_in(done, for_all=True)
    let_in(held)
    let_in(leaders_only)

    totals = figures.totals(rollout)

    assert (totals.with_access, totals.agencies_with_access, totals.leaders_in_agencies) == (300, 1, 3)


def test_an_opened_wave_keeps_its_headcount_when_the_agency_grows():
    rollout = make.make_rollout(waves=1)
    wave = rollout.waves.get()
    placement = make.place(make.make_agency(employees=300), wave)
    open_wave(wave)
    let_in(placement)
    placement.agency.employees = 900
    placement.agency.save()
    make.place(make.make_agency(employees=5), rollout=rollout)

    assert figures.totals(rollout).employees == 305
    assert figures.plan(rollout, now=NOW).waves[0].employees == 300


def test_licences_come_from_the_pool():
    rollout = make.make_rollout(pool=45_000)
    licences = figures.licences(rollout)
    assert (licences.pool, licences.reserved, licences.free, licences.price_nok) == (45_000, 0, 45_000, 25)


def test_a_rollout_without_a_pool_has_no_licences():
    rollout = make.make_rollout()
    rollout.licence_pool.delete()
    assert figures.licences(rollout) == figures.Licences(0, 0, 0, Decimal(0))


def test_the_plan_has_every_agency_once_in_order():
    rollout = make.make_rollout(waves=2)
    first, second = rollout.waves.all()
    names = ["a", "b", "c", "d", "e"]
    a, b, c, d, e = (make.make_agency(name) for name in names)
    make.place(d, rollout=rollout)
    make.place(b, second)
    make.place(c, second)
    make.place(a, first)
    make.place(e, rollout=rollout)
    make.make_pilot(make.make_agency("pilot"), rollout=rollout)

    plan = figures.plan(rollout, now=NOW)

    assert [entry.placement.agency.slug for entry in plan.entries] == names
    assert [entry.placement.queue_position for entry in plan.queue] == [1, 2]
    assert [(wave.wave.number, wave.free) for wave in plan.waves] == [(1, 4), (2, 3)]


def test_an_entry_says_what_is_missing_and_how_many_licences():
    rollout = make.make_rollout(waves=1)
    wave = rollout.waves.get()
    ready = make.make_ready(make.place(make.make_agency(employees=100), wave))
    short = make.make_ready(make.place(make.make_agency(employees=1_650), wave, funded=1_600), but_not=("funding",))

    entries = {e.placement.pk: e for e in figures.plan(rollout, now=NOW).waves[0].entries}

    assert entries[ready.pk].ready
    assert entries[ready.pk].licences_missing == 0
    assert [p.code for p in entries[short.pk].problems] == ["funding_short"]
    assert entries[short.pk].licences_missing == 50
    assert [status.step.number for status in entries[short.pk].course] == list(range(1, 11))


def test_the_plan_knows_the_decision_that_counts():
    rollout = make.make_rollout(waves=3)
    first, second, third = rollout.waves.all()
    make.give_go(first)
    make.give_go(second)
    second.plan_version += 1
    second.save()
    make.give_go(third, verdict="no-go")

    assert [w.wave.decision for w in figures.plan(rollout, now=NOW).waves] == ["go", None, "no-go"]


def test_the_number_of_queries_does_not_grow_with_the_plan():
    def queries(agencies):
        rollout = make.make_rollout(slug=f"r{agencies}", waves=3, is_active=False)
        for number in range(agencies):
            wave = rollout.waves.get(number=1 + number % 3) if number < 15 else None
            make.make_ready(make.place(make.make_agency(employees=10), wave, rollout=rollout))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            plan = figures.plan(rollout, now=NOW + dt.timedelta(days=1))
            for entry in plan.entries:
                assert entry.ready, str(entry.placement)
                str(entry.placement.wave), entry.licences_missing, [s.step.name for s in entry.course]
            for wave in plan.waves:
                str(wave.wave.decision)
        return len(seen)

    assert queries(2) == queries(30)
