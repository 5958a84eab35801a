"""`make demo`: the servers, the web, the worker, beat and the mail catcher under one supervisor, in one terminal.

Whatever way it is told to end (Ctrl-C, SIGTERM, the terminal closed, `make` killed), it ends all it started. What a
demo killed with SIGKILL left behind is ended by the next one.

Usage: `python -m rollout.demo` and `python -m rollout.demo reset`.
"""

import contextlib
import fcntl
import http.client
import os
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from honcho.manager import SYSTEM_PRINTER_NAME, Manager

from rollout import embedded

LOCAL = Path(__file__).resolve().parent.parent / ".local"
DATA, MAIL, LOG = LOCAL / "demo", LOCAL / "mail", LOCAL / "log"
# Every process of a demo carries its folder in this variable, so that a later demo can find what a killed one left.
MARK = "PULJEPLAN_DEMO"
READY_SECONDS = 90
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

WELCOME = """
  Puljeplan is running at {address}

  Sign in   Open the address and choose a role: project lead, communication chief, agency head or sponsor.
  Time      The rollout lives in its own time. "Neste dag" and "Neste hendelse" move it.
  Mail      Every message is kept in .local/mail/ and shown at {address}/mail/
  Shell     .venv/bin/python manage.py show_plan
  Stop      Ctrl-C. The data stays until `make demo-reset`. Logs are in .local/log/
"""


class Refused(Exception):
    """Why the demo does not start, in one sentence."""


def run() -> int:
    """Run the demo until it is told to stop. Returns the exit code. Raises Refused."""
    port = _port()
    if "DATABASE_URL" in os.environ:
        raise Refused("DATABASE_URL is set, and the demo runs on its own database. Unset it and try again.")
    with _alone(note=str(port)):
        _check_free(port)
        _stop_on_signals()
        _follow_make()
        os.environ |= {"PORT": str(port), "DJANGO_SETTINGS_MODULE": "rollout.settings", "PYTHONUNBUFFERED": "1"}
        try:
            servers = _prepare(port)
            return _supervise(port, servers)
        except embedded.ServerFailed as failure:
            raise Refused(str(failure)) from failure
        finally:
            embedded.stop(DATA)


def reset() -> None:
    """Remove the demo's data, mail and logs. Raises Refused while anything uses them."""
    LOCAL.mkdir(exist_ok=True)
    with _alone(note=""):
        if embedded.is_in_use(DATA):
            raise Refused("a command is using the demo's data. Wait for it to end and try again.")
        if DATA.exists():
            embedded.stop(DATA)
        for folder in (DATA, MAIL, LOG):
            shutil.rmtree(folder, ignore_errors=True)
    _say("The demo's data is gone. `make demo` starts over.")


# -- before it starts ----------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(text, flush=True)  # noqa: T201


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Refused(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


@contextlib.contextmanager
def _alone(*, note: str) -> Iterator[None]:
    """Hold the folder's one demo lock. The note (a port) is for the one who comes second."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "demo.lock").open("a+") as lock:
        if not _try_lock(lock):
            lock.seek(0)
            pid, _, port = lock.read().partition(" ")
            if pid.isdigit() and psutil.pid_exists(int(pid)):
                where = f" at http://127.0.0.1:{port}" if port else ""
                raise Refused(f"a demo is already running in this folder{where} (process {pid}).")
        # Either way: a demo that was killed may have left processes, and with them the lock.
        _end_leftovers()
        deadline = time.monotonic() + 10
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise Refused("another demo is just starting or stopping in this folder. Try again.")
            time.sleep(0.05)
        lock.truncate(0)
        lock.write(f"{os.getpid()} {note}")
        lock.flush()
        yield


def _try_lock(lock: TextIOWrapper) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_leftovers() -> None:
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(LOCAL) and process.pid != os.getpid():
                process.terminate()
                left.append(process)
    for process in psutil.wait_procs(left, timeout=5)[1]:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Refused(f"port {port} is not for ordinary users. Choose another: PORT=8001 make demo") from None
        except OSError:
            other = port + 1 if port < 65535 else 8000
            raise Refused(f"port {port} is taken. Choose another: PORT={other} make demo") from None


def _stop_on_signals() -> None:
    def stop(*_) -> None:
        for sign in STOP_SIGNALS:
            signal.signal(sign, signal.SIG_IGN)  # once is enough
        sys.exit(0)

    for sign in STOP_SIGNALS:
        if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:  # nohup means it
            signal.signal(sign, stop)


def _follow_make() -> None:
    """Stop when `make` is gone, or was told to stop: told alone, it waits for us without passing the word on."""
    make = psutil.Process().parent()
    if make is None or make.name() not in ("make", "gmake"):
        return
    caught_interrupt = _catches_interrupt(make.pid)

    def watch() -> None:
        while os.getppid() == make.pid and not (caught_interrupt and not _catches_interrupt(make.pid)):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _catches_interrupt(pid: int) -> bool:
    """Whether the process handles SIGINT, which `make` does until it gets one. Only Linux tells."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & 1 << (signal.SIGINT - 1))
    return False


def _prepare(port: int) -> embedded.Servers:
    """Start the servers, bring tables and files up to date, load the reference rollout on the first run."""
    _say("Starting PostgreSQL and Valkey ...")
    servers = embedded.join_or_start(DATA, web_port=port)
    _say("Preparing the data ...")
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_reference_rollout", verbosity=0)
    connections.close_all()
    return servers


# -- while it runs -------------------------------------------------------------------------------------------------


class _LogFiles:
    """Where honcho's printer would write to the terminal, this one writes each process's lines to a file of its own."""

    width = 0

    def __init__(self) -> None:
        shutil.rmtree(LOG, ignore_errors=True)
        LOG.mkdir(parents=True)
        self.after_system_line: Callable[[], None] = lambda: None

    def write(self, message) -> None:
        text = message.data if isinstance(message.data, str) else message.data.decode(errors="replace")
        with (LOG / f"{message.name}.log").open("a") as file:
            file.write(text)
        if message.name == SYSTEM_PRINTER_NAME:
            self.after_system_line()


class _Supervisor(Manager):
    """honcho's Manager, which can also be told to stop while its processes are still being started."""

    def __init__(self, *, when_started: Callable[[], None]) -> None:
        files = _LogFiles()
        super().__init__(printer=files)
        files.after_system_line = self._look_after
        self.when_started = when_started
        self.stopping = False
        self.ended_by_itself: list[str] = []

    def terminate(self) -> None:
        """Stop all processes, as soon as they all have started."""
        if not self.stopping:
            self.stopping = True
            self.ended_by_itself = [name for name, process in self._processes.items() if "returncode" in process]
        self._look_after()

    def _look_after(self) -> None:
        if self._all_started():
            when_started, self.when_started = self.when_started, lambda: None
            when_started()
            if self.stopping:
                super().terminate()


def _commands(port: int, servers: embedded.Servers) -> dict[str, list[str]]:
    celery = ["celery", "--app", "rollout"]
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    commands = {
        "web": [*web, "--workers", "2", "--blocking-threads", "1", "rollout.wsgi:application"],
        # Threads, so that a stop lets a running task end: honcho signals whole process groups.
        "worker": [*celery, "worker", "--pool", "threads", "--concurrency", "2", "--without-mingle", "-l", "INFO"],
        "beat": [*celery, "beat", "--schedule", str(DATA / "beat"), "--pidfile", "", "-l", "INFO"],
    }
    if "EMAIL_URL" not in os.environ:
        commands["mail"] = ["rollout.mailcatcher", str(MAIL), str(urlsplit(servers.email_url).port)]
    return commands


def _supervise(port: int, servers: embedded.Servers) -> int:
    # The thread starts after the last fork.
    welcome = threading.Thread(target=lambda: _welcome(supervisor, port), daemon=True)
    supervisor = _Supervisor(when_started=welcome.start)
    environment = os.environ | {MARK: str(LOCAL)}
    for name, command in _commands(port, servers).items():
        # honcho runs it in a shell: `exec`, so that the shell does not stay between us and the process.
        supervisor.add_process(name, "exec " + shlex.join([sys.executable, "-m", *command]), env=environment)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    supervisor.loop()
    for name in supervisor.ended_by_itself:
        log = LOG / f"{name}.log"
        tail = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-15:]) if log.exists() else ""
        _say(f"\nThe demo stopped, because its part {name!r} ended. The end of {log}:\n{tail}")
    if supervisor.ended_by_itself:
        return 1
    _say("\nStopped.")
    return 0


def _welcome(supervisor: _Supervisor, port: int) -> None:
    """Print the address once the web server answers there."""
    deadline = time.monotonic() + READY_SECONDS
    while not supervisor.stopping:
        if _healthy(port):
            _say(WELCOME.format(address=f"http://127.0.0.1:{port}"))
            return
        if time.monotonic() > deadline:
            _say(f"The web server does not answer yet. Its log is {LOG / 'web.log'}")
            return
        time.sleep(0.2)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def main() -> int:
    """Run or reset; a refusal is one sentence and exit code 1."""
    try:
        if sys.argv[1:] == ["reset"]:
            reset()
            return 0
        return run()
    except Refused as refusal:
        print(f"make demo: {refusal}", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
