"""The demo's mail server: takes every message and keeps it as one `.eml` file, named so that files sort by arrival.

Usage: `python -m rollout.mailcatcher FOLDER PORT`. It listens on loopback only, and never passes anything on.
"""

import datetime as dt
import itertools
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class KeepAsFiles:
    """aiosmtpd calls `handle_DATA` for each message."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Accept the message only once it lies whole under its name: a reader never sees half of one."""
        arrived = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        name = f"{arrived}-{os.getpid()}-{next(self.numbers)}.eml"
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", suffix=".part", delete=False) as draft:
            draft.write(envelope.original_content or b"")
        os.replace(draft.name, self.folder / name)
        return "250 kept"


def controller(*, folder: Path, port: int) -> Controller:
    """The server, not yet started."""
    folder.mkdir(parents=True, exist_ok=True)
    return Controller(KeepAsFiles(folder), hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)


def main(folder: str, port: str) -> None:
    """Run until SIGINT or SIGTERM."""
    stopping = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stopping.set())
    server = controller(folder=Path(folder), port=int(port))
    server.start()
    stopping.wait()
    server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
