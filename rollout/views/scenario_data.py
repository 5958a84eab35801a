"""What the page of a scenario shows, as plain values."""

import datetime as dt
from dataclasses import dataclass, replace

from rollout.domain import comparing
from rollout.domain.comparing import Comparison, WaveLine
from rollout.domain.coverage import WEEK, WeekPoint
from rollout.domain.scenario_rules import wave_name
from rollout.models import OSLO, Scenario
from rollout.views import charts
from rollout.views.charts import Curves, Scale, Tick, across, anchor

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Bars:
    """A wave's people on both sides, as bars in per cent of the fullest wave."""

    line: WaveLine
    before: str
    after: str

    @property
    def name(self) -> str:
        return wave_name(self.line.number) if self.line.number else ""


@dataclass(frozen=True)
class ScenarioPage:
    compared: Comparison
    bars: list[Bars]
    curves: Curves | None
    today: dt.date

    @property
    def stops(self) -> list[str]:
        """What stands in the way of adopting all of it."""
        return self.compared.conflicts + self.compared.problems

    @property
    def nothing(self) -> bool:
        return not self.compared.moves and not self.compared.dates

    @property
    def people(self) -> tuple[int, int]:
        """People with access in the end, on both sides."""
        weeks = self.compared.weeks
        return (weeks[-1].before, weeks[-1].after) if weeks else (0, 0)


def scenario_page(scenario: Scenario, *, now: dt.datetime) -> ScenarioPage:
    found, today = comparing.with_today(scenario, now=now), now.astimezone(OSLO).date()
    fullest = max([line.before.people for line in found.waves] + [line.after.people for line in found.waves], default=0)
    share = lambda people: across(100 * people / fullest if fullest else 0)  # noqa: E731
    bars = [Bars(line, share(line.before.people), share(line.after.people)) for line in found.waves]
    return ScenarioPage(found, bars, _curves(found, today=today), today)


def _curves(found: Comparison, *, today: dt.date) -> Curves | None:
    points = [WeekPoint(week.monday, week.before, week.after) for week in found.weeks]
    # Both are plans: neither ends today.
    drawn = charts.curves(points, base=0, today=comparing.TO_THE_END)
    if drawn is None:
        return None
    now = Scale(points[0].monday + WEEK - DAY, points[-1].monday + WEEK - DAY).at(today)
    return replace(drawn, today=Tick(today, across(now), anchor=anchor(now)) if 0 <= now <= 100 else None)
