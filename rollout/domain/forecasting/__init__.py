"""When is the queue done? A range with its reasons, from what finished waves have taught. The method: docs/forecast.md.

`data`, `days`, `futures`, `ranges` and `causes` are pure functions over plain values, with numpy and without Django;
`reading` makes those values of a rollout's rows.
"""

from rollout.domain.forecasting.data import PlanData
from rollout.domain.forecasting.ranges import forecast

__all__ = ["PlanData", "forecast"]
