"""The board built from the events alone, and the board as the tables hold it: the two must be the same (rule 9).

`replay` trusts nothing but the events: queue and waves are lists, from which one agency leaves and into which it goes
at the place its event names. Each event must agree with the board it met (`before`) and the one it left (`after`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rollout.models import EventKind, PlacementStatus, PlanEvent, Rollout, WaveState


@dataclass
class WaveRow:
    leaders_on: str
    all_staff_on: str
    state: str = WaveState.PLANNED
    cap: int | None = None
    #: The verdict that counts; None: none, or a go for a plan that has changed (rule 6).
    decision: str | None = None
    agencies: list[str] = field(default_factory=list)


@dataclass
class Board:
    """Where everybody stands, by the agencies' slugs. `access`: "leaders", "held" or "all"."""

    queue: list[str] = field(default_factory=list)
    waves: dict[int, WaveRow] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    pilots: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)
    deferrals: dict[str, int] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    funded: dict[str, int] = field(default_factory=dict)

    def wave_of(self, slug: str) -> int | None:
        return next((number for number, wave in self.waves.items() if slug in wave.agencies), None)

    def place_of(self, slug: str) -> dict[str, Any]:
        """As events keep it; empty: not in the rollout."""
        if slug in self.withdrawn:
            return {"status": PlacementStatus.WITHDRAWN}
        if slug in self.queue:
            return {"status": PlacementStatus.QUEUED, "queue_position": self.queue.index(slug) + 1}
        number = self.wave_of(slug)
        if number is None:
            return {}
        place = {
            "status": PlacementStatus.PLACED,
            "wave": number,
            "slot": self.waves[number].agencies.index(slug) + 1,
        }
        return place | ({"deferral_wave": self.deferrals[slug]} if slug in self.deferrals else {})


class Mismatch(AssertionError):
    """An event says something else than the events before it led to."""


def replay(events: Iterable[PlanEvent]) -> Board:
    """The board after the events, in their order, from nothing. They come with `agency` and `wave`.

    Raises:
        Mismatch: an event's `before` or `after` is not what the board was.
    """
    board = Board()
    for event in events:
        if event.kind in TELLS:
            TELLS[EventKind(event.kind)](board, event)
    return board


def _same(event: PlanEvent, what: str, said: Any, found: Any) -> None:
    if said != found:
        raise Mismatch(f"{event.kind} of {event.agency or event.wave}: {what} says {said}, the board had {found}")


def _placed(board: Board, event: PlanEvent) -> None:
    slug, after = event.agency.slug, event.after
    _same(event, "before", event.before, board.place_of(slug))
    left = board.wave_of(slug)
    for places in (board.queue, *(wave.agencies for wave in board.waves.values())):
        if slug in places:
            places.remove(slug)
    board.withdrawn.discard(slug)
    board.pins.pop(slug, None)
    board.deferrals.pop(slug, None)
    entered = after.get("wave")
    if after["status"] == PlacementStatus.WITHDRAWN:
        board.withdrawn.add(slug)
    elif after["status"] == PlacementStatus.QUEUED:
        board.queue.insert(after["queue_position"] - 1, slug)
    else:
        board.waves[entered].agencies.insert(after["slot"] - 1, slug)
        if "deferral_wave" in after:
            board.deferrals[slug] = after["deferral_wave"]
    if "funded" in after:
        board.funded[slug] = after["funded"]
    _same(event, "after", {k: v for k, v in after.items() if k != "funded"}, board.place_of(slug))
    if left != entered and event.kind != EventKind.DEFERRED:
        for number in (left, entered):
            if number is not None:
                _void_go(board.waves[number])


def _void_go(wave: WaveRow) -> None:
    if wave.decision == "go":
        wave.decision = None


def _pilot(board: Board, event: PlanEvent) -> None:
    board.pilots.add(event.agency.slug)


def _wave_added(board: Board, event: PlanEvent) -> None:
    if not event.after:  # its making was undone
        wave = board.waves.pop(event.wave.number)
        _same(event, "before", event.before, {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on})
        return
    board.waves[event.wave.number] = WaveRow(**event.after)


def _dates_set(board: Board, event: PlanEvent) -> None:
    wave = board.waves[event.wave.number]
    _same(event, "before", event.before, {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on})
    wave.leaders_on, wave.all_staff_on = event.after["leaders_on"], event.after["all_staff_on"]
    _void_go(wave)


def _cap_set(board: Board, event: PlanEvent) -> None:
    wave = board.waves[event.wave.number]
    _same(event, "before", event.before, {"cap": wave.cap})
    wave.cap = event.after["cap"]


def _decided(board: Board, event: PlanEvent) -> None:
    wave = board.waves[event.wave.number]
    _same(event, "before", event.before, {"decision": wave.decision})
    wave.decision = event.after["decision"]


def _deferral_chosen(board: Board, event: PlanEvent) -> None:
    slug = event.agency.slug
    _same(event, "before", event.before, {"wave": board.deferrals.pop(slug, None)})
    if event.after["wave"]:
        board.deferrals[slug] = event.after["wave"]


def _pinned(board: Board, event: PlanEvent) -> None:
    _same(event, "before", None, board.pins.get(event.agency.slug))
    board.pins[event.agency.slug] = event.after["reason"]


def _unpinned(board: Board, event: PlanEvent) -> None:
    _same(event, "before", event.before, {"reason": board.pins.pop(event.agency.slug, None)})


def _reviewed(board: Board, event: PlanEvent) -> None:
    wave = board.waves[event.wave.number]
    _same(event, "before", event.before, {"state": wave.state})
    wave.state = event.after["state"]


def _opened(board: Board, event: PlanEvent) -> None:
    wave = board.waves[event.wave.number]
    _same(event, "before", event.before, {"state": wave.state})
    wave.state = event.after["state"]
    word = "leaders" if event.kind == EventKind.LEADERS_OPENED else "all"
    board.access |= dict.fromkeys(event.after["let_in"], word)


def _held(board: Board, event: PlanEvent) -> None:
    _same(event, "before", "leaders", board.access.get(event.agency.slug))
    board.access[event.agency.slug] = "held"


def _released(board: Board, event: PlanEvent) -> None:
    _same(event, "before", "held", board.access.get(event.agency.slug))
    board.access[event.agency.slug] = "all"


def _funding_set(board: Board, event: PlanEvent) -> None:
    _same(event, "before", event.before["funded"], board.funded.get(event.agency.slug, 0))
    board.funded[event.agency.slug] = event.after["funded"]


TELLS: dict[EventKind, Callable[[Board, PlanEvent], None]] = {
    EventKind.JOINED: _placed,
    EventKind.MOVED: _placed,
    EventKind.DEFERRED: _placed,
    EventKind.WITHDRAWN: _placed,
    EventKind.REJOINED: _placed,
    EventKind.PILOT_MARKED: _pilot,
    EventKind.WAVE_ADDED: _wave_added,
    EventKind.DATES_SET: _dates_set,
    EventKind.CAP_SET: _cap_set,
    EventKind.DECIDED: _decided,
    EventKind.DEFERRAL_CHOSEN: _deferral_chosen,
    EventKind.PINNED: _pinned,
    EventKind.UNPINNED: _unpinned,
    EventKind.LEADERS_OPENED: _opened,
    EventKind.ALL_STAFF_OPENED: _opened,
    EventKind.REVIEW_CLOSED: _reviewed,
    EventKind.HELD: _held,
    EventKind.RELEASED: _released,
    EventKind.FUNDING_SET: _funding_set,
}


def as_it_stands(rollout: Rollout) -> Board:
    """The board that the tables hold."""
    board = Board()
    for wave in rollout.waves.with_latest_decision():
        board.waves[wave.number] = WaveRow(
            leaders_on=wave.leaders_on.isoformat(),
            all_staff_on=wave.all_staff_on.isoformat(),
            state=wave.state,
            cap=wave.people_cap,
            decision=wave.decision,
        )
    placements = rollout.placements.select_related("agency", "wave", "deferral_wave", "licence_budget")
    for placement in placements.order_by("wave__number", "slot", "queue_position"):
        slug = placement.agency.slug
        if placement.status == PlacementStatus.QUEUED:
            board.queue.append(slug)
        elif placement.wave is not None:
            board.waves[placement.wave.number].agencies.append(slug)
        else:
            {"withdrawn": board.withdrawn, "pilot": board.pilots}[placement.status].add(slug)
        if placement.pin_reason:
            board.pins[slug] = placement.pin_reason
        if placement.deferral_wave:
            board.deferrals[slug] = placement.deferral_wave.number
        if placement.leaders_access_at is not None:
            board.access[slug] = "all" if placement.all_staff_access_at else "held" if placement.held_at else "leaders"
        if hasattr(placement, "licence_budget"):
            board.funded[slug] = placement.licence_budget.funded
    return board
