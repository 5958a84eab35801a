"""An agency's own figures and words, edited by hand. They belong to no rollout: each that has the agency is told."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agencies import lists
from agencies.models import Agency, Person
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, PlanEvent, Rollout

EDITABLE = ("name", "kind", "sector", "employees", "locations", "maturity", "leadership_anchoring", "status_note")


@transaction.atomic
def edit(
    *,
    rollout: Rollout,
    agency: Agency,
    fields: dict[str, Any],
    by: Person | None,
    now: dt.datetime,
    undoes: PlanEvent | None = None,
) -> PlanEvent | None:
    """Set some of the agency's `EDITABLE` fields, as seen from one rollout. None: nothing changed.

    Headcounts frozen at an opening stay frozen. Every rollout in which the agency takes part gets an event, since its
    board changes too.

    Raises:
        Refused: a value is not allowed there; `field` names it.
    """
    affected = set(Rollout.objects.filter(placements__agency=agency).values_list("pk", flat=True)) | {rollout.pk}
    locked = [lock_plan(pk) for pk in sorted(affected)]
    agency = Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
    fields = {name: lists.tidy(name, value) if isinstance(value, str) else value for name, value in fields.items()}
    before = {name: getattr(agency, name) for name in EDITABLE if name in fields}
    after = {name: value for name, value in fields.items() if name in before and value != before[name]}
    if not after:
        return None
    for name, value in after.items():
        setattr(agency, name, value)
    try:
        agency.full_clean(exclude=["name_sort_key", "slug"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages, field=name if name in EDITABLE else "") from error
    agency.save()
    said: dict[str, Any] = {
        "kind": EventKind.AGENCY_EDITED,
        "by": by,
        "at": now,
        "agency": agency,
        "before": {name: before[name] for name in after},
        "after": after,
    }
    for other in locked:
        if other.pk != rollout.pk:
            record(rollout=other, **said)
    return record(rollout=rollout, undoes=undoes, **said)
