"""People with access, week by week: as planned by the waves' dates, and as it went (rule 16).

Both count people past all-staff: the base is the people of queue and waves. The pilots are not among them.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from rollout.domain.figures import Plan
from rollout.models import OSLO

WEEK = dt.timedelta(weeks=1)
Gain = tuple[dt.date, int]


@dataclass(frozen=True)
class WeekPoint:
    """People with access at the end of one ISO week. `actual` None: the week has not begun."""

    monday: dt.date
    planned: int
    actual: int | None

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week

    @property
    def year(self) -> int:
        """The ISO year that the week belongs to."""
        return self.monday.isocalendar().year


def monday_of(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def by_week(planned: Iterable[Gain], actual: Iterable[Gain], *, today: dt.date) -> list[WeekPoint]:
    """Cumulated, from the week before the first gain to the week after the last. Nothing planned or gained: no weeks.

    A gain is a day and the people who get access on it.
    """
    planned, actual = list(planned), list(actual)
    days = [day for day, _people in planned + actual]
    if not days:
        return []
    monday, points = monday_of(min(days)) - WEEK, []
    while monday <= max(days) + WEEK:
        sunday = monday + WEEK - dt.timedelta(days=1)
        points.append(
            WeekPoint(monday, _until(planned, sunday), _until(actual, sunday) if monday <= today else None),
        )
        monday += WEEK
    return points


def _until(gains: list[Gain], day: dt.date) -> int:
    return sum(people for on, people in gains if on <= day)


def of_plan(plan: Plan, *, now: dt.datetime) -> list[WeekPoint]:
    """Planned by every wave's all-staff date, and actual by when each agency got its access."""
    planned = [(entry.wave.all_staff_on, entry.employees) for entry in plan.waves if entry.entries]
    actual = [
        (placement.all_staff_access_at.astimezone(OSLO).date(), placement.headcount)
        for entry in plan.waves
        for placement in (found.placement for found in entry.entries)
        if placement.all_staff_access_at is not None
    ]
    return by_week(planned, actual, today=now.astimezone(OSLO).date())
