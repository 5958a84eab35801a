"""All mail held and let go by one switch; a restored backup sends nothing before a lead lets it (rule 10)."""

import pytest
from django.db import connection, connections

from rollout import delivery
from rollout.domain import holding
from rollout.domain.refusals import Refused
from rollout.models import EmailState, EventKind, MailSwitch, OutgoingEmail, PlanEvent
from tests.factories import NOW, make_lead, make_rollout
from tests.mail_server import MailServer, serving
from tests.rollout.test_delivery import states, use, write
from tests.rollout.test_delivery_claims import elsewhere_do

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with serving() as running:
        use(running, settings)
        yield running


@pytest.fixture
def rollout():
    return make_rollout()


def hold(rollout, reason="Feil i lenken."):
    return holding.hold(rollout=rollout, reason=reason, by=make_lead(), now=NOW)


def let_go(rollout):
    return holding.let_go(rollout=rollout, by=make_lead(), now=NOW)


def test_held_mail_waits_and_leaves_when_it_is_let_go(server, rollout):
    (message,) = write(1, rollout=rollout)
    hold(rollout)

    assert delivery.deliver_waiting() == {}
    assert "Feil i lenken." in holding.why_held(rollout)

    let_go(rollout)
    assert delivery.deliver_waiting() == {EmailState.SENT: 1}
    assert server.accepted == {message.message_id: 1}
    assert [event.kind for event in PlanEvent.objects.all()] == [EventKind.MAIL_HELD, EventKind.MAIL_RELEASED]


def test_another_rollouts_mail_is_not_held(server, rollout):
    other = make_rollout(slug="annen")
    write(1, rollout=rollout)
    (theirs,) = write(1, rollout=other)
    hold(rollout)

    delivery.deliver_waiting()

    assert server.accepted == {theirs.message_id: 1}


def test_what_is_held_cannot_be_held_nor_what_goes_let_go(rollout):
    with pytest.raises(Refused):
        let_go(rollout)
    hold(rollout)
    with pytest.raises(Refused):
        hold(rollout)


@pytest.mark.django_db(transaction=True)
def test_a_hold_stops_what_is_claimed_but_not_handed_over(settings, rollout):
    class Holds(MailServer):
        async def on_rcpt(self, server, address):
            await elsewhere_do(MailSwitch.objects.update, held_since=NOW)

    (message,) = write(1, rollout=rollout)
    with serving(Holds()) as server:
        use(server, settings)
        assert delivery.deliver_waiting() == {}

    assert server.mails == []
    message.refresh_from_db()
    assert (message.state, message.attempts) == (EmailState.WAITING, 0)


def test_a_rollout_without_a_switch_sends_nothing(server, rollout):
    MailSwitch.objects.all().delete()
    write(1, rollout=rollout)

    assert delivery.deliver_waiting() == {}
    assert holding.why_held(rollout)
    let_go(rollout)
    assert delivery.deliver_waiting() == {EmailState.SENT: 1}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_copy_of_the_database_holds_all_mail_until_a_lead_lets_it_go(server, rollout):
    write(2, rollout=rollout)
    make_lead()
    original = connection.settings_dict["NAME"]
    copy = f"{original}_copy"
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{original}"')
    try:
        connection.settings_dict["NAME"] = copy
        assert delivery.deliver_waiting() == {}
        assert "gjenopprettet" in holding.why_held(rollout)
        assert server.mails == []

        let_go(rollout)
        assert delivery.deliver_waiting() == {EmailState.SENT: 2}
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')
    # The original knows nothing of it, and was never held.
    assert not holding.why_held(rollout)
    assert states() == [EmailState.WAITING] * 2


@pytest.mark.django_db(transaction=True)
def test_tables_made_anew_in_the_same_database_hold_all_mail(server, rollout):
    write(1, rollout=rollout)
    with connection.cursor() as cursor:  # as `pg_restore --clean` does
        cursor.execute("CREATE TABLE restored (LIKE rollout_mailswitch INCLUDING ALL)")
        cursor.execute("INSERT INTO restored SELECT * FROM rollout_mailswitch")
        cursor.execute("ALTER TABLE rollout_mailswitch RENAME TO original")
        cursor.execute("ALTER TABLE restored RENAME TO rollout_mailswitch")
    try:
        assert delivery.deliver_waiting() == {}
        assert OutgoingEmail.objects.get().state == EmailState.WAITING
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE rollout_mailswitch")
            cursor.execute("ALTER TABLE original RENAME TO rollout_mailswitch")
