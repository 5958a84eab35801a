"""Two who press at once, two workers, and a cancel beside the end: one search, one scenario, one truth."""

import multiprocessing

import pytest

from rollout.domain import adopting, compositions, placing, scenarios
from rollout.domain.compositions import Wishes
from rollout.domain.refusals import Refused
from rollout.models import Composition, CompositionState, EventKind, Scenario
from tests.factories import NOW, make_agency, make_ready, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WISHES = Wishes({"order": 3, "even": 3, "variation": 3, "moves": 2, "early": 1})


@pytest.fixture
def rollout():
    rollout = make_rollout(waves=3)
    for slug in ("a", "b", "c"):
        make_ready(place(make_agency(slug), rollout=rollout))
    return rollout


def test_two_presses_at_once_make_one_search(rollout, lead):
    def press():
        return compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW).pk

    outcomes = at_once(*[press] * 4)
    assert (count(outcomes, "done"), count(outcomes, "Refused")) == (1, 3)
    assert Composition.objects.count() == 1


def test_without_the_lock_the_database_still_lets_one_in(rollout, lead, monkeypatch):
    """The control: both have seen that there is none, and only the constraint is left."""
    monkeypatch.setattr(compositions, "lock_plan", lambda pk: type(rollout).objects.get(pk=pk))
    question_of = meeting_after(compositions.question_of, parties=2)
    monkeypatch.setattr(compositions, "question_of", question_of)

    def press():
        return compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW).pk

    outcomes = at_once(press, press)
    assert (count(outcomes, "done"), count(outcomes, "IntegrityError")) == (1, 1)


def test_two_workers_with_the_same_task_search_once(rollout, lead):
    asked = compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW)

    def work():
        compositions.run(composition_id=asked.pk, now=NOW)

    assert count(at_once(work, work, work), "done") == 3
    assert Scenario.objects.count() == 1


def cancel_while_the_scenario_is_made(asked: Composition, monkeypatch, *, worker_waits: bool) -> list[tuple[str, str]]:
    """A worker has made the scenario, and has not yet said so, when the cancel comes.

    `worker_waits`: until the cancel has been answered, which a lock would keep it from.
    """
    made = multiprocessing.get_context("fork").Barrier(2)
    make = scenarios.make

    def make_and_meet(**kwargs):
        scenario = make(**kwargs)
        made.wait(timeout=30)
        if worker_waits:
            made.wait(timeout=30)
        return scenario

    monkeypatch.setattr(scenarios, "make", make_and_meet)

    def cancel():
        made.wait(timeout=30)
        compositions.cancel(composition=asked, now=NOW)
        if worker_waits:
            made.wait(timeout=30)

    return at_once(lambda: compositions.run(composition_id=asked.pk, now=NOW), cancel)


def test_a_cancel_that_comes_while_the_scenario_is_made_waits_and_is_told_that_it_is_too_late(
    rollout, lead, monkeypatch
):
    asked = compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW)
    outcomes = cancel_while_the_scenario_is_made(asked, monkeypatch, worker_waits=False)
    assert [outcome for outcome, _words in outcomes] == ["done", "Refused"]
    asked.refresh_from_db()
    assert asked.state == CompositionState.DONE
    assert asked.scenario == Scenario.objects.get()


def test_without_the_rows_lock_it_would_be_cancelled_and_leave_a_scenario_behind(rollout, lead, monkeypatch):
    """The control."""
    running = Composition.objects.filter(state=CompositionState.RUNNING)
    monkeypatch.setattr(compositions, "_still_wanted", lambda composition: running.filter(pk=composition.pk).exists())
    asked = compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW)
    cancel_while_the_scenario_is_made(asked, monkeypatch, worker_waits=True)
    asked.refresh_from_db()
    assert (asked.state, asked.scenario) == (CompositionState.CANCELLED, None)
    assert Scenario.objects.exists()


# -- the plan moves ----------------------------------------------------------------------------------------------------


def move_while_the_scenario_is_made(rollout, lead, monkeypatch, *, worker_waits: bool) -> Composition:
    """The worker has seen that the plan is the one it was asked about, and not yet made the scenario, when `a` moves.

    `worker_waits`: until the move has been made, which a lock would keep it from.
    """
    asked = compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW)
    seen = multiprocessing.get_context("fork").Barrier(2)
    places = compositions._places

    def places_and_meet(question, found):
        seen.wait(timeout=30)
        if worker_waits:
            seen.wait(timeout=30)
        return places(question, found)

    monkeypatch.setattr(compositions, "_places", places_and_meet)

    def move():
        seen.wait(timeout=30)
        first = rollout.placements.get(agency__slug="a")
        placing.move(placement=first, to=rollout.waves.get(number=3), by=lead, now=NOW)
        if worker_waits:
            seen.wait(timeout=30)

    outcomes = at_once(lambda: compositions.run(composition_id=asked.pk, now=NOW), move)
    assert count(outcomes, "done") == 2, outcomes
    asked.refresh_from_db()
    return asked


def test_who_moves_an_agency_while_the_proposal_is_made_is_seen_when_it_is_adopted(rollout, lead, monkeypatch):
    made = move_while_the_scenario_is_made(rollout, lead, monkeypatch, worker_waits=False).scenario
    assert made.base_places["a"]["wave"] is None, "made of the plan that was asked about"
    with pytest.raises(Refused, match="Virksomhet a er flyttet siden scenarioet ble laget"):
        adopting.adopt(scenario=made, by=lead, now=NOW)


def test_without_the_plans_lock_the_proposal_would_undo_the_move_without_a_word(rollout, lead, monkeypatch):
    """The control: made of a plan that the search knew nothing of, it has nothing to tell of."""
    monkeypatch.setattr(compositions, "lock_plan", lambda pk: type(rollout).objects.get(pk=pk))
    made = move_while_the_scenario_is_made(rollout, lead, monkeypatch, worker_waits=True).scenario
    adopting.adopt(scenario=made, by=lead, now=NOW)
    assert rollout.placements.get(agency__slug="a").wave.number != 3


def test_a_proposal_is_adopted_once(rollout, lead):
    asked = compositions.ask(rollout=rollout, wishes=WISHES, by=lead, now=NOW)
    compositions.run(composition_id=asked.pk, now=NOW)
    made = Scenario.objects.get()

    def press():
        adopting.adopt(scenario=made, by=lead, now=NOW)

    outcomes = at_once(press, press)
    assert (count(outcomes, "done"), count(outcomes, "Refused")) == (1, 1)
    assert rollout.events.filter(kind=EventKind.SCENARIO_ADOPTED).count() == 1
