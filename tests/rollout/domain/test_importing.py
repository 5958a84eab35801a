"""Importing a list: all or nothing, and the same list twice is the same as once."""

import dataclasses

import pytest
from django.db import connection

from agencies.lists import AgencyList, AgencyRow, ListProblem
from agencies.models import Agency, AgencyKind
from rollout.domain.importing import ImportRefused, import_list, plan_import
from rollout.models import EventKind, Placement, PlacementStatus, PlanEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return factories.make_rollout(waves=2)


def row(slug: str, **fields) -> AgencyRow:
    defaults = {"line": 2, "name": f"Virksomhet {slug}", "kind": AgencyKind.ETAT, "employees": 100, "sector": "Finans"}
    return AgencyRow(slug=slug, **defaults | fields)


def listed(*rows: AgencyRow, problems=()) -> AgencyList:
    return AgencyList(tuple(rows), tuple(problems))


def run(rollout, lead, *rows):
    return import_list(rollout=rollout, agency_list=listed(*rows), by=lead, now=NOW)


def queue(rollout) -> list[str]:
    return list(rollout.placements.queued().values_list("agency__slug", flat=True))


def events(kind=EventKind.AGENCY_IMPORTED):
    return list(PlanEvent.objects.filter(kind=kind))


def test_new_agencies_are_made_with_all_that_the_list_says(rollout, lead):
    plan = run(
        rollout, lead, row("kli", name="Økern", maturity=5, leadership_anchoring=4, locations=3, status_note="Ny")
    )
    agency = Agency.objects.get(slug="kli")
    assert (agency.name, agency.maturity, agency.leadership_anchoring) == ("Økern", 5, 4)
    assert (agency.locations, agency.status_note, agency.employees) == (3, "Ny", 100)
    assert agency.name_sort_key == "zzz2kern"
    assert [change.row.slug for change in plan.new] == ["kli"]
    (event,) = events()
    assert (event.by, event.at, event.agency, event.before) == (lead, NOW, agency, {})
    assert event.after["employees"] == 100


def test_the_same_list_again_changes_nothing_and_writes_no_event(rollout, lead):
    rows = [row("kli", queue_position=1), row("bns", queue_position=2), row("bal")]
    run(rollout, lead, *rows)
    before = PlanEvent.objects.count(), list(Placement.objects.values()), list(Agency.objects.values())
    plan = run(rollout, lead, *rows)
    assert plan.does_nothing and len(plan.unchanged) == 3
    assert (PlanEvent.objects.count(), list(Placement.objects.values()), list(Agency.objects.values())) == before


def test_a_changed_figure_is_told_from_and_to(rollout, lead):
    run(rollout, lead, row("kli", kind=AgencyKind.ETAT))
    plan = run(rollout, lead, row("kli", employees=120, kind=AgencyKind.DISTRICT))
    (change,) = plan.changed
    assert change.differences == [("type", "Etat", "Bydel"), ("medarbeidere", 100, 120)]
    event = events()[-1]
    assert event.before == {"employees": 100, "kind": "etat"}
    assert event.after == {"employees": 120, "kind": "district"}
    assert Agency.objects.get().employees == 120


def test_queue_positions_give_the_order_behind_those_who_stand_there_already(rollout, lead):
    factories.place(factories.make_agency("first"))
    plan = run(rollout, lead, row("c", queue_position=30), row("a", queue_position=1), row("b", queue_position=2))
    assert queue(rollout) == ["first", "a", "b", "c"]
    assert [change.row.slug for change in plan.queued] == ["a", "b", "c"]
    assert [event.agency.slug for event in events(EventKind.JOINED)] == ["a", "b", "c"]


def test_a_queue_position_never_moves_an_agency_that_has_a_place(rollout, lead):
    wave = rollout.waves.get(number=1)
    factories.place(factories.make_agency("placed"), wave)
    factories.make_pilot(factories.make_agency("pilot"))
    factories.place(factories.make_agency("last"))
    factories.place(factories.make_agency("gone"), status=PlacementStatus.WITHDRAWN, queue_position=None)
    before = list(Placement.objects.order_by("pk").values())
    slugs = ["last", "placed", "pilot", "gone"]
    plan = run(rollout, lead, *[row(slug, queue_position=n) for n, slug in enumerate(slugs, start=1)])
    assert plan.queued == []
    assert list(Placement.objects.order_by("pk").values()) == before


def test_an_agency_of_another_rollout_is_queued_in_this_one(rollout, lead):
    other = factories.make_rollout(slug="teams-2019")
    factories.place(factories.make_agency("kli"), rollout=other)
    run(rollout, lead, row("kli", queue_position=1))
    assert queue(rollout) == queue(other) == ["kli"]


def test_an_agency_that_the_list_leaves_out_is_left_alone(rollout, lead):
    factories.place(factories.make_agency("kli"))
    run(rollout, lead, row("bns"))
    assert Agency.objects.filter(slug="kli").exists()
    assert queue(rollout) == ["kli"]


def test_an_agency_without_a_queue_position_is_known_but_not_queued(rollout, lead):
    run(rollout, lead, row("bns"))
    assert queue(rollout) == []


def test_an_opened_wave_keeps_its_figures(rollout, lead):
    wave = rollout.waves.get(number=1)
    opened = factories.place(
        factories.make_agency("kli", employees=37), wave, employees_at_opening=37, leaders_access_at=NOW
    )
    waiting = factories.place(factories.make_agency("bns", employees=50), rollout.waves.get(number=2))
    run(rollout, lead, row("kli", employees=400), row("bns", employees=500))
    assert Placement.objects.get(pk=opened.pk).headcount == 37
    assert Placement.objects.get(pk=waiting.pk).headcount == 500


def test_a_bad_line_and_nothing_is_written(rollout, lead):
    bad = ListProblem(3, "employees", "et helt tall", "mange")
    with pytest.raises(ImportRefused) as refused:
        import_list(rollout=rollout, agency_list=listed(row("kli"), problems=[bad, bad]), by=lead, now=NOW)
    assert refused.value.problems == (bad, bad)
    assert refused.value.reasons[0].startswith("Linje 3, employees")
    assert not Agency.objects.exists() and not PlanEvent.objects.exists()


def test_a_failure_half_way_writes_nothing(rollout, lead, monkeypatch):
    def fail(**kwargs):
        raise RuntimeError

    monkeypatch.setattr("rollout.domain.queueing.join", fail)
    with pytest.raises(RuntimeError):
        run(rollout, lead, row("kli"), row("bns", queue_position=1))
    assert not Agency.objects.exists()


def test_planning_writes_nothing(rollout, django_assert_num_queries):
    factories.make_agency("kli", employees=1)
    rows = [row("kli", employees=2, queue_position=1), *[row(f"a{n}") for n in range(50)]]
    with django_assert_num_queries(2):
        plan = plan_import(rollout=rollout, agency_list=listed(*rows))
    assert (len(plan.new), len(plan.changed), len(plan.queued)) == (50, 1, 1)
    assert plan.summary == "50 nye, 1 endret, 0 uendret. 1 i kø."
    assert Agency.objects.get().employees == 1 and not Placement.objects.exists()


def test_the_plan_is_locked_before_anything_else(rollout, lead, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as queries:
        run(rollout, lead, row("kli"))
    first = next(query["sql"] for query in queries.captured_queries if "FOR NO KEY UPDATE" in query["sql"])
    assert "rollout_rollout" in first
    assert connection.in_atomic_block


def test_what_the_list_does_is_the_same_shown_and_done(rollout, lead):
    factories.make_agency("kli", employees=1)
    rows = listed(row("kli", employees=2, queue_position=1), row("bns", queue_position=2))
    shown = plan_import(rollout=rollout, agency_list=rows)
    done = import_list(rollout=rollout, agency_list=rows, by=lead, now=NOW)
    assert [(c.row.slug, c.before, c.after, c.joins) for c in shown.new + shown.changed + shown.queued] == [
        (c.row.slug, c.before, c.after, c.joins) for c in done.new + done.changed + done.queued
    ]
    assert dataclasses.asdict(done)["queued"][0]["row"]["slug"] == "kli"
