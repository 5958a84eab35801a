"""`make demo` as a person runs it: in a folder of its own, ended in every way a person (or a machine) ends it."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from email import message_from_bytes
from pathlib import Path

import psutil
import pytest

from rollout import embedded

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".local", "staticfiles", "node_modules", "__pycache__", ".*_cache")
SECONDS = 120


def _copy(folder: Path) -> Path:
    """This checkout without any data, sharing its packages."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder in which no demo runs."""
    return _copy(tmp_path / "puljeplan")


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory) -> Path:
    """A folder with a demo's data once one has run in it: the next starts in half the time."""
    return _copy(tmp_path_factory.mktemp("lived_in") / "puljeplan")


class Demo:
    """A `make demo` in a process group of its own, as a terminal gives it one."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.folder, self.port = folder, port
        self.output = folder / "terminal.txt"
        with self.output.open("w") as terminal:
            self.make = subprocess.Popen(
                ["make", "demo"],
                cwd=folder,
                env=_environment(port=port),
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        _wait(lambda: "is running at" in self.said(), but=lambda: self.make.poll() is not None, say=self.said)

    def said(self) -> str:
        return self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """All it started, the servers too, which are sessions of their own."""
        found = psutil.Process(self.make.pid).children(recursive=True)
        found += [p for p in psutil.process_iter() if _mentions(p, str(self.folder)) and p not in found]
        return found

    def wait_until_gone(self) -> int:
        return self.make.wait(timeout=SECONDS)


def _environment(**more) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SSL_CERT_FILE") if name in os.environ}
    return kept | {name.upper(): str(value) for name, value in more.items()}


def _wait(done, *, but=lambda: False, say=lambda: "") -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert not but() and time.monotonic() < deadline, say()
        time.sleep(0.05)


def _mentions(process: psutil.Process, text: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(text in part for part in process.cmdline()) or process.environ().get("PWD") == text
    return False


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.read()


def _make(folder: Path, target: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", target], cwd=folder, env=_environment(**more), capture_output=True, text=True, timeout=SECONDS
    )


def _manage(folder: Path, code: str) -> str:
    python = folder / ".venv" / "bin" / "python"
    done = subprocess.run(
        [python, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _assert_refused(done: subprocess.CompletedProcess, words: str) -> None:
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert done.returncode != 0
    assert len(lines) == 1, done.stderr
    assert re.search(words, lines[0])


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A running demo, which the tests of this module look at before the last ones end theirs."""
    running = Demo(_copy(tmp_path_factory.mktemp("demo") / "puljeplan"), port=embedded.free_port())
    try:
        running.wait_until_ready()
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.make.pid, signal.SIGTERM)
        running.wait_until_gone()


def test_it_serves_and_says_where(demo):
    assert _get(demo.port, "/healthz") == (200, b"ok\n")
    assert f"http://127.0.0.1:{demo.port}" in demo.said()
    assert "Traceback" not in demo.said()


def test_a_second_demo_in_the_folder_is_refused_in_one_sentence(demo):
    _assert_refused(_make(demo.folder, "demo", port=embedded.free_port()), f"already running.*:{demo.port}")


def test_its_data_cannot_be_removed_while_it_runs(demo):
    _assert_refused(_make(demo.folder, "demo-reset"), "already running")


def test_a_command_beside_it_joins_its_servers_and_knows_its_address(demo):
    code = "from django.conf import settings as s; from django.db import connection as c; "
    code += "print(s.SITE_URL, c.cursor().execute('SHOW data_directory').fetchone()[0])"
    address, data = _manage(demo.folder, code).split()
    assert address == f"http://127.0.0.1:{demo.port}"
    assert Path(data) == demo.folder / ".local" / "demo" / "postgres"
    assert _get(demo.port, "/healthz")[0] == 200


def test_a_mail_becomes_one_file(demo):
    code = "from django.core.mail import send_mail; send_mail('Hei på deg', 'Æ', None, ['du@example.org'])"
    before = set((demo.folder / ".local" / "mail").glob("*.eml"))
    _manage(demo.folder, code)
    (new,) = set((demo.folder / ".local" / "mail").glob("*.eml")) - before
    message = message_from_bytes(new.read_bytes())
    assert message["To"] == "du@example.org"
    assert message.get_payload(decode=True).decode().strip() == "Æ"


@pytest.mark.parametrize(
    ("sign", "group"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)],
    ids=["Ctrl-C in the terminal", "SIGINT to make alone", "SIGTERM to make alone"],
)
def test_every_process_ends_and_every_port_is_free(lived_in, sign, group):
    demo = Demo(lived_in, port=embedded.free_port())
    demo.wait_until_ready()
    state = json.loads((lived_in / ".local" / "demo" / "servers.json").read_text())
    started = demo.processes()
    names = " ".join(" ".join(process.cmdline()) for process in started)
    for part in ("postgres", "valkey-server", "granian", "celery --app rollout worker", "rollout beat", "mailcatcher"):
        assert part in names
    (os.killpg if group else os.kill)(demo.make.pid, sign)
    demo.wait_until_gone()
    _wait(lambda: not any(map(_alive, started)), say=lambda: [p.cmdline() for p in started if _alive(p)])
    assert all(map(_is_free, (demo.port, state["valkey_port"], state["mail_port"])))
    assert "Traceback" not in demo.said()
    assert "Stopped." in demo.said()


def test_data_survives_to_the_next_demo_and_a_killed_one_leaves_nothing_in_its_way(folder):
    demo = Demo(folder, port=embedded.free_port())
    demo.wait_until_ready()
    _manage(folder, "from django.db import connection as c; c.cursor().execute('CREATE TABLE kept ()')")
    started = demo.processes()
    supervisor = next(p for p in psutil.Process(demo.make.pid).children() if "rollout.demo" in p.cmdline())
    supervisor.kill()
    demo.wait_until_gone()

    again = Demo(folder, port=demo.port)
    again.wait_until_ready()
    _manage(folder, "from django.db import connection as c; c.cursor().execute('SELECT FROM kept')")
    started += again.processes()
    os.killpg(again.make.pid, signal.SIGTERM)
    again.wait_until_gone()
    _wait(lambda: not any(map(_alive, started)), say=lambda: [p.cmdline() for p in started if _alive(p)])

    assert _make(folder, "demo-reset").returncode == 0
    assert not (folder / ".local" / "demo").exists()
    assert not (folder / ".local" / "mail").exists()


def test_a_demo_whose_part_dies_says_which_and_ends(lived_in):
    demo = Demo(lived_in, port=embedded.free_port())
    demo.wait_until_ready()
    started = demo.processes()
    next(process for process in started if "beat" in process.cmdline()).kill()
    assert demo.wait_until_gone() != 0
    assert "its part 'beat' ended" in demo.said()
    _wait(lambda: not any(map(_alive, started)))


def test_a_taken_port_is_refused_in_one_sentence(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        _assert_refused(_make(folder, "demo", port=port), f"port {port} is taken")
    assert not (folder / ".local" / "demo").exists()


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "8000.5"])
def test_a_port_that_is_none_is_refused_in_one_sentence(folder, port):
    _assert_refused(_make(folder, "demo", port=port), "PORT must be a number")


def test_the_demo_never_touches_a_database_named_in_the_environment(folder):
    _assert_refused(_make(folder, "demo", database_url="postgresql:///theirs"), "DATABASE_URL is set")


def test_reset_without_data_is_no_error(folder):
    assert _make(folder, "demo-reset").returncode == 0


def test_the_catcher_keeps_each_of_many_messages(tmp_path):
    from rollout.mailcatcher import controller

    server = controller(folder=tmp_path, port=embedded.free_port())
    server.start()
    try:
        with smtplib.SMTP(server.hostname, server.port) as client:
            for number in range(20):
                client.sendmail("a@example.org", ["b@example.org"], f"Subject: {number}\r\n\r\nbody\r\n")
    finally:
        server.stop()
    kept = sorted(tmp_path.glob("*.eml"))
    assert [message_from_bytes(path.read_bytes())["Subject"] for path in kept] == [str(n) for n in range(20)]
    assert sorted(tmp_path.iterdir()) == kept
