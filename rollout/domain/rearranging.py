"""Several moves at once: the plan keeps its rules before and after them, whatever order they come in (rule 1).

Two full waves may swap: each move alone would find the other wave full. The moves are thought one after the other, as
their events tell them; what is written is the end of it, in one statement.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import ngettext

from agencies.models import Person
from rollout.domain import placing
from rollout.domain.refusals import MoveRefused, Refused
from rollout.models import CAPACITY, EventKind, Placement, PlacementStatus, PlanEvent, Rollout, Wave

#: One place for each, all in one statement: the unique constraints are checked at its end.
_PLACE = """
UPDATE rollout_placement p SET status = o.status, wave_id = o.wave, slot = o.slot, queue_position = o.position
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::smallint[], %s::integer[])
    AS o(id, status, wave, slot, position)
WHERE p.id = o.id
"""


@dataclass(frozen=True)
class Step:
    """One agency's move: to a wave, or (None) to the queue; at `position` from 1, or last.

    `undoes`: the event that it takes back. `deferral_wave`: where the agency is to be deferred to in its new wave.
    """

    placement: Placement
    to: Wave | None
    position: int | None = None
    deferral_wave: Wave | None = None
    undoes: PlanEvent | None = None


def rearrange(
    *, rollout: Rollout, steps: Sequence[Step], by: Person | None, now: dt.datetime, change: uuid.UUID, reason: str = ""
) -> list[PlanEvent]:
    """Make the moves in this order, one event each; for a verb that holds the plan's lock.

    Raises:
        MoveRefused: an agency is fixed where it stands, a wave has opened, or holds more than five in the end; with
            every reason.
    """
    found = rollout.placements.in_plan().select_related("rollout", "agency", "wave", "deferral_wave")
    plan = _Plan(sorted(found, key=lambda placement: placement.position or 0))
    waves = _waves_to_enter(plan, steps)
    thought = [(step, *plan.move(step, waves[step.to.pk] if step.to else None)) for step in steps]
    plan.refuse_full()
    plan.write()
    return [
        placing.record_place(
            placement,
            left=left,
            before=before,
            after=after,
            kind=EventKind.MOVED,
            now=now,
            by=by,
            reason=reason,
            change=change,
            undoes=step.undoes,
        )
        for step, placement, left, before, after in thought
    ]


def _waves_to_enter(plan: "_Plan", steps: Sequence[Step]) -> dict[int, Wave]:
    waves: dict[int, Wave] = {}
    reasons: list[str] = []
    for step in steps:
        placement = plan.known.get(step.placement.pk, step.placement)
        try:
            placing.refuse_if_fixed(placement)
            if (wave := placing.unopened(placement, step.to)) is not None:
                waves.setdefault(wave.pk, wave)
        except Refused as refused:
            reasons += refused.reasons
    if reasons:
        raise MoveRefused(list(dict.fromkeys(reasons)))
    return waves


class _Plan:
    """Queue and waves as lists, by the wave's id (None: the queue), with the moves made so far only in thought."""

    def __init__(self, placements: Sequence[Placement]):
        self.known = {placement.pk: placement for placement in placements}
        self.lists: dict[int | None, list[Placement]] = defaultdict(list)
        for placement in placements:
            self.lists[placement.wave_id].append(placement)
        self.movers: list[Placement] = []
        self.touched: set[int | None] = set()

    def move(self, step: Step, wave: Wave | None) -> tuple[Placement, Wave | None, dict[str, Any], dict[str, Any]]:
        """The placement, the wave it left, and its place before and after."""
        placement = self.known[step.placement.pk]
        left, before = placement.wave, placing.place_of(placement)
        self.lists[placement.wave_id].remove(placement)
        entered = self.lists[wave.pk if wave else None]
        entered.insert(len(entered) if step.position is None else max(0, step.position - 1), placement)
        placement.wave, placement.status = wave, PlacementStatus.PLACED if wave else PlacementStatus.QUEUED
        if wave is None or wave != left:
            placement.deferral_wave = step.deferral_wave
        self.touched |= {left.pk if left else None, wave.pk if wave else None}
        for ones in (self.lists[left.pk if left else None], entered):
            for number, one in enumerate(ones, 1):
                one.slot, one.queue_position = (number, None) if one.wave else (None, number)
        self.movers.append(placement)
        return placement, left, before, placing.place_of(placement)

    def refuse_full(self) -> None:
        full = [ones for key, ones in self.lists.items() if key in self.touched and key and len(ones) > CAPACITY]
        if full:
            raise MoveRefused([too_many(ones[0].wave, len(ones)) for ones in full])

    def write(self) -> None:
        placed = [one for key in self.touched for one in self.lists[key]]
        names = ("pk", "status", "wave_id", "slot", "queue_position")
        with connection.cursor() as cursor:
            cursor.execute(_PLACE, [[getattr(one, name) for one in placed] for name in names])
        for mover in self.movers:
            mover.version += 1
        Placement.objects.bulk_update(self.movers, ["version", "deferral_wave"])


def too_many(wave: Wave | str | None, number: int) -> str:
    """ "Pulje 3 ville få 6 virksomheter, og det er plass til 5. Flytt ut én." """
    return ngettext(
        "%(wave)s ville få %(number)s virksomheter, og har plass til %(capacity)s. Flytt ut %(over)s.",
        "%(wave)s ville få %(number)s virksomheter, og har plass til %(capacity)s. Flytt ut %(over)s.",
        number - CAPACITY,
    ) % {"wave": wave, "number": number, "capacity": CAPACITY, "over": number - CAPACITY}
