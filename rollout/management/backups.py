"""A backup of the whole database, and putting it back: `pg_dump`, `pg_restore` and `psql`, found and told where.

All that matters is in the database, the files attached to steps too. The keys of the environment are not, nor should
they be: whoever has the backup and `COMMITMENT_KEY` could try addresses against the hashes.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from rollout.embedded import postgresql

#: The keywords libpq knows: Django's options hold others too.
_LIBPQ = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
#: How long putting back waits for whoever uses the tables.
_LOCK_SECONDS = 10
#: What is run, in the same transaction, before a backup is put back.
EMPTY = (
    f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'",
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
)


@dataclass(frozen=True)
class Server:
    """Where the database is, as the programs want it. The password goes in their environment, where `ps` shows none."""

    address: str
    password: str
    major: int

    def run(self, program: str, *args: str | Path) -> None:
        """Run one of PostgreSQL's programs.

        Raises:
            CommandError: it failed, with its last line.
        """
        environment = os.environ | {"PGPASSWORD": self.password} if self.password else os.environ
        done = subprocess.run([find_program(program, self.major), *args], env=environment, stderr=subprocess.PIPE)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines() or [""]
            told = next((line for line in words if "error" in line.lower()), words[-1])
            raise CommandError(_("%(program)s feilet: %(why)s") % {"program": program, "why": told})


def server() -> Server:
    """The database of the settings, as the owner of its tables where MIGRATE_DATABASE_URL names one.

    Raises:
        CommandError: it does not answer.
    """
    found: dict[str, Any] = settings.MIGRATE_DATABASE or connection.settings_dict
    where = {
        "dbname": found["NAME"],
        "user": found["USER"],
        "host": found["HOST"],
        "port": found["PORT"],
        **{key: value for key, value in found.get("OPTIONS", {}).items() if key in _LIBPQ},
    }
    address = make_conninfo(**{key: value for key, value in where.items() if value})
    with _answering(address, found["PASSWORD"]) as open_connection:
        return Server(address, found["PASSWORD"], open_connection.info.server_version // 10_000)


@contextmanager
def _answering(address: str, password: str) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(address, password=password or None, connect_timeout=10) as open_connection:
            yield open_connection
    except psycopg.OperationalError as error:
        raise CommandError(_("Databasen svarer ikke: %(why)s") % {"why": str(error).strip()}) from error


def find_program(name: str, major: int) -> str:
    """The machine's own, or the one of the wheel: the first that is not older than the server.

    Raises:
        CommandError: there is none.
    """
    for program in filter(None, (shutil.which(name), str(postgresql.HOME / "bin" / name))):
        try:
            told = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        except OSError:
            continue
        version = re.search(r"\) (\d+)", told)
        if version and int(version[1]) >= major:
            return program
    raise CommandError(
        _("Fant ikke %(program)s for PostgreSQL %(major)s. Installer postgresql-client-%(major)s.")
        % {"program": name, "major": major}
    )


def backup(to: Path | None) -> None:
    """Write everything, as it was at one moment, whoever is at work meanwhile; without a file to standard output.

    Raises:
        CommandError: it could not be read whole.
    """
    here = server()
    file = ("--file", to) if to else ()
    here.run("pg_dump", "--format", "custom", *file, "--dbname", here.address)


def restore(source: Path, *, replace: bool) -> None:
    """Put a backup into the database: all of it or, where anything fails, nothing.

    Its tables are made anew, which is what holds the mail (`MailSwitch`): nothing leaves until a lead lets it go.

    Raises:
        CommandError: the file is no whole backup, or the database has tables and `replace` is not said.
    """
    here = server()
    with _answering(here.address, here.password) as open_connection:
        has_tables = open_connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchone()
    if has_tables and has_tables[0] and not replace:
        raise CommandError(
            _("Databasen har tabeller fra før. Velg en tom database, eller si --replace for å erstatte alt i denne.")
        )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        # Read to the end before anything is touched: a file that was cut off is found here.
        here.run("pg_restore", "--no-owner", "--no-privileges", "--file", script, source)
        empty: Sequence[str] = [part for statement in EMPTY for part in ("--command", statement)]
        quietly = ("--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--single-transaction")
        here.run("psql", *quietly, *empty, "--output", os.devnull, "--file", script, "--dbname", here.address)
