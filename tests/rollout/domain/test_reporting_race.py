"""Many workers at the same Monday: one status. The control shows that the guards are what does it."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from rollout.domain import reporting
from rollout.models import OutgoingEmail, Rollout, StatusReport
from tests import factories as make

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MONDAY = make.at("2018-02-05 08:00")
WORKERS = 6


@pytest.fixture
def rollout() -> Rollout:
    rollout = make.make_rollout(waves=2)
    make.make_lead()
    return rollout


def at_once(work: Callable[[], object]) -> list:
    """What each of the workers, each with a connection of its own, returned or raised."""
    start, results = threading.Barrier(WORKERS), []

    def run():
        try:
            start.wait()
            results.append(work())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_workers_at_the_same_moment_make_one_status(rollout):
    results = at_once(lambda: reporting.send_due(rollout=rollout, now=MONDAY))

    assert [str(r) for r in results if r is not None] == ["2018-W06"]
    assert StatusReport.objects.count() == 1
    assert OutgoingEmail.objects.count() == 1


def after_everybody_asked(monkeypatch):
    """Take the lock away, and let every worker find the week due before the first of them writes."""
    asked, due_week = threading.Barrier(WORKERS), reporting.due_week

    def slow_due_week(*args, **kwargs):
        week = due_week(*args, **kwargs)
        asked.wait()
        return week

    monkeypatch.setattr(reporting, "lock_plan", lambda pk: Rollout.objects.get(pk=pk))
    monkeypatch.setattr(reporting, "due_week", slow_due_week)


def test_without_the_lock_the_database_still_lets_only_one_through(rollout, monkeypatch):
    after_everybody_asked(monkeypatch)
    results = at_once(lambda: reporting.send_due(rollout=rollout, now=MONDAY))

    assert sum(isinstance(result, StatusReport) for result in results) == 1
    assert (StatusReport.objects.count(), OutgoingEmail.objects.count()) == (1, 1)


def test_control_without_lock_and_constraint_every_worker_sends_one(rollout, monkeypatch):
    after_everybody_asked(monkeypatch)
    constraint = next(c for c in StatusReport._meta.constraints if c.name == "one_status_per_week")
    with connection.schema_editor() as schema:
        schema.remove_constraint(StatusReport, constraint)
    try:
        at_once(lambda: reporting.send_due(rollout=rollout, now=MONDAY))
        assert (StatusReport.objects.count(), OutgoingEmail.objects.count()) == (WORKERS, WORKERS)
    finally:
        with connection.cursor() as cursor:  # TRUNCATE: the reports are append-only
            cursor.execute("TRUNCATE rollout_statusreport CASCADE")
        with connection.schema_editor() as schema:
            schema.add_constraint(StatusReport, constraint)
