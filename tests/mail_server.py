"""A real SMTP server on loopback that counts what it accepted, and can be told to misbehave."""

import asyncio
import email
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """Accepts everything unless a subclass's hook says otherwise. A hook returns an SMTP answer, or None for yes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def accepted(self) -> Counter[str]:
        """How many times each Message-ID was accepted."""
        return Counter(mail["Message-ID"] for mail in self.mails)

    @property
    def recipients(self) -> Counter[str]:
        return Counter(mail["To"] for mail in self.mails)

    async def on_rcpt(self, server: SMTP, address: str) -> str | None:
        return None

    async def on_data(self, server: SMTP, mail: EmailMessage) -> str | None:
        return None

    # aiosmtpd's hooks

    async def handle_EHLO(self, server, session: Session, envelope: Envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self.on_rcpt(server, address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=default)
        answer = await self.on_data(server, mail)
        if answer is None or answer.startswith("250"):
            self.mails.append(mail)
        return answer or "250 OK"


@contextmanager
def serving(server: MailServer | None = None) -> Iterator[MailServer]:
    """Run the server in a thread of its own, with a loop of its own, while the block runs."""
    server = server or MailServer()
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def listen():
        listener = await loop.create_server(lambda: SMTP(server, hostname="test", loop=loop), "127.0.0.1", 0)
        server.port = listener.sockets[0].getsockname()[1]
        return listener

    async def hang_up():
        conversations = asyncio.all_tasks() - {asyncio.current_task()}
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    def run():
        listener = loop.run_until_complete(listen())
        ready.set()
        loop.run_forever()
        listener.close()
        loop.run_until_complete(hang_up())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
