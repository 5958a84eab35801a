"""A wave that was made by mistake is taken away again by undoing it, and comes back by undoing that."""

import datetime as dt

import pytest
from django.utils import timezone
from icalendar import Calendar

from rollout import emails
from rollout.domain import announcing, deciding, figures, placing, scheduling, together, undoing
from rollout.domain.refusals import Refused, UndoRefused
from rollout.models import EmailState, EventKind, Placement, Step, Verdict, Wave
from tests import factories
from tests.factories import NOW, at
from tests.plan_replay import as_it_stands, replay

pytestmark = pytest.mark.django_db

DAYS = {"leaders_on": dt.date(2018, 3, 6), "all_staff_on": dt.date(2018, 3, 15)}


@pytest.fixture
def rollout():
    return factories.make_rollout()


def add(rollout, lead) -> Wave:
    return scheduling.add_wave(rollout=rollout, **DAYS, by=lead, now=NOW)


def undo(wave, lead, *, now=NOW):
    made = wave.rollout.events.filter(kind=EventKind.WAVE_ADDED, wave=wave, undoes=None).get()
    return undoing.undo(rollout=wave.rollout, change=made.change, by=lead, now=now)


def test_it_is_out_of_the_plan_its_number_is_free_and_its_history_stands(rollout, lead):
    wave = add(rollout, lead)

    (event,) = undo(wave, lead)

    assert not rollout.waves.exists()
    assert (event.wave, event.before) == (wave, scheduling.dates_of(wave))
    assert add(rollout, lead).number == wave.number
    assert replay(rollout.events.order_by("pk")) == as_it_stands(rollout)


def test_it_comes_back_when_the_undoing_is_undone_unless_its_number_is_taken(rollout, lead):
    first, second = add(rollout, lead), None
    (back,) = undo(first, lead)
    undoing.undo(rollout=rollout, change=back.change, by=lead, now=NOW)
    assert rollout.waves.get() == first

    undoing.undo(rollout=rollout, change=rollout.events.last().change, by=lead, now=NOW)
    second = add(rollout, lead)
    with pytest.raises(UndoRefused, match="kan ikke hentes tilbake: neste pulje er nummer 2"):
        undoing.undo(rollout=rollout, change=rollout.events.filter(wave=first).last().change, by=lead, now=NOW)
    assert rollout.waves.get() == second


def enter(wave, lead):
    placement = factories.place(factories.make_agency("kli"), rollout=wave.rollout)
    placing.move(placement=placement, to=wave, by=lead, now=NOW)


def be_chosen(wave, lead):
    Placement.objects.filter(pk=factories.place(factories.make_agency("kli"), rollout=wave.rollout).pk).update(
        deferral_wave=wave
    )


def be_decided(wave, lead):
    deciding.decide(wave=wave, verdict=Verdict.NO_GO, reason="Vent.", by=lead, now=NOW)


def be_followed(wave, lead):
    add(wave.rollout, lead)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (enter, "Pulje 1 er ikke tom"),
        (be_chosen, "valgt som pulje å utsette til"),
        (be_decided, "Pulje 1 er endret på nytt etterpå"),
        (be_followed, "Pulje 2 er laget etter Pulje 1"),
    ],
)
def test_it_stays_when_something_hangs_on_it(rollout, lead, happens, words):
    wave = add(rollout, lead)
    happens(wave, lead)

    with pytest.raises(UndoRefused, match=words):
        undo(wave, lead)
    assert rollout.waves.contains(wave)


def test_it_stays_when_its_day_has_come(rollout, lead):
    with pytest.raises(UndoRefused, match="Dagen for Pulje 1 er kommet"):
        undo(add(rollout, lead), lead, now=at("2018-03-06 08:00"))


def test_who_moves_an_agency_into_it_afterwards_hears_that_it_is_gone(rollout, lead):
    wave = add(rollout, lead)
    undo(wave, lead)
    placement = factories.place(factories.make_agency("kli"), rollout=rollout)

    with pytest.raises(Refused, match="Puljen er tatt bort igjen"):
        placing.move(placement=placement, to=wave, by=lead, now=NOW)
    with pytest.raises(Refused, match="Puljen er tatt bort igjen"):
        scheduling.set_dates(wave=wave, **DAYS, by=lead, now=NOW)


@pytest.mark.parametrize("made_again", [False, True], ids=["gone", "another has its number"])
def test_what_was_done_in_it_before_is_not_undone_into_another_place(rollout, lead, made_again):
    """Its number is all that the events of the agencies know."""
    kept, wave = add(rollout, lead), add(rollout, lead)
    placements = [factories.place(factories.make_agency(slug), kept) for slug in ("kli", "bre", "oby")]
    for placement in placements[:2]:
        placing.move(placement=placement, to=wave, by=lead, now=NOW)
    together.move_many(rollout=rollout, versions={"kli": None, "bre": None}, to=kept, by=lead, now=NOW)
    both = rollout.events.last().change
    alone = placing.move(placement=placements[0], to=wave, by=lead, now=NOW).change
    undoing.undo(rollout=rollout, change=alone, by=lead, now=NOW)
    alone = rollout.events.last().change
    for to in (wave, None):
        deciding.choose_deferral(placement=placements[2], to=to, by=lead, now=NOW)
    chosen = rollout.events.last().change
    undo(wave, lead)
    if made_again:
        add(rollout, lead)
    stood = as_it_stands(rollout)

    for change in (both, alone, chosen):
        with pytest.raises(UndoRefused, match="Pulje 2 fra den gangen er tatt bort. Velg selv en pulje eller køen"):
            undoing.undo(rollout=rollout, change=change, by=lead, now=NOW)
    assert as_it_stands(rollout) == stood


def test_a_place_is_given_back_without_a_deferral_to_a_wave_that_is_gone(rollout, lead):
    kept, wave = add(rollout, lead), add(rollout, lead)
    placement = factories.place(factories.make_agency("kli"), kept)
    deciding.choose_deferral(placement=placement, to=wave, by=lead, now=NOW)
    moved = placing.move(placement=placement, to=None, by=lead, now=NOW)
    undo(wave, lead)
    add(rollout, lead)

    undoing.undo(rollout=rollout, change=moved.change, by=lead, now=NOW)

    placement.refresh_from_db()
    assert (placement.wave, placement.deferral_wave) == (kept, None)


def test_whoever_reads_the_plan_just_then_loses_no_agency(rollout, lead):
    """Places are read before waves: one of a wave that was left and taken away in between is still there."""
    wave = add(rollout, lead)
    enter(wave, lead)
    Wave.objects.filter(pk=wave.pk).update(removed_at=NOW)

    assert [entry.placement.agency.slug for entry in figures.plan(rollout, now=NOW).entries] == ["kli"]


def test_who_has_it_in_their_calendar_is_told_that_it_is_off(rollout, lead):
    other, wave = add(rollout, lead), add(rollout, lead)
    placement = factories.place(factories.make_agency("kli"), wave)
    head = factories.make_people(placement.agency)["head"]
    emails.write(emails.dates.your_dates(wave=wave, now=NOW), rollout=rollout, occurrence="event:1", now=NOW)
    rollout.emails.update(state=EmailState.SENT, settled_at=timezone.now())
    placing.move(placement=placement, to=other, by=lead, now=NOW)
    undo(wave, lead)

    announcing.announce(rollout=rollout, seen=emails.announcing.gathered(rollout).mark, note="", by=lead, now=NOW)

    calendar = Calendar.from_ical(head.emails.latest("pk").calendar)
    said = {(str(event["uid"]), str(event["status"])) for event in calendar.walk("VEVENT")}
    assert {(wave.opening_uid(step), "CANCELLED") for step in Step} < said


def test_a_wave_that_gets_a_freed_number_does_not_get_the_history_that_went_with_it(rollout, lead):
    other = factories.make_wave(rollout, 1)
    first = add(rollout, lead)
    placement = factories.place(factories.make_agency("kli"), rollout=rollout)
    placing.move(placement=placement, to=first, by=lead, now=NOW)
    move = placing.move(placement=placement, to=other, by=lead, now=NOW)
    undo(first, lead)

    second = add(rollout, lead)

    assert second.number == first.number
    assert list(rollout.events.about_wave(second).values_list("kind", flat=True)) == [EventKind.WAVE_ADDED]
    assert move in rollout.events.about_wave(first)
