"""Asking for another date or a place: one question at a time, one answer, told once; to accept is to move."""

import datetime as dt

import pytest

from agencies.models import RoleName
from rollout.domain import joining, leaving, placing, requesting, undoing
from rollout.domain.refusals import MoveRefused, Refused
from rollout.models import (
    EmailKind,
    EmailState,
    EventKind,
    LicenceBudget,
    OutgoingEmail,
    PlanEvent,
    RequestState,
    WaveState,
)
from tests.factories import NOW, give_role, make_agency, make_people, make_pilot, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def kli(rollout):
    return place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=1))


@pytest.fixture
def chief(kli):
    return make_people(kli.agency)["chief"]


def ask(placement, by, **more):
    return requesting.ask_for_date(placement=placement, reason="Flytting av kontorer.", by=by, now=NOW, **more)


def accept(request, to, by, **more):
    return requesting.accept_date(request=request, to=to, by=by, now=NOW, **more)


def mails(kind):
    return list(OutgoingEmail.objects.filter(kind=kind).order_by("pk"))


def wave(rollout, number):
    return rollout.waves.get(number=number)


def open_wave(one):
    one.state, one.leaders_opened_at = WaveState.LEADERS_OPEN, NOW
    one.save()


def test_a_request_goes_to_the_leads_with_its_reason(rollout, kli, chief, lead):
    ask(kli, chief, wanted=wave(rollout, 2))
    [mail] = mails(EmailKind.REQUEST)
    assert (mail.person, mail.headline) == (lead, "Klimaetaten ber om en annen dato")
    assert "Flytting av kontorer." in mail.text and "Pulje 2" in mail.text
    event = PlanEvent.objects.get()
    assert (event.kind, event.after["wave"], event.reason) == (EventKind.DATE_ASKED, 2, "Flytting av kontorer.")


def test_one_request_is_open_at_a_time(kli, chief):
    first = ask(kli, chief)
    with pytest.raises(Refused, match="venter på svar"):
        ask(kli, chief)
    requesting.withdraw_date(request=first, by=chief, now=NOW)
    ask(kli, chief)


def test_a_request_without_a_reason_or_for_where_one_is_is_refused(rollout, kli, chief):
    with pytest.raises(Refused, match="Skriv hvorfor"):
        requesting.ask_for_date(placement=kli, reason="  ", by=chief, now=NOW)
    with pytest.raises(Refused, match="Dere står alt i Pulje 1"):
        ask(kli, chief, wanted=wave(rollout, 1))


def test_after_the_opening_there_is_no_other_date_to_ask_for(rollout, kli, chief):
    open_wave(wave(rollout, 1))
    with pytest.raises(Refused, match="er åpnet"):
        ask(kli, chief)


def test_to_accept_is_to_move_and_the_agency_hears_once(rollout, kli, chief, lead):
    request, moved = accept(ask(kli, chief), wave(rollout, 2), lead, answer="Det går fint.")
    kli.refresh_from_db()
    assert kli.wave == wave(rollout, 2)
    assert (request.state, request.moved_to, request.answered_by) == (RequestState.ACCEPTED, kli.wave, lead)
    assert moved.kind == EventKind.MOVED and "Flytting av kontorer." in moved.reason
    answers = mails(EmailKind.ANSWER)
    assert sorted(mail.person.email for mail in answers) == [
        "kommunikasjonssjef.kli@example.org",
        "leder.kli@example.org",
    ]
    assert all("onsdag 4. april 2018" in mail.text and "Det går fint." in mail.text for mail in answers)
    assert mails(EmailKind.REQUEST)[0].state == EmailState.WITHDRAWN


def test_the_move_is_undone_as_any_other_and_the_answer_stays(rollout, kli, chief, lead):
    request, moved = accept(ask(kli, chief), wave(rollout, 2), lead)
    undoing.undo(rollout=rollout, change=moved.change, by=lead, now=NOW)
    kli.refresh_from_db()
    request.refresh_from_db()
    assert kli.wave == wave(rollout, 1)
    assert request.state == RequestState.ACCEPTED


def test_a_full_wave_refuses_and_nothing_is_answered(rollout, kli, chief, lead):
    for _number in range(5):
        place(make_agency(), wave(rollout, 2))
    request = ask(kli, chief, wanted=wave(rollout, 2))
    with pytest.raises(MoveRefused, match="Pulje 2 er full"):
        accept(request, wave(rollout, 2), lead)
    request.refresh_from_db()
    assert request.state == RequestState.OPEN
    assert not mails(EmailKind.ANSWER)


def test_to_decline_takes_a_reason_and_moves_nothing(rollout, kli, chief, lead):
    request = ask(kli, chief)
    with pytest.raises(Refused, match="Skriv hvorfor"):
        requesting.decline_date(request=request, answer=" ", by=lead, now=NOW)
    requesting.decline_date(request=request, answer="Alt er fullt.", by=lead, now=NOW)
    kli.refresh_from_db()
    assert kli.wave == wave(rollout, 1)
    assert "Alt er fullt." in mails(EmailKind.ANSWER)[0].text


@pytest.mark.parametrize("end", ["accepted", "declined", "withdrawn"])
def test_what_has_an_end_gets_no_other(end, rollout, kli, chief, lead):
    request = ask(kli, chief)
    verbs = {
        "accepted": lambda: accept(request, wave(rollout, 2), lead),
        "declined": lambda: requesting.decline_date(request=request, answer="Nei.", by=lead, now=NOW),
        "withdrawn": lambda: requesting.withdraw_date(request=request, by=chief, now=NOW),
    }
    verbs[end]()
    sent = OutgoingEmail.objects.count()
    for verb in verbs.values():
        with pytest.raises(Refused):
            verb()
    request.refresh_from_db()
    assert request.state == end
    assert OutgoingEmail.objects.count() == sent


def test_an_agency_moved_meanwhile_still_gets_an_answer_and_is_not_moved_again(rollout, kli, chief, lead):
    request = ask(kli, chief, wanted=wave(rollout, 2))
    placing.move(placement=kli, to=wave(rollout, 2), by=lead, now=NOW)
    __, moved = accept(request, wave(rollout, 2), lead)
    assert moved is None
    assert PlanEvent.objects.filter(kind=EventKind.MOVED).count() == 1


def test_a_page_from_before_the_agency_was_moved_answers_nothing(rollout, kli, chief, lead):
    request = ask(kli, chief)
    placing.move(placement=kli, to=wave(rollout, 2), by=lead, now=NOW)
    with pytest.raises(MoveRefused, match="flyttet siden du så kortet"):
        accept(request, wave(rollout, 3), lead, version_seen=kli.version)


def test_when_the_wave_has_opened_there_is_one_answer_left(rollout, kli, chief, lead):
    request = ask(kli, chief)
    open_wave(wave(rollout, 1))
    with pytest.raises(MoveRefused, match="er åpnet"):
        accept(request, wave(rollout, 2), lead)
    requesting.decline_date(request=request, answer="Dere er i gang.", by=lead, now=NOW)


# -- joining ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def kul():
    return make_agency("kul", name="Kulturetaten", employees=40)


def ask_to_join(rollout, agency, by, **more):
    fields = {"employees": 45, "licences": 45, "implementation_cost_nok": 9_000, "budget_reference": "Kap. 7"} | more
    return joining.ask_to_join(rollout=rollout, agency=agency, reason="Vi vil.", by=by, now=NOW, **fields)


def test_an_agency_outside_asks_and_is_taken_into_the_queue_with_its_funding(rollout, kul, lead):
    chief = give_role("sjef.kul@example.org", RoleName.COMMUNICATION_CHIEF, kul)
    request = ask_to_join(rollout, kul, chief)
    assert mails(EmailKind.REQUEST)[0].headline == "Kulturetaten ber om å bli med"
    placement = joining.accept_join(request=request, by=lead, now=NOW, use_headcount=True)
    budget = LicenceBudget.objects.get(placement=placement)
    kul.refresh_from_db()
    assert (placement.queue_position, budget.funded, budget.budget_reference, kul.employees) == (1, 45, "Kap. 7", 45)
    [answer] = mails(EmailKind.ANSWER)
    assert (answer.person, answer.headline) == (chief, "Kulturetaten er med i utrullingen")


def test_the_headcount_stays_what_uke_has_unless_the_lead_says_so(rollout, kul, lead):
    joining.accept_join(request=ask_to_join(rollout, kul, make_people(kul)["chief"]), by=lead, now=NOW)
    kul.refresh_from_db()
    assert kul.employees == 40


def test_an_agency_that_was_withdrawn_may_ask_to_come_back(rollout, kli, chief, lead):
    leaving.withdraw(placement=kli, reason="Omorganisering.", by=lead, now=NOW)
    placement = joining.accept_join(request=ask_to_join(rollout, kli.agency, chief), by=lead, now=NOW)
    assert (placement.pk, placement.queue_position) == (kli.pk, 1)
    assert LicenceBudget.objects.get(placement=kli).funded == 45


def test_who_takes_part_or_was_a_pilot_does_not_ask_to_join(rollout, kli, kul, chief):
    with pytest.raises(Refused, match="er alt med"):
        ask_to_join(rollout, kli.agency, chief)
    make_pilot(kul)
    with pytest.raises(Refused, match="var med i piloten"):
        ask_to_join(rollout, kul, chief)


def test_a_join_is_declined_with_a_reason_and_may_be_asked_again(rollout, kul, lead):
    chief = make_people(kul)["chief"]
    request = ask_to_join(rollout, kul, chief)
    with pytest.raises(Refused, match="venter på svar"):
        ask_to_join(rollout, kul, chief)
    joining.decline_join(request=request, answer="Ikke i år.", by=lead, now=NOW)
    assert "Ikke i år." in mails(EmailKind.ANSWER)[0].text
    with pytest.raises(Refused, match="alt avslått"):
        joining.accept_join(request=request, by=lead, now=NOW)
    ask_to_join(rollout, kul, chief)


def test_an_agency_a_lead_took_in_meanwhile_is_not_taken_in_twice(rollout, kul, lead):
    request = ask_to_join(rollout, kul, make_people(kul)["chief"])
    place(kul)
    with pytest.raises(Refused, match="er alt med"):
        joining.accept_join(request=request, by=lead, now=NOW + dt.timedelta(hours=1))
