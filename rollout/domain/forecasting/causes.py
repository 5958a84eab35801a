"""What would help most, and what moved the forecast: the same futures drawn again with one thing otherwise.

Both are differences of the mean finish under the same luck (`futures.draw`), so that they are the cause's and not
chance's. They need not add up: two causes may hide behind each other.
"""

from dataclasses import replace
from typing import Any

from rollout.domain.forecasting.belief import Belief, believe
from rollout.domain.forecasting.data import Pace, PlanData, Share
from rollout.domain.forecasting.ranges import SEED, mean_finish

#: Enough for a difference under the same luck; told in whole days.
FUTURES = 4_000
STEP, DEFERRALS, HOLDS, PACE, DECISIONS, POOL = "step", "deferrals", "holds", "pace", "decisions", "pool"
#: A pace that is as planned, and nearly certain: what is left when nothing is late.
AS_PLANNED = Pace(mean=0.0, weight=1e9, shape=1e9, scale=1.0)
NOBODY = Share(deferred=1e-9, let_in=1.0)


def helps(data: PlanData, *, futures: int = FUTURES, seed: int = SEED) -> list[dict[str, Any]]:
    """What costs days, the most first: {cause, step, agencies: [name], days}. Less than half a day is no cause.

    `step`: all have done that step; named are those who are late with it or lack nothing else. `deferrals`: all are
    ready at their opening. `decisions`: no wave waits for the decision of the one before. `pace`: every piece takes
    what is planned. `holds`: nobody is held at all staff, and who is held now comes in at once. `pool`: the contract
    has licences for all.
    """
    if not data.agencies:
        return []
    belief = believe(data)
    mean = mean_finish(data, futures=futures, seed=seed, belief=belief)

    def saved(plan: PlanData, other: Belief) -> int:
        return round(mean - mean_finish(plan, futures=futures, seed=seed, belief=other))

    found: list[dict[str, Any]] = []
    for step in sorted({step for agency in data.agencies for step in (*agency.missing, *agency.late)}):
        if names := [agency.name for agency in data.agencies if agency.waits_for(step)]:
            found.append({"cause": STEP, "step": step, "agencies": names, "days": saved(data.with_done(step), belief)})
    others = {DEFERRALS: replace(belief, share=NOBODY), PACE: replace(belief, pace=AS_PLANNED)}
    if belief.wait is not None:
        others[DECISIONS] = replace(belief, wait=None)
    for cause, other in others.items():
        found.append({"cause": cause, "step": None, "agencies": [], "days": saved(data, other)})
    names, days = [agency.name for agency in data.held()], saved(data.without_held(), replace(belief, hold=NOBODY))
    found.append({"cause": HOLDS, "step": None, "agencies": names, "days": days})
    if short := data.unlicensed():
        names, days = [agency.name for agency in short], saved(replace(data, licences=None), belief)
        found.append({"cause": POOL, "step": None, "agencies": names, "days": days})
    return sorted((one for one in found if one["days"] >= 1), key=lambda one: -one["days"])


def moved(
    data: PlanData, told: dict[str, Any], before: dict[str, Any], *, futures: int = FUTURES, seed: int = SEED
) -> dict[str, Any] | None:
    """How the finish moved since the forecast `before`, and by what: {days, parts: [{what, days}]}, later is positive.

    `pace` and `deferrals` (with who is held at all staff): what was believed then, put in place of what is believed
    now; `plan` is the rest: dates, places, readiness, licences, and the time that went. None: one of the two has no
    finish.
    """
    if told["finish"] is None or before.get("finish") is None:
        return None
    now, then = believe(data), _belief_of(before)
    days = told["finish"]["mean"] - before["finish"]["mean"]
    mean = mean_finish(data, futures=futures, seed=seed, belief=now)
    parts, mixed = {}, now
    for what, other in (
        ("pace", replace(now, pace=then.pace, wait=then.wait)),
        ("deferrals", then),
    ):
        if other == mixed:
            continue
        earlier = mean_finish(data, futures=futures, seed=seed, belief=other)
        parts[what], mean, mixed = mean - earlier, earlier, other
    parts["plan"] = days - sum(parts.values())
    told_parts = [{"what": what, "days": round(part)} for what, part in parts.items() if round(part)]
    return {"days": round(days), "parts": told_parts}


def _belief_of(told: dict[str, Any]) -> Belief:
    kept = told["believed"]
    return Belief(
        pace=Pace(**kept["pace"]),
        share=Share(**kept["share"]),
        hold=Share(**kept["hold"]),
        wait=Pace(**kept["wait"]) if kept["wait"] else None,
    )
