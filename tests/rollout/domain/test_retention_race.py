"""Retention and erasure against whoever does something at the same moment: nobody is half forgotten.

The employees who commit while their hashes are counted are raced in `tests/rollout/test_commit_race.py`.
"""

from functools import partial

import pytest

from agencies.models import Agency, Person, Role, RoleName
from rollout.domain import erasing, inviting, retention
from rollout.models import EventKind, PlanEvent
from tests.factories import NOW, at, give_role, make_agency, make_lead, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
DUE = at("2019-02-28 03:00")


@pytest.fixture
def closed():
    rollout = make_rollout(waves=1)
    kli = place(
        make_agency("kli"),
        rollout.waves.get(),
        employees_at_opening=100,
        leaders_access_at=at("2018-02-07 08:00"),
        all_staff_access_at=at("2018-02-27 08:00"),
    )
    make_lead()
    for number in range(4):
        give_role(f"n{number}@kli.example.org", RoleName.KEY_PERSON, kli.agency)
    return rollout


def test_the_night_run_on_several_hosts_removes_and_tells_once(closed):
    outcomes = at_once(*[partial(retention.enforce, rollout=closed, now=DUE)] * 4)
    assert count(outcomes, "done") == 4
    assert Person.objects.filter(erased_at__isnull=False).count() == 4
    assert PlanEvent.objects.filter(kind=EventKind.PERSON_ERASED).count() == 4
    assert PlanEvent.objects.get(kind=EventKind.RETENTION_ENFORCED).after["people"] == 4


@pytest.mark.parametrize("_again", range(3))
def test_erased_and_invited_at_once_leaves_either_nobody_or_somebody_new(closed, _again):
    lead, person = make_lead(), Person.objects.get(email="n0@kli.example.org")
    agency = Agency.objects.get()
    outcomes = at_once(
        partial(erasing.erase, person=person, by=lead, now=NOW),
        partial(inviting.invite, email=person.email, role=RoleName.DEPUTY, agency=agency, by=lead, now=NOW),
    )
    assert count(outcomes, "done") == 2
    person.refresh_from_db()
    assert person.erased_at == NOW
    assert not Role.objects.current().filter(person=person).exists()
    newcomer = Person.objects.filter(email="n0@kli.example.org").first()
    assert newcomer is None or list(newcomer.roles.values_list("role", flat=True)) == [RoleName.DEPUTY]


def test_two_leads_who_erase_themselves_at_once_leave_one(closed):
    leads = [make_lead(), make_lead("en.til@example.org")]
    outcomes = at_once(*(partial(erasing.erase, person=lead, by=lead, now=NOW) for lead in leads))
    assert (count(outcomes, "done"), count(outcomes, "Refused")) == (1, 1)


def test_control_without_the_lock_both_are_gone(closed, monkeypatch):
    leads = [make_lead(), make_lead("en.til@example.org")]
    monkeypatch.setattr(erasing, "lock_plan", lambda pk: None)
    monkeypatch.setattr(erasing, "lock_table", lambda model: None)
    monkeypatch.setattr(erasing, "_refuse_last_lead", meeting_after(erasing._refuse_last_lead, parties=2))
    monkeypatch.setattr(erasing, "end_role", lambda **given: given["role"])
    monkeypatch.setattr(erasing, "record", lambda **given: None)
    outcomes = at_once(*(partial(erasing.erase, person=lead, by=lead, now=NOW) for lead in leads))
    assert count(outcomes, "done") == 2
