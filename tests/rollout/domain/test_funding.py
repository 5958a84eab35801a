"""What an agency states it has funded counts when its head has approved it (rule 8)."""

import pytest

from agencies.models import RoleName
from rollout.domain import funding, leaving, licensing, readiness, undoing
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, EventKind, FundingState, LicenceBudget, OutgoingEmail, PlanEvent
from tests.factories import NOW, give_role, make_agency, make_lead, make_people, make_pilot, make_rollout, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def kli():
    rollout = make_rollout(waves=1)
    return place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(), funded=0)


@pytest.fixture
def people(kli):
    return make_people(kli.agency)


def state(placement, by, licences=100, **more):
    fields = {"implementation_cost_nok": 50_000, "budget_reference": "Kap. 120", "now": NOW} | more
    return funding.state(placement=placement, licences=licences, by=by, **fields)


def funded(placement) -> int:
    return LicenceBudget.objects.get(placement=placement).funded


def lacks_funding(placement) -> bool:
    return "funding_short" in [problem.code for problem in readiness.problems(placement, now=NOW)]


def test_what_a_chief_states_waits_for_the_head_who_is_told(kli, people):
    statement = state(kli, people["chief"])
    assert statement.state == FundingState.STATED
    assert funded(kli) == 0 and lacks_funding(kli)
    mail = OutgoingEmail.objects.get()
    assert (mail.kind, mail.person) == (EmailKind.REQUEST, people["head"])
    assert mail.headline == "Finansieringen for Klimaetaten venter på deg"


def test_the_head_reads_in_the_mail_who_stated_what_why_and_that_it_is_too_little(kli, people):
    state(kli, people["chief"], licences=kli.headcount - 1, comment="Resten kommer i mars.")
    said = OutgoingEmail.objects.get().text
    assert "kommunikasjonssjef.kli@example.org har oppgitt finansieringen." in said
    assert "Mangler: 1 lisens. Alle medarbeiderne må ha lisens" in said
    assert "Satt av til innføring: 50\N{NO-BREAK SPACE}000 kr" in said
    assert "Budsjettreferanse: Kap. 120" in said
    assert "Merknad: Resten kommer i mars." in said


def test_enough_licences_and_nothing_to_say_make_no_lines_about_it(kli, people):
    state(kli, people["chief"], licences=kli.headcount, budget_reference="")
    said = OutgoingEmail.objects.get().text
    assert "Mangler" not in said and "Merknad" not in said and "Budsjettreferanse" not in said


def test_what_was_said_along_with_a_statement_stays_with_it_when_it_is_approved(kli, people):
    silent = state(kli, people["chief"], licences=90)
    stated = state(kli, people["chief"], seen=silent.pk, comment=" Konto 1234 ")
    funding.approve(statement=stated, by=people["head"], now=NOW)
    assert funding.comments_on([silent, stated]) == {stated.pk: "Konto 1234"}
    assert funding.comments_on([]) == {}


def test_the_heads_approval_sets_the_budget_and_fulfils_the_step(kli, people):
    funding.approve(statement=state(kli, people["chief"]), by=people["head"], now=NOW)
    budget = LicenceBudget.objects.get(placement=kli)
    assert (budget.funded, budget.implementation_cost_nok, budget.budget_reference) == (100, 50_000, "Kap. 120")
    assert not lacks_funding(kli)
    kinds = list(PlanEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [EventKind.FUNDING_STATED, EventKind.FUNDING_STATED, EventKind.FUNDING_SET]
    assert OutgoingEmail.objects.get().state == EmailState.WITHDRAWN, "nothing waits for the head any more"


def test_the_heads_own_statement_counts_at_once(kli, people):
    statement = state(kli, people["head"])
    assert (statement.state, statement.approved_by) == (FundingState.APPROVED, people["head"])
    assert funded(kli) == 100
    assert not OutgoingEmail.objects.exists()


def test_nobody_but_the_agencys_head_approves(kli, people):
    statement = state(kli, people["chief"])
    other_head = give_role("leder.vav@example.org", RoleName.AGENCY_HEAD, make_agency("vav"))
    for who in (people["chief"], other_head, make_lead()):
        with pytest.raises(Refused, match="Bare virksomhetslederen"):
            funding.approve(statement=statement, by=who, now=NOW)
    people["head"].roles.update(until=NOW)
    with pytest.raises(Refused, match="Bare virksomhetslederen"):
        funding.approve(statement=statement, by=people["head"], now=NOW)
    assert funded(kli) == 0


def test_a_statement_that_was_replaced_is_not_approved(kli, people):
    first = state(kli, people["chief"])
    state(kli, people["chief"], licences=90, seen=first.pk)
    with pytest.raises(Refused, match="erstattet siden du så dem"):
        funding.approve(statement=first, by=people["head"], now=NOW)
    assert funded(kli) == 0


def test_approving_twice_is_told_who_did(kli, people):
    statement = state(kli, people["chief"])
    funding.approve(statement=statement, by=people["head"], now=NOW)
    with pytest.raises(Refused, match="alt godkjent av leder.kli@example.org"):
        funding.approve(statement=statement, by=people["head"], now=NOW)


def test_a_statement_made_while_another_wrote_is_not_overwritten(kli, people):
    state(kli, people["chief"])
    with pytest.raises(Refused, match="etter at du åpnet siden"):
        state(kli, people["head"], licences=90, seen=None)


def test_fewer_than_are_reserved_is_neither_stated_nor_approved(kli, people):
    statement = state(kli, people["chief"], licences=60)
    LicenceBudget.objects.filter(placement=kli).update(funded=100, reserved=80)
    with pytest.raises(Refused, match="80 lisenser er alt reservert"):
        funding.approve(statement=statement, by=people["head"], now=NOW)
    with pytest.raises(Refused, match="80 lisenser er alt reservert"):
        state(kli, people["chief"], licences=70, seen=statement.pk)
    assert funded(kli) == 100


def test_what_a_lead_sets_replaces_what_waits(kli, people):
    statement = state(kli, people["chief"])
    licensing.set_funding(
        placement=kli, funded=95, implementation_cost_nok=0, budget_reference="", by=make_lead(), now=NOW
    )
    assert funding.in_force(kli) is None
    with pytest.raises(Refused, match="erstattet"):
        funding.approve(statement=statement, by=people["head"], now=NOW)
    assert funded(kli) == 95


@pytest.mark.parametrize("is_pilot", [True, False])
def test_nothing_is_funded_for_a_pilot_or_an_agency_that_has_withdrawn(kli, is_pilot):
    before = LicenceBudget.objects.values_list("placement", "funded")
    budgets = list(before)
    if is_pilot:
        kli = make_pilot(make_agency("uke"), rollout=kli.rollout)
    else:
        leaving.withdraw(placement=kli, reason="Vil ikke", by=make_lead(), now=NOW)
    with pytest.raises(Refused, match="verken i kø eller pulje"):
        licensing.set_funding(
            placement=kli, funded=95, implementation_cost_nok=0, budget_reference="", by=make_lead(), now=NOW
        )
    assert list(before.all()) == budgets


def test_taking_an_approved_figure_back_ends_the_statement_too(kli, people):
    state(kli, people["head"])
    event = PlanEvent.objects.get(kind=EventKind.FUNDING_SET)
    undoing.undo(rollout=kli.rollout, change=event.change, by=make_lead(), now=NOW)
    assert funded(kli) == 0
    assert funding.in_force(kli) is None


def test_uke_asks_once_and_a_new_statement_is_the_answer(kli, people):
    lead, statement = make_lead(), state(kli, people["head"])
    funding.question(statement=statement, text="Dere er 120?", by=lead, now=NOW)
    mails = OutgoingEmail.objects.filter(kind=EmailKind.ANSWER)
    assert {mail.person for mail in mails} == {people["head"], people["chief"]}
    assert all("Dere er 120?" in mail.text for mail in mails)
    assert funded(kli) == 100, "asking takes nothing away"
    with pytest.raises(Refused, match="har alt spurt"):
        funding.question(statement=statement, text="Hallo?", by=lead, now=NOW)
    answer = state(kli, people["chief"], licences=120, seen=statement.pk, comment="20 vikarer.")
    assert (answer.question, funding.in_force(kli)) == ("", answer)
    assert PlanEvent.objects.filter(kind=EventKind.FUNDING_STATED, reason="20 vikarer.").count() == 1
