"""Four processes open one wave at once, twice each: one opening, one set of messages. And what the guards are for."""

from collections import Counter

import pytest
from django.core.management import call_command

from rollout.domain import licensing, opening
from rollout.models import EmailKind, EventKind, OutgoingEmail, PlanEvent, Wave, WaveState
from rollout.models.waves import WaveQuerySet
from tests.factories import (
    NOW,
    at,
    give_go,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    make_wave,
    place,
    set_clock,
)
from tests.races import at_once, count

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PROCESSES = 4
OPENING, ALL_STAFF = "2018-02-07T08:00:00+01:00", "2018-02-27T08:00:00+01:00"


@pytest.fixture
def wave(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    lead = make_lead()
    wave = make_wave(make_rollout(), 1)
    for slug in ("bre", "kli", "vav"):
        agency = make_agency(slug)
        make_people(agency)
        make_ready(place(agency, wave))
    place(make_agency("oby"), wave)  # not ready: it is deferred, once
    give_go(wave, by=lead)
    return wave


def open_twice(moment):
    def run():
        for _time in range(2):
            call_command("open_due_waves", at=moment)

    return run


def opened_by_all(moment):
    outcomes = at_once(*[open_twice(moment)] * PROCESSES)
    assert count(outcomes, "done") == PROCESSES, outcomes


def most_mail_to_one(kind):
    return max(Counter(OutgoingEmail.objects.filter(kind=kind).values_list("person", flat=True)).values())


def test_a_wave_opens_once_and_each_person_is_told_once(wave):
    opened_by_all(OPENING)
    opened_by_all(ALL_STAFF)

    wave.refresh_from_db()
    assert wave.state == WaveState.ALL_OPEN
    for kind in (EventKind.LEADERS_OPENED, EventKind.ALL_STAFF_OPENED, EventKind.DEFERRED):
        assert PlanEvent.objects.filter(kind=kind).count() == 1
    for kind in (EmailKind.LEADERS_OPEN, EmailKind.ALL_STAFF_OPEN):
        assert OutgoingEmail.objects.filter(kind=kind).count() == 3 * 5  # head, chief and three key people of each
        assert most_mail_to_one(kind) == 1


def test_a_date_without_a_decision_is_told_once(wave):
    wave.plan_version += 1  # as a moved date does: the go is void
    wave.save()

    opened_by_all(OPENING)

    assert OutgoingEmail.objects.filter(kind=EmailKind.NO_DECISION).count() == 1


def test_control_without_lock_and_claim_everybody_is_told_again(wave, monkeypatch):
    judgement = opening._judge(wave, wave.next_step, now=at("2018-02-07 08:00"))
    update = WaveQuerySet.update
    monkeypatch.setattr(opening, "lock_plan", lambda rollout_id: None)
    monkeypatch.setattr(opening, "lock_wave", lambda wave_id: wave)
    monkeypatch.setattr(WaveQuerySet, "update", lambda self, **changes: update(self, **changes) or 1)
    monkeypatch.setattr(opening, "_judge", lambda *args, **kwargs: judgement)
    monkeypatch.setattr(opening, "_defer", lambda *args, **kwargs: None)
    monkeypatch.setattr(licensing, "reserve", lambda **kwargs: True)
    monkeypatch.setattr(Wave, "refresh_from_db", lambda self: None)

    at_once(*[lambda: opening.open_step(wave_id=wave.pk, now=at("2018-02-07 08:00"))] * PROCESSES)

    assert most_mail_to_one(EmailKind.LEADERS_OPEN) > 1
