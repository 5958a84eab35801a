"""What new dates come to: of one wave and, carried on, of the waves after it. Nothing is written here."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from rollout.domain.calendar import Calendar, add_working_days, working_day_on_or_after, working_days_between
from rollout.models import Wave


@dataclass(frozen=True)
class Shift:
    """New dates for one wave. `leaders_on` and `all_staff_on` may be what they were."""

    wave: Wave
    leaders_on: dt.date
    all_staff_on: dt.date

    @property
    def changes(self) -> bool:
        return (self.leaders_on, self.all_staff_on) != (self.wave.leaders_on, self.wave.all_staff_on)

    @property
    def mark(self) -> str:
        """The wave's dates and whether it has a go; after ">" the dates it is to have."""
        go = "+go" if self.wave.has_go else ""
        return f"{self.wave.leaders_on}/{self.wave.all_staff_on}{go}>{self.leaders_on}/{self.all_staff_on}"


def days_moved(wave: Wave, leaders_on: dt.date, all_staff_on: dt.date) -> int:
    """By how many working days the waves after it shift: the larger of what its dates still ahead move."""
    all_staff = working_days_between(wave.all_staff_on, all_staff_on)
    return max(working_days_between(wave.leaders_on, leaders_on), all_staff) if wave.is_planned else all_staff


def cascade(
    wave: Wave, later: Iterable[Wave], *, leaders_on: dt.date, all_staff_on: dt.date, calendar: Calendar, earlier: bool
) -> list[Shift]:
    """The new dates of the unopened waves after `wave` when its own are set so: pure, nothing is read or written.

    Both dates of each shift by the same number of working days, then forward past days on which nothing may open. The
    waves keep their order, by either date, and each at least the working days between its steps; never earlier unless
    `earlier`.
    """
    moved = days_moved(wave, leaders_on, all_staff_on)
    if moved == 0 or (moved < 0 and not earlier):
        return []
    after = _after(wave, later)
    leaders = _in_order(
        _Day(wave.leaders_on, leaders_on, fixed=True),
        [_Day(other.leaders_on, _shifted(other.leaders_on, moved, calendar)) for other in after],
        calendar,
    )
    all_staff = _in_order(
        _Day(wave.all_staff_on, all_staff_on, fixed=True),
        [
            _Day(other.all_staff_on, calendar.open_day_on_or_after(add_working_days(day, _gap(other))))
            for other, day in zip(after, leaders, strict=True)
        ],
        calendar,
    )
    shifts = [Shift(*dates) for dates in zip(after, leaders, all_staff, strict=True)]
    return [shift for shift in shifts if shift.changes]


@dataclass
class _Day:
    """One date of a wave on its way: what it was and what it is to be. `fixed`: somebody has chosen it."""

    was: dt.date
    day: dt.date
    fixed: bool = False


def _shifted(day: dt.date, moved: int, calendar: Calendar) -> dt.date:
    """From a day that is no working day one counts from the next."""
    return calendar.open_day_on_or_after(add_working_days(working_day_on_or_after(day), moved))


def _gap(wave: Wave) -> int:
    return max(1, working_days_between(wave.leaders_on, wave.all_staff_on))


def _in_order(first: _Day, days: list[_Day], calendar: Calendar) -> list[dt.date]:
    """The days, each moved on where it must to stay after those it came after: pushed past a holiday, two may meet."""
    latest = dt.date.min
    for _was, together in itertools.groupby(sorted([first, *days], key=attrgetter("was")), key=attrgetter("was")):
        same = list(together)
        for one in same:
            if one.day <= latest and not one.fixed:
                one.day = calendar.open_day_on_or_after(latest + dt.timedelta(days=1))
        latest = max(latest, *(one.day for one in same))
    return [one.day for one in days]


def planned_shifts(
    wave: Wave, *, leaders_on: dt.date, all_staff_on: dt.date, calendar: Calendar, carry_on: bool, earlier: bool
) -> list[Shift]:
    """What setting these dates comes to: the wave's own shift first, then those of the waves after it."""
    shifts = [Shift(wave, leaders_on, all_staff_on)]
    if carry_on:
        later = unopened_after(wave)
        shifts += cascade(
            wave, later, leaders_on=leaders_on, all_staff_on=all_staff_on, calendar=calendar, earlier=earlier
        )
    return shifts


def unopened_after(wave: Wave) -> list[Wave]:
    """The waves that carrying on its dates may shift, in the order of their dates. One query."""
    waves = Wave.objects.filter(rollout=wave.rollout_id).with_latest_decision().select_related("rollout")
    return _after(wave, (other for other in waves if other.is_planned))


def _after(wave: Wave, others: Iterable[Wave]) -> list[Wave]:
    later = (other for other in others if (other.leaders_on, other.number) > (wave.leaders_on, wave.number))
    return sorted(later, key=lambda other: (other.leaders_on, other.number))


def marks(shifts: Iterable[Shift]) -> dict[str, str]:
    """What was seen of each wave before the dates were set, by its number: `set_dates` takes it as `seen`."""
    return {str(shift.wave.number): shift.mark for shift in shifts}
