"""What happened to a board after it was shown: which columns to send again, and what to tell of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Person
from rollout.domain import placing
from rollout.models import EventKind, PlanEvent, Rollout
from rollout.views.board_data import QUEUE, Board
from rollout.views.event_words import step_names, tell

#: So many events later every column is sent, and nothing is told one by one.
TOO_MANY = 200


@dataclass(frozen=True)
class News:
    """One thing somebody else changed. `card` (slug) or else `columns` (keys) are marked with `mark`."""

    card: str
    columns: list[str]
    mark: str
    text: str


@dataclass(frozen=True)
class Since:
    """`columns`: the keys of those to send again; `added`: of those that are new, and stand on no older page.

    `news`: the latest of each card and column, for marking them; `said`: all of it in one sentence.
    """

    columns: set[str]
    added: set[str]
    news: list[News]
    said: str = ""


# Plain SQL: seldom has anything happened but what the asker did, and that is at hand.
_HAPPENED = """
SELECT id FROM rollout_planevent WHERE rollout_id = %s AND id > %s AND id <= %s ORDER BY id DESC LIMIT %s
"""


def since(rollout: Rollout, shown: Board, *, seen: int, reader: Person, written: Iterable[PlanEvent] = ()) -> Since:
    """What was changed after event `seen` and is in `shown`. What the reader did is sent again, but is no news.

    `written`: events that need not be read.
    """
    if seen >= shown.version:
        return Since(set(), set(), [])
    with connection.cursor() as cursor:
        cursor.execute(_HAPPENED, [rollout.pk, seen, shown.version, TOO_MANY])
        ids = [pk for (pk,) in cursor.fetchall()]
    happened = {event.pk: event for event in written if event.pk in ids}
    if unread := [pk for pk in ids if pk not in happened]:
        happened |= PlanEvent.objects.for_telling().in_bulk(unread)
    events = [happened[pk] for pk in sorted(ids)]
    if len(events) == TOO_MANY:
        added_later = rollout.events.filter(pk__gt=seen, pk__lte=shown.version, kind=EventKind.WAVE_ADDED)
        new = added_later.values_list("wave__number", flat=True)
        everything = {column.key for column in shown.columns}
        return Since(everything, set(map(str, new)), [], _("Tavlen er oppdatert med mange endringer."))
    columns = set().union(*(touched(event, shown) for event in events))
    added = {str(event.wave.number) for event in events if event.kind == EventKind.WAVE_ADDED and event.wave}
    others = [event for event in events if event.by_id != reader.pk]
    news = _news(rollout, shown, others)
    return Since(columns, added, news, _in_one_sentence(others, news))


def touched(event: PlanEvent, shown: Board) -> set[str]:
    """The columns that an event changed; when it is about no agency and no wave, that may be any of them."""
    if event.agency is None and event.wave is None:
        return {column.key for column in shown.columns}
    keys = {str(event.wave.number)} if event.wave else set()
    for place in (event.before, event.after):
        if place.get("wave"):
            keys.add(str(place["wave"]))
        elif place.get("queue_position"):
            keys.add(QUEUE)
    stands_in = shown.column_of(event.agency.slug) if event.agency else None
    return keys | ({stands_in.key} if stands_in else set())


def _news(rollout: Rollout, shown: Board, events: list[PlanEvent]) -> list[News]:
    """The latest of each card and column: what came before it is gone from the board."""
    steps = step_names(rollout) if events else {}
    latest: dict[tuple[str, str], News] = {}
    for event in events:
        card = event.agency.slug if event.agency else ""
        wave = str(event.wave.number) if event.wave else ""
        if not card and not wave:
            continue
        news = News(card, sorted(touched(event, shown)) if card else [wave], _mark(event), _told(event, shown, steps))
        latest[(card, "" if card else wave)] = news
    return list(latest.values())


def _who(event: PlanEvent) -> str:
    return str(event.by or _("Systemet"))


def _mark(event: PlanEvent) -> str:
    if event.undoes_id:
        words = _("Angret av %(who)s")
    elif event.kind in (EventKind.MOVED, EventKind.DEFERRED):
        words = _("Flyttet av %(who)s")
    elif event.kind in (EventKind.JOINED, EventKind.WAVE_ADDED, EventKind.REJOINED):
        words = _("Lagt til av %(who)s")
    else:
        words = _("Endret av %(who)s")
    return words % {"who": str(event.by or _("systemet"))}


def _told(event: PlanEvent, shown: Board, steps: dict[str, str]) -> str:
    """ "Kari flyttet Klimaetaten til Pulje 3."; of other kinds what the history says, and who did it."""
    if event.kind in placing.PLACING and (where := where_it_stands(event, shown)):
        return _("%(who)s flyttet %(agency)s til %(place)s.") % {
            "who": _who(event),
            "agency": event.agency,
            "place": where,
        }
    return _("%(what)s: %(told)s (%(who)s).") % {
        "what": event.agency or event.wave,
        "told": tell(event, steps),
        "who": _who(event),
    }


def where_it_stands(event: PlanEvent, shown: Board) -> str:
    """ "Pulje 3", "plass 4 i køen": where the board shows the event's agency; empty when it is outside."""
    column = shown.column_of(event.agency.slug) if event.agency else None
    if column is None or event.agency is None:
        return ""
    if column.wave:
        return column.heading
    place = 1 + next(i for i, card in enumerate(column.cards) if card.slug == event.agency.slug)
    return _("plass %(place)s i køen") % {"place": place}


def _in_one_sentence(events: list[PlanEvent], news: list[News]) -> str:
    """For a screen reader: one polite sentence, however much was changed."""
    if not events:
        return ""
    if len(events) == len(news) == 1:
        return news[0].text
    return ngettext("%(n)s endring på tavlen, av %(who)s.", "%(n)s endringer på tavlen, av %(who)s.", len(events)) % {
        "n": len(events),
        "who": _named(dict.fromkeys(map(_who, events))),
    }


def _named(people: Iterable[str]) -> str:
    first, *rest = people
    if not rest:
        return first
    if len(rest) == 1:
        return _("%(first)s og %(other)s") % {"first": first, "other": rest[0]}
    return _("%(first)s og %(n)s andre") % {"first": first, "n": len(rest)}
