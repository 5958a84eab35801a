"""Celery workers that are killed, a broker and a database that are restarted, a mail server that misbehaves."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import redis
from django.conf import settings
from django.db import Error, connection

from rollout import embedded, tasks
from rollout.embedded import postgresql, processes, valkey
from rollout.models import EmailState, OutgoingEmail
from tests.chaos import outbox
from tests.chaos.server import AT_END, AT_MAIL, AT_RCPT, IN_DATA, Unruly

WORKERS = 2
CELERY = [sys.executable, "-W", "ignore", "-m", "celery", "--app", "rollout", "worker", "--concurrency", "1"]
CELERY += ["--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]
#: After these nobody is in doubt: the server said no, or had not been told, or no message was on its way by it.
CUT_NOTHING_OFF = {*AT_MAIL, *AT_RCPT, "452", "broker restarted and emptied"}
DEADLINE = 420  # seconds; several times what it takes


def plan(messages: int) -> dict[int, str]:
    """Each way of misbehaving a few times, spread over the messages. Hangs are few: each takes a worker's timeout."""
    random.seed(2018)
    faults = [*AT_MAIL * 4, *AT_RCPT * 6, *IN_DATA * 6]
    faults += [fault for fault in AT_END for _time in range(1 if fault.startswith("hang") else 4)]
    return dict(zip(random.sample(range(20, messages * 9 // 10), len(faults)), faults, strict=True))


class Storm:
    """`faults` counts what we did; what the mail server did is counted in its book."""

    def __init__(self, folder: Path, book: Unruly):
        self.folder, self.book = folder, book
        self.faults: Counter[str] = Counter()
        self.workers: list[subprocess.Popen] = []
        self.broker: subprocess.Popen | None = None
        self.log = (folder / "workers.log").open("ab")

    def keep_workers(self) -> None:
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for number in range(WORKERS - len(self.workers)):
            command = [*CELERY, "--hostname", f"chaos{time.monotonic_ns()}-{number}@localhost"]
            self.workers.append(
                subprocess.Popen(
                    command, cwd=settings.BASE_DIR, start_new_session=True, stdout=self.log, stderr=self.log
                )
            )

    def tick(self) -> None:
        """As beat does it, but more often. A broker that is away loses the tick, and nothing else."""
        with contextlib.suppress(Exception):
            tasks.deliver_outgoing.apply_async(retry=False, expires=5)

    def kill_a_worker(self) -> None:
        if not self.workers:
            return
        worker = self.workers.pop(0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.faults["worker killed"] += 1

    def restart_the_broker(self) -> None:
        """Emptied first, so that every tick in it is lost."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
            broker.flushall()
        state = embedded._read_state(self.folder)
        if self.broker is None:
            processes.end(valkey.find(state), signal.SIGTERM)
        else:
            self.broker.terminate()
            self.broker.wait()
        config = self.folder / "valkey" / "valkey.conf"
        self.broker = subprocess.Popen([valkey.get_binary_path(), config], stdout=self.log, stderr=self.log)
        self.faults["broker restarted and emptied"] += 1

    def restart_the_database(self) -> None:
        """As a host that loses its power and comes back: without a word to anybody."""
        connection.close()
        state = embedded._read_state(self.folder)
        server = postgresql.find(self.folder)
        assert server is not None
        processes.end(server, signal.SIGQUIT)
        postgresql.start(self.folder, state, fast=False, write_state=lambda: None)
        self.faults["database restarted"] += 1

    def stop(self) -> None:
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGTERM)
        for worker in self.workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
        if self.broker is not None:
            self.broker.terminate()
            self.broker.wait()
        self.log.close()

    def blow(self, messages: int) -> None:
        """Until every message has an end: something happens each time another part of them has."""
        happenings = [self.kill_a_worker, self.kill_a_worker, self.restart_the_broker, self.kill_a_worker]
        happenings += [self.restart_the_database, self.kill_a_worker, self.kill_a_worker, self.kill_a_worker]
        happenings += [self.restart_the_broker, self.restart_the_database, self.kill_a_worker, self.kill_a_worker]
        due = [messages * (n + 1) // (len(happenings) + 2) for n in range(len(happenings))]
        deadline = time.monotonic() + DEADLINE
        while True:
            assert time.monotonic() < deadline, "the messages did not settle"
            self.keep_workers()
            self.tick()
            time.sleep(0.5)
            with contextlib.suppress(Error):
                left = outbox.unsettled()
                if left == 0 and not due:
                    return
                while due and messages - left >= due[0]:
                    due.pop(0)
                    happenings.pop(0)()
                    self.keep_workers()


def run(folder: Path, book: Unruly, messages: int) -> tuple[list[str], dict[str, object]]:
    """What is wrong at the end, and the counts."""
    message_ids = outbox.write(messages)
    storm = Storm(folder, book)
    start = time.monotonic()
    try:
        storm.blow(messages)
    finally:
        storm.stop()
    connection.close()
    unknown = OutgoingEmail.objects.filter(state=EmailState.UNKNOWN).count()
    faults = storm.faults + book.faults
    counts: dict[str, object] = {
        "messages": messages,
        "seconds": round(time.monotonic() - start),
        "faults": dict(faults),
        "taken over from the dead": OutgoingEmail.objects.filter(takeovers__gt=0).count(),
        "unknown": unknown,
        "failed for good": OutgoingEmail.objects.filter(state=EmailState.FAILED).count(),
    }
    cutting = sum(number for fault, number in faults.items() if fault not in CUT_NOTHING_OFF)
    wrong = [] if unknown <= cutting else [f"{unknown} unknown for {cutting} faults that can cut a message off"]
    return wrong + outbox.end(book, message_ids), counts
