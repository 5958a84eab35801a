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
import functools
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from rollout.embedded import postgresql, processes, valkey
from rollout.embedded.processes import ServerFailed
from rollout.embedded.valkey import free_port

__all__ = ["ServerFailed", "Servers", "free_port", "is_in_use", "join_or_start", "stop"]


@dataclass(frozen=True)
class Servers:
    """Where the servers are, as the environment variables of the same names would say it."""

    database_url: str
    redis_url: str
    email_url: str
    secret_key: str
    web_port: int


def join_or_start(folder: Path, *, fast: bool = False, web_port: int | None = None) -> Servers:
    """Join the servers whose data is in `folder`, or start them. They stop when the last process using them ends.

    `fast` trades durability for speed (tests). `web_port` is remembered for those who ask without it, so that a command
    beside a running demo writes the right links. The mail catcher's port is set aside here; others start it.
    Raises ServerFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    with _exclusively(folder / "start.lock"):
        state = _read_state(folder)
        write_state = functools.partial(_write_state, folder, state)
        if not processes.runs(postgresql.find(folder), lambda: postgresql.answers(state)):
            postgresql.start(folder, state, fast=fast, write_state=write_state)
        if not processes.runs(valkey.find(state), lambda: valkey.answers(state)):
            state["mail_port"] = free_port()
            valkey.start(folder, state, fast=fast, write_state=write_state)
        state["web_port"] = web_port or state.get("web_port", 8000)
        write_state()
        _use(folder)
    return Servers(
        database_url=postgresql.url(state["postgres_socket"], postgresql.DATABASE_NAME),
        redis_url=valkey.url(state),
        email_url=f"smtp://127.0.0.1:{state['mail_port']}",
        secret_key=state["secret_key"],
        web_port=state["web_port"],
    )


def stop(folder: Path) -> None:
    """Stop the folder's servers, whoever started them and whoever uses them."""
    folder = folder.resolve()
    state = _read_state(folder)
    postgresql.stop(folder, state)
    valkey.stop(state)
    processes.end_children(folder)


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


# -- who uses the servers ------------------------------------------------------------------------------------------

_users: dict[Path, TextIOWrapper] = {}


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
        return {"secret_key": secrets.token_urlsafe(48)}


def _write_state(folder: Path, state: dict) -> None:
    path = folder / "servers.json"
    draft = path.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state, indent=1))
    draft.replace(path)
