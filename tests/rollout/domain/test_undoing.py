"""Taking back a change (rule 9): what comes back, what is refused, and that an undoing can itself be undone."""

import datetime as dt

import pytest

from rollout.domain import leaving, placing, scheduling, together, undoing
from rollout.domain.refusals import UndoRefused
from rollout.models import EventKind, PlacementStatus, PlanEvent, WaveState
from tests.factories import NOW, give_go, make_agency, make_lead, place

pytestmark = pytest.mark.django_db


def wave(rollout, number):
    return rollout.waves.get(number=number)


def where(placement):
    placement.refresh_from_db()
    return placement.wave.number if placement.wave else placement.status


def undo(event, lead):
    return undoing.undo(rollout=event.rollout, change=event.change, by=lead, now=NOW)


def test_an_undone_move_puts_the_agency_back_at_its_place_in_the_queue(rollout, lead):
    _first, second, _third = (place(make_agency(slug), rollout=rollout) for slug in ("a", "b", "c"))
    event = placing.move(placement=second, to=wave(rollout, 1), by=lead, now=NOW)

    (back,) = undo(event, lead)

    assert list(rollout.placements.queued().values_list("agency__slug", flat=True)) == ["a", "b", "c"]
    assert (back.kind, back.undoes, back.before, back.after) == (EventKind.MOVED, event, event.after, event.before)


def test_an_undone_move_puts_the_agency_back_at_its_place_in_the_wave(rollout, lead):
    placements = [place(make_agency(slug), wave(rollout, 1)) for slug in ("a", "b", "c")]
    undo(placing.move(placement=placements[0], to=None, by=lead, now=NOW), lead)
    in_order = wave(rollout, 1).placements.order_by("slot").values_list("agency__slug", "slot")
    assert list(in_order) == [("a", 1), ("b", 2), ("c", 3)]


def test_a_bulk_move_is_one_change_and_one_undo(rollout, lead):
    placements = [place(make_agency(slug), rollout=rollout) for slug in ("a", "b", "c")]
    events = together.move_many(
        rollout=rollout, versions={"a": 1, "c": 1}, to=wave(rollout, 2), by=lead, now=NOW, reason="Sammen"
    )
    assert [where(p) for p in placements] == [2, "queued", 2]
    assert len({event.change for event in events}) == 1

    undone = undo(events[0], lead)

    assert len(undone) == 2
    assert list(rollout.placements.queued().values_list("agency__slug", flat=True)) == ["a", "b", "c"]


def test_an_undoing_can_be_undone(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    event = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    (back,) = undo(event, lead)
    undo(back, lead)
    assert where(placement) == 1


def test_what_was_undone_since_is_not_in_the_way(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    first = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    second = placing.move(placement=placement, to=wave(rollout, 2), by=lead, now=NOW)
    undo(second, lead)
    undo(first, lead)
    assert where(placement) == "queued"


def test_a_newer_change_stands_in_the_way_and_is_named(rollout, lead):
    placement = place(make_agency("kli", name="Klimaetaten"), rollout=rollout)
    first = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    placing.move(placement=placement, to=wave(rollout, 2), by=make_lead("annen@example.org"), now=NOW)
    with pytest.raises(UndoRefused, match="Klimaetaten er endret på nytt etterpå: «Flyttet» av annen@example.org"):
        undo(first, lead)
    assert where(placement) == 2


def test_what_was_redone_stands_in_the_way_again(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    first = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    second = placing.move(placement=placement, to=wave(rollout, 2), by=lead, now=NOW)
    (back,) = undo(second, lead)
    (again,) = undo(back, make_lead("annen@example.org"))
    with pytest.raises(UndoRefused, match="«Flyttet» av annen@example.org .* Angre det først"):
        undo(first, lead)
    undo(again, lead)
    undo(first, lead)
    assert where(placement) == "queued"


def test_a_change_is_undone_once(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    event = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    undo(event, lead)
    with pytest.raises(UndoRefused, match="alt angret av prosjektleder@example.org"):
        undo(event, lead)


def test_a_full_wave_is_not_filled_over_by_an_undo(rollout, lead):
    leaver = place(make_agency("leaver"), wave(rollout, 1))
    for number in range(4):
        place(make_agency(f"a{number}"), wave(rollout, 1))
    event = placing.move(placement=leaver, to=None, by=lead, now=NOW)
    placing.move(placement=place(make_agency("new"), rollout=rollout), to=wave(rollout, 1), by=lead, now=NOW)
    with pytest.raises(UndoRefused, match="Pulje 1 er full"):
        undo(event, lead)
    assert where(leaver) == "queued"


def test_all_of_a_bulk_is_undone_or_nothing(rollout, lead):
    placements = [place(make_agency(slug), wave(rollout, 1)) for slug in ("a", "b", "c", "d", "e")]
    versions = dict.fromkeys(("a", "b", "c", "d", "e"))
    events = together.move_many(rollout=rollout, versions=versions, to=None, by=lead, now=NOW)
    placing.move(placement=place(make_agency("new"), rollout=rollout), to=wave(rollout, 1), by=lead, now=NOW)
    with pytest.raises(UndoRefused):
        undo(events[0], lead)
    assert {where(p) for p in placements} == {"queued"}


def test_an_undone_move_voids_the_go(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    event = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    give_go(wave(rollout, 1), by=lead)
    undo(event, lead)
    assert not wave(rollout, 1).has_go


def test_an_opened_wave_is_left_alone(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    event = placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW)
    opened = wave(rollout, 1)
    opened.state, opened.leaders_opened_at = WaveState.LEADERS_OPEN, NOW
    opened.save()
    with pytest.raises(UndoRefused, match="er åpnet"):
        undo(event, lead)


def test_new_dates_and_all_they_carried_on_are_one_undo(rollout, lead):
    before = list(rollout.waves.values_list("leaders_on", "all_staff_on"))
    one = wave(rollout, 1)
    scheduling.set_dates(
        wave=one, leaders_on=dt.date(2018, 2, 14), all_staff_on=dt.date(2018, 3, 6), by=lead, now=NOW, carry_on=True
    )
    assert PlanEvent.objects.filter(kind=EventKind.DATES_SET).count() == 3
    undo(PlanEvent.objects.last(), lead)
    assert list(rollout.waves.values_list("leaders_on", "all_staff_on")) == before


def test_a_date_that_has_passed_does_not_come_back(rollout, lead):
    one = wave(rollout, 1)
    scheduling.set_dates(wave=one, leaders_on=dt.date(2018, 2, 14), all_staff_on=one.all_staff_on, by=lead, now=NOW)
    event = PlanEvent.objects.get()
    later = NOW + dt.timedelta(days=7)
    with pytest.raises(UndoRefused, match="er passert"):
        undoing.undo(rollout=rollout, change=event.change, by=lead, now=later)


def test_a_withdrawal_is_undone_to_the_wave_it_was_from(rollout, lead):
    placement = place(make_agency("kli"), wave(rollout, 2))
    event = leaving.withdraw(placement=placement, reason="Vil vente", by=lead, now=NOW)
    assert where(placement) == PlacementStatus.WITHDRAWN
    (back,) = undo(event, lead)
    assert (back.kind, where(placement)) == (EventKind.REJOINED, 2)


def test_a_decision_cannot_be_undone(rollout, lead):
    event = PlanEvent.objects.create(rollout=rollout, kind=EventKind.DECIDED, by=lead, at=NOW, wave=wave(rollout, 1))
    with pytest.raises(UndoRefused, match="kan ikke angres"):
        undo(event, lead)


def test_a_pin_and_its_release_are_undone(rollout, lead):
    placement = place(make_agency("kli"), wave(rollout, 2))
    pinned = leaving.pin(placement=placement, reason="Avtalt med byråden", by=lead, now=NOW)
    (released,) = undo(pinned, lead)
    placement.refresh_from_db()
    assert not placement.is_pinned
    undo(released, lead)
    placement.refresh_from_db()
    assert placement.pin_reason == "Avtalt med byråden"
