import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.domain import confirming, readiness
from rollout.domain.refusals import Refused
from rollout.models import EventKind, PlanEvent
from tests.factories import (
    NOW,
    make_agency,
    make_guidelines,
    make_lead,
    make_person,
    make_ready,
    make_rollout,
    place,
    sign,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


@pytest.fixture
def chief():
    return make_person("kommunikasjonssjef.kli@example.org")


@pytest.fixture
def in_wave(rollout):
    return place(make_agency("kli", employees=1650, locations=9), rollout.waves.get(number=1))


def codes(placement) -> list[tuple[str, str]]:
    return [(problem.step.key, problem.code) for problem in readiness.problems(placement, now=NOW)]


def step(placement, key):
    return placement.course_version.steps.get(key=key)


def test_an_agency_with_nothing_but_funding_lacks_every_other_blocking_step_once(in_wave):
    assert codes(in_wave) == [
        ("sponsor", "evidence_missing"),
        ("agreement_joined", "evidence_missing"),
        ("risk_and_dpia", "evidence_missing"),
        ("employee_representatives", "evidence_missing"),
        ("guidelines_adopted", "guidelines_unsigned"),
        ("key_people_named", "key_people_short"),
        ("accounts_and_sso", "evidence_missing"),
        ("readiness_confirmed", "not_confirmed"),
    ], "groups_comms_training does not block"


def test_an_agency_with_all_steps_done_is_ready(in_wave):
    assert codes(make_ready(in_wave)) == []


@pytest.mark.parametrize("key", ["funding", "guidelines_adopted", "key_people_named", "readiness_confirmed", "sponsor"])
def test_one_missing_thing_is_one_problem(rollout, key):
    placement = place(make_agency("kli"), rollout.waves.get(number=1), funded=0)
    make_ready(placement, but_not=(key,))
    assert [found for found, _code in codes(placement)] == [key]


def test_a_problem_names_step_role_due_date_and_how_late(in_wave):
    problem = readiness.problems(make_ready(in_wave, but_not=("accounts_and_sso",)), now=NOW)[0]
    # Leaders on Wednesday 7 February; fourteen days before is Wednesday 24 January; today is 1 February.
    assert (problem.step.number, problem.role) == (8, "IKT-kontakt")
    assert (problem.due_on, problem.days_late) == (dt.date(2018, 1, 24), 8)


def test_a_due_date_on_a_weekend_or_holiday_comes_earlier(rollout):
    # Wave 2: leaders on Wednesday 4 April. Five days before is Good Friday; the working day before is 28 March.
    placement = make_ready(place(make_agency("kli"), rollout.waves.get(number=2)), but_not=("readiness_confirmed",))
    problem = readiness.problems(placement, now=NOW)[0]
    assert (problem.due_on, problem.days_late) == (dt.date(2018, 3, 28), 0)


def test_moving_the_wave_moves_the_due_dates_and_the_queue_has_none(rollout):
    placement = place(make_agency("kli"), rollout=rollout)
    assert {(p.due_on, p.days_late) for p in readiness.problems(placement, now=NOW)} == {(None, None)}


def test_overdue_but_done_is_no_problem(in_wave):
    make_ready(in_wave)
    late = [status for status in readiness.course(in_wave, now=NOW) if status.due_on < NOW.date()]
    assert late
    assert all(status.done and status.days_late == 0 and status.problem is None for status in late)


@pytest.mark.parametrize(("stated", "enough"), [(None, False), (16, False), (17, True)])
def test_key_people_are_one_per_location_and_one_in_a_hundred_rounded_up(in_wave, stated, enough):
    make_ready(in_wave)
    in_wave.key_people_stated = stated
    in_wave.save()
    assert (("key_people_named", "key_people_short") not in codes(in_wave)) is enough


def test_many_locations_ask_for_more_key_people_than_one_in_a_hundred(rollout):
    placement = place(make_agency("bns", employees=1650, locations=64), rollout=rollout)
    assert readiness.key_people_required(placement) == 64


def test_licences_are_short_when_headcount_passes_what_is_funded(rollout):
    placement = make_ready(
        place(make_agency("bns", employees=1650), rollout=rollout, funded=1600), but_not=("funding",)
    )
    problem = readiness.problems(placement, now=NOW)[0]
    assert (problem.code, problem.role) == ("funding_short", "økonomiansvarlig")
    assert problem.detail.replace("\N{NO-BREAK SPACE}", " ") == "1 600 av 1 650 lisenser er finansiert (50 mangler)"


def test_a_material_version_asks_for_a_new_signature_and_a_correction_does_not(in_wave, rollout):
    make_ready(in_wave)
    make_guidelines(rollout, number=2, text="Rettet skrivefeil.", is_material=False)
    assert codes(in_wave) == []
    make_guidelines(rollout, number=3, text="Nye regler.", is_material=True)
    assert codes(in_wave) == [("guidelines_adopted", "guidelines_unsigned")]
    sign(in_wave)
    assert codes(in_wave) == []


def test_a_waived_step_is_no_problem_and_leaves_an_event_with_the_reason(in_wave):
    make_ready(in_wave, but_not=("sponsor",))
    lead = make_lead()
    confirming.waive(
        placement=in_wave,
        step=step(in_wave, "sponsor"),
        reason="Pulje 1 åpner få dager etter avtalen",
        by=lead,
        now=NOW,
    )
    assert codes(in_wave) == []
    event = PlanEvent.objects.get(kind=EventKind.STEP_WAIVED)
    assert (event.by, event.after, event.reason) == (
        lead,
        {"step": "sponsor"},
        "Pulje 1 åpner få dager etter avtalen",
    )


def test_funding_is_never_waived(in_wave):
    with pytest.raises(Refused, match="Finansieringen kan ikke fravikes"):
        confirming.waive(placement=in_wave, step=step(in_wave, "funding"), reason="Haster", by=make_lead(), now=NOW)


@pytest.mark.parametrize("key", ["funding", "guidelines_adopted", "key_people_named", "readiness_confirmed"])
def test_a_step_fulfilled_by_facts_cannot_be_ticked(in_wave, chief, key):
    with pytest.raises(Refused, match="kan ikke krysses av"):
        confirming.confirm_step(
            placement=in_wave, step=step(in_wave, key), owner_role="virksomhetsleder", text="Ja", by=chief, now=NOW
        )


def test_a_step_is_confirmed_once_by_its_evidence(in_wave, chief):
    confirm = {
        "placement": in_wave,
        "step": step(in_wave, "risk_and_dpia"),
        "owner_role": "personvernkoordinator",
        "text": "ROS 24. januar, DPIA ikke nødvendig",
        "case_number": "18/123",
        "by": chief,
        "now": NOW,
    }
    confirming.confirm_step(**confirm)
    assert ("risk_and_dpia", "evidence_missing") not in codes(in_wave)
    with pytest.raises(Refused, match="alt bekreftet av kommunikasjonssjef.kli@example.org"):
        confirming.confirm_step(**confirm)
    assert PlanEvent.objects.filter(kind=EventKind.STEP_CONFIRMED).count() == 1


def test_confirming_readiness_makes_nothing_else_ready(in_wave, chief):
    confirming.confirm_readiness(placement=in_wave, comment="Mangler ROS", by=chief, now=NOW)
    found = dict(codes(in_wave))
    assert "readiness_confirmed" not in found
    assert "risk_and_dpia" in found
    with pytest.raises(Refused, match="alt meldt klar"):
        confirming.confirm_readiness(placement=in_wave, by=chief, now=NOW)


def test_stating_the_same_number_of_key_people_again_writes_no_event(in_wave, chief):
    for _time in range(2):
        confirming.state_key_people(placement=in_wave, number=17, by=chief, now=NOW)
    assert PlanEvent.objects.filter(kind=EventKind.KEY_PEOPLE_STATED).count() == 1


def test_the_readiness_of_many_costs_as_many_queries_as_of_one(rollout):
    placements = [make_ready(place(make_agency(), rollout=rollout)) for _number in range(12)]

    def queries(some) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            readiness.courses(some, now=NOW)
        return len(captured)

    assert queries(placements) == queries(placements[:1])
