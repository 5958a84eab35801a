"""What the history shows: changes by the day, each with its parts and what became of it, as plain values."""

import datetime as dt
import uuid
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollout.domain import undoing
from rollout.domain.past_undoing import past_undoing
from rollout.models import OSLO, EventKind, PlanEvent, Rollout
from rollout.views.change_words import headline, why_not
from rollout.views.event_words import step_names, tell

PER_PAGE = 40  # changes
#: More parts of one change than this are told as a number.
PARTS_AT_MOST = 100

#: The kinds of events in groups that a reader would ask for.
GROUPS: dict[str, tuple[str | Promise, frozenset[EventKind]]] = {
    "places": (
        _("Kø og plasser"),
        frozenset(
            {
                EventKind.JOINED,
                EventKind.PILOT_MARKED,
                EventKind.DATE_ASKED,
                EventKind.DATE_ANSWERED,
                EventKind.JOIN_ASKED,
                EventKind.JOIN_ANSWERED,
                EventKind.MOVED,
                EventKind.SCENARIO_ADOPTED,
                EventKind.DEFERRAL_CHOSEN,
                EventKind.DEFERRED,
                EventKind.WITHDRAWN,
                EventKind.REJOINED,
                EventKind.PINNED,
                EventKind.UNPINNED,
            }
        ),
    ),
    "dates": (
        _("Puljer, datoer og kalender"),
        frozenset(
            {
                EventKind.WAVE_ADDED,
                EventKind.DATES_SET,
                EventKind.CAP_SET,
                EventKind.BLACKOUT_ADDED,
                EventKind.BLACKOUT_REMOVED,
            }
        ),
    ),
    "openings": (
        _("Beslutninger og åpninger"),
        frozenset(
            {
                EventKind.DECIDED,
                EventKind.NO_DECISION,
                EventKind.LEADERS_OPENED,
                EventKind.ALL_STAFF_OPENED,
                EventKind.HELD,
                EventKind.RELEASED,
                EventKind.FIGURES_ENTERED,
                EventKind.LESSON_WRITTEN,
                EventKind.REVIEW_CLOSED,
                EventKind.CRITERIA_SET,
            }
        ),
    ),
    "course": (
        _("Løp og kjøreregler"),
        frozenset(
            {
                EventKind.STEP_CONFIRMED,
                EventKind.STEP_WAIVED,
                EventKind.WAIVER_TAKEN_BACK,
                EventKind.KEY_PEOPLE_STATED,
                EventKind.COURSE_PUBLISHED,
                EventKind.GUIDELINES_PUBLISHED,
                EventKind.SIGNED,
                EventKind.READINESS_CONFIRMED,
                EventKind.STEP_WITHDRAWN,
                EventKind.READINESS_WITHDRAWN,
            }
        ),
    ),
    "licences": (
        _("Lisenser og penger"),
        frozenset(
            {
                EventKind.FUNDING_SET,
                EventKind.FUNDING_STATED,
                EventKind.FUNDING_QUESTIONED,
                EventKind.POOL_SET,
                EventKind.PRICE_SET,
            }
        ),
    ),
    "other": (
        _("Virksomheter, roller og annet"),
        frozenset(
            {
                EventKind.AGENCY_IMPORTED,
                EventKind.AGENCY_EDITED,
                EventKind.ROLE_GIVEN,
                EventKind.ROLE_ENDED,
                EventKind.CASE_SET,
                EventKind.PERSON_ERASED,
                EventKind.RETENTION_ENFORCED,
                EventKind.MESSAGE_SETTLED,
                EventKind.MESSAGE_RESENT,
                EventKind.MAIL_HELD,
                EventKind.MAIL_RELEASED,
                EventKind.ADDRESS_CORRECTED,
                EventKind.ADDRESS_TRIED,
                EventKind.CHANGES_ANNOUNCED,
                EventKind.FEED_MADE,
                EventKind.FEED_REVOKED,
                EventKind.ROLLOUT_CREATED,
                EventKind.ROLLOUT_EDITED,
                EventKind.ROLLOUT_ACTIVATED,
            }
        ),
    ),
}


@dataclass(frozen=True)
class Part:
    """`is_past`: an opening has put it beyond undoing; `newer`: what is to be undone first, if anything."""

    event: PlanEvent
    text: str
    is_past: bool
    newer: PlanEvent | None


@dataclass(frozen=True)
class Counterpart:
    """The change that took this one back, or that it took back: who, when, and where it stands in the history."""

    event: PlanEvent
    newest_id: int

    @property
    def change(self) -> uuid.UUID:
        return self.event.change

    @property
    def before(self) -> str:
        """The keyset mark of the page that begins with it; in text, as an address has it."""
        return str(self.newest_id + 1)


@dataclass(frozen=True)
class Change:
    """The events of one action, in their order; told by its one part, or by a headline over several."""

    parts: list[Part]

    @property
    def events(self) -> list[PlanEvent]:
        return [part.event for part in self.parts]

    @property
    def first(self) -> PlanEvent:
        return self.parts[0].event

    @property
    def id(self) -> uuid.UUID:
        return self.first.change

    @property
    def is_one(self) -> bool:
        return len(self.parts) == 1

    @property
    def headline(self) -> str:
        return headline(self.events)

    @property
    def parts_shown(self) -> list[Part]:
        return self.parts[:PARTS_AT_MOST]

    @property
    def parts_hidden(self) -> int:
        return len(self.parts) - len(self.parts_shown)

    @property
    def reason(self) -> str:
        """Why, where all the parts say the same."""
        reasons = {event.reason for event in self.events}
        return reasons.pop() if len(reasons) == 1 else ""

    @property
    def can_be_undone(self) -> bool:
        return self._is_undoable and not any(part.newer for part in self.parts)

    @property
    def why_not(self) -> str:
        """Empty: that needs no word."""
        is_past = any(part.is_past for part in self.parts)
        return why_not(self.events) or (str(_("Kan ikke angres: en pulje den gjelder, har åpnet.")) if is_past else "")

    @property
    def in_the_way(self) -> str:
        """What is to be undone first, for who may; empty: nothing is, or this can never be undone."""
        newer = next((part.newer for part in self.parts if part.newer), None)
        return undoing.stands_in_the_way(newer) if newer and self._is_undoable else ""

    @property
    def _is_undoable(self) -> bool:
        return all(undoing.can_be_undone(part.event) and not part.is_past for part in self.parts)

    @property
    def undone_by(self) -> Counterpart | None:
        undoings = [event.undone_by for event in self.events if hasattr(event, "undone_by")]
        return Counterpart(undoings[0], max(event.pk for event in undoings)) if undoings else None

    @property
    def undoes(self) -> Counterpart | None:
        undone = [event.undoes for event in self.events if event.undoes is not None]
        return Counterpart(undone[0], max(event.pk for event in undone)) if undone else None


@dataclass(frozen=True)
class Day:
    date: dt.date
    changes: list[Change]


@dataclass(frozen=True)
class HistoryPage:
    """`older`: the keyset mark of the next page, None on the last."""

    days: list[Day]
    older: str | None


def history_page(rollout: Rollout, events: QuerySet[PlanEvent], *, before: int | None) -> HistoryPage:
    """The changes that the filtered `events` belong to, whole, newest first, from before the event `before`.

    Four queries at most, however many there are.
    """
    newest = events.values("change").annotate(last=Max("id")).order_by("-last")
    if before is not None:
        newest = newest.filter(last__lt=before)
    found = list(newest.values_list("change", "last")[: PER_PAGE + 1])
    shown, more = found[:PER_PAGE], len(found) > PER_PAGE
    changes = _changes(rollout, [change for change, _last in shown])
    days = groupby(changes, key=lambda change: change.first.at.astimezone(OSLO).date())
    return HistoryPage([Day(date, list(of_day)) for date, of_day in days], str(shown[-1][1]) if more else None)


def _changes(rollout: Rollout, ids: list[uuid.UUID]) -> list[Change]:
    """In the order of `ids`."""
    names = step_names(rollout)
    parts: dict[uuid.UUID, list[Part]] = {change: [] for change in ids}
    told = list(rollout.events.filter(change__in=ids).for_telling().annotate(is_past=past_undoing()).order_by("id"))
    newer = undoing.newer_in_the_way([one for one in told if undoing.can_be_undone(one) and not one.is_past])
    for event in told:
        parts[event.change].append(Part(event, tell(event, names), event.is_past, newer.get(event.pk)))
    return [Change(found) for found in parts.values()]
