"""Prints one JSON object: how many messages a second are delivered, with `synchronous_commit` on.

`python -m tests.bench.mail [MESSAGES] [WORKERS]`: 41 000 messages and two workers, unless told otherwise. A worker is a
process of its own, as a Celery worker is. Each message is claimed, marked and recorded in commits that wait for the
disk, and its outcome is committed before that worker's next one. In the same run, to the same sink, with the same
texts: one worker alone; a bare smtplib loop on one connection that sends bytes made before; and Django's own way, a
connection for each message. Neither of the two asks a database for anything.
"""

import contextlib
import json
import multiprocessing
import os
import platform
import secrets
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MESSAGES, WORKERS, COMPARED = 41_000, 2, 4_000
_spawn = multiprocessing.get_context("spawn")


@contextlib.contextmanager
def _sink() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.sink"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdin
        yield int(process.stdout.readline())
        process.stdin.close()


def _taken(port: int) -> int:
    with smtplib.SMTP("127.0.0.1", port) as server:
        return int(server.docmd("COUNT")[1])


def _write(messages: int) -> tuple[str, str, str]:
    """So many waiting messages in the words of a real one, which are returned."""
    from django.utils import timezone

    from agencies.models import Person
    from rollout import emails
    from rollout.models import EmailKind, OutgoingEmail, Rollout
    from tests import factories

    if not Rollout.objects.exists():
        rollout = factories.make_rollout(waves=1)
        agency = factories.make_agency("kli", name="Klimaetaten", employees=37)
        factories.make_people(agency, key_people=0)
        factories.place(agency, rollout.waves.get(number=1))
        Person.objects.bulk_create(Person(email=f"leser{number}@example.org") for number in range(1000))
    rollout = Rollout.objects.get()
    wave = rollout.waves.get(number=1)
    draft = emails.leaders_open(wave=wave, placements=list(wave.placements.all()), now=factories.NOW)[0]
    people = list(Person.objects.filter(email__startswith="leser").values_list("pk", "email"))
    now = timezone.now()
    OutgoingEmail.objects.bulk_create(
        (
            OutgoingEmail(
                rollout=rollout,
                kind=EmailKind.LEADERS_OPEN,
                subject="wave:1:leaders",
                occurrence=f"{secrets.token_hex(4)}:{number}",
                person_id=people[number % 1000][0],
                to_address=people[number % 1000][1],
                headline=draft.headline,
                text=draft.text,
                html=draft.html,
                message_id=f"<{secrets.token_hex(16)}@example.org>",
                written_at=factories.NOW,
                not_before=now,
            )
            for number in range(messages)
        ),
        batch_size=1000,
    )
    return draft.headline, draft.text, draft.html


def _deliver(ready, go) -> None:
    """One worker: it delivers until nothing is left."""
    import django

    django.setup()
    from rollout import delivery
    from rollout.models import OutgoingEmail

    OutgoingEmail.objects.exists()
    ready.release()
    go.wait()
    while delivery.deliver_waiting():
        pass


def _delivered_by(workers: int) -> float:
    """Seconds from when all of them may begin until the last is done."""
    ready, go = _spawn.Semaphore(0), _spawn.Event()
    processes = [_spawn.Process(target=_deliver, args=(ready, go)) for _number in range(workers)]
    for process in processes:
        process.start()
    for _process in processes:
        ready.acquire()
    start = time.perf_counter()
    go.set()
    for process in processes:
        process.join()
    return time.perf_counter() - start


def _bare(port: int, words: tuple[str, str, str]) -> Callable[[int], None]:
    from django.core.mail import EmailMultiAlternatives

    mail = EmailMultiAlternatives(words[0], words[1], None, ["leser@example.org"])
    mail.attach_alternative(words[2], "text/html")
    content = mail.message().as_bytes()

    def send(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for _n in range(number):
                server.sendmail("puljeplan@example.org", ["leser@example.org"], content)

    return send


def _djangos(words: tuple[str, str, str]) -> Callable[[int], None]:
    from django.core.mail import EmailMultiAlternatives

    def send(number: int) -> None:
        for n in range(number):
            mail = EmailMultiAlternatives(words[0], words[1], None, [f"leser{n % 1000}@example.org"])
            mail.attach_alternative(words[2], "text/html")
            mail.send()

    return send


def _rate(send: Callable[[int], None], number: int) -> float:
    start = time.perf_counter()
    send(number)
    return round(number / (time.perf_counter() - start), 1)


def main(messages: int, workers: int) -> dict:
    from rollout import embedded

    compared = min(messages, COMPARED)
    with tempfile.TemporaryDirectory(prefix="puljeplan-bench-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        servers = embedded.join_or_start(Path(folder))
        try:
            with _sink() as port:
                os.environ |= {
                    "DATABASE_URL": servers.database_url,
                    "REDIS_URL": servers.redis_url,
                    "EMAIL_URL": f"smtp://127.0.0.1:{port}",
                    "SECRET_KEY": servers.secret_key,
                    "COMMITMENT_KEY": "none is made here",
                    "DJANGO_SETTINGS_MODULE": "rollout.settings",
                    "LOG_LEVEL": "ERROR",
                }
                return _measure(port, messages, workers, compared)
        finally:
            embedded.stop(Path(folder))


def _measure(port: int, messages: int, workers: int, compared: int) -> dict:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from rollout.models import EmailState, OutgoingEmail

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        synchronous = cursor.fetchone()[0]
        cursor.execute("SHOW fsync")
        fsync = cursor.fetchone()[0]
    words = _write(compared)
    one = round(compared / _delivered_by(1), 1)
    djangos = _rate(_djangos(words), compared)
    bare = _rate(_bare(port, words), compared)
    _write(messages)
    before = _taken(port)
    rate = round(messages / _delivered_by(workers), 1)
    not_sent = OutgoingEmail.objects.exclude(state=EmailState.SENT).count()
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "synchronous_commit": synchronous,
        "fsync": fsync,
        "bytes_of_text_and_html": len(words[1].encode()) + len(words[2].encode()),
        "messages": messages,
        "workers": workers,
        "taken_by_the_sink": _taken(port) - before,
        "not_sent": not_sent,
        "messages_per_second": rate,
        "compared_with": {
            "messages": compared,
            "one_worker_per_second": one,
            "bare_smtplib_one_connection_per_second": bare,
            "django_one_connection_per_message_per_second": djangos,
        },
        "times_djangos_own": {"run": round(rate / djangos, 2), "one_worker": round(one / djangos, 2)},
    }


if __name__ == "__main__":
    told = [int(argument) for argument in sys.argv[1:]]
    print(json.dumps(main(*[*told, MESSAGES, WORKERS][: len(told)], *[MESSAGES, WORKERS][len(told) :]), indent=2))  # noqa: T201
