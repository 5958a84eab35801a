"""The first lead lets the others in, and there is one first lead."""

import threading
import time
import uuid

import pytest
from django.db import connection, transaction

from agencies.models import Person, Role, RoleName
from rollout.delivery import failing
from rollout.domain import creating, inviting, requesting
from rollout.domain.refusals import Refused
from rollout.models import EmailState, OutgoingEmail, Rollout
from tests import factories
from tests.factories import NOW
from tests.rollout.test_delivery import write


def at_the_same_time(first, second) -> list[object]:
    """Run `second` on a connection of its own while `first` is done but not committed; what each of them ended with.

    `first` is committed when `second` has ended, or waits for a lock.
    """
    ends: list[object] = [None, None]

    def go(number, verb):
        try:
            ends[number] = verb()
        except Refused as refused:
            ends[number] = refused

    def other():
        try:
            go(1, second)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        go(0, first)
        thread.start()
        deadline = time.monotonic() + 20
        while thread.is_alive() and not somebody_waits():
            assert time.monotonic() < deadline
    thread.join(20)
    assert not thread.is_alive()
    return ends


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or the answer stays the same through the transaction
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


def invite(email: str):
    return lambda: inviting.invite(email=email, role=RoleName.PROJECT_LEAD, by=None, now=NOW)


def two_first_leads():
    return at_the_same_time(invite("a@example.org"), invite("b@example.org"))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_would_be_the_first_lead_at_once_one_is():
    _first, second = two_first_leads()
    assert isinstance(second, Refused) and "finnes alt en prosjektleder" in str(second)
    assert list(Role.objects.values_list("person__email", flat=True)) == ["a@example.org"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_there_would_be_two(monkeypatch):
    monkeypatch.setattr(inviting, "lock_table", lambda model: None)
    two_first_leads()
    assert Role.objects.count() == 2


def create(slug: str):
    return lambda: creating.create_rollout(slug=slug, name=slug, by=None, now=NOW)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_first_rollouts_at_once_one_is_active():
    at_the_same_time(create("a"), create("b"))
    assert list(Rollout.objects.order_by("slug").values_list("slug", "is_active")) == [("a", True), ("b", False)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_rollout_made_twice_at_once_is_refused_in_words():
    _first, second = at_the_same_time(create("a"), create("a"))
    assert isinstance(second, Refused) and "finnes fra før" in str(second)


@pytest.mark.django_db
def test_a_person_who_was_shut_out_may_be_invited_again():
    lead = factories.make_lead()
    person = factories.make_person("a@example.org", is_active=False)
    inviting.invite(email="A@example.org", role=RoleName.READER, by=lead, now=NOW)
    assert Person.objects.get(pk=person.pk).is_active


@pytest.mark.django_db
def test_a_role_that_ended_may_be_given_again():
    lead = factories.make_lead()
    person = factories.give_role("a@example.org", RoleName.READER)
    person.roles.update(until=NOW)
    inviting.invite(email="a@example.org", role=RoleName.READER, by=lead, now=NOW)
    assert person.roles.count() == 2 and person.roles.current().count() == 1


@pytest.mark.django_db
def test_a_role_and_its_agency_must_go_together():
    lead, agency = factories.make_lead(), factories.make_agency("kli")
    for role, where in ((RoleName.READER, agency), (RoleName.DEPUTY, None)):
        with pytest.raises(Refused):
            inviting.invite(email="a@example.org", role=role, agency=where, by=lead, now=NOW)
    assert not Person.objects.filter(email="a@example.org").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["kari@blåbær.example.org", "kari@ＥＸ.org"])
def test_an_address_that_mail_cannot_be_sent_to_is_not_invited(email):
    lead, agency = factories.make_lead(), factories.make_agency("kli")
    with pytest.raises(Refused, match="uten æ, ø, å") as refused:
        inviting.invite(email=email, role=RoleName.DEPUTY, agency=agency, by=lead, now=NOW)
    assert refused.value.field == "email"
    listed = [inviting.Address("ola@example.org", line=1), inviting.Address(email, line=2)]
    with pytest.raises(Refused, match="^Linje 2: "):
        inviting.invite_many(addresses=listed, role=RoleName.DEPUTY, agency=agency, by=lead, now=NOW)


@pytest.mark.django_db
def test_who_has_no_role_left_is_told_no_more_and_still_gets_the_receipt():
    rollout, lead, agency = factories.make_rollout(), factories.make_lead(), factories.make_agency("kli")
    chief = factories.give_role("sjef.kli@example.org", RoleName.COMMUNICATION_CHIEF, agency)
    factories.give_role(chief, RoleName.KEY_PERSON, agency)
    answer, receipt = write(1, rollout=rollout, to_address=chief.email, kind="answer") + write(
        1, rollout=rollout, to_address=chief.email, kind="sign_receipt", subject="signoff:1"
    )
    told_another = write(1, rollout=rollout, to_address=lead.email, kind="request", subject="date-request:1")

    first, last = chief.roles.current().order_by("pk")
    inviting.end_role(role=first, by=lead, now=NOW)
    assert state_of(answer) == EmailState.WAITING  # still one of the agency's
    inviting.end_role(role=last, by=lead, now=NOW)

    assert state_of(answer) == EmailState.WITHDRAWN
    assert [state_of(one) for one in (receipt, *told_another)] == [EmailState.WAITING] * 2


@pytest.mark.django_db(transaction=True)
def test_a_role_that_ends_while_the_server_sends_a_message_back_takes_it_along():
    """It is neither handed over any more nor waiting yet, as others see it: the ending waits for its row."""
    factories.make_lead()
    chief = factories.give_role("sjef.kli@example.org", RoleName.COMMUNICATION_CHIEF, factories.make_agency("kli"))
    handed_over = {"state": "claimed", "claim": uuid.uuid4(), "claimed_at": NOW, "data_at": NOW}
    (message,) = write(1, to_address=chief.email, **handed_over)

    def comes_back():
        OutgoingEmail.objects.filter(pk=message.pk).update(state="waiting", claim=None, data_at=None)
        failing.came_back(message.pk, now=NOW)

    at_the_same_time(comes_back, lambda: inviting.end_role(role=chief.roles.get(), by=None, now=NOW))

    assert state_of(message) == EmailState.WITHDRAWN


@pytest.mark.django_db
def test_who_lost_one_of_two_agencies_is_told_no_more_of_what_happened_there():
    rollout, lead = factories.make_rollout(waves=1), factories.make_lead()
    agencies = [factories.make_agency(slug) for slug in ("kli", "bre")]
    chief = factories.give_role("sjef@example.org", RoleName.COMMUNICATION_CHIEF, agencies[0])
    factories.give_role(chief, RoleName.COMMUNICATION_CHIEF, agencies[1])
    for agency in agencies:
        placement = factories.place(agency, rollout.waves.get())
        request = requesting.ask_for_date(placement=placement, reason="Flytting.", by=chief, now=NOW)
        requesting.decline_date(request=request, answer="Ikke nå.", by=lead, now=NOW)
    lost, kept = OutgoingEmail.objects.filter(kind="answer", person=chief).order_by("pk")

    inviting.end_role(role=chief.roles.get(agency=agencies[0]), by=lead, now=NOW)

    assert [state_of(lost), state_of(kept)] == [EmailState.WITHDRAWN, EmailState.WAITING]


@pytest.mark.django_db
def test_a_lead_who_gives_up_an_agency_is_still_told_of_it():
    rollout, lead, agency = factories.make_rollout(waves=1), factories.make_lead(), factories.make_agency("kli")
    factories.give_role(lead, RoleName.DEPUTY, agency)
    placement = factories.place(agency, rollout.waves.get())
    requesting.ask_for_date(placement=placement, reason="Flytting.", by=lead, now=NOW)

    inviting.end_role(role=lead.roles.get(agency=agency), by=lead, now=NOW)

    assert state_of(OutgoingEmail.objects.get(kind="request")) == EmailState.WAITING


def state_of(message: OutgoingEmail) -> str:
    return OutgoingEmail.objects.get(pk=message.pk).state
