"""Whether a wave's figures meet the criteria, and the pace the app proposes (domain.md, metrics and pace).

Pure. The app proposes and never decides: no miss is *same pace*, one is *slower* (a go with conditions), and a severe
incident or two misses are *hold* (no-go). What is not measured is a miss. *Faster* is a lead's to choose.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from rollout.domain import usage
from rollout.domain.calendar import working_days_between
from rollout.domain.figures import WaveEntry
from rollout.models import OSLO, Criteria, Pace, Placement, UsageFigures, Wave

INCIDENTS = "severe_incidents"
#: Of these, each agency of the next wave must have evidence; one alone that lacks it is deferred (rule 7).
AGREEMENTS = ("agreement_joined", "risk_and_dpia")


@dataclass(frozen=True)
class Check:
    """One criterion, as it stands. `met` None: not measured. Numbers are texts, so that they freeze as they are.

    `part` of `whole` is what a percentage is of; `first_on` to `last_on` when its figures were measured.
    """

    key: str
    met: bool | None
    value: str
    threshold: str
    part: int | None = None
    whole: int | None = None
    first_on: str = ""
    last_on: str = ""
    sources: tuple[str, ...] = ()

    def frozen(self) -> dict[str, Any]:
        return asdict(self) | {"sources": list(self.sources)}


def thawed(kept: Iterable[dict[str, Any]]) -> list[Check]:
    return [Check(**one | {"sources": tuple(one["sources"])}) for one in kept]


def judge(
    *,
    rows: Sequence[UsageFigures],
    agencies: int,
    criteria: Criteria,
    is_first: bool,
    coming: WaveEntry | None,
    free_licences: int,
) -> list[Check]:
    """Every criterion. `rows`: the latest figures of each of the wave's `agencies`; `coming`: the next wave, if any."""
    found = [
        _share(rows, "leaders_activated", criteria.leaders_activated),
        _share(rows, "activated", _activation_threshold(rows, criteria)),
        _share(rows, "weekly_active", criteria.weekly_active),
        _at_most(rows, INCIDENTS, sum(row.severe_incidents for row in rows), criteria.severe_incidents),
        _backlog(rows, criteria.backlog_days),
        _days(rows, agencies, criteria.working_days_first if is_first else criteria.working_days),
    ]
    if coming is not None:
        lacking = sum(any(problem.step.key in AGREEMENTS for problem in entry.problems) for entry in coming.entries)
        all_of_them = len(coming.entries)
        found += [
            Check("next_ready", coming.ready == all_of_them, str(coming.ready), str(all_of_them)),
            Check("next_agreements", lacking < 2, str(lacking), "1"),
            Check("next_licences", free_licences >= coming.employees, str(free_licences), str(coming.employees)),
        ]
    return found


def propose(checks: Sequence[Check]) -> Pace:
    missed = [check for check in checks if not check.met]
    if len(missed) > 1 or any(check.key == INCIDENTS and check.met is False for check in missed):
        return Pace.HOLD
    return Pace.SLOWER if missed else Pace.SAME


def opened_on(wave: Wave) -> dt.date:
    """The day the wave opened for all staff."""
    assert wave.all_staff_opened_at is not None  # noqa: S101 (only such a wave is reviewed)
    return wave.all_staff_opened_at.astimezone(OSLO).date()


def let_in_on(placement: Placement) -> dt.date:
    """The day the agency's staff got access: later than the wave's where it was held and released (rule 6)."""
    assert placement.all_staff_access_at is not None  # noqa: S101 (only such an agency has figures)
    return placement.all_staff_access_at.astimezone(OSLO).date()


def _activation_threshold(rows: Sequence[UsageFigures], criteria: Criteria) -> int:
    """The higher one once every figure was measured so many weeks after its agency was let in."""
    later = dt.timedelta(weeks=criteria.later_weeks)
    is_later = bool(rows) and all(row.measured_on >= let_in_on(row.placement) + later for row in rows)
    return criteria.activated_later if is_later else criteria.activated


def _measured(rows: Sequence[UsageFigures]) -> dict[str, Any]:
    days = sorted(row.measured_on for row in rows)
    if not days:
        return {}
    sources = tuple(sorted({row.source for row in rows}))
    return {"first_on": days[0].isoformat(), "last_on": days[-1].isoformat(), "sources": sources}


def _share(rows: Sequence[UsageFigures], name: str, threshold: int) -> Check:
    share = usage.summed(rows, name)
    if share is None:
        return Check(name, None, "", str(threshold))
    met = 100 * share.part >= threshold * share.base
    return Check(name, met, str(share.percent), str(threshold), share.part, share.base, **_measured(rows))


def _at_most(rows: Sequence[UsageFigures], key: str, value: int, threshold: int) -> Check:
    if not rows:
        return Check(key, None, "", str(threshold))
    return Check(key, value <= threshold, str(value), str(threshold), **_measured(rows))


def _backlog(rows: Sequence[UsageFigures], threshold: Decimal) -> Check:
    """The longest of the agencies' counts: a mean would hide it."""
    if not rows:
        return Check("backlog_days", None, "", str(threshold))
    longest = max(row.backlog_days for row in rows)
    return Check("backlog_days", longest < threshold, str(longest), str(threshold), **_measured(rows))


def _days(rows: Sequence[UsageFigures], agencies: int, threshold: int) -> Check:
    """The fewest working days from when an agency was let in to its figures; none where one lacks figures."""
    passed = [working_days_between(let_in_on(row.placement), row.measured_on) for row in rows]
    days = min(passed, default=0) if len(rows) == agencies else 0
    return Check("working_days", days >= threshold, str(days), str(threshold), **_measured(rows))
