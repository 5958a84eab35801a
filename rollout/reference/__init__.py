"""What comes with the product: the default course, a first guideline text, and Oslo's rollout of 2018 as an example."""

import csv
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


def default_guidelines(tool_name: str) -> str:
    """The first guideline text for a tool, in Markdown."""
    return (FOLDER / "guidelines.md").read_text(encoding="utf-8").replace("{tool}", tool_name)


def proposed_plan() -> dict[str, int]:
    """Agency slug to wave number, as proposed for the reference rollout, in the order of the queue."""
    return {row["slug"]: int(row["proposed_wave"]) for row in _rows("oslo-2018-provenance.csv") if row["proposed_wave"]}


def statuses() -> dict[str, str]:
    """Agency slug to `queued`, `pilot` or `not_joined` in the reference rollout."""
    return {row["slug"]: row["status"] for row in _rows("oslo-2018-provenance.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
