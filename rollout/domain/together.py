"""Moving several agencies in one action: all or nothing, undone together (rules 1, 2 and 9)."""

import datetime as dt
import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Person
from rollout.domain import placing
from rollout.domain.locks import lock_plan
from rollout.domain.recording import new_change
from rollout.domain.refusals import MoveRefused
from rollout.models import CAPACITY, EventKind, Placement, PlacementStatus, PlanEvent, Rollout, Wave


@transaction.atomic
def move_many(
    *,
    rollout: Rollout,
    versions: Mapping[str, int | None],
    to: Wave | None,
    by: Person | None,
    now: dt.datetime,
    seen: int | None = None,
    reason: str = "",
) -> list[PlanEvent]:
    """Move several agencies to one wave, or last in the queue: all or nothing, one event each, undone together.

    `versions`: each agency's slug and its placement's version as it was shown (None: not asked). They keep the order in
    which they stood: waves before the queue. Those that stand there already stay. Returns the events.

    Raises:
        MoveRefused: one of them cannot be moved, with every reason; none was.
    """
    rollout = lock_plan(rollout.pk)
    found = rollout.placements.filter(agency__slug__in=versions).select_related("rollout", "agency", "wave")
    placements = sorted(found, key=_standing)
    reasons = [
        _("%(slug)s er ikke med i utrullingen.") % {"slug": slug}
        for slug in sorted(set(versions) - {placement.agency.slug for placement in placements})
    ]
    movers = []
    for placement in placements:
        try:
            placing.refuse_if_moved_since(placement, versions[placement.agency.slug])
            if (to.pk if to else None) == placement.wave_id and placement.status in (
                PlacementStatus.QUEUED,
                PlacementStatus.PLACED,
            ):
                continue
            placing.refuse_if_fixed(placement, seen=seen)
        except MoveRefused as refused:
            reasons += refused.reasons
        else:
            movers.append(placement)
    if to is not None and movers:
        reasons += _no_room_for(to, movers, seen=seen)
    if reasons:
        raise MoveRefused(reasons)
    change = new_change()
    wave = Wave.objects.get(pk=to.pk) if to is not None else None
    return [
        placing.put(placing.fresh(placement), wave, kind=EventKind.MOVED, by=by, now=now, reason=reason, change=change)
        for placement in movers
    ]


def _standing(placement: Placement) -> tuple[int, int, int]:
    """A readable order of places: the waves in their order, then the queue."""
    if placement.wave is not None:
        return (0, placement.wave.number, placement.slot or 0)
    return (1, 0, placement.queue_position or 0)


def _no_room_for(to: Wave, movers: list[Placement], *, seen: int | None) -> list[str]:
    try:
        wave = placing.wave_to_enter(movers[0], to, seen=seen)
    except MoveRefused as refused:
        return refused.reasons
    free = CAPACITY - Placement.objects.filter(wave=wave).count()
    if len(movers) <= free:
        return []
    return [
        ngettext(
            "%(wave)s har %(free)s ledig plass, og du flytter %(n)s virksomheter. "
            "Velg færre, eller flytt noen ut først.",
            "%(wave)s har %(free)s ledige plasser, og du flytter %(n)s virksomheter. "
            "Velg færre, eller flytt noen ut først.",
            free,
        )
        % {"wave": wave, "free": free, "n": len(movers)}
    ]


@transaction.atomic
def apply_plan(
    *,
    rollout: Rollout,
    places: Mapping[str, int],
    by: Person | None,
    now: dt.datetime,
    change: uuid.UUID | None = None,
) -> int:
    """Move queued agencies (by slug) to waves (by number), all or nothing. Returns how many were moved.

    Raises:
        MoveRefused: one of the moves is refused; none was made.
    """
    lock_plan(rollout.pk)
    waves = {wave.number: wave for wave in rollout.waves.all()}
    queued = list(
        rollout.placements.queued().filter(agency__slug__in=places).select_related("rollout", "agency", "wave")
    )
    change = change or new_change()
    for placement in queued:
        wave = waves.get(places[placement.agency.slug])
        if wave is None:
            raise MoveRefused(
                _("Pulje %(number)s finnes ikke. Lag den først.") % {"number": places[placement.agency.slug]}
            )
        placing.refuse_if_fixed(placement)
        placing.put(
            placing.fresh(placement),
            placing.wave_to_enter(placement, wave),
            kind=EventKind.MOVED,
            by=by,
            now=now,
            change=change,
        )
    return len(queued)
