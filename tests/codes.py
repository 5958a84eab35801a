"""What a worker would do with the codes that wait in Valkey: run the task for each, which mails it."""

import re
from queue import Empty

from django.core import mail

from rollout import codes, tasks
from rollout.celery import app


def deliver() -> int:
    """Mail every code that waits. Returns how many."""
    sent = 0
    with app.connection_for_read() as connection, connection.SimpleQueue(codes.QUEUE) as queue:
        while True:
            try:
                message = queue.get(block=False)
            except Empty:
                return sent
            args, kwargs, _embedded = message.payload
            assert message.headers["task"] == tasks.send_commitment_code.name
            tasks.send_commitment_code(*args, **kwargs)
            message.ack()
            sent += 1


def forget() -> None:
    """Let go of what earlier tests asked for."""
    with app.connection_for_write() as connection, connection.SimpleQueue(codes.QUEUE) as queue:
        queue.clear()


def mailed(address: str) -> str:
    """The code in the last mail to this address."""
    deliver()
    message = next(message for message in reversed(mail.outbox) if message.to == [address])
    found = re.search(r"^ +(\d{6})$", str(message.body), re.MULTILINE)
    assert found, message.body
    return found[1]
