"""Sending what is written: claim a row, mark it as on its way, send it, mark how it ended (rule 10).

Each message is claimed by itself, committed, before the server hears of it; marked, committed, before its text is
handed over; and how it ended is committed before the next one is offered. So a worker that dies leaves one row: if it
is not marked, nobody can have it, and another worker takes it over; if it is, it may or may not have been sent, and is
*unknown*. Many processes may deliver at once. Everything here is real time, also in the demo: leases and backoff belong
to the machines, not to the plan.
"""

import datetime as dt
import logging
import smtplib
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from rollout.delivery import conversation
from rollout.delivery.claims import LEASE, Turn, alive, take_over_from_the_dead
from rollout.delivery.conversation import Outcome
from rollout.delivery.writing import Letter, as_bytes
from rollout.models import EmailState

__all__ = ["LEASE", "deliver_waiting"]

log = logging.getLogger(__name__)

#: A server that hangs up this many times in a row is left alone until the next run.
PATIENCE = 3
#: Seconds for which a worker that knows how a message ended waits for a database that is away.
REMEMBER = 60


def deliver_waiting(*, limit: int = 500, group: str = "", now: dt.datetime | None = None) -> Counter[EmailState]:
    """Send what waits, `limit` messages at most, over one connection. Returns how many ended in each state.

    `group` names processes that die together, such as the children of one Celery worker: only one of them sends at a
    time, so that one kill cuts off one message at most. `now` is the rollout's time, where that is another than real
    time. Must not be called inside a transaction: each outcome is committed before the next message is offered.
    """
    now = now or timezone.now()
    with alive(group) if group else nullcontext(True) as is_first:
        if not is_first:
            return Counter()
        turn = Turn(now)
        with alive(turn.claim.hex):
            return _Run(turn, limit).deliver()


class _Run:
    """One connection's worth of messages."""

    def __init__(self, turn: Turn, limit: int):
        self.turn, self.limit = turn, limit
        self.ended: Counter[EmailState] = Counter()
        self.server: smtplib.SMTP | None = None
        self.hang_ups = 0
        self.is_lost = False  # the database let go of our lock, so the others take us for dead

    def deliver(self) -> Counter[EmailState]:
        self.ended[EmailState.UNKNOWN] += take_over_from_the_dead(now=self.turn.now)
        try:
            while self._connected() and (letter := self.turn.claim_next()):
                while letter is not None:
                    letter = self._send(letter)
        finally:
            if self.server is not None:
                with suppress(OSError):
                    self.server.quit()
        return +self.ended

    def _connected(self) -> bool:
        """Whether there is a connection, and a reason to have one."""
        if self.is_lost or self.ended.total() >= self.limit or self.hang_ups >= PATIENCE:
            return False
        if self.server is None:
            if not self.turn.anything_due():
                return False
            try:
                self.server = conversation.connect()
            except (OSError, ValueError) as error:
                self.ended[EmailState.WAITING] += self.turn.put_off_all(conversation.describe(error))
                return False
        return True

    def _send(self, letter: Letter) -> Letter | None:
        """Send one message, and return the next one if it was claimed with the outcome of this."""
        if self.server is None:
            raise RuntimeError("there is no connection")
        outcome = self._offer(self.server, letter)
        if outcome is None:
            self._hang_up_unless(conversation.ready_for_next(self.server))
            self.turn.give_back(letter)
            return None
        self.ended[outcome.state] += 1
        self.hang_ups = self.hang_ups + 1 if outcome.hung_up else 0
        record = partial(self.turn.record, letter, outcome)
        if outcome.state == EmailState.SENT and self.ended.total() < self.limit:
            return _surely(partial(self.turn.claim_next, after_sending=letter), record)
        _surely(record, record)
        if outcome.state != EmailState.SENT:
            self._hang_up_unless(not outcome.hung_up and conversation.ready_for_next(self.server))
        return None

    def _offer(self, server: smtplib.SMTP, letter: Letter) -> Outcome | None:
        """How it went; None: it was not ours to send any more."""
        try:
            content = as_bytes(letter)
        except Exception as error:  # whatever is wrong with it, it is wrong with this one message
            log.exception("message %s cannot be written", letter.message_id)
            return Outcome(EmailState.FAILED, conversation.describe(error))
        refused = conversation.address(server, letter.to_address)
        if refused is not None:
            return refused
        try:
            if not self.turn.mark(letter):
                return None
        except (OperationalError, InterfaceError) as error:
            self.is_lost = True
            return Outcome(EmailState.WAITING, conversation.describe(error), hung_up=True)
        return conversation.hand_over(server, content)

    def _hang_up_unless(self, is_ready: bool) -> None:
        if not is_ready and self.server is not None:
            self.server.close()
            self.server = None


def _surely[T](record: Callable[[], T], again: Callable[[], None]) -> T | None:
    """Record how a message ended. If the database is away, the worker remembers it until it is back, and ends there:
    its lock is gone, so the others may have found its claim, and `record` mends that too.

    Raises:
        OperationalError: the database is away for longer.
    """
    try:
        return record()
    except (OperationalError, InterfaceError):
        log.warning("the database is away: remembering how a message ended")
    give_up = time.monotonic() + REMEMBER
    while True:
        connection.close()
        try:
            again()
            break
        except (OperationalError, InterfaceError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.5)
    raise OperationalError("the database was away, and this worker's lock with it")
