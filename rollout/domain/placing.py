"""Placing agencies: moves between queue and waves, alone and several together, and the order within (rules 1 and 2).

A wave is a list of at most five: its slots run from 1 without gaps, as the queue's positions do.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain import queueing, rows
from rollout.domain.locks import hold_plan, wave_now
from rollout.domain.recording import record
from rollout.domain.refusals import MoveRefused
from rollout.domain.words import clock_time, thousands
from rollout.models import (
    CAPACITY,
    EventKind,
    Placement,
    PlacementStatus,
    PlanEvent,
    Wave,
    WaveState,
)

#: What says where an agency stands.
PLACING = (EventKind.JOINED, EventKind.MOVED, EventKind.DEFERRED, EventKind.WITHDRAWN, EventKind.REJOINED)

#: Puts a wave's agencies in the given order, slots from 1; the unique constraint is checked at the statement's end.
_ORDER = """
UPDATE rollout_placement p SET slot = o.place
FROM unnest(%s::bigint[]) WITH ORDINALITY AS o(id, place) WHERE p.id = o.id AND p.slot <> o.place
"""
#: Renumbers a wave's agencies from 1 as they stand, in one statement.
_CLOSE_GAPS = """
UPDATE rollout_placement p SET slot = o.place
FROM (SELECT id, row_number() OVER (ORDER BY slot) AS place FROM rollout_placement WHERE wave_id = %s) o
WHERE p.id = o.id AND p.slot <> o.place
"""


_PLACEMENT = f"SELECT {rows.columns(Placement, 'p')} FROM rollout_placement p WHERE p.id = %s"  # noqa: S608
_PLACE = ("status", "queue_position", "wave_id", "slot", "deferral_wave_id", "pin_reason", "version")
_PUT = f"UPDATE rollout_placement SET {', '.join(f'{name} = %s' for name in _PLACE)} WHERE id = %s"  # noqa: S608
_ANOTHER_PLAN = "UPDATE rollout_wave SET plan_version = plan_version + 1 WHERE id = ANY(%s) AND state = %s"


def place_of(placement: Placement) -> dict[str, Any]:
    """Where a placement stands, as events keep it; with the wave it is to be deferred to, where one is chosen."""
    if placement.wave is not None:
        place = {"status": placement.status, "wave": placement.wave.number, "slot": placement.slot}
        return place | ({"deferral_wave": placement.deferral_wave.number} if placement.deferral_wave else {})
    if placement.status == PlacementStatus.QUEUED:
        return {"status": placement.status, "queue_position": placement.queue_position}
    return {"status": placement.status}


def free_slot(wave: Wave) -> int | None:
    """The lowest slot nobody has, or None when the wave is full."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slot FROM rollout_placement WHERE wave_id = %s", [wave.pk])
        taken = {slot for (slot,) in cursor.fetchall()}
    return next((slot for slot in range(1, CAPACITY + 1) if slot not in taken), None)


def _close_gaps(wave: Wave) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_GAPS, [wave.pk])


def _put_at(placement: Placement, position: int) -> None:
    """Order the placement's wave with it at `position` from 1."""
    others = Placement.objects.filter(wave=placement.wave).exclude(pk=placement.pk).order_by("slot")
    ids = list(others.values_list("pk", flat=True))
    ids.insert(max(0, position - 1), placement.pk)
    with connection.cursor() as cursor:
        cursor.execute(_ORDER, [ids])


@transaction.atomic
def move(
    *,
    placement: Placement,
    to: Wave | None,
    by: Person | None,
    now: dt.datetime,
    version_seen: int | None = None,
    seen: int | None = None,
    position: int | None = None,
    reason: str = "",
) -> PlanEvent | None:
    """Move an agency to a wave, or (`to` None) to the queue: last, or at `position` from 1.

    Unreadiness never stands in the way. With `position`, a move to where the agency stands reorders. `version_seen` is
    the placement's version as it was shown, `seen` the last event the page knew of. Returns the event; None, and
    nothing changed, if the agency stands there already.

    Raises:
        MoveRefused: the wave is full or opened, the agency's own wave has opened, the agency is a pilot, withdrawn or
            pinned, or it has moved since `version_seen` was shown.
    """
    hold_plan(placement.rollout_id)
    placement = fresh(placement)
    refuse_if_moved_since(placement, version_seen)
    refuse_if_fixed(placement, seen=seen)
    target = wave_to_enter(placement, to, seen=seen)
    if _stands_there(placement, target, position):
        return None
    return put(placement, target, kind=EventKind.MOVED, by=by, now=now, position=position, reason=reason)


def _stands_there(placement: Placement, target: Wave | None, position: int | None) -> bool:
    """Whether a move would change nothing. In the queue no position means last; in a wave, wherever it stands."""
    if target != placement.wave:
        return False
    if target is not None:
        if position is None:
            return True
        last = Placement.objects.filter(wave=target).count()
    else:
        last = placement.rollout.placements.queued().count()
    return placement.position == (last if position is None else min(max(position, 1), last))


def fresh(placement: Placement) -> Placement:
    """The placement as it is now, with its wave."""
    [(now,)] = rows.read(_PLACEMENT, [placement.pk], Placement)
    now.rollout, now.agency = placement.rollout, placement.agency  # for good
    now.wave = wave_now(now.wave_id) if now.wave_id else None
    return now


def refuse_if_moved_since(placement: Placement, version_seen: int | None) -> None:
    """Raises MoveRefused if the placement has moved since it had the version that was shown."""
    if version_seen is None or version_seen == placement.version:
        return
    latest = (
        PlanEvent.objects.filter(agency_id=placement.agency_id, rollout_id=placement.rollout_id, kind__in=PLACING)
        .select_related("by")
        .last()
    )
    who = str(latest.by) if latest and latest.by else _("systemet")
    raise MoveRefused(
        _("%(agency)s er flyttet siden du så kortet: %(who)s flyttet den til %(place)s. Se på tavlen og prøv igjen.")
        % {"agency": placement.agency, "who": who, "place": place_name(placement)}
    )


def place_name(placement: Placement) -> str:
    """ "Pulje 3", "køen", "pilotene"."""
    if placement.status == PlacementStatus.PLACED:
        return str(placement.wave)
    return {
        PlacementStatus.QUEUED: _("køen"),
        PlacementStatus.PILOT: _("pilotene"),
        PlacementStatus.WITHDRAWN: _("de trukne"),
    }[PlacementStatus(placement.status)]


def refuse_if_fixed(placement: Placement, *, seen: int | None = None) -> None:
    """Raises MoveRefused: pilots, withdrawn, pinned and those in an opened wave stay where they are.

    What happened after event `seen`, the last the page knew of, is told with who did it.
    """
    if not placement.is_in_plan:
        raise MoveRefused(_("%(agency)s står utenfor kø og puljer og kan ikke flyttes.") % {"agency": placement.agency})
    if placement.wave is not None and not placement.wave.is_planned:
        raise MoveRefused(
            _("%(wave)s er åpnet, så %(agency)s kan ikke flyttes ut. Lederne der har alt tilgang.")
            % {"wave": placement.wave, "agency": placement.agency}
            + _opened_since(placement.wave, seen)
        )
    if placement.is_pinned:
        raise MoveRefused(
            _("%(agency)s er låst i %(place)s: %(reason)s Lås opp plasseringen først.")
            % {
                "agency": placement.agency,
                "place": place_name(placement),
                "reason": placement.pin_reason.rstrip(".") + ".",
            }
            + _pinned_since(placement, seen)
        )


def wave_to_enter(placement: Placement, to: Wave | None, *, seen: int | None = None) -> Wave | None:
    """The wave as it is now. Raises MoveRefused where the agency may not enter it, or it is full."""
    wave = unopened(placement, to, seen=seen)
    if wave is not None and wave.pk != placement.wave_id and free_slot(wave) is None:
        raise MoveRefused(
            _("%(wave)s er full: den har %(capacity)s virksomheter. Flytt en ut, eller velg en annen pulje.")
            % {"wave": wave, "capacity": CAPACITY}
            + _filled_since(wave, seen)
        )
    return wave


def unopened(placement: Placement, to: Wave | None, *, seen: int | None = None) -> Wave | None:
    """The wave as it is now. Raises MoveRefused where it is another rollout's or has opened."""
    if to is None:
        return None
    wave = wave_now(to.pk)
    if wave.rollout_id != placement.rollout_id:
        raise MoveRefused(_("Puljen hører til en annen utrulling. Velg en pulje fra denne tavlen."))
    refuse_opened(wave, seen=seen)
    return wave


def refuse_opened(wave: Wave, *, seen: int | None = None) -> None:
    """Raises MoveRefused: nobody enters a wave that has opened."""
    if not wave.is_planned:
        raise MoveRefused(
            _("%(wave)s er åpnet og tar ikke imot flere. Velg en pulje som ikke er åpnet, eller køen.") % {"wave": wave}
            + _opened_since(wave, seen)
        )


def _filled_since(wave: Wave, seen: int | None) -> str:
    """Who took the last place, where that happened after the page was shown."""
    entered = wave.events.filter(kind__in=PLACING, after__wave=wave.number, agency__in=wave.placements.values("agency"))
    entered = entered.exclude(before__wave=wave.number)  # a new order is no arrival
    return _since(entered, seen, _("%(who)s flyttet %(agency)s dit %(when)s, etter at du åpnet tavlen."))


def _opened_since(wave: Wave, seen: int | None) -> str:
    opened = wave.events.filter(kind__in=[EventKind.LEADERS_OPENED, EventKind.ALL_STAFF_OPENED])
    return _since(opened, seen, _("%(who)s åpnet den %(when)s, etter at du åpnet tavlen."))


def _pinned_since(placement: Placement, seen: int | None) -> str:
    pinned = PlanEvent.objects.filter(rollout=placement.rollout_id, agency=placement.agency_id, kind=EventKind.PINNED)
    return _since(pinned, seen, _("%(who)s låste den %(when)s, etter at du åpnet tavlen."))


def _since(events: QuerySet[PlanEvent], seen: int | None, sentence: str) -> str:
    """The sentence about the last of the events, where that came after the page was shown; else empty."""
    last = events.filter(pk__gt=seen).select_related("by", "agency").last() if seen is not None else None
    if last is None:
        return ""
    said = {"who": last.by or _("Systemet"), "agency": last.agency, "when": clock_time(last.at)}
    return " " + sentence % said


def put(
    placement: Placement,
    wave: Wave | None,
    *,
    kind: EventKind,
    by: Person | None,
    now: dt.datetime,
    position: int | None = None,
    reason: str = "",
    deferral_wave: Wave | None = None,
    change: uuid.UUID | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent:
    """Change the place, write the event, and let the go of each wave whose set of agencies changed be void (rule 6).

    Where to defer to is chosen anew in each wave: `deferral_wave`, or none. A new order within the wave keeps it.

    For the verbs: the caller holds the plan's lock, gives a `fresh` placement and has asked what stands in the way.
    """
    before, left, was_queued = place_of(placement), placement.wave, placement.status == PlacementStatus.QUEUED
    if wave is None:
        queueing.put_in_queue(placement, position=position)
    elif wave != left:
        placement.status, placement.queue_position = PlacementStatus.PLACED, None
        placement.wave, placement.slot = wave, free_slot(wave)
    if placement.wave is None or placement.wave != left:
        placement.deferral_wave = deferral_wave
    placement.pin_reason = ""
    placement.version += 1
    with connection.cursor() as cursor:
        cursor.execute(_PUT, [getattr(placement, name) for name in (*_PLACE, "pk")])
    settle(placement, left=left, was_queued=was_queued, position=position)
    return record_place(
        placement,
        left=left,
        before=before,
        after=place_of(placement),
        kind=kind,
        now=now,
        by=by,
        reason=reason,
        change=change,
        undoes=undoes,
    )


def record_place(
    placement: Placement,
    *,
    left: Wave | None,
    before: dict[str, Any],
    after: dict[str, Any],
    kind: EventKind,
    now: dt.datetime,
    **more: Any,
) -> PlanEvent:
    """What follows from a saved change of place: its event, a go that is void, and mail that no longer holds.

    The places as `place_of` gives them.

    `more`: what else `recording.record` is told.
    """
    if kind != EventKind.DEFERRED:
        void_go(left, placement.wave)
    event = record(
        rollout=placement.rollout,
        kind=kind,
        at=now,
        agency=placement.agency,
        wave=placement.wave or left,
        before=before,
        after=after,
        **more,
    )
    if placement.wave != left:
        emails.dates.mend(event=event, now=now)
    return event


def settle(placement: Placement, *, left: Wave | None, was_queued: bool, position: int | None = None) -> None:
    """After a saved change of place: close the gaps that were left, and put the newcomer at `position` in its wave."""
    if was_queued:
        queueing.close_gaps(placement.rollout)
    if left is not None and left != placement.wave:
        _close_gaps(left)
    if placement.wave is not None and position is not None:
        _put_at(placement, position)
    if (placement.wave is None and was_queued) or position is not None:  # else it stands where it was put
        placement.refresh_from_db(fields=["queue_position", "slot"])


def void_go(left: Wave | None, entered: Wave | None) -> None:
    """A planned wave whose set of agencies changed is another plan than the one that was given its go (rule 6)."""
    if left != entered:
        changed = [wave.pk for wave in (left, entered) if wave is not None]
        with connection.cursor() as cursor:
            cursor.execute(_ANOTHER_PLAN, [changed, WaveState.PLANNED])


def defer(
    *, placement: Placement, to: Wave | None, queue_position: int, now: dt.datetime, reasons: list[str]
) -> PlanEvent:
    """Rule 7, called by the opening, which holds the locks: to the wave chosen if it has room, else to the queue.

    The opening's own deferrals void no go (rule 6), and go before a pin.
    """
    if to is not None and (not to.is_planned or free_slot(to) is None):
        to = None
    return put(
        fresh(placement),  # those deferred before it have closed their gaps
        to,
        kind=EventKind.DEFERRED,
        by=None,
        now=now,
        position=None if to else queue_position,
        reason="; ".join(reasons),
    )


def over_cap(wave: Wave, people: int) -> int:
    """How many of the people are more than the wave's cap; 0 without a cap."""
    return max(0, people - wave.people_cap) if wave.people_cap else 0


def cap_warning(wave: Wave, placements: Iterable[Placement]) -> str:
    """A sentence where the wave holds more people than its cap; else empty."""
    return over_cap_words(wave, sum(placement.headcount for placement in placements))


def over_cap_words(wave: Wave, people: int) -> str:
    over = over_cap(wave, people)
    if not over:
        return ""
    return _("%(wave)s er %(over)s medarbeidere over taket på %(cap)s.") % {
        "wave": wave,
        "over": thousands(over),
        "cap": thousands(wave.people_cap or 0),
    }
