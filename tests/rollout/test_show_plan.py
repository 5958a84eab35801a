"""`show_plan`: the plan for people, and for programs in the shape that was promised."""

import json

import pytest

from tests import factories
from tests.shell import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout(db):
    factories.make_lead()
    rollout = factories.make_rollout(waves=2)
    for slug, employees in (("bns", 1650), ("kli", 37)):
        factories.place(factories.make_agency(slug, employees=employees))
    return rollout


def test_the_plan_as_json_has_the_shape_that_was_promised(rollout, settings):
    settings.DEMO_MODE = True
    factories.set_clock(factories.NOW)
    wave = rollout.waves.get(number=1)
    factories.make_ready(factories.place(factories.make_agency("oby", employees=155, name="Omsorgsbygg"), wave))
    factories.make_ready(factories.place(factories.make_agency("vav"), wave), but_not=("readiness_confirmed",))
    factories.give_go(wave)
    shown = json.loads(run("show_plan", "--json").out)
    assert {name: shown[name] for name in ("now", "rollout", "totals", "licences")} == {
        "now": "2018-02-01T09:00:00+01:00",
        "rollout": "workplace-2018",
        "totals": {"agencies": 4, "employees": 1942, "planned_coverage_percent": 3.5, "with_access": 0},
        "licences": {"pool": 45000, "reserved": 0, "free": 45000},
    }
    assert list(shown) == ["now", "rollout", "totals", "licences", "queue", "waves"]
    first, second = shown["waves"]
    assert {name: value for name, value in first.items() if name != "agencies"} == {
        "number": 1,
        "state": "planned",
        "decision": "go",
        "leaders_on": "2018-02-07",
        "all_staff_on": "2018-02-27",
        "capacity": 5,
    }
    assert (second["decision"], second["agencies"]) == (None, [])
    ready, unready = first["agencies"]
    assert ready == {
        "slug": "oby",
        "name": "Omsorgsbygg",
        "employees": 155,
        "position": 1,
        "version": 1,
        "ready": True,
        "problems": [],
    }
    assert unready["problems"] == [
        {
            "code": "not_confirmed",
            "step": "readiness_confirmed",
            "role": "kommunikasjonssjef",
            "due_on": "2018-02-02",
            "days_late": 0,
        }
    ]
    assert [agency["slug"] for agency in shown["queue"]] == ["bns", "kli"]
    assert {(problem["due_on"], problem["days_late"]) for problem in shown["queue"][0]["problems"]} == {(None, None)}


def test_a_voided_go_is_shown_as_no_decision(rollout):
    wave = rollout.waves.get(number=1)
    factories.give_go(wave)
    wave.plan_version += 1
    wave.save()
    assert json.loads(run("show_plan", "--json").out)["waves"][0]["decision"] is None


def test_the_plan_as_text_can_be_read(rollout, settings):
    settings.DEMO_MODE = True
    factories.set_clock(factories.at("2018-02-06 09:00"))
    factories.make_ready(
        factories.place(factories.make_agency("vav", name="Vann- og avløpsetaten"), rollout.waves.get(number=1)),
        but_not=("readiness_confirmed", "sponsor"),
    )
    shown = run("show_plan").out.replace("\N{NO-BREAK SPACE}", " ")
    assert "Workplace i Oslo kommune (workplace-2018), tirsdag 6. februar 2018 kl. 09.00" in shown
    assert "3 virksomheter, 1 787 medarbeidere: planlagt dekning 3,2 % av 55 400 i kommunen." in shown
    assert "Kø: 2 virksomheter" in shown
    assert (
        "Pulje 1: planlagt, ingen beslutning. Ledere onsdag 7. februar 2018, alle tirsdag 27. februar 2018. 1 av 5."
        in shown
    )
    (line,) = [line for line in shown.splitlines() if "vav" in line]
    assert " ".join(line.split()) == "1 vav Vann- og avløpsetaten 100 mangler: steg 1, 10 (55 dager for sent)"


def test_the_plan_of_another_rollout_is_shown_by_name(rollout):
    factories.make_rollout(slug="teams-2019", municipality_employees=None)
    shown = json.loads(run("show_plan", "--json", "--rollout", "teams-2019").out)
    assert shown["rollout"] == "teams-2019"
    assert shown["totals"]["planned_coverage_percent"] is None
    assert run("show_plan", "--rollout", "teams-2019").code == 0


def test_without_a_rollout_there_is_nothing_to_show(db):
    ended = run("show_plan")
    assert ended.code == 1 and "create_rollout" in ended.err
