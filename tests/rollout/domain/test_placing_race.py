"""Five places hold whatever happens at once, and each guard's test fails without the guard."""

from functools import partial

import pytest
from django.db import connection, transaction

from rollout.domain import placing
from rollout.models import Placement, PlanEvent
from tests.factories import NOW, make_agency, make_lead, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
CONTENDERS = 20


@pytest.fixture
def wave():
    return make_rollout(waves=1).waves.get()


@pytest.fixture
def moves(wave):
    """Twenty agencies that all want into the one empty wave."""
    lead = make_lead()
    queue = [place(make_agency(f"a{number:02}"), rollout=wave.rollout) for number in range(CONTENDERS)]
    return [partial(placing.move, placement=placement, to=wave, by=lead, now=NOW) for placement in queue]


def without_lock(monkeypatch):
    monkeypatch.setattr(placing, "hold_plan", lambda rollout_id: None)
    # Everybody has read the same free slot before anybody writes.
    monkeypatch.setattr(placing, "free_slot", meeting_after(placing.free_slot, parties=CONTENDERS))


def without_constraint(name):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE rollout_placement DROP CONSTRAINT {name}")


@pytest.fixture
def restore_constraints():
    yield
    Placement.objects.all().delete()
    constraint = next(c for c in Placement._meta.constraints if c.name == "one_agency_per_slot")
    with connection.schema_editor() as editor:
        editor.add_constraint(Placement, constraint)


def test_of_twenty_agencies_moved_into_one_empty_wave_at_once_five_land_and_fifteen_are_told_why(wave, moves):
    outcomes = at_once(*moves)

    assert count(outcomes, "done") == 5
    refusals = [words for outcome, words in outcomes if outcome == "MoveRefused"]
    assert len(refusals) == 15
    assert set(refusals) == {"Pulje 1 er full: den har 5 virksomheter. Flytt en ut, eller velg en annen pulje."}
    assert list(wave.placements.order_by("slot").values_list("slot", flat=True)) == [1, 2, 3, 4, 5]
    queue = list(wave.rollout.placements.queued().values_list("queue_position", flat=True))
    assert queue == list(range(1, 16))
    assert PlanEvent.objects.count() == 5


def test_control_without_the_lock_the_losers_get_an_error_instead_of_a_sentence(wave, moves, monkeypatch):
    without_lock(monkeypatch)
    outcomes = at_once(*moves)
    assert count(outcomes, "MoveRefused") < 15
    assert wave.placements.count() <= 5, "the constraint still holds"


def test_control_without_lock_and_constraint_a_sixth_agency_gets_in(wave, moves, monkeypatch, restore_constraints):
    without_lock(monkeypatch)
    monkeypatch.setattr(placing.queueing, "close_gaps", lambda rollout: None)
    without_constraint("one_agency_per_slot")
    at_once(*moves)
    assert wave.placements.count() > 5


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_raw_writes_at_once_never_make_a_sixth_under_any_isolation(wave, isolation):
    queue = [place(make_agency(), rollout=wave.rollout) for _number in range(12)]

    def enter(placement, slot):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            Placement.objects.filter(pk=placement.pk).update(status="placed", queue_position=None, wave=wave, slot=slot)

    outcomes = at_once(*(partial(enter, placement, 1 + number % 6) for number, placement in enumerate(queue)))

    assert count(outcomes, "done") == 5
    assert sorted(wave.placements.values_list("slot", flat=True)) == [1, 2, 3, 4, 5]


def test_two_leads_moving_one_card_at_once_one_lands_and_the_other_is_told_who_was_first(wave):
    placement = place(make_agency("kli", name="Klimaetaten"), rollout=wave.rollout)
    leads = [make_lead(f"lead{number}@example.org") for number in (1, 2)]
    outcomes = at_once(
        *(
            partial(placing.move, placement=placement, to=wave, by=lead, now=NOW, version_seen=placement.version)
            for lead in leads
        )
    )
    assert count(outcomes, "done") == 1
    [refusal] = [words for outcome, words in outcomes if outcome == "MoveRefused"]
    winner = PlanEvent.objects.get().by
    assert f"Klimaetaten er flyttet siden du så kortet: {winner} flyttet den til Pulje 1" in refusal
