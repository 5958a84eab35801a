"""Carrying a wave's new date on to the waves after it: the pure rules, for any calendar and any waves."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rollout.domain.calendar import Calendar, add_working_days, working_days_between
from rollout.domain.shifting import cascade, days_moved
from rollout.models import BlackoutPeriod, Wave, WaveState
from tests.factories import BASELINE

START = dt.date(2018, 1, 8)
FELLESFERIE = BlackoutPeriod(
    name="Fellesferie", first_day=dt.date(2018, 7, 9), last_day=dt.date(2018, 7, 29), hard=True
)

days = st.integers(0, 400).map(lambda n: START + dt.timedelta(days=n))


@st.composite
def calendars(draw, *, hard=True) -> Calendar:
    periods = [
        BlackoutPeriod(
            name=f"Periode {n}", first_day=first, last_day=first + dt.timedelta(days=length), hard=hard and is_hard
        )
        for n, (first, length, is_hard) in enumerate(
            draw(st.lists(st.tuples(days, st.integers(0, 25), st.booleans()), max_size=4))
        )
    ]
    return Calendar((FELLESFERIE, *periods) if hard else tuple(periods))


@st.composite
def plans(draw, *, hard=True, open_only=True):
    """A calendar and planned waves. `open_only`: every date is one on which the wave may open, as the verbs see to."""
    calendar, waves = draw(calendars(hard=hard)), []
    for number in range(1, draw(st.integers(2, 6)) + 1):
        leaders = draw(days)
        if open_only:
            leaders = calendar.open_day_on_or_after(leaders)
        all_staff = leaders + dt.timedelta(days=draw(st.integers(1, 40)))
        if open_only:
            all_staff = calendar.open_day_on_or_after(all_staff)
        waves.append(Wave(pk=number, number=number, leaders_on=leaders, all_staff_on=all_staff))
    return calendar, waves


@st.composite
def asked(draw, calendar: Calendar, wave: Wave) -> dict:
    """New dates for the wave that `set_dates` would take."""
    leaders = calendar.open_day_on_or_after(wave.leaders_on + dt.timedelta(days=draw(st.integers(-60, 90))))
    gap = draw(st.integers(1, 60))
    return {"leaders_on": leaders, "all_staff_on": calendar.open_day_on_or_after(leaders + dt.timedelta(days=gap))}


def carried(data, plan, *, earlier=None):
    calendar, waves = plan
    wave = data.draw(st.sampled_from(waves), label="wave")
    dates = data.draw(asked(calendar, wave), label="dates")
    earlier = data.draw(st.booleans(), label="earlier") if earlier is None else earlier
    others = [other for other in waves if other is not wave]
    return wave, dates, cascade(wave, others, calendar=calendar, earlier=earlier, **dates)


def as_dates(shifts):
    return [(shift.wave.number, shift.leaders_on, shift.all_staff_on) for shift in shifts]


@given(st.data(), plans())
def test_no_shifted_date_is_closed_and_none_before_its_leaders_date(data, plan):
    _wave, _dates, shifts = carried(data, plan)
    for shift in shifts:
        assert plan[0].is_open(shift.leaders_on)
        assert plan[0].is_open(shift.all_staff_on)
        assert shift.leaders_on < shift.all_staff_on


@given(st.data(), plans(open_only=False))
def test_old_dates_on_closed_days_are_carried_to_open_ones(data, plan):
    _wave, _dates, shifts = carried(data, plan)
    assert all(plan[0].is_open(day) for shift in shifts for day in (shift.leaders_on, shift.all_staff_on))


@given(st.data(), plans())
def test_the_waves_keep_their_order_by_either_date(data, plan):
    wave, dates, shifts = carried(data, plan)
    assume(shifts)
    new = {shift.wave.number: {"leaders_on": shift.leaders_on, "all_staff_on": shift.all_staff_on} for shift in shifts}
    after = [w for w in plan[1] if (w.leaders_on, w.number) > (wave.leaders_on, wave.number)]
    for name in ("leaders_on", "all_staff_on"):
        order = sorted(
            (getattr(w, name), new.get(w.number, {}).get(name, getattr(w, name))) for w in after if w is not wave
        )
        for (was, now), (later_was, later_now) in pairwise(order):
            assert was == later_was or now < later_now
        # Who came after the wave that was moved still does, whatever was chosen for it.
        assert all(now > dates[name] for was, now in order if was > getattr(wave, name))


@given(st.data(), plans())
def test_the_working_days_between_a_waves_steps_never_shrink(data, plan):
    _wave, _dates, shifts = carried(data, plan)
    for shift in shifts:
        gap = working_days_between(shift.wave.leaders_on, shift.wave.all_staff_on)
        assert working_days_between(shift.leaders_on, shift.all_staff_on) >= gap


@given(st.data(), plans(hard=False))
def test_with_nothing_to_be_pushed_past_every_date_shifts_by_the_same_working_days(data, plan):
    wave, dates, shifts = carried(data, plan)
    moved = days_moved(wave, **dates)
    for shift in shifts:
        assert shift.leaders_on == add_working_days(shift.wave.leaders_on, moved)
        assert shift.all_staff_on == add_working_days(shift.wave.all_staff_on, moved)


@given(st.data(), plans())
def test_nothing_moves_earlier_unless_asked_and_nothing_later_when_the_wave_comes_earlier(data, plan):
    wave, dates, shifts = carried(data, plan, earlier=False)
    assert all(s.leaders_on >= s.wave.leaders_on and s.all_staff_on >= s.wave.all_staff_on for s in shifts)
    if days_moved(wave, **dates) < 0:
        assert shifts == []
        others = [other for other in plan[1] if other is not wave]
        asked_for = cascade(wave, others, calendar=plan[0], earlier=True, **dates)
        assert all(s.leaders_on <= s.wave.leaders_on and s.all_staff_on <= s.wave.all_staff_on for s in asked_for)


@given(st.data(), plans())
def test_only_waves_after_it_shift(data, plan):
    wave, _dates, shifts = carried(data, plan)
    assert all((s.wave.leaders_on, s.wave.number) > (wave.leaders_on, wave.number) for s in shifts)


@given(plans(), st.booleans())
def test_dates_that_stay_shift_nothing(plan, earlier):
    calendar, (wave, *others) = plan
    dates = {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on}
    assert cascade(wave, others, calendar=calendar, earlier=earlier, **dates) == []


@given(st.data(), plans())
def test_the_order_in_which_the_waves_are_read_does_not_matter(data, plan):
    calendar, waves = plan
    wave, dates, shifts = carried(data, plan, earlier=True)
    others = data.draw(st.permutations([other for other in waves if other is not wave]))
    assert as_dates(cascade(wave, others, calendar=calendar, earlier=True, **dates)) == as_dates(shifts)


# ---- told with the reference rollout


def reference():
    return [Wave(pk=n, number=n, leaders_on=dates[0], all_staff_on=dates[1]) for n, dates in BASELINE.items()]


def test_a_week_later_is_five_working_days_for_each_past_holidays_and_fellesferie():
    waves = reference()
    shifts = cascade(
        waves[2],
        waves[3:],
        leaders_on=dt.date(2018, 5, 4),  # five working days after 26 April: 1 May is one of the days between
        all_staff_on=dt.date(2018, 5, 15),
        calendar=Calendar((FELLESFERIE,)),
        earlier=False,
    )
    assert [shift.wave.number for shift in shifts] == [4, 5, 6, 7]
    assert (shifts[0].leaders_on, shifts[0].all_staff_on) == (dt.date(2018, 5, 30), dt.date(2018, 6, 12))


@pytest.mark.parametrize(("days", "first", "second"), [(30, "2018-07-30", "2018-07-31")])
def test_two_waves_pushed_past_the_same_holiday_do_not_meet_on_one_day(days, first, second):
    waves = [
        Wave(pk=1, number=1, leaders_on=dt.date(2018, 5, 2), all_staff_on=dt.date(2018, 5, 9)),
        Wave(pk=2, number=2, leaders_on=dt.date(2018, 6, 4), all_staff_on=dt.date(2018, 6, 11)),
        Wave(pk=3, number=3, leaders_on=dt.date(2018, 6, 6), all_staff_on=dt.date(2018, 6, 13)),
    ]
    leaders_on = add_working_days(waves[0].leaders_on, days)
    all_staff_on = add_working_days(waves[0].all_staff_on, days)
    shifts = cascade(
        waves[0],
        waves[1:],
        leaders_on=leaders_on,
        all_staff_on=all_staff_on,
        calendar=Calendar((FELLESFERIE,)),
        earlier=False,
    )
    assert [str(shift.leaders_on) for shift in shifts] == [first, second]
    assert [working_days_between(s.leaders_on, s.all_staff_on) for s in shifts] == [5, 5]


def test_of_a_wave_its_leaders_are_in_already_only_the_date_for_all_is_carried_on_earlier_too():
    waves = reference()
    waves[1].state = WaveState.LEADERS_OPEN
    asked = {"leaders_on": waves[1].leaders_on, "all_staff_on": dt.date(2018, 4, 12)}  # three working days earlier
    shifts = cascade(waves[1], waves[2:], calendar=Calendar((FELLESFERIE,)), earlier=True, **asked)
    assert [shift.wave.number for shift in shifts] == [3, 4, 5, 6, 7]
    assert {working_days_between(shift.wave.leaders_on, shift.leaders_on) for shift in shifts} == {-3}
    assert cascade(waves[1], waves[2:], calendar=Calendar((FELLESFERIE,)), earlier=False, **asked) == []
