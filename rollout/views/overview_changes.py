"""What changed since the reader was last here, told for the overview: one action, or one day's likes, in one line."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import seeing
from rollout.models import OSLO, EventKind, PlanEvent, Rollout
from rollout.views.event_words import step_names, tell

FIRST_VISIT = dt.timedelta(days=7)
CHANGES_AT_MOST = 15
CHANGES_IN_SIGHT = 8
NAMES_AT_MOST = 3
#: Kinds that differ from agency to agency in nothing but a figure: told as one.
TOLD_BY_KIND = {EventKind.KEY_PEOPLE_STATED, EventKind.FUNDING_SET}
EVENTS_READ = 300  # what the changes shown are gathered from; the history page has the rest


@dataclass(frozen=True)
class Change:
    """What happened, once or to several the same day: each with its own sentence, the newest first."""

    text: str
    each: list[tuple[PlanEvent, str]]
    mine: bool

    @property
    def events(self) -> list[PlanEvent]:
        return [event for event, _text in self.each]

    @property
    def at(self) -> dt.datetime:
        return self.events[0].at

    @property
    def reason(self) -> str:
        reasons = {event.reason for event in self.events}
        return reasons.pop() if len(reasons) == 1 else ""

    @property
    def by(self) -> Person | None:
        """Who did it; None: the system, or several."""
        return self.events[0].by if len({event.by_id for event in self.events}) == 1 else None

    @property
    def by_several(self) -> bool:
        return len({event.by_id for event in self.events}) > 1

    @property
    def names(self) -> str:
        """Whom it happened to: the first, and how many more. What happened to the whole plan has no name."""
        names = list(dict.fromkeys(str(about) for event in self.events if (about := event.agency or event.wave)))
        shown = names if len(names) <= NAMES_AT_MOST + 1 else names[:NAMES_AT_MOST]
        listed = ", ".join(shown)
        more = len(names) - len(shown)
        return _("%(names)s og %(n)s til") % {"names": listed, "n": more} if more else listed


@dataclass(frozen=True)
class Changes:
    """What is new since the reader's mark, the newest day first, and `earlier` folded away.

    `first_visit`: no mark yet, so the last seven days. `events`: how many there are in all.
    """

    days: list[tuple[dt.date, list[Change]]]
    earlier: list[tuple[dt.date, list[Change]]]
    events: int
    left_out: bool
    first_visit: bool
    last_event_id: int


def changes_for(rollout: Rollout, person: Person, *, now: dt.datetime) -> Changes:
    seen = seeing.seen_until(person=person, rollout=rollout)
    new = rollout.events.filter(at__gte=now - FIRST_VISIT) if seen is None else rollout.events.filter(pk__gt=seen)
    events = list(new.for_telling().order_by("-pk")[:EVENTS_READ])
    total = new.count() if len(events) == EVENTS_READ else len(events)
    told = tell_together(events, step_names(rollout), reader=person)
    shown = told[:CHANGES_AT_MOST]
    return Changes(
        days=_by_day(shown[:CHANGES_IN_SIGHT]),
        earlier=_by_day(shown[CHANGES_IN_SIGHT:]),
        events=total,
        left_out=len(told) > len(shown) or total > len(events),
        first_visit=seen is None,
        last_event_id=seeing.last_event_id(rollout),
    )


def _by_day(changes: list[Change]) -> list[tuple[dt.date, list[Change]]]:
    return [(day, list(found)) for day, found in groupby(changes, key=lambda change: change.at.astimezone(OSLO).date())]


def tell_together(events: Iterable[PlanEvent], names: dict[str, str], *, reader: Person) -> list[Change]:
    """The events in sentences, the newest first: those of one action told together, and the same to several one day."""
    events = list(events)
    of_one_action = Counter((event.change, event.kind) for event in events)
    together: dict[tuple, list[tuple[PlanEvent, str]]] = {}
    for event in events:
        text = tell(event, names)
        key: tuple = (event.change, event.kind)
        if of_one_action[key] == 1:
            same = "" if event.kind in TOLD_BY_KIND else text
            key = (event.at.astimezone(OSLO).date(), event.kind, same, event.by_id == reader.pk)
        together.setdefault(key, []).append((event, text))
    return [_change(each, reader) for each in together.values()]


def _change(each: list[tuple[PlanEvent, str]], reader: Person) -> Change:
    event, text = each[0]
    if len({text for _event, text in each}) > 1:
        text = _("Angret: %(what)s") if event.undoes_id else "%(what)s"
        text = (text % {"what": event.get_kind_display()}).capitalize()
    return Change(text, each, all(event.by_id == reader.pk for event, _text in each))
