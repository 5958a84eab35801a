"""Many workers at the same morning, and a step done while its reminder is handed over. With controls."""

import pytest
from django.db import connection

from agencies.models import Person
from rollout.delivery.claims import Turn
from rollout.domain import confirming, recording, reminding
from rollout.models import EmailState, OutgoingEmail, ReminderRun, Rollout
from tests import factories as make
from tests.factories import at
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MORNING = at("2018-05-09 08:00")
WORKERS = 6
CHIEF = "kommunikasjonssjef.kli@example.org"


@pytest.fixture
def rollout() -> Rollout:
    make.make_lead()
    rollout = make.make_rollout()
    agency = make.make_agency("kli", name="Klimaetaten")
    make.make_people(agency)
    wave = make.make_wave(rollout, 9, at("2018-06-06 00:00").date())
    make.make_ready(make.place(agency, wave), but_not=("accounts_and_sso",))
    return rollout


def everybody_sends(rollout) -> list[tuple[str, str]]:
    return at_once(*[lambda: reminding.send_due(rollout=rollout, now=MORNING)] * WORKERS)


@pytest.fixture
def no_lock(monkeypatch):
    """Take the lock away, and let every worker find the morning unwritten before the first of them writes."""
    monkeypatch.setattr(reminding, "lock_plans", lambda pks: {pk: Rollout.objects.get(pk=pk) for pk in pks})
    monkeypatch.setattr(reminding, "_covered_until", meeting_after(reminding._covered_until, parties=WORKERS))


def test_workers_at_the_same_moment_write_one_reminder(rollout):
    outcomes = everybody_sends(rollout)

    assert count(outcomes, "done") == WORKERS, outcomes
    assert sorted(words for _, words in outcomes) == ["0"] * (WORKERS - 1) + ["1"]
    assert (ReminderRun.objects.count(), OutgoingEmail.objects.count()) == (1, 1)


def test_without_the_lock_the_database_still_lets_only_one_through(rollout, no_lock):
    outcomes = everybody_sends(rollout)

    assert (count(outcomes, "done"), count(outcomes, "IntegrityError")) == (1, WORKERS - 1), outcomes
    assert (ReminderRun.objects.count(), OutgoingEmail.objects.count()) == (1, 1)


def test_control_without_lock_and_constraint_every_worker_writes_one(rollout, no_lock):
    constraint = next(c for c in ReminderRun._meta.constraints if c.name == "reminders_once_a_day")
    with connection.schema_editor() as schema:
        schema.remove_constraint(ReminderRun, constraint)
    try:
        everybody_sends(rollout)
        assert (ReminderRun.objects.count(), OutgoingEmail.objects.count()) == (WORKERS, WORKERS)
    finally:
        ReminderRun.objects.all().delete()
        with connection.schema_editor() as schema:
            schema.add_constraint(ReminderRun, constraint)


def do_the_step(rollout) -> None:
    placement = rollout.placements.get()
    confirming.confirm_step(
        placement=placement,
        step=placement.course_version.steps.get(key="accounts_and_sso"),
        owner_role="IKT-kontakt",
        text="Testet.",
        by=Person.objects.get(email=CHIEF),
        now=MORNING,
    )


def claim_then_do_then_mark(rollout) -> tuple[bool, str]:
    """A worker has read the reminder, the step is done, and then the worker is to hand it over. Whether it does."""
    reminding.send_due(rollout=rollout, now=MORNING)
    turn = Turn(MORNING)
    letter = turn.claim_next()
    assert letter is not None
    assert [outcome for outcome, _words in at_once(lambda: do_the_step(rollout))] == ["done"]
    return turn.mark(letter), OutgoingEmail.objects.get(kind="to_do").state


def test_a_reminder_that_a_worker_holds_is_not_handed_over_once_the_step_is_done(rollout):
    assert claim_then_do_then_mark(rollout) == (False, EmailState.WITHDRAWN)


def test_control_without_the_withdrawal_it_would_be(rollout, monkeypatch):
    monkeypatch.setattr(recording, "withdraw_unsent", lambda **_: None)
    assert claim_then_do_then_mark(rollout) == (True, EmailState.CLAIMED)


def test_doing_the_step_and_writing_the_reminder_at_once_leaves_no_reminder(rollout):
    """In either order: written first, it is withdrawn; done first, it is not written."""
    outcomes = at_once(lambda: reminding.send_due(rollout=rollout, now=MORNING), lambda: do_the_step(rollout))

    assert count(outcomes, "done") == 2, outcomes
    assert not OutgoingEmail.objects.filter(kind="to_do").exclude(state=EmailState.WITHDRAWN).exists()
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:01")) == 0
