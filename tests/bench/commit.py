"""`make bench-commit`: a launch morning. N employees commit to the guidelines, each with the pages that go with it.

Prints one JSON object. The server is granian as in production, two workers with one thread each; the employees come
from several client processes on the same machine, each employee with a connection and cookies of their own, through a
proxy that names the office. Codes are taken from the worker's queue in Valkey: mailing them goes at the mail server's
pace and is not measured.

Some press twice at the same instant, some come back later and spell the address in another way. In the end the rows are
held against the employees: `lost` were thanked and are not there, `counted_twice` are rows beyond one for each.
"""

import base64
import contextlib
import http.client
import json
import multiprocessing
import os
import platform
import random
import re
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import redis

from rollout import embedded
from rollout.embedded import postgresql
from tests.bench.__main__ import ROOT, _spread, serving

CLIENTS, SERVER_WORKERS, AGENCIES = 4, 2, 26
#: Shares: who begins without the link of their own agency, who presses twice, who comes back.
WITHOUT_LINK, PRESS_TWICE, COME_BACK = 0.3, 0.1, 0.05
#: As Utdanningsetaten, which has 17 000 of the 41 000; and one building in which 5 000 of 41 000 share one address.
IN_THE_LARGEST, IN_ONE_BUILDING, IN_AN_OFFICE = 0.41, 0.12, 200
MAILED = "bench:mailed:"


@dataclass
class Employee:
    """One who is to commit. `spelling`: how the address is written this time."""

    agency: str
    address: str
    spelling: str
    office: str
    with_link: bool = True
    presses_twice: bool = False


@dataclass
class Told:
    """What one client process has seen: milliseconds by kind of request, who was thanked, and what went wrong."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    thanked: list[str] = field(default_factory=list)
    counted: Counter = field(default_factory=Counter)


def staff(number: int) -> list[Employee]:
    """The employees in the order in which they come; those who come back, come last."""
    chance = random.Random(41_000)
    first, back = [], []
    for n in range(number):
        largest = chance.random() < IN_THE_LARGEST
        agency = "v0" if largest else f"v{1 + n % (AGENCIES - 1)}"
        name, domain = f"ansatt{n}", f"{agency}.example.org"
        block = n // IN_AN_OFFICE
        office = "10.0.0.1" if chance.random() < IN_ONE_BUILDING else f"10.1.{block // 250}.{block % 250}"
        one = Employee(agency, f"{name}@{domain}", f"{name}@{domain}", office)
        one.with_link = chance.random() >= WITHOUT_LINK
        one.presses_twice = chance.random() < PRESS_TWICE
        first.append(one)
        if chance.random() < COME_BACK:
            back.append(Employee(agency, one.address, f"{name.upper()}+igjen@{domain}", office))
    chance.shuffle(first)
    return first + back


class Phone:
    """An employee's browser: one connection, its cookies, and the CSRF token of the last page."""

    def __init__(self, port: int, office: str, told: Told):
        self.port, self.office, self.told = port, office, told
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.page = b""

    def send(self, kind: str, path: str, data: dict | None = None, *, expect: int = 200) -> str:
        """Ask, take the time, and return where it leads. Raises RuntimeError on another answer than expected."""
        method, body, headers = "GET", None, {"X-Forwarded-For": self.office}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if data is not None:
            found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.page)
            method, body = "POST", urlencode(data | {"csrfmiddlewaretoken": found[1].decode() if found else ""})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        got = response.read()
        self.told.took[kind].append((time.perf_counter() - begun) * 1e3)
        if response.status == 429:
            raise Wait
        if response.status != expect:
            raise RuntimeError(f"{method} {path} answered {response.status}")
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        self.page = got or self.page
        return response.headers.get("Location") or ""


class Wait(Exception):
    """Too many from this office just now."""


def commit(one: Employee, *, port: int, base: str, mailed: redis.Redis, told: Told) -> None:
    """The whole way through, as one employee goes it."""
    phone = Phone(port, one.office, told)
    here = f"{base}{one.agency}/"
    if not one.with_link:
        phone.send("agencies", base)
    phone.send("address_page", here)
    while True:
        try:
            phone.send("code_request", here, {"address": one.spelling}, expect=302)
            break
        except Wait:
            told.counted["told_to_wait"] += 1
            time.sleep(5)
    phone.send("code_page", f"{here}code/")
    code = mailed.blpop([MAILED + one.spelling], timeout=60)
    if code is None:
        raise RuntimeError("no code came")
    phone.send("code_entry", f"{here}code/", {"code": code[1].decode()}, expect=302)
    phone.send("text", f"{here}read/")
    seen = re.search(rb'name="hash_seen" value="(\w+)"', phone.page)
    press = {"hash_seen": seen[1].decode() if seen else ""}
    if one.presses_twice:
        twice(phone, f"{here}read/", press)
        told.counted["double_presses"] += 1
    else:
        phone.send("accept", f"{here}read/", press, expect=302)
    phone.send("thanks", f"{here}thanks/")
    phone.connection.close()
    told.thanked.append(one.address)


def twice(phone: Phone, path: str, press: dict) -> None:
    """The same press on two connections at once."""
    other = Phone(phone.port, phone.office, phone.told)
    other.cookies, other.page = dict(phone.cookies), phone.page
    start, failed = threading.Barrier(2), []

    def go(which: Phone) -> None:
        start.wait()
        try:
            which.send("accept", path, press, expect=302)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=go, args=(which,)) for which in (phone, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.connection.close()
    if failed:
        raise failed[0]


def play(employees: list[Employee], port: int, base: str, redis_url: str, until: float, results) -> None:
    """One client process: its employees, one after the other, until the time is up."""
    told, mailed = Told(), redis.Redis.from_url(redis_url)
    for one in employees:
        if time.time() > until:
            told.counted["not_begun"] += 1
            continue
        try:
            commit(one, port=port, base=base, mailed=mailed, told=told)
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            told.counted["failed"] += 1
            told.counted[f"failed: {str(error)[:80]}"] += 1
    results.put((dict(told.took), told.thanked, dict(told.counted)))


def carry_mail(redis_url: str, stop: threading.Event) -> None:
    """What the worker and the mail server do: from the queue to the one who asked."""
    valkey = redis.Redis.from_url(redis_url)
    while not stop.is_set():
        got = valkey.blpop(["codes"], timeout=1)
        if got is None:
            continue
        _args, payload, _embedded = json.loads(base64.b64decode(json.loads(got[1])["body"]))
        with valkey.pipeline(transaction=False) as line:
            line.rpush(MAILED + payload["address"], payload["code"]).expire(MAILED + payload["address"], 600).execute()


def bench(number: int, seconds: int) -> dict:
    from agencies.models import Agency
    from rollout.domain import committing
    from rollout.models import Commitment
    from tests.bench import world

    rollout = world.build(AGENCIES)
    for agency in Agency.objects.all():
        Agency.objects.filter(pk=agency.pk).update(email_domains=[f"{agency.slug}.example.org"])
    redis_url, employees = os.environ["REDIS_URL"], staff(number)
    with redis.Redis.from_url(redis_url) as valkey:
        valkey.flushdb()
    stop, spawn = threading.Event(), multiprocessing.get_context("spawn")
    threading.Thread(target=carry_mail, args=(redis_url, stop), daemon=True).start()
    with serving("rollout.wsgi:application", SERVER_WORKERS, TRUSTED_PROXY_COUNT="1") as port:
        results, begun = spawn.SimpleQueue(), time.time()
        arguments = (port, f"/r/{rollout.slug}/commit/", redis_url, begun + seconds, results)
        clients = [
            spawn.Process(target=play, args=(employees[n::CLIENTS], *arguments), daemon=True) for n in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        seen = [results.get() for _client in clients]
        took = time.time() - begun
    stop.set()
    times: dict[str, list[float]] = defaultdict(list)
    thanked: list[str] = []
    counted: Counter = Counter()
    for kinds, addresses, counts in seen:
        for kind, values in kinds.items():
            times[kind] += values
        thanked += addresses
        counted += Counter(counts)
    version = rollout.guideline_versions.get()
    rows = [bytes(row) for row in Commitment.objects.values_list("person_hash", flat=True)]
    everybody = {committing.person_hash(version, one.address) for one in employees}
    people = {committing.person_hash(version, address) for address in thanked}
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "server": f"granian, {SERVER_WORKERS} workers; {CLIENTS} client processes on the same machine",
        "employees": number,
        "commitments": len(rows),
        "seconds": round(took, 1),
        "commitments_per_second": round(len(rows) / took, 1),
        "requests_per_second": round(sum(map(len, times.values())) / took, 1),
        "ms": {kind: {"requests": len(values), **_spread(values)} for kind, values in sorted(times.items())},
        "double_presses": counted.pop("double_presses", 0),
        "came_back": len(thanked) - len(people),
        "told_to_wait": counted.pop("told_to_wait", 0),
        "not_begun_in_time": counted.pop("not_begun", 0),
        "failed": counted.pop("failed", 0),
        "failures": dict(counted),
        "lost": len(people - set(rows)),
        "counted_twice": len(rows) - len(everybody & set(rows)),
    }


def main(number: str, seconds: str) -> None:
    """A database of its own, in a process of its own, since Django reads the environment once."""
    servers = embedded.join_or_start(ROOT / ".local" / "bench")
    socket_folder = parse_qs(urlsplit(servers.database_url).query)["host"][0]
    name = f"bench_{secrets.token_hex(4)}"
    environment = os.environ | {
        "DATABASE_URL": postgresql.url(socket_folder, name),
        "REDIS_URL": servers.redis_url,
        "EMAIL_URL": servers.email_url,
        "SECRET_KEY": servers.secret_key,
        "COMMITMENT_KEY": secrets.token_hex(32),
        "DJANGO_SETTINGS_MODULE": "rollout.settings",
    }
    with psycopg.connect(postgresql.url(socket_folder, "postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            command = [sys.executable, "-W", "ignore", "-m", "tests.bench.commit", number, seconds, "here"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
        finally:
            with contextlib.suppress(psycopg.Error):
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def here(number: int, seconds: int) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    sys.stdout.write(json.dumps(bench(number, seconds), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        here(int(sys.argv[1]), int(sys.argv[2]))
    else:
        main(*sys.argv[1:])
