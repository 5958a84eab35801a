"""What the board shows, as plain values: built in a constant number of queries, whatever the number of agencies."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

QUEUE = "queue"

STATE_ICONS = {
    QUEUE: "process-forward",
    "planned": "calendar",
    "leaders_open": "key",
    "all_open": "check-medium",
    "closed": "lock-locked",
}


@dataclass(frozen=True)
class Card:
    """One agency where it stands. `licences_missing` is headcount less what is funded, never below nought."""

    slug: str
    name: str
    employees: int
    version: int
    ready: bool
    problems: int
    licences_missing: int
    leaders_in: bool = False
    has_access: bool = False
    held: bool = False
    movable: bool = True


@dataclass(frozen=True)
class Column:
    """The queue, or a wave with its five places. `key` is `queue` or the wave's number; the queue has no dates."""

    key: str
    heading: str
    cards: tuple[Card, ...]
    state: str = QUEUE
    state_label: str = ""
    decision: str | None = None
    leaders_on: dt.date | None = None
    all_staff_on: dt.date | None = None
    capacity: int = 0
    year_now: int = 0

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.state]

    @property
    def is_queue(self) -> bool:
        return self.key == QUEUE

    @property
    def people(self) -> int:
        return sum(card.employees for card in self.cards)

    @property
    def not_ready(self) -> int:
        return sum(not card.ready and not card.has_access for card in self.cards)

    @property
    def slots(self) -> list[bool]:
        """One for each place, true where it is taken."""
        return [place < len(self.cards) for place in range(self.capacity)]

    @property
    def is_full(self) -> bool:
        return not self.is_queue and len(self.cards) >= self.capacity

    @property
    def is_done(self) -> bool:
        return self.state in ("all_open", "closed")

    @property
    def shows_year(self) -> bool:
        return any(day and day.year != self.year_now for day in (self.leaders_on, self.all_staff_on))


@dataclass(frozen=True)
class Segment:
    """One part of the progress bar; `start` and `width` in per cent of the bar."""

    kind: str
    people: int
    start: float
    width: float


@dataclass(frozen=True)
class Opening:
    """The next step of a wave: which, and when."""

    wave: str
    leaders: bool
    on: dt.date


@dataclass(frozen=True)
class Strip:
    """Rule 16's figures. The municipality's total is a setting, so coverage may be unknown."""

    agencies: int
    employees: int
    municipality_employees: int | None
    with_access: int
    in_waves: int
    in_queue: int
    agencies_with_leaders_in: int
    pilots: int
    pilot_employees: int
    places_used: int
    places: int
    next_opening: Opening | None

    @property
    def coverage(self) -> float | None:
        """Planned coverage in per cent of the municipality's total."""
        if not self.municipality_employees:
            return None
        return 100 * self.employees / self.municipality_employees

    @property
    def segments(self) -> list[Segment]:
        segments, start = [], 0.0
        for kind, people in (("access", self.with_access), ("waves", self.in_waves), ("queue", self.in_queue)):
            width = 100 * people / self.employees if self.employees else 0.0
            if people:
                segments.append(Segment(kind, people, round(start, 2), round(width, 2)))
            start += width
        return segments


@dataclass(frozen=True)
class Board:
    columns: tuple[Column, ...]
    strip: Strip

    @cached_property
    def by_key(self) -> dict[str, Column]:
        return {column.key: column for column in self.columns}

    @property
    def cards(self) -> list[Card]:
        return [card for column in self.columns for card in column.cards]

    @property
    def not_ready(self) -> int:
        return sum(column.not_ready for column in self.columns)

    @property
    def lacking_licences(self) -> int:
        return sum(card.licences_missing > 0 for card in self.cards)

    @property
    def waves_are_empty(self) -> bool:
        return not any(column.cards for column in self.columns if not column.is_queue)

    def column_of(self, slug: str) -> Column | None:
        return next((column for column in self.columns if any(card.slug == slug for card in column.cards)), None)
