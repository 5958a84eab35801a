"""What licences cost, month by month: whole months from the opening's, at the price valid on the 1st."""

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.domain.costing import Month, Prices, Use, by_month, total

DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2020, 12, 31))
PRICE = st.decimals(0, 900, places=2)
USES = st.lists(st.builds(Use, licences=st.integers(0, 20_000), since=DAYS), max_size=8)
PRICES = st.builds(Prices, start=PRICE, later=st.dictionaries(DAYS, PRICE, max_size=4))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_a_licence_is_paid_for_from_its_opening_month_to_the_last_one_at_the_price_of_the_1st():
    prices = Prices(Decimal(25), {day("2018-03-01"): Decimal(30), day("2018-04-02"): Decimal(40)})
    uses = [Use(100, day("2018-02-28")), Use(10, day("2018-04-30"))]
    assert by_month(uses, prices=prices, until=day("2018-05-01")) == [
        Month(day("2018-02-01"), 100, Decimal(25)),
        Month(day("2018-03-01"), 100, Decimal(30)),
        Month(day("2018-04-01"), 110, Decimal(30)),  # the price of the 2nd comes a day too late for April
        Month(day("2018-05-01"), 110, Decimal(40)),
    ]
    assert total(uses, prices=prices, until=day("2018-05-01")) == 2500 + 3000 + 3300 + 4400


def test_the_months_run_over_new_year():
    months = by_month([Use(1, day("2018-11-15"))], prices=Prices(Decimal(1), {}), until=day("2019-02-01"))
    assert [month.first_day.isoformat()[:7] for month in months] == ["2018-11", "2018-12", "2019-01", "2019-02"]


def test_the_last_month_that_there_is_can_be_paid_for():
    months = by_month([Use(1, day("9999-12-01"))], prices=Prices(Decimal(1), {}), until=dt.date.max)
    assert [month.first_day for month in months] == [day("9999-12-01")]


@pytest.mark.parametrize("uses", [[], [Use(0, day("2018-02-07"))], [Use(5, day("2019-02-07"))]])
def test_nothing_in_use_before_the_last_day_costs_nothing(uses):
    assert by_month(uses, prices=Prices(Decimal(25), {}), until=day("2018-12-31")) == []
    assert total(uses, prices=Prices(Decimal(25), {}), until=day("2018-12-31")) == 0


@given(USES, PRICES, DAYS)
def test_the_sum_of_the_months_is_the_sum_of_each_use_alone(uses, prices, until):
    months = by_month(uses, prices=prices, until=until)
    apart = sum((total([use], prices=prices, until=until) for use in uses), Decimal(0))
    assert sum((month.cost_nok for month in months), Decimal(0)) == apart == total(uses, prices=prices, until=until)


@given(USES, PRICES, DAYS, st.integers(1, 500), DAYS)
def test_more_licences_never_cost_less(uses, prices, until, licences, since):
    more = [*uses, Use(licences, since)]
    assert total(more, prices=prices, until=until) >= total(uses, prices=prices, until=until)


@given(USES, PRICES, DAYS, DAYS, PRICE)
def test_a_price_from_a_later_date_changes_only_the_months_that_begin_on_it_or_after(uses, prices, until, since, new):
    changed = Prices(prices.start, {**prices.later, since: new})
    before = by_month(uses, prices=prices, until=until)
    after = by_month(uses, prices=changed, until=until)
    assert [month for month in before if month.first_day < since] == [m for m in after if m.first_day < since]
    assert [month.licences for month in before] == [month.licences for month in after]


@given(USES, PRICES, DAYS)
def test_every_month_between_the_first_and_the_last_is_there_once(uses, prices, until):
    found = [month.first_day for month in by_month(uses, prices=prices, until=until)]
    assert found == sorted(set(found))
    assert all((later - earlier).days in (28, 29, 30, 31) for earlier, later in itertools.pairwise(found))
