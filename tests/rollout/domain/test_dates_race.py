"""Two leads who set dates at once: only what was seen is done, and each guard's test fails without the guard."""

import datetime as dt
from functools import partial

import pytest

from rollout.domain import effects, scheduling, shifting
from rollout.models import PlanEvent, Rollout
from tests.factories import NOW, make_lead
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LEADERS, ALL_STAFF = "leaders_on", "all_staff_on"


def setting(rollout, number, leaders_on, all_staff_on, *, by, carry_on=False):
    """A lead who has seen what the dates will do, and now sets them."""
    wave = rollout.waves.get(number=number)
    asked = {LEADERS: leaders_on, ALL_STAFF: all_staff_on, "carry_on": carry_on}
    seen = shifting.marks(effects.of_dates(wave=wave, **asked, now=NOW).planned)
    lead = make_lead(f"{by}@example.org")
    return partial(scheduling.set_dates, wave=wave, **asked, seen=seen, by=lead, now=NOW)


@pytest.fixture
def same_wave(rollout):
    return [
        setting(rollout, 2, dt.date(2018, 4, 5), dt.date(2018, 4, 18), by="kari"),
        setting(rollout, 2, dt.date(2018, 4, 6), dt.date(2018, 4, 19), by="ola"),
    ]


@pytest.fixture
def carried_and_own(rollout):
    """One carries wave 2's dates on to wave 3, the other sets wave 3's."""
    return [
        setting(rollout, 2, dt.date(2018, 4, 11), dt.date(2018, 4, 24), by="kari", carry_on=True),
        setting(rollout, 3, dt.date(2018, 4, 27), dt.date(2018, 5, 8), by="ola"),
    ]


def test_of_two_leads_who_set_dates_of_one_wave_one_lands_and_the_other_is_told_who_was_first(rollout, same_wave):
    outcomes = at_once(*same_wave)

    assert sorted(outcome for outcome, _words in outcomes) == ["Refused", "done"]
    (told,) = (words for outcome, words in outcomes if outcome == "Refused")
    first = "kari" if outcomes[0][0] == "done" else "ola"
    assert told.startswith(f"Pulje 2 er endret siden du så virkningen: «Datoer satt» av {first}@example.org 1. feb.")
    assert PlanEvent.objects.count() == 1


def test_control_without_looking_at_what_was_seen_the_second_overwrites_the_first(same_wave, monkeypatch):
    monkeypatch.setattr(scheduling, "_refuse_unseen", lambda *seen: None)
    assert count(at_once(*same_wave), "done") == 2


def test_a_wave_that_another_has_moved_is_not_carried_on_unseen(rollout, carried_and_own):
    outcomes = at_once(*carried_and_own)

    assert sorted(outcome for outcome, _words in outcomes) == ["Refused", "done"]
    (told,) = (words for outcome, words in outcomes if outcome == "Refused")
    assert "Pulje 3 er endret siden du så virkningen" in told
    changes = {event.change for event in PlanEvent.objects.all()}
    assert len(changes) == 1, "nothing of the refused one is done"


def test_control_without_the_plans_lock_both_move_it(carried_and_own, monkeypatch):
    monkeypatch.setattr(scheduling, "lock_plan", lambda rollout_id: Rollout.objects.get(pk=rollout_id))
    monkeypatch.setattr(scheduling, "planned_shifts", meeting_after(shifting.planned_shifts, parties=2))
    assert count(at_once(*carried_and_own), "done") == 2
