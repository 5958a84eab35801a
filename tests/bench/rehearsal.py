"""What a rehearsal of the reference year takes: the command as a process of its own, from its start to its last line.

The demo's first morning with Oslo's plan of 2018 in place, played to the end of the year: once as nobody acts, when
nearly every message is a reminder, and once with each wave's go assumed.
"""

import datetime as dt
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
YEAR_ENDS = "2018-12-31"
ASSUMING = {"nobody_acts": [], "go_assumed": ["--assume-go"]}


def measure(environment: Mapping[str, str]) -> dict:
    """`environment`: of a database of its own."""
    _run(["load"], environment)
    return {name: _cost(flags, environment) for name, flags in ASSUMING.items()}


def _cost(flags: list[str], environment: Mapping[str, str]) -> dict:
    """Seconds by the clock, and the CPU's of the command itself, without the database's."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(_run(flags, environment))
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    played = dt.date.fromisoformat(told["until"]) - dt.datetime.fromisoformat(told["start"]).date()
    return {
        "seconds": round(seconds, 2),
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "days": played.days + 1,
        "messages": len(told["messages"]),
    }


def _run(what: list[str], environment: Mapping[str, str]) -> bytes:
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.rehearsal", *what]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout


def _load() -> None:
    from django.core.management import call_command

    from agencies.models import Person
    from rollout import clock
    from rollout.domain import together
    from rollout.models import Rollout
    from rollout.reference import proposed_plan

    call_command("migrate", verbosity=0)
    call_command("load_reference_rollout", verbosity=0)
    lead = Person.objects.get(email="prosjektleder@example.org")
    rollout = Rollout.objects.get(is_active=True)
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=lead, now=clock.now())


def main(*what: str) -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.DEMO_MODE = True  # for the demo's people and its clock
    if what == ("load",):
        _load()
    else:
        call_command("rehearse", "--json", "--until", YEAR_ENDS, *what)


if __name__ == "__main__":
    main(*sys.argv[1:])
