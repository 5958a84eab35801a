"""A plan's points, aim by aim. The solver minimises their sum; this counts them again, without the solver.

- order: how many waves each agency stands from its turn (`turns`), summed; the queue is after the last wave.
- even: people above the even level, summed over the waves, less what one agency alone is above it.
- variation: what the pilot waves lack of the most, in the unit of `variation.total`.
- moves: agencies that leave the wave they stand in today.
- early: days from the first wave's all-staff date to that of the last wave in use.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from rollout.domain.composing import turns, variation
from rollout.domain.composing.question import AIMS, Agency, Aim, Places, Question, Wave

#: What a measure of "as bad as it sensibly gets" (`Scales.full`) is worth, at weight one.
FULL = 100_000


@dataclass(frozen=True)
class Scales:
    """What the points of a question are counted by; the same for every plan."""

    question: Question
    positions: dict[str, variation.Position] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", variation.positions(self.question.agencies))

    @cached_property
    def pilots(self) -> list[Wave]:
        return [wave for wave in self.question.waves if wave.pilot]

    @cached_property
    def index(self) -> dict[int | None, int]:
        """Each wave's place in their order; the queue comes last."""
        return {wave.number: place for place, wave in enumerate(self.question.waves)} | {None: len(self.question.waves)}

    @cached_property
    def turns(self) -> Places:
        return turns.deal(self.question, level=self.level)

    def from_turn(self, agency: Agency, number: int | None) -> int:
        """How many waves it is from the agency's turn to there."""
        return abs(self.index[number] - self.index[self.turns[agency.key]])

    @cached_property
    def level(self) -> int:
        """People in each wave if they were spread evenly; those too large for it count apart, or they hide the rest."""
        sizes = sorted((agency.headcount for agency in self.question.agencies), reverse=True)
        waves, people = max(1, len(self.question.waves)), sum(sizes)
        for size in sizes:
            if waves == 1 or size * waves <= people:
                break
            waves, people = waves - 1, people - size
        return math.ceil(people / waves)

    @cached_property
    def unavoidable(self) -> dict[str, int]:
        """Those who alone are more than the level, and by how many people: so many are above it anyhow."""
        return {a.key: a.headcount - self.level for a in self.question.agencies if a.headcount > self.level}

    @cached_property
    def full(self) -> dict[str, int]:
        """The measure that is worth `FULL`: everybody a wave from its turn, a quarter of the people above the level, no
        variation at all, everybody moved, the whole time used."""
        agencies, waves = self.question.agencies, self.question.waves
        return {
            "order": max(1, len(agencies)),
            "even": max(1, sum(agency.headcount for agency in agencies) // 4),
            "variation": max(1, len(self.pilots)) * variation.MOST,
            "moves": max(1, len(agencies)),
            "early": max(1, self.days[-1] if waves else 1),
        }

    @cached_property
    def days(self) -> list[int]:
        """Days from the earliest all-staff date to each wave's, or to that of any before it: never falling."""
        waves = self.question.waves
        first = min((wave.all_staff_on for wave in waves), default=None)
        days: list[int] = []
        for wave in waves:
            days.append(max([(wave.all_staff_on - first).days, *days[-1:]]) if first else 0)
        return days

    @cached_property
    def factor(self) -> dict[str, int]:
        """Points for one unit of each measure, weighted. At least one where the aim counts at all."""
        weights = self.question.weights
        return {
            name: max(1, round(getattr(weights, name) * FULL / self.full[name])) if getattr(weights, name) else 0
            for name in AIMS
        }


def _variation_missing(scales: Scales, places: Places) -> int:
    missing = 0
    for wave in scales.pilots:
        members = [scales.positions[key] for key, number in places.items() if number == wave.number]
        missing += variation.MOST - variation.total(members)
    return missing


def measures(scales: Scales, places: Places) -> dict[str, int]:
    """What the plan comes to in each aim, in its own unit."""
    question = scales.question
    people: Counter[int] = Counter()
    for agency in question.agencies:
        if (number := places[agency.key]) is not None:
            people[number] += agency.headcount
    return {
        "order": sum(scales.from_turn(agency, places[agency.key]) for agency in question.agencies),
        "even": sum(max(0, together - scales.level) for together in people.values())
        - sum(over for key, over in scales.unavoidable.items() if places[key] is not None),
        "variation": _variation_missing(scales, places),
        "moves": sum(
            agency.stands_in is not None and places[agency.key] != agency.stands_in for agency in question.agencies
        ),
        "early": max((scales.days[scales.index[number]] for number in people), default=0),
    }


def score(scales: Scales, places: Places) -> tuple[Aim, ...]:
    """The plan's points, taken apart."""
    found = measures(scales, places)
    return tuple(
        Aim(name, found[name], getattr(scales.question.weights, name), found[name] * scales.factor[name])
        for name in AIMS
    )


def points(scales: Scales, places: Places) -> int:
    return sum(aim.points for aim in score(scales, places))


def left_out(question: Question, places: Places) -> int:
    """The weight of those without a place: fewest agencies first, then fewest people."""
    people = max(1, sum(agency.headcount for agency in question.agencies))
    return sum(10 + 10 * a.headcount // people for a in question.agencies if places[a.key] is None)


def today(question: Question) -> dict[str, int | None]:
    """Where they stand today."""
    return {agency.key: agency.stands_in for agency in question.agencies}
