"""A scenario is adopted at the same instant as another, as a move, as an opening, and as it is changed itself.

One lands, and the other hears who was first. Each guard has its control: without it the same race ends badly.
"""

from functools import partial

import pytest

from rollout.domain import adopting, opening, placing, rearranging, scenarios
from rollout.models import EventKind, Placement, Purpose, Rollout, Scenario, ScenarioState
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


# -- beside other verbs ------------------------------------------------------------------------------------------------


def no_lock(rollout_id):
    return Rollout.objects.get(pk=rollout_id)


@pytest.fixture
def a_move(adoptions):
    """Another moves `bre` to wave 1, from where the page showed it."""
    placement = Placement.objects.get(agency__slug="bre")
    to = placement.rollout.waves.get(number=1)
    lead = factories.make_lead("flytter@example.org")
    return partial(placing.move, placement=placement, to=to, version_seen=placement.version, by=lead, now=NOW)


def stands_in():
    return Placement.objects.get(agency__slug="bre").wave.number


def test_an_agency_that_is_moved_as_the_scenario_is_adopted_goes_where_the_first_had_it(adoptions, a_move):
    outcomes = at_once(adoptions[0], a_move)

    assert count(outcomes, "done") == 1, outcomes
    assert stands_in() == (2 if outcomes[0][0] == "done" else 1)
    assert Rollout.objects.get().events.filter(kind=EventKind.MOVED).count() == 1
    assert "flyttet" in next(words for outcome, words in outcomes if outcome != "done")


def test_control_without_the_lock_one_move_is_lost_in_the_other(adoptions, a_move, monkeypatch):
    stood = meeting_after(lambda found: found, parties=2)
    today, fresh = scenarios.today, placing.fresh
    monkeypatch.setattr(adopting, "lock_plan", no_lock)
    monkeypatch.setattr(placing, "hold_plan", lambda rollout_id: None)
    monkeypatch.setattr(scenarios, "today", lambda rollout: stood(today(rollout)))
    monkeypatch.setattr(placing, "fresh", lambda placement: stood(fresh(placement)))

    outcomes = at_once(adoptions[0], a_move)

    assert count(outcomes, "done") == 2, outcomes
    assert Rollout.objects.get().events.filter(kind=EventKind.MOVED).count() == 2


@pytest.fixture
def an_opening():
    """Wave 1 opens for leaders, and a scenario has its one agency in wave 3: (the adoption, the opening)."""
    rollout = factories.make_rollout(waves=3)
    wave = rollout.waves.get(number=1)
    factories.make_ready(factories.place(factories.make_agency("bre"), wave))
    made = scenarios.make(
        rollout=rollout, name="Senere", purpose=Purpose.WHAT_IF, by=None, now=NOW, places={"bre": {"wave": 3}}
    )
    factories.give_go(wave)
    morning = factories.at("2018-02-07 08:00")
    return (
        partial(adopting.adopt, scenario=made, by=factories.make_lead(), now=morning),
        partial(opening.open_step, wave_id=wave.pk, now=morning),
    )


def test_a_wave_that_opens_as_the_scenario_is_adopted_keeps_its_agency_or_never_opens(an_opening):
    outcomes = at_once(*an_opening)

    placement = Placement.objects.get(agency__slug="bre")
    if outcomes[0][0] == "done":
        assert outcomes[1] == ("done", "None")
        assert (placement.wave.number, placement.leaders_access_at) == (3, None)
    else:
        assert outcomes[0][0] == "Refused"
        assert "er endret siden scenarioet ble laget: «Åpnet for ledere»" in outcomes[0][1]
        assert placement.wave.number == 1
        assert placement.leaders_access_at is not None


def test_control_without_the_lock_who_has_access_stands_in_a_wave_that_is_not_open(an_opening, monkeypatch):
    """The opening is done between what the adoption has read and what it writes."""
    adoption, opens = an_opening
    stood = meeting_after(lambda found: found, parties=2)
    enter = rearranging._waves_to_enter
    monkeypatch.setattr(adopting, "lock_plan", no_lock)
    monkeypatch.setattr(rearranging, "_waves_to_enter", lambda *args: stood(enter(*args)))

    outcomes = at_once(adoption, lambda: stood(opens()))

    assert count(outcomes, "done") == 2, outcomes
    placement = Placement.objects.get(agency__slug="bre")
    assert placement.leaders_access_at is not None
    assert placement.wave.is_planned


# -- the scenario itself -----------------------------------------------------------------------------------------------


@pytest.fixture
def an_edit(adoptions):
    """Somebody gives the first scenario another place for `bre`, from the version that is shown."""
    made = Scenario.objects.get(name="Plan 2")
    return partial(
        scenarios.change, scenario=made, version_seen=1, name="Plan 1", places={"bre": {"wave": 1}}, dates={}
    )


def test_a_scenario_that_is_changed_as_it_is_adopted_is_adopted_as_it_was_seen_or_not(adoptions, an_edit):
    outcomes = at_once(partial(adoptions[0], version_seen=1), an_edit)

    assert (count(outcomes, "done"), count(outcomes, "Refused")) == (1, 1), outcomes
    scenario = Scenario.objects.get(pk=adoptions[0].keywords["scenario"].pk)
    if outcomes[0][0] == "done":
        assert (stands_in(), scenario.name, scenario.places["bre"]["wave"]) == (2, "Plan 2", 2)
    else:
        assert Placement.objects.get(agency__slug="bre").wave is None
        assert (scenario.state, scenario.version) == (ScenarioState.OPEN, 2)


def test_control_without_the_rows_lock_what_was_adopted_is_changed_afterwards(adoptions, an_edit, monkeypatch):
    def unlocked(scenario, *, version_seen=None):
        return Scenario.objects.select_related("rollout", "ended_by").get(pk=scenario.pk)

    monkeypatch.setattr(scenarios, "lock_open", meeting_after(unlocked, parties=2))

    outcomes = at_once(partial(adoptions[0], version_seen=1), an_edit)

    assert count(outcomes, "done") == 2, outcomes
    scenario = Scenario.objects.get(pk=adoptions[0].keywords["scenario"].pk)
    assert scenario.state == ScenarioState.ADOPTED
    assert (stands_in(), scenario.places["bre"]["wave"]) == (2, 1)
