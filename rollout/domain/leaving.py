"""Leaving the rollout and coming back, and pinning an agency to its place (rule 2)."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain import placing
from rollout.domain.locks import lock_placement
from rollout.domain.recording import record
from rollout.domain.refusals import MoveRefused, Refused
from rollout.models import EventKind, Placement, PlacementStatus, PlanEvent


@transaction.atomic
def withdraw(
    *,
    placement: Placement,
    reason: str,
    by: Person | None,
    now: dt.datetime,
    version_seen: int | None = None,
    change: uuid.UUID | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent:
    """Take an agency out of queue or wave, with a reason. What it has done of its course is kept.

    Raises:
        Refused: there is no reason, or the agency is not in the plan, pinned, or in a wave that has opened, or it has
            moved since `version_seen`.
    """
    placement = lock_placement(placement.pk)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor virksomheten trekkes."), field="reason")
    placing.refuse_if_moved_since(placement, version_seen)
    placing.refuse_if_fixed(placement)
    before, left, was_queued = (
        placing.place_of(placement),
        placement.wave,
        placement.status == PlacementStatus.QUEUED,
    )
    placement.status = PlacementStatus.WITHDRAWN
    placement.queue_position = placement.wave = placement.slot = placement.deferral_wave = None
    placement.version += 1
    placement.save(update_fields=["status", "queue_position", "wave", "slot", "deferral_wave", "version"])
    placing.settle(placement, left=left, was_queued=was_queued)
    placing.void_go(left, None)
    event = record(
        rollout=placement.rollout,
        kind=EventKind.WITHDRAWN,
        by=by,
        at=now,
        agency=placement.agency,
        wave=left,
        before=before,
        after={"status": PlacementStatus.WITHDRAWN},
        reason=reason.strip(),
        change=change,
        undoes=undoes,
    )
    emails.dates.mend(event=event, now=now)
    return event


@transaction.atomic
def rejoin(*, placement: Placement, by: Person | None, now: dt.datetime, reason: str = "") -> PlanEvent:
    """Take a withdrawn agency back, last in the queue. It keeps the course it started with (rule 4).

    Raises:
        Refused: it is not withdrawn.
    """
    placement = lock_placement(placement.pk)
    if placement.status != PlacementStatus.WITHDRAWN:
        raise MoveRefused(_("%(agency)s er ikke trukket.") % {"agency": placement.agency})
    return placing.put(placement, None, kind=EventKind.REJOINED, by=by, now=now, reason=reason.strip())


@transaction.atomic
def pin(
    *,
    placement: Placement,
    reason: str,
    by: Person | None,
    now: dt.datetime,
    version_seen: int | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent:
    """Keep an agency where it stands: no move, alone or with others, takes it away until it is unpinned.

    The opening's own deferrals go before a pin (rule 7): who is not ready is not let in for being pinned.

    Raises:
        Refused: there is no reason, it is pinned already, it cannot be moved anyway, or it has moved since
            `version_seen`: the place that is locked is the one that was seen.
    """
    placement = lock_placement(placement.pk)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor plasseringen skal være låst."), field="reason")
    placing.refuse_if_moved_since(placement, version_seen)
    placing.refuse_if_fixed(placement)
    placement.pin_reason = reason.strip()
    placement.save(update_fields=["pin_reason"])
    return record(
        rollout=placement.rollout,
        kind=EventKind.PINNED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"reason": placement.pin_reason},
        reason=placement.pin_reason,
        undoes=undoes,
    )


@transaction.atomic
def unpin(*, placement: Placement, by: Person | None, now: dt.datetime, undoes: PlanEvent | None = None) -> PlanEvent:
    """Let an agency be moved again.

    Raises:
        Refused: it is not pinned.
    """
    placement = lock_placement(placement.pk)
    if not placement.is_pinned:
        raise Refused(_("Plasseringen til %(agency)s er ikke låst.") % {"agency": placement.agency})
    before = placement.pin_reason
    placement.pin_reason = ""
    placement.save(update_fields=["pin_reason"])
    return record(
        rollout=placement.rollout,
        kind=EventKind.UNPINNED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        before={"reason": before},
        undoes=undoes,
    )
