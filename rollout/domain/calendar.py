"""The calendar (rule 12): weekends, public holidays from `holidays`, and the rollout's own table of blackout periods.

Weekends, public holidays and hard periods (*fellesferie*) are *hard*: nothing opens on them, and no due date falls on
them. School holidays are *soft*: one is warned. (Due dates outside them too would lie in June for a wave in August.)
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import holidays
from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import rows
from rollout.domain.locks import lock_plan
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.domain.words import long_date
from rollout.models import OSLO, BlackoutPeriod, EventKind, PlanEvent, Rollout, WaveState, opening_moment

#: The furthest that a date may be pushed in search of an open day: a table that bans every day is a mistake.
FURTHEST = dt.timedelta(days=400)
#: From its first day to its last: a hard period that lasts longer has a year mistyped.
LONGEST = dt.timedelta(days=365)


@cache
def _holidays(year: int) -> dict[dt.date, str]:
    # A plain dictionary a year: the package's own reads years as they are asked for, and says meanwhile that it has.
    # The language code is "no": "nb" silently falls back to English names.
    return dict(holidays.country_holidays("NO", years=year, language="no"))


def holiday_name(day: dt.date) -> str | None:
    """The public holiday's Norwegian name, or None."""
    return _holidays(day.year).get(day)


def public_holidays(year: int) -> list[tuple[dt.date, str]]:
    """Each public holiday of the year and its name, in order; a day with two names has both."""
    return sorted(_holidays(year).items())


@cache
def is_working_day(day: dt.date) -> bool:
    return day.weekday() < 5 and holiday_name(day) is None


def _first_if_any(day: dt.date, step: int, good: Callable[[dt.date], bool]) -> dt.date | None:
    days = (day + n * dt.timedelta(days=step) for n in range(FURTHEST.days + 1))
    return next(filter(good, days), None)


def _first(day: dt.date, step: int, good: Callable[[dt.date], bool]) -> dt.date:
    found = _first_if_any(day, step, good)
    if found is None:
        raise Refused(_("Kalenderen har ingen åpen dag på over et år. Se over sperreperiodene."))
    return found


def working_day_on_or_before(day: dt.date) -> dt.date:
    return _first(day, -1, is_working_day)


def working_day_on_or_after(day: dt.date) -> dt.date:
    return _first(day, 1, is_working_day)


def when_not_urgent(now: dt.datetime) -> dt.datetime:
    """When mail that is not urgent may leave: at once, but from a weekend or a public holiday at 08:00 the next working
    day.
    """
    today = now.astimezone(OSLO).date()
    return now if is_working_day(today) else opening_moment(working_day_on_or_after(today))


def working_days_between(start: dt.date, end: dt.date) -> int:
    """How many working days lie after `start` up to and with `end`; negative when `end` is earlier."""
    if end < start:
        return -working_days_between(end, start)
    days = (start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(map(is_working_day, days))


def add_working_days(day: dt.date, number: int) -> dt.date:
    """The working day `number` working days after `day`, or before it when negative."""
    step = 1 if number >= 0 else -1
    for _n in range(abs(number)):
        day = _first(day + dt.timedelta(days=step), step, is_working_day)
    return day


@dataclass(frozen=True)
class Calendar:
    """The days of one rollout, read once. `periods` are its blackout periods by their first day."""

    periods: tuple[BlackoutPeriod, ...] = ()

    def closed_because(self, day: dt.date) -> str | None:
        """Why nothing may open on that day, in a phrase; None: it may (it may still be soft)."""
        if day.weekday() >= 5:
            return _("helg")
        return holiday_name(day) or next((p.name for p in self.covering(day) if p.hard), None)

    def warned_because(self, day: dt.date) -> str | None:
        """The soft period that the day lies in, or None."""
        return next((period.name for period in self.covering(day) if not period.hard), None)

    def covering(self, day: dt.date) -> list[BlackoutPeriod]:
        return [period for period in self.periods if period.first_day <= day <= period.last_day]

    def is_open(self, day: dt.date) -> bool:
        return is_working_day(day) and not any(period.hard for period in self.covering(day))

    def open_day_on_or_after(self, day: dt.date) -> dt.date:
        return _first(day, 1, self.is_open)

    def due_day_on_or_before(self, day: dt.date) -> dt.date:
        """The latest day that is not hard: where a due date falls (rule 4). Where all are hard, the day itself: the
        plan must still be read, so that the table can be mended.
        """
        return _first_if_any(day, -1, self.is_open) or day

    def refuse_closed(self, day: dt.date, *, field: str = "") -> None:
        """Raises Refused where nothing may open on that day, with the next day on which it may."""
        if (why := self.closed_because(day)) is not None:
            raise Refused(
                _("%(day)s kan ingenting åpne (%(why)s). Første dag etter er %(next)s.")
                % {
                    "day": long_date(day).capitalize(),
                    "why": why,
                    "next": long_date(self.open_day_on_or_after(day)),
                },
                field=field,
            )


_PERIODS = f"""
SELECT {rows.columns(BlackoutPeriod, "b")} FROM rollout_blackoutperiod b WHERE b.rollout_id = ANY(%s)
ORDER BY b.first_day, b.id
"""  # noqa: S608 (the names of our own columns)


def calendar_of(rollout: Rollout | int) -> Calendar:
    """The rollout's calendar, in one query."""
    return calendars_of([rollout.pk if isinstance(rollout, Rollout) else rollout]).popitem()[1]


def calendars_of(rollout_ids: Iterable[int]) -> dict[int, Calendar]:
    """The calendar of each rollout, in one query for all."""
    periods: dict[int, list[BlackoutPeriod]] = {rollout_id: [] for rollout_id in rollout_ids}
    for (period,) in rows.read(_PERIODS, [list(periods)], BlackoutPeriod):
        periods[period.rollout_id].append(period)
    return {rollout_id: Calendar(tuple(found)) for rollout_id, found in periods.items()}


# -- the table of blackout periods ---------------------------------------------------------------------------------


#: What a period is made of.
PERIOD = ("name", "first_day", "last_day", "hard", "source", "confirmed")


def period_of(period: BlackoutPeriod) -> dict:
    """A period as events keep it."""
    return {
        "name": period.name,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "hard": period.hard,
        "source": period.source,
        "confirmed": period.confirmed,
    }


@transaction.atomic
def add_blackout(
    *,
    rollout: Rollout,
    name: str,
    first_day: dt.date,
    last_day: dt.date,
    hard: bool,
    by: Person | None,
    now: dt.datetime,
    source: str = "",
    confirmed: bool = True,
    pk: int | None = None,
    change: uuid.UUID | None = None,
    undoes: PlanEvent | None = None,
) -> BlackoutPeriod:
    """Add a period, both ends included. `pk`: the one it had before it was removed, so that its history holds.

    Raises:
        Refused: it has no name, the days are not in order, the period is there already, or it is hard and a wave is to
            open in it, or it lasts for over a year.
    """
    rollout = lock_plan(rollout.pk)
    name = name.strip()
    if not name:
        raise Refused(_("Gi perioden et navn."), field="name")
    if last_day < first_day:
        raise Refused(_("Siste dag må være lik eller etter første dag."), field="last_day")
    if rollout.blackouts.filter(name=name, first_day=first_day).exists():
        raise Refused(_("«%(name)s» fra den dagen finnes alt.") % {"name": name}, field="name")
    if hard:
        if last_day - first_day > LONGEST:
            raise Refused(
                _("En hard periode kan ikke vare over et år. Se over datoene, eller la den være myk."), field="last_day"
            )
        _refuse_over_openings(rollout, first_day, last_day, now=now)
    period = BlackoutPeriod.objects.create(
        pk=pk,
        rollout=rollout,
        name=name,
        first_day=first_day,
        last_day=last_day,
        hard=hard,
        source=source,
        confirmed=confirmed,
    )
    record(
        rollout=rollout,
        kind=EventKind.BLACKOUT_ADDED,
        by=by,
        at=now,
        after=period_of(period) | {"id": period.pk},
        change=change,
        undoes=undoes,
    )
    return period


def _refuse_over_openings(rollout: Rollout, first_day: dt.date, last_day: dt.date, *, now: dt.datetime) -> None:
    """A hard period over an opening ahead would make a plan that rule 12 forbids."""
    reasons = []
    for wave in rollout.waves.exclude(state__in=[WaveState.ALL_OPEN, WaveState.CLOSED]):
        ahead = [wave.all_staff_on] if not wave.is_planned else [wave.leaders_on, wave.all_staff_on]
        reasons += [
            _("%(wave)s åpner %(day)s. Gi puljen en annen dato først, eller la perioden være myk.")
            % {"wave": wave, "day": long_date(day)}
            for day in ahead
            if first_day <= day <= last_day and opening_moment(day) > now
        ]
    if reasons:
        raise Refused(reasons)


@transaction.atomic
def remove_blackout(
    *,
    period: BlackoutPeriod,
    by: Person | None,
    now: dt.datetime,
    change: uuid.UUID | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent:
    """Take a period out of the table; the event keeps what it was.

    Raises:
        Refused: somebody has removed or changed it already.
    """
    rollout = lock_plan(period.rollout_id)
    found = BlackoutPeriod.objects.filter(pk=period.pk).first()
    if found is None:
        raise Refused(_("«%(name)s» er alt fjernet eller endret.") % {"name": period.name})
    kept = period_of(found) | {"id": found.pk}
    found.delete()
    return record(
        rollout=rollout, kind=EventKind.BLACKOUT_REMOVED, by=by, at=now, before=kept, change=change, undoes=undoes
    )


@transaction.atomic
def change_blackout(
    *, period: BlackoutPeriod, by: Person | None, now: dt.datetime, change: uuid.UUID | None = None, **fields: Any
) -> BlackoutPeriod:
    """Give a period other days or words, or confirm it: the old one out and the new one in, as one change.

    `fields`: as `add_blackout` takes them. Who looks at the old one afterwards is told that it is gone.

    Raises:
        Refused: as `remove_blackout` and `add_blackout`; then nothing has changed.
    """
    change = change or new_change()
    kept = {name: getattr(period, name) for name in PERIOD}
    remove_blackout(period=period, by=by, now=now, change=change)
    return add_blackout(rollout=period.rollout, by=by, now=now, change=change, **kept | fields)
