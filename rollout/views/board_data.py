"""What the board shows, as plain values: built in a constant number of queries, whatever the number of agencies."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from rollout.domain import figures
from rollout.domain.recording import plan_version
from rollout.models import CAPACITY, OSLO, Rollout, Step, Wave, WaveState, opening_moment

QUEUE = "queue"

STATE_ICONS = {
    QUEUE: "process-forward",
    WaveState.PLANNED: "calendar",
    WaveState.LEADERS_OPEN: "key",
    WaveState.ALL_OPEN: "check-medium",
    WaveState.CLOSED: "lock-locked",
}


@dataclass(frozen=True)
class Card:
    """One agency where it stands. `licences_missing` is headcount less what is funded, never below nought."""

    slug: str
    name: str
    employees: int
    version: int
    problems: int
    licences_missing: int
    leaders_in: bool
    has_access: bool
    held: bool
    movable: bool

    @property
    def ready(self) -> bool:
        return not self.problems

    @property
    def is_stuck(self) -> bool:
        """Not ready, and still waiting for access: what the board is loud about."""
        return not self.ready and not self.has_access


@dataclass(frozen=True)
class Column:
    """The queue, or a wave with its places. `key` is `queue` or the wave's number; only a wave has the rest."""

    key: str
    heading: str
    state: str
    cards: list[Card]
    wave: Wave | None = None
    shows_year: bool = False

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.state]

    @property
    def people(self) -> int:
        return sum(card.employees for card in self.cards)

    @property
    def slots(self) -> list[bool]:
        """One for each place, true where it is taken."""
        return [place < len(self.cards) for place in range(CAPACITY if self.wave else 0)]

    @property
    def is_full(self) -> bool:
        return self.wave is not None and len(self.cards) >= CAPACITY

    @property
    def is_done(self) -> bool:
        return self.state in (WaveState.ALL_OPEN, WaveState.CLOSED)


@dataclass(frozen=True)
class Opening:
    """The next step of a wave: whose, to whom, and when."""

    wave: Wave
    step: Step
    on: dt.date


@dataclass(frozen=True)
class Segment:
    """One part of the progress bar; `start` and `width` in per cent of the bar."""

    kind: str
    people: int
    start: Decimal
    width: Decimal


@dataclass(frozen=True)
class Board:
    """The whole of it. `version`: the plan's (`recording.plan_version`) when the reading began."""

    columns: list[Column]
    totals: figures.Totals
    next_opening: Opening | None
    version: int = 0

    @property
    def cards(self) -> list[Card]:
        return [card for column in self.columns for card in column.cards]

    @property
    def stuck(self) -> int:
        return sum(card.is_stuck for card in self.cards)

    @property
    def lacking_licences(self) -> int:
        return sum(card.licences_missing > 0 for card in self.cards)

    @property
    def waves_are_empty(self) -> bool:
        return not any(column.cards for column in self.columns if column.wave)

    @property
    def segments(self) -> list[Segment]:
        """The people of queue and waves by how far they have come: with access, in a wave, in the queue."""
        with_access = sum(card.employees for card in self.cards if card.has_access)
        queued = sum(column.people for column in self.columns if not column.wave)
        whole = sum(card.employees for card in self.cards)
        segments, start = [], Decimal(0)
        for kind, people in (("access", with_access), ("waves", whole - with_access - queued), ("queue", queued)):
            width = Decimal(100 * people) / whole if whole else Decimal(0)
            segments.append(Segment(kind, people, start, width))
            start += width
        return segments

    def column(self, key: str) -> Column | None:
        return next((column for column in self.columns if column.key == key), None)

    def column_of(self, slug: str) -> Column | None:
        """Where an agency stands, or None when it is outside queue and waves."""
        return next((column for column in self.columns if any(card.slug == slug for card in column.cards)), None)


def board(rollout: Rollout, *, now: dt.datetime) -> Board:
    version = plan_version(rollout.slug) or 0  # before the rest: what changes while this reads is news, not lost
    plan = figures.plan(rollout, now=now)
    year = now.astimezone(OSLO).year
    columns = [Column(QUEUE, _("Kø"), QUEUE, [_card(entry) for entry in plan.queue])]
    columns += [
        Column(
            key=str(entry.wave.number),
            heading=str(entry.wave),
            state=entry.wave.state,
            cards=[_card(placed) for placed in entry.entries],
            wave=entry.wave,
            shows_year=not entry.wave.leaders_on.year == entry.wave.all_staff_on.year == year,
        )
        for entry in plan.waves
    ]
    return Board(columns, figures.totals(rollout), _next_opening([entry.wave for entry in plan.waves], now), version)


def _card(entry: figures.Entry) -> Card:
    placement = entry.placement
    return Card(
        slug=placement.agency.slug,
        name=placement.agency.name,
        employees=placement.headcount,
        version=placement.version,
        problems=len(entry.problems),
        licences_missing=entry.licences_missing,
        leaders_in=placement.leaders_access_at is not None,
        has_access=placement.all_staff_access_at is not None,
        held=placement.is_held,
        movable=placement.wave is None or placement.wave.is_planned,
    )


def _next_opening(waves: list[Wave], now: dt.datetime) -> Opening | None:
    """The first step ahead. A step whose moment passed without opening is not what comes next."""
    openings = [Opening(wave, step, wave.day_of(step)) for wave in waves if (step := wave.next_step) is not None]
    ahead = [opening for opening in openings if opening_moment(opening.on) > now]
    return min(ahead, key=lambda opening: (opening.on, opening.wave.number), default=None)
