"""Each way an attempt to send can end, against a real SMTP server."""

import asyncio
import datetime as dt
import uuid

import pytest
from django.utils import timezone

from agencies.models import RoleName
from rollout import delivery
from rollout.models import EmailKind, EmailState, OutgoingEmail
from tests.factories import at, give_role, make_person, make_rollout
from tests.mail_server import MailServer, serving

pytestmark = pytest.mark.django_db

WRITTEN = at("2018-02-07 08:00")


@pytest.fixture
def server(settings):
    """What a test gives it decides how the server behaves; see `using`."""
    with serving() as running:
        use(running, settings)
        yield running


def use(server, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5


def write(count=1, *, rollout=None, **fields):
    """`count` waiting messages, each to a person of its own, who has a role."""
    rollout = rollout or make_rollout()
    written = []
    for _number in range(count):
        person = make_person(fields.get("to_address", ""))
        if not person.roles.exists():
            give_role(person, RoleName.READER)
        values = {
            "kind": EmailKind.LEADERS_OPEN,
            "subject": "wave:1:leaders",
            "occurrence": "event:1",
            "to_address": person.email,
            "headline": "Klimaetaten: Workplace er åpnet",
            "text": "Hei!\n.\n.Dette står på en linje som begynner med punktum.\nÆrlig talt.\n",
            "html": "<p>Hei, æøå!</p>",
            "message_id": f"<{uuid.uuid4()}@example.org>",
            "written_at": WRITTEN,
            "not_before": timezone.now(),
        }
        written.append(OutgoingEmail.objects.create(rollout=rollout, person=person, **values | fields))
    return written


def states():
    return list(OutgoingEmail.objects.order_by("id").values_list("state", flat=True))


def test_waiting_messages_are_sent_over_one_connection(server):
    messages = write(3)

    ended = delivery.deliver_waiting()

    assert ended == {EmailState.SENT: 3}
    assert states() == [EmailState.SENT] * 3
    assert server.accepted == {message.message_id: 1 for message in messages}
    assert server.connections == 1


def test_a_sent_message_is_not_sent_again(server):
    write(1)
    delivery.deliver_waiting()

    assert delivery.deliver_waiting() == {}
    assert len(server.mails) == 1


def test_the_mail_says_who_when_and_that_it_is_automatic(server, settings):
    settings.DEFAULT_FROM_EMAIL = "Puljeplan <plan@oslo.example>"
    (message,) = write(rollout=make_rollout(contact_email="spor.oss@oslo.example"), in_reply_to="<first@oslo.example>")

    delivery.deliver_waiting()

    (mail,) = server.mails
    assert mail["From"] == "Puljeplan <plan@oslo.example>"
    assert mail["To"] == message.to_address
    assert mail["Reply-To"] == "spor.oss@oslo.example"
    assert mail["Subject"] == "Klimaetaten: Workplace er åpnet"
    assert mail["Date"].datetime == WRITTEN
    assert mail["Message-ID"] == message.message_id
    assert mail["In-Reply-To"] == mail["References"] == "<first@oslo.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_text_and_html_arrive_as_written(server):
    (message,) = write()

    delivery.deliver_waiting()

    (mail,) = server.mails
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == message.text
    assert mail.get_body(("html",)).get_content().strip() == message.html


class RefusesRecipients(MailServer):
    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    async def on_rcpt(self, server, address):
        return self.answers.get(address)


def test_a_refused_recipient_fails_with_the_reason_and_blocks_nobody(settings):
    bad, *good = write(3)
    with serving(RefusesRecipients({bad.to_address: "550 5.1.1 no such mailbox"})) as server:
        use(server, settings)
        delivery.deliver_waiting()

    assert states() == [EmailState.FAILED, EmailState.SENT, EmailState.SENT]
    bad.refresh_from_db()
    assert "550" in bad.last_error
    assert "no such mailbox" in bad.last_error
    assert server.accepted == {message.message_id: 1 for message in good}


def test_a_passing_refusal_waits_longer_for_each_attempt(settings):
    (message,) = write(1, attempts=4)
    with serving(RefusesRecipients({message.to_address: "451 4.7.1 try again later"})) as server:
        use(server, settings)
        before = timezone.now()
        delivery.deliver_waiting()

    message.refresh_from_db()
    assert message.state == EmailState.WAITING
    assert message.attempts == 5
    assert "451" in message.last_error
    longer = 10 * 2**4 * dt.timedelta(seconds=1)
    assert longer * 0.75 <= message.not_before - before <= longer * 1.25 + dt.timedelta(seconds=30)


def test_a_message_put_off_is_not_tried_before_its_time(server):
    write(1, not_before=timezone.now() + dt.timedelta(minutes=1))

    assert delivery.deliver_waiting() == {}
    assert states() == [EmailState.WAITING]


@pytest.mark.parametrize(
    "address", ["ikke en adresse", "nordgård@example.org", "x@example.org\r\nBcc: y@example.org", ""]
)
def test_an_address_that_cannot_be_written_fails_and_blocks_nobody(server, address):
    rollout = make_rollout()
    write(1, rollout=rollout)
    OutgoingEmail.objects.update(to_address=address)
    (good,) = write(1, rollout=rollout)

    delivery.deliver_waiting()

    assert OutgoingEmail.objects.exclude(pk=good.pk).get().state in (EmailState.FAILED, EmailState.SENT)
    assert set(server.accepted) >= {good.message_id}
    assert all("Bcc" not in mail for mail in server.mails)


class AnswersData(MailServer):
    """Gives one answer to every message, or does what `answer` does."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    async def on_data(self, server, mail):
        return await self.answer(server) if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("554 5.7.1 refused as spam", EmailState.FAILED),
        ("452 4.3.1 disk full", EmailState.WAITING),
        ("250 2.0.0 queued as 42", EmailState.SENT),
    ],
)
def test_the_servers_answer_to_the_message_decides(settings, answer, state):
    write(1)
    with serving(AnswersData(answer)) as server:
        use(server, settings)
        delivery.deliver_waiting()

    assert states() == [state]


async def hang_up(server):
    server.transport.close()


async def never_answer(server):
    await asyncio.Event().wait()


@pytest.mark.parametrize("misbehaviour", [hang_up, never_answer])
def test_cut_off_while_the_server_may_have_taken_it_a_message_is_unknown_and_never_sent_again(settings, misbehaviour):
    (message,) = write(1)
    with serving(AnswersData(misbehaviour)) as server:
        use(server, settings)
        settings.EMAIL_TIMEOUT = 0.5
        delivery.deliver_waiting()
    with serving() as healthy:
        use(healthy, settings)
        assert delivery.deliver_waiting() == {}

    message.refresh_from_db()
    assert message.state == EmailState.UNKNOWN
    assert message.last_error
    assert healthy.mails == []


class HangsUpBeforeData(MailServer):
    async def on_rcpt(self, server, address):
        server.transport.close()


def test_cut_off_before_the_message_was_offered_it_waits(settings):
    write(1)
    with serving(HangsUpBeforeData()) as server:
        use(server, settings)
        delivery.deliver_waiting()

    assert states() == [EmailState.WAITING]


def test_a_server_that_always_hangs_up_is_soon_left_alone(settings):
    write(6)
    with serving(AnswersData(hang_up)) as server:
        use(server, settings)
        delivery.deliver_waiting()

    assert states() == [EmailState.UNKNOWN] * 3 + [EmailState.WAITING] * 3


def test_an_unreachable_server_makes_everything_wait(settings):
    with serving() as gone:
        pass
    write(2)
    use(gone, settings)

    ended = delivery.deliver_waiting()

    assert ended == {EmailState.WAITING: 2}
    for message in OutgoingEmail.objects.all():
        assert message.state == EmailState.WAITING
        assert message.not_before > timezone.now()
        assert message.attempts == 1
        assert "refused" in message.last_error


def test_no_more_than_the_limit_is_sent_in_a_run(server):
    write(3)

    delivery.deliver_waiting(limit=2)

    assert states() == [EmailState.SENT, EmailState.SENT, EmailState.WAITING]


def test_a_correction_leaves_after_what_it_corrects(server):
    (original,) = write(1, not_before=timezone.now() + dt.timedelta(minutes=1))
    fields = {"rollout": original.rollout, "in_reply_to": original.message_id, "to_address": original.to_address}
    write(1, kind=EmailKind.DATE_CHANGED, occurrence="event:2", **fields)
    write(1, kind=EmailKind.DATE_CHANGED, occurrence="event:3", **fields)

    assert delivery.deliver_waiting() == {}

    OutgoingEmail.objects.filter(pk=original.pk).update(not_before=timezone.now())
    delivery.deliver_waiting()
    assert [mail["In-Reply-To"] for mail in server.mails] == [None, original.message_id, original.message_id]
