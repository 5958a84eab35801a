"""Writing the plan's history (rule 9)."""

import datetime as dt
import uuid
from typing import Any

from django.db import connection

from agencies.models import Agency, Person
from rollout.emails.reminding import withdraw_unsent
from rollout.models import EventKind, PlanEvent, Rollout, Wave

#: One for each action whose events belong together, and are undone together.
new_change = uuid.uuid4


def record(
    *,
    rollout: Rollout,
    kind: EventKind,
    by: Person | None,
    at: dt.datetime,
    agency: Agency | None = None,
    wave: Wave | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    once: str | None = None,
    change: uuid.UUID | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent:
    """Write one event, in the transaction of the change it tells of. `by` None: the system did it.

    `change` groups the events of one action; without it the event stands alone. `undoes`: the event it takes back.
    Reminders that have not left and may tell of what has changed are withdrawn; the next tick writes what is true.
    """
    withdraw_unsent(rollout=rollout, agency=agency, now=at)
    return PlanEvent.objects.create(
        rollout=rollout,
        kind=kind,
        by=by,
        at=at,
        agency=agency,
        wave=wave,
        before=before or {},
        after=after or {},
        reason=reason,
        once=once,
        change=change or new_change(),
        undoes=undoes,
    )


# Plain SQL: every open board asks every few seconds, and building the query costs more than asking it.
VERSION = """
SELECT COALESCE((SELECT max(e.id) FROM rollout_planevent e WHERE e.rollout_id = r.id), 0)
FROM rollout_rollout r WHERE r.slug = %s
"""


def plan_version(slug: str) -> int | None:
    """The id of the plan's last event, 0 before the first; None if there is no such rollout. One small query.

    Every change writes an event under the plan's lock, so the ids grow with the changes: who read the plan after this
    number saw at least all that it counts.
    """
    with connection.cursor() as cursor:
        cursor.execute(VERSION, [slug])
        found = cursor.fetchone()
    return found[0] if found else None
