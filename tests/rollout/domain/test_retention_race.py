"""Retention against whoever does something at the same moment: nobody is lost, counted twice or half forgotten."""

from functools import partial

import pytest
from django.db import connection, transaction

from agencies.models import Agency, Person, Role, RoleName
from rollout.domain import erasing, inviting, retention
from rollout.models import Commitment, EventKind, KeptCommitments, PlanEvent
from tests.factories import NOW, at, give_role, make_agency, make_lead, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
DUE = at("2019-02-28 03:00")
EMPLOYEES = 6


def commit(version: int, agency: int, number: int, *, held: bool = True) -> bool:
    """One employee's commitment as the flow makes it: hold the agency, ask whether the count is closed, count."""
    with transaction.atomic(), connection.cursor() as cursor:
        if held:
            cursor.execute("SELECT FROM agencies_agency WHERE id = %s FOR KEY SHARE", [agency])
        closed = is_closed(version, agency)
        if not closed:
            cursor.execute(
                "INSERT INTO rollout_commitment (version_id, agency_id, person_hash, proof, committed_on)"
                " VALUES (%s, %s, %s, 'code', '2018-03-01')",
                [version, agency, f"{number}".encode().ljust(32)],
            )
        return not closed


def is_closed(version: int, agency: int) -> bool:
    return KeptCommitments.objects.filter(version=version, agency=agency).exists()


@pytest.fixture
def count_of():
    rollout = make_rollout(waves=1)
    agency = place(make_agency("kli"), rollout.waves.get()).agency
    version = rollout.guideline_versions.get()
    for number in range(20):
        commit(version.pk, agency.pk, number)
    return version.pk, agency.pk


def test_those_who_commit_while_the_hashes_go_are_counted_or_told_that_the_count_is_closed(count_of):
    version, agency = count_of
    keep = partial(retention.keep_only_the_count, version=version, agency=agency, now=NOW)
    outcomes = at_once(keep, *(partial(commit, version, agency, 100 + n) for n in range(EMPLOYEES)))
    accepted = outcomes[1:].count(("done", "True"))
    assert accepted + outcomes[1:].count(("done", "False")) == EMPLOYEES
    assert KeptCommitments.objects.get().count == 20 + accepted
    assert not Commitment.objects.exists()


def test_control_who_does_not_hold_the_agency_slips_in_under_a_closed_count(count_of, monkeypatch):
    version, agency = count_of
    meet, asked = meeting_after(lambda: None, parties=2), is_closed
    # Who commits has asked; the count is closed before anything is written.
    monkeypatch.setattr(f"{__name__}.is_closed", lambda *args: (asked(*args), meet(), meet())[0])

    def keep() -> None:
        meet()
        retention.keep_only_the_count(version=version, agency=agency, now=NOW)
        meet()

    outcomes = at_once(keep, partial(commit, version, agency, 100, held=False))
    assert outcomes[1] == ("done", "True")
    assert (KeptCommitments.objects.get().count, Commitment.objects.count()) == (20, 1)


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
