"""What a rehearsal's page shows, as plain values."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.rehearsing import REFUSED, Happening, Message, Rehearsal
from rollout.domain.words import thousands
from rollout.models import EmailKind, EventKind, PlanEvent, Wave
from rollout.views.event_words import tell

#: What is assumed of agencies is told as a number.
ASSUMED = (EventKind.STEP_WAIVED, EventKind.FUNDING_SET)
#: What goes another way than the plan says; the rest is quiet.
LOUD = (REFUSED, EventKind.DEFERRED, EventKind.HELD, EventKind.NO_DECISION)


@dataclass(frozen=True)
class Line:
    """Something that happens: of which wave or agency, in a sentence, and why."""

    at: dt.datetime
    about: str
    text: str
    reason: str
    loud: bool


@dataclass(frozen=True)
class Told:
    """Messages of one kind in the same words. `withdrawn`: taken back before they would have been sent."""

    kind: str
    headline: str
    to: list[str]
    withdrawn: bool


@dataclass
class Day:
    date: dt.date
    lines: list[Line] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def messages(self) -> int:
        return sum(len(one.to) for one in self.told)


@dataclass(frozen=True)
class Stretch:
    """Days that follow each other: with nothing but messages (`is_quiet`), or each with more."""

    days: list[Day]
    is_quiet: bool

    @property
    def messages(self) -> int:
        return sum(day.messages for day in self.days)


def stretches_of(played: Rehearsal, steps: dict[str, str]) -> list[Stretch]:
    """The days on which something happens, in order."""
    return [Stretch(list(some), quiet) for quiet, some in groupby(_days(played, steps), key=lambda day: not day.lines)]


def opens_nothing_undecided(played: Rehearsal) -> bool:
    """Whether no wave opened and at least one had no decision: then it is the assumptions that want changing."""
    kinds = {happening["kind"] for happening in played["happenings"]}
    return EventKind.NO_DECISION in kinds and EventKind.LEADERS_OPENED not in kinds


def _days(played: Rehearsal, steps: dict[str, str]) -> list[Day]:
    days: dict[str, Day] = {}

    def day(at: str) -> Day:
        return days.setdefault(at[:10], Day(dt.date.fromisoformat(at[:10])))

    for at, of_moment in groupby(played["happenings"], key=lambda happening: happening["at"]):
        day(at).lines.extend(_lines(list(of_moment), steps))
    written = sorted(played["messages"], key=lambda message: message["at"])
    for date, of_day in groupby(written, key=lambda message: message["at"][:10]):
        day(date).told.extend(_told(of_day))
    return [days[date] for date in sorted(days)]


def _lines(happenings: list[Happening], steps: dict[str, str]) -> Iterable[Line]:
    assumed = sum(happening["kind"] in ASSUMED for happening in happenings)
    if assumed:
        text = ngettext("%(number)s steg er antatt gjort", "%(number)s steg er antatt gjort", assumed)
        yield Line(dt.datetime.fromisoformat(happenings[0]["at"]), "", text % {"number": assumed}, "", loud=False)
    for happening in happenings:
        if happening["kind"] in ASSUMED:
            continue
        wave = str(Wave(number=happening["wave"])) if happening["wave"] else ""
        yield Line(
            at=dt.datetime.fromisoformat(happening["at"]),
            about=happening["agency_name"] or wave,
            text=_sentence(happening, steps),
            reason=happening["reason"],
            loud=happening["kind"] in LOUD,
        )


def _sentence(happening: Happening, steps: dict[str, str]) -> str:
    if happening["kind"] == REFUSED:
        return _("Reglene sa nei")
    return tell(PlanEvent(kind=happening["kind"], before=happening["before"], after=happening["after"]), steps)


def _told(messages: Iterable[Message]) -> Iterable[Told]:
    groups: dict[tuple[str, str, bool], list[str]] = {}
    for message in messages:
        groups.setdefault((message["kind"], message["headline"], message["withdrawn"]), []).append(message["to"])
    for (kind, headline, withdrawn), to in groups.items():
        yield Told(str(EmailKind(kind).label), headline, sorted(to), withdrawn)


def sums_of(played: Rehearsal) -> list[tuple[str, str]]:
    """The play in figures: (what, how many)."""
    kinds = Counter(happening["kind"] for happening in played["happenings"])
    let_in = sum(len(h["after"]["let_in"]) for h in played["happenings"] if h["kind"] == EventKind.ALL_STAFF_OPENED)
    sums = [
        (_("åpninger"), kinds[EventKind.LEADERS_OPENED] + kinds[EventKind.ALL_STAFF_OPENED]),
        (_("virksomheter åpnet for alle"), let_in),
        (_("utsettelser"), kinds[EventKind.DEFERRED]),
        (_("holdt tilbake"), kinds[EventKind.HELD]),
        (_("datoer uten beslutning"), kinds[EventKind.NO_DECISION]),
        (_("avvist av reglene"), kinds[REFUSED]),
        (_("meldinger"), sum(not message["withdrawn"] for message in played["messages"])),
    ]
    return [(what, thousands(number)) for what, number in sums]
