"""A launch morning in small: many at once, double presses and all. Nobody is lost, nobody is counted twice."""

import re
import threading
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client

from rollout.domain import committing
from rollout.models import Commitment, CommitmentProof, KeptCommitments
from tests import codes as worker
from tests.factories import NOW, make_agency, make_rollout, place, set_clock
from tests.races import at_once, count

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PROCESSES, PEOPLE = 4, 8
KLI = "/r/workplace-2018/commit/kli/"


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    cache.clear()
    worker.forget()
    rollout = make_rollout()
    place(make_agency("kli", employees=37))
    return rollout


def press_twice(client: Client) -> list[int]:
    """The same press from two threads, each on a connection of its own."""
    shown = re.search(r'name="hash_seen" value="(\w+)"', client.get(f"{KLI}read/").content.decode())
    answers: list[int] = []

    def press():
        other = Client()
        other.cookies = client.cookies.copy()
        answers.append(other.post(f"{KLI}read/", {"hash_seen": shown[1]}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=press) for _press in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def proved(n: int) -> Client:
    client, address = Client(), f"ansatt{n}@kli.example.org"
    client.post(KLI, {"address": address})
    client.post(f"{KLI}code/", {"code": worker.mailed(address)})
    return client


def test_in_several_processes_with_every_press_doubled_each_person_is_counted_once(rollout):
    phones = [proved(n) for n in range(PEOPLE)]

    # Every phone's press from every process, so that one person's presses meet in several of them.
    outcomes = at_once(*[lambda: [press_twice(phone) for phone in phones]] * PROCESSES)

    assert count(outcomes, "done") == PROCESSES, outcomes
    assert all(words == repr([[302, 302]] * PEOPLE) for _outcome, words in outcomes)  # lost: 0
    assert Commitment.objects.count() == PEOPLE  # counted twice: 0


@contextmanager
def without_the_constraint():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE rollout_commitment DROP CONSTRAINT committed_once_per_version")
    try:
        yield
    finally:
        Commitment.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE rollout_commitment"
                " ADD CONSTRAINT committed_once_per_version UNIQUE (version_id, person_hash)"
            )


def test_control_without_the_constraint_they_are_counted_twice(rollout):
    phones = [proved(n) for n in range(2)]
    with without_the_constraint():
        at_once(*[lambda: [press_twice(phone) for phone in phones]] * PROCESSES)
        assert Commitment.objects.count() > len(phones)


# -- against retention -----------------------------------------------------------------------------------------------


def commit_all(rollout, kli):
    def run():
        counted = 0
        for n in range(30):
            try:
                counted += committing.commit(
                    rollout=rollout,
                    agency=kli,
                    hash_seen=rollout.guideline_versions.get().text_hash,
                    address=f"ansatt{n}@kli.example.org",
                    proof=CommitmentProof.CODE,
                    now=NOW,
                )
            except committing.CommitmentRefused:
                break
        return counted

    return run


def test_who_commits_while_retention_counts_is_in_its_count_or_refused(rollout):
    kli = committing.takes_part(rollout).get()

    def retention():
        committing.keep_only_counts(rollout=rollout, agency=kli, now=NOW)

    outcomes = at_once(commit_all(rollout, kli), retention)

    assert count(outcomes, "done") == 2, outcomes
    assert not Commitment.objects.exists()
    assert KeptCommitments.objects.get().count == int(outcomes[0][1])


def test_control_without_the_lock_a_hash_is_left_behind(rollout, monkeypatch):
    """The one who commits has found the count open, and writes after retention has closed it."""
    kli = committing.takes_part(rollout).get()
    inserting = committing._INSERT.replace(
        "ON CONFLICT", "AND pg_sleep(0.5) IS NOT NULL ON CONFLICT"
    )  # between finding it open and writing
    monkeypatch.setattr(committing, "_INSERT", inserting)
    monkeypatch.setattr(committing, "_let_retention_finish", lambda agency: None)

    def one():
        return committing.commit(
            rollout=rollout,
            agency=kli,
            hash_seen=rollout.guideline_versions.get().text_hash,
            address="kari@kli.example.org",
            proof=CommitmentProof.CODE,
            now=NOW,
        )

    at_once(one, lambda: committing.keep_only_counts(rollout=rollout, agency=kli, now=NOW))

    assert KeptCommitments.objects.get().count == 0
    assert Commitment.objects.count() == 1
