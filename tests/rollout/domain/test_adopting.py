"""Adopting a scenario: one change that never breaks a rule midway, one undo, and nothing over what others have done."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollout.domain import adopting, deciding, leaving, placing, scenarios, scheduling, undoing
from rollout.domain.refusals import Refused, UndoRefused
from rollout.models import EventKind, PlanEvent, Purpose, Scenario, Wave
from tests import factories
from tests.factories import NOW
from tests.plan_replay import as_it_stands, replay
from tests.watched_plan import base

pytestmark = pytest.mark.django_db

JUNE = {"leaders_on": dt.date(2018, 6, 7), "all_staff_on": dt.date(2018, 6, 19)}


@pytest.fixture
def plan():
    """By the verbs, so that events tell of it: a00-a04 in wave 1, a05-a09 in wave 2, a10 in the queue; wave 3 empty."""
    rollout = base()
    for number in range(10):
        move(rollout, f"a{number:02}", 1 + number // 5)
    return rollout


def move(rollout, slug, number, by=None):
    to = rollout.waves.get(number=number) if number else None
    return placing.move(placement=rollout.placements.get(agency__slug=slug), to=to, by=by, now=NOW)


def make(rollout, **fields) -> Scenario:
    return scenarios.make(
        **{"rollout": rollout, "name": "Rolig høst", "purpose": Purpose.WHAT_IF, "by": None, "now": NOW} | fields
    )


def adopt(scenario, lead=None, **chosen):
    return adopting.adopt(scenario=scenario, by=lead, now=NOW, **chosen)


def state(rollout):
    board = as_it_stands(rollout)
    return board.queue, {n: (wave.leaders_on, wave.all_staff_on, wave.agencies) for n, wave in board.waves.items()}


def history_tells_the_board(rollout):
    return replay(rollout.events.select_related("agency", "wave").order_by("pk")) == as_it_stands(rollout)


def test_all_of_it_is_one_change_and_one_undo_takes_all_of_it_back(plan, lead):
    before = state(plan)
    made = make(
        plan,
        places={"a10": {"wave": 4}, "a00": {"wave": None, "position": 1}, "a05": {"wave": 1, "position": 2}},
        dates={3: {"leaders_on": dt.date(2018, 5, 3), "all_staff_on": dt.date(2018, 5, 14)}, 4: JUNE},
    )

    event = adopt(made, lead, reason="Vi vet mer nå")

    queue, waves = state(plan)
    assert queue == ["a00"]
    assert waves[1][2] == ["a01", "a05", "a02", "a03", "a04"]
    assert waves[3][:2] == ("2018-05-03", "2018-05-14")
    assert waves[4] == ("2018-06-07", "2018-06-19", ["a10"])
    change = PlanEvent.objects.filter(change=event.change)
    assert sorted(change.values_list("kind", flat=True)) == sorted(
        [EventKind.WAVE_ADDED, EventKind.DATES_SET, *[EventKind.MOVED] * 3, EventKind.SCENARIO_ADOPTED]
    )
    made.refresh_from_db()
    assert (made.state, made.ended_by) == ("adopted", lead)
    assert history_tells_the_board(plan)

    undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)

    assert state(plan) == before
    made.refresh_from_db()
    assert made.is_open
    assert history_tells_the_board(plan)


def test_the_undoing_can_be_undone_with_the_wave_and_the_scenario(plan, lead):
    made = make(plan, places={"a10": {"wave": 4}}, dates={4: JUNE})
    event = adopt(made, lead)
    adopted = state(plan)
    back = undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)

    undoing.undo(rollout=plan, change=back[0].change, by=lead, now=NOW)

    assert state(plan) == adopted
    made.refresh_from_db()
    assert not made.is_open
    assert history_tells_the_board(plan)


def test_two_full_waves_swap_and_swap_back(plan, lead):
    before = state(plan)
    swap = {f"a{n:02}": {"wave": 2 if n < 5 else 1} for n in range(10)}

    event = adopt(make(plan, places=swap), lead)

    assert state(plan)[1][1][2] == [f"a{n:02}" for n in range(5, 10)]
    assert history_tells_the_board(plan)
    undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)
    assert state(plan) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=11, max_size=11))
def test_any_arrangement_within_five_places_is_adopted_and_taken_back_exactly(plan, lead, waves):
    """Whatever the moves are, the events tell the board, and one undo brings back every place in its order."""
    places = {f"a{n:02}": {"wave": wave} for n, wave in enumerate(waves)}
    before, made = state(plan), make(plan, places=places)
    try:
        event = adopt(made, lead)
    except Refused as refused:
        assert max(waves.count(n) for n in (1, 2, 3)) > 5 or "ingenting å ta i bruk" in str(refused)
        assert state(plan) == before
        return
    assert all(waves.count(n) <= 5 for n in (1, 2, 3))
    after = scenarios.today(plan).places
    assert {slug: place["wave"] for slug, place in after.items()} == {s: p["wave"] for s, p in places.items()}
    assert history_tells_the_board(plan)
    undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)
    assert state(plan) == before


def test_a_part_is_adopted_and_the_rest_is_as_it_was(plan, lead):
    made = make(plan, places={"a10": {"wave": 3}, "a00": {"wave": 3}}, dates={3: JUNE})

    event = adopt(made, lead, moves=["a10"], waves=[])

    queue, waves = state(plan)
    assert (queue, waves[3][2], waves[3][0]) == ([], ["a10"], "2018-04-26")
    assert (event.after["moves"], event.after["dates"], event.after["of"]) == (1, 0, 3)


def test_other_peoples_changes_elsewhere_stand(plan, lead):
    made = make(plan, places={"a10": {"wave": 3}})
    move(plan, "a05", None, lead)

    adopt(made, lead)

    assert state(plan)[0] == ["a05"]
    assert state(plan)[1][3][2] == ["a10"]


def test_an_agency_that_has_moved_since_refuses_by_whom_and_when(plan, lead):
    made = make(plan, places={"a00": {"wave": 3}})
    move(plan, "a00", None, factories.make_lead("kari@example.org"))

    with pytest.raises(Refused, match=r"Virksomhet a00 er flyttet .*kari@example.org flyttet den til køen 1. feb"):
        adopt(made, lead)
    assert made.rollout.scenarios.get().is_open


def test_an_agency_that_moved_there_already_is_left_and_the_rest_adopted(plan, lead):
    made = make(plan, places={"a00": {"wave": 3}, "a10": {"wave": 3}})
    move(plan, "a00", 3, lead)

    assert adopt(made, lead).after["moves"] == 1
    assert state(plan)[1][3][2] == ["a00", "a10"]


def test_an_agency_that_has_left_refuses(plan, lead):
    made = make(plan, places={"a00": {"wave": 3}})
    leaving.withdraw(placement=plan.placements.get(agency__slug="a00"), reason="Slutt", by=lead, now=NOW)

    with pytest.raises(Refused, match=r"flyttet den til de trukne 1. feb"):
        adopt(made, lead)


def test_a_wave_whose_dates_have_changed_refuses_by_whom_also_where_only_an_agency_enters_it(plan, lead):
    kari = factories.make_lead("kari@example.org")
    made = make(plan, places={"a10": {"wave": 3}})
    scheduling.set_dates(wave=plan.waves.get(number=3), **JUNE, by=kari, now=NOW)

    with pytest.raises(Refused, match="Pulje 3 er endret siden .*: «Datoer satt» av kari@example.org 1. feb"):
        adopt(made, lead)


def test_a_wave_that_has_opened_refuses(plan, lead):
    made = make(plan, places={"a00": {"wave": 3}})
    Wave.objects.filter(rollout=plan, number=1).update(state="leaders_open", leaders_opened_at=NOW)

    with pytest.raises(Refused) as refused:
        adopt(made, lead)
    assert "Pulje 1 er endret siden scenarioet ble laget" in refused.value.reasons[0]
    assert "Pulje 1 er åpnet, så Virksomhet a00 kan ikke flyttes ut" in str(refused.value)


def test_a_wave_that_another_made_meanwhile_refuses(plan, lead):
    made = make(plan, dates={4: JUNE})
    scheduling.add_wave(rollout=plan, **JUNE | {"leaders_on": dt.date(2018, 6, 5)}, by=lead, now=NOW)

    with pytest.raises(Refused, match=r"Pulje 4 er endret .*«Ny pulje» av prosjektleder@example\.org"):
        adopt(made, lead)


def test_five_places_hold_with_those_who_came_meanwhile(plan, lead):
    made = make(plan, places={slug: {"wave": 3} for slug in ("a00", "a01", "a02", "a03", "a04")})
    move(plan, "a10", 3, lead)

    with pytest.raises(Refused, match="Pulje 3 ville få 6 virksomheter, og har plass til 5. Flytt ut 1."):
        adopt(made, lead)
    assert state(plan)[1][3][2] == ["a10"]


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({3: {"leaders_on": dt.date(2018, 5, 5), "all_staff_on": dt.date(2018, 5, 14)}}, "Pulje 3: Lørdag 5. mai"),
        ({3: {"leaders_on": dt.date(2018, 1, 8), "all_staff_on": dt.date(2018, 5, 14)}}, "Pulje 3: Mandag 8. januar"),
        ({4: {"leaders_on": dt.date(2018, 6, 19), "all_staff_on": dt.date(2018, 6, 7)}}, "Pulje 4: Åpning for alle må"),
        ({4: {"leaders_on": dt.date(2018, 5, 17), "all_staff_on": dt.date(2018, 6, 7)}}, "Grunnlovsdag"),
    ],
)
def test_a_date_that_is_closed_past_or_out_of_order_refuses(plan, lead, dates, words):
    with pytest.raises(Refused, match=words):
        adopt(make(plan, dates=dates), lead)


def test_a_move_to_a_new_wave_that_is_not_taken_says_so(plan, lead):
    made = make(plan, places={"a10": {"wave": 4}}, dates={4: JUNE})

    with pytest.raises(Refused, match="Virksomhet a10 går til Pulje 4, som ikke finnes. Ta med den nye puljen også."):
        adopt(made, lead, waves=[])


def test_a_pinned_agency_stays(plan, lead):
    made = make(plan, places={"a10": {"wave": 3}})
    leaving.pin(placement=plan.placements.get(agency__slug="a10"), reason="Bytter system", by=lead, now=NOW)

    with pytest.raises(Refused, match="er låst i køen: Bytter system"):
        adopt(made, lead)


def test_only_an_open_scenario_is_adopted_and_only_as_it_was_seen(plan, lead):
    made = make(plan, places={"a10": {"wave": 3}})
    with pytest.raises(Refused, match="er endret siden du så det"):
        adopt(made, lead, version_seen=made.version - 1)
    adopt(made, lead)
    with pytest.raises(Refused, match="er alt tatt i bruk av prosjektleder@example.org"):
        adopt(made, lead)
    dropped = scenarios.drop(scenario=make(plan, places={"a10": {"wave": None}}), by=lead, now=NOW)
    with pytest.raises(Refused, match="er forkastet av prosjektleder@example.org"):
        adopt(dropped, lead)


def test_a_baseline_is_not_adopted(plan, lead):
    with pytest.raises(Refused, match="En referanseplan er til å måle mot"):
        adopt(make(plan, purpose=Purpose.BASELINE, places={"a10": {"wave": 3}}), lead)


def test_nothing_chosen_is_refused(plan, lead):
    with pytest.raises(Refused, match="ingenting å ta i bruk"):
        adopt(make(plan, places={"a10": {"wave": 3}}), lead, moves=[], waves=[])


def test_adopting_voids_the_go_of_the_waves_it_changes(plan, lead):
    factories.give_go(plan.waves.get(number=3))

    adopt(make(plan, places={"a10": {"wave": 3}}), lead)

    assert not plan.waves.with_latest_decision().get(number=3).has_go


def test_a_go_that_was_given_since_it_was_looked_at_is_not_voided_unseen(plan, lead):
    made = make(plan, places={"a10": {"wave": 3}, "a00": {"wave": 2}, "a05": {"wave": None}})
    decided = {"verdict": "go", "reason": "Klare.", "override": "Haster.", "now": NOW}
    deciding.decide(wave=plan.waves.get(number=1), by=factories.make_lead("kari@example.org"), **decided)

    for seen in ([], [3]):
        with pytest.raises(Refused, match="Pulje 1 har klarsignal, som faller bort .* gitt av kari@example.org"):
            adopt(made, lead, goes_seen=seen)
    assert plan.waves.with_latest_decision().get(number=1).has_go

    adopt(made, lead, goes_seen=[], moves=["a10"])
    assert plan.waves.with_latest_decision().get(number=1).has_go


def test_the_undo_is_refused_when_somebody_has_moved_one_of_them_since(plan, lead):
    event = adopt(make(plan, places={"a10": {"wave": 3}, "a00": {"wave": 3}}), lead)
    move(plan, "a10", None, lead)

    with pytest.raises(UndoRefused, match="Virksomhet a10 er endret på nytt etterpå"):
        undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)
    assert "a00" in state(plan)[1][3][2]


def test_the_undo_is_refused_when_another_stands_in_the_new_wave(plan, lead):
    event = adopt(make(plan, places={"a10": {"wave": 4}}, dates={4: JUNE}), lead)
    move(plan, "a00", 4, lead)

    with pytest.raises(UndoRefused, match="Pulje 4 er ikke tom"):
        undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)


def test_after_the_undo_the_waves_number_is_free_for_another(plan, lead):
    event = adopt(make(plan, dates={4: JUNE}), lead)
    undoing.undo(rollout=plan, change=event.change, by=lead, now=NOW)

    again = scheduling.add_wave(rollout=plan, **JUNE, by=lead, now=NOW)

    assert again.number == 4
    assert plan.waves.count() == 4
