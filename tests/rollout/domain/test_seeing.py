"""How far a person has read: their own mark, which only rises."""

import pytest

from rollout.domain import seeing
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, LastSeen, PlanEvent
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def rollout():
    return make.make_rollout()


@pytest.fixture
def events(rollout):
    return [record(rollout=rollout, kind=EventKind.POOL_SET, by=None, at=NOW).pk for _ in range(3)]


def mark(rollout, person, event_id):
    seeing.mark_seen(person=person, rollout=rollout, event_id=event_id, now=NOW)
    return seeing.seen_until(person=person, rollout=rollout)


def test_a_mark_rises_and_never_falls(rollout, events):
    lead = make.make_lead()
    assert seeing.seen_until(person=lead, rollout=rollout) is None
    assert mark(rollout, lead, events[1]) == events[1]
    assert mark(rollout, lead, events[0]) == events[1]
    assert mark(rollout, lead, events[2]) == events[2]
    assert LastSeen.objects.count() == 1


def test_each_has_a_mark_of_their_own_in_each_plan(rollout, events):
    lead, other = make.make_lead(), make.make_lead("leder2@example.org")
    mark(rollout, lead, events[2])
    assert seeing.seen_until(person=other, rollout=rollout) is None
    assert seeing.seen_until(person=lead, rollout=make.make_rollout(slug="neste")) is None


@pytest.mark.parametrize("beyond", [1, 10_000])
def test_what_has_not_happened_cannot_have_been_seen(rollout, events, beyond):
    with pytest.raises(Refused, match="Last siden på nytt"):
        mark(rollout, make.make_lead(), events[-1] + beyond)
    assert not LastSeen.objects.exists()


def test_a_mark_is_no_change_to_the_plan(rollout, events):
    mark(rollout, make.make_lead(), events[0])
    assert PlanEvent.objects.count() == 3
