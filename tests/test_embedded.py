"""The servers from their wheels: shared by all who ask, gone when the last one leaves."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from rollout import embedded
from rollout.embedded import postgresql, valkey

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 90
USE = """
import pathlib, sys
from rollout import embedded
servers = embedded.join_or_start(pathlib.Path(sys.argv[1]))
print(servers.database_url, servers.redis_url, flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the folder's servers until told to leave."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USE, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def addresses(self) -> list[str]:
        return self.process.stdout.readline().split()

    def leave(self) -> None:
        self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    for place in (tmp_path, *tmp_path.iterdir()):
        if (place / "servers.json").exists():
            embedded.stop(place)


def _running(folder: Path) -> list[psutil.Process]:
    found = [postgresql.find(folder), valkey.find(embedded._read_state(folder))]
    return [process for process in found if process]


def test_many_at_once_get_the_same_servers_and_the_last_to_leave_stops_them(folder):
    users = [User(folder) for _ in range(4)]
    assert len({tuple(user.addresses()) for user in users}) == 1
    servers = _running(folder)
    assert len(servers) == 2
    for user in users[:-1]:
        user.leave()
        assert _running(folder) == servers
    users[-1].leave()
    assert _running(folder) == []


def test_a_killed_user_holds_nothing_back(folder):
    killed = User(folder)
    addresses = killed.addresses()
    servers = _running(folder)
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    assert _running(folder) == servers
    next_one = User(folder)
    assert next_one.addresses() == addresses
    next_one.leave()
    assert _running(folder) == []


def test_data_survives_a_stop_and_a_crash(folder):
    user = User(folder)
    url = user.addresses()[0]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept ()")
    for server in _running(folder):
        server.kill()
    user.leave()
    again = User(folder)
    with psycopg.connect(again.addresses()[0]) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    again.leave()


@pytest.mark.parametrize("name", ["x" * 120, 'med komma, mellomrom og "tegn" æøå'], ids=["long", "odd"])
def test_any_folder_will_do(folder, name):
    place = folder / name
    place.mkdir()
    user = User(place)
    url = user.addresses()[0]
    psycopg.connect(url).close()
    socket_folder = Path(embedded._read_state(place)["postgres_socket"])
    user.leave()
    assert list(socket_folder.glob(".s.PGSQL*")) == []


def test_a_strangers_server_on_the_old_port_is_not_taken_for_ours(folder):
    user = User(folder)
    user.addresses()
    port = embedded._read_state(folder)["valkey_port"]
    user.leave()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        again = User(folder)
        assert f":{port}/" not in again.addresses()[1]
        again.leave()


def test_a_server_that_cannot_start_is_told_with_its_log(folder):
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.ServerFailed, match=r"postgres.*postgres\.log"):
        embedded.join_or_start(folder)


def test_only_the_owner_may_enter_the_socket_and_read_the_password(folder):
    user = User(folder)
    user.addresses()
    assert Path(embedded._read_state(folder)["postgres_socket"]).stat().st_mode & 0o077 == 0
    assert (folder / "servers.json").stat().st_mode & 0o077 == 0
    assert (folder / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
    user.leave()


def test_in_use_says_whether_someone_is(folder):
    assert not embedded.is_in_use(folder)
    user = User(folder)
    user.addresses()
    assert embedded.is_in_use(folder)
    user.leave()
    assert not embedded.is_in_use(folder)
