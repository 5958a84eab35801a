"""Exactly one rollout is active whatever is chosen at once."""

import multiprocessing
import time
from functools import partial

import pytest
from django.db import connection

from rollout.domain import creating, loading
from rollout.models import EventKind, PlanEvent, Rollout
from tests.factories import NOW, make_lead, make_rollout
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
CONTENDERS = 6
_fork = multiprocessing.get_context("fork")


@pytest.fixture
def choices():
    """One active rollout, and as many leads as there are others, who each want another one."""
    lead = make_lead()
    make_rollout()
    others = [make_rollout(slug=f"nr-{number}", name=f"Nr. {number}") for number in range(CONTENDERS)]
    return [partial(creating.activate, rollout=rollout, by=lead, now=NOW) for rollout in others]


def test_of_many_made_active_at_once_each_lands_after_the_other_and_one_is_active(choices):
    outcomes = at_once(*choices)
    assert count(outcomes, "done") == CONTENDERS
    active = Rollout.objects.get(is_active=True)
    events = PlanEvent.objects.filter(kind=EventKind.ROLLOUT_ACTIVATED, after__is_active=True)
    assert events.count() == CONTENDERS
    assert events.order_by("id").last().rollout == active


def test_control_without_the_lock_the_losers_get_an_error_instead(choices, monkeypatch):
    monkeypatch.setattr(creating, "_one_at_a_time", lambda: None)
    # Everybody has read the same active one before anybody writes.
    monkeypatch.setattr(Rollout.objects, "active", meeting_after(Rollout.objects.active, parties=CONTENDERS))
    outcomes = at_once(*choices)
    assert count(outcomes, "done") < CONTENDERS
    assert count(outcomes, "IntegrityError") > 0
    assert Rollout.objects.filter(is_active=True).count() == 1, "the constraint still holds"


def test_a_rollout_made_active_while_another_is_chosen_waits_for_it(choices):
    made = partial(creating.create_rollout, slug="ny", name="Ny", activate=True, by=None, now=NOW)
    outcomes = at_once(made, *choices)
    assert count(outcomes, "done") == CONTENDERS + 1
    assert Rollout.objects.filter(is_active=True).count() == 1


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def test_a_rollout_made_while_the_reference_rollout_is_written_waits_for_it_and_not_each_for_the_other(monkeypatch):
    make_rollout(slug="first")
    locked, lock_table = _fork.Event(), loading.lock_table

    def until_the_other_waits(model):
        lock_table(model)
        locked.set()
        deadline = time.monotonic() + 30
        while not somebody_waits_for_a_lock():
            assert time.monotonic() < deadline

    def make_another():
        assert locked.wait(30)
        creating.create_rollout(slug="ny", name="Ny", by=None, now=NOW)

    monkeypatch.setattr(loading, "lock_table", until_the_other_waits)
    assert count(at_once(loading.load_reference_rollout, make_another), "done") == 2
