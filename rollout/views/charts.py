"""The geometry of the server-made charts: pure functions from dates and numbers to what SVG attributes take.

Across, everything is in per cent of the drawing, so that it fits a phone and a sheet of paper alike while its text
keeps its size; down, in pixels. All values are strings: Django would write a number the Norwegian way, with a comma.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from rollout.domain.coverage import WEEK, WeekPoint

DAY = dt.timedelta(days=1)
#: How far outside the waves today may lie and still be drawn.
NEAR = dt.timedelta(days=62)
MONTHS_AT_MOST = 12  # names that fit beside each other on a phone
WEEKS_AT_MOST = 7
AXIS, ROW, BAR = 36, 46, 12  # pixels: the axis on top, each wave's row, and the bar in it


def across(value: float) -> str:
    return f"{value:.2f}%"


def down(value: float) -> str:
    return f"{value:g}"


@dataclass(frozen=True)
class Scale:
    """Days to per cent of the width; `last` is the first day that is no longer drawn."""

    first: dt.date
    last: dt.date

    def at(self, day: dt.date) -> float:
        return 100 * (day - self.first).days / (self.last - self.first).days

    def covers(self, day: dt.date) -> bool:
        return self.first <= day < self.last


def anchor(value: float) -> str:
    """Which end of a text stands at a place, so that none is cut off at the edges."""
    return "start" if value < 12 else "end" if value > 88 else "middle"


@dataclass(frozen=True)
class Tick:
    """A place on an axis. `named`: there is room for its name."""

    day: dt.date
    x: str
    named: bool = True
    anchor: str = "start"

    @property
    def week(self) -> int:
        return self.day.isocalendar().week


@dataclass(frozen=True)
class Band:
    """A stretch of days, from edge to edge."""

    x: str
    width: str


@dataclass(frozen=True)
class Row(Band):
    """A wave's row: its bar from `x` to `x_end`, and how far down text, icon, bar and the bar's middle stand."""

    x_end: str
    text_y: str
    icon_y: str
    y: str
    mid_y: str


@dataclass(frozen=True)
class Timeline:
    """`rows` and `periods` stand in the order in which they were given; a period that cannot be seen is None."""

    height: str
    plot_height: str
    months: list[Tick]
    rows: list[Row]
    periods: list[Band | None]
    today: Tick | None
    axis: str = down(AXIS)


def _month_after(day: dt.date) -> dt.date:
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


def months(scale: Scale) -> list[Tick]:
    """The first of each month; of many months, the names of every second, third …"""
    days, day = [], scale.first if scale.first.day == 1 else _month_after(scale.first)
    while day < scale.last:
        days.append(day)
        day = _month_after(day)
    every = math.ceil(len(days) / MONTHS_AT_MOST)
    return [Tick(day, across(scale.at(day)), named=place % every == 0) for place, day in enumerate(days)]


def timeline(
    spans: Sequence[tuple[dt.date, dt.date]], periods: Sequence[tuple[dt.date, dt.date]], *, today: dt.date
) -> Timeline | None:
    """The waves' spans (leaders' date, all-staff date), today where it is near, and some air around. None: no waves.

    `periods` are the blackouts, both days included.
    """
    if not spans:
        return None
    start, end = min(start for start, _end in spans), max(end for _start, end in spans)
    if start - NEAR <= today <= end + NEAR:
        start, end = min(start, today), max(end, today)
    air = max(WEEK, (end - start) / 25)
    scale = Scale(start - air, end + air)
    rows = []
    for place, (leaders_on, all_staff_on) in enumerate(spans):
        x, x_end, top = scale.at(leaders_on), scale.at(all_staff_on), AXIS + place * ROW
        heights = map(down, (top + 16, top + 5, top + 24, top + 24 + BAR / 2))
        rows.append(Row(across(x), across(x_end - x), across(x_end), *heights))
    now = scale.at(today)
    return Timeline(
        height=down(AXIS + ROW * len(rows)),
        plot_height=down(ROW * len(rows)),
        months=months(scale),
        rows=rows,
        periods=[_shade(scale, first, last) for first, last in periods],
        today=Tick(today, across(now), anchor=anchor(now)) if scale.covers(today) else None,
    )


def _shade(scale: Scale, first: dt.date, last: dt.date) -> Band | None:
    start, end = max(scale.first, first), min(scale.last, last + DAY)
    return Band(across(scale.at(start)), across(scale.at(end) - scale.at(start))) if start < end else None


@dataclass(frozen=True)
class Grid:
    people: int
    y: str


@dataclass(frozen=True)
class Curves:
    """Two stepped lines in a box of 100 by 100, and the grid and weeks around it. `actual_area` is what is below."""

    planned: str
    actual: str
    actual_area: str
    grid: list[Grid]
    weeks: list[Tick]
    today: Tick | None


def nice_step(whole: float) -> int:
    """1, 2 or 5 times a power of ten: the smallest that divides the whole into at most five."""
    rough = max(whole / 5, 1)
    power = 10 ** math.floor(math.log10(rough))
    return next(int(n * power) for n in (1, 2, 5, 10) if n * power >= rough)


def curves(points: Sequence[WeekPoint], *, base: int, today: dt.date) -> Curves | None:
    """The curve of planned and of actual people with access; full height is `base`. None: nothing to draw."""
    top = max([base, *(point.planned for point in points), *(point.actual or 0 for point in points)], default=0)
    if len(points) < 2 or not top:
        return None
    first, last = points[0].monday, points[-1].monday
    scale = Scale(first + WEEK - DAY, last + WEEK - DAY)  # a week is told at its end
    now = scale.at(today)
    height = lambda people: 100 - 100 * people / top  # noqa: E731
    ends = [scale.at(point.monday + WEEK - DAY) for point in points]
    planned = [(x, height(point.planned)) for x, point in zip(ends, points, strict=True)]
    actual = [
        (max(0.0, min(x, now)), height(point.actual))
        for x, point in zip(ends, points, strict=True)
        if point.actual is not None
    ]
    every = math.ceil(len(points) / WEEKS_AT_MOST)
    return Curves(
        planned=steps(planned),
        actual=steps(actual),
        actual_area=f"{steps(actual)}V100H0Z" if actual else "",
        grid=grid(top),
        weeks=[
            Tick(point.monday, across(x), anchor=anchor(x))
            for place, (x, point) in enumerate(zip(ends, points, strict=True))
            if place % every == 0
        ],
        today=Tick(today, across(now), anchor=anchor(now)) if 0 <= now <= 100 else None,
    )


def steps(points: Sequence[tuple[float, float]]) -> str:
    """A path that holds its height until the next point, and then jumps."""
    if not points:
        return ""
    (x, y), *rest = points
    return f"M{x:.2f} {y:.2f}" + "".join(f"H{x:.2f}V{y:.2f}" for x, y in rest)


def grid(top: int) -> list[Grid]:
    """Round numbers, and the top itself; a round number whose name would touch the top's is left out."""
    step = nice_step(top)
    lines = [people for people in range(0, top, step) if people <= 0.88 * top] + [top]
    return [Grid(people, across(100 - 100 * people / top)) for people in lines]
