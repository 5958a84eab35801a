"""What the licences cost, month by month (NOK). Pure: figures in, figures out.

The assumption, said on the page too: a licence is paid for by whole calendar months, from the month its agency's
leaders get access up to and including that of the rollout's last day, at the price valid on the 1st of the month.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Use:
    """So many licences, in use from a day on."""

    licences: int
    since: dt.date


@dataclass(frozen=True)
class Prices:
    """What a licence costs a month: `start` until the first date in `later`, then by date."""

    start: Decimal
    later: Mapping[dt.date, Decimal]

    def on(self, day: dt.date) -> Decimal:
        valid = [since for since in self.later if since <= day]
        return self.later[max(valid)] if valid else self.start


@dataclass(frozen=True)
class Month:
    """One calendar month: how many licences are paid for, and the price of each."""

    first_day: dt.date
    licences: int
    price_nok: Decimal

    @property
    def cost_nok(self) -> Decimal:
        return self.licences * self.price_nok


def month_of(day: dt.date) -> dt.date:
    """The 1st of the day's month."""
    return day.replace(day=1)


def _months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield dt.date(number // 12, number % 12 + 1, 1)


def by_month(uses: Iterable[Use], *, prices: Prices, until: dt.date) -> list[Month]:
    """Every month from the first use to that of `until`, the last day paid for; none if nothing is in use by then."""
    used = [use for use in uses if use.licences]
    if not used:
        return []
    return [
        Month(month, sum(use.licences for use in used if month_of(use.since) <= month), prices.on(month))
        for month in _months(min(use.since for use in used), until)
    ]


def total(uses: Iterable[Use], *, prices: Prices, until: dt.date) -> Decimal:
    """What it all costs to the end of the month of `until`."""
    return sum((month.cost_nok for month in by_month(uses, prices=prices, until=until)), Decimal(0))
