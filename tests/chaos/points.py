"""A worker cut down at a named point, by its own hand: SIGKILL, so that nothing of it is left to tidy up.

The points are wrapped from outside, in the process that is to die. The product knows nothing of them.
"""

import multiprocessing
import os
import signal
import smtplib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections, transaction

from rollout import delivery
from rollout.delivery import conversation
from rollout.delivery.claims import Turn
from rollout.models import EmailState
from tests.races import forget_inherited_connections

_fork = multiprocessing.get_context("fork")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(owner: object, name: str, when: Callable[..., bool]) -> None:
    """Die after `name` has done its work, where `when(result, *arguments)` holds."""
    original = getattr(owner, name)

    def wrapped(*args, **kwargs):
        result = original(*args, **kwargs)
        if when(result, *args, *kwargs.values()):
            _die()
        return result

    setattr(owner, name, wrapped)


def _claimed() -> None:
    _after(Turn, "claim_next", lambda letter, *_given: letter is not None)


def _before_data() -> None:
    Turn.mark = lambda *_given: _die()


def _in_data() -> None:
    send = smtplib.SMTP.send

    def half(server, content):
        if isinstance(content, bytes) and len(content) > 200:
            send(server, content[: len(content) // 2])
            _die()
        return send(server, content)

    smtplib.SMTP.send = half


def _after_250() -> None:
    _after(conversation, "hand_over", lambda outcome, *_given: outcome.state == EmailState.SENT)


def _before_commit() -> None:
    original = Turn.claim_next

    def uncommitted(turn, *, after_sending=None):
        with transaction.atomic():
            letter = original(turn, after_sending=after_sending)
            if after_sending is not None:
                _die()
            return letter

    Turn.claim_next = uncommitted


def _after_commit() -> None:
    _after(Turn, "claim_next", lambda _letter, _turn, after_sending=None: after_sending is not None)


@dataclass(frozen=True)
class Point:
    """Where a worker is cut, what the others must make of its message, and how often the server took it by then."""

    name: str
    cut: Callable[[], None]
    state: EmailState
    taken: int


#: Before the mark nothing can have been sent, and the message is taken over; after it, it is unknown.
POINTS = (
    Point("claimed", _claimed, EmailState.SENT, 1),
    Point("before DATA", _before_data, EmailState.SENT, 1),
    Point("in DATA", _in_data, EmailState.UNKNOWN, 0),
    Point("after 250", _after_250, EmailState.UNKNOWN, 1),
    Point("before commit", _before_commit, EmailState.UNKNOWN, 1),
    Point("after commit", _after_commit, EmailState.SENT, 1),
)


def deliver_and_die_at(point: Point) -> bool:
    """Whether a worker of its own was killed there."""

    def run() -> None:
        forget_inherited_connections()
        point.cut()
        delivery.deliver_waiting()

    connections.close_all()  # a connection shared with a child would be two speakers on one line
    worker = _fork.Process(target=run)
    worker.start()
    worker.join(120)
    return worker.exitcode == -signal.SIGKILL
