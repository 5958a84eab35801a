"""Workers killed again and again while they deliver to a real SMTP server: none doubled, none lost (rule 10)."""

import asyncio
import contextlib
import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from rollout import delivery, tasks
from rollout.delivery.claims import Turn
from rollout.delivery.writing import Letter
from rollout.models import EmailKind, EmailState, OutgoingEmail
from tests.factories import NOW, make_person, make_rollout
from tests.mail_server import MailServer, serving
from tests.races import forget_inherited_connections

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

MESSAGES = 60
KILLINGS = frozenset({2, 7, 13, 20, 26, 33, 41, 50})
DEADLINE = 240  # seconds; far more than it takes, also on a busy machine
CELERY = [sys.executable, "-m", "celery", "--app", "rollout", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
CELERY += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
_fork = multiprocessing.get_context("fork")


class KillingServer(MailServer):
    """Takes its time, and when it has taken in certain mails kills every worker before any of them has its answer."""

    def __init__(self, killings=KILLINGS):
        super().__init__()
        self.killings = killings
        self.workers = []
        self.counting_workers = threading.Lock()
        self.taken = 0
        self.kills = 0

    async def on_data(self, server, mail):
        # The server's own slowness, no wait of the test's: several workers have a mail on its way when one is killed.
        await asyncio.sleep(0.005)
        self.taken += 1
        if self.taken in self.killings:
            self.mails.append(mail)
            self.kill_all()
            return "451 nobody is left to hear this"
        return None

    def kill_all(self):
        with self.counting_workers:  # one that is just being started must not be overlooked
            for worker in self.workers:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(worker.pid, signal.SIGKILL)
                    self.kills += 1
            self.workers = []


def process(deliver):
    """A worker of its own, without the time it takes to start one from a shell."""

    def run():
        os.setpgid(0, 0)
        forget_inherited_connections()
        deliver()

    def start():
        connections.close_all()  # a connection shared with a child would be two speakers on one line
        worker = _fork.Process(target=run)
        worker.start()
        with contextlib.suppress(OSError):  # whoever is first
            os.setpgid(worker.pid, worker.pid)
        return worker

    return start


def deliver_without_claiming():
    """The control: select, send, mark."""

    def select_only(turn, *, after_sending=None):
        if after_sending is not None:
            rows = OutgoingEmail.objects.filter(pk=after_sending.id)
            rows.update(state=EmailState.SENT, settled_at=timezone.now())
        fields = [field.name for field in dataclasses.fields(Letter) if field.name != "reply_to"]
        row = OutgoingEmail.objects.filter(state=EmailState.WAITING).order_by("id").values(*fields).first()
        return Letter(**row, reply_to="") if row else None

    Turn.claim_next, Turn.mark = select_only, lambda turn, letter: True
    delivery.deliver_waiting()


@pytest.fixture
def waiting():
    rollout = make_rollout()
    return [
        OutgoingEmail.objects.create(
            rollout=rollout,
            kind=EmailKind.LEADERS_OPEN,
            subject="wave:1:leaders",
            occurrence="event:1",
            person=(person := make_person(f"leder.{number}@example.org")),
            to_address=person.email,
            headline="Workplace er åpnet",
            text="Hei!",
            html="<p>Hei!</p>",
            message_id=f"<{uuid.uuid4()}@example.org>",
            written_at=NOW,
            not_before=timezone.now(),
        )
        for number in range(MESSAGES)
    ]


def unsettled():
    return OutgoingEmail.objects.filter(state__in=[EmailState.WAITING, EmailState.CLAIMED]).exists()


def run_until_settled(server, start, *, number, tick=lambda: None):
    """Keep `number` workers running, whoever is killed, until every message has an end."""
    deadline = time.monotonic() + DEADLINE
    started = []
    try:
        while unsettled():
            assert time.monotonic() < deadline, "the messages did not settle"
            with server.counting_workers:
                running = [worker for worker in started if is_running(worker)]
                fresh = [start() for _missing in range(number - len(running))]
                started += fresh
                server.workers = running + fresh
            tick()
            wait_a_little(started[-1])
    finally:
        server.kill_all()
        for worker in started:
            worker.wait() if isinstance(worker, subprocess.Popen) else worker.join()


def is_running(worker):
    return worker.poll() is None if isinstance(worker, subprocess.Popen) else worker.is_alive()


def wait_a_little(worker):
    """Until the worker ends, or a moment has gone."""
    if isinstance(worker, subprocess.Popen):
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(0.2)
    else:
        worker.join(0.2)


def assert_none_doubled_and_none_lost(server, messages):
    ends = dict(OutgoingEmail.objects.values_list("message_id", "state"))
    accepted = server.accepted
    assert max(server.recipients.values()) == 1
    assert set(ends.values()) <= {EmailState.SENT, EmailState.UNKNOWN}
    for message_id, state in ends.items():
        assert accepted[message_id] == 1 if state == EmailState.SENT else accepted[message_id] <= 1
    unknown = [message_id for message_id, state in ends.items() if state == EmailState.UNKNOWN]
    assert len(ends) == len(messages)
    assert len(server.killings) <= len(unknown) <= server.kills  # each killing hit a message on its way


@pytest.fixture
def use(settings):
    def to(server):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port

    return to


def test_with_the_workers_killed_again_and_again_each_message_is_sent_once_or_unknown(waiting, use):
    with serving(KillingServer()) as server:
        use(server)
        run_until_settled(server, process(delivery.deliver_waiting), number=3)

    assert_none_doubled_and_none_lost(server, waiting)


def test_control_without_the_claim_the_same_killing_doubles(waiting, use):
    with serving(KillingServer()) as server:
        use(server)
        run_until_settled(server, process(deliver_without_claiming), number=3)

    assert max(server.recipients.values()) > 1


def test_without_a_kill_several_processes_share_the_work_and_nothing_is_unknown(waiting, use):
    with serving(KillingServer(killings=frozenset())) as server:
        use(server)
        run_until_settled(server, process(delivery.deliver_waiting), number=3)

    assert server.accepted == {message.message_id: 1 for message in waiting}
    assert set(OutgoingEmail.objects.values_list("state", flat=True)) == {EmailState.SENT}


def test_a_real_celery_worker_killed_again_and_again_sends_each_message_once(waiting, environment):
    def start():
        return subprocess.Popen(
            CELERY,
            cwd=django_settings.BASE_DIR,
            env=environment | {"EMAIL_URL": server.url},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    with serving(KillingServer(killings=frozenset({5, 20}))) as server:
        run_until_settled(server, start, number=1, tick=tasks.deliver_outgoing.delay)

    assert_none_doubled_and_none_lost(server, waiting)
