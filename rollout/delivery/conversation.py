"""What is said to the mail server, step by step, to know for certain what it may have accepted."""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, cast

from django.conf import settings
from django.core.mail.utils import DNS_NAME
from django.utils.translation import gettext as _

from rollout.models import EmailState

#: "no such mailbox" and the like are the address's fault, "550 5.7.1 relaying denied" is not.
_NOT_THE_ADDRESS = re.compile(rb"^5\.[3-7]\.")


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: the row's next state, the reason, and whether the connection can be used again.

    `address_refused`: the server will not take mail for the address, whatever the message.
    """

    state: EmailState
    reason: str = ""
    hung_up: bool = False
    address_refused: bool = False


def connect() -> smtplib.SMTP:
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
        # The end mark goes in a packet of its own (`hand_over`), which must not wait for the one before it.
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


def address(server: smtplib.SMTP, to: str) -> Outcome | None:
    """Name sender and recipient. None: both are accepted, and nothing has been handed over."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    try:
        (code, reply), (rcpt_code, rcpt_reply) = _name_both(server, sender, to)
    except ValueError as error:  # an address that cannot be written
        return Outcome(EmailState.FAILED, describe(error), address_refused=True)
    except OSError as error:
        return Outcome(EmailState.WAITING, describe(error), hung_up=True)
    if code != 250:  # it is us the server does not want, so the message is not to blame
        return _try_again(code, reply)
    if rcpt_code in (250, 251):
        return None
    refused = _refused(rcpt_code, rcpt_reply)
    at_fault = refused.state == EmailState.FAILED and not _NOT_THE_ADDRESS.match(rcpt_reply)
    return Outcome(refused.state, refused.reason, refused.hung_up, address_refused=at_fault)


def _name_both(server: smtplib.SMTP, sender: str, to: str) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """The answers to MAIL and RCPT. A server that allows it is told both at once: one journey fewer."""
    if not server.has_extn("pipelining"):
        answer = server.mail(sender)
        return answer, server.rcpt(to) if answer[0] == 250 else answer
    commands = f"MAIL FROM:{smtplib.quoteaddr(sender)}\r\nRCPT TO:{smtplib.quoteaddr(to)}\r\n"
    if len(commands.splitlines()) != 2 or "\r" in to or "\n" in to:
        raise ValueError("a line break in an address")
    commands.encode("ascii")
    server.send(commands)
    return server.getreply(), server.getreply()


def hand_over(server: smtplib.SMTP, content: bytes) -> Outcome:
    """Give the server the message it has accepted sender and recipient of.

    Until the end mark is sent the server has nothing to accept, so the message may be tried again. From then until
    its answer has come, nobody knows.
    """
    try:
        code, reply = server.docmd("DATA")
        if code != 354:
            return _refused(code, reply)
        server.send(re.sub(rb"(?m)^\.", b"..", content))
    except OSError as error:
        return Outcome(EmailState.WAITING, describe(error), hung_up=True)
    try:
        server.send(b".\r\n")
        code, reply = server.getreply()
    except OSError as error:
        return Outcome(EmailState.UNKNOWN, describe(error), hung_up=True)
    if 200 <= code < 300:
        return Outcome(EmailState.SENT)
    if not 400 <= code < 600:
        return Outcome(EmailState.UNKNOWN, _answer(code, reply), hung_up=True)
    return _refused(code, reply)


def ready_for_next(server: smtplib.SMTP) -> bool:
    """Clear away a message that was not sent. False: the connection is gone."""
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


def describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
