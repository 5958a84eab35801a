"""The queue: who joins it, and in which order they stand (rule 2)."""

import datetime as dt
import uuid

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from agencies.models import Agency, Person
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import CourseVersion, EventKind, LicenceBudget, Placement, PlacementStatus, Rollout

#: Renumbers the whole queue from 1 in one statement; the unique constraint is checked at its end.
_CLOSE_GAPS = """
UPDATE rollout_placement p SET queue_position = q.position
FROM (SELECT id, row_number() OVER (ORDER BY queue_position) AS position
      FROM rollout_placement WHERE rollout_id = %s AND status = 'queued') q
WHERE p.id = q.id AND p.queue_position <> q.position
"""
_LAST = "SELECT COALESCE(max(queue_position), 0) FROM rollout_placement WHERE rollout_id = %s AND status = 'queued'"


def close_gaps(rollout: Rollout) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_GAPS, [rollout.pk])


def put_in_queue(placement: Placement, *, position: int | None = None) -> None:
    """Set the placement's fields to stand in the queue: at `position` from 1 (others step back), or last.

    The caller holds the plan's lock, saves the placement and closes the gaps.
    """
    queue = Placement.objects.filter(rollout_id=placement.rollout_id, status=PlacementStatus.QUEUED)
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [placement.rollout_id])
        (last,) = cursor.fetchone()
    if position is None or position > last:
        position = last + 1
    else:
        position = max(1, position)
        # Taking one's own place out first makes "position 3" mean third, whichever way one comes.
        if placement.queue_position is not None and placement.queue_position < position:
            position += 1
        queue.filter(queue_position__gte=position).update(queue_position=F("queue_position") + 1)
        placement.refresh_from_db(fields=["queue_position"])
    placement.status, placement.queue_position = PlacementStatus.QUEUED, position
    placement.wave, placement.slot = None, None


def _course(rollout: Rollout) -> CourseVersion:
    version = rollout.course_versions.order_by("-number").first()
    if version is None:
        raise Refused(_("Utrullingen har ikke noe implementeringsløp ennå. Lag løpet først."))
    return version


def _refuse_if_placed(rollout: Rollout, agency: Agency) -> None:
    if Placement.objects.filter(rollout=rollout, agency=agency).exists():
        raise Refused(_("%(agency)s er alt med i utrullingen.") % {"agency": agency})


@transaction.atomic
def join(
    *,
    rollout: Rollout,
    agency: Agency,
    by: Person | None,
    now: dt.datetime,
    funded: int = 0,
    implementation_cost_nok: int = 0,
    budget_reference: str = "",
    reason: str = "",
    change: uuid.UUID | None = None,
) -> Placement:
    """Take an agency into the rollout, last in the queue, with the licences it states it has funded.

    Raises:
        Refused: it takes part already.
    """
    rollout = lock_plan(rollout.pk)
    _refuse_if_placed(rollout, agency)
    placement = Placement(rollout=rollout, agency=agency, course_version=_course(rollout), joined_at=now)
    put_in_queue(placement)
    placement.save()
    LicenceBudget.objects.create(
        placement=placement,
        funded=funded,
        implementation_cost_nok=implementation_cost_nok,
        budget_reference=budget_reference,
    )
    record(
        rollout=rollout,
        kind=EventKind.JOINED,
        by=by,
        at=now,
        agency=agency,
        after={"status": placement.status, "queue_position": placement.queue_position, "funded": funded},
        reason=reason,
        change=change,
    )
    return placement


@transaction.atomic
def mark_pilot(*, rollout: Rollout, agency: Agency, by: Person | None, now: dt.datetime) -> Placement:
    """Mark an agency as a pilot: outside queue, waves and the rollout's figures (rule 2).

    Raises:
        Refused: it takes part already.
    """
    rollout = lock_plan(rollout.pk)
    _refuse_if_placed(rollout, agency)
    placement = Placement.objects.create(
        rollout=rollout,
        agency=agency,
        course_version=_course(rollout),
        status=PlacementStatus.PILOT,
        joined_at=now,
    )
    record(rollout=rollout, kind=EventKind.PILOT_MARKED, by=by, at=now, agency=agency)
    return placement
