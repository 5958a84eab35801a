"""The mail page: who sees it, what it shows, and that only a press settles anything."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import RoleName
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent
from tests.factories import NOW, at, give_role, make_agency, make_lead, make_people, make_rollout

pytestmark = pytest.mark.django_db

MAIL = "/r/workplace-2018/mail/"


@pytest.fixture
def rollout():
    return make_rollout()


def write(rollout, *, state=EmailState.SENT, number=1, **fields):
    person = make_people(make_agency(f"etat{number}"), key_people=0)["head"]
    values = {
        "kind": EmailKind.LEADERS_OPEN,
        "subject": "wave:1:leaders",
        "occurrence": "event:1",
        "to_address": person.email,
        "headline": f"Etat {number}: Workplace er åpnet",
        "text": "Hei fra ren tekst!",
        "html": "<!DOCTYPE html><p style='color:red'>Hei fra HTML!</p>",
        "message_id": f"<{number}@example.org>",
        "written_at": at("2018-02-07 08:00"),
        "not_before": timezone.now(),
        "state": state,
        "claim": uuid.uuid4() if state == EmailState.CLAIMED else None,
        "claimed_at": timezone.now() if state == EmailState.CLAIMED else None,
        "settled_at": timezone.now(),
    }
    return OutgoingEmail.objects.create(rollout=rollout, person=person, **values | fields)


def page(client, address=MAIL):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_short_address_leads_to_the_active_rollout(rollout, as_lead):
    assert as_lead.get("/mail/").headers["Location"] == MAIL


def test_every_message_is_listed_with_its_state_as_icon_and_word(rollout, as_lead):
    for number, state in enumerate(EmailState, start=1):
        write(rollout, state=state, number=number)

    shown = page(as_lead)

    for number, state in enumerate(EmailState, start=1):
        assert f"Etat {number}: Workplace er åpnet" in shown
        row = shown.split(f'<tr data-state="{state}">')[1].split("</tr>")[0]
        assert str(state.label) in row
        assert "<svg" in row
        assert f"leder.etat{number}@example.org" in row


def test_messages_of_another_rollout_are_not_here(rollout, as_lead):
    other = make_rollout(slug="annen", name="Annen")
    theirs = write(other)

    assert "Etat 1" not in page(as_lead)
    assert as_lead.get(f"{MAIL}{theirs.pk}/").status_code == 404
    assert as_lead.get(f"{MAIL}{theirs.pk}/html/").status_code == 404
    assert as_lead.post(f"{MAIL}{theirs.pk}/settle/", {"answer": "sent"}).status_code == 404


def test_a_state_can_be_picked_out(rollout, as_lead):
    write(rollout, state=EmailState.SENT, number=1)
    write(rollout, state=EmailState.FAILED, number=2)

    shown = page(as_lead, f"{MAIL}?state=failed")

    assert "Etat 2" in shown
    assert "Etat 1:" not in shown


def test_a_message_is_found_by_who_got_it_and_by_its_subject_within_a_state(rollout, as_lead):
    sent, failed = (write(rollout, state=state, number=n) for n, state in ((1, "sent"), (2, "failed")))
    for wanted, other in ((sent, failed), (failed, sent)):
        shown = page(as_lead, f"{MAIL}?q={wanted.to_address.upper()}")
        assert wanted.headline in shown and other.headline not in shown
    assert failed.headline in page(as_lead, f"{MAIL}?q=etat+2")
    assert "Ingen meldinger passer til «etat 1»" in page(as_lead, f"{MAIL}?q=etat+1&state=failed")


@pytest.mark.parametrize(
    "query", ["?q=%00", "?q=" + "x" * 5000, "?state=tull", "?page=tull", "?page=99", "?state=waiting"]
)
def test_an_odd_filter_is_no_error(rollout, as_lead, query):
    write(rollout)

    page(as_lead, MAIL + query)


def test_no_mail_says_when_there_will_be_some(rollout, as_lead):
    assert "Ingen meldinger er skrevet ennå" in page(as_lead)


def test_the_list_is_read_in_a_number_of_queries_that_does_not_grow(rollout, as_lead, django_assert_num_queries):
    write(rollout, number=1)
    with CaptureQueriesContext(connection) as few:
        page(as_lead)
    for number in range(2, 12):
        write(rollout, number=number, state=EmailState.UNKNOWN)
    with django_assert_num_queries(len(few)):
        page(as_lead)


def test_many_messages_come_in_pages_newest_first(rollout, as_lead):
    for number in range(1, 53):
        write(rollout, number=number)

    first, second = page(as_lead), page(as_lead, f"{MAIL}?page=2")

    assert "Etat 52:" in first
    assert "Etat 2:" not in first
    assert "Etat 2:" in second


def test_a_message_is_shown_as_its_reader_saw_it_in_a_sandboxed_frame(rollout, as_lead):
    message = write(rollout)

    shown = page(as_lead, f"{MAIL}{message.pk}/")

    assert "Hei fra ren tekst!" in shown
    assert "Hei fra HTML!" not in shown
    assert f'<iframe class="ur-frame" sandbox src="{MAIL}{message.pk}/html/"' in shown
    assert "&lt;1@example.org&gt;" in shown


def test_the_frame_may_style_itself_and_nothing_else(rollout, as_lead):
    message = write(rollout)

    response = as_lead.get(f"{MAIL}{message.pk}/html/")

    assert response.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.content.decode() == message.html


def test_a_failure_tells_its_reason(rollout, as_lead):
    message = write(rollout, state=EmailState.FAILED, last_error="E-postserveren svarte 550: no such mailbox")

    assert "550: no such mailbox" in page(as_lead, f"{MAIL}{message.pk}/")


def test_a_correction_and_what_it_corrects_lead_to_each_other(rollout, as_lead):
    first = write(rollout, number=1)
    correction = write(rollout, number=2, kind=EmailKind.DATE_CHANGED, in_reply_to=first.message_id)

    assert f"{MAIL}{correction.pk}/" in page(as_lead, f"{MAIL}{first.pk}/")
    assert f"{MAIL}{first.pk}/" in page(as_lead, f"{MAIL}{correction.pk}/")


def test_an_unknown_message_stands_with_its_message_id_and_two_answers(rollout, as_lead):
    message = write(rollout, state=EmailState.UNKNOWN)

    for shown in (page(as_lead), page(as_lead, f"{MAIL}{message.pk}/")):
        assert "&lt;1@example.org&gt;" in shown
        assert "Den ble sendt" in shown
        assert "Den ble ikke sendt" in shown
        assert f'action="{MAIL}{message.pk}/settle/"' in shown
    assert "Den ble sendt" not in page(as_lead, f"{MAIL}{write(rollout, number=2).pk}/")


@pytest.mark.parametrize(("answer", "state"), [("sent", EmailState.SENT), ("not-sent", EmailState.WAITING)])
def test_one_press_settles_an_unknown_message(rollout, as_lead, answer, state):
    message = write(rollout, state=EmailState.UNKNOWN)

    response = as_lead.post(f"{MAIL}{message.pk}/settle/", {"answer": answer}, follow=True)

    assert "Avklart: meldingen til leder.etat1@example.org" in response.content.decode()
    message.refresh_from_db()
    assert message.state == state
    assert PlanEvent.objects.get(kind=EventKind.MESSAGE_SETTLED).by == make_lead()


def test_a_second_press_is_refused_in_words(rollout, as_lead):
    message = write(rollout, state=EmailState.UNKNOWN)
    as_lead.post(f"{MAIL}{message.pk}/settle/", {"answer": "sent"})

    response = as_lead.post(f"{MAIL}{message.pk}/settle/", {"answer": "not-sent"}, follow=True)

    assert "Meldingen er avklart allerede: sendt." in response.content.decode()
    message.refresh_from_db()
    assert message.state == EmailState.SENT


def test_a_press_without_an_answer_changes_nothing(rollout, as_lead):
    message = write(rollout, state=EmailState.UNKNOWN)

    response = as_lead.post(f"{MAIL}{message.pk}/settle/", {}, follow=True)

    assert "Velg om meldingen ble sendt" in response.content.decode()
    message.refresh_from_db()
    assert message.state == EmailState.UNKNOWN


@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_changes_nothing(rollout, as_lead, method):
    message = write(rollout, state=EmailState.UNKNOWN)
    before = OutgoingEmail.objects.values().get()
    read = getattr(as_lead, method)

    for address in ("", f"{message.pk}/", f"{message.pk}/html/"):
        assert read(MAIL + address).status_code == 200
    assert read(f"{MAIL}{message.pk}/settle/", {"answer": "sent"}).status_code == 405

    assert OutgoingEmail.objects.values().get() == before
    assert not PlanEvent.objects.exists()


@pytest.mark.parametrize("role", [RoleName.SPONSOR, RoleName.READER, RoleName.COMMUNICATION_CHIEF, RoleName.KEY_PERSON])
def test_only_a_lead_sees_the_mail(rollout, client, role):
    message = write(rollout, state=EmailState.UNKNOWN)
    agency = None if role in (RoleName.SPONSOR, RoleName.READER) else make_agency("kli")
    client.force_login(give_role("noen@example.org", role, agency, since=NOW))

    for address in ("", f"{message.pk}/", f"{message.pk}/html/"):
        assert client.get(MAIL + address).status_code == 403
    assert client.post(f"{MAIL}{message.pk}/settle/", {"answer": "sent"}).status_code == 403
    message.refresh_from_db()
    assert message.state == EmailState.UNKNOWN


def test_a_visitor_is_asked_to_sign_in(rollout, client):
    message = write(rollout, state=EmailState.UNKNOWN)

    for address in ("", f"{message.pk}/", f"{message.pk}/html/"):
        assert client.get(MAIL + address).headers["Location"].startswith("/sign-in/")
    assert client.post(f"{MAIL}{message.pk}/settle/", {"answer": "sent"}).headers["Location"].startswith("/sign-in/")
