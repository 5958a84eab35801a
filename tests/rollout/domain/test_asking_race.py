"""Two who answer, approve or ask at once: one does, the other hears of it. Each with a control without the guard."""

from functools import partial

import pytest

from agencies.models import RoleName
from rollout.domain import funding, requesting
from rollout.models import DateRequest, EmailKind, EventKind, OutgoingEmail, Placement, PlanEvent
from tests.factories import NOW, give_role, make_agency, make_lead, make_people, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kli():
    rollout = make_rollout(waves=2)
    return place(make_agency("kli"), rollout.waves.get(number=1), funded=0)


@pytest.fixture
def people(kli):
    return make_people(kli.agency)


def unlocked(placement_id: int) -> Placement:
    return Placement.objects.select_related("rollout", "agency", "wave", "deferral_wave").get(pk=placement_id)


def two_answers(kli, people):
    request = requesting.ask_for_date(placement=kli, reason="Flytting.", by=people["chief"], now=NOW)
    leads = [make_lead("a@example.org"), make_lead("b@example.org")]
    return [
        partial(requesting.decline_date, request=request, answer=f"Nei, sier {lead}.", by=lead, now=NOW)
        for lead in leads
    ]


def answers_sent() -> int:
    return OutgoingEmail.objects.filter(kind=EmailKind.ANSWER, person__email__startswith="leder").count()


def test_of_two_leads_who_answer_at_once_one_does_and_the_other_is_told(kli, people):
    outcomes = at_once(*two_answers(kli, people))
    assert count(outcomes, "done") == 1 and count(outcomes, "Refused") == 1
    assert "alt avslått av" in next(words for outcome, words in outcomes if outcome == "Refused")
    assert answers_sent() == 1


def test_control_without_the_lock_the_agency_gets_two_answers(kli, people, monkeypatch):
    monkeypatch.setattr(requesting, "lock_placement", unlocked)
    monkeypatch.setattr(requesting, "_open", meeting_after(requesting._open, parties=2))
    outcomes = at_once(*two_answers(kli, people))
    assert count(outcomes, "done") == 2
    assert answers_sent() == 2


def two_approvals(kli, people):
    other = give_role("leder2.kli@example.org", RoleName.AGENCY_HEAD, kli.agency)
    statement = funding.state(
        placement=kli,
        licences=100,
        implementation_cost_nok=0,
        budget_reference="",
        by=people["chief"],
        now=NOW,
    )
    return [partial(funding.approve, statement=statement, by=head, now=NOW) for head in (people["head"], other)]


def approvals_told() -> int:
    return PlanEvent.objects.filter(kind=EventKind.FUNDING_STATED, after__state="approved").count()


def test_of_two_heads_who_approve_at_once_one_does_and_the_other_is_told(kli, people):
    outcomes = at_once(*two_approvals(kli, people))
    assert count(outcomes, "done") == 1 and count(outcomes, "Refused") == 1
    assert "alt godkjent av" in next(words for outcome, words in outcomes if outcome == "Refused")
    assert approvals_told() == 1


def test_control_without_the_lock_both_approve(kli, people, monkeypatch):
    monkeypatch.setattr(funding, "lock_placement", unlocked)
    monkeypatch.setattr(funding, "_as_it_is_now", meeting_after(funding._as_it_is_now, parties=2))
    outcomes = at_once(*two_approvals(kli, people))
    assert count(outcomes, "done") == 2
    assert approvals_told() == 2


def two_requests(kli, people):
    return [
        partial(requesting.ask_for_date, placement=kli, reason="Flytting.", by=people[who], now=NOW)
        for who in ("chief", "head")
    ]


def test_of_two_who_ask_at_once_one_request_is_open(kli, people):
    outcomes = at_once(*two_requests(kli, people))
    assert count(outcomes, "done") == 1 and count(outcomes, "Refused") == 1
    assert DateRequest.objects.count() == 1


def test_control_without_the_lock_the_database_still_refuses_the_second(kli, people, monkeypatch):
    monkeypatch.setattr(requesting, "lock_placement", unlocked)
    monkeypatch.setattr(requesting, "refuse_if_too_late", meeting_after(requesting.refuse_if_too_late, parties=2))
    outcomes = at_once(*two_requests(kli, people))
    assert count(outcomes, "IntegrityError") == 1
    assert DateRequest.objects.count() == 1
