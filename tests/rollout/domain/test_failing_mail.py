"""What is refused for good: told to the leads once, shown at the person, sent again when it is mended; and the log."""

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.utils import timezone

from agencies.people import forget_sign_in
from rollout import delivery
from rollout.domain import addressing, resending, server_log
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent
from tests.factories import NOW, give_role, make_agency, make_lead, make_person, make_rollout
from tests.mail_server import serving
from tests.rollout.test_delivery import RefusesRecipients, use, write

pytestmark = pytest.mark.django_db

NO_SUCH = "550 5.1.1 no such mailbox"


@pytest.fixture
def head():
    return give_role("leder.kli@example.org", "agency_head", make_agency("kli", name="Klimaetaten"))


@pytest.fixture
def refused(settings, head):
    """A message to the head, whose address the server refuses. The leads' mail gets through."""
    rollout, lead = make_rollout(), make_lead()
    (message,) = write(1, rollout=rollout, to_address=head.email, subject="status:1")
    with serving(RefusesRecipients({head.email: NO_SUCH})) as server:
        use(server, settings)
        delivery.deliver_waiting(now=NOW)
        message.refresh_from_db()
        head.refresh_from_db()
        yield message
    assert set(server.recipients) <= {lead.email}


def test_a_refused_address_is_shown_at_the_person_and_the_leads_are_told_once(refused, head):
    delivery.deliver_waiting(now=NOW)

    assert refused.state == EmailState.FAILED
    assert (head.mail_refused_at, NO_SUCH[4:] in head.mail_refusal) == (NOW, True)
    notice = OutgoingEmail.objects.get(kind=EmailKind.DELIVERY_FAILED)
    assert (notice.person, notice.state) == (make_lead(), EmailState.SENT)
    assert head.email in notice.headline
    assert "no such mailbox" in notice.text
    assert "Klimaetaten" in notice.text


def test_nothing_more_is_sent_to_a_refused_address(refused, head):
    (more,) = write(1, rollout=refused.rollout, to_address=head.email, subject="status:2")

    assert delivery.deliver_waiting() == {}

    more.refresh_from_db()
    assert (more.state, more.attempts) == (EmailState.WAITING, 0)


def test_what_waits_goes_to_the_corrected_address(refused, head, settings):
    (more,) = write(1, rollout=refused.rollout, to_address=head.email, subject="status:2")

    addressing.correct(person=head, email="ny.leder.kli@example.org", rollout=more.rollout, by=make_lead(), now=NOW)

    with serving() as server:
        use(server, settings)
        delivery.deliver_waiting()
    assert server.recipients == {"ny.leder.kli@example.org": 1}
    event = PlanEvent.objects.get(kind=EventKind.ADDRESS_CORRECTED)
    assert event.after == {"person": head.pk}


def test_an_address_that_works_again_is_tried_again(refused, head, settings):
    (more,) = write(1, rollout=refused.rollout, to_address=head.email, subject="status:2")

    addressing.try_again(person=head, rollout=more.rollout, by=make_lead(), now=NOW)

    with serving() as server:
        use(server, settings)
        delivery.deliver_waiting()
    assert server.accepted == {more.message_id: 1}


@pytest.mark.parametrize(
    "email", ["ikke en adresse", "leder@blåbær.no", "leder.kli@example.org", "prosjektleder@example.org"]
)
def test_an_address_that_is_none_the_same_or_somebody_elses_is_refused(refused, head, email):
    with pytest.raises(Refused):
        addressing.correct(person=head, email=email, rollout=refused.rollout, by=make_lead(), now=NOW)


def test_with_a_new_address_nobody_gets_past_a_key(refused, head):
    """A lead's stolen session would else make itself an account for good: keys are taken away by the operator alone."""
    Authenticator.objects.create(user=head, type=Authenticator.Type.TOTP, data={})
    with pytest.raises(Refused, match="nullstille innloggingen"):
        addressing.correct(person=head, email="ny@example.org", rollout=refused.rollout, by=make_lead(), now=NOW)
    assert Authenticator.objects.filter(user=head).exists()

    forget_sign_in(head)
    addressing.correct(person=head, email="ny@example.org", rollout=refused.rollout, by=make_lead(), now=NOW)


def test_a_refused_relay_is_not_the_addresss_fault(settings, head):
    make_lead()
    (message,) = write(1, to_address=head.email)
    with serving(RefusesRecipients({head.email: "550 5.7.1 relaying denied"})) as server:
        use(server, settings)
        delivery.deliver_waiting()

    message.refresh_from_db()
    head.refresh_from_db()
    assert message.state == EmailState.FAILED
    assert head.mail_refused_at is None


def test_a_notice_that_fails_itself_is_not_told_of(settings, head):
    lead = make_lead()
    write(1, to_address=head.email)
    with serving(RefusesRecipients({head.email: NO_SUCH, lead.email: NO_SUCH})) as server:
        use(server, settings)
        delivery.deliver_waiting()
        delivery.deliver_waiting()

    assert list(OutgoingEmail.objects.filter(kind=EmailKind.DELIVERY_FAILED).values_list("state", flat=True)) == [
        EmailState.FAILED
    ]


# Sending again


def resend(message):
    return resending.resend(message=message, reason="Adressen er rettet.", by=make_lead(), now=NOW)


def test_a_message_is_sent_again_as_a_new_row_that_names_the_old_one(refused, head, settings):
    with pytest.raises(Refused):
        resend(refused)  # the address is still refused
    addressing.correct(person=head, email="ny.leder.kli@example.org", rollout=refused.rollout, by=make_lead(), now=NOW)
    refused.kind = EmailKind.WEEKLY_STATUS
    refused.save()

    again = resend(refused)

    assert again.resends == refused
    assert again.message_id != refused.message_id
    assert (again.to_address, again.text) == ("ny.leder.kli@example.org", refused.text)
    assert PlanEvent.objects.get(kind=EventKind.MESSAGE_RESENT).reason == "Adressen er rettet."
    with pytest.raises(Refused):
        resend(refused)


@pytest.mark.parametrize("state", [EmailState.WAITING, EmailState.UNKNOWN, EmailState.WITHDRAWN])
def test_what_has_not_ended_or_is_withdrawn_is_not_sent_again(state, head):
    (message,) = write(1, to_address=head.email, state=state, settled_at=NOW)

    with pytest.raises(Refused):
        resend(message)


def test_who_has_no_role_any_more_is_not_sent_it_again():
    (message,) = write(1, to_address=make_person("borte@example.org").email, state=EmailState.SENT, settled_at=NOW)

    with pytest.raises(Refused):
        resend(message)


# The server's log

POSTFIX = """\
Nov 24 09:59:00 mx postfix/smtpd[1]: connect from app
Nov 24 10:00:01 mx postfix/cleanup[2]: 4Fx1: message-id=<taken@example.org>
Nov 24 10:00:01 mx postfix/qmgr[3]: 4Fx1: from=<plan@example.org>, size=900, nrcpt=1 (queue active)
Nov 24 10:00:02 mx postfix/cleanup[2]: 4Fx2: message-id=<cut.off@example.org>
Nov 24 10:00:02 mx postfix/smtpd[1]: lost connection after DATA (450 bytes) from app
Nov 24 10:05:00 mx postfix/smtpd[1]: disconnect from app
"""
EXIM = "2026-11-24 10:00:01 1abc-0001 <= plan@example.org H=app P=esmtp S=900 id=taken@example.org\n"


@pytest.mark.parametrize("text", [POSTFIX, EXIM, "<taken@example.org>\n"])
def test_each_kind_of_log_tells_what_was_taken_and_no_more(text):
    log = server_log.read(text.splitlines(), real_now=timezone.now())

    assert "<taken@example.org>" in log.accepted
    assert "<cut.off@example.org>" not in log.accepted


def unknown(message_id, data_at, **fields):
    return write(1, state=EmailState.UNKNOWN, message_id=message_id, data_at=data_at, **fields)[0]


def settle(path, text, *options):
    path.write_text(text)
    call_command("settle_mail", "--log", str(path), "--by", make_lead().email, *options)


def test_one_command_settles_what_the_log_covers_and_leaves_the_rest(tmp_path):
    rollout = make_rollout()
    year = timezone.now().year
    at = dt.datetime(year, 11, 24, 10, 0, 2, tzinfo=dt.UTC)
    stamped = POSTFIX.replace("Nov 24 ", f"{year}-11-24T").replace(" mx", "Z mx")
    taken = unknown("<taken@example.org>", at, rollout=rollout)
    lost = unknown("<cut.off@example.org>", at, rollout=rollout)
    later = unknown("<later@example.org>", at + dt.timedelta(hours=1), rollout=rollout)

    settle(tmp_path / "log", stamped, "--rest-not-sent")

    ends = dict(OutgoingEmail.objects.values_list("message_id", "state"))
    assert ends == {
        taken.message_id: EmailState.SENT,
        lost.message_id: EmailState.WAITING,
        later.message_id: EmailState.UNKNOWN,
    }
    assert PlanEvent.objects.filter(kind=EventKind.MESSAGE_SETTLED).count() == 2


def test_without_being_told_so_the_log_says_nothing_of_those_it_does_not_name(tmp_path):
    message = unknown("<cut.off@example.org>", timezone.now())

    settle(tmp_path / "log", "<taken@example.org>\n")

    message.refresh_from_db()
    assert message.state == EmailState.UNKNOWN


def test_a_list_without_times_settles_the_rest_only_with_its_span_given(tmp_path, capsys):
    unknown("<cut.off@example.org>", timezone.now())

    with pytest.raises(SystemExit):
        settle(tmp_path / "log", "<taken@example.org>\n", "--rest-not-sent")

    assert "--since" in capsys.readouterr().err
