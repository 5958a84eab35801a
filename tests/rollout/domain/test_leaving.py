"""Leaving the rollout and coming back, and pinning a place (rule 2)."""

import pytest

from rollout.domain import leaving, placing, undoing
from rollout.domain.refusals import MoveRefused, Refused
from rollout.models import EventKind, PlacementStatus, PlanEvent, WaveState
from tests.factories import NOW, give_go, make_agency, make_ready, make_rollout, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


def withdraw(placement, lead, **fields):
    return leaving.withdraw(placement=placement, reason="Går ut av avtalen.", by=lead, now=NOW, **fields)


def slots(wave):
    return list(wave.placements.order_by("slot").values_list("agency__slug", "slot"))


def queue(rollout):
    return list(rollout.placements.queued().values_list("agency__slug", "queue_position"))


def in_wave(rollout, *slugs, number=1):
    wave = rollout.waves.get(number=number)
    return [place(make_agency(slug), wave) for slug in slugs]


def in_queue(rollout, *slugs):
    return [place(make_agency(slug), rollout=rollout) for slug in slugs]


def test_withdrawing_from_a_wave_frees_the_place_and_closes_the_gap(rollout, lead):
    first, _second, _third = in_wave(rollout, "a", "b", "c")
    event = withdraw(first, lead)
    assert slots(rollout.waves.get(number=1)) == [("b", 1), ("c", 2)]
    first.refresh_from_db()
    assert (first.status, first.wave, first.slot, first.queue_position) == (PlacementStatus.WITHDRAWN, None, None, None)
    assert (event.kind, event.by, event.reason, event.before["wave"], event.after) == (
        EventKind.WITHDRAWN,
        lead,
        "Går ut av avtalen.",
        1,
        {"status": "withdrawn"},
    )


def test_withdrawing_from_the_queue_moves_those_behind_forward(rollout, lead):
    first, *_rest = in_queue(rollout, "a", "b", "c")
    withdraw(first, lead)
    assert queue(rollout) == [("b", 1), ("c", 2)]


def test_withdrawing_voids_the_go_of_the_wave_that_was_left(rollout, lead):
    first, _second = in_wave(rollout, "a", "b")
    give_go(first.wave)
    assert first.wave.has_go
    withdraw(first, lead)
    assert not rollout.waves.get(number=1).has_go


def test_licences_and_course_are_kept(rollout, lead):
    (placement,) = in_wave(rollout, "a")
    make_ready(placement)
    kept = (placement.licence_budget.funded, placement.course_version, placement.evidence.count())
    withdraw(placement, lead)
    leaving.rejoin(placement=placement, by=lead, now=NOW)
    placement.refresh_from_db()
    assert (placement.licence_budget.funded, placement.course_version, placement.evidence.count()) == kept


def test_withdrawing_needs_a_reason(rollout, lead):
    (placement,) = in_queue(rollout, "a")
    with pytest.raises(Refused) as refused:
        leaving.withdraw(placement=placement, reason=" ", by=lead, now=NOW)
    assert refused.value.field == "reason"
    assert not PlanEvent.objects.exists()


def test_an_agency_of_an_opened_wave_is_not_withdrawn(rollout, lead):
    (placement,) = in_wave(rollout, "a")
    rollout.waves.filter(number=1).update(state=WaveState.LEADERS_OPEN, leaders_opened_at=NOW)
    with pytest.raises(MoveRefused, match="Pulje 1 er åpnet"):
        withdraw(placement, lead)


def test_a_pinned_agency_is_not_withdrawn_until_it_is_unpinned(rollout, lead):
    (placement,) = in_wave(rollout, "a")
    leaving.pin(placement=placement, reason="Avtalt med byråden.", by=lead, now=NOW)
    with pytest.raises(MoveRefused, match="Avtalt med byråden. Lås opp"):
        withdraw(placement, lead)
    leaving.unpin(placement=placement, by=lead, now=NOW)
    withdraw(placement, lead)


def test_an_agency_that_moved_since_the_form_was_shown_is_not_withdrawn(rollout, lead):
    (placement,) = in_queue(rollout, "a")
    placing.move(placement=placement, to=rollout.waves.get(number=2), by=lead, now=NOW)
    with pytest.raises(MoveRefused, match="prosjektleder@example.org flyttet den til Pulje 2"):
        withdraw(placement, lead, version_seen=placement.version)


def test_a_second_press_withdraws_nothing_more(rollout, lead):
    (placement,) = in_queue(rollout, "a")
    withdraw(placement, lead)
    with pytest.raises(MoveRefused):
        withdraw(placement, lead)
    assert PlanEvent.objects.count() == 1


def test_who_rejoins_stands_last_in_the_queue(rollout, lead):
    first, *_rest = in_queue(rollout, "a", "b")
    withdraw(first, lead)
    event = leaving.rejoin(placement=first, by=lead, now=NOW, reason="Ble enige.")
    assert queue(rollout) == [("b", 1), ("a", 2)]
    assert (event.kind, event.before["status"], event.after["queue_position"]) == (
        EventKind.REJOINED,
        PlacementStatus.WITHDRAWN,
        2,
    )


def test_only_the_withdrawn_rejoin(rollout, lead):
    (placement,) = in_queue(rollout, "a")
    with pytest.raises(MoveRefused, match="ikke trukket"):
        leaving.rejoin(placement=placement, by=lead, now=NOW)


def test_an_undone_withdrawal_puts_the_agency_back_where_it_stood(rollout, lead):
    first, _second = in_wave(rollout, "a", "b")
    event = withdraw(first, lead)
    undoing.undo(rollout=rollout, change=event.change, by=lead, now=NOW)
    assert slots(rollout.waves.get(number=1)) == [("a", 1), ("b", 2)]


def test_a_pin_keeps_its_reason_and_holds_the_place(rollout, lead):
    (placement,) = in_wave(rollout, "a")
    event = leaving.pin(placement=placement, reason=" Avtalt. ", by=lead, now=NOW)
    placement.refresh_from_db()
    assert (placement.pin_reason, event.kind, event.reason) == ("Avtalt.", EventKind.PINNED, "Avtalt.")
    with pytest.raises(MoveRefused, match="låst i Pulje 1: Avtalt"):
        placing.move(placement=placement, to=None, by=lead, now=NOW)


@pytest.mark.parametrize("why", ["no reason", "pinned already", "opened"])
def test_a_pin_is_refused_in_words(rollout, lead, why):
    (placement,) = in_wave(rollout, "a")
    reason = "" if why == "no reason" else "Avtalt."
    if why == "pinned already":
        leaving.pin(placement=placement, reason="Først.", by=lead, now=NOW)
    if why == "opened":
        rollout.waves.filter(number=1).update(state=WaveState.LEADERS_OPEN, leaders_opened_at=NOW)
    with pytest.raises(Refused):
        leaving.pin(placement=placement, reason=reason, by=lead, now=NOW)
    assert PlanEvent.objects.filter(kind=EventKind.PINNED).count() == (why == "pinned already")


def test_unpinning_lets_it_be_moved_and_remembers_why_it_was_pinned(rollout, lead):
    (placement,) = in_wave(rollout, "a")
    leaving.pin(placement=placement, reason="Avtalt.", by=lead, now=NOW)
    event = leaving.unpin(placement=placement, by=lead, now=NOW)
    assert (event.kind, event.before) == (EventKind.UNPINNED, {"reason": "Avtalt."})
    placing.move(placement=placement, to=None, by=lead, now=NOW)


def test_unpinning_what_is_not_pinned_is_refused(rollout, lead):
    (placement,) = in_queue(rollout, "a")
    with pytest.raises(Refused, match="ikke låst"):
        leaving.unpin(placement=placement, by=lead, now=NOW)
