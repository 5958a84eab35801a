"""People with access, week by week."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.domain import coverage, figures
from rollout.domain.coverage import by_week
from tests import factories as make
from tests.factories import at

days = st.dates(dt.date(2017, 11, 1), dt.date(2019, 3, 1))
gains = st.lists(st.tuples(days, st.integers(0, 20_000)), max_size=30)


@given(gains, gains, days)
def test_planned_never_falls_and_ends_at_all_that_is_planned(planned, actual, today):
    points = by_week(planned, actual, today=today)
    curve = [point.planned for point in points]
    assert curve == sorted(curve)
    if points:
        assert curve[0] == 0
        assert curve[-1] == sum(people for _day, people in planned)
    else:
        assert not planned
        assert not actual


@given(gains, gains, days)
def test_actual_never_falls_nor_passes_all_that_was_given(planned, actual, today):
    points = by_week(planned, actual, today=today)
    curve = [point.actual for point in points if point.actual is not None]
    assert curve == sorted(curve)
    assert all(people <= sum(people for _day, people in actual) for people in curve)
    assert all(point.actual is None for point in points if point.monday > today)


@given(gains, gains, days)
def test_every_week_is_there_once_and_begins_on_a_monday(planned, actual, today):
    mondays = [point.monday for point in by_week(planned, actual, today=today)]
    assert all(monday.weekday() == 0 for monday in mondays)
    assert [b - a for a, b in pairwise(mondays)] == [dt.timedelta(weeks=1)] * (len(mondays) - 1)


def test_a_week_is_counted_at_its_end():
    points = by_week([(dt.date(2018, 2, 27), 100)], [], today=dt.date(2018, 2, 1))
    assert [(point.number, point.planned) for point in points] == [(8, 0), (9, 100), (10, 100)]


@pytest.mark.django_db
def test_of_a_plan_planned_follows_the_waves_and_actual_the_agencies():
    rollout = make.make_rollout(waves=2)
    first = make.place(make.make_agency(employees=100), rollout.waves.get(number=1))
    make.place(make.make_agency(employees=40), rollout.waves.get(number=1))
    make.place(make.make_agency(employees=7), rollout.waves.get(number=2))
    make.place(make.make_agency(employees=1_000), rollout=rollout)
    first.employees_at_opening = 90  # frozen at the leaders' opening
    first.leaders_access_at, first.all_staff_access_at = at("2018-02-07 08:00"), at("2018-03-06 08:00")
    first.save()

    now = at("2018-03-08 09:00")
    points = {point.number: point for point in coverage.of_plan(figures.plan(rollout, now=now), now=now)}

    assert (points[8].planned, points[9].planned, points[15].planned, points[16].planned) == (0, 130, 130, 137)
    assert (points[9].actual, points[10].actual, points[11].actual) == (0, 90, None)
    assert points[10].actual == figures.totals(rollout).with_access
