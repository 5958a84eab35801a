"""The waves themselves: new ones, their two dates, and the cap on their people (rules 6 and 12).

A changed date may be carried on to the waves after it (`cascade`): each shifts by the same number of working days.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain.calendar import (
    Calendar,
    add_working_days,
    calendar_of,
    working_day_on_or_after,
    working_days_between,
)
from rollout.domain.locks import lock_plan, lock_wave
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.domain.words import long_date
from rollout.models import EventKind, PlanEvent, Rollout, Wave, opening_moment

DATES = ("leaders_on", "all_staff_on")


def dates_of(wave: Wave) -> dict[str, str]:
    """A wave's dates, as events keep them."""
    return {name: getattr(wave, name).isoformat() for name in DATES}


def _refuse_bad_order(leaders_on: dt.date, all_staff_on: dt.date) -> None:
    if all_staff_on <= leaders_on:
        raise Refused(
            _("Åpning for alle må være etter åpning for ledere. Velg en senere dato for alle."), field="all_staff_on"
        )


def _refuse_past(day: dt.date, now: dt.datetime, *, field: str = "") -> None:
    if opening_moment(day) <= now:
        raise Refused(
            _("%(day)s klokken 8 er passert. Velg en senere dato.") % {"day": long_date(day).capitalize()}, field=field
        )


def next_number(rollout: Rollout) -> int:
    """The number the next wave gets."""
    return (rollout.waves.aggregate(last=Max("number"))["last"] or 0) + 1


@transaction.atomic
def add_wave(
    *,
    rollout: Rollout,
    leaders_on: dt.date,
    all_staff_on: dt.date,
    by: Person | None,
    now: dt.datetime,
    number_seen: int | None = None,
    change: uuid.UUID | None = None,
) -> Wave:
    """Add a wave with the next number.

    Raises:
        Refused: the dates are not ahead, not in order, or closed in the calendar (rule 12), or the number that was
            shown, `number_seen`, is taken: the form was sent twice, or somebody else was first.
    """
    rollout = lock_plan(rollout.pk)
    number = next_number(rollout)
    if number_seen is not None and number_seen != number:
        raise Refused(
            _("Pulje %(number)s er laget siden du åpnet skjemaet. Åpne «Ny pulje» igjen om du vil ha en til.")
            % {"number": number_seen}
        )
    _refuse_bad_order(leaders_on, all_staff_on)
    _refuse_past(leaders_on, now, field="leaders_on")
    calendar = calendar_of(rollout)
    calendar.refuse_closed(leaders_on, field="leaders_on")
    calendar.refuse_closed(all_staff_on, field="all_staff_on")
    wave = Wave.objects.create(rollout=rollout, number=number, leaders_on=leaders_on, all_staff_on=all_staff_on)
    record(rollout=rollout, kind=EventKind.WAVE_ADDED, by=by, at=now, wave=wave, after=dates_of(wave), change=change)
    return wave


# -- dates ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """New dates for one wave. `leaders_on` and `all_staff_on` may be what they were."""

    wave: Wave
    leaders_on: dt.date
    all_staff_on: dt.date

    @property
    def changes(self) -> bool:
        return (self.leaders_on, self.all_staff_on) != (self.wave.leaders_on, self.wave.all_staff_on)


def days_moved(wave: Wave, leaders_on: dt.date, all_staff_on: dt.date) -> int:
    """By how many working days the waves after it shift: the larger of what its two dates move."""
    return max(working_days_between(wave.leaders_on, leaders_on), working_days_between(wave.all_staff_on, all_staff_on))


def cascade(
    wave: Wave, later: Iterable[Wave], *, leaders_on: dt.date, all_staff_on: dt.date, calendar: Calendar, earlier: bool
) -> list[Shift]:
    """The new dates of the unopened waves after `wave` when its own are set so: pure, nothing is read or written.

    Both dates of each shift by the same number of working days, then forward past days on which nothing may open. The
    waves keep their order, and each the working days between its steps; never earlier unless `earlier`.
    """
    moved = days_moved(wave, leaders_on, all_staff_on)
    shifts: list[Shift] = []
    if moved == 0 or (moved < 0 and not earlier):
        return shifts
    before = Shift(wave, leaders_on, all_staff_on)
    after = [other for other in later if (other.leaders_on, other.number) > (wave.leaders_on, wave.number)]
    for other in sorted(after, key=lambda other: (other.leaders_on, other.number)):
        leaders = _shifted(other.leaders_on, moved, calendar)
        leaders = _kept_behind(leaders, other.leaders_on, before.leaders_on, before.wave.leaders_on, calendar)
        gap = max(1, working_days_between(other.leaders_on, other.all_staff_on))
        all_staff = calendar.open_day_on_or_after(add_working_days(leaders, gap))
        all_staff = _kept_behind(all_staff, other.all_staff_on, before.all_staff_on, before.wave.all_staff_on, calendar)
        before = Shift(other, leaders, all_staff)
        shifts.append(before)
    return [shift for shift in shifts if shift.changes]


def _shifted(day: dt.date, moved: int, calendar: Calendar) -> dt.date:
    """From a day that is no working day one counts from the next."""
    return calendar.open_day_on_or_after(add_working_days(working_day_on_or_after(day), moved))


def _kept_behind(day: dt.date, was: dt.date, before: dt.date, before_was: dt.date, calendar: Calendar) -> dt.date:
    """`day`, or later, so that what came after another date still does: pushed past the same holiday, two may meet."""
    if was > before_was and day <= before:
        return calendar.open_day_on_or_after(before + dt.timedelta(days=1))
    return max(day, before) if was == before_was else day


def planned_shifts(
    wave: Wave, *, leaders_on: dt.date, all_staff_on: dt.date, calendar: Calendar, carry_on: bool, earlier: bool
) -> list[Shift]:
    """What setting these dates comes to: the wave's own shift first, then those of the waves after it."""
    shifts = [Shift(wave, leaders_on, all_staff_on)]
    if carry_on:
        later = [other for other in Wave.objects.filter(rollout=wave.rollout_id) if other.is_planned]
        shifts += cascade(
            wave, later, leaders_on=leaders_on, all_staff_on=all_staff_on, calendar=calendar, earlier=earlier
        )
    return shifts


@transaction.atomic
def set_dates(
    *,
    wave: Wave,
    leaders_on: dt.date,
    all_staff_on: dt.date,
    by: Person | None,
    now: dt.datetime,
    reason: str = "",
    version_seen: int | None = None,
    carry_on: bool = False,
    earlier: bool = False,
) -> Wave:
    """Set a wave's two dates; with `carry_on` the waves after it shift as `cascade` says, all in one change.

    A changed date voids the go (rule 6); mail that names the old one is mended (rule 10).

    Raises:
        Refused: a date that has passed or whose step has opened would change, a date is closed in the calendar (rule
            12), the dates are not in order, or the wave has changed since `version_seen` was shown.
    """
    rollout = lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    if version_seen is not None and version_seen != wave.plan_version:
        raise Refused(_("%(wave)s er endret siden du så den. Se på puljen og prøv igjen.") % {"wave": wave})
    calendar, change = calendar_of(rollout), new_change()
    shifts = planned_shifts(
        wave, leaders_on=leaders_on, all_staff_on=all_staff_on, calendar=calendar, carry_on=carry_on, earlier=earlier
    )
    for shift in shifts:
        apply_shift(shift, calendar=calendar, by=by, now=now, reason=reason, change=change)
    return wave


def apply_shift(
    shift: Shift,
    *,
    calendar: Calendar,
    by: Person | None,
    now: dt.datetime,
    reason: str = "",
    change: uuid.UUID | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent | None:
    """Give one wave its new dates, for a verb that holds the plan's lock. None: they are what they were.

    Raises:
        Refused: as `set_dates`.
    """
    wave = shift.wave
    before = {name: getattr(wave, name) for name in DATES}
    after = {name: getattr(shift, name) for name in DATES}
    changed = [name for name in DATES if before[name] != after[name]]
    if not changed:
        return None
    _refuse_bad_order(shift.leaders_on, shift.all_staff_on)
    opened = {"leaders_on": wave.leaders_opened_at, "all_staff_on": wave.all_staff_opened_at}
    for name in changed:
        if opened[name] is not None:
            raise Refused(
                _("%(wave)s åpnet for dette steget %(day)s. Datoen kan ikke endres lenger.")
                % {"wave": wave, "day": long_date(before[name])},
                field=name,
            )
        _refuse_past(after[name], now, field=name)
        calendar.refuse_closed(after[name], field=name)
    wave.leaders_on, wave.all_staff_on = shift.leaders_on, shift.all_staff_on
    wave.plan_version += 1
    wave.save(update_fields=["leaders_on", "all_staff_on", "plan_version"])
    event = record(
        rollout=wave.rollout,
        kind=EventKind.DATES_SET,
        by=by,
        at=now,
        wave=wave,
        before={name: day.isoformat() for name, day in before.items()},
        after=dates_of(wave),
        reason=reason,
        change=change,
        undoes=undoes,
    )
    emails.date_changed(wave=wave, before=before, event=event, now=now)
    return event


# -- people --------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_people_cap(
    *, wave: Wave, cap: int | None, by: Person | None, now: dt.datetime, undoes: PlanEvent | None = None
) -> PlanEvent | None:
    """Set how many people the wave should hold at most, or None. More are warned of, never refused. None: no change.

    Raises:
        Refused: the wave has opened, or the cap is not a number above nought.
    """
    lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    if not wave.is_planned:
        raise Refused(_("%(wave)s er åpnet. Taket kan ikke endres lenger.") % {"wave": wave}, field="cap")
    if cap is not None and cap < 1:
        raise Refused(_("Taket må være minst 1. La feltet stå tomt om puljen ikke skal ha noe tak."), field="cap")
    before = wave.people_cap
    if cap == before:
        return None
    wave.people_cap = cap
    wave.save(update_fields=["people_cap"])
    return record(
        rollout=wave.rollout,
        kind=EventKind.CAP_SET,
        by=by,
        at=now,
        wave=wave,
        before={"cap": before},
        after={"cap": cap},
        undoes=undoes,
    )
