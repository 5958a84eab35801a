"""Placing agencies: moves between queue and waves, new waves, and the waves' dates (rules 1, 2 and 6)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain import queueing
from rollout.domain.locks import lock_plan, lock_wave
from rollout.domain.recording import record
from rollout.domain.refusals import MoveRefused, Refused
from rollout.domain.words import long_date
from rollout.models import (
    CAPACITY,
    EventKind,
    Placement,
    PlacementStatus,
    PlanEvent,
    Rollout,
    Wave,
    WaveState,
    opening_moment,
)


def place_of(placement: Placement) -> dict[str, Any]:
    """Where a placement stands, as events keep it."""
    if placement.wave is not None:
        return {"status": placement.status, "wave": placement.wave.number, "slot": placement.slot}
    return {"status": placement.status, "queue_position": placement.queue_position}


def free_slot(wave: Wave) -> int | None:
    """The lowest slot nobody has, or None when the wave is full."""
    taken = set(Placement.objects.filter(wave=wave).values_list("slot", flat=True))
    return next((slot for slot in range(1, CAPACITY + 1) if slot not in taken), None)


@transaction.atomic
def move(
    *,
    placement: Placement,
    to: Wave | None,
    by: Person | None,
    now: dt.datetime,
    version_seen: int | None = None,
    position: int | None = None,
    reason: str = "",
) -> PlanEvent | None:
    """Move an agency to a wave, or (`to` None) to the queue: at the end, or at `position` from 1.

    Unreadiness never stands in the way. Within the queue, `position` reorders. Returns the event; None, and nothing
    changed, if the agency stands in that wave already.

    Raises:
        MoveRefused: the wave is full or opened, the agency's own wave has opened, the agency is a pilot or withdrawn,
            or it has moved since `version_seen` was shown.
    """
    lock_plan(placement.rollout_id)
    placement = _fresh(placement)
    _refuse_if_moved_since(placement, version_seen)
    _refuse_if_fixed(placement)
    target = _target(placement, to)
    if target is not None and target == placement.wave:
        return None
    return _put(placement, target, kind=EventKind.MOVED, by=by, now=now, position=position, reason=reason)


def _fresh(placement: Placement) -> Placement:
    return Placement.objects.select_related("rollout", "agency", "wave").get(pk=placement.pk)


def _refuse_if_moved_since(placement: Placement, version_seen: int | None) -> None:
    if version_seen is None or version_seen == placement.version:
        return
    latest = (
        PlanEvent.objects.filter(
            agency_id=placement.agency_id,
            rollout_id=placement.rollout_id,
            kind__in=[EventKind.MOVED, EventKind.DEFERRED, EventKind.JOINED],
        )
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


def _refuse_if_fixed(placement: Placement) -> None:
    """Pilots, withdrawn agencies and agencies of an opened wave stay where they are."""
    if placement.status not in (PlacementStatus.QUEUED, PlacementStatus.PLACED):
        raise MoveRefused(_("%(agency)s står utenfor kø og puljer og kan ikke flyttes.") % {"agency": placement.agency})
    if placement.wave is not None and not placement.wave.is_planned:
        raise MoveRefused(
            _("%(wave)s er åpnet, så %(agency)s kan ikke flyttes ut. Lederne der har alt tilgang.")
            % {"wave": placement.wave, "agency": placement.agency}
        )


def _target(placement: Placement, to: Wave | None) -> Wave | None:
    if to is None:
        return None
    wave = Wave.objects.get(pk=to.pk)
    if wave.rollout_id != placement.rollout_id:
        raise MoveRefused(_("Puljen hører til en annen utrulling. Velg en pulje fra denne tavlen."))
    if not wave.is_planned:
        raise MoveRefused(
            _("%(wave)s er åpnet og tar ikke imot flere. Velg en pulje som ikke er åpnet, eller køen.") % {"wave": wave}
        )
    if wave.pk != placement.wave_id and free_slot(wave) is None:
        raise MoveRefused(
            _("%(wave)s er full: den har %(capacity)s virksomheter. Flytt en ut, eller velg en annen pulje.")
            % {"wave": wave, "capacity": CAPACITY}
        )
    return wave


def _put(
    placement: Placement,
    wave: Wave | None,
    *,
    kind: EventKind,
    by: Person | None,
    now: dt.datetime,
    position: int | None = None,
    reason: str = "",
) -> PlanEvent:
    """Change the place, write the event, and let the go of each wave whose set of agencies changed be void (rule 6)."""
    before, left, was_queued = place_of(placement), placement.wave, placement.status == PlacementStatus.QUEUED
    if wave is None:
        queueing.put_in_queue(placement, position=position)
    else:
        placement.status, placement.queue_position = PlacementStatus.PLACED, None
        placement.wave, placement.slot = wave, free_slot(wave)
    placement.deferral_wave = None
    placement.version += 1
    placement.save(update_fields=["status", "queue_position", "wave", "slot", "deferral_wave", "version"])
    if was_queued:
        queueing.close_gaps(placement.rollout)
    placement.refresh_from_db(fields=["queue_position"])
    if kind == EventKind.MOVED:
        changed = {w.pk for w in (left, wave) if w is not None} if left != wave else set()
        Wave.objects.filter(pk__in=changed, state=WaveState.PLANNED).update(plan_version=F("plan_version") + 1)
    return record(
        rollout=placement.rollout,
        kind=kind,
        by=by,
        at=now,
        agency=placement.agency,
        wave=wave or left,
        before=before,
        after=place_of(placement),
        reason=reason,
    )


def defer(
    *, placement: Placement, to: Wave | None, queue_position: int, now: dt.datetime, reasons: list[str]
) -> PlanEvent:
    """Rule 7, called by the opening, which holds the locks: to the wave chosen if it has room, else to the queue.

    The opening's own deferrals void no go (rule 6).
    """
    if to is not None and (not to.is_planned or free_slot(to) is None):
        to = None
    return _put(
        placement,
        to,
        kind=EventKind.DEFERRED,
        by=None,
        now=now,
        position=None if to else queue_position,
        reason="; ".join(reasons),
    )


@transaction.atomic
def apply_plan(*, rollout: Rollout, places: Mapping[str, int], by: Person | None, now: dt.datetime) -> int:
    """Move queued agencies (by slug) to waves (by number), all or nothing. Returns how many were moved.

    Raises:
        MoveRefused: one of the moves is refused; none was made.
    """
    lock_plan(rollout.pk)
    waves = {wave.number: wave for wave in rollout.waves.all()}
    queued = list(
        rollout.placements.queued().filter(agency__slug__in=places).select_related("rollout", "agency", "wave")
    )
    for placement in queued:
        wave = waves.get(places[placement.agency.slug])
        if wave is None:
            raise MoveRefused(
                _("Pulje %(number)s finnes ikke. Lag den først.") % {"number": places[placement.agency.slug]}
            )
        _put(placement, _target(placement, wave), kind=EventKind.MOVED, by=by, now=now)
    return len(queued)


def _refuse_bad_dates(leaders_on: dt.date, all_staff_on: dt.date) -> None:
    if all_staff_on <= leaders_on:
        raise Refused(_("Åpning for alle må være etter åpning for ledere. Velg en senere dato for alle."))


def _refuse_past(day: dt.date, now: dt.datetime) -> None:
    if opening_moment(day) <= now:
        raise Refused(_("%(day)s klokken 8 er passert. Velg en senere dato.") % {"day": long_date(day).capitalize()})


def next_number(rollout: Rollout) -> int:
    """The number the next wave gets."""
    return (rollout.waves.aggregate(last=Max("number"))["last"] or 0) + 1


@transaction.atomic
def add_wave(
    *,
    rollout: Rollout,
    leaders_on: dt.date,
    all_staff_on: dt.date,
    by: Person | None,
    now: dt.datetime,
    number_seen: int | None = None,
) -> Wave:
    """Add a wave with the next number.

    Raises:
        Refused: the dates are not ahead, or not in order, or the number that was shown, `number_seen`, is taken: the
            form was sent twice, or somebody else was first.
    """
    rollout = lock_plan(rollout.pk)
    number = next_number(rollout)
    if number_seen is not None and number_seen != number:
        raise Refused(
            _("Pulje %(number)s er laget siden du åpnet skjemaet. Åpne «Ny pulje» igjen om du vil ha en til.")
            % {"number": number_seen}
        )
    _refuse_bad_dates(leaders_on, all_staff_on)
    _refuse_past(leaders_on, now)
    wave = Wave.objects.create(rollout=rollout, number=number, leaders_on=leaders_on, all_staff_on=all_staff_on)
    record(
        rollout=rollout,
        kind=EventKind.WAVE_ADDED,
        by=by,
        at=now,
        wave=wave,
        after={"leaders_on": leaders_on.isoformat(), "all_staff_on": all_staff_on.isoformat()},
    )
    return wave


@transaction.atomic
def set_dates(
    *,
    wave: Wave,
    leaders_on: dt.date,
    all_staff_on: dt.date,
    by: Person | None,
    now: dt.datetime,
    reason: str = "",
    version_seen: int | None = None,
) -> Wave:
    """Set a wave's two dates. A changed date voids the go (rule 6); mail that names the old one is mended (rule 10).

    Raises:
        Refused: a date that has passed or whose step has opened would change, the dates are not in order, or the
            wave has changed since `version_seen` was shown.
    """
    lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    if version_seen is not None and version_seen != wave.plan_version:
        raise Refused(_("%(wave)s er endret siden du så den. Se på puljen og prøv igjen.") % {"wave": wave})
    before = {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on}
    after = {"leaders_on": leaders_on, "all_staff_on": all_staff_on}
    changed = {name for name in before if before[name] != after[name]}
    if not changed:
        return wave
    _refuse_bad_dates(leaders_on, all_staff_on)
    opened = {"leaders_on": wave.leaders_opened_at, "all_staff_on": wave.all_staff_opened_at}
    for name in sorted(changed):
        if opened[name] is not None:
            raise Refused(
                _("%(wave)s åpnet for dette steget %(day)s. Datoen kan ikke endres lenger.")
                % {"wave": wave, "day": long_date(before[name])}
            )
        _refuse_past(after[name], now)
    wave.leaders_on, wave.all_staff_on = leaders_on, all_staff_on
    wave.plan_version += 1
    wave.save(update_fields=["leaders_on", "all_staff_on", "plan_version"])
    event = record(
        rollout=wave.rollout,
        kind=EventKind.DATES_SET,
        by=by,
        at=now,
        wave=wave,
        before={name: day.isoformat() for name, day in before.items()},
        after={name: day.isoformat() for name, day in after.items()},
        reason=reason,
    )
    emails.date_changed(wave=wave, before=before, event=event, now=now)
    return wave
