"""Whose turn it is: rows are claimed, marked as on their way, marked with how it ended, and taken over from the dead.

In plain SQL: it is asked twice for each message, and building the queries would cost more than asking them. Every
statement is conditional on the claim, so that who comes late overwrites nothing.
"""

import datetime as dt
import hashlib
import logging
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.delivery import failing
from rollout.delivery.conversation import Outcome
from rollout.delivery.writing import Letter
from rollout.models import EmailState, MailSwitch, OutgoingEmail

log = logging.getLogger(__name__)

#: Longer than any send can take by its timeouts: a claim this old has no worker, even if its host still seems alive.
LEASE = dt.timedelta(minutes=10)
FIRST_WAIT = dt.timedelta(seconds=10)
LONGEST_WAIT = dt.timedelta(minutes=30)
#: Some four days of being asked to come back later.
MOST_ATTEMPTS = 200
#: A server that cannot be reached is no message's fault: it lengthens the wait, and no message is given up for it.
UNREACHABLE_COUNTS_TO = 12
#: A message whose workers have died this often before it was handed over is what kills them.
MOST_TAKEOVERS = 5

# The same as `OutgoingEmail.objects.to_send`. Written so that there is but one way to find the first: along the index
# of what waits, looking up switch and person for each. Joins may be sorted whole, for every message anew, where the
# database has not counted the rows lately: after many have been written at once.
_DUE = """
  FROM rollout_outgoingemail m
 WHERE m.state = 'waiting' AND m.not_before <= %(now)s
   AND (SELECT s.held_since IS NULL AND s.home = %(server)s::text || s.tableoid
          FROM rollout_mailswitch s WHERE s.rollout_id = m.rollout_id)
   AND (SELECT p.mail_refused_at IS NULL FROM agencies_person p WHERE p.id = m.person_id)
   AND (m.in_reply_to = '' OR NOT EXISTS (
         SELECT 1 FROM rollout_outgoingemail ahead
          WHERE (ahead.message_id = m.in_reply_to OR ahead.in_reply_to = m.in_reply_to)
            AND ahead.id < m.id AND ahead.state IN ('waiting', 'claimed')))
"""
# One statement, and so one commit and one journey to the database: the message before was sent, and this is the next.
# Both parts see what stood before, so a correction right behind what it corrects is found by the claim after.
_SENT_AND_CLAIM = f"""
WITH sent AS (
  UPDATE rollout_outgoingemail SET state = 'sent', claim = NULL, last_error = '', settled_at = %(now)s
   WHERE id = %(sent)s AND state = 'claimed' AND claim = %(claim)s
  RETURNING id),
next AS (SELECT m.id {_DUE} ORDER BY m.not_before, m.id LIMIT 1 FOR NO KEY UPDATE OF m SKIP LOCKED),
claimed AS (
  UPDATE rollout_outgoingemail m
     SET state = 'claimed', claim = %(claim)s, claimed_at = %(now)s, attempts = m.attempts + 1, data_at = NULL
    FROM next, rollout_rollout r
   WHERE m.id = next.id AND r.id = m.rollout_id
  RETURNING m.id, m.message_id, m.in_reply_to, m.to_address, m.headline, m.text, m.html, m.written_at, m.attempts,
            r.contact_email, m.calendar)
SELECT EXISTS (SELECT FROM sent), claimed.* FROM (SELECT) AS always LEFT JOIN claimed ON true
"""  # noqa: S608 (no input)
_MARK = """
UPDATE rollout_outgoingemail m SET data_at = %(now)s
  FROM rollout_mailswitch s
 WHERE m.id = %(id)s AND m.state = 'claimed' AND m.claim = %(claim)s
   AND s.rollout_id = m.rollout_id AND s.held_since IS NULL
"""


class Turn:
    """One run's claims: `claim` is its name, and a lock by that name tells the others that it lives.

    `now` is the rollout's time, for what is written about a failure. All else is real time.
    """

    def __init__(self, now: dt.datetime) -> None:
        self.claim = uuid.uuid4()
        self.server = MailSwitch.server()
        self.now = now

    def _asked(self, **more: Any) -> dict[str, Any]:
        return {"now": timezone.now(), "claim": self.claim, "server": self.server} | more

    def _ask(self, statement: str, **more: Any) -> psycopg.Cursor:
        """Run one statement, which is a commit of its own. Prepared, for each is asked for every message."""
        asked = {"now": timezone.now(), "claim": self.claim, "server": self.server} | more
        connection.ensure_connection()
        with connection.wrap_database_errors:
            return psycopg.Cursor(connection.connection).execute(statement, asked, prepare=True)

    def anything_due(self) -> bool:
        return OutgoingEmail.objects.to_send(timezone.now()).exists()

    def claim_next(self, *, after_sending: Letter | None = None) -> Letter | None:
        """Take the next message, or None. Committed on return; nothing of it is with the server yet.

        `after_sending`: in the same commit, mark that the server took that one.
        """
        is_marked, *row = self._ask(_SENT_AND_CLAIM, sent=after_sending and after_sending.id).fetchone() or ()
        if after_sending is not None and not is_marked:
            self._record_late(after_sending, Outcome(EmailState.SENT))
        return Letter(*row) if row[0] is not None else None

    def mark(self, letter: Letter) -> bool:
        """Say, committed, that its text is now handed over: whoever dies from here on leaves it unknown.

        False: it is not ours to send any more. It was withdrawn, taken over, or all mail is held.
        """
        return bool(self._ask(_MARK, id=letter.id).rowcount)

    def give_back(self, letter: Letter) -> None:
        """It was not offered: it waits as before, unless it was withdrawn meanwhile."""
        self._mine(letter).update(state=EmailState.WAITING, claim=None, data_at=None, attempts=F("attempts") - 1)

    def record(self, letter: Letter, outcome: Outcome) -> None:
        """Mark how it ended. A claim that was given up meanwhile is not ours to mark, but see `_record_late`."""
        if outcome.state == EmailState.WAITING and letter.attempts >= MOST_ATTEMPTS:
            outcome = replace(outcome, state=EmailState.FAILED)
        if not self._change(self._mine(letter), letter, outcome):
            self._record_late(letter, outcome)
        if outcome.reason:
            log.warning("message %s: %s (%s)", letter.message_id, outcome.state, outcome.reason)

    def _record_late(self, letter: Letter, outcome: Outcome) -> None:
        """What became unknown is known after all, where this worker did hear the server's answer to the attempt."""
        unsettled = OutgoingEmail.objects.filter(pk=letter.id, state=EmailState.UNKNOWN, attempts=letter.attempts)
        known = outcome.state != EmailState.UNKNOWN and self._change(unsettled, letter, outcome)
        log.warning(
            "message %s ended as %s after its claim was given up%s",
            letter.message_id,
            outcome.state,
            ", and is settled by that" if known else "",
        )

    @transaction.atomic(durable=True)
    def _change(self, rows: QuerySet[OutgoingEmail], letter: Letter, outcome: Outcome) -> bool:
        if not rows.update(**_changes(letter, outcome)):
            return False
        if outcome.state == EmailState.FAILED:
            failing.tell(letter.id, address_refused=outcome.address_refused, now=self.now)
        elif outcome.state == EmailState.WAITING:
            failing.came_back(letter.id, now=self.now)
        return True

    def _mine(self, letter: Letter):
        return OutgoingEmail.objects.filter(pk=letter.id, state=EmailState.CLAIMED, claim=self.claim)

    def put_off_all(self, reason: str) -> int:
        """The server cannot be reached: all that is due waits alike. Returns how many."""
        due = list(OutgoingEmail.objects.to_send(timezone.now()).values_list("pk", flat=True))
        waiting = OutgoingEmail.objects.filter(state=EmailState.WAITING, pk__in=due)
        least = waiting.order_by("attempts").values_list("attempts", flat=True).first() or 0
        log.warning("the mail server cannot be reached: %s", reason)
        return waiting.update(
            not_before=timezone.now() + wait(least + 1),
            attempts=Greatest(F("attempts"), Least(F("attempts") + 1, UNREACHABLE_COUNTS_TO)),
            last_error=reason,
        )


def _changes(letter: Letter, outcome: Outcome) -> dict[str, Any]:
    now = timezone.now()
    changes: dict[str, Any] = {"state": outcome.state, "claim": None, "last_error": outcome.reason}
    if outcome.state == EmailState.WAITING:
        return changes | {"not_before": now + wait(letter.attempts), "data_at": None}
    return changes if outcome.state == EmailState.UNKNOWN else changes | {"settled_at": now}


def wait(attempts: int) -> dt.timedelta:
    """Twice as long for each attempt, with a quarter of jitter so that workers do not come back together."""
    doubled = min(FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 12), LONGEST_WAIT)
    return doubled * random.uniform(0.75, 1.25)  # noqa: S311 (no secret)


# Who lives and who is dead


@contextmanager
def alive(name: str) -> Iterator[bool]:
    """Hold a lock that the database lets go of the moment this process dies: that is how the others know.

    False: somebody else holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(name)])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with suppress(Exception), connection.cursor() as cursor:  # a lost connection has let go already
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(name)])


def lock_number(name: str) -> int:
    """PostgreSQL's locks are named by 64-bit numbers."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def take_over_from_the_dead(*, now: dt.datetime) -> int:
    """Claims whose worker died, or that are older than the lease: what was not handed over waits again, the rest is
    unknown. A message that has cost this many workers their life is given up. Returns how many became unknown.
    """
    claimed = OutgoingEmail.objects.filter(state=EmailState.CLAIMED)
    unknown = 0
    for claim in {claim for claim in claimed.values_list("claim", flat=True) if claim}:
        theirs = claimed.filter(claim=claim)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_number(claim.hex)])
            (is_dead,) = cursor.fetchone()
            if not is_dead:
                theirs = theirs.filter(claimed_at__lt=timezone.now() - LEASE)
            unknown += theirs.filter(data_at__isnull=False).update(
                state=EmailState.UNKNOWN,
                claim=None,
                last_error=_("Prosessen som sendte, ble avbrutt. Serveren kan ha tatt imot meldingen."),
            )
            _drop(theirs.filter(data_at__isnull=True), now=now)
    if unknown:
        log.warning("%s messages are unknown: their worker died while handing them over", unknown)
    return unknown


def _drop(theirs: QuerySet[OutgoingEmail], *, now: dt.datetime) -> None:
    """Of claims that nothing came of: back to waiting, or given up."""
    deadly = theirs.filter(takeovers__gte=MOST_TAKEOVERS - 1).select_for_update(no_key=True)
    for pk in list(deadly.values_list("pk", flat=True)):
        OutgoingEmail.objects.filter(pk=pk).update(
            state=EmailState.FAILED,
            claim=None,
            takeovers=F("takeovers") + 1,
            settled_at=timezone.now(),
            last_error=_("Satt til side: prosessen ble avbrutt hver gang den skulle sende meldingen."),
        )
        failing.tell(pk, address_refused=False, now=now)
    theirs.update(
        state=EmailState.WAITING,
        claim=None,
        takeovers=F("takeovers") + 1,
        last_error=_("Prosessen som skulle sende, ble avbrutt før meldingen ble overlevert."),
    )
