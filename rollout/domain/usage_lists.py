"""Figures of use as the tool exports them: a CSV or XLSX with a line per agency and date (rule 14: sums, no persons).

All of it or nothing: every bad line is found at once, and a list with one is not taken in. What stands there already is
unchanged, so the same list twice is the same as once.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from agencies.list_files import UnreadableFile, looks_misread, records, write_csv
from agencies.lists import ListProblem
from rollout.domain import reviewing, usage
from rollout.models import Placement, Review, UsageFigures, Wave

MOST = 10_000_000


class _Expected(Exception):
    """A cell holds something else than this."""


@dataclass(frozen=True)
class UsageList:
    """A list as read, and what it would do. `entries`: those that are new, as `reviewing.enter_many` takes them."""

    entries: list[dict[str, Any]]
    unchanged: int
    problems: list[ListProblem]

    @property
    def bad_lines(self) -> int:
        return len({problem.line for problem in self.problems})


def _whole(cell: str) -> int:
    digits = re.sub(r"\s", "", cell)
    if not (digits.isdecimal() and digits.isascii() and len(digits) < 9 and int(digits) <= MOST):
        raise _Expected(_("et helt tall fra 0"))
    return int(digits)


def _day(cell: str) -> dt.date:
    text = cell.strip()
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S"):
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 (a date, of no zone)
        except ValueError:
            continue
    raise _Expected(_("en dato, for eksempel 2018-03-20"))


def _days(cell: str) -> Decimal:
    try:
        days = Decimal(cell.strip().replace(",", "."))
    except InvalidOperation:
        days = Decimal(-1)
    if not (days.is_finite() and 0 <= days <= 1000) or days != round(days, 1):
        raise _Expected(_("et antall dager med høyst én desimal, for eksempel 1,5"))
    return days


def _text(longest: int) -> Callable[[str], str]:
    def text(cell: str) -> str:
        said = " ".join(cell.split())
        if not said or len(said) > longest:
            raise _Expected(_("en tekst på høyst %(longest)s tegn") % {"longest": longest})
        return said

    return text


COLUMNS: dict[str, Callable[[str], Any]] = {
    "slug": _text(40),
    "measured_on": _day,
    "invited": _whole,
    "activated": _whole,
    "leaders_invited": _whole,
    "leaders_activated": _whole,
    "weekly_active": _whole,
    "on_mobile": lambda cell: _whole(cell) if cell.strip() else None,
    "support_requests": _whole,
    "severe_incidents": _whole,
    "backlog_days": _days,
    "definition": _text(400),
    "source": _text(240),
}


def template(wave: Wave) -> bytes:
    """The headings, and a line to fill in for each agency of the wave; of a closed one, for those let in later."""
    placements = wave.placements.filter(all_staff_access_at__isnull=False).select_related("agency").order_by("slot")
    frozen = _frozen(wave)
    slugs = [found.agency.slug for found in placements if found.agency.slug not in frozen]
    rows = [[slug, *[""] * (len(COLUMNS) - 1)] for slug in slugs]
    return write_csv([list(COLUMNS), *rows], separator=";")


def _frozen(wave: Wave) -> set[str]:
    """The slugs of the agencies that the wave's review has ended with."""
    review = Review.objects.filter(wave=wave).first()
    return review.frozen if review else set()


def read(content: bytes, *, wave: Wave, now: dt.datetime) -> UsageList:
    """Read a list for this wave, and find everything that is wrong with it. Writes nothing."""
    try:
        header, *body = records(content)
    except UnreadableFile as error:
        return UsageList([], 0, [ListProblem(1, "", str(error))])
    names = [cell.strip().casefold() for cell in header.cells]
    if problems := _header_problems(header.line, names, header.fault):
        return UsageList([], 0, problems)
    found = wave.placements.filter(all_staff_access_at__isnull=False).select_related("agency", "wave")
    placements = {placement.agency.slug: placement for placement in found}
    rows = UsageFigures.objects.filter(placement__in=placements.values()).in_force()
    there = {(row.placement_id, row.measured_on): row for row in rows}
    frozen = _frozen(wave)
    entries: list[dict[str, Any]] = []
    problems, unchanged, first = [], 0, dict[tuple[int, dt.date], int]()
    for record in body:
        if record.fault or len(record.cells) != len(names):
            counts = {"columns": len(names), "count": len(record.cells)}
            fault = record.fault or _("%(columns)s kolonner; linjen har %(count)s") % counts
            problems.append(ListProblem(record.line, "", fault))
            continue
        cells = dict(zip(names, record.cells, strict=True))
        entry, wrong = _entry(record.line, cells, placements, now)
        problems += wrong
        if entry is None:
            continue
        key = (entry["placement"].pk, entry["measured_on"])
        if key in first:
            again = _("en virksomhet og dato som bare står én gang; står også på linje %(n)s") % {"n": first[key]}
            problems.append(ListProblem(record.line, "slug", again, cells["slug"]))
            continue
        first[key] = record.line
        said = entry["numbers"] | {"definition": entry["definition"], "source": entry["source"]}
        if key in there and reviewing.is_same(there[key], said):
            unchanged += 1
        elif entry["placement"].agency.slug in frozen:
            later = _("en virksomhet som er sluppet inn etter evalueringen; tallene for denne står fast")
            problems.append(ListProblem(record.line, "slug", later, cells["slug"]))
        else:
            entries.append(entry)
    if not body:
        problems.append(ListProblem(header.line + 1, "", _("minst én linje under overskriftene")))
    return UsageList(entries, unchanged, problems)


def _header_problems(line: int, names: list[str], fault: str) -> list[ListProblem]:
    if fault:
        return [ListProblem(line, "", fault)]
    missing = [
        ListProblem(line, "", _("kolonnen «%(name)s» i overskriften; den mangler") % {"name": name})
        for name in COLUMNS
        if name not in names
    ]
    known = _("en av kolonnene %(columns)s, og hver av dem én gang") % {"columns": ", ".join(COLUMNS)}
    return missing + [
        ListProblem(line, name or f"#{place + 1}", known, name)
        for place, name in enumerate(names)
        if name not in COLUMNS or name in names[:place]
    ]


def _entry(
    line: int, cells: Mapping[str, str], placements: Mapping[str, Placement], now: dt.datetime
) -> tuple[dict[str, Any] | None, list[ListProblem]]:
    """One line as `reviewing.enter_figures` takes it, or all that is wrong with it."""
    values: dict[str, Any] = {}
    problems = []
    for name, read_cell in COLUMNS.items():
        try:
            if looks_misread(cells[name]):
                raise _Expected(_("lesbare bokstaver; lagre filen som UTF-8 eller Windows-1252"))
            values[name] = read_cell(cells[name])
        except _Expected as error:
            problems.append(ListProblem(line, name, str(error), cells[name][:80]))
    placement = placements.get(values.get("slug", ""))
    if "slug" in values and placement is None:
        here = _("koden til en virksomhet i puljen som er åpnet for alle")
        problems.append(ListProblem(line, "slug", here, values["slug"][:80]))
    if problems or placement is None:
        return None, problems
    entry = {
        "placement": placement,
        "numbers": {name: values[name] for name in usage.NUMBERS},
        **{name: values[name] for name in ("measured_on", "definition", "source")},
    }
    wrong = reviewing.refused_fields(**entry, now=now)
    problems = [
        ListProblem(line, name, " ".join(said).rstrip(".").lower(), cells[name][:80]) for name, said in wrong.items()
    ]
    return (None if problems else entry), problems
