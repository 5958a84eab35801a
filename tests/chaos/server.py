"""An SMTP server that counts what it took, and misbehaves by a plan."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_MESSAGE_ID = re.compile(rb"(?m)^Message-ID: (\S+)\r$")
#: What can go wrong with a message, by the command at which it does. `taken` tells whether the server keeps it though
#: its sender never hears so.
AT_MAIL = ("421",)
AT_RCPT = ("451", "550")
AT_END = ("452", "hang, taken", "hang, not taken", "drop, taken", "drop, not taken")
IN_DATA = ("drop in data",)


class Unruly:
    """What the server took, and what is yet to go wrong: `plan` holds, by the number of the message, what happens."""

    def __init__(self, plan: dict[int, str] | None = None) -> None:
        self.plan = plan or {}
        self.offered = 0
        self.accepted: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.refused: set[str] = set()  # addresses: once refused, refused for good
        self.port = 0

    def happens(self, fault: str) -> str:
        self.faults[fault] += 1
        return fault


class Conversation(asyncio.Protocol):
    def __init__(self, book: Unruly):
        self.book = book

    def connection_made(self, transport):
        self.transport, self.rest, self.in_data, self.fault, self.to = transport, b"", False, "", ""
        self.say("220 chaos")

    def say(self, line: str) -> None:
        self.transport.write(f"{line}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if self.in_data and self.fault == "drop in data":
            self.drop()
        while not self.transport.is_closing() and (self.take_message() if self.in_data else self.take_command()):
            pass

    def drop(self) -> None:
        self.book.happens(self.fault)
        self.transport.abort()

    def take_command(self) -> bool:
        line, end, rest = self.rest.partition(b"\r\n")
        if not end:
            return False
        self.rest = rest
        verb, words = line[:4].upper().decode(), line.decode(errors="replace")
        if verb == "EHLO":
            self.say("250-chaos\r\n250 PIPELINING")
        elif verb == "MAIL":
            self.book.offered += 1
            self.fault = self.book.plan.get(self.book.offered, "")
            self.answer("250 ok", of=AT_MAIL)
        elif verb == "RCPT":
            self.to = words.partition("<")[2].partition(">")[0]
            if self.to in self.book.refused:
                self.say("550 5.1.1 no such mailbox")
            else:
                self.answer("250 ok", of=AT_RCPT)
        elif verb == "DATA":
            self.in_data = True
            self.say("354 go on")
        elif verb == "QUIT":
            self.say("221 bye")
            self.transport.close()
        else:
            self.say("250 ok")
        return True

    def answer(self, yes: str, *, of: tuple[str, ...]) -> None:
        if self.fault not in of:
            self.say(yes)
            return
        fault = self.book.happens(self.fault)
        if fault == "550":
            self.book.refused.add(self.to)
        self.say({"421": "421 too busy", "451": "451 try again later", "550": "550 5.1.1 no such mailbox"}[fault])
        if fault == "421":
            self.transport.close()

    def take_message(self) -> bool:
        text, end, rest = self.rest.partition(b"\r\n.\r\n")
        if not end:
            return False
        self.rest, self.in_data = rest, False
        fault = self.book.happens(self.fault) if self.fault in AT_END else ""
        found = _MESSAGE_ID.search(text)
        assert found
        if fault != "452" and "not taken" not in fault:
            self.book.accepted[found[1].decode()] += 1
        if fault == "452":
            self.say("452 disk full")
        elif fault.startswith("drop"):
            self.transport.abort()
        elif not fault:
            self.say("250 taken")
        return True


@contextmanager
def serving(book: Unruly) -> Iterator[Unruly]:
    """Run it in a thread of its own while the block runs."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def listen():
        listener = await loop.create_server(lambda: Conversation(book), "127.0.0.1", 0)
        book.port = listener.sockets[0].getsockname()[1]
        return listener

    def run():
        listener = loop.run_until_complete(listen())
        ready.set()
        loop.run_forever()
        listener.close()
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield book
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
