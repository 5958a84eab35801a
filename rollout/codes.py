"""Codes that prove a work address: made, tried and forgotten in Valkey alone, and mailed by a task.

Neither code nor address is written to the database or to a log, so the mail is no `OutgoingEmail` row: between here and
the worker it lies in the broker's queue, in Valkey. A lost one is asked for anew. Everything here is real time.

The limits, and why they lock nobody out:
- *Tries* are counted on the code, which belongs to one browser (its `flow`): nobody else can use them up.
- *Mails to one address* are counted for each network that asks, so that an outsider uses up their own share; over all
  networks there are enough for the owner too, and a ceiling that keeps a mailbox from being flooded.
- *Codes asked for from one network* may be so many that an office of 5 000 behind one address is through in some five
  minutes.
Past the second limit nothing is sent and the answer is the same: it tells nobody what others have asked for.
"""

import logging
import secrets
import smtplib
import time
from enum import Enum, auto

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.utils.crypto import constant_time_compare, salted_hmac

from agencies import addresses
from agencies.models import Agency
from rollout import emails
from rollout.models import Rollout

log = logging.getLogger(__name__)

LIFETIME = 600  # seconds
DIGITS = 6
TRIES = 5
#: Mails to one address in `LIFETIME`: from one network, and from all of them.
MAILS_FROM_ONE_NETWORK, MAILS_TO_ONE_ADDRESS = 3, 12
#: Codes asked for from one network in a minute.
ASKED_A_MINUTE = 1_200
QUEUE, TASK = "codes", "rollout.tasks.send_commitment_code"
#: Matches no code: what lies in Valkey where nothing was sent, so that guessing there gets the same answers.
NO_CODE = "-"


class TooMany(Exception):
    """So many codes are asked for from this network that it has to wait a minute."""


class Answer(Enum):
    """What became of a code that was typed."""

    RIGHT = auto()
    WRONG = auto()
    GONE = auto()  # run out, used, or tried too many times


# -- asking for one --------------------------------------------------------------------------------------------------


def ask(*, rollout: Rollout, agency: Agency, address: str, network: str, flow: str = "") -> str:
    """Mail a code to the address and return the `flow` in which it is to be typed.

    `flow`: the one that this browser has for the same address; it goes on, with its old code, where no more is sent.

    Raises:
        TooMany: nothing was done.
    """
    if not _within(f"asked:{network}", ASKED_A_MINUTE, seconds=60):
        raise TooMany
    owner = addresses.mailbox(address)
    from_here = _within(f"mails:{network}:{owner}", MAILS_FROM_ONE_NETWORK, seconds=LIFETIME)
    may_send = from_here and _within(f"mails:{owner}", MAILS_TO_ONE_ADDRESS, seconds=LIFETIME)
    if flow and not may_send:
        return flow
    flow = secrets.token_urlsafe(16)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    cache.set(_key("code", flow), _hash(flow, code) if may_send else NO_CODE, LIFETIME)
    cache.set(_key("tries", flow), 0, LIFETIME)
    if may_send:
        _hand_over(rollout=rollout.pk, agency=agency.pk, address=address, code=code)
    return flow


def _hand_over(**payload: str | int) -> None:
    """To a worker, by the task's name: tasks know the plan, and nothing of the plan knows tasks."""
    # What a late worker would send, is no longer of use. The arguments' text is for monitors, which are to see nothing.
    current_app.send_task(TASK, kwargs=payload, queue=QUEUE, expires=LIFETIME, argsrepr="", kwargsrepr="")


def mail(*, rollout: Rollout, agency: Agency, address: str, code: str) -> None:
    """Send the code. Raises OSError (smtplib's errors are), with no address in its words."""
    headline, text, html = emails.code.code(rollout=rollout, agency=agency, code=code, minutes=LIFETIME // 60)
    message = EmailMultiAlternatives(
        headline, text, settings.DEFAULT_FROM_EMAIL, [address], headers={"Auto-Submitted": "auto-generated"}
    )
    message.attach_alternative(html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused:
        log.warning("a commitment code was refused by the mail server")
    except OSError as error:
        raise OSError(type(error).__name__) from None


# -- typing it -------------------------------------------------------------------------------------------------------


def check(flow: str, code: str) -> Answer:
    """Try the code. The right one is right again until it is spent, so that a double press is no mistake."""
    expected = cache.get(_key("code", flow))
    if expected is None:
        return Answer.GONE
    if _tries(flow) > TRIES:
        spend(flow)
        return Answer.GONE
    typed = _hash(flow, "".join(code.split()))
    return Answer.RIGHT if constant_time_compare(typed, expected) else Answer.WRONG


def spend(flow: str) -> None:
    """The code is of no more use."""
    cache.delete_many([_key("code", flow), _key("tries", flow)])


def _tries(flow: str) -> int:
    """This try's number. Counted by Valkey before the code is looked at, so that many at once are no more tries."""
    try:
        return cache.incr(_key("tries", flow))
    except ValueError:  # run out this moment
        return TRIES + 1


def _within(what: str, limit: int, *, seconds: int) -> bool:
    """Count one more of this in the window of time that is now. False: the limit was reached already."""
    key = _key("limit", f"{what}:{int(time.time()) // seconds}")
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= limit
    except ValueError:  # run out between the two
        return True


def _hash(flow: str, code: str) -> str:
    return salted_hmac("rollout.codes", f"{flow}:{code}", algorithm="sha256").hexdigest()


def _key(kind: str, of: str) -> str:
    """No address and no token lies readable among the keys."""
    return f"commit-{kind}:{salted_hmac('rollout.codes.key', of, algorithm='sha256').hexdigest()}"
