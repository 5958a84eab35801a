"""Two leads who announce at once: everybody is told once, and each guard's test fails without the guard."""

from functools import partial

import pytest
from django.utils import timezone

from agencies.models import Role, RoleName
from rollout import emails
from rollout.domain import announcing, placing
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent, Rollout
from tests.factories import NOW, give_go, give_role, make_agency, make_lead, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rollout():
    """Klimaetaten was told of wave 2, and has been moved to wave 3."""
    rollout = make_rollout(waves=3)
    agency = make_agency("kli", name="Klimaetaten")
    give_role("leder.kli@example.org", RoleName.AGENCY_HEAD, agency)
    second, third = rollout.waves.get(number=2), rollout.waves.get(number=3)
    placement = place(agency, second)
    give_go(second)
    emails.write(emails.dates.your_dates(wave=second, now=NOW), rollout=rollout, occurrence="event:1", now=NOW)
    OutgoingEmail.objects.update(state=EmailState.SENT, settled_at=timezone.now())
    placing.move(placement=placement, to=third, by=make_lead(), now=NOW)
    return rollout


@pytest.fixture
def presses(rollout):
    seen = emails.announcing.gathered(rollout).mark
    return [
        partial(announcing.announce, rollout=rollout, seen=seen, by=make_lead(f"{who}@example.org"), now=NOW)
        for who in ("kari", "ola")
    ]


def corrections():
    return OutgoingEmail.objects.filter(kind=EmailKind.DATE_CHANGED).count()


def no_lock(rollout_id):
    return Rollout.objects.get(pk=rollout_id)


def test_two_leads_who_press_at_once_tell_everybody_once(presses):
    outcomes = at_once(*presses)

    assert sorted(outcome for outcome, _words in outcomes) == ["Refused", "done"]
    (told,) = (words for outcome, words in outcomes if outcome == "Refused")
    assert told.startswith("Det er ingenting å kunngjøre. ")
    assert PlanEvent.objects.filter(kind=EventKind.CHANGES_ANNOUNCED).count() == 1
    assert corrections() == 1


def test_the_database_tells_once_even_without_the_plans_lock(presses, monkeypatch):
    monkeypatch.setattr(announcing, "lock_plan", no_lock)
    monkeypatch.setattr(emails.announcing, "gathered", meeting_after(emails.announcing.gathered, parties=2))

    outcomes = at_once(*presses)

    assert sorted(outcome for outcome, _words in outcomes) == ["IntegrityError", "done"]
    assert corrections() == 1


def test_control_without_lock_and_key_they_are_told_twice(presses, monkeypatch):
    monkeypatch.setattr(announcing, "lock_plan", no_lock)
    monkeypatch.setattr(emails.announcing, "gathered", meeting_after(emails.announcing.gathered, parties=2))
    record = announcing.record
    monkeypatch.setattr(announcing, "record", lambda **event: record(**event | {"once": None}))

    assert count(at_once(*presses), "done") == 2
    assert corrections() == 2


def test_a_move_and_a_press_at_once_leave_nobody_with_a_date_that_is_void(rollout, presses):
    """Whichever is first: the message is withdrawn by the move, or refused, or right."""
    placement = rollout.placements.get(agency__slug="kli")
    move = partial(placing.move, placement=placement, to=None, by=make_lead(), now=NOW)

    at_once(presses[0], move)

    for message in OutgoingEmail.objects.filter(state=EmailState.WAITING):
        assert message.told["kli"]["wave"] is None
    told = Role.objects.get(agency__slug="kli").person.emails.exclude(state=EmailState.WITHDRAWN)
    assert [message.kind for message in told] == [EmailKind.YOUR_DATES]
    assert [notice.changes[0].now["wave"] for notice in emails.announcing.gathered(rollout).notices] == [None]
