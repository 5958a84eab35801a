"""A forecast told: ranges of days for every wave and the whole, people week by week, as plain JSON.

`forecast` returns (dates as ISO strings; `p10` … `p90`: on or before that day in so many of a hundred futures):

    schema      2;  futures, seed: how many were drawn, and from what
    known       {finished_waves, with_access (agencies), pieces: [{wave, step, planned, late}], let_in, deferred,
                let_in_all, held, why: [[step, number]], waits: [days], activations: [days]}: what was observed
    believed    {pace_percent: taken of planned in the middle, deferred_percent, held_percent,
                pace: {…}, share: {…}, hold: {…}, wait: {…} or null}: what comes of it, and the numbers behind
    licences    {free: in the pool, null: none is entered; missing: for all who are to come in; wave: the first planned
                that finds too few, null: none does; agencies: [the names of those who find too few]}
    agencies, people
    finish      {planned, p10, p50, p80, p90, mean}: when the last agency has access. `mean` is a day's ordinal number.
                null: nobody is in the plan
    waves       [{number, done, planned, p10, p50, p80, p90}]: all-staff
    more_waves_percent  the share of futures that need a wave more than the plan has
    weeks       [{monday, p10, p50, p80, p90}]: people with access at the week's end; `p10`: that many or
                fewer in ten of a hundred futures
"""

import datetime as dt
from dataclasses import asdict
from typing import Any

import numpy as np

from rollout.domain.forecasting.belief import Belief, believe
from rollout.domain.forecasting.data import PlanData
from rollout.domain.forecasting.days import Ints
from rollout.domain.forecasting.futures import Futures, draw

SCHEMA = 2
FUTURES, SEED = 10_000, 2018
#: A plan of thousands of agencies gets fewer futures: so many draws at most, but never fewer than the least.
DRAWS_AT_MOST, LEAST_FUTURES = 300_000_000, 500
#: Who asks for more than a plan gets, may have so many times as many: all futures are in memory at once.
TIMES_AT_MOST = 10
LEVELS = {"p10": 0.1, "p50": 0.5, "p80": 0.8, "p90": 0.9}
WEEKS_AT_MOST = 160
WEEK = dt.timedelta(weeks=1)


def forecast(
    data: PlanData, *, futures: int = FUTURES, seed: int = SEED, belief: Belief | None = None
) -> dict[str, Any]:
    """The plan's futures as ranges; see this module's words. The same plan and seed give the same answer."""
    belief = belief or believe(data)
    drawn = draw(data, futures=futures, seed=seed, belief=belief)
    finish = _finish(data, drawn)
    return {
        "schema": SCHEMA,
        "futures": futures,
        "seed": seed,
        "known": _known(data),
        "believed": {
            "pace_percent": round(100 * float(np.exp(belief.pace.mean))),
            "deferred_percent": round(100 * belief.share.mean),
            "held_percent": round(100 * belief.hold.mean),
            **asdict(belief),
        },
        "licences": _licences(data),
        "agencies": len(data.agencies),
        "people": sum(agency.people for agency in data.agencies),
        "finish": finish,
        "waves": _waves(data, drawn),
        "more_waves_percent": _more_waves(drawn),
        "weeks": _weeks(data, drawn, until=finish["p90"]) if finish else [],
    }


def enough(data: PlanData) -> int:
    """How many futures a worker draws of this plan."""
    size = max(1, len(data.agencies) * len(data.waves))
    return max(LEAST_FUTURES, min(FUTURES, DRAWS_AT_MOST // size))


def most(data: PlanData) -> int:
    """How many futures may be asked for: 0.3 GB for the reference rollout, 0.7 GB for a hundred agencies."""
    return TIMES_AT_MOST * enough(data)


def mean_finish(data: PlanData, *, futures: int, seed: int, belief: Belief | None = None) -> float:
    """The day number on which the last agency has access, on average over the futures."""
    return float(draw(data, futures=futures, seed=seed, belief=belief).finish.mean())


def quantiles(days: Ints) -> list[int]:
    """The days of `LEVELS`: for each the day by which the share of futures that are done is nearest to it.

    Whole days come in bunches. The first day that reaches the level would hold more often than it says.
    """
    ordered, found = np.sort(days), []
    for level in LEVELS.values():
        day = ordered[min(int(np.ceil(level * len(ordered))), len(ordered)) - 1]
        until, before = np.searchsorted(ordered, day, "right"), np.searchsorted(ordered, day, "left")
        too_many, too_few = until - level * len(ordered), level * len(ordered) - before
        found.append(int(day if before == 0 or too_many <= too_few else ordered[before - 1]))
    return found


def _dates(data: PlanData, numbers: Ints) -> dict[str, str]:
    return {name: data.days.date(number).isoformat() for name, number in zip(LEVELS, quantiles(numbers), strict=True)}


def _known(data: PlanData) -> dict[str, Any]:
    with_access = sum(agency.access_on is not None for agency in data.agencies)
    return {"finished_waves": data.finished_waves, "with_access": with_access, **asdict(data.observed)}


def _licences(data: PlanData) -> dict[str, Any]:
    short = data.unlicensed()
    return {
        "free": data.licences,
        "missing": data.licences_missing,
        "wave": short[0].wave if short else None,
        "agencies": [agency.name for agency in short],
    }


def _finish(data: PlanData, drawn: Futures) -> dict[str, Any] | None:
    if not data.agencies:
        return None
    used = {agency.wave for agency in data.agencies}
    known = [agency.access_on for agency in data.agencies if agency.access_on]
    planned = max([wave.all_staff_on for wave in data.waves if wave.number in used] + known, default=None)
    mean = data.days.first.toordinal() + float(drawn.finish.mean())
    return {
        # An agency that stands in the queue has no planned day, and so neither has the whole.
        "planned": planned.isoformat() if planned and None not in used else None,
        **_dates(data, drawn.finish),
        "mean": round(mean, 2),
    }


def _waves(data: PlanData, drawn: Futures) -> list[dict[str, Any]]:
    by_number = {wave.number: wave for wave in data.waves}
    found = []
    for one in drawn.waves:
        if one.number is not None:
            wave = by_number[one.number]
            told = {"number": wave.number, "done": wave.all_in, "planned": wave.all_staff_on.isoformat()}
            found.append(told | _dates(data, one.all_staff))
    return sorted(found, key=lambda wave: wave["number"])


def _more_waves(drawn: Futures) -> int:
    new = [one.used for one in drawn.waves if one.number is None]
    return round(100 * float(np.logical_or.reduce(new).mean())) if new else 0


def _weeks(data: PlanData, drawn: Futures, *, until: str) -> list[dict[str, Any]]:
    """From the week before the first gets access to the week after the latest likely end."""
    first = data.days.date(int(drawn.access.min()))
    monday = first - dt.timedelta(days=first.weekday()) - WEEK
    number = min(WEEKS_AT_MOST, (dt.date.fromisoformat(until) - monday).days // 7 + 2)
    week = np.clip((drawn.access - (monday - data.days.first).days) // 7, 0, number)
    futures = drawn.access.shape[1]
    people = np.zeros(futures * (number + 1))
    columns = np.arange(futures) * (number + 1)
    for agency, weeks in zip(data.agencies, week, strict=True):
        people[columns + weeks] += agency.people
    gained = people.reshape(futures, number + 1)[:, :number].cumsum(axis=1)
    quantiles = np.quantile(gained, list(LEVELS.values()), axis=0, method="inverted_cdf").astype(int)
    return [
        {
            "monday": (monday + place * WEEK).isoformat(),
            **{name: int(row[place]) for name, row in zip(LEVELS, quantiles, strict=True)},
        }
        for place in range(number)
    ]
