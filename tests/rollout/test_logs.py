"""What is written down of a request: enough to follow it, and nothing that is secret."""

import io
import json
import logging

import pytest
import sentry_sdk
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from sentry_sdk.transport import Transport

from rollout import delivery, emails, logs
from rollout.models import OutgoingEmail
from tests import factories as make
from tests.mail_server import serving
from tests.rollout.test_delivery import RefusesRecipients, use, write


@pytest.fixture
def lines(monkeypatch):
    """What a production log gets, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    formatter = logs.config(as_json=True, level="INFO")["formatters"]["line"]
    handler.setFormatter(formatter.pop("()")(**formatter))
    loggers = [logging.getLogger(name) for name in ("django_structlog", "rollout", "agencies", "django.request")]
    for logger in loggers:
        logger.addHandler(handler)
        monkeypatch.setattr(logger, "level", logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)


def test_a_request_is_one_line_with_its_id_and_who_asked_but_no_query(client, lines, db):
    make.make_rollout()
    lead = make.make_lead()
    client.force_login(lead)
    client.get("/r/workplace-2018/board/?q=kari.nordmann@example.org")
    (line,) = [line for line in lines() if line["event"] == "request_finished"]
    assert line["request"] == "GET /r/workplace-2018/board/"
    assert line["user_id"] == lead.pk
    assert len(line["request_id"]) == 36
    assert "example.org" not in json.dumps(line)


def test_a_secret_calendar_address_is_not_in_the_log(client, lines, db):
    client.get("/cal/kjempehemmelig.ics")
    assert len(lines()) == 2  # ours, and Django's own of a page that is not there
    assert "kjempehemmelig" not in json.dumps(lines())


def test_an_address_that_an_error_names_is_not_in_the_log(lines):
    """A mail server's refusal and the database's own words name whom it was about; a message keeps its number."""
    log, number = logging.getLogger("rollout.delivery"), "<0b0e2f5c-8c0a-4f0e-9d0a-5a8f3c0e7b11@plan.example.org>"
    log.warning("message %s: failed (%s)", number, "550 5.1.1 <Kari.Nordmann+x@post.example.org>: unknown")
    try:
        raise ValueError("Key (email)=(kari.nordmann@example.org) already exists.")
    except ValueError:
        log.exception("It could not be kept")
    told = json.dumps(lines())
    assert number in told and "already exists" in told
    assert "ordmann" not in told


def test_a_mail_server_that_names_the_recipient_is_not_quoted_with_the_address(lines, db, settings):
    (message,) = write(1, to_address="kari.nordmann@kli.example.org")
    said = "550 5.1.1 <kari.nordmann@kli.example.org>: Recipient address rejected: User unknown"
    with serving(RefusesRecipients({message.to_address: said})) as server:
        use(server, settings)
        delivery.deliver_waiting(now=make.NOW)
    told = json.dumps(lines(), ensure_ascii=False)
    assert "kari" not in told
    assert message.message_id in told  # which looks like an address, and is what one searches the server's log for
    assert "<…@kli.example.org>: Recipient address rejected" in told


def test_a_code_that_could_not_be_sent_is_told_of_without_the_address(client, lines, db, settings):
    make.make_rollout()
    make.give_role("kari.nordmann@kli.example.org", "agency_head", make.make_agency("kli"))
    said = "550 5.1.1 no such mailbox"
    with serving(RefusesRecipients({"kari.nordmann@kli.example.org": said})) as server:
        use(server, settings)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        client.post("/sign-in/", {"email": "kari.nordmann@kli.example.org"})
    told = json.dumps(lines(), ensure_ascii=False)
    assert "could not be sent" in told and "SMTPRecipientsRefused" in told
    assert "kari" not in told


def test_a_message_bears_the_id_of_the_request_that_wrote_it(db):
    rollout, lead = make.make_rollout(), make.make_lead()
    draft = emails.Draft("held", "wave:1", lead, "Holdt tilbake", "Tekst", "<p>Tekst</p>")

    def view(request):
        emails.write([draft], rollout=rollout, occurrence="event:1", now=make.NOW)
        return HttpResponse(structlog.contextvars.get_contextvars()["request_id"])

    response = logs.RequestLog(view)(RequestFactory().post("/"))
    assert OutgoingEmail.objects.get().request_id == response.text


class Kept(Transport):
    """Keeps what would have been sent to Sentry."""

    def __init__(self):
        super().__init__()
        self.envelopes = []

    def capture_envelope(self, envelope):
        self.envelopes.append(envelope)


def test_sentry_is_told_of_an_exception_but_not_of_what_was_typed_or_by_whom():
    kept = Kept()
    # Put together here, since Sentry is told the lines of the source around an exception.
    address, typed = "@".join(("kari.nordmann", "example.org")), " ".join(("hemmelig", "svar"))
    with sentry_sdk.isolation_scope() as scope:
        logs.report_to_sentry("https://key@sentry.example.org/1", site="https://puljeplan.example.org")
        sentry_sdk.get_client().transport = kept
        try:
            scope.set_user({"email": address})
            with structlog.contextvars.bound_contextvars(request_id="r-1"):
                form = {"svar": typed}
                try:
                    raise ValueError("noe gikk galt", len(form), address)
                except ValueError as error:
                    sentry_sdk.capture_exception(error)
        finally:
            sentry_sdk.init()
    (envelope,) = kept.envelopes
    told = json.dumps(envelope.get_event())
    assert "noe gikk galt" in told and "r-1" in told
    assert address not in told and typed not in told


def test_without_a_dsn_nothing_is_set_up():
    logs.report_to_sentry("", site="https://puljeplan.example.org")
    assert not sentry_sdk.get_client().dsn
