"""The same list twice at the same instant is the same as once."""

import pytest

from agencies import lists
from agencies.models import Agency, Person
from rollout.domain import importing
from rollout.models import EventKind, PlanEvent, Rollout
from rollout.reference import AGENCIES_FILE
from tests import factories, races

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def import_the_reference_list() -> str:
    plan = importing.import_list(
        rollout=Rollout.objects.get(),
        agency_list=lists.read(AGENCIES_FILE.read_bytes()),
        by=Person.objects.get(),
        now=factories.NOW,
    )
    return plan.summary


@pytest.fixture(autouse=True)
def rollout():
    factories.make_lead()
    return factories.make_rollout()


def test_the_second_of_two_imports_finds_nothing_to_do():
    outcomes = races.at_once(import_the_reference_list, import_the_reference_list)
    assert sorted(outcomes) == [
        ("done", "'0 nye, 0 endret, 49 uendret.'"),
        ("done", "'49 nye, 0 endret, 0 uendret. 26 i kø.'"),
    ]
    assert Agency.objects.count() == PlanEvent.objects.filter(kind=EventKind.AGENCY_IMPORTED).count() == 49
    assert PlanEvent.objects.filter(kind=EventKind.JOINED).count() == 26


def test_without_the_lock_the_second_is_refused_and_still_nothing_is_doubled(monkeypatch):
    monkeypatch.setattr(importing, "lock_plan", lambda pk: Rollout.objects.get(pk=pk))
    monkeypatch.setattr(importing, "plan_import", races.meeting_after(importing.plan_import, parties=2))
    outcomes = races.at_once(import_the_reference_list, import_the_reference_list)
    assert [races.count(outcomes, kind) for kind in ("done", "ImportRefused")] == [1, 1]
    assert Agency.objects.count() == PlanEvent.objects.filter(kind=EventKind.AGENCY_IMPORTED).count() == 49
