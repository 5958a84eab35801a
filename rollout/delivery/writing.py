"""A row as the bytes of a mail.

The standard library's own encoder of quoted-printable is written in Python and took more time than all the rest of
sending; `binascii` does the same in C. The headers are still the library's work.
"""

import binascii
import datetime as dt
import re
import secrets
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from django.conf import settings

from rollout.models import OSLO

_PLAIN = re.compile(r"[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+|<[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+>|[A-Za-z0-9:+, -]+")
_SHORT = 64  # with any header's name, fewer than the 78 characters a line has room for
_CALENDAR = ';\r\n method=PUBLISH; name="datoer.ics"'
_FILE = 'Content-Disposition: attachment; filename="datoer.ics"\r\n'
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Letter:
    """What is needed of a message, and of its rollout, to send it."""

    id: int
    message_id: str
    in_reply_to: str
    to_address: str
    headline: str
    text: str
    html: str
    written_at: dt.datetime
    attempts: int
    reply_to: str
    calendar: str = ""


def as_bytes(letter: Letter) -> bytes:
    """The mail: text and HTML, a calendar file if it has one, and headers that say it is automatic.

    Raises ValueError on a bad header.
    """
    headers = [
        _shared_header("Subject", letter.headline),
        _shared_header("From", settings.DEFAULT_FROM_EMAIL),
        _header("To", letter.to_address),
        _header("Date", format_datetime(letter.written_at.astimezone(OSLO))),
        _header("Message-ID", letter.message_id),
        b"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
    ]
    if letter.reply_to:
        headers.insert(2, _shared_header("Reply-To", letter.reply_to))
    if letter.in_reply_to:
        headers.insert(5, _header("In-Reply-To", letter.in_reply_to) + _header("References", letter.in_reply_to))
    body = _multipart("alternative", [_part("plain", letter.text), _part("html", letter.html)])
    if letter.calendar:
        body = _multipart("mixed", [body, _part("calendar", letter.calendar, parameters=_CALENDAR, more=_FILE)])
    return b"".join(headers) + body


def _multipart(subtype: str, parts: list[bytes]) -> bytes:
    boundary = f"=_{secrets.token_hex(12)}"  # never in quoted-printable, where an equals sign is followed by a number
    between = f"--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(between + part for part in parts) + f"--{boundary}--\r\n".encode()


def _header(name: str, value: str) -> bytes:
    """What is plain and short needs no encoding and no folding; the library does all else."""
    if len(value) <= _SHORT and _PLAIN.fullmatch(value):
        return f"{name}: {value}\r\n".encode()
    mail = EmailMessage(policy=SMTP)
    mail[name] = value
    return mail.as_bytes().removesuffix(b"\r\n")


#: For values that many messages have in common.
_shared_header = lru_cache(maxsize=500)(_header)


def _part(subtype: str, content: str, *, parameters: str = "", more: str = "") -> bytes:
    encoded = binascii.b2a_qp(_LINE_ENDS.sub("\n", content).encode(), istext=True).replace(b"\n", b"\r\n")
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"{parameters}\r\n{more}'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + encoded + b"\r\n"  # which belongs to the boundary after it
