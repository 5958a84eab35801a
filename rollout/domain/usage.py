"""Figures of use as shares of a base, and what of them may be shown: a group under ten never is (rule 14).

Pure: everything here is computed from rows of `UsageFigures`.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from rollout.domain.figures import percent
from rollout.domain.words import thousands
from rollout.models import UsageFigures

#: The smallest group whose figures are shown.
FEWEST = 10
#: What is counted, and of whom.
BASES = {
    "leaders_activated": "leaders_invited",
    "activated": "invited",
    "weekly_active": "activated",
    "on_mobile": "weekly_active",
}
#: A figure, and the group that must be large enough for it to be shown.
GROUPS = {"invited": "invited", "leaders_invited": "leaders_invited", **BASES}
COUNTS = ("invited", "activated", "leaders_invited", "leaders_activated", "weekly_active", "on_mobile")
NUMBERS = (*COUNTS, "support_requests", "severe_incidents", "backlog_days")


@dataclass(frozen=True)
class Share:
    """`part` of `base`, both people."""

    part: int
    base: int

    @property
    def percent(self) -> Decimal:
        return percent(self.part, self.base) or Decimal(0)


def label(name: str) -> str:
    return str(UsageFigures._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def problems_of(numbers: Mapping[str, Any]) -> dict[str, list[str]]:
    """What does not add up, in sentences by the name of the figure."""
    found: dict[str, list[str]] = {}
    within = (
        *BASES.items(),
        ("leaders_invited", "invited"),
        ("leaders_activated", "activated"),
    )
    for name, whole in within:
        part, base = numbers.get(name), numbers.get(whole)
        if part is not None and base is not None and part > base:
            said = _("Kan ikke være flere enn %(whole)s (%(base)s).")
            said %= {"whole": label(whole), "base": thousands(base)}
            found.setdefault(name, []).append(said)
    return found


def share(row: UsageFigures, name: str) -> Share | None:
    """The figure as a share of its base; None: not measured, or the group is too small to be shown."""
    part, base = getattr(row, name), getattr(row, BASES[name])
    return Share(part, base) if part is not None and base >= FEWEST else None


def summed(rows: Iterable[UsageFigures], name: str) -> Share | None:
    """The share over several agencies. None: nothing that may be shown.

    Groups under ten count only where they are ten or more together: else the sum less what is shown would tell of them.
    """
    pairs = [(getattr(row, name), getattr(row, BASES[name])) for row in rows if getattr(row, name) is not None]
    shown = [pair for pair in pairs if pair[1] >= FEWEST]
    small = [pair for pair in pairs if pair[1] < FEWEST]
    if sum(base for _part, base in small) >= FEWEST:
        shown += small
    base = sum(base for _part, base in shown)
    return Share(sum(part for part, _base in shown), base) if base else None


def shown(row: UsageFigures) -> dict[str, Any]:
    """The row as pages show it and a closed review keeps it: figures of too small a group are None."""
    told: dict[str, Any] = {
        name: getattr(row, name) if getattr(row, GROUPS[name]) >= FEWEST else None for name in COUNTS
    }
    return told | {
        "measured_on": row.measured_on.isoformat(),
        "support_requests": row.support_requests,
        "severe_incidents": row.severe_incidents,
        "backlog_days": str(row.backlog_days),
        "definition": row.definition,
        "source": row.source,
        "entered_at": row.entered_at.isoformat(),
    }


@dataclass(frozen=True)
class Point:
    """What was known on one date; None: not measured, or too few."""

    on: dt.date
    activated: Share | None
    weekly_active: Share | None


def series(rows: Sequence[UsageFigures]) -> list[Point]:
    """Over time, oldest first, for one agency or several: on each date the latest figures of each agency by then."""
    latest: dict[int, UsageFigures] = {}
    points: dict[dt.date, Point] = {}
    for row in sorted(rows, key=lambda row: (row.measured_on, row.pk)):
        latest[row.placement_id] = row
        found = list(latest.values())
        points[row.measured_on] = Point(row.measured_on, summed(found, "activated"), summed(found, "weekly_active"))
    return list(points.values())
