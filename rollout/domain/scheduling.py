"""The waves themselves: new ones, their two dates, and the cap on their people (rules 6 and 12).

A changed date may be carried on to the waves after it (`shifting.cascade`): each shifts by as many working days.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain.calendar import Calendar, calendar_of
from rollout.domain.locks import lock_plan, lock_wave
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.domain.shifting import Shift, marks, planned_shifts
from rollout.domain.words import clock_time, long_date
from rollout.models import OSLO, EventKind, PlanEvent, Rollout, Wave, opening_moment

DATES = ("leaders_on", "all_staff_on")
#: A date further ahead has its year mistyped.
YEARS_AHEAD = 20


def dates_of(wave: Wave) -> dict[str, str]:
    """A wave's dates, as events keep them."""
    return {name: getattr(wave, name).isoformat() for name in DATES}


def _refuse_bad_order(leaders_on: dt.date, all_staff_on: dt.date) -> None:
    if all_staff_on <= leaders_on:
        raise Refused(
            _("Åpning for alle må være etter åpning for ledere. Velg en senere dato for alle."), field="all_staff_on"
        )


def _refuse_unlikely(day: dt.date, now: dt.datetime, *, field: str = "") -> None:
    if opening_moment(day) <= now:
        raise Refused(
            _("%(day)s klokken 8 er passert. Velg en senere dato.") % {"day": long_date(day).capitalize()}, field=field
        )
    if day.year > now.year + YEARS_AHEAD:
        raise Refused(
            _("%(day)s er mer enn %(years)s år fram. Se over årstallet.")
            % {"day": long_date(day).capitalize(), "years": YEARS_AHEAD},
            field=field,
        )


def next_number(rollout: Rollout) -> int:
    """The number the next wave gets."""
    return (rollout.waves.aggregate(last=Max("number"))["last"] or 0) + 1


def proposed_dates(rollout: Rollout, *, now: dt.datetime) -> dict[str, dt.date]:
    """Dates to begin with for a new wave, by `DATES`: as long after the last wave as that came after the one before it,
    from the next day on and clear of closed days. Empty: the plan tells of no pace yet, or its calendar has no day.
    """
    latest = list(rollout.waves.order_by("-leaders_on", "-number")[:2])
    if len(latest) < 2:
        return {}
    (last, before), calendar = latest, calendar_of(rollout)
    wanted = last.leaders_on + (last.leaders_on - before.leaders_on)
    tomorrow = now.astimezone(OSLO).date() + dt.timedelta(days=1)
    try:
        leaders_on = calendar.open_day_on_or_after(max(wanted, tomorrow))
        all_staff_on = calendar.open_day_on_or_after(leaders_on + (last.all_staff_on - last.leaders_on))
    except Refused:
        return {}
    return dict(zip(DATES, (leaders_on, all_staff_on), strict=True))


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
        Refused: the dates are not ahead, not in order, decades away, or closed in the calendar (rule 12), or the number
            that was shown, `number_seen`, is taken: the form was sent twice, or somebody else was first.
    """
    rollout = lock_plan(rollout.pk)
    number = next_number(rollout)
    if number_seen is not None and number_seen != number:
        raise Refused(
            _("Pulje %(number)s er laget siden du åpnet skjemaet. Åpne «Ny pulje» igjen om du vil ha en til.")
            % {"number": number_seen}
        )
    refuse_bad_new(leaders_on, all_staff_on, calendar=calendar_of(rollout), now=now)
    wave = Wave.objects.create(rollout=rollout, number=number, leaders_on=leaders_on, all_staff_on=all_staff_on)
    record(rollout=rollout, kind=EventKind.WAVE_ADDED, by=by, at=now, wave=wave, after=dates_of(wave), change=change)
    return wave


def refuse_bad_new(leaders_on: dt.date, all_staff_on: dt.date, *, calendar: Calendar, now: dt.datetime) -> None:
    """Raises Refused where a new wave may not have these dates."""
    _refuse_bad_order(leaders_on, all_staff_on)
    for name, day in zip(DATES, (leaders_on, all_staff_on), strict=True):
        _refuse_unlikely(day, now, field=name)
        calendar.refuse_closed(day, field=name)


# -- dates ---------------------------------------------------------------------------------------------------------


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
    seen: Mapping[str, str] | None = None,
    carry_on: bool = False,
    earlier: bool = False,
    change: uuid.UUID | None = None,
) -> Wave:
    """Set a wave's two dates; with `carry_on` the waves after it shift as `shifting.cascade` says, all in one change.

    A changed date voids the go (rule 6); mail that names the old one is mended (rule 10). `seen`: the `marks` of the
    shifts that were shown before this was asked for; what is done is what was shown, or nothing.

    Raises:
        Refused: a date that has passed or whose step has opened would change, a date is closed in the calendar (rule
            12) or decades away, the dates are not in order, or the wave has changed since `version_seen` was shown, or
            any wave that shifts since `seen` was.
    """
    rollout = lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    if version_seen is not None and version_seen != wave.plan_version:
        raise Refused(_("%(wave)s er endret siden du så den. Se på puljen og prøv igjen.") % {"wave": wave})
    calendar, change = calendar_of(rollout), change or new_change()
    # Before any is carried on: with a mistyped year that is minutes of counting days.
    refuse_bad([Shift(wave, leaders_on, all_staff_on)], calendar=calendar, now=now)
    shifts = planned_shifts(
        wave, leaders_on=leaders_on, all_staff_on=all_staff_on, calendar=calendar, carry_on=carry_on, earlier=earlier
    )
    if seen is not None:
        _refuse_unseen(rollout, marks(shifts), seen)
    refuse_bad(shifts, calendar=calendar, now=now)
    for shift in shifts:
        apply_shift(shift, calendar=calendar, by=by, now=now, reason=reason, change=change)
    return wave


def _refuse_unseen(rollout: Rollout, found: Mapping[str, str], seen: Mapping[str, str]) -> None:
    """Only what would be set on another ground than was shown stands in the way; it says who was first."""
    differ = [number for number in {**found, **seen} if found.get(number) != seen.get(number)]
    if not differ:
        return
    touched = [n for n in differ if found.get(n, "").partition(">")[0] != seen.get(n, "").partition(">")[0]]
    latest = (
        rollout.events.filter(wave__number=number, agency=None).select_related("wave", "by").last()
        for number in touched
    )
    reasons = [
        _("%(wave)s er endret siden du så virkningen: «%(kind)s» av %(who)s %(when)s.")
        % {
            "wave": event.wave,
            "kind": event.get_kind_display().capitalize(),
            "who": event.by or _("systemet"),
            "when": clock_time(event.at),
        }
        for event in latest
        if event is not None
    ]
    raise Refused(
        [*reasons, _("Ingenting er endret. Se virkningen slik den er nå, og sett datoene på nytt.")]
        if reasons
        else _("Kalenderen eller puljene er endret siden du så virkningen. Se virkningen slik den er nå.")
    )


def refuse_bad(shifts: Iterable[Shift], *, calendar: Calendar, now: dt.datetime) -> None:
    """Raises Refused where a date may not be set so; of the waves that shift with the first, their name is said."""
    for place, shift in enumerate(shifts):
        try:
            _refuse_bad(shift, calendar=calendar, now=now)
        except Refused as refused:
            if place == 0:
                raise
            raise Refused([f"{shift.wave}: {reason}" for reason in refused.reasons]) from refused


def _refuse_bad(shift: Shift, *, calendar: Calendar, now: dt.datetime) -> None:
    if not shift.changes:
        return
    wave = shift.wave
    _refuse_bad_order(shift.leaders_on, shift.all_staff_on)
    opened = {"leaders_on": wave.leaders_opened_at, "all_staff_on": wave.all_staff_opened_at}
    for name in DATES:
        before, after = getattr(wave, name), getattr(shift, name)
        if before == after:
            continue
        if opened[name] is not None:
            raise Refused(
                _("%(wave)s åpnet for dette steget %(day)s. Datoen kan ikke endres lenger.")
                % {"wave": wave, "day": long_date(before)},
                field=name,
            )
        _refuse_unlikely(after, now, field=name)
        calendar.refuse_closed(after, field=name)


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
    if not shift.changes:
        return None
    _refuse_bad(shift, calendar=calendar, now=now)
    wave = shift.wave
    before = {name: getattr(wave, name) for name in DATES}
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
    emails.dates.dates_set(wave=wave, before=before, event=event, now=now)
    return event


@transaction.atomic
def set_last_day(*, rollout: Rollout, ends_on: dt.date | None, by: Person | None, now: dt.datetime) -> PlanEvent | None:
    """Set the rollout's last day, or None: dates after it are warned of, never refused. None: it is so already."""
    rollout = lock_plan(rollout.pk)
    before = rollout.ends_on
    if before == ends_on:
        return None
    rollout.ends_on = ends_on
    rollout.save(update_fields=["ends_on"])
    return record(
        rollout=rollout,
        kind=EventKind.ROLLOUT_EDITED,
        by=by,
        at=now,
        before={"ends_on": before.isoformat() if before else None},
        after={"ends_on": ends_on.isoformat() if ends_on else None},
    )


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
