"""The commands as a person runs them: what they print, and how they end."""

import io
import subprocess
import sys
from typing import NamedTuple

from django.conf import settings
from django.core.management import CommandError, call_command

LEAD = ("--by", "prosjektleder@example.org")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run(name: str, *args: str) -> Ended:
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command(name, *args, stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    except CommandError as wrong:  # what argparse's exit code 2 is when a command is called from Python
        code = 2
        err.write(str(wrong))
    return Ended(code, out.getvalue(), err.getvalue())


def manage(environment, *args: str, stdin: bytes | None = None) -> Ended:
    """The command as a process of its own, as a person starts it."""
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=settings.BASE_DIR,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
