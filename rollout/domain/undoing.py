"""Taking back a change (rule 9): a new event for each of the change's own, all or nothing.

An undoing is refused, in words, where something newer stands in its way. It can itself be undone. What cannot be taken
back is not in `UNDO`: what was opened, decided, signed or sent has happened.
"""

import datetime as dt
import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from agencies.models import Agency, Person
from rollout.domain import (
    adopting,
    calendar,
    confirming,
    deciding,
    leaving,
    licensing,
    placing,
    profiles,
    scheduling,
    shifting,
    unmaking,
)
from rollout.domain.locks import lock_plans, lock_wave
from rollout.domain.rearranging import Step, rearrange
from rollout.domain.recording import new_change
from rollout.domain.refusals import Refused, UndoRefused
from rollout.domain.words import clock_time
from rollout.models import BlackoutPeriod, EventKind, Placement, PlacementStatus, PlanEvent, Rollout, Wave

#: For kinds that change the same thing: a newer one of `by`, about the same, stands in the way of an older of `of`.
IN_THE_WAY: tuple[tuple[frozenset[EventKind], frozenset[EventKind]], ...] = tuple(
    (frozenset(of), frozenset(by))
    for of, by in (
        # A pin in force refuses the move itself; a pin and a choice of deferral end with the place they were for.
        (placing.PLACING, placing.PLACING),
        ((EventKind.PINNED, EventKind.UNPINNED), (EventKind.PINNED, EventKind.UNPINNED, *placing.PLACING)),
        ((EventKind.DEFERRAL_CHOSEN,), (EventKind.DEFERRAL_CHOSEN, *placing.PLACING)),
        ((EventKind.DATES_SET,), (EventKind.DATES_SET,)),
        (
            (EventKind.WAVE_ADDED,),
            (EventKind.WAVE_ADDED, EventKind.DATES_SET, EventKind.CAP_SET, EventKind.DECIDED, EventKind.NO_DECISION),
        ),
        ((EventKind.CAP_SET,), (EventKind.CAP_SET,)),
        ((EventKind.FUNDING_SET,), (EventKind.FUNDING_SET,)),
        ((EventKind.POOL_SET,), (EventKind.POOL_SET,)),
        ((EventKind.PRICE_SET,), (EventKind.PRICE_SET,)),
        ((EventKind.STEP_WAIVED, EventKind.WAIVER_TAKEN_BACK), (EventKind.STEP_WAIVED, EventKind.WAIVER_TAKEN_BACK)),
        ((EventKind.AGENCY_EDITED,), (EventKind.AGENCY_EDITED, EventKind.AGENCY_IMPORTED)),
    )
)
#: What tells apart the things of one agency or rollout, where an event's `after` holds it.
TELLS_APART = ("valid_from", "step")


class _Way:
    """How one event is taken back: who acts and when, and the change that the new event belongs to."""

    def __init__(self, event: PlanEvent, *, by: Person | None, now: dt.datetime, change: uuid.UUID):
        self.event, self.by, self.now, self.change = event, by, now, change

    @property
    def acting(self) -> dict[str, Any]:
        return {"by": self.by, "now": self.now, "undoes": self.event}

    @property
    def placement(self) -> Placement:
        """As it is now, under the plan's lock."""
        known = Placement.objects.select_related("rollout", "agency")
        return known.get(rollout=self.event.rollout_id, agency=self.event.agency_id)

    def wave_before(self) -> Wave | None:
        """The wave the agency was in, or was to be deferred to; None: none.

        Raises:
            UndoRefused: it has been taken away.
        """
        number = self.event.before.get("wave")
        wave = self._wave(number)
        if number and wave is None:
            gone = _("Pulje %(number)s fra den gangen er tatt bort. Velg selv en pulje eller køen for %(agency)s.")
            raise UndoRefused(gone % {"number": number, "agency": self.event.agency})
        return wave

    def deferral_before(self) -> Wave | None:
        """Where it was to be deferred to in the wave it was in; an opened wave would be no choice any more."""
        wave = self._wave(self.event.before.get("deferral_wave"))
        return wave if wave is not None and wave.is_planned else None

    def _wave(self, number: int | None) -> Wave | None:
        """The wave that had the number when the event was written: once it is taken away, another may have it."""
        wave = Wave.objects.filter(rollout=self.event.rollout_id, number=number).first() if number else None
        made = EventKind.WAVE_ADDED
        if wave is None or wave.events.filter(kind=made, undoes=None, pk__gt=self.event.pk).exists():
            return None
        return wave


def _place_back(way: _Way) -> None:
    """To where the agency stood before: the same wave or the queue, at the place it had there."""
    placement, before = way.placement, way.event.before
    came_from = before.get("status")
    kind = EventKind.MOVED
    if placement.status == PlacementStatus.WITHDRAWN:
        kind = EventKind.REJOINED
    else:
        placing.refuse_if_fixed(placement)
    if came_from in (None, PlacementStatus.WITHDRAWN):
        leaving.withdraw(placement=placement, reason=_("Angret"), change=way.change, **way.acting)
        return
    wave, position = None, before.get("queue_position")
    if came_from == PlacementStatus.PLACED:
        wave, position = placing.wave_to_enter(placement, way.wave_before()), before["slot"]
    placing.put(
        placement,
        wave,
        kind=kind,
        position=position,
        deferral_wave=way.deferral_before(),
        change=way.change,
        **way.acting,
    )


def _moved_back(ways: list[_Way]) -> None:
    """Several moves of one change come back together: two full waves that swapped swap again."""
    if len(ways) == 1:
        _place_back(ways[0])
        return
    steps = [
        Step(
            way.placement,
            way.wave_before(),
            position=way.event.before.get("slot") or way.event.before.get("queue_position"),
            deferral_wave=way.deferral_before(),
            undoes=way.event,
        )
        for way in ways
    ]
    first = ways[0]
    rearrange(rollout=first.event.rollout, steps=steps, by=first.by, now=first.now, change=first.change)


def _dates_back(way: _Way) -> None:
    wave = lock_wave(way.event.wave_id or 0)
    shift = shifting.Shift(wave, *(dt.date.fromisoformat(way.event.before[name]) for name in scheduling.DATES))
    scheduling.apply_shift(shift, calendar=calendar.calendar_of(wave.rollout), change=way.change, **way.acting)


def _wave_back(way: _Way) -> None:
    """A wave that was made is taken away; one that was taken away comes back."""
    verb = unmaking.take_away if way.event.after else unmaking.bring_back
    wave = Wave._base_manager.select_related("rollout").get(pk=way.event.wave_id or 0)
    verb(wave=wave, change=way.change, **way.acting)


def _scenario_back(way: _Way) -> None:
    adopting.take_back(change=way.change, **way.acting)


def _unpin(way: _Way) -> None:
    leaving.unpin(placement=way.placement, **way.acting)


def _pin(way: _Way) -> None:
    leaving.pin(placement=way.placement, reason=way.event.before["reason"], **way.acting)


def _cap_back(way: _Way) -> None:
    scheduling.set_people_cap(wave=lock_wave(way.event.wave_id or 0), cap=way.event.before["cap"], **way.acting)


def _funding_back(way: _Way) -> None:
    licensing.set_funding(placement=way.placement, **way.event.before, **way.acting)


def _pool_back(way: _Way) -> None:
    licensing.set_pool(rollout=way.event.rollout, size=way.event.before["pool"], **way.acting)


def _price_back(way: _Way) -> None:
    before = way.event.before
    price = None if before["price_nok"] is None else Decimal(before["price_nok"])
    valid_from = dt.date.fromisoformat(before["valid_from"])
    licensing.set_price(rollout=way.event.rollout, valid_from=valid_from, price_nok=price, **way.acting)


def _deferral_back(way: _Way) -> None:
    deciding.choose_deferral(placement=way.placement, to=way.wave_before(), **way.acting)


def _waiver_back(way: _Way) -> None:
    confirming.take_back_waiver(placement=way.placement, step_key=way.event.after["step"], **way.acting)


def _waive_again(way: _Way) -> None:
    placement = way.placement
    step = placement.course_version.steps.filter(key=way.event.after["step"]).first()
    if step is None:  # it has been moved to a newer version of the course meanwhile
        reason = _("Løpet som %(agency)s følger, har ikke lenger dette steget.")
        raise UndoRefused(reason % {"agency": placement.agency})
    confirming.waive(placement=placement, step=step, reason=way.event.before["reason"], **way.acting)


def _remove_blackout(way: _Way) -> None:
    period = BlackoutPeriod.objects.filter(pk=way.event.after["id"]).first()
    if period is None:
        raise Refused(_("«%(name)s» er alt fjernet.") % {"name": way.event.after["name"]})
    calendar.remove_blackout(period=period, **way.acting)


def _add_blackout(way: _Way) -> None:
    period: dict[str, Any] = {name: value for name, value in way.event.before.items() if name != "id"}
    period |= {name: dt.date.fromisoformat(period[name]) for name in ("first_day", "last_day")}
    calendar.add_blackout(rollout=way.event.rollout, pk=way.event.before["id"], **period, **way.acting)


def _profile_back(way: _Way) -> None:
    agency = Agency.objects.get(pk=way.event.agency_id or 0)
    # `seen`: an edit made from a rollout without the agency is not in that agency's other rollouts' histories.
    before, after = way.event.before, way.event.after
    profiles.edit(rollout=way.event.rollout, agency=agency, fields=before, seen=after, **way.acting)


UNDO: dict[EventKind, Callable[[_Way], None]] = {
    EventKind.MOVED: _place_back,
    EventKind.WITHDRAWN: _place_back,
    EventKind.REJOINED: _place_back,
    EventKind.JOINED: _place_back,
    EventKind.WAVE_ADDED: _wave_back,
    EventKind.DATES_SET: _dates_back,
    EventKind.PINNED: _unpin,
    EventKind.UNPINNED: _pin,
    EventKind.CAP_SET: _cap_back,
    EventKind.FUNDING_SET: _funding_back,
    EventKind.POOL_SET: _pool_back,
    EventKind.PRICE_SET: _price_back,
    EventKind.DEFERRAL_CHOSEN: _deferral_back,
    EventKind.STEP_WAIVED: _waiver_back,
    EventKind.WAIVER_TAKEN_BACK: _waive_again,
    EventKind.BLACKOUT_ADDED: _remove_blackout,
    EventKind.BLACKOUT_REMOVED: _add_blackout,
    EventKind.AGENCY_EDITED: _profile_back,
    EventKind.SCENARIO_ADOPTED: _scenario_back,
}


def can_be_undone(event: PlanEvent) -> bool:
    """Whether to offer it: of a kind that can be taken back, and not taken back yet. `undo` has the last word."""
    return EventKind(event.kind) in UNDO and not hasattr(event, "undone_by")


@transaction.atomic
def undo(*, rollout: Rollout, change: uuid.UUID, by: Person | None, now: dt.datetime) -> list[PlanEvent]:
    """Take back a whole change, newest event first, all or nothing. Returns the events that did it.

    Raises:
        UndoRefused: it is not there, cannot be undone, has been undone, or something newer stands in its way; with
            every reason.
    """
    # An agency's own fields are shared: each rollout that has it is locked, in the order in which an edit locks them.
    edited = rollout.events.filter(change=change, kind=EventKind.AGENCY_EDITED).values_list("agency", flat=True)
    rollout = lock_plans({rollout.pk} | profiles.rollouts_with(edited))[rollout.pk]
    events = list(
        rollout.events.filter(change=change)
        .select_related("rollout", "agency", "wave", "undone_by__by")
        .order_by("-pk")
    )
    reasons = [_("Denne endringen finnes ikke.")] if not events else []
    newer = newer_in_the_way(events)
    for event in events:
        reasons += _in_the_way(event, newer.get(event.pk))
    if reasons:
        raise UndoRefused(list(dict.fromkeys(reasons)))
    new = new_change()
    ways = [_Way(event, by=by, now=now, change=new) for event in events]
    try:
        for moves, group in itertools.groupby(ways, key=lambda way: way.event.kind == EventKind.MOVED):
            if moves:
                _moved_back(list(group))
            else:
                for way in group:
                    UNDO[EventKind(way.event.kind)](way)
    except Refused as refused:
        raise UndoRefused(refused.reasons) from refused
    back = list(PlanEvent.objects.filter(undoes__in=events).select_related("agency", "wave", "by").order_by("pk"))
    if len(back) < len(events):
        raise UndoRefused(_("Planen står alt slik den sto før endringen. Det er ingenting å angre."))
    return back


def _in_the_way(event: PlanEvent, newer: PlanEvent | None) -> list[str]:
    if EventKind(event.kind) not in UNDO:
        return [_("«%(what)s» kan ikke angres.") % {"what": event.get_kind_display().capitalize()}]
    if hasattr(event, "undone_by"):
        return [
            _("Endringen er alt angret av %(who)s %(when)s.")
            % {"who": event.undone_by.by or _("systemet"), "when": clock_time(event.undone_by.at)}
        ]
    return [stands_in_the_way(newer)] if newer else []


def stands_in_the_way(newer: PlanEvent) -> str:
    """In a sentence or two: what changed the same thing again, who and when, and whether it can be undone first."""
    said = _("%(what)s er endret på nytt etterpå: «%(kind)s» av %(who)s %(when)s.") % {
        "what": newer.agency or newer.wave or newer.rollout,
        "kind": newer.get_kind_display().capitalize(),
        "who": newer.by or _("systemet"),
        "when": clock_time(newer.at),
    }
    return f"{said} {_('Angre det først.') if can_be_undone(newer) else _('Det kan ikke angres.')}"


def newer_in_the_way(events: Sequence[PlanEvent]) -> dict[int, PlanEvent]:
    """By the id of each event that has one, the newest later event about the same thing that still stands: what was
    undone since is not in the way. The events are of one rollout. One query, however many they are.
    """
    kinds = {
        event.pk: frozenset[EventKind]().union(*(by for of, by in IN_THE_WAY if event.kind in of)) for event in events
    }
    events = [event for event in events if kinds[event.pk]]
    if not events:
        return {}
    about = Q(agency__in={event.agency_id for event in events if event.agency_id})
    about |= Q(agency=None, wave__in={event.wave_id for event in events if event.wave_id})
    about |= Q(agency=None, wave=None)
    known = PlanEvent.objects.select_related("by", "agency", "wave", "rollout", "undone_by")
    later = known.filter(
        about,
        rollout=events[0].rollout_id,
        kind__in=frozenset[str]().union(*kinds.values()),
        pk__gt=min(event.pk for event in events),
    )
    by_thing: dict[tuple[int | None, int | None], list[PlanEvent]] = defaultdict(list)
    for one in later.order_by("-pk"):
        by_thing[_thing(one)].append(one)
    found = {
        event.pk: _newest_that_stands(
            event, [one for one in by_thing[_thing(event)] if one.kind in kinds[event.pk] and _is_later(one, event)]
        )
        for event in events
    }
    return {pk: newer for pk, newer in found.items() if newer is not None}


def _thing(event: PlanEvent) -> tuple[int | None, int | None]:
    """What the event changed: an agency's, a wave's or the rollout's."""
    return event.agency_id, None if event.agency_id else event.wave_id


def _is_later(one: PlanEvent, event: PlanEvent) -> bool:
    """And about the same step or price, where that is what was changed."""
    told = [name for name in TELLS_APART if name in event.after]
    return one.pk > event.pk and all(name in one.after and one.after[name] == event.after[name] for name in told)


def _newest_that_stands(event: PlanEvent, newer: Sequence[PlanEvent]) -> PlanEvent | None:
    """Of the `newer`, newest first."""
    undone_by: dict[int, PlanEvent] = {}
    redone_by: dict[int, PlanEvent] = {}
    for later in newer:
        # What was undone and made again stands by the event that made it again: that is the one to undo.
        stands_by = redone_by.get(later.pk, later)
        if later.pk in undone_by:
            if later.undoes_id is not None:
                redone_by[later.undoes_id] = undone_by[later.pk]
        elif later.undoes_id is None or later.undoes_id <= event.pk:
            return stands_by
        else:
            undone_by[later.undoes_id] = stands_by
    return None
