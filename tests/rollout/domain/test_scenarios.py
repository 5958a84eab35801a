"""Scenarios: another plan written down, of which nothing follows before it is adopted."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from rollout.domain import placing, scenarios
from rollout.domain.refusals import Refused
from rollout.models import PlanEvent, Purpose, Scenario
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    """A wave of two, an empty one, and two in the queue."""
    rollout = factories.make_rollout(waves=3)
    for slug, number in (("bre", 2), ("vav", 2), ("ude", None), ("ubf", None)):
        wave = rollout.waves.get(number=number) if number else None
        factories.place(factories.make_agency(slug), wave, rollout=rollout)
    return rollout


def make(rollout, **fields) -> Scenario:
    return scenarios.make(
        **{"rollout": rollout, "name": "Rolig høst", "purpose": Purpose.WHAT_IF, "by": None, "now": NOW} | fields
    )


def test_a_scenario_begins_as_the_plan_stands(plan):
    made = make(plan)

    assert made.places == made.base_places
    assert made.places["vav"] == {"wave": 2, "position": 2}
    assert made.places["ude"] == {"wave": None, "position": 1}
    assert made.dates["2"] == {"leaders_on": "2018-04-04", "all_staff_on": "2018-04-17"}
    assert made.base_dates["2"]["state"] == "planned"


def test_it_knows_the_plans_last_event_and_adds_none(plan):
    lead = factories.make_lead()
    placing.move(placement=plan.placements.get(agency__slug="ude"), to=plan.waves.get(number=3), by=lead, now=NOW)

    made = make(plan, by=lead)

    assert made.base_version == PlanEvent.objects.latest("pk").pk
    assert PlanEvent.objects.count() == 1


def test_what_is_given_stands_instead_and_the_rest_as_today(plan):
    made = make(
        plan,
        places={"ude": {"wave": 4}, "bre": {"wave": None, "position": 1}},
        dates={4: {"leaders_on": dt.date(2018, 6, 7), "all_staff_on": dt.date(2018, 6, 19)}},
        explanation={"ude": "Alene, fordi den er stor."},
    )

    assert made.places == {
        "vav": {"wave": 2, "position": 1},
        "bre": {"wave": None, "position": 1},
        "ubf": {"wave": None, "position": 2},
        "ude": {"wave": 4, "position": 1},
    }
    assert list(made.dates) == ["1", "2", "3", "4"]
    assert made.dates["4"] == {"leaders_on": "2018-06-07", "all_staff_on": "2018-06-19"}
    assert made.base_places["ude"] == {"wave": None, "position": 1}
    assert made.explanation == {"ude": "Alene, fordi den er stor."}


def test_who_comes_to_a_taken_place_stands_before_and_who_comes_to_none_last(plan):
    front = make(plan, places={"ubf": {"wave": 2, "position": 1}})
    last = make(plan, places={"ubf": {"wave": 2}})

    assert [front.places[slug]["position"] for slug in ("ubf", "bre", "vav")] == [1, 2, 3]
    assert [last.places[slug]["position"] for slug in ("bre", "vav", "ubf")] == [1, 2, 3]


def test_a_scenario_may_break_a_hard_rule(plan):
    for number in range(5):
        factories.place(factories.make_agency(f"etat{number}"), plan.waves.get(number=3))

    assert make(plan, places={"ude": {"wave": 3}}).places["ude"] == {"wave": 3, "position": 6}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": " "}, "Gi scenarioet et navn"),
        ({"places": {"nav": {"wave": 2}}}, "nav er ikke i kø eller pulje"),
        ({"places": {"ude": {"wave": 9}}}, "Pulje 9 finnes ikke"),
        ({"dates": {5: {"leaders_on": dt.date(2018, 6, 7), "all_staff_on": dt.date(2018, 6, 19)}}}, "neste er pulje 4"),
    ],
)
def test_it_is_refused_in_words_what_is_not_of_this_plan(plan, given, words):
    with pytest.raises(Refused, match=words):
        make(plan, **given)
    assert not Scenario.objects.exists()


def test_there_is_one_baseline_and_the_other_is_named(plan):
    make(plan, name="Planen i januar", purpose=Purpose.BASELINE)

    with pytest.raises(Refused, match="«Planen i januar» er referanseplan alt"):
        make(plan, purpose=Purpose.BASELINE)
    make(factories.make_rollout(slug="neste", waves=1), purpose=Purpose.BASELINE)


def test_the_database_refuses_a_second_baseline_whichever_way_it_comes(plan):
    make(plan, purpose=Purpose.BASELINE)
    second = make(plan)

    with pytest.raises(IntegrityError, match="one_baseline_per_rollout"), transaction.atomic():
        Scenario.objects.filter(pk=second.pk).update(purpose=Purpose.BASELINE)
