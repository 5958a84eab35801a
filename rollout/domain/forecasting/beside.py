"""A scenario and today's plan forecast side by side, under the same luck."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from rollout.domain import scenarios
from rollout.domain.forecasting import ranges, reading
from rollout.models import Scenario

#: Enough for a comparison under the same luck; it is made while somebody waits for that part of the page.
FUTURES = 2_000


@dataclass(frozen=True)
class Beside:
    """When the last agency has access in today's plan and in the scenario (`ranges.forecast`'s `finish`), and by how
    many days the scenario is later on average; negative: earlier. Of a baseline, that comes first and today second.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    futures: int

    @property
    def days_later(self) -> int:
        return round(self.after["mean"] - self.before["mean"])


def beside(scenario: Scenario, *, now: dt.datetime) -> Beside | None:
    """None: nobody is in the plan. Reads only."""
    data = reading.read(scenario.rollout, now=now)
    if not data.agencies:
        return None
    places, dates = scenario.places, scenario.dates
    if not scenario.is_baseline:
        # What the scenario changes, on the plan as it is now.
        moves = scenarios.moves_of(scenario), scenarios.dates_of(scenario)
        places, dates = scenarios.merge(scenarios.today(scenario.rollout), *moves)
    futures = min(FUTURES, ranges.enough(data))
    today, other = (
        ranges.forecast(plan, futures=futures)["finish"] for plan in (data, data.otherwise(places=places, dates=dates))
    )
    return Beside(other, today, futures) if scenario.is_baseline else Beside(today, other, futures)
