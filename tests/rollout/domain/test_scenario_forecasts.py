"""A scenario is forecast by a worker beside the plan, from the same seed, and anew when either has changed."""

import datetime as dt
from dataclasses import replace

import pytest

from rollout.domain import adopting, scenario_forecasts, scenarios, scheduling
from rollout.domain.forecasting import keeping, ranges, reading
from rollout.models import Purpose, Scenario
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

NOVEMBER = {"leaders_on": dt.date(2018, 11, 1), "all_staff_on": dt.date(2018, 11, 13)}


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    monkeypatch.setattr(ranges, "enough", lambda data: 500)


@pytest.fixture
def plan():
    rollout = factories.make_rollout(waves=3)
    for slug, number in (("bre", 2), ("vav", 2), ("ude", 3), ("ubf", None), ("mum", None)):
        wave = rollout.waves.get(number=number) if number else None
        factories.place(factories.make_agency(slug), wave, rollout=rollout)
    return rollout


def make(rollout, **fields) -> Scenario:
    return scenarios.make(
        **{"rollout": rollout, "name": "Hva om", "purpose": Purpose.WHAT_IF, "by": None, "now": NOW} | fields
    )


def without_what_was_learnt_of_agencies(data):
    return data.waves, [(one.slug, one.wave, one.late) for one in data.agencies]


def test_it_is_read_as_the_plan_will_be_when_it_is_adopted(plan):
    factories.give_go(plan.waves.get(number=2))
    made = make(
        plan,
        places={"vav": {"wave": 4}, "ubf": {"wave": 2}, "bre": {"wave": None, "position": 1}},
        dates={3: {"leaders_on": dt.date(2018, 2, 12), "all_staff_on": dt.date(2018, 3, 5)}, 4: NOVEMBER},
    )
    thought = scenario_forecasts.read(made, now=NOW)

    adopting.adopt(scenario=made, by=factories.make_lead(), now=NOW)

    found = reading.read(plan, now=NOW)
    assert without_what_was_learnt_of_agencies(thought) == without_what_was_learnt_of_agencies(found)


def test_without_changes_it_is_the_plans_own_forecast(plan):
    made = make(plan)
    thought, found = scenario_forecasts.read(made, now=NOW), reading.read(plan, now=NOW)
    assert replace(thought, days=found.days) == found


def test_both_are_kept_by_the_worker_and_shown_with_their_difference(plan):
    made = make(plan, places={"ude": {"wave": 4}}, dates={4: NOVEMBER})
    assert scenario_forecasts.latest(made, now=NOW).scenario is None

    keeping.keep(plan, now=NOW)
    scenario_forecasts.keep_all(plan, now=NOW)

    made.refresh_from_db()
    both = scenario_forecasts.latest(made, now=NOW)
    assert (both.plan, both.scenario) != (None, None)
    assert both.days("p80") == (both.scenario["p80"] - both.plan["p80"]).days > 0
    assert not both.is_old


def test_it_is_made_anew_when_the_plan_or_the_scenario_has_changed_and_not_before(plan, monkeypatch):
    made, lead = make(plan, places={"ude": {"wave": 2}}), factories.make_lead()
    drawn = []
    forecast = ranges.forecast
    monkeypatch.setattr(ranges, "forecast", lambda data, **how: drawn.append(data) or forecast(data, **how))

    scenario_forecasts.keep_all(plan, now=NOW)
    scenario_forecasts.keep_all(plan, now=NOW)
    assert len(drawn) == 1
    scheduling.add_wave(rollout=plan, **NOVEMBER, by=lead, now=NOW)
    made.refresh_from_db()
    assert scenario_forecasts.latest(made, now=NOW).is_old
    scenario_forecasts.keep_all(plan, now=NOW)
    scenarios.change(scenario=made, version_seen=made.version, name="Annet", places={}, dates={})
    scenario_forecasts.keep_all(plan, now=NOW)
    assert len(drawn) == 3


def test_neither_baselines_nor_dropped_scenarios_are_forecast(plan):
    make(plan, purpose=Purpose.BASELINE)
    scenarios.drop(scenario=make(plan), by=None, now=NOW)

    scenario_forecasts.keep_all(plan, now=NOW)

    assert not Scenario.objects.exclude(forecast=None).exists()
