"""What a forecast is made of, as plain values: no database, no clock (rule 15). Days are dates; durations open days.

A *piece* is the time between two openings that follow each other: from a wave's leaders' date to its all-staff date, or
from a wave to the next one's leaders. What was learnt of the pace is learnt of pieces.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

from rollout.domain.forecasting.days import Days


@dataclass(frozen=True)
class Pace:
    """What is believed of how long pieces take, as the logarithm of taken : planned (0: as planned).

    A piece's logarithm is normal around the rollout's own pace, which is known the better the more pieces are seen:
    the pace is normal around `mean` with the weight of `weight` pieces, the spread's square inverse gamma of `shape`
    and `scale`. `seen` adds observations to it exactly (normal-inverse-gamma is its own posterior).
    """

    mean: float
    weight: float
    shape: float
    scale: float

    def seen(self, logs: list[float]) -> "Pace":
        """The belief after these were observed."""
        n = len(logs)
        if not n:
            return self
        average = sum(logs) / n
        within = sum((log - average) ** 2 for log in logs)
        weight = self.weight + n
        between = self.weight * n * (average - self.mean) ** 2 / weight
        return Pace(
            mean=(self.weight * self.mean + n * average) / weight,
            weight=weight,
            shape=self.shape + n / 2,
            scale=self.scale + (within + between) / 2,
        )


@dataclass(frozen=True)
class Share:
    """What is believed of the share of agencies that an opening turns away: beta distributed."""

    deferred: float
    let_in: float

    @property
    def mean(self) -> float:
        return self.deferred / (self.deferred + self.let_in)

    def seen(self, *, deferred: int, let_in: int) -> "Share":
        return Share(self.deferred + deferred, self.let_in + let_in)


@dataclass(frozen=True)
class Assumptions:
    """What is believed before anything is observed. Each is explained, with its source, in docs/forecast.md.

    `pace`: the plan holds in the middle, with the weight of one piece, and a piece varies by about 30 %.
    `deferral`: some 15 % are not ready at their opening, with the weight of eight agencies. `hold`: one in twenty of
    those let in then is held when the wave opens for all, with the same weight.
    `ready_odds`, `late_odds`, `late_steps`: an agency that is ready today has a quarter of the usual odds of being
    deferred, and each step past its due date makes them half as large again, three steps at most.
    `all_staff_days`, `gap_days`: for a plan without waves to learn them from. `places`: of a wave (rule 1).
    """

    pace: Pace = Pace(mean=0.0, weight=1.0, shape=4.0, scale=0.27)
    deferral: Share = Share(deferred=1.2, let_in=6.8)
    hold: Share = Share(deferred=0.4, let_in=7.6)
    ready_odds: float = 0.25
    late_odds: float = 1.5
    late_steps: int = 3
    all_staff_days: int = 10
    gap_days: int = 10
    places: int = 5


@dataclass(frozen=True)
class WavePlan:
    """A wave as the plan has it now. `firm`: it has its go, so that its next step comes on its date. `decided`: its
    review has ended, so that the next wave waits for nothing but its own date.
    """

    number: int
    leaders_on: dt.date
    all_staff_on: dt.date
    leaders_in: bool = False
    all_in: bool = False
    firm: bool = False
    decided: bool = False
    people_cap: int | None = None


@dataclass(frozen=True)
class AgencyPlan:
    """An agency in a wave (its number) or, None, in the queue.

    `missing` are the keys of the blocking steps it has not done, `late` those of them past their due date; `earliest`:
    the first leaders' date by which the course can be done, for one in the queue. `has_leaders`, `access_on`: what it
    has got already.
    """

    slug: str
    name: str
    people: int
    wave: int | None = None
    defer_to: int | None = None
    ready: bool = False
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    earliest: dt.date | None = None
    has_leaders: bool = False
    access_on: dt.date | None = None

    def waits_for(self, step: str) -> bool:
        """Whether that step makes it likelier to be deferred: it is late, or the last one that is missing."""
        return self.wave is not None and not self.has_leaders and (step in self.late or self.missing == (step,))

    def with_done(self, step: str) -> "AgencyPlan":
        missing, late = (tuple(key for key in keys if key != step) for keys in (self.missing, self.late))
        return replace(self, ready=self.ready or self.missing == (step,), missing=missing, late=late)


@dataclass(frozen=True)
class Piece:
    """One finished piece: open days planned when it began, open days late (negative: early), and what it led to."""

    wave: int
    step: str
    planned: int
    late: int


@dataclass(frozen=True)
class Observed:
    """What finished waves have taught. `let_in` and `deferred`: agencies, at leaders' openings; `let_in_all` and
    `held`, at all staff. `why`: the steps that deferred agencies lacked, and how often. `waits` and `activations`: for
    each wave that got so far the open days from its all-staff opening to the decision of its review, and to half of
    those invited having taken their accounts into use.
    """

    pieces: tuple[Piece, ...] = ()
    let_in: int = 0
    deferred: int = 0
    let_in_all: int = 0
    held: int = 0
    why: tuple[tuple[str, int], ...] = ()
    waits: tuple[int, ...] = ()
    activations: tuple[int, ...] = ()


class Place(TypedDict):
    """Where an agency stands: a wave's number or None, and its position there or in the queue, from 1."""

    wave: int | None
    position: int | None


@dataclass(frozen=True)
class PlanData:
    """A whole rollout at one moment. `agencies`: in the order of the queue. `ahead_from`: the first day still ahead.
    `licences`: how many the contract's pool has free (rule 8); None: they are not counted.
    """

    ahead_from: dt.date
    days: Days
    waves: tuple[WavePlan, ...]
    agencies: tuple[AgencyPlan, ...]
    observed: Observed = field(default_factory=Observed)
    assumptions: Assumptions = field(default_factory=Assumptions)
    licences: int | None = None

    @property
    def finished_waves(self) -> int:
        return sum(wave.all_in for wave in self.waves)

    @property
    def licences_missing(self) -> int:
        """How many more the pool must have for all who are to come in."""
        needed = sum(agency.people for agency in self.agencies if not agency.has_leaders)
        return 0 if self.licences is None else max(0, needed - self.licences)

    def unlicensed(self) -> list[AgencyPlan]:
        """For whom the pool has too few when all come in as planned, the queue last: the rest are let in (rule 8)."""
        if self.licences is None:
            return []
        waves = sorted(self.waves, key=lambda wave: (wave.leaders_on, wave.number))
        order: dict[int | None, int] = {wave.number: place for place, wave in enumerate(waves)}
        free, found = self.licences, []
        for agency in sorted(self.agencies, key=lambda one: order.get(one.wave, len(order))):
            if agency.has_leaders:
                continue
            if agency.people > free:
                found.append(agency)
            else:
                free -= agency.people
        return found

    def held(self) -> list[AgencyPlan]:
        """Whom their wave's opening for all has passed over (rule 6)."""
        opened = {wave.number for wave in self.waves if wave.all_in}
        return [one for one in self.agencies if one.wave in opened and one.access_on is None]

    def without_held(self) -> "PlanData":
        """The same plan where whoever is held comes in on the first day ahead."""
        held = {one.slug for one in self.held()}
        agencies = (replace(one, access_on=self.ahead_from) if one.slug in held else one for one in self.agencies)
        return replace(self, agencies=tuple(agencies))

    def with_done(self, step: str) -> "PlanData":
        """The same plan where all have done that step."""
        return replace(self, agencies=tuple(agency.with_done(step) for agency in self.agencies))

    def otherwise(self, *, places: Mapping[str, Place], dates: Mapping[str, Mapping[str, str]]) -> "PlanData":
        """Another plan of the same agencies, as a scenario holds it: `places` by slug, `dates` by the wave's number.

        Who is not named stays, and what has opened is as it was. A changed wave has no go (rule 6), and who moves has
        no step late: the due dates are others.
        """
        agencies = [self._placed_otherwise(one, places.get(one.slug), n) for n, one in enumerate(self.agencies)]
        agencies.sort(key=lambda found: found[0])
        now = {one.slug: one.wave for one in self.agencies}
        changed = {number for _n, one in agencies if one.wave != now[one.slug] for number in (one.wave, now[one.slug])}
        waves = {wave.number: wave for wave in self.waves}
        for number, told in dates.items():
            leaders_on, all_staff_on = (dt.date.fromisoformat(told[name]) for name in ("leaders_on", "all_staff_on"))
            wave = waves.get(int(number), WavePlan(int(number), leaders_on, all_staff_on))
            if not wave.all_in:
                days = (wave.leaders_on if wave.leaders_in else leaders_on, all_staff_on)
                if days != (wave.leaders_on, wave.all_staff_on):
                    wave = replace(wave, leaders_on=days[0], all_staff_on=days[1], firm=False)
            waves[wave.number] = wave
        return replace(
            self,
            waves=tuple(
                replace(wave, firm=wave.firm and (wave.leaders_in or wave.number not in changed))
                for wave in waves.values()
            ),
            agencies=tuple(one for _n, one in agencies),
        )

    def _placed_otherwise(self, agency: AgencyPlan, place: Place | None, n: int) -> tuple[int, AgencyPlan]:
        """With where it stands in the order. Whose leaders are in stays."""
        if place is None or agency.has_leaders:
            return n, agency
        position = place["position"] or 0
        if place["wave"] == agency.wave:
            return position, agency
        return position, replace(agency, wave=place["wave"], late=(), defer_to=None)
