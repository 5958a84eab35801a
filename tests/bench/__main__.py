"""Prints one JSON object: what overview, board, unchanged poll and move cost at 26, 260 and 2 600 agencies, and what
10 000 futures of a plan do (`tests.bench.forecast`), and a rehearsal of the reference year (`tests.bench.rehearsal`).

Each page is asked for by one client over one kept connection, from granian as it runs in production (WSGI, one blocking
thread; here one worker). In the same run: a bare Django view with the same bytes from memory, the same board with every
reuse switched off, and the SQL of a move alone in a psycopg loop.

CPU is the serving thread's own (`time.thread_time`), wall the client's. Both in ms: median and 99th percentile.
"""

import contextlib
import http.client
import json
import os
import platform
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg

from rollout import embedded
from rollout.embedded import postgresql
from tests.bench import forecast, rehearsal

ROOT = Path(__file__).resolve().parent.parent.parent
SIZES = {26: 300, 260: 100, 2_600: 20}  # agencies -> requests measured for each page
WARM_UP = 10


@dataclass
class Sample:
    """What a number of equal requests cost."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    queries: int = 0
    bytes: int = 0

    def add(self, bench: str, wall: float, size: int) -> None:
        cpu, queries = bench.split()
        self.cpu.append(int(cpu) / 1e6)
        self.wall.append(wall * 1e3)
        self.queries, self.bytes = int(queries), size

    def told(self) -> dict:
        return {
            "queries": self.queries,
            "bytes": self.bytes,
            "cpu_ms": _spread(self.cpu),
            "wall_ms": _spread(self.wall),
        }


def _spread(values: list[float]) -> dict:
    return {
        "median": round(statistics.median(values), 3),
        "p99": round(sorted(values)[min(len(values) - 1, int(len(values) * 0.99))], 3),
    }


class Client:
    """One browser of a signed-in lead's: one kept connection, cookies, and the CSRF token of the last page."""

    def __init__(self, port: int, cookies: dict[str, str]):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies = cookies
        self.token = ""

    def send(self, method: str, path: str, sample: Sample, data: dict | None = None, **headers: str) -> bytes:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if data is not None:
            body = urlencode(data)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.token}
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        got = response.read()
        wall = time.perf_counter() - begun
        if response.status not in (200, 204):
            raise SystemExit(f"{method} {path} answered {response.status}: {got[:400]!r}")
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', got):
            self.token = found[1].decode()
        sample.add(response.headers["X-Bench"], wall, len(got))
        return got


@contextlib.contextmanager
def serving(target: str, workers: int = 1, **environment: str) -> Iterator[int]:
    """granian as in production, with so many workers. Yields the port."""
    port = embedded.free_port()
    command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    command += ["--workers", str(workers), "--blocking-threads", "1", "--no-access-log", "--log-level", "error", target]
    command[0] = str(Path(sys.executable).parent / "granian")
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{target} did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def measure(times: int, ask: Callable[[Sample], object]) -> Sample:
    for _ in range(min(WARM_UP, times)):
        ask(Sample())
    sample = Sample()
    for _ in range(times):
        ask(sample)
    return sample


def bench(agencies: int, times: int, pages: Path) -> dict:
    from tests.bench import world

    rollout = world.build(agencies)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    cookies = {"sessionid": world.signed_in_lead()}
    base = f"/r/{rollout.slug}/"
    told: dict = {}
    with serving("tests.bench.served:application", BENCH_PAGES=str(pages)) as port:
        client = Client(port, dict(cookies))
        addresses = {"overview": base, "board": f"{base}board/"}
        for name, address in addresses.items():
            (pages / f"{name}-{agencies}").write_bytes(client.send("GET", address, Sample()))
            sample = measure(times, lambda s, address=address: client.send("GET", address, s))
            told[name] = sample.told()
        since = _last_event(client.send("GET", addresses["board"], Sample()))
        (pages / f"poll-{agencies}").write_bytes(b"")
        poll = f"{base}board/changes/?since={since}"
        told["unchanged_poll"] = measure(times, lambda s: client.send("GET", poll, s, **{"HX-Request": "true"})).told()
        mover = Mover(client, base)
        mover(Sample())
        (pages / f"move-{agencies}").write_bytes(mover(Sample()))
        told["move"] = measure(max(times // 2, 40), mover).told()
        behind = {
            name: measure(times, lambda s, name=name: client.send("GET", f"/bare/{name}-{agencies}", s))
            for name in ("overview", "board", "poll", "move")
        }
    with serving("tests.bench.served:application", BENCH_PAGES=str(pages), BENCH_REUSE="off") as port:
        client = Client(port, dict(cookies))
        told["board_without_reuse"] = measure(
            max(times // 4, 20), lambda s: client.send("GET", f"{base}board/", s)
        ).told()
    with serving("tests.bench.bare:application", BENCH_PAGES=str(pages), BENCH_BARE="1") as port:
        client = Client(port, {})
        bare = {
            name: measure(times, lambda s, name=name: client.send("GET", f"/bare/{name}-{agencies}", s))
            for name in ("overview", "board", "poll", "move")
        }
    told["move_sql_only"] = sql_only(rollout, max(times // 2, 40))
    told["bare"] = {name: sample.told() for name, sample in bare.items()}
    told["bare_behind_middleware"] = {name: sample.told() for name, sample in behind.items()}
    told["ratios"] = ratios(told)
    return told


def _last_event(board: bytes) -> str:
    found = re.search(rb'name="since" value="(\d+)"', board)
    if not found:
        raise SystemExit("the board does not say which event it shows last")
    return found[1].decode()


class Mover:
    """Moves one agency from the queue to a wave with room and back, as the board's dialog does."""

    def __init__(self, client: Client, base: str):
        from rollout.models import Placement

        self.client, self.base = client, base
        self.placement = Placement.objects.queued().select_related("agency").first()
        self.there = False

    def __call__(self, sample: Sample) -> bytes:
        self.placement.refresh_from_db()
        to, origin = ("queue", "1") if self.there else ("1", "queue")
        self.there = not self.there
        data = {"to": to, "origin": origin, "version": self.placement.version}
        path = f"{self.base}board/move/{self.placement.agency.slug}/"
        return self.client.send("POST", path, sample, data, **{"HX-Request": "true"})


def sql_only(rollout, times: int) -> dict:
    """The statements of a move and of the move back, recorded once, then repeated by psycopg alone."""
    from django.db import connection

    from rollout.domain import placing
    from rollout.models import Placement
    from tests import factories as make

    placement = Placement.objects.queued().select_related("agency").first()
    lead, wave = make.make_lead(), rollout.waves.get(number=1)
    recorded: list[list[tuple]] = []
    for to in (wave, None):
        statements: list[tuple] = []

        def keep(execute, sql, params, many, context, statements=statements):
            statements.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(keep):
            placing.move(placement=placement, to=to, by=lead, now=make.NOW)
        recorded.append([s for s in statements if not s[0].startswith(("SAVEPOINT", "RELEASE"))])
    wall = []
    with psycopg.connect(os.environ["DATABASE_URL"], cursor_factory=psycopg.ClientCursor) as bare:
        for number in range(times * 2):
            begun = time.perf_counter()
            with bare.transaction(), bare.cursor() as cursor:
                for sql, params in recorded[number % 2]:
                    cursor.execute(sql, params)
                    if cursor.description:
                        cursor.fetchall()
            wall.append((time.perf_counter() - begun) * 1e3)
    return {"statements": len(recorded[0]), "wall_ms": _spread(wall)}


def ratios(told: dict) -> dict:
    def cpu(sample: dict) -> float:
        return sample["cpu_ms"]["median"]

    def to(bare: str) -> dict:
        return {
            name: round(cpu(told[page]) / cpu(told[bare][key]), 1)
            for name, page, key in (
                ("overview", "overview", "overview"),
                ("board", "board", "board"),
                ("unchanged_poll", "unchanged_poll", "poll"),
                ("move", "move", "move"),
            )
        }

    return {
        "cpu_to_bare": to("bare"),
        "cpu_to_bare_behind_middleware": to("bare_behind_middleware"),
        "board_cpu_to_without_reuse": round(cpu(told["board"]) / cpu(told["board_without_reuse"]), 2),
        "move_rate_to_sql_only": round(
            told["move_sql_only"]["wall_ms"]["median"] / told["move"]["wall_ms"]["median"], 2
        ),
    }


@contextlib.contextmanager
def database(socket_folder: str) -> Iterator[dict[str, str]]:
    """An empty database for as long as it takes. Yields the environment that names it."""
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql.url(socket_folder, "postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield os.environ | {"DATABASE_URL": postgresql.url(socket_folder, name)}
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def main() -> None:
    servers = embedded.join_or_start(ROOT / ".local" / "bench")
    socket_folder = parse_qs(urlsplit(servers.database_url).query)["host"][0]
    os.environ |= {
        "REDIS_URL": servers.redis_url,
        "EMAIL_URL": servers.email_url,
        "SECRET_KEY": servers.secret_key,
        "COMMITMENT_KEY": "the bench's own",
        "FORMS_PER_MINUTE": "1000000",  # one lead moves as fast as the machine can
        "DJANGO_SETTINGS_MODULE": "rollout.settings",
    }
    told: dict = {"machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"}
    with tempfile.TemporaryDirectory() as folder:
        for agencies, times in SIZES.items():
            # A process for each size: its database is in the environment that Django reads once.
            with database(socket_folder) as environment:
                command = [sys.executable, "-W", "ignore", "-m", "tests.bench", str(agencies), str(times), folder]
                done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
                told[str(agencies)] = json.loads(done.stdout)
    told["board_cpu_260_to_26"] = round(
        told["260"]["board"]["cpu_ms"]["median"] / told["26"]["board"]["cpu_ms"]["median"], 1
    )
    told["forecast"] = forecast.measure()
    with database(socket_folder) as environment:
        told["rehearsal"] = rehearsal.measure(environment)
    sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def one(agencies: int, times: int, pages: Path) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    sys.stdout.write(json.dumps(bench(agencies, times, pages)))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        one(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
