"""Two leads adopt two scenarios about one agency at the same instant: one lands, the other hears who was first."""

from functools import partial

import pytest

from rollout.domain import adopting, scenarios
from rollout.models import EventKind, Purpose, Rollout
from tests import factories
from tests.factories import NOW
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def adoptions():
    """Both move `bre`: one to wave 2, the other to wave 3."""
    rollout = factories.make_rollout(waves=3)
    factories.place(factories.make_agency("bre"), rollout=rollout)
    calls = []
    for number, email in ((2, "kari@example.org"), (3, "ola@example.org")):
        made = scenarios.make(
            rollout=rollout,
            name=f"Plan {number}",
            purpose=Purpose.WHAT_IF,
            by=None,
            now=NOW,
            places={"bre": {"wave": number}},
        )
        calls.append(partial(adopting.adopt, scenario=made, by=factories.make_lead(email), now=NOW))
    return calls


def adopted(rollout):
    return rollout.events.filter(kind=EventKind.SCENARIO_ADOPTED).count()


def test_one_is_adopted_and_the_other_is_told_who_was_first(adoptions):
    outcomes = at_once(*adoptions)

    assert (count(outcomes, "done"), count(outcomes, "Refused")) == (1, 1), outcomes
    words = next(words for outcome, words in outcomes if outcome == "Refused")
    assert "Virksomhet bre er flyttet siden scenarioet ble laget" in words
    assert "kari@example.org" in words or "ola@example.org" in words
    rollout = Rollout.objects.get()
    assert adopted(rollout) == 1
    assert rollout.scenarios.filter(state="open").count() == 1


def test_the_same_scenario_twice_is_adopted_once(adoptions):
    outcomes = at_once(adoptions[0], adoptions[0])

    assert (count(outcomes, "done"), count(outcomes, "Refused")) == (1, 1), outcomes
    assert adopted(Rollout.objects.get()) == 1


def test_control_without_the_lock_both_are_adopted(adoptions, monkeypatch):
    monkeypatch.setattr(adopting, "lock_plan", lambda rollout_id: Rollout.objects.get(pk=rollout_id))
    monkeypatch.setattr(scenarios, "today", meeting_after(scenarios.today, parties=2))

    outcomes = at_once(*adoptions)

    assert count(outcomes, "done") == 2, outcomes
    assert adopted(Rollout.objects.get()) == 2
