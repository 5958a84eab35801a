"""Two who press at once, two workers, and a cancel beside the end: one search, one scenario, one truth."""

import multiprocessing

import pytest

from rollout.domain import compositions, scenarios
from rollout.domain.compositions import Wishes
from rollout.models import Composition, CompositionState, Scenario
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
