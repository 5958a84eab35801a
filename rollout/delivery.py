"""Sending what is written: claim a row, send it, mark the outcome, else *unknown* (rule 10).

One message is claimed at a time and the claim is committed before a byte is sent, so that a worker that dies leaves
one claimed row at most, and whoever finds it knows that it may or may not have been sent. Many processes may deliver
at once. Everything here is real time, also in the demo: leases and backoff belong to the machines, not to the plan.
"""

import datetime as dt
import hashlib
import logging
import random
import re
import smtplib
import socket
import ssl
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, cast

from django.conf import settings
from django.core.mail.utils import DNS_NAME
from django.db import connection, transaction
from django.db.models import F, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.models import OSLO, EmailState, OutgoingEmail

log = logging.getLogger(__name__)

#: Longer than any send can take by its timeouts: a claim this old has no worker, even if its host still seems alive.
LEASE = dt.timedelta(minutes=10)
FIRST_WAIT = dt.timedelta(seconds=10)
LONGEST_WAIT = dt.timedelta(minutes=30)
#: A server that hangs up this many times in a row is left alone until the next run.
PATIENCE = 3


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: the row's next state, the reason, and whether the connection can be used again."""

    state: EmailState
    reason: str = ""
    hung_up: bool = False


def deliver_waiting(*, limit: int = 500, group: str = "") -> Counter[EmailState]:
    """Send what waits, `limit` messages at most, over one connection. Returns how many ended in each state.

    `group` names processes that die together, such as the children of one Celery worker: only one of them sends at a
    time, so that one kill cuts off one message at most. Must not be called inside a transaction: each outcome is
    committed before the next message is sent.
    """
    claim = uuid.uuid4()
    with _alive(group) if group else nullcontext(True) as is_first, _alive(claim.hex):
        return _deliver(claim, limit) if is_first else Counter()


def _deliver(claim: uuid.UUID, limit: int) -> Counter[EmailState]:
    ended: Counter[EmailState] = Counter()
    ended[EmailState.UNKNOWN] += _give_up_dead_claims()
    hang_ups = 0
    server: smtplib.SMTP | None = None
    try:
        while ended.total() < limit and hang_ups < PATIENCE:
            if server is None:
                if not _due().exists():
                    break
                try:
                    server = _connect()
                except (OSError, ValueError) as error:
                    ended[EmailState.WAITING] += _put_off_all(_describe(error))
                    break
            message = _claim_one(claim)
            if message is None:
                break
            outcome = _send(server, message)
            _record(message, claim, outcome)
            ended[outcome.state] += 1
            hang_ups = hang_ups + 1 if outcome.hung_up else 0
            if outcome.hung_up or not _ready_for_next(server, outcome):
                server.close()
                server = None
    finally:
        if server is not None:
            with suppress(OSError):
                server.quit()
    return +ended


def _due():
    return OutgoingEmail.objects.to_send(timezone.now())


# Claims


@transaction.atomic(durable=True)
def _claim_one(claim: uuid.UUID) -> OutgoingEmail | None:
    """Take the next message for this run, or None. Committed on return: from here on it may have been sent."""
    message = _due().select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("rollout").first()
    if message is None:
        return None
    message.state, message.claim, message.claimed_at = EmailState.CLAIMED, claim, timezone.now()
    message.attempts += 1
    message.save(update_fields=["state", "claim", "claimed_at", "attempts"])
    return message


def _record(message: OutgoingEmail, claim: uuid.UUID, outcome: Outcome) -> None:
    """Mark the outcome, unless the claim has been given up meanwhile: a late worker overwrites nothing."""
    changes: dict[str, Any] = {"state": outcome.state, "claim": None, "last_error": outcome.reason}
    if outcome.state == EmailState.WAITING:
        changes["not_before"] = timezone.now() + _wait(message.attempts)
    elif outcome.state != EmailState.UNKNOWN:
        changes["settled_at"] = timezone.now()
    mine = OutgoingEmail.objects.filter(pk=message.pk, state=EmailState.CLAIMED, claim=claim)
    if not mine.update(**changes):
        log.warning("message %s ended as %s, but its claim was given up", message.message_id, outcome.state)
    if outcome.reason:
        log.warning("message %s: %s (%s)", message.message_id, outcome.state, outcome.reason)


@contextmanager
def _alive(name: str) -> Iterator[bool]:
    """Hold a lock that the database lets go of the moment this process dies: that is how the others know.

    False: somebody else holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_lock_number(name)])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with suppress(Exception), connection.cursor() as cursor:  # a lost connection has let go already
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_lock_number(name)])


def _give_up_dead_claims() -> int:
    """Claims whose worker died, or that are older than the lease, become *unknown*. Returns how many."""
    claimed = OutgoingEmail.objects.filter(state=EmailState.CLAIMED)
    given_up = 0
    for claim in {claim for claim in claimed.values_list("claim", flat=True) if claim}:
        theirs = claimed.filter(claim=claim)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock_number(claim.hex)])
            (is_dead,) = cursor.fetchone()
            if not is_dead:
                theirs = theirs.filter(claimed_at__lt=timezone.now() - LEASE)
            given_up += theirs.update(
                state=EmailState.UNKNOWN,
                claim=None,
                last_error=_("Prosessen som sendte, ble avbrutt. Serveren kan ha tatt imot meldingen."),
            )
    if given_up:
        log.warning("%s messages are unknown: their worker died while sending", given_up)
    return given_up


def _lock_number(name: str) -> int:
    """PostgreSQL's locks are named by 64-bit numbers."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _wait(attempts: int) -> dt.timedelta:
    """Twice as long for each attempt, with a quarter of jitter so that workers do not come back together."""
    wait = min(FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 12), LONGEST_WAIT)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311 (no secret)


def _put_off_all(reason: str) -> int:
    """The server cannot be reached, which is no message's fault: all that is due waits alike."""
    attempts = (_due().aggregate(least=Min("attempts"))["least"] or 0) + 1
    log.warning("the mail server cannot be reached: %s", reason)
    return OutgoingEmail.objects.filter(
        state=EmailState.WAITING, pk__in=list(_due().values_list("pk", flat=True))
    ).update(not_before=timezone.now() + _wait(attempts), attempts=F("attempts") + 1, last_error=reason)


# The conversation with the mail server


def _connect() -> smtplib.SMTP:
    """Open one connection for many messages. Raises OSError (smtplib's errors are) or ValueError."""
    where: dict[str, Any] = {
        "host": settings.EMAIL_HOST,
        "port": settings.EMAIL_PORT,
        "local_hostname": str(DNS_NAME),
        "timeout": settings.EMAIL_TIMEOUT,
    }
    if settings.EMAIL_USE_SSL:
        server: smtplib.SMTP = smtplib.SMTP_SSL(**where, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(**where)
    try:
        # The end mark goes in a packet of its own (`_send`), which must not wait for the one before it.
        cast(socket.socket, server.sock).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.EMAIL_USE_TLS:
            server.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _send(server: smtplib.SMTP, message: OutgoingEmail) -> Outcome:
    """Offer one message to the server, step by step, to know for certain what it may have accepted.

    Until the end mark is sent the server has nothing to accept, so the message may be tried again. From then until
    its answer has come, nobody knows.
    """
    try:
        content = as_mail(message).as_bytes()
        sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        code, reply = server.mail(sender)
        if code != 250:  # it is us the server does not want, so the message is not to blame
            return _try_again(code, reply)
        code, reply = server.rcpt(message.to_address)
        if code not in (250, 251):
            return _refused(code, reply)
        code, reply = server.docmd("DATA")
        if code != 354:
            return _refused(code, reply)
        server.send(re.sub(rb"(?m)^\.", b"..", content))
    except ValueError as error:  # an address or a header that cannot be written
        return Outcome(EmailState.FAILED, _describe(error))
    except OSError as error:
        return Outcome(EmailState.WAITING, _describe(error), hung_up=True)
    try:
        server.send(b".\r\n")
        code, reply = server.getreply()
    except OSError as error:
        return Outcome(EmailState.UNKNOWN, _describe(error), hung_up=True)
    if 200 <= code < 300:
        return Outcome(EmailState.SENT)
    if not 400 <= code < 600:
        return Outcome(EmailState.UNKNOWN, _answer(code, reply), hung_up=True)
    return _refused(code, reply)


def _ready_for_next(server: smtplib.SMTP, outcome: Outcome) -> bool:
    """Clear away a refused message. False: the connection is gone."""
    if outcome.state == EmailState.SENT:
        return True
    try:
        return server.rset()[0] == 250
    except OSError:
        return False


def _refused(code: int, reply: bytes) -> Outcome:
    if 500 <= code < 600:
        return Outcome(EmailState.FAILED, _answer(code, reply))
    return _try_again(code, reply)


def _try_again(code: int, reply: bytes) -> Outcome:
    return Outcome(EmailState.WAITING, _answer(code, reply), hung_up=code == 421)


def _answer(code: int, reply: bytes) -> str:
    return _("E-postserveren svarte %(code)s: %(reply)s") % {"code": code, "reply": reply.decode(errors="replace")}


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def as_mail(message: OutgoingEmail) -> EmailMessage:
    """The row as a mail: text and HTML, and headers that say it is automatic. Raises ValueError on a bad header."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.headline
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    mail["To"] = message.to_address
    if message.rollout.contact_email:
        mail["Reply-To"] = message.rollout.contact_email
    mail["Date"] = format_datetime(message.written_at.astimezone(OSLO))
    mail["Message-ID"] = message.message_id
    if message.in_reply_to:
        mail["In-Reply-To"] = mail["References"] = message.in_reply_to
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail
