"""The processes of the servers: start one, wait for it, end it."""

import contextlib
import itertools
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

START_SECONDS = 60
STOP_SECONDS = 20

# What this process has started, by the folder it belongs to.
_children: dict[Path, list[subprocess.Popen]] = {}


class ServerFailed(Exception):
    """A server did not start, with the end of its log."""


def start(
    command: list[str | Path],
    *,
    folder: Path,
    log: Path,
    answers: Callable[[], bool],
    started: Callable[[int], None],
    **as_user: Any,
) -> None:
    """Start a server and wait until it answers. `started` gets its pid at once. Raises ServerFailed.

    `as_user`: subprocess's user, group and extra_groups.
    """
    with log.open("a") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Both servers read the locale, and one ends at once if the machine has no such locale.
            env={"LC_ALL": "C"},
            cwd="/",
            start_new_session=True,  # a Ctrl-C in the terminal is not for the server
            **as_user,
        )
    _children.setdefault(folder, []).append(child)
    started(child.pid)
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if child.poll() is not None or time.monotonic() > deadline:
            end(find(child.pid), signal.SIGTERM)
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise ServerFailed(f"{log.stem} did not start. The end of {log}:\n{tail}")
        time.sleep(0.02)


def find(pid: int | None, name: str | None = None) -> psutil.Process | None:
    """The process, if it lives and the number has not gone to a newcomer of another name."""
    try:
        process = psutil.Process(pid) if pid else None
        return process if process and alive(process) and name in (None, process.name()) else None
    except psutil.Error:
        return None


def alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def runs(process: psutil.Process | None, answers: Callable[[], bool]) -> bool:
    """Whether the server is up. One that lives gets time to answer (it may just be starting), and is ended else."""
    deadline = time.monotonic() + START_SECONDS
    while process and alive(process) and time.monotonic() < deadline:
        if answers():
            return True
        time.sleep(0.02)
    end(process, signal.SIGTERM)
    return False


def end(process: psutil.Process | None, sign: signal.Signals) -> None:
    """Ask it to end, and wait; then make it."""
    if process:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
            deadline = time.monotonic() + STOP_SECONDS
            while alive(process) and time.monotonic() < deadline:
                time.sleep(0.02)
            if alive(process):
                process.kill()
    for child in itertools.chain(*_children.values()):
        child.poll()  # so that none of ours stays as a zombie


def end_children(folder: Path) -> None:
    """End what this process started for the folder, also what was never written down."""
    for child in _children.pop(folder, []):
        if child.poll() is None:
            end(find(child.pid), signal.SIGTERM)
