"""Use over time as small server-made charts: pure functions from points to what SVG attributes take.

Across in per cent of the drawing, down in per cent of the plot, as in `charts`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from rollout.domain.usage import Point, Share
from rollout.views.charts import DAY, Scale, Tick, across, anchor

DAYS_AT_MOST = 4  # names of dates that fit on a phone


@dataclass(frozen=True)
class Dot:
    x: str
    y: str


@dataclass(frozen=True)
class Line:
    """One measure over time. `goal_y`: where its threshold is drawn."""

    dots: list[Dot]
    path: str
    goal: int
    goal_y: str


@dataclass(frozen=True)
class Chart:
    """`points` is the table's truth; the lines are drawn of those that may be shown."""

    points: list[Point]
    activated: Line
    weekly_active: Line
    days: list[Tick]

    @property
    def lines(self) -> list[Line]:
        return [self.activated, self.weekly_active]


def chart(points: Sequence[Point], *, opened_on: dt.date, activated: int, weekly_active: int) -> Chart | None:
    """From the opening to the last measurement; thresholds in per cent. None: nothing measured that may be shown."""
    if not any(point.activated or point.weekly_active for point in points):
        return None
    days = max(7, (points[-1].on - opened_on).days)
    scale = Scale(opened_on, opened_on + (days + max(1, days // 20)) * DAY)
    ticks = [opened_on, *sorted({point.on for point in points} - {opened_on})]
    every = -(-len(ticks) // DAYS_AT_MOST)
    named = ticks[::-1][::every][::-1]
    return Chart(
        points=list(points),
        activated=_line([(point.on, point.activated) for point in points], activated, scale),
        weekly_active=_line([(point.on, point.weekly_active) for point in points], weekly_active, scale),
        days=[Tick(day, across(scale.at(day)), anchor=anchor(scale.at(day))) for day in named],
    )


def _line(shares: Sequence[tuple[dt.date, Share | None]], goal: int, scale: Scale) -> Line:
    at = [(scale.at(on), 100 - float(share.percent)) for on, share in shares if share is not None]
    path = "".join(f"{'L' if place else 'M'}{x:.2f} {y:.2f}" for place, (x, y) in enumerate(at))
    return Line([Dot(across(x), across(y)) for x, y in at], path, goal, across(100 - goal))
