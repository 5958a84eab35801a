"""The calendar (rule 12): what is closed wherever a date is set, what is warned of, and the table of periods."""

import datetime as dt
import threading

import pytest
from holidays.countries import Norway

from rollout import reference
from rollout.domain import calendar, deciding, effects, scheduling, shifting, undoing
from rollout.domain.calendar import calendar_of, public_holidays
from rollout.domain.refusals import Refused
from rollout.models import BlackoutPeriod, EventKind, PlanEvent
from tests.factories import BASELINE, NOW, make_agency, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db
YEARS = (2018, 2026, 2027, 2028)
A_SUNDAY, A_THURSDAY = dt.date(2018, 6, 10), dt.date(2018, 6, 14)


def fellesferie(year):
    return next(
        row for row in reference.default_blackouts() if row.name == "Fellesferie" and row.first_day.year == year
    )


def closed_days():
    for year in YEARS:
        yield from (day for day, _name in public_holidays(year) if day > NOW.date())
        row = fellesferie(year)
        yield from (row.first_day + dt.timedelta(days=n) for n in range((row.last_day - row.first_day).days + 1))
    yield from (A_SUNDAY, A_SUNDAY - dt.timedelta(days=1))


@pytest.fixture
def rollout():
    """Two waves, and the periods that come with the product."""
    rollout = make_rollout(waves=2)
    BlackoutPeriod.objects.bulk_create(
        BlackoutPeriod(rollout=rollout, **row._asdict()) for row in reference.default_blackouts()
    )
    return rollout


def set_both(rollout, leaders_on, all_staff_on, lead, **more):
    return scheduling.set_dates(
        wave=rollout.waves.get(number=2),
        leaders_on=leaders_on,
        all_staff_on=all_staff_on,
        by=lead,
        now=NOW,
        **more,
    )


def add_wave(rollout, leaders_on, all_staff_on, lead):
    return scheduling.add_wave(rollout=rollout, leaders_on=leaders_on, all_staff_on=all_staff_on, by=lead, now=NOW)


@pytest.mark.parametrize("verb", [set_both, add_wave])
def test_every_verb_that_sets_a_date_refuses_every_closed_day_at_its_field(rollout, lead, verb):
    for day in set(closed_days()):
        with pytest.raises(Refused, match="kan ingenting åpne") as refused:
            verb(rollout, day, day + dt.timedelta(days=60), lead)
        assert refused.value.field == "leaders_on"
        before = calendar_of(rollout).due_day_on_or_before(day - dt.timedelta(days=1))
        with pytest.raises(Refused, match="kan ingenting åpne") as refused:
            verb(rollout, before, day, lead)
        assert refused.value.field == "all_staff_on"
    assert not PlanEvent.objects.exists()


@pytest.mark.parametrize("verb", [set_both, add_wave])
def test_a_date_decades_ahead_is_a_mistyped_year_and_refused_at_its_field(rollout, lead, verb):
    """Carried on, it would count the working days of every year on the way, for minutes."""
    ends = {"leaders_on": (dt.date(9999, 12, 30), dt.date(9999, 12, 31)), "all_staff_on": (A_THURSDAY, dt.date.max)}
    for field, days in ends.items():
        with pytest.raises(Refused, match=r"9999 er mer enn 20 år fram\. Se over årstallet") as refused:
            verb(rollout, *days, lead)
        assert refused.value.field == field
    assert not PlanEvent.objects.exists()


def test_a_mistyped_year_is_refused_before_the_waves_after_it_are_asked(rollout, monkeypatch):
    monkeypatch.setattr(shifting, "planned_shifts", lambda *_args, **_more: pytest.fail("they were asked"))
    monkeypatch.setattr(scheduling, "planned_shifts", shifting.planned_shifts)
    days = {"leaders_on": dt.date(1, 1, 2), "all_staff_on": dt.date(9999, 12, 31), "carry_on": True}
    with pytest.raises(Refused):
        scheduling.set_dates(wave=rollout.waves.get(number=1), **days, by=None, now=NOW)
    with pytest.raises(Refused):
        effects.of_dates(wave=rollout.waves.get(number=1), **days, now=NOW)


def test_the_refusal_says_why_and_which_day_is_next(rollout, lead):
    with pytest.raises(Refused) as refused:
        set_both(rollout, dt.date(2018, 7, 10), dt.date(2018, 8, 20), lead)
    assert str(refused.value) == (
        "Tirsdag 10. juli 2018 kan ingenting åpne (Fellesferie). Første dag etter er mandag 30. juli 2018."
    )


def test_a_soft_day_is_allowed_and_warned_of(rollout, lead):
    dates = {"leaders_on": dt.date(2018, 8, 16), "all_staff_on": dt.date(2018, 8, 28)}
    found = effects.of_dates(wave=rollout.waves.get(number=2), now=NOW, **dates)
    assert found.warnings == ["Pulje 2 åpner torsdag 16. august 2018, i perioden «Skolens sommerferie»."]
    assert set_both(rollout, *dates.values(), lead).leaders_on == dates["leaders_on"]


def test_a_date_past_the_last_day_is_allowed_and_warned_of(rollout, lead):
    scheduling.set_last_day(rollout=rollout, ends_on=dt.date(2018, 5, 1), by=lead, now=NOW)
    dates = {"leaders_on": dt.date(2018, 5, 2), "all_staff_on": dt.date(2018, 5, 14)}
    found = effects.of_dates(wave=rollout.waves.get(number=2), now=NOW, **dates)
    assert [sentence.rpartition(", ")[2] for sentence in found.warnings] == [
        "etter utrullingens siste dag (tirsdag 1. mai 2018)."
    ] * 2
    assert set_both(rollout, *dates.values(), lead).all_staff_on == dates["all_staff_on"]


def test_setting_the_last_day_is_an_event_and_setting_it_again_is_none(rollout, lead):
    event = scheduling.set_last_day(rollout=rollout, ends_on=dt.date(2018, 12, 14), by=lead, now=NOW)
    assert (event.kind, event.before, event.after) == (
        EventKind.ROLLOUT_EDITED,
        {"ends_on": None},
        {"ends_on": "2018-12-14"},
    )
    assert scheduling.set_last_day(rollout=rollout, ends_on=dt.date(2018, 12, 14), by=lead, now=NOW) is None


def test_a_wave_whose_old_date_is_closed_gets_no_go(rollout, lead):
    wave = make_wave(rollout, 3, dt.date(2018, 5, 16), dt.date(2018, 5, 17))
    place(make_agency(), wave)
    with pytest.raises(Refused, match="Torsdag 17. mai 2018 kan ingenting åpne"):
        deciding.decide(wave=wave, verdict="go", reason="Klare", by=lead, now=NOW)
    assert deciding.decide(wave=wave, verdict="no-go", reason="Ny dato først", by=lead, now=NOW).verdict == "no-go"


# ---- what comes with the product


def test_the_periods_of_2018_are_those_of_the_city(rollout):
    assert [
        (row.name, str(row.first_day), str(row.last_day), row.hard, row.confirmed)
        for row in reference.default_blackouts()
        if row.first_day.year == 2018
    ] == [
        ("Vinterferie", "2018-02-19", "2018-02-23", False, True),
        ("Påskeferie", "2018-03-26", "2018-04-02", False, True),
        ("Fredag etter Kristi himmelfart", "2018-05-11", "2018-05-11", False, True),
        ("Skolens sommerferie", "2018-06-22", "2018-08-19", False, False),
        ("Fellesferie", "2018-07-09", "2018-07-29", True, False),
        ("Høstferie", "2018-10-01", "2018-10-05", False, True),
    ]


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_later_years_follow_the_pattern_and_are_unconfirmed(year):
    rows = {row.name: row for row in reference.default_blackouts() if row.first_day.year == year}
    assert len(rows) == 6
    assert not any(row.confirmed for row in rows.values())
    assert all("ikke bekreftet" in row.source for row in rows.values())
    assert [name for name, row in rows.items() if row.hard] == ["Fellesferie"]
    assert rows["Høstferie"].first_day.isocalendar()[1] == 40
    ferie = rows["Fellesferie"]
    assert (ferie.first_day.weekday(), (ferie.last_day - ferie.first_day).days) == (0, 20)
    # Three whole weeks, and no fourth would fit in July after them.
    assert ferie.last_day.month == 7
    assert (ferie.last_day + dt.timedelta(days=7)).month == 8


def test_every_date_of_the_reference_rollout_is_open(rollout):
    found = calendar_of(rollout)
    assert [day for dates in BASELINE.values() for day in dates if not found.is_open(day)] == []
    assert [day for dates in BASELINE.values() for day in dates if found.warned_because(day)] == [dt.date(2018, 8, 16)]


# ---- the table


def test_a_hard_period_over_an_opening_ahead_is_refused_and_a_soft_one_is_not(rollout, lead):
    period = {"name": "Valg", "first_day": dt.date(2018, 4, 16), "last_day": dt.date(2018, 4, 20)}
    with pytest.raises(Refused, match="Pulje 2 åpner tirsdag 17. april 2018"):
        calendar.add_blackout(rollout=rollout, **period, hard=True, by=lead, now=NOW)
    calendar.add_blackout(rollout=rollout, **period, hard=False, by=lead, now=NOW)
    assert calendar_of(rollout).warned_because(dt.date(2018, 4, 17)) == "Valg"


def test_confirming_is_one_change_and_one_undo_takes_it_back(rollout, lead):
    period = rollout.blackouts.get(name="Høstferie", first_day__year=2026)
    kept = calendar.change_blackout(
        period=period, source="Skoleruten 2026–2027", confirmed=True, last_day=dt.date(2026, 10, 5), by=lead, now=NOW
    )
    assert (kept.confirmed, str(kept.last_day), kept.name) == (True, "2026-10-05", "Høstferie")
    removed, added = PlanEvent.objects.all()
    assert removed.change == added.change

    undoing.undo(rollout=rollout, change=added.change, by=lead, now=NOW)

    (back,) = rollout.blackouts.filter(name="Høstferie", first_day__year=2026)
    assert (back.confirmed, str(back.last_day), back.source) == (False, "2026-10-02", period.source)


def test_a_refused_change_leaves_the_period_as_it_was(rollout, lead):
    period = rollout.blackouts.get(name="Vinterferie", first_day__year=2018)
    with pytest.raises(Refused):
        calendar.change_blackout(
            period=period, last_day=dt.date(2018, 2, 1), first_day=dt.date(2018, 2, 2), by=lead, now=NOW
        )
    assert rollout.blackouts.filter(pk=period.pk).exists()
    assert not PlanEvent.objects.exists()


def test_who_changes_a_period_that_another_has_changed_is_told(rollout, lead):
    period = rollout.blackouts.get(name="Vinterferie", first_day__year=2018)
    calendar.change_blackout(period=period, source="Kommunen", by=lead, now=NOW)
    with pytest.raises(Refused, match="alt fjernet eller endret"):
        calendar.change_blackout(period=period, hard=True, by=lead, now=NOW)


def test_periods_of_two_rollouts_are_their_own(rollout, lead):
    other = make_rollout(slug="annen")
    assert calendar_of(other).closed_because(dt.date(2018, 7, 10)) is None
    assert calendar_of(rollout).closed_because(dt.date(2018, 7, 10)) == "Fellesferie"


def test_a_holiday_is_known_to_one_who_asks_while_another_reads_the_same_year(monkeypatch):
    """The package notes that a year is read before it has read it: who asked just then took a holiday for a working
    day, and the answer was kept."""
    reading, go_on = threading.Event(), threading.Event()
    read = Norway._populate

    def slowly(self, year):
        if year == 2047 and threading.current_thread() is other:
            reading.set()
            go_on.wait(30)
        read(self, year)

    monkeypatch.setattr(Norway, "_populate", slowly)
    other = threading.Thread(target=calendar.is_working_day, args=[dt.date(2047, 5, 2)])
    other.start()
    assert reading.wait(30)
    try:
        assert not calendar.is_working_day(dt.date(2047, 5, 1)), "a Wednesday, and the first of May"
    finally:
        go_on.set()
        other.join(30)
