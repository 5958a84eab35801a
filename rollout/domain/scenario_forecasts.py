"""When the queue is done if a scenario is adopted: forecast by a worker, beside the plan's own (`forecasting`).

Both are drawn from the same seed, so that what differs between them comes of the plans and not of the draw.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from rollout.domain import comparing, effects, scenarios
from rollout.domain.forecasting import keeping, ranges, reading
from rollout.domain.forecasting.data import AgencyPlan, PlanData, WavePlan
from rollout.domain.recording import plan_version
from rollout.domain.scenarios import Dates, Places, Today
from rollout.models import OSLO, Purpose, Rollout, Scenario, ScenarioState

#: By the agency's slug, the steps it is late with.
Late = dict[str, tuple[str, ...]]


def keep_all(rollout: Rollout, *, now: dt.datetime) -> None:
    """Make the forecast of every open scenario whose own is of another plan, day or version of it."""
    # The version first, as the plan's own forecast does.
    version = plan_version(rollout.slug) or 0
    for scenario in rollout.scenarios.filter(state=ScenarioState.OPEN).exclude(purpose=Purpose.BASELINE):
        mark = _mark(scenario, version, now=now)
        if scenario.forecast is None or scenario.forecast["of"] != mark:
            data = read(scenario, now=now)
            figures = ranges.forecast(data, futures=ranges.enough(data))
            kept = {"of": mark, "finish": figures["finish"], "waves": figures["waves"]}
            # Changed meanwhile: the next tick makes that one's.
            Scenario.objects.filter(pk=scenario.pk, version=scenario.version).update(forecast=kept)


def _mark(scenario: Scenario, version: int, *, now: dt.datetime) -> list[Any]:
    return [now.astimezone(OSLO).date().isoformat(), version, scenario.version]


def read(scenario: Scenario, *, now: dt.datetime) -> PlanData:
    """The plan as `forecasting` reads it, with the scenario's moves and dates."""
    rollout = scenario.rollout
    data, plan = reading.read(rollout, now=now), scenarios.today(rollout)
    moves, dates = scenarios.outstanding(scenario, plan)
    places = scenarios.merge(plan, moves, dates)[0]
    touched = {int(n) for n in dates} | {places[slug]["wave"] for slug in moves if slug in places}
    touched |= {plan.places[slug]["wave"] for slug in moves if slug in places}
    late = _late(rollout, plan, moves, dates, now=now)
    agencies = [_moved(agency, places, moves, late) for agency in data.agencies]
    return replace(data, waves=tuple(_waves(data, dates, touched)), agencies=tuple(_in_order(agencies, places)))


def _waves(data: PlanData, dates: Dates, touched: set[int | None]) -> list[WavePlan]:
    """With their dates, new ones too; a go is void where the dates or the agencies are others (rule 6)."""
    found = []
    for wave in data.waves:
        leaders_on, all_staff_on = _days(dates.get(str(wave.number))) or (wave.leaders_on, wave.all_staff_on)
        firm = wave.firm and wave.number not in touched
        found.append(replace(wave, firm=firm, leaders_on=leaders_on, all_staff_on=all_staff_on))
    numbers = {wave.number for wave in data.waves}
    new = {int(n): days for n in dates if int(n) not in numbers and (days := _days(dates[n]))}
    return found + [WavePlan(number=n, leaders_on=new[n][0], all_staff_on=new[n][1]) for n in sorted(new)]


def _days(days: dict[str, str] | None) -> tuple[dt.date, dt.date] | None:
    return (dt.date.fromisoformat(days["leaders_on"]), dt.date.fromisoformat(days["all_staff_on"])) if days else None


def _late(
    rollout: Rollout, plan: Today, moves: Places, dates: Dates, *, now: dt.datetime
) -> dict[str, tuple[str, ...]]:
    """Of those who get another wave or other dates, the steps that are late by them."""
    places = scenarios.merge(plan, moves, dates)[0]
    waves = comparing.thought(rollout, plan, dates)
    changed = [
        placement
        for slug, placement in plan.placements.items()
        if placement.leaders_access_at is None and (slug in moves or str(places[slug]["wave"]) in dates)
    ]
    thought = {placement.pk: waves.get(places[placement.agency.slug]["wave"] or 0) for placement in changed}
    return {
        placement.agency.slug: tuple(problem.step.key for problem in after if problem.days_late)
        for placement, _before, after in effects.problems_in(changed, thought, now=now)
    }


def _moved(agency: AgencyPlan, places: Places, moves: Places, late: Late) -> AgencyPlan:
    found = replace(agency, late=late.get(agency.slug, agency.late))
    # Where to be deferred to is chosen anew in each wave.
    return replace(found, wave=places[agency.slug]["wave"], defer_to=None) if agency.slug in moves else found


def _in_order(agencies: list[AgencyPlan], places: Places) -> list[AgencyPlan]:
    """The queue first, in its order, then the waves: as the forecast reads them."""
    return sorted(agencies, key=lambda one: (one.wave is not None, one.wave or 0, places[one.slug]["position"]))


@dataclass(frozen=True)
class Both:
    """The finish of today's plan and of the scenario, a day for each of `ranges.LEVELS`; None: not made yet."""

    plan: dict[str, dt.date] | None
    scenario: dict[str, dt.date] | None
    is_old: bool

    def days(self, level: str) -> int | None:
        """By how many days the scenario is later; negative: earlier."""
        if not self.plan or not self.scenario:
            return None
        return (self.scenario[level] - self.plan[level]).days

    @property
    def levels(self) -> list[tuple[int, dt.date | None, dt.date | None, int | None]]:
        """Per cent, the day for each, and the difference."""
        return [
            (percent, (self.plan or {}).get(level), (self.scenario or {}).get(level), self.days(level))
            for level, percent in (("p50", 50), ("p80", 80))
        ]


def latest(scenario: Scenario, *, now: dt.datetime) -> Both:
    """What the page shows: what is kept of either, and whether one is of an older plan. Three small queries."""
    kept = keeping.latest(scenario.rollout, now=now)
    made = scenario.forecast
    mark = _mark(scenario, plan_version(scenario.rollout.slug) or 0, now=now)
    return Both(
        _dates(kept.forecast.figures["finish"]) if kept else None,
        _dates(made["finish"]) if made else None,
        is_old=bool(kept and kept.is_old) or (made is not None and made["of"] != mark),
    )


def _dates(finish: dict[str, Any] | None) -> dict[str, dt.date] | None:
    return {level: dt.date.fromisoformat(finish[level]) for level in ranges.LEVELS} if finish else None
