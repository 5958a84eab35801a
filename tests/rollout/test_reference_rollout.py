"""The reference rollout shows what it must, and the demo begins where it should."""

import datetime as dt
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from agencies.models import Agency, Person, Role, RoleName
from rollout import reference
from rollout.domain import due, figures, readiness, together
from rollout.domain.calendar import is_working_day
from rollout.domain.loading import STARTS_AT, load_reference_rollout
from rollout.models import DemoClock, EventKind, OutgoingEmail, Placement, PlanEvent, Rollout, SignOff, StepEvidence
from tests.factories import BASELINE, at

pytestmark = pytest.mark.django_db

WAVE_ONE = ("bre", "bns", "kli", "oby", "vav")


@pytest.fixture
def rollout(db) -> Rollout:
    return load_reference_rollout()


def entries(rollout) -> dict[str, figures.Entry]:
    return {entry.placement.agency.slug: entry for entry in figures.plan(rollout, now=STARTS_AT).entries}


def test_it_shows_26_agencies_and_41_000_employees_which_is_74_0_percent(rollout):
    totals = figures.totals(rollout)
    assert (totals.agencies, totals.employees, totals.municipality_employees) == (26, 41_000, 55_400)
    assert totals.planned_coverage_percent == Decimal("74.0")
    assert (totals.with_access, totals.leaders_in_agencies) == (0, 0)
    assert (totals.pilots_agencies, totals.pilots_employees) == (6, 8_990)
    assert (totals.places, totals.places_used) == (35, 0)
    assert Agency.objects.count() == 49


def test_show_plan_says_the_same(rollout, settings):
    settings.DEMO_MODE = True
    out = StringIO()
    call_command("show_plan", "--json", stdout=out)
    shown = json.loads(out.getvalue())
    assert shown["now"] == "2018-02-01T09:00:00+01:00"
    assert shown["totals"] == {
        "agencies": 26,
        "employees": 41_000,
        "planned_coverage_percent": 74.0,
        "with_access": 0,
    }
    assert shown["licences"] == {"pool": 45_000, "reserved": 0, "free": 45_000}
    assert [agency["position"] for agency in shown["queue"]] == list(range(1, 27))
    out.truncate(0)
    call_command("show_plan", stdout=out)
    text = out.getvalue().replace("\N{NO-BREAK SPACE}", " ")
    assert "26 virksomheter, 41 000 medarbeidere: planlagt dekning 74,0 % av 55 400 i kommunen." in text


def test_all_26_stand_in_the_queue_in_the_order_of_the_list(rollout):
    queue = list(rollout.placements.queued().values_list("agency__slug", flat=True))
    assert queue == list(reference.proposed_plan())
    assert queue[:5] == ["bre", "bns", "kli", "oby", "vav"]


def test_pilots_are_marked_and_17_have_not_joined(rollout):
    statuses = reference.statuses()
    assert set(rollout.placements.pilots().values_list("agency__slug", flat=True)) == {
        slug for slug, status in statuses.items() if status == "pilot"
    }
    outside = Agency.objects.exclude(placements__rollout=rollout).values_list("slug", flat=True)
    assert set(outside) == {slug for slug, status in statuses.items() if status == "not_joined"}
    assert len(outside) == 17


def test_seven_waves_have_the_baseline_dates_and_are_empty(rollout):
    waves = list(rollout.waves.all())
    assert {wave.number: (wave.leaders_on, wave.all_staff_on) for wave in waves} == BASELINE
    assert all(is_working_day(day) for dates in BASELINE.values() for day in dates)
    assert [(wave.state, wave.decision, wave.placements.count()) for wave in waves] == [("planned", None, 0)] * 7


def test_the_proposed_plan_is_one_press_away(rollout):
    moved = together.apply_plan(rollout=rollout, places=reference.proposed_plan(), by=None, now=STARTS_AT)
    plan = figures.plan(rollout, now=STARTS_AT)
    assert moved == 26 and plan.queue == []
    assert [len(wave.entries) for wave in plan.waves] == [5, 4, 4, 4, 4, 4, 1]
    assert [wave.employees for wave in plan.waves] == [2_922, 2_918, 4_150, 4_670, 4_180, 5_160, 17_000]


def test_everybody_has_funded_their_headcount_but_nordstrand(rollout):
    short = {
        slug: entry.funded for slug, entry in entries(rollout).items() if entry.funded != entry.placement.headcount
    }
    assert short == {"bns": 1_600}
    assert (rollout.licence_pool.size, rollout.licence_pool.price_nok) == (45_000, Decimal(25))
    assert all(entry.placement.licence_budget.implementation_cost_nok > 0 for entry in entries(rollout).values())


def test_wave_one_is_ready_but_for_three_agencies(rollout):
    missing = {slug: [p.code for p in entry.problems] for slug, entry in entries(rollout).items()}
    assert {slug: missing[slug] for slug in WAVE_ONE} == {
        "bre": [],
        "oby": [],
        "bns": ["funding_short"],
        "kli": ["guidelines_unsigned", "not_confirmed"],
        "vav": ["not_confirmed"],
    }
    for slug in WAVE_ONE:  # step 9 blocks nobody, and is done all the same
        course = readiness.course(entries(rollout)[slug].placement, now=STARTS_AT)
        undone = {status.step.key for status in course if not status.done}
        assert undone <= {"funding", "guidelines_adopted", "readiness_confirmed"}


def test_the_other_21_have_nothing_but_funding(rollout):
    others = [entry for slug, entry in entries(rollout).items() if slug not in WAVE_ONE]
    assert len(others) == 21
    for entry in others:
        assert [status.step.key for status in entry.course if status.done] == ["funding"]
    assert StepEvidence.objects.count() == 5 * 6 and SignOff.objects.count() == 4


def test_people_are_role_mailboxes_and_nobody_has_a_name(rollout):
    assert Person.objects.count() == 2 + 26 * 5
    assert not Person.objects.exclude(name="").exists()
    assert not Person.objects.exclude(email__endswith="@example.org").exists()
    at_kli = Role.objects.filter(agency__slug="kli").order_by("pk").values_list("person__email", "role")
    assert list(at_kli) == [
        ("leder.kli@example.org", RoleName.AGENCY_HEAD),
        ("kommunikasjonssjef.kli@example.org", RoleName.COMMUNICATION_CHIEF),
        *[(f"nokkelperson{n}.kli@example.org", RoleName.KEY_PERSON) for n in (1, 2, 3)],
    ]
    central = Role.objects.filter(agency=None).values_list("person__email", "role")
    assert set(central) == {
        ("prosjektleder@example.org", RoleName.PROJECT_LEAD),
        ("sponsor@example.org", RoleName.SPONSOR),
    }
    assert not any(person.has_usable_password() for person in Person.objects.all())


def test_it_is_an_example_and_the_active_rollout(rollout):
    assert rollout.is_example and rollout.is_active and rollout.slug == "workplace-2018"
    assert rollout.municipality_employees_source


def test_the_clock_starts_on_the_first_of_february_and_nothing_is_due(rollout):
    assert DemoClock.objects.get().now == at("2018-02-01 09:00") == STARTS_AT
    due.run_due(rollout=rollout, now=STARTS_AT)
    assert not OutgoingEmail.objects.exists()
    assert all(wave.is_planned for wave in rollout.waves.all())


def test_all_that_happened_happened_before_in_order_and_on_working_days(rollout):
    moments = list(PlanEvent.objects.order_by("pk").values_list("at", flat=True))
    assert moments == sorted(moments) and moments[-1] < STARTS_AT
    assert all(is_working_day(moment.astimezone(STARTS_AT.tzinfo).date()) for moment in moments)
    kinds = set(PlanEvent.objects.values_list("kind", flat=True))
    assert kinds == {
        EventKind.ROLLOUT_CREATED,
        EventKind.GUIDELINES_PUBLISHED,
        EventKind.AGENCY_IMPORTED,
        EventKind.JOINED,
        EventKind.PILOT_MARKED,
        EventKind.LESSON_WRITTEN,
        EventKind.FUNDING_SET,
        EventKind.WAVE_ADDED,
        EventKind.STEP_CONFIRMED,
        EventKind.KEY_PEOPLE_STATED,
        EventKind.SIGNED,
        EventKind.READINESS_CONFIRMED,
    }
    assert not PlanEvent.objects.filter(by=None).exists()


def test_a_second_load_changes_nothing(rollout):
    DemoClock.objects.update(now=STARTS_AT + dt.timedelta(days=3))
    before = [list(model.objects.order_by("pk").values()) for model in (Placement, PlanEvent, Person, DemoClock)]
    assert load_reference_rollout() is None
    assert [
        list(model.objects.order_by("pk").values()) for model in (Placement, PlanEvent, Person, DemoClock)
    ] == before


def test_the_command_says_what_it_did_and_only_in_the_demo(db, settings):
    def run() -> str:
        out = StringIO()
        call_command("load_reference_rollout", stdout=out)
        return out.getvalue()

    with pytest.raises(SystemExit):
        call_command("load_reference_rollout", stderr=StringIO())
    assert not Rollout.objects.exists()
    settings.DEMO_MODE = True
    assert run() == "Referanseutrullingen er lastet.\n"
    assert run() == "Referanseutrullingen finnes fra før.\n"
