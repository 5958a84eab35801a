"""Reads a report's frozen figures (`weekly`) for those who show them: the mail, its text, the page.

Nothing here is frozen, so that an old report is shown like a new one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rollout.domain.words import thousands

#: What stops an agency is told in a mail by the worst of it.
WORST = 3
#: Characters for all the people there are, in the text's chart.
TEXT_WIDTH = 24


class Bar(NamedTuple):
    """People with access once a wave has opened for all: its own, and those of the waves before it.

    `wave` None: the queue, last, which has no date. `people` are planned or have access, `with_access` have it;
    `access_share` and `planned_share` are per cent of all people, and together never above 100.
    """

    wave: int | None
    on: str | None
    people: int
    with_access: int
    access_share: int
    planned_share: int

    @property
    def whole_share(self) -> int:
        return self.access_share + self.planned_share

    @property
    def rest_share(self) -> int:
        return 100 - self.whole_share

    @property
    def text(self) -> str:
        """Drawn with characters: `#` has access, `-` is planned."""
        is_planned = self.people > self.with_access
        access = max(round(TEXT_WIDTH * self.access_share / 100), self.with_access > 0)
        access = min(access, TEXT_WIDTH - is_planned)
        planned = max(round(TEXT_WIDTH * self.whole_share / 100) - access, is_planned)
        return "#" * access + "-" * planned


def bars(figures: Mapping[str, Any]) -> list[Bar]:
    """The way to everybody, in the order in which the waves open for all; those without agencies add nothing."""
    everybody = figures["totals"]["employees"]
    if not everybody:
        return []
    found, people, with_access = [], 0, 0
    for wave in sorted(figures["waves"], key=lambda wave: (wave["all_staff_on"], wave["number"])):
        if wave["agencies"]:
            people += wave["employees"]
            with_access += sum(agency["employees"] for agency in wave["agencies"] if agency["access"] == "all_staff")
            shares = _shares(people, with_access, everybody)
            found.append(Bar(wave["number"], wave["all_staff_on"], people, with_access, *shares))
    if figures["totals"]["queue_agencies"]:
        found.append(Bar(None, None, everybody, with_access, *_shares(everybody, with_access, everybody)))
    return found


def _shares(people: int, with_access: int, everybody: int) -> tuple[int, int]:
    """Whole per cent; what there is is always seen."""
    access = _percent(with_access, everybody)
    planned = _percent(people, everybody) - access
    if people > with_access and planned < 1:
        planned = 1
        access = min(access, 99)
    return access, planned


def _percent(part: int, whole: int) -> int:
    return max(round(100 * part / whole), 1) if part else 0


def text_chart(figures: Mapping[str, Any], names: list[tuple[str, str]]) -> list[str]:
    """The bars as lines whose columns stand under each other; `names` are each bar's day and name."""
    found = bars(figures)
    counts = [thousands(bar.people) for bar in found]
    day_width, name_width = (max((len(pair[part]) for pair in names), default=0) for part in (0, 1))
    count_width = max(map(len, counts), default=0)
    return [
        f"{day:<{day_width}}  {name:<{name_width}}  {count:>{count_width}}  {bar.text}"
        for bar, count, (day, name) in zip(found, counts, names, strict=True)
    ]


def worst(agency: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Of what stops an agency, that which is latest, each with its `role`; and how many there are besides.

    An agency that is held is stopped by all it lacks, any other by what is late.
    """
    stops = [
        {**problem, "role": role["role"]}
        for role in agency["roles"]
        for problem in role["problems"]
        if agency["held"] or problem["days_late"]
    ]
    stops.sort(key=lambda problem: -problem["days_late"])
    return stops[:WORST], len(stops[WORST:])
