"""A moved date: what is not sent is withdrawn and written anew at once, what is sent is corrected when a lead announces
it (rule 10); and settling."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from agencies.models import RoleName
from rollout import emails
from rollout.domain import announcing, opening, scheduling, settling
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent
from tests.factories import (
    NOW,
    at,
    give_go,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    make_wave,
    place,
)

pytestmark = pytest.mark.django_db

OPENING = at("2018-02-07 08:00")
HEAD = "leder.kli@example.org"


@pytest.fixture
def wave():
    """Wave 1, open for leaders, its one message waiting."""
    lead = make_lead()
    wave = make_wave(make_rollout(), 1)
    agency = make_agency("kli", name="Klimaetaten", employees=37)
    give_role(HEAD, RoleName.AGENCY_HEAD, agency)
    make_ready(place(agency, wave))
    give_go(wave, by=lead)
    opening.open_due(now=OPENING)
    wave.refresh_from_db()
    return wave


def set_state(message, state):
    claim = uuid.uuid4() if state == EmailState.CLAIMED else None
    settled_at = timezone.now() if state == EmailState.SENT else None
    OutgoingEmail.objects.filter(pk=message.pk).update(
        state=state,
        claim=claim,
        claimed_at=timezone.now(),
        data_at=None if state == EmailState.WAITING else timezone.now(),
        settled_at=settled_at,
    )


def move_all_staff(wave, day, *, now="2018-02-12 10:00"):
    return scheduling.set_dates(
        wave=wave,
        leaders_on=wave.leaders_on,
        all_staff_on=dt.date.fromisoformat(day),
        by=make_lead(),
        now=at(now),
        reason="Feil i lisensfilen.",
    )


def announce(wave, *, now="2018-02-12 10:30", note=""):
    seen = emails.announcing.gathered(wave.rollout).mark
    return announcing.announce(rollout=wave.rollout, seen=seen, note=note, by=make_lead(), now=at(now))


def nothing_to_announce(wave):
    return not emails.announcing.gathered(wave.rollout).notices


def messages():
    return [(message.kind, message.state) for message in OutgoingEmail.objects.order_by("id")]


def test_a_message_not_sent_is_withdrawn_and_written_anew_with_the_new_date(wave):
    (first,) = OutgoingEmail.objects.all()

    move_all_staff(wave, "2018-03-06")

    assert messages() == [
        (EmailKind.LEADERS_OPEN, EmailState.WITHDRAWN),
        (EmailKind.LEADERS_OPEN, EmailState.WAITING),
    ]
    anew = OutgoingEmail.objects.get(state=EmailState.WAITING)
    event = PlanEvent.objects.get(kind=EventKind.DATES_SET)
    assert anew.occurrence == f"event:{event.pk}"
    assert anew.message_id != first.message_id
    for body in (anew.text, anew.html):
        assert "tirsdag 6. mars 2018" in body
        assert "27. februar" not in body
        assert "nsdag 7. februar 2018" in body  # when it opened


@pytest.mark.parametrize("state", [EmailState.SENT, EmailState.CLAIMED, EmailState.UNKNOWN])
def test_a_message_that_was_sent_or_may_have_been_is_corrected_in_its_thread(wave, state):
    (first,) = OutgoingEmail.objects.all()
    set_state(first, state)

    move_all_staff(wave, "2018-03-06")
    assert messages() == [(EmailKind.LEADERS_OPEN, state)], "not before a lead announces it"
    announce(wave)

    assert messages() == [(EmailKind.LEADERS_OPEN, state), (EmailKind.DATE_CHANGED, EmailState.WAITING)]
    correction = OutgoingEmail.objects.get(kind=EmailKind.DATE_CHANGED)
    assert correction.in_reply_to == first.message_id
    assert correction.to_address == HEAD
    assert correction.headline == "Ny dato: Workplace åpner for alle 6. mars 2018 (Klimaetaten)"
    for body in (correction.text, correction.html):
        assert "irsdag 6. mars 2018" in body
        assert "irsdag 27. februar 2018" in body


def test_a_failed_message_is_not_corrected(wave):
    OutgoingEmail.objects.update(state=EmailState.FAILED, settled_at=timezone.now())

    move_all_staff(wave, "2018-03-06")

    assert nothing_to_announce(wave)
    assert messages() == [(EmailKind.LEADERS_OPEN, EmailState.FAILED)]


def test_a_correction_not_sent_is_withdrawn_at_once_and_announced_anew_from_the_date_last_told(wave):
    set_state(OutgoingEmail.objects.get(), EmailState.SENT)
    wave = move_all_staff(wave, "2018-03-06")
    announce(wave)

    move_all_staff(wave, "2018-03-13")
    assert messages()[1:] == [(EmailKind.DATE_CHANGED, EmailState.WITHDRAWN)]
    announce(wave)

    assert messages() == [
        (EmailKind.LEADERS_OPEN, EmailState.SENT),
        (EmailKind.DATE_CHANGED, EmailState.WITHDRAWN),
        (EmailKind.DATE_CHANGED, EmailState.WAITING),
    ]
    latest = OutgoingEmail.objects.latest("id")
    assert "13. mars 2018" in latest.text
    assert "27. februar 2018" in latest.text
    assert "6. mars" not in latest.text


def test_a_correction_sent_is_corrected_in_its_turn(wave):
    first = OutgoingEmail.objects.get()
    set_state(first, EmailState.SENT)
    wave = move_all_staff(wave, "2018-03-06")
    announce(wave)
    set_state(OutgoingEmail.objects.latest("id"), EmailState.SENT)

    move_all_staff(wave, "2018-03-13")
    announce(wave)

    latest = OutgoingEmail.objects.latest("id")
    assert latest.in_reply_to == first.message_id
    assert "13. mars 2018" in latest.text
    assert "tirsdag 6. mars 2018" in latest.text


def test_a_date_moved_and_moved_back_before_anything_was_sent_needs_no_correction(wave):
    set_state(OutgoingEmail.objects.get(), EmailState.SENT)
    wave = move_all_staff(wave, "2018-03-06")
    announce(wave)

    move_all_staff(wave, "2018-02-27")

    assert nothing_to_announce(wave)
    assert messages() == [(EmailKind.LEADERS_OPEN, EmailState.SENT), (EmailKind.DATE_CHANGED, EmailState.WITHDRAWN)]


def test_whoever_left_the_role_before_the_mail_was_sent_gets_none(wave):
    OutgoingEmail.objects.get().person.roles.update(until=at("2018-02-10 09:00"))

    move_all_staff(wave, "2018-03-06")

    assert messages() == [(EmailKind.LEADERS_OPEN, EmailState.WITHDRAWN)]


def test_moving_a_wave_that_nobody_was_told_of_writes_nothing():
    wave = make_wave(make_rollout(), 2)

    move_all_staff(wave, "2018-05-02")

    assert messages() == []


def test_a_new_date_withdraws_the_call_for_a_decision_that_was_not_sent():
    lead = make_lead()
    wave = make_wave(make_rollout(), 1)
    opening.open_due(now=OPENING)
    assert messages() == [(EmailKind.NO_DECISION, EmailState.WAITING)]

    scheduling.set_dates(
        wave=wave, leaders_on=dt.date(2018, 2, 14), all_staff_on=wave.all_staff_on, by=lead, now=at("2018-02-07 09:00")
    )

    assert messages() == [(EmailKind.NO_DECISION, EmailState.WITHDRAWN)]


def test_no_decision_is_told_once_for_each_date():
    lead = make_lead()
    wave = make_wave(make_rollout(), 1)
    for moment in ("2018-02-07 08:00", "2018-02-07 08:01", "2018-02-08 08:00"):
        opening.open_due(now=at(moment))
    scheduling.set_dates(
        wave=wave, leaders_on=dt.date(2018, 2, 14), all_staff_on=wave.all_staff_on, by=lead, now=at("2018-02-08 09:00")
    )
    opening.open_due(now=at("2018-02-14 08:00"))

    told = OutgoingEmail.objects.filter(kind=EmailKind.NO_DECISION).order_by("id")
    assert [message.state for message in told] == [EmailState.WITHDRAWN, EmailState.WAITING]
    assert "Onsdag 14. februar 2018" in told[1].text


# Settling


@pytest.fixture
def unknown(wave):
    message = OutgoingEmail.objects.get()
    set_state(message, EmailState.UNKNOWN)
    return message


def settle(message, *, was_sent):
    return settling.settle(message=message, was_sent=was_sent, by=make_lead(), now=NOW)


def test_a_message_that_was_sent_is_settled_as_sent(unknown):
    settled = settle(unknown, was_sent=True)

    assert settled.state == EmailState.SENT
    event = PlanEvent.objects.get(kind=EventKind.MESSAGE_SETTLED)
    assert event.by == make_lead()
    assert event.before == {"state": "unknown"}
    assert event.after == {"message_id": unknown.message_id, "was_sent": True}


def test_a_message_that_was_not_sent_waits_again_under_its_own_message_id(unknown):
    settled = settle(unknown, was_sent=False)

    assert settled.state == EmailState.WAITING
    assert settled.message_id == unknown.message_id
    assert settled.not_before <= timezone.now()
    assert settled.data_at is None


def test_a_message_that_was_not_sent_goes_to_nobody_who_has_no_role_left(unknown):
    OutgoingEmail.objects.filter(pk=unknown.pk).update(told={})
    unknown.person.roles.update(until=NOW)

    assert settle(unknown, was_sent=False).state == EmailState.WITHDRAWN


def test_a_message_that_was_not_sent_is_written_anew_when_its_date_has_moved(wave, unknown):
    move_all_staff(wave, "2018-03-06")

    settle(unknown, was_sent=False)

    assert messages() == [
        (EmailKind.LEADERS_OPEN, EmailState.WITHDRAWN),
        (EmailKind.LEADERS_OPEN, EmailState.WAITING),
    ]
    assert nothing_to_announce(wave)


def test_what_is_written_anew_needs_no_correction_that_still_waits(wave, unknown):
    move_all_staff(wave, "2018-03-06")
    announce(wave)

    settled = settle(unknown, was_sent=False)

    assert settled.state == EmailState.WITHDRAWN
    assert messages() == [
        (EmailKind.LEADERS_OPEN, EmailState.WITHDRAWN),
        (EmailKind.DATE_CHANGED, EmailState.WITHDRAWN),
        (EmailKind.LEADERS_OPEN, EmailState.WAITING),
    ]
    assert "tirsdag 6. mars 2018" in OutgoingEmail.objects.latest("id").text


def test_a_correction_that_was_not_sent_gives_way_to_the_one_after_it(wave):
    """Else the reader would be told of the old date after the new one."""
    set_state(OutgoingEmail.objects.get(), EmailState.SENT)
    wave = move_all_staff(wave, "2018-03-06")
    announce(wave)
    cut_off = OutgoingEmail.objects.latest("id")
    set_state(cut_off, EmailState.UNKNOWN)
    move_all_staff(wave, "2018-03-13")
    announce(wave)
    set_state(OutgoingEmail.objects.latest("id"), EmailState.SENT)

    settle(cut_off, was_sent=False)

    assert messages() == [
        (EmailKind.LEADERS_OPEN, EmailState.SENT),
        (EmailKind.DATE_CHANGED, EmailState.WITHDRAWN),
        (EmailKind.DATE_CHANGED, EmailState.SENT),
    ]


@pytest.mark.parametrize("was_sent", [True, False])
def test_only_an_unknown_message_can_be_settled_and_only_once(unknown, was_sent):
    settle(unknown, was_sent=was_sent)

    with pytest.raises(Refused, match="avklart allerede"):
        settle(unknown, was_sent=not was_sent)

    assert PlanEvent.objects.filter(kind=EventKind.MESSAGE_SETTLED).count() == 1


def test_only_those_who_were_told_get_a_correction(wave):
    people = make_people(make_agency("oby"))
    OutgoingEmail.objects.update(state=EmailState.SENT, settled_at=timezone.now())

    move_all_staff(wave, "2018-03-06")
    announce(wave)

    corrected = OutgoingEmail.objects.filter(kind=EmailKind.DATE_CHANGED).values_list("to_address", flat=True)
    assert list(corrected) == [HEAD]
    assert not {person.email for person in people.values()} & set(corrected)
