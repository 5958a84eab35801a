"""Working days in Norway: weekends and public holidays, from `holidays`."""

import datetime as dt
from functools import cache

import holidays


@cache
def _holidays() -> holidays.HolidayBase:
    # The language code is "no": "nb" silently falls back to English names.
    return holidays.country_holidays("NO", language="no")


def holiday_name(day: dt.date) -> str | None:
    """The public holiday's Norwegian name, or None."""
    return _holidays().get(day)


def is_working_day(day: dt.date) -> bool:
    return day.weekday() < 5 and day not in _holidays()


def working_day_on_or_before(day: dt.date) -> dt.date:
    while not is_working_day(day):
        day -= dt.timedelta(days=1)
    return day


def working_day_on_or_after(day: dt.date) -> dt.date:
    while not is_working_day(day):
        day += dt.timedelta(days=1)
    return day
