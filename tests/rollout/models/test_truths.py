"""What the database itself refuses, whoever writes and whichever way."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rollout.models import (
    Decision,
    GuidelineVersion,
    LicenceBudget,
    LicencePool,
    Placement,
    PlanEvent,
    Review,
    SignOff,
    UsageFigures,
    Wave,
)
from tests.factories import (
    NOW,
    give_go,
    make_agency,
    make_figures,
    make_lead,
    make_person,
    make_review,
    make_rollout,
    place,
    sign,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


def full_wave(rollout) -> Wave:
    wave = rollout.waves.get(number=1)
    for number in range(5):
        place(make_agency(f"a{number}"), wave)
    return wave


def refused(pattern, act):
    with pytest.raises(IntegrityError, match=pattern), transaction.atomic():
        act()


def test_a_wave_has_no_sixth_slot(rollout):
    wave, waiting = full_wave(rollout), place(make_agency("sixth"), rollout=rollout)
    enter = {"status": "placed", "queue_position": None, "wave": wave}
    for slot, pattern in (
        (6, "a_wave_holds_at_most_five"),
        (0, "a_wave_holds_at_most_five"),
        (5, "one_agency_per_slot"),
    ):
        refused(pattern, lambda slot=slot: Placement.objects.filter(pk=waiting.pk).update(slot=slot, **enter))
    refused("placement_is_in_one_place", lambda: Placement.objects.filter(pk=waiting.pk).update(slot=None, **enter))


def test_bulk_create_and_a_changed_foreign_key_are_refused_too(rollout):
    wave, other = full_wave(rollout), rollout.waves.get(number=2)
    elsewhere = place(make_agency("elsewhere"), other)
    refused("one_agency_per_slot", lambda: Placement.objects.filter(pk=elsewhere.pk).update(wave=wave))
    course = rollout.course_versions.get()
    row = Placement(
        rollout=rollout,
        agency=make_agency("bulk"),
        course_version=course,
        status="placed",
        wave=wave,
        slot=3,
        joined_at=NOW,
    )
    refused("one_agency_per_slot", lambda: Placement.objects.bulk_create([row]))


def test_slots_may_be_swapped_in_one_statement(rollout):
    wave = full_wave(rollout)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rollout_placement SET slot = 6 - slot WHERE wave_id = %s", [wave.pk])
    assert list(wave.placements.order_by("slot").values_list("agency__slug", flat=True)) == [
        "a4",
        "a3",
        "a2",
        "a1",
        "a0",
    ]


def test_an_agency_has_one_placement_in_a_rollout(rollout):
    agency = make_agency("kli")
    place(agency, rollout=rollout)
    refused("one_placement_per_agency", lambda: place(agency, rollout=rollout))


def test_a_placement_is_in_one_place_only(rollout):
    placement = place(make_agency("kli"), rollout=rollout)
    wave = rollout.waves.get(number=1)
    for change in (
        {"wave": wave, "slot": 1},
        {"queue_position": None},
        {"status": "placed"},
        {"status": "pilot"},
        {"status": "withdrawn"},
    ):
        refused("placement_is_in_one_place", lambda c=change: Placement.objects.filter(pk=placement.pk).update(**c))


def test_a_place_and_a_course_are_of_the_agency_s_own_rollout(rollout):
    other = make_rollout(slug="another", waves=1)
    placement = place(make_agency("kli"), rollout.waves.get(number=1))

    def change(**to):
        Placement.objects.filter(pk=placement.pk).update(**to)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as at the commit

    refused("wave_is_of_its_rollout", lambda: change(wave=other.waves.get()))
    refused("deferral_wave_is_of_its_rollout", lambda: change(deferral_wave=other.waves.get()))
    refused("course_is_of_its_rollout", lambda: change(course_version=other.course_versions.get()))
    change(deferral_wave=rollout.waves.get(number=2))


def append_only_rows(rollout):
    placement = place(make_agency("kli"), rollout=rollout.__class__.objects.get(pk=rollout.pk))
    sign(placement)
    give_go(rollout.waves.get(number=1))
    PlanEvent.objects.create(rollout=rollout, kind="moved", at=NOW)
    rollout.status_reports.create(year=2018, week=6, made_at=NOW, figures={})
    make_figures(placement, NOW.date())
    make_review(rollout.waves.get(number=2))
    return (PlanEvent, Decision, SignOff, GuidelineVersion, UsageFigures, Review, rollout.status_reports.model)


def test_history_decisions_signatures_and_reports_can_be_neither_changed_nor_deleted(rollout):
    for model in append_only_rows(rollout):
        table = model._meta.db_table
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with (
                pytest.raises(DatabaseError, match="is append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        assert model.objects.exists()


def test_the_pool_counts_what_budgets_reserve_and_is_never_overdrawn(rollout):
    LicencePool.objects.update(size=150)
    budgets = [place(make_agency(slug, employees=100), rollout=rollout).licence_budget for slug in ("a", "b")]
    LicenceBudget.objects.filter(pk=budgets[0].pk).update(reserved=100)
    assert LicencePool.objects.get().reserved == 100
    refused("pool_never_overdrawn", lambda: LicenceBudget.objects.filter(pk=budgets[1].pk).update(reserved=51))
    LicenceBudget.objects.filter(pk=budgets[1].pk).update(reserved=50)
    refused("pool_never_overdrawn", lambda: LicencePool.objects.update(size=149))
    LicenceBudget.objects.filter(pk=budgets[0].pk).update(reserved=0)
    assert LicencePool.objects.get().reserved == 50


def test_an_agency_never_reserves_more_than_it_funded(rollout):
    budget = place(make_agency("a", employees=100), rollout=rollout, funded=90).licence_budget
    refused("reserved_within_funded", lambda: LicenceBudget.objects.filter(pk=budget.pk).update(reserved=91))


def test_a_wave_opens_for_leaders_before_all_staff(rollout):
    wave = rollout.waves.get(number=1)
    refused(
        "wave_leaders_before_all_staff", lambda: Wave.objects.filter(pk=wave.pk).update(all_staff_on=wave.leaders_on)
    )
    refused("wave_state_matches_its_openings", lambda: Wave.objects.filter(pk=wave.pk).update(state="all_open"))


def test_a_role_is_held_once_at_a_time_and_at_an_agency_only_where_it_belongs_there():
    person = make_person("a@example.org")
    agency = make_agency("kli")
    make_lead("a@example.org")
    refused("role_held_once_at_a_time", lambda: person.roles.create(role="project_lead", since=NOW))
    refused("role_central_or_at_an_agency", lambda: person.roles.create(role="sponsor", agency=agency, since=NOW))
    refused("role_central_or_at_an_agency", lambda: person.roles.create(role="agency_head", since=NOW))


def test_one_address_is_one_person_whatever_its_letters():
    make_person("a@example.org")
    refused("person_email_is_lower_case", lambda: type(make_person()).objects.create(email="A@example.org"))


def test_figures_of_use_add_up_and_say_whence_they_are(rollout):
    placement = place(make_agency("kli"), rollout=rollout)
    for constraint, numbers in {
        "activated_within_invited": {"activated": 101},
        "leaders_activated_within_invited": {"leaders_activated": 13},
        "leaders_are_among_all": {"invited": 10, "activated": 9, "leaders_activated": 1, "weekly_active": 5},
        "active_within_activated": {"weekly_active": 81},
        "mobile_within_active": {"on_mobile": 51},
    }.items():
        numbers = {"on_mobile": None} | numbers
        refused(constraint, lambda n=numbers: make_figures(placement, NOW.date(), **n))


def test_an_agency_has_three_lessons_at_most_and_a_wave_one_review(rollout):
    placement, lead = place(make_agency("kli"), rollout=rollout), make_lead()
    said = {"text": "Begynn i tide.", "written_by": lead, "written_at": NOW}
    refused("three_lessons_at_most", lambda: placement.lessons.create(number=4, **said))
    placement.lessons.create(number=3, **said)
    refused("lesson_number_once_per_agency", lambda: placement.lessons.create(number=3, **said))
    wave = rollout.waves.get(number=1)
    make_review(wave)
    refused("rollout_review_wave_id_key", lambda: make_review(wave))
