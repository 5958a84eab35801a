"""What every run of this checkout needs and the first one makes: the collected files, and a migrated, empty database.

Each is known by what it is made of, so that a change makes it anew.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection

from tests.servers import FOLDER

BEING_MADE = "template_being_made"


def collected_files() -> None:
    """The files as production serves them: collected, hashed, listed, compressed."""
    stamp, files = FOLDER / "static.stamp", _files_state()
    listed = settings.STATIC_ROOT / "staticfiles.json"  # another collecting writes it anew
    with _alone("static.lock"):
        if not (stamp.exists() and listed.exists() and stamp.read_text() == f"{files} {listed.stat().st_mtime_ns}"):
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(f"{files} {listed.stat().st_mtime_ns}")


def _files_state() -> str:
    """Changes with any file that would be collected. Read before they are: what changes meanwhile is collected anew."""
    paths = [Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])]
    return _digest(repr((sorted((str(path), path.stat().st_mtime_ns) for path in paths), settings.STORAGES)).encode())


def migrated_database() -> str:
    """The name of a database with every migration run and nothing else: PostgreSQL copies it in a moment."""
    name = f"template_{_migrations_state()}"
    own = connection.settings_dict["NAME"]
    with _alone("template.lock"), connection._nodb_cursor() as cursor:
        cursor.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'template\__%%' AND NOT datistemplate")
        there = {row[0] for row in cursor.fetchall()}
        if name in there:
            return name
        for other in there:
            cursor.execute(f'DROP DATABASE "{other}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{BEING_MADE}"')
        connection.close()
        connection.settings_dict["NAME"] = BEING_MADE
        try:
            call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
        cursor.execute(f'ALTER DATABASE "{BEING_MADE}" RENAME TO "{name}"')
    return name


def _migrations_state() -> str:
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    paths = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    paths += sorted((settings.BASE_DIR / "rollout/reference").glob("*.csv"))  # one migration reads a list
    return _digest(*(path.read_bytes() for path in paths))


def _digest(*parts: bytes) -> str:
    versions = (settings.BASE_DIR / "requirements-dev.txt").read_bytes()
    return hashlib.sha256(b"\0".join((versions, *parts))).hexdigest()[:16]


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Several runners share the folder: one looks and makes at a time."""
    with (FOLDER / name).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
