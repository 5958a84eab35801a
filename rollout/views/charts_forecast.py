"""The geometry of the forecast's two charts (as `rollout.views.charts`): ranges of days, and people as a fan."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rollout.domain.coverage import WEEK
from rollout.views.charts import DAY, Grid, Scale, Tick, across, anchor, down, grid, months

AXIS, ROW = 36, 46  # pixels: the axis on top, and each wave's row
WEEKS_AT_MOST = 5  # names that fit under the fan on a phone
#: Beyond this part of the width a month's name would be cut off.
LAST_NAME = 96


@dataclass(frozen=True)
class RangeRow:
    """One wave's range: a line from P10 to P90, a bar from P50 to P80, and the planned day as a mark (None: none)."""

    x10: str
    x90: str
    x50: str
    width: str
    planned: str | None
    text_y: str
    y: str
    mid_y: str


@dataclass(frozen=True)
class Ranges:
    """`rows` stand in the order in which they were given."""

    height: str
    months: list[Tick]
    rows: list[RangeRow]
    today: Tick | None


def ranges(rows: Sequence[Mapping[str, dt.date | None]], *, today: dt.date) -> Ranges | None:
    """Each row has `p10`, `p50`, `p80`, `p90` and `planned`, as dates. None: nothing to draw."""
    days = [day for row in rows for day in row.values() if day is not None]
    if not days:
        return None
    start, end = min([today, *days]), max(days)
    air = max(WEEK, (end - start) / 25)
    scale = Scale(start - air, end + air)
    drawn = []
    for place, row in enumerate(rows):
        at = {name: scale.at(day) for name, day in row.items() if day is not None}
        top = AXIS + place * ROW
        drawn.append(
            RangeRow(
                x10=across(at["p10"]),
                x90=across(at["p90"]),
                x50=across(at["p50"]),
                width=across(max(0.4, at["p80"] - at["p50"])),
                planned=across(at["planned"]) if "planned" in at else None,
                text_y=down(top + 16),
                y=down(top + 24),
                mid_y=down(top + 30),
            )
        )
    now = scale.at(today)
    return Ranges(
        height=down(AXIS + ROW * len(drawn)),
        months=[replace(tick, named=tick.named and scale.at(tick.day) < LAST_NAME) for tick in months(scale)],
        rows=drawn,
        today=Tick(today, across(now), anchor=anchor(now)) if scale.covers(today) else None,
    )


@dataclass(frozen=True)
class Fan:
    """Two bands and the middle in a box of 100 by 100, and the grid and weeks around them."""

    wide: str
    narrow: str
    middle: str
    grid: list[Grid]
    weeks: list[Tick]
    today: Tick | None


def fan(points: Sequence[Mapping], *, base: int, today: dt.date) -> Fan | None:
    """`points` have `monday` and people as `p10`, `p50`, `p80`, `p90`, told at the week's end. `base`: full height."""
    if len(points) < 2 or not base:
        return None
    scale = Scale(points[0]["monday"] + WEEK - DAY, points[-1]["monday"] + WEEK - DAY)
    ends = [scale.at(point["monday"] + WEEK - DAY) for point in points]
    line = {
        name: [(x, 100 - 100 * point[name] / base) for x, point in zip(ends, points, strict=True)]
        for name in ("p10", "p50", "p80", "p90")
    }
    every = math.ceil(len(points) / WEEKS_AT_MOST)
    now = scale.at(today)
    return Fan(
        wide=_band(line["p10"], line["p90"]),
        narrow=_band(line["p50"], line["p80"]),
        middle="M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in line["p50"]),
        grid=grid(base),
        weeks=[
            Tick(point["monday"], across(x), anchor=anchor(x))
            for place, (x, point) in enumerate(zip(ends, points, strict=True))
            if place % every == 0
        ],
        today=Tick(today, across(now), anchor=anchor(now)) if 0 <= now <= 100 else None,
    )


def _band(low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in [*high, *reversed(low)]) + "Z"
