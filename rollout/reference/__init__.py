"""What comes with the product: the default course, a first guideline text, and Oslo's rollout of 2018 as an example."""

import csv
import datetime as dt
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
AGENCIES_FILE = FOLDER / "oslo-2018.csv"


class CourseRow(NamedTuple):
    """One step of the default course, as `CourseStep` keeps it."""

    number: int
    key: str
    name: str
    name_en: str
    owner_role: str
    lead_time_days: int
    blocking: bool
    evidence_required: str
    basis: str


def default_course() -> list[CourseRow]:
    return [
        CourseRow(
            number=int(row["step_no"]),
            key=row["key"],
            name=row["name_nb"],
            name_en=row["name_en"],
            owner_role=row["owner_role"],
            lead_time_days=int(row["lead_time_days_before_opening"]),
            blocking=row["blocking"] == "yes",
            evidence_required=row["evidence_required"],
            basis=row["basis"],
        )
        for row in _rows("course.csv")
    ]


class BlackoutRow(NamedTuple):
    """One period that comes with the product, as `BlackoutPeriod` keeps it."""

    first_day: dt.date
    last_day: dt.date
    name: str
    hard: bool
    source: str
    confirmed: bool


def default_blackouts() -> list[BlackoutRow]:
    """School holidays and *fellesferie* in Oslo, 2018 and 2026-2028; the later years follow a pattern, unconfirmed."""
    return [
        BlackoutRow(
            first_day=dt.date.fromisoformat(row["first_day"]),
            last_day=dt.date.fromisoformat(row["last_day"]),
            name=row["name"],
            hard=row["hard_or_soft"] == "hard",
            source=row["source"],
            confirmed=row["confirmed"] == "yes",
        )
        for row in _rows("blackouts.csv")
    ]


def default_guidelines(tool_name: str) -> str:
    """The first guideline text for a tool, in Markdown."""
    return (FOLDER / "guidelines.md").read_text(encoding="utf-8").replace("{tool}", tool_name)


def proposed_plan() -> dict[str, int]:
    """Agency slug to wave number, as proposed for the reference rollout, in the order of the queue."""
    return {row["slug"]: int(row["proposed_wave"]) for row in _rows("oslo-2018-provenance.csv") if row["proposed_wave"]}


def statuses() -> dict[str, str]:
    """Agency slug to `queued`, `pilot` or `not_joined` in the reference rollout."""
    return {row["slug"]: row["status"] for row in _rows("oslo-2018-provenance.csv")}


def pilot_lessons() -> dict[str, list[str]]:
    """Slug to what a pilot might have taught, at most three: invented, all of it."""
    lessons: dict[str, list[str]] = {}
    for row in sorted(_rows("lessons.csv"), key=lambda row: (row["slug"], int(row["number"]))):
        lessons.setdefault(row["slug"], []).append(row["text"])
    return lessons


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
