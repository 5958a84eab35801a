"""Writing the plan's history (rule 9)."""

import datetime as dt
from typing import Any

from agencies.models import Agency, Person
from rollout.models import EventKind, PlanEvent, Rollout, Wave


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
) -> PlanEvent:
    """Write one event, in the transaction of the change it tells of. `by` None: the system did it."""
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
    )
