"""A period that would break the plan, or the reading of it, is refused in words (rule 12)."""

import datetime as dt

import pytest

from rollout.domain import calendar, readiness
from rollout.domain.refusals import Refused
from rollout.models import OSLO, BlackoutPeriod
from tests.factories import NOW, make_agency, make_lead, make_rollout, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


def add(rollout, first_day, last_day, *, name="Flytting", hard=True, now=NOW):
    return calendar.add_blackout(
        rollout=rollout,
        name=name,
        first_day=dt.date.fromisoformat(first_day),
        last_day=dt.date.fromisoformat(last_day),
        hard=hard,
        by=make_lead(),
        now=now,
    )


def test_a_period_has_a_name(rollout):
    with pytest.raises(Refused) as refused:
        add(rollout, "2018-03-05", "2018-03-06", name="  ")
    assert refused.value.field == "name"


def test_a_date_that_passed_without_an_opening_is_not_in_a_periods_way(rollout):
    late = dt.datetime(2018, 2, 12, 9, 0, tzinfo=OSLO)
    add(rollout, "2018-02-05", "2018-02-09", now=late)
    with pytest.raises(Refused, match="Pulje 1 åpner tirsdag 27. februar 2018"):
        add(rollout, "2018-02-26", "2018-02-27", now=late)


def test_a_hard_period_of_more_than_a_year_is_taken_for_a_mistake(rollout):
    with pytest.raises(Refused, match="over et år") as refused:
        add(rollout, "2016-01-01", "2018-02-02")
    assert refused.value.field == "last_day"
    add(rollout, "2016-01-01", "2018-02-02", hard=False)


def test_where_every_day_is_closed_the_steps_are_still_due_and_the_board_is_still_read(rollout):
    """Periods one after the other may close more days than any search goes through."""
    for year in (2015, 2016, 2017):
        add(rollout, f"{year}-02-03", f"{year + 1}-02-02", name=f"Stengt {year}")
    placement = place(make_agency("kli"), rollout.waves.get(number=1))
    assert BlackoutPeriod.objects.count() == 3
    due = {status.step.key: status.due_on for status in readiness.course(placement, now=NOW)}
    step = placement.course_version.steps.get(key="sponsor")
    assert due["sponsor"] == dt.date(2018, 2, 7) - dt.timedelta(days=step.lead_time_days)
