"""What the board shows, as plain values: built in a constant number of queries, whatever the number of agencies."""

import datetime as dt
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain import figures, glance, placing, stopping
from rollout.domain.calendar import calendar_of
from rollout.domain.glance import Glance
from rollout.domain.recording import plan_version
from rollout.models import CAPACITY, OSLO, Rollout, Step, Wave, WaveState, opening_moment

QUEUE = "queue"
Presses = Callable[[Collection[glance.Step]], bool]

STATE_ICONS = {
    QUEUE: "process-forward",
    WaveState.PLANNED: "calendar",
    WaveState.LEADERS_OPEN: "key",
    WaveState.ALL_OPEN: "check-medium",
    WaveState.CLOSED: "lock-locked",
}
#: Agencies by size, the largest first: what it is called, and the fewest people.
SIZES = {
    "fra-1000": (gettext_lazy("1 000 eller flere"), 1000),
    "100-999": (gettext_lazy("100–999"), 100),
    "under-100": (gettext_lazy("Under 100"), 0),
}


def plain(text: str) -> str:
    """As both sides of a search are read: small letters, one code for each letter."""
    return unicodedata.normalize("NFC", text).lower()


@dataclass(frozen=True)
class Card:
    """One agency where it stands. `licences_missing` is headcount less what is funded, never below nought; `pressing`:
    something is missing, and it stops us now (`stopping.presses`), which may be another answer tomorrow.

    `place` counts from 1 in the column, `text` is what a search reads; `hidden`: it is not what is looked for.
    """

    slug: str
    name: str
    employees: int
    version: int
    problems: int
    pressing: bool
    licences_missing: int
    leaders_in: bool
    has_access: bool
    held: bool
    in_open_wave: bool
    pin_reason: str
    kind: str
    sector: str
    sort_key: str
    text: str
    place: int
    hidden: bool = False

    @property
    def movable(self) -> bool:
        return not (self.in_open_wave or self.pin_reason)

    @property
    def size(self) -> str:
        return next(key for key, (_label, fewest) in SIZES.items() if self.employees >= fewest)

    @property
    def ready(self) -> bool:
        return not self.problems

    @property
    def is_stuck(self) -> bool:
        """Not ready, and still waiting for access: what the board is loud about."""
        return not self.ready and not self.has_access


@dataclass(frozen=True)
class Column:
    """The queue, or a wave with its places. `key` is `queue` or the wave's number; only a wave has the rest.

    `cards` are all of it in the plan's order, `narrowed` the same cards as they are looked for. `over_cap`: people too
    many for the wave's cap.
    """

    key: str
    heading: str
    state: str
    cards: list[Card]
    wave: Wave | None = None
    shows_year: bool = False
    over_cap: int = 0
    narrowed: list[Card] | None = None

    @property
    def made_of(self) -> tuple:
        """All that its markup hangs on, and nothing else."""
        wave = self.wave
        of_wave = wave and (wave.leaders_on, wave.all_staff_on, wave.decision, wave.people_cap)
        return (self.key, self.state, self.cards, self.narrowed, of_wave, self.shows_year, self.over_cap)

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.state]

    @property
    def people(self) -> int:
        return sum(card.employees for card in self.cards)

    @property
    def rows(self) -> list[Card]:
        """The cards as they are shown."""
        return self.cards if self.narrowed is None else self.narrowed

    @property
    def hits(self) -> int:
        return sum(not card.hidden for card in self.rows)

    @property
    def takes_part_in_moves(self) -> bool:
        """Whether any agency may be moved out of it."""
        return self.wave is None or self.wave.is_planned

    @property
    def slots(self) -> list[bool]:
        """One for each place, true where it is taken."""
        return [place < len(self.cards) for place in range(CAPACITY if self.wave else 0)]

    @property
    def is_done(self) -> bool:
        return self.state in (WaveState.ALL_OPEN, WaveState.CLOSED)

    @property
    def awaits_review(self) -> bool:
        """Open for all, and not closed by the decision its review ends in (rule 13)."""
        return self.state == WaveState.ALL_OPEN and bool(self.cards)


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
    """The whole of it. `version`: the plan's (`recording.plan_version`) when the reading began.

    `lacks`: the steps that each agency is missing, by its slug.
    """

    columns: list[Column]
    totals: figures.Totals
    next_opening: Opening | None
    version: int = 0
    lacks: dict[str, list[glance.Step]] = field(default_factory=dict)

    @property
    def cards(self) -> list[Card]:
        return [card for column in self.columns for card in column.cards]

    @property
    def hits(self) -> int:
        return sum(column.hits for column in self.columns)

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
    standing = glance.read(rollout, now=now)
    # After the places: waves are added, never taken away, so every place finds its wave.
    waves = glance.waves(rollout)
    calendar = calendar_of(rollout)
    year = now.astimezone(OSLO).year
    columns = [Column(QUEUE, _("Kø"), QUEUE, _cards(standing[None]))]
    columns += [
        Column(
            key=str(wave.number),
            heading=str(wave),
            state=wave.state,
            cards=_cards(
                standing[wave.pk],
                in_open_wave=not wave.is_planned,
                presses=stopping.presses(wave, calendar, now),
            ),
            wave=wave,
            over_cap=placing.over_cap(wave, sum(seen.headcount for seen in standing[wave.pk])),
            shows_year=not wave.leaders_on.year == wave.all_staff_on.year == year,
        )
        for wave in waves
    ]
    lacks = {seen.slug: seen.missing for stand in standing.values() for seen in stand}
    return Board(columns, figures.totals(rollout), _next_opening(waves, now), version, lacks)


def _nothing_presses(missing: Collection[glance.Step]) -> bool:
    """In the queue nothing has a due date."""
    return False


def _cards(standing: list[Glance], *, in_open_wave: bool = False, presses: Presses = _nothing_presses) -> list[Card]:
    return [_card(seen, place, in_open_wave, presses(seen.missing)) for place, seen in enumerate(standing, 1)]


def _card(seen: Glance, place: int, in_open_wave: bool, pressing: bool) -> Card:
    return Card(
        slug=seen.slug,
        name=seen.name,
        employees=seen.headcount,
        version=seen.version,
        problems=seen.problems,
        pressing=pressing,
        licences_missing=seen.licences_missing,
        leaders_in=seen.leaders_in,
        has_access=seen.has_access,
        held=seen.held,
        in_open_wave=in_open_wave,
        pin_reason=seen.pin_reason,
        kind=seen.kind,
        sector=seen.sector,
        sort_key=seen.sort_key,
        text=plain(f"{seen.name} {seen.slug} {seen.sector}"),
        place=place,
    )


def _next_opening(waves: list[Wave], now: dt.datetime) -> Opening | None:
    """The first step ahead. A step whose moment passed without opening is not what comes next."""
    openings = [Opening(wave, step, wave.day_of(step)) for wave in waves if (step := wave.next_step) is not None]
    ahead = [opening for opening in openings if opening_moment(opening.on) > now]
    return min(ahead, key=lambda opening: (opening.on, opening.wave.number), default=None)
