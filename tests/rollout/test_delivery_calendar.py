"""A calendar file that goes with a mail; and a message that the server sends back after its date has moved."""

import datetime as dt

import pytest
from django.utils import timezone
from icalendar import Calendar

from agencies.models import RoleName
from rollout import delivery
from rollout.delivery.claims import Turn
from rollout.delivery.conversation import Outcome
from rollout.delivery.writing import Letter
from rollout.domain import deciding, opening, scheduling
from rollout.models import EmailKind, EmailState, OutgoingEmail, Verdict
from tests.factories import NOW, at, give_role, make_agency, make_lead, make_ready, make_rollout, place
from tests.mail_server import serving

pytestmark = pytest.mark.django_db
HEAD = "leder.kli@example.org"


@pytest.fixture
def wave():
    """Wave 1 with its go, which its one agency is to be told of."""
    rollout = make_rollout(waves=1)
    agency = make_agency("kli", name="Klimaetaten", employees=37)
    give_role(HEAD, RoleName.AGENCY_HEAD, agency)
    wave = rollout.waves.get()
    make_ready(place(agency, wave))
    deciding.decide(wave=wave, verdict=Verdict.GO, reason="Klar.", by=make_lead(), now=NOW)
    return wave


def test_the_dates_arrive_as_text_html_and_a_calendar_file_that_any_program_reads(wave, settings):
    with serving() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        delivery.deliver_waiting()

    (mail,) = server.mails
    assert mail["To"] == HEAD
    assert not mail.defects
    assert mail.get_content_type() == "multipart/mixed"
    assert "onsdag 7. februar 2018" in mail.get_body(("plain",)).get_content()
    assert "Onsdag 7. februar 2018" in mail.get_body(("html",)).get_content()
    (file,) = mail.iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert (file.get_filename(), file.get_param("method")) == ("datoer.ics", "PUBLISH")
    calendar = Calendar.from_ical(file.get_content())
    assert calendar["method"] == "PUBLISH"
    begins = [event.decoded("dtstart") for event in calendar.walk("VEVENT")]
    assert begins == [at("2018-02-07 08:00"), at("2018-02-27 08:00")]
    summaries = [str(event["summary"]) for event in calendar.walk("VEVENT")]
    assert summaries == ["Workplace: Pulje 1 åpner for ledere", "Workplace: Pulje 1 åpner for alle"]


def test_a_mail_without_a_calendar_file_has_no_attachment(wave, settings):
    opening.open_due(now=at("2018-02-07 08:00"))
    with serving() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        delivery.deliver_waiting()

    (mail,) = server.mails
    assert mail.get_content_type() == "multipart/alternative"
    assert list(mail.iter_attachments()) == []


def test_what_the_server_sends_back_after_its_date_has_moved_is_written_anew(wave):
    """While the server had it, the move could not withdraw it."""
    opening.open_due(now=at("2018-02-07 08:00"))
    message = OutgoingEmail.objects.get(kind=EmailKind.LEADERS_OPEN)
    turn, now = Turn(NOW), timezone.now()
    OutgoingEmail.objects.filter(pk=message.pk).update(
        state=EmailState.CLAIMED, claim=turn.claim, claimed_at=now, data_at=now, attempts=1
    )
    wave.refresh_from_db()
    scheduling.set_dates(
        wave=wave,
        leaders_on=wave.leaders_on,
        all_staff_on=dt.date(2018, 3, 6),
        by=make_lead(),
        now=at("2018-02-12 10:00"),
        reason="Feil i lisensfilen.",
    )
    letter = Letter(
        message.pk,
        message.message_id,
        "",
        HEAD,
        message.headline,
        message.text,
        message.html,
        NOW,
        attempts=1,
        reply_to="",
    )

    turn.record(letter, Outcome(EmailState.WAITING, "451 try later"))

    message.refresh_from_db()
    assert message.state == EmailState.WITHDRAWN
    anew = OutgoingEmail.objects.get(kind=EmailKind.LEADERS_OPEN, state=EmailState.WAITING)
    assert "6. mars 2018" in anew.text
    assert "27. februar" not in anew.text
    assert anew.message_id != message.message_id
