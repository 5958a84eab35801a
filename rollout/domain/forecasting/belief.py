"""What is believed of a plan: its pieces, their typical lengths, and the assumptions with what was observed added."""

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from rollout.domain.forecasting.data import Pace, PlanData, Share, WavePlan
from rollout.domain.forecasting.days import Days

#: The logarithm of taken : planned is kept within this: twenty times as long as planned is long enough.
WIDEST = 3.0


@dataclass(frozen=True)
class Belief:
    """What is believed after the observations: the pace of pieces, the wait for a decision, the share deferred, the
    share held at all staff.

    `wait` None: no review has ended yet, and the pace of the pieces says it all.
    """

    pace: Pace
    share: Share
    hold: Share
    wait: Pace | None


@dataclass(frozen=True)
class Typical:
    """The plan's own typical lengths in working days: from leaders to all staff, and from there to the next leaders.

    `distance` is that gap as it is. `gap` counts none as longer than the stretch to all staff: what is longer is a
    pause in the plan, and no work that can slip.
    """

    all_staff: int
    gap: int
    distance: int


def believe(data: PlanData) -> Belief:
    """The assumptions, and what was observed added to them."""
    assumed, seen, typical = data.assumptions, data.observed, typical_of(data)
    logs = []
    for piece in seen.pieces:
        length = min(piece.planned, typical.all_staff if piece.step == "all_staff" else typical.gap)
        if length > 0:
            logs.append(_log(1 + piece.late / length, 0.5 / length))
    waits = [_log(wait / typical.distance, 0.5 / typical.distance) for wait in seen.waits]
    return Belief(
        pace=assumed.pace.seen(logs),
        share=assumed.deferral.seen(deferred=seen.deferred, let_in=seen.let_in),
        hold=assumed.hold.seen(deferred=seen.held, let_in=seen.let_in_all),
        wait=assumed.pace.seen(waits) if waits else None,
    )


def _log(ratio: float, least: float) -> float:
    return max(-WIDEST, min(WIDEST, math.log(max(ratio, least))))


def in_order(data: PlanData) -> list[WavePlan]:
    return sorted(data.waves, key=lambda wave: (wave.leaders_on, wave.number))


def typical_of(data: PlanData) -> Typical:
    found = list(pieces(in_order(data), data.days))
    all_staff = [piece.planned for piece in found if not piece.leaders]
    gaps = [piece.planned for piece in found if piece.leaders and piece.after is not None and piece.planned > 0]
    assumed = data.assumptions
    to_all_staff = _middle(all_staff, assumed.all_staff_days)
    return Typical(
        all_staff=to_all_staff,
        gap=_middle([min(gap, to_all_staff) for gap in gaps], assumed.gap_days),
        distance=_middle(gaps, assumed.gap_days),
    )


def _middle(lengths: list[int], otherwise: int) -> int:
    return max(1, round(statistics.median(lengths))) if lengths else otherwise


@dataclass(frozen=True)
class Ahead:
    """A piece of the plan: it ends with wave `place`'s leaders' date or all-staff date, and begins with the opening
    `after` (the same, of an earlier one), or, None, before the first. `planned`: working days.
    """

    place: int
    leaders: bool
    after: "tuple[int, bool] | None"
    planned: int


def pieces(waves: list[WavePlan], days: Days) -> Iterator[Ahead]:
    """Each wave's two pieces, in order. The one to its leaders begins with the latest opening not after them."""
    for place, wave in enumerate(waves):
        leaders, all_staff = days.number(wave.leaders_on), days.number(wave.all_staff_on)
        before = [
            (days.number(day), earlier, step)
            for earlier, other in enumerate(waves[:place])
            for day, step in ((other.leaders_on, True), (other.all_staff_on, False))
            if day <= wave.leaders_on
        ]
        start, earlier, step = max(before, default=(leaders, None, True))
        after = None if earlier is None else (earlier, step)
        yield Ahead(place, True, after, days.working_between(start, leaders))
        yield Ahead(place, False, (place, True), days.working_between(leaders, all_staff))
