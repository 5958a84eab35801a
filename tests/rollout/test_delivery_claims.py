"""Claims whose worker is gone: taken over, or unknown."""

# ruff: noqa: F811 (fixtures are asked for by the names they are imported under)

import datetime as dt
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from rollout import delivery
from rollout.delivery import claims
from rollout.domain import inviting
from rollout.models import EmailState, OutgoingEmail
from tests.factories import make_lead
from tests.mail_server import MailServer, serving
from tests.rollout.test_delivery import WRITTEN, AnswersData, server, states, use, write  # noqa: F401

pytestmark = pytest.mark.django_db


# Claims whose worker is gone


def claimed(claim=None, *, claimed_at=None, **fields):
    fields |= {"state": EmailState.CLAIMED, "claim": claim or uuid.uuid4(), "claimed_at": claimed_at or timezone.now()}
    return write(1, **fields)[0]


def test_a_claim_whose_worker_died_in_data_becomes_unknown_at_once(server):
    message = claimed(data_at=timezone.now())

    assert delivery.deliver_waiting() == {EmailState.UNKNOWN: 1}

    message.refresh_from_db()
    assert message.state == EmailState.UNKNOWN
    assert message.claim is None
    assert message.last_error
    assert server.mails == []


def test_a_claim_whose_worker_died_before_data_is_taken_over_at_once(server):
    message = claimed()

    assert delivery.deliver_waiting() == {EmailState.SENT: 1}

    message.refresh_from_db()
    assert message.state == EmailState.SENT
    assert message.takeovers == 1
    assert server.accepted == {message.message_id: 1}


def test_a_message_that_kills_its_workers_is_set_aside_and_blocks_nobody(server):
    lead = make_lead()
    message = claimed(takeovers=claims.MOST_TAKEOVERS - 1)
    (good,) = write(1, rollout=message.rollout)

    delivery.deliver_waiting()

    message.refresh_from_db()
    assert message.state == EmailState.FAILED
    assert "Satt til side" in message.last_error
    assert server.recipients == {good.to_address: 1, lead.email: 1}


def hold(other, claim):
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [claims.lock_number(claim.hex)])


def test_a_claim_whose_worker_lives_is_left_alone(server, elsewhere):
    claim = uuid.uuid4()
    message = claimed(claim)
    hold(elsewhere, claim)

    assert delivery.deliver_waiting() == {}

    message.refresh_from_db()
    assert message.state == EmailState.CLAIMED
    elsewhere.close()
    assert delivery.deliver_waiting() == {EmailState.SENT: 1}


@pytest.mark.parametrize(("data_at", "state"), [(None, EmailState.SENT), (WRITTEN, EmailState.UNKNOWN)])
def test_a_claim_older_than_the_lease_is_given_up_even_if_its_worker_seems_alive(server, elsewhere, data_at, state):
    claim = uuid.uuid4()
    old = timezone.now() - delivery.LEASE - dt.timedelta(seconds=1)
    message = claimed(claim, claimed_at=old, data_at=data_at)
    hold(elsewhere, claim)

    delivery.deliver_waiting()

    message.refresh_from_db()
    assert message.state == state


def test_of_processes_that_die_together_only_one_sends_at_a_time(server, elsewhere):
    write(1)
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [claims.lock_number("worker-1")])

    assert delivery.deliver_waiting(group="worker-1") == {}
    assert delivery.deliver_waiting(group="worker-2") == {EmailState.SENT: 1}


def elsewhere_do(call, *arguments, **fields):
    """To be awaited: on a thread, and a connection, of its own, which is closed after."""

    def run():
        try:
            call(*arguments, **fields)
        finally:
            connection.close()

    return sync_to_async(run)()


def while_in_data(message, then):
    """A server before whose answer `then` happens to the message's row, as by another worker."""

    async def answer(server):
        await elsewhere_do(then, OutgoingEmail.objects.filter(pk=message.pk))

    return AnswersData(answer)


@pytest.mark.django_db(transaction=True)
def test_a_worker_thought_dead_settles_what_became_unknown_by_the_answer_it_heard(settings):
    (message,) = write(1)
    with serving(while_in_data(message, lambda row: row.update(state=EmailState.UNKNOWN, claim=None))) as server:
        use(server, settings)
        delivery.deliver_waiting()

    message.refresh_from_db()
    assert message.state == EmailState.SENT


@pytest.mark.django_db(transaction=True)
def test_a_late_worker_overwrites_nothing_that_others_have_settled_and_sent_again(settings):
    (message,) = write(1)
    again = {"state": EmailState.UNKNOWN, "claim": None, "attempts": 2, "last_error": "den andre"}
    with serving(while_in_data(message, lambda row: row.update(**again))) as server:
        use(server, settings)
        delivery.deliver_waiting()

    message.refresh_from_db()
    assert (message.state, message.last_error) == (EmailState.UNKNOWN, "den andre")


@pytest.mark.django_db(transaction=True)
def test_a_message_withdrawn_after_its_claim_is_not_handed_over(settings):
    first, second = write(2)

    class Withdraws(MailServer):
        async def on_rcpt(self, server, address):
            if address == first.to_address:
                rows = OutgoingEmail.objects.filter(pk=first.pk)
                await elsewhere_do(rows.update, state=EmailState.WITHDRAWN, claim=None, settled_at=WRITTEN)

    with serving(Withdraws()) as server:
        use(server, settings)
        delivery.deliver_waiting()

    assert states() == [EmailState.WITHDRAWN, EmailState.SENT]
    assert server.accepted == {second.message_id: 1}


@pytest.mark.django_db(transaction=True)
def test_what_comes_back_to_who_has_lost_the_last_role_is_not_sent_again(settings):
    """While the server had it, the ending could not withdraw it. The receipt is theirs all the same."""
    (message,) = write(1)
    (receipt,) = write(1, rollout=message.rollout, to_address=message.to_address, kind="sign_receipt")

    def role_ends(row):
        for role in row.get().person.roles.filter(until=None):
            inviting.end_role(role=role, by=None, now=WRITTEN)

    async def answer(server):
        await elsewhere_do(role_ends, OutgoingEmail.objects.filter(pk=message.pk))
        return "452 4.3.1 disk full"

    with serving(AnswersData(answer)) as server:
        use(server, settings)
        delivery.deliver_waiting()

    message.refresh_from_db()
    receipt.refresh_from_db()
    assert (message.state, receipt.state) == (EmailState.WITHDRAWN, EmailState.WAITING)
