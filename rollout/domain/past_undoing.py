"""Which changes cannot be taken back by now, asked of many events at once: so that no undo is offered for them.

An opening has put them beyond undoing, or something newer is to be undone first. `undoing` refuses each of them in
words; what else may stand in the way, it alone knows.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Exists, F, Func, JSONField, OuterRef, Q

from rollout.domain.undoing import newer_in_the_way
from rollout.models import EventKind, Placement, PlanEvent, Rollout, Wave, WaveState

#: What changed an agency's place, or what only one that waits for its opening may have: it stays where it was opened.
_OF_AGENCIES = (
    EventKind.JOINED,
    EventKind.MOVED,
    EventKind.WITHDRAWN,
    EventKind.REJOINED,
    EventKind.UNPINNED,
    EventKind.DEFERRAL_CHOSEN,
    EventKind.STEP_WAIVED,
)
#: What came from a wave, or was to be deferred to one: nobody enters it once it has opened.
_FROM_WAVES = (EventKind.MOVED, EventKind.WITHDRAWN, EventKind.DEFERRAL_CHOSEN)
_OF_WAVES = (EventKind.WAVE_ADDED, EventKind.CAP_SET)


class Counted(NamedTuple):
    """How many events a change has, which are all taken back together, and how many of them cannot be now."""

    size: int
    barred: int


def counted(rollout: Rollout, events: Iterable[PlanEvent]) -> dict[uuid.UUID, Counted]:
    """Of each change that the events belong to, in two queries at most."""
    together = list(
        rollout.events.filter(change__in={event.change for event in events}).annotate(is_past=past_undoing())
    )
    newer = newer_in_the_way([event for event in together if not event.is_past])
    of_change: dict[uuid.UUID, list[bool]] = defaultdict(list)
    for event in together:
        of_change[event.change].append(event.is_past or event.pk in newer)
    return {change: Counted(len(barred), sum(barred)) for change, barred in of_change.items()}


def past_undoing() -> Q:
    """The events of the plan that can no longer be taken back because a wave they are about has opened (rule 6)."""
    here = Placement.objects.filter(rollout=OuterRef("rollout"), agency=OuterRef("agency"), wave__isnull=False)
    number = Func("number", function="to_jsonb", output_field=JSONField())
    left = Wave.objects.alias(in_json=number).filter(rollout=OuterRef("rollout"), in_json=OuterRef("before__wave"))
    has_opened = Q(wave__isnull=False) & ~Q(wave__state=WaveState.PLANNED)
    leaders_moved = ~Q(before__leaders_on=F("after__leaders_on"))
    return (
        Q(Exists(here.exclude(wave__state=WaveState.PLANNED)), kind__in=_OF_AGENCIES)
        | Q(Exists(left.exclude(state=WaveState.PLANNED)), kind__in=_FROM_WAVES)
        | (Q(kind__in=_OF_WAVES) & has_opened)
        | (Q(kind=EventKind.DATES_SET) & has_opened & (leaders_moved | ~Q(wave__state=WaveState.LEADERS_OPEN)))
    )
