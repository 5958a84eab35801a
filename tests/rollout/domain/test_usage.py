"""Figures of use: sums, never of a group under ten, and never so that one can be worked out (rule 14)."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from rollout.domain import usage
from rollout.models import UsageFigures

DAY = dt.date(2018, 3, 20)


def row(invited, activated, placement=1, on=DAY, **more) -> UsageFigures:
    numbers = {"leaders_invited": 0, "leaders_activated": 0, "weekly_active": 0, "on_mobile": None} | more
    return UsageFigures(placement_id=placement, measured_on=on, invited=invited, activated=activated, **numbers)


def test_a_figure_of_a_group_under_ten_is_never_shown():
    told = usage.shown(
        UsageFigures(
            measured_on=DAY,
            invited=100,
            activated=9,
            leaders_invited=9,
            leaders_activated=8,
            weekly_active=7,
            on_mobile=3,
            support_requests=2,
            severe_incidents=0,
            backlog_days=1,
            entered_at=dt.datetime(2018, 3, 20, tzinfo=dt.UTC),
        )
    )
    assert (told["invited"], told["activated"]) == (100, 9)
    assert [told[name] for name in ("leaders_invited", "leaders_activated", "weekly_active", "on_mobile")] == [None] * 4


def test_a_small_group_is_left_out_of_the_sum_where_the_rest_would_tell_of_it():
    assert usage.summed([row(100, 50), row(9, 9)], "activated") == usage.Share(50, 100)


def test_small_groups_that_are_ten_together_count():
    assert usage.summed([row(100, 50), row(5, 1), row(5, 2)], "activated") == usage.Share(53, 110)


def test_nothing_is_shown_of_a_wave_that_is_small_altogether():
    assert usage.summed([row(4, 1), row(5, 2)], "activated") is None


@given(st.lists(st.integers(0, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=5))
def test_what_the_sum_tells_beyond_the_agencies_shown_is_nothing_or_of_ten_at_least(pairs):
    rows = [row(invited, activated) for invited, activated in pairs]
    shown = [share for one in rows if (share := usage.share(one, "activated"))]
    total = usage.summed(rows, "activated")
    hidden = (total.base if total else 0) - sum(share.base for share in shown)
    assert hidden == 0 or hidden >= usage.FEWEST


@given(st.integers(0, 500), st.integers(0, 500))
def test_more_activated_than_invited_does_not_add_up(invited, activated):
    assert ("activated" in usage.problems_of({"invited": invited, "activated": activated})) == (activated > invited)


def test_over_time_each_date_has_the_latest_of_every_agency_by_then():
    later = DAY + dt.timedelta(days=7)
    rows = [row(100, 40, 1), row(200, 100, 2), row(100, 80, 1, on=later)]
    for number, one in enumerate(rows):
        one.pk = number
    points = usage.series(rows)
    assert [(point.on, point.activated) for point in points] == [
        (DAY, usage.Share(140, 300)),
        (later, usage.Share(180, 300)),
    ]
