"""How varied a wave is: the measure that the composer maximises in pilot waves, and that scores any wave.

Gower's distance between two agencies in four things: headcount and locations (on a logarithmic scale, for 37 against
600 is as far as 1 000 against 17 000), maturity and leadership anchoring (1 to 5), each scaled to 0..1000. A wave's
variation is the sum over all pairs, as per mille of the most that five agencies can have. An empty place varies with
nobody, so a wave of two is never as varied as one of five; what nobody has scored is not counted as different.
"""

import math
from collections.abc import Collection, Iterable
from itertools import combinations

from rollout.domain.composing.question import CAPACITY, Agency

SCALE = 1_000
#: The most pairs of which one is at the low end and one at the high: two against three.
PAIRS = (CAPACITY // 2) * (CAPACITY - CAPACITY // 2)
#: The most that a wave's pairs can sum to, over the four dimensions.
MOST = PAIRS * SCALE * 4
#: An agency's place on each dimension, 0..1000; None: unknown.
Position = tuple[int | None, int | None, int | None, int | None]


def positions(agencies: Collection[Agency]) -> dict[str, Position]:
    """Each agency's place on the four dimensions; headcount and locations run from the least to the most given."""
    headcount = _logarithmic([agency.headcount for agency in agencies])
    locations = _logarithmic([agency.locations for agency in agencies])
    return {
        agency.key: (
            headcount(agency.headcount),
            locations(agency.locations),
            _score(agency.maturity),
            _score(agency.anchoring),
        )
        for agency in agencies
    }


def _logarithmic(values: list[int]):
    logs = [math.log(max(1, value)) for value in values]
    low, high = min(logs, default=0.0), max(logs, default=0.0)

    def place(value: int) -> int:
        return round(SCALE * (math.log(max(1, value)) - low) / (high - low)) if high > low else 0

    return place


def _score(score: int | None) -> int | None:
    return None if score is None else (score - 1) * SCALE // 4


def distance(one: Position, other: Position) -> int:
    """Gower's distance, summed over the four: 0 (alike) to 4000."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True) if a is not None and b is not None)


def total(members: Iterable[Position]) -> int:
    """The distances of all pairs, summed: 0 to `MOST`."""
    return sum(distance(one, other) for one, other in combinations(members, 2))


def variation(members: Iterable[Position]) -> int:
    """A wave's variation, in per mille of the most that five agencies can have."""
    return round(1_000 * total(members) / MOST)
