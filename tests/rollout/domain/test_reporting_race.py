"""Many workers at the same Monday: one status. The control shows that the guards are what does it."""

import pytest
from celery import current_app
from django.db import connection

from rollout import delivery, tasks
from rollout.domain import reporting
from rollout.models import EmailKind, OutgoingEmail, Rollout, StatusReport
from tests import factories as make
from tests.mail_server import serving
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MONDAY = make.at("2018-02-05 08:00")
WORKERS = 6


@pytest.fixture
def rollout() -> Rollout:
    rollout = make.make_rollout(waves=2)
    make.make_lead()
    return rollout


def everybody_sends(rollout) -> list[tuple[str, str]]:
    return at_once(*[lambda: reporting.send_due(rollout=rollout, now=MONDAY)] * WORKERS)


@pytest.fixture
def no_lock(monkeypatch):
    """Take the lock away, and let every worker find the week due before the first of them writes."""
    monkeypatch.setattr(reporting, "lock_plan", lambda pk: Rollout.objects.get(pk=pk))
    monkeypatch.setattr(reporting, "due_week", meeting_after(reporting.due_week, parties=WORKERS))


def test_workers_at_the_same_moment_make_one_status(rollout):
    outcomes = everybody_sends(rollout)

    assert count(outcomes, "done") == WORKERS, outcomes
    assert sum("2018-W06" in words for _, words in outcomes) == 1
    assert (StatusReport.objects.count(), OutgoingEmail.objects.count()) == (1, 1)


def test_without_the_lock_the_database_still_lets_only_one_through(rollout, no_lock):
    outcomes = everybody_sends(rollout)

    assert (count(outcomes, "done"), count(outcomes, "IntegrityError")) == (1, WORKERS - 1), outcomes
    assert (StatusReport.objects.count(), OutgoingEmail.objects.count()) == (1, 1)


def test_control_without_lock_and_constraint_every_worker_sends_one(rollout, no_lock):
    constraint = next(c for c in StatusReport._meta.constraints if c.name == "one_status_per_week")
    with connection.schema_editor() as schema:
        schema.remove_constraint(StatusReport, constraint)
    try:
        everybody_sends(rollout)
        assert (StatusReport.objects.count(), OutgoingEmail.objects.count()) == (WORKERS, WORKERS)
    finally:
        with connection.cursor() as cursor:  # TRUNCATE: the reports are append-only
            cursor.execute("TRUNCATE rollout_statusreport CASCADE")
        with connection.schema_editor() as schema:
            schema.add_constraint(StatusReport, constraint)


def test_two_beats_on_two_hosts_do_no_harm(rollout, settings):
    """Each of beat's ticks, whichever there are, at once and three times over: the server takes each mail once."""
    settings.DEMO_MODE = True
    make.set_clock(MONDAY)
    agency = make.make_ready(make.place(make.make_agency("kli"), rollout.waves.get(number=1))).agency
    make.make_people(agency)
    make.give_go(rollout.waves.get(number=1))
    make.set_clock(make.at("2018-02-12 08:00"))
    ticks = [getattr(tasks, entry["task"].rpartition(".")[2]) for entry in current_app.conf.beat_schedule.values()]

    def beat():
        for tick in ticks * 3:
            tick()

    with serving() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        outcomes = at_once(beat, beat)
        delivery.deliver_waiting()  # what the last tick wrote

    assert count(outcomes, "done") == 2, outcomes
    messages = OutgoingEmail.objects.values_list("kind", "message_id")
    assert [kind for kind, _ in messages].count(EmailKind.WEEKLY_STATUS) == 1
    assert [kind for kind, _ in messages].count(EmailKind.LEADERS_OPEN) == 5
    assert server.accepted == {message_id: 1 for _, message_id in messages}
