"""Reading a mail server's log: which Message-IDs it took, and from when to when it was written.

Two kinds of file are understood. A list, one Message-ID a line: all of them were accepted. And a log, in the manner of
Postfix or Exim: a line that names a Message-ID tells that the message was accepted, except that Postfix's `cleanup`
names it while it is still coming in; then the queue manager's line about the same queue id tells.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings

from rollout.models import OSLO

_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_EXIM_ID = re.compile(r"\bid=([^<>@\s]+@[^<>@\s]+)")
_COMING_IN = re.compile(r"postfix\S*/cleanup\[\d+\]: (\w+): message-id=(<\S+>)")
_IN_QUEUE = re.compile(r"postfix\S*/(?:qmgr|smtp|lmtp|local|virtual|pipe)\[\d+\]: (\w+): (?:from=<|to=<)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_SYSLOG = re.compile(r"([A-Z][a-z]{2}) +(\d+) (\d\d):(\d\d):(\d\d) ")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass
class ServerLog:
    """`first` and `last`: when its first and last line were written; None where the lines bear no time."""

    accepted: set[str] = field(default_factory=set)
    first: dt.datetime | None = None
    last: dt.datetime | None = None

    def covers(self, moment: dt.datetime | None) -> bool:
        """Whether the log would show a message that was handed over then: written before, and after for as long as a
        worker waits for the answer."""
        if moment is None or self.first is None or self.last is None:
            return False
        return self.first <= moment and moment + dt.timedelta(seconds=settings.EMAIL_TIMEOUT) <= self.last


def read(lines: Iterable[str], *, real_now: dt.datetime) -> ServerLog:
    """`real_now`: the old kind of syslog writes no year, so its times are the latest that are not ahead of this."""
    log, coming_in = ServerLog(), {}
    for line in lines:
        moment = _moment(line, real_now)
        if moment is not None:
            log.first = min(log.first or moment, moment)
            log.last = max(log.last or moment, moment)
        if named := _COMING_IN.search(line):
            coming_in[named[1]] = named[2]
        elif queued := _IN_QUEUE.search(line):
            log.accepted.add(coming_in.get(queued[1], ""))
        elif "reject" not in line:
            log.accepted.update(_ID.findall(line))
            log.accepted.update(f"<{found}>" for found in _EXIM_ID.findall(line))
    return log


def _moment(line: str, real_now: dt.datetime) -> dt.datetime | None:
    if found := _ISO.match(line):
        moment = dt.datetime.fromisoformat(found[0])
        return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)
    found = _SYSLOG.match(line)
    if not found or found[1] not in _MONTHS:
        return None
    day, hour, minute, second = map(int, found.groups()[1:])
    month = _MONTHS.index(found[1]) + 1
    for year in (real_now.year + 1, real_now.year, real_now.year - 1):
        try:
            moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=OSLO)
        except ValueError:  # 29 February
            continue
        if moment <= real_now + dt.timedelta(days=1):
            return moment
    return None
