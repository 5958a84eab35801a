"""What the composer is asked, and what it answers: plain data."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

CAPACITY = 5
#: Where each agency is to stand, by its key: a wave's number, or None for the queue.
Places = Mapping[str, int | None]


@dataclass(frozen=True)
class Agency:
    """One that waits: in the queue, or in a wave that may still change.

    `order`: its turn, lowest first. `stands_in`: the wave it stands in today, None the queue. `ready_from`: the first
    leaders' date it can be ready by. The two scores are 1 to 5, or None where nobody has given them.
    """

    key: str
    headcount: int
    locations: int
    maturity: int | None
    anchoring: int | None
    order: int
    stands_in: int | None
    pinned: bool
    ready_from: dt.date


@dataclass(frozen=True)
class Wave:
    """A wave that may still change. `cap`: people at most. `rushed`: the lead sets lead times aside for it."""

    number: int
    leaders_on: dt.date
    all_staff_on: dt.date
    cap: int | None = None
    pilot: bool = False
    rushed: bool = False


@dataclass(frozen=True)
class Weights:
    """What the lead weighs, each 0 (does not count) to 5."""

    order: int = 3
    even: int = 3
    variation: int = 3
    moves: int = 2
    early: int = 1


AIMS = ("order", "even", "variation", "moves", "early")


@dataclass(frozen=True)
class Question:
    """`free_licences`: how many the agreement has left for those who wait (None: no limit).

    `everyone`: all must have a place, or it is infeasible; else those without room stay in the queue. `effort`: how
    long to search at most, in CP-SAT's deterministic seconds, which are the same on every machine.
    """

    agencies: tuple[Agency, ...]
    waves: tuple[Wave, ...]
    weights: Weights = field(default_factory=Weights)
    free_licences: int | None = None
    everyone: bool = False
    effort: float = 6.0

    def __post_init__(self) -> None:
        # Whatever order the rows came in, the question is the same.
        object.__setattr__(self, "agencies", tuple(sorted(self.agencies, key=lambda a: (a.order, a.key))))
        object.__setattr__(self, "waves", tuple(sorted(self.waves, key=lambda w: (w.leaders_on, w.number))))


def effort_for(*, agencies: int, waves: int) -> float:
    """Deterministic seconds, by the size of the question: some 3 for 26 agencies in 7 waves, 12 for 100 in 20."""
    return 2 + agencies * waves / 200


def in_time(agency: Agency, wave: Wave) -> bool:
    """Whether the agency can be ready by the wave's leaders' date, or the lead sets lead times aside for the wave."""
    return wave.rushed or agency.ready_from <= wave.leaders_on


@dataclass(frozen=True)
class Aim:
    """One aim of a plan. `measure` in its own unit (`scoring`); `points` = weight x measure, scaled: less is better."""

    name: str
    measure: int
    weight: int
    points: int


@dataclass(frozen=True)
class Reason:
    """Why an agency is to stand where the answer puts it: a code and its facts (`explaining`)."""

    code: str
    facts: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    key: str
    before: int | None
    after: int | None
    reason: Reason


@dataclass(frozen=True)
class Relaxation:
    """One thing to relax. `kind`: cap, unlock, licences, hurry or wave; `wave`, `key`, `amount` where they apply.

    cap: raise the wave's to `amount`. unlock: the agency. licences: `amount` more. hurry: have the agency ready by the
    wave's date, `amount` days earlier than its lead times allow. wave: `amount` new waves.
    """

    kind: str
    wave: int | None = None
    key: str | None = None
    amount: int | None = None


@dataclass(frozen=True)
class Rule:
    """One of the rules that clash. `kind`: everyone, cap, pinned, ready or licences."""

    kind: str
    wave: int | None = None
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    """`state`: optimal, feasible, infeasible, stopped (by `should_stop`) or unknown (the effort was not enough).

    `objective` and `bound` are points: no plan has fewer than `bound`. `clash`, `relax`: what stands in the way of
    giving everyone a place, and the smallest thing to relax; empty where everyone has one.
    """

    state: str
    places: Places = field(default_factory=dict)
    aims: tuple[Aim, ...] = ()
    today: tuple[Aim, ...] = ()
    objective: int = 0
    bound: int = 0
    moves: tuple[Move, ...] = ()
    variation: Mapping[int, int] = field(default_factory=dict)
    clash: tuple[Rule, ...] = ()
    relax: tuple[Relaxation, ...] = ()

    @property
    def gap(self) -> float:
        """By how large a share of its points the best plan conceivable could be better. 0: this is the best."""
        return (self.objective - self.bound) / self.objective if self.objective else 0.0
