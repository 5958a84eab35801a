"""What is on screen as tables for a spreadsheet: typed cells under headings that people read.

The board's and the agencies' tables can be imported again unchanged: their columns about the agency are those of
`agencies.lists`, the others are known to the import and read past.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from agencies.list_files import Cell
from agencies.lists import HEADINGS, KIND_WORDS
from agencies.models import Agency, AgencyKind
from rollout.domain.committing import Coverage, Told
from rollout.domain.committing import Line as CommitmentLine
from rollout.domain.comparing import Place
from rollout.domain.figures import Entry, WaveEntry
from rollout.domain.importing import PLAN_HEADINGS
from rollout.models import LicenceBudget, Placement, PlanEvent
from rollout.views.event_words import tell
from rollout.views.licence_data import Line as LicenceLine
from rollout.views.wave_data import step_lines


@dataclass(frozen=True)
class Table:
    """`name` begins the file's name, `title` is the sheet's; `rows` hold the headings first."""

    name: str
    title: str
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Line:
    """One agency of a table: its place in the plan, where it has one, and how its course stands, where that is told."""

    agency: Agency
    placement: Placement | None = None
    entry: Entry | None = None

    @property
    def wave(self):
        return self.placement.wave if self.placement else None

    @property
    def reserved(self) -> int:
        budget = _budget(self.placement) if self.placement else None
        return budget.reserved if budget else 0


def line_of(entry: Entry) -> Line:
    return Line(entry.placement.agency, entry.placement, entry)


type Columns[T] = dict[str, Callable[[T], Cell]]

#: With `queue_position`, which is the plan's word, the columns that the import reads.
_OF_THE_AGENCY: Columns[Line] = {
    "slug": lambda line: line.agency.slug,
    "name": lambda line: line.agency.name,
    "kind": lambda line: KIND_WORDS[AgencyKind(line.agency.kind)],
    "sector": lambda line: line.agency.sector,
    "employees": lambda line: line.agency.employees,
    "locations": lambda line: line.agency.locations,
    "maturity": lambda line: line.agency.maturity,
    "leadership_anchoring": lambda line: line.agency.leadership_anchoring,
    "status_note": lambda line: line.agency.status_note,
}

_OF_ITS_PLACE: Columns[Line] = {
    "status": lambda line: str(line.placement.get_status_display()) if line.placement else _("Ikke med"),
    "wave": lambda line: line.wave.number if line.wave else None,
    "slot": lambda line: line.placement.slot if line.placement else None,
    "queue_position": lambda line: line.placement.queue_position if line.placement else None,
    "leaders_on": lambda line: line.wave.leaders_on if line.wave else None,
    "all_staff_on": lambda line: line.wave.all_staff_on if line.wave else None,
    "pin_reason": lambda line: line.placement.pin_reason if line.placement else "",
}


def _of_its_entry(value: Callable[[Entry], Cell]) -> Callable[[Line], Cell]:
    return lambda line: value(line.entry) if line.entry else None


_OF_ITS_COURSE: Columns[Line] = {
    "headcount": _of_its_entry(lambda entry: entry.placement.headcount),
    "ready": _of_its_entry(lambda entry: _("ja") if entry.ready else _("nei")),
    "missing": _of_its_entry(lambda entry: len(entry.problems)),
    "what_is_missing": _of_its_entry(lambda entry: "\n".join(problem.sentence for problem in entry.problems)),
    "funded": _of_its_entry(lambda entry: entry.funded),
    "licences_missing": _of_its_entry(lambda entry: entry.licences_missing),
    "reserved": lambda line: line.reserved,
}

_AGENCIES = (
    *("slug", "name", "kind", "sector", "employees", "locations", "maturity", "leadership_anchoring"),
    *("status", "wave", "slot", "queue_position", "leaders_on", "all_staff_on", "status_note"),
)
_BOARD = (*_AGENCIES[:-1], *_OF_ITS_COURSE, "pin_reason", "status_note")


def _table(name: str, title: str, columns: Iterable[str], lines: Iterable[Line]) -> Table:
    headings: dict[str, Any] = {**HEADINGS, **PLAN_HEADINGS}
    values = _OF_THE_AGENCY | _OF_ITS_PLACE | _OF_ITS_COURSE
    return _by_column(name, title, {str(headings[column]): values[column] for column in columns}, lines)


def board(entries: Iterable[Entry]) -> Table:
    """The agencies that stand on the board, or those of them that were chosen."""
    return _table("tavle", _("Tavle"), _BOARD, map(line_of, entries))


def agencies(chosen: Iterable[Agency], placements: Iterable[Placement]) -> Table:
    """Agencies of the whole municipality, with the place of each that takes part, pilots and withdrawn too."""
    places = {placement.agency_id: placement for placement in placements}
    lines = [Line(agency, places.get(agency.pk)) for agency in chosen]
    return _table("virksomheter", _("Virksomheter"), _AGENCIES, lines)


def licences(lines: Iterable[LicenceLine]) -> Table:
    """Who has funded what, who is short, by how much and what that costs, as the page tells it."""
    columns: Columns[LicenceLine] = {
        str(HEADINGS["slug"]): lambda line: line.placement.agency.slug,
        str(HEADINGS["name"]): lambda line: line.placement.agency.name,
        str(PLAN_HEADINGS["status"]): lambda line: str(line.placement.get_status_display()),
        str(PLAN_HEADINGS["wave"]): lambda line: line.placement.wave.number if line.placement.wave else None,
        str(PLAN_HEADINGS["headcount"]): lambda line: line.headcount,
        str(PLAN_HEADINGS["funded"]): lambda line: line.funded,
        str(PLAN_HEADINGS["reserved"]): lambda line: line.reserved,
        str(PLAN_HEADINGS["licences_missing"]): lambda line: line.short,
        _("Mangler, kr per måned"): lambda line: line.short_month,
        _("Mangler, kr ut utrullingen"): lambda line: line.short_total,
        _("Satt av til innføring, kr"): lambda line: getattr(_budget(line.placement), "implementation_cost_nok", None),
        _("Budsjettreferanse"): lambda line: getattr(_budget(line.placement), "budget_reference", ""),
    }
    return _by_column("lisenser", _("Lisenser"), columns, lines)


def commitments(coverage: Coverage) -> Table:
    """How many have accepted the guidelines at each agency. A number is empty where it may not be told."""
    columns: Columns[CommitmentLine] = {
        str(HEADINGS["slug"]): lambda line: line.placement.agency.slug,
        str(HEADINGS["name"]): lambda line: line.placement.agency.name,
        str(PLAN_HEADINGS["status"]): lambda line: str(line.placement.get_status_display()),
        str(PLAN_HEADINGS["wave"]): lambda line: line.placement.wave.number if line.placement.wave else None,
        _("Versjon"): lambda line: coverage.version.number if coverage.version else None,
        str(PLAN_HEADINGS["headcount"]): lambda line: line.told.headcount,
        _("Har godtatt"): lambda line: line.told.number,
        _("Tallet er"): lambda line: _kind_of_number(line.told),
        _("Andel"): lambda line: _percent(line.told),
    }
    return _by_column("forpliktelser", _("Forpliktelser"), columns, coverage.lines)


def _percent(told: Told) -> Decimal | None:
    return None if told.percent is None else Decimal(f"{told.percent:.1f}")


def _kind_of_number(told: Told) -> str:
    if told.number is None:
        return _("færre enn 10")
    return _("minst") if told.at_least else _("nøyaktig")


def _budget(placement: Placement) -> LicenceBudget | None:
    return getattr(placement, "licence_budget", None)


def _by_column[T](name: str, title: str, columns: Columns[T], things: Iterable[T]) -> Table:
    rows: list[list[Cell]] = [list(columns)]
    rows += [[value(thing) for value in columns.values()] for thing in things]
    return Table(name, title, rows)


def history(events: Iterable[PlanEvent], steps: dict[str, str]) -> Table:
    """Events as they are given, one a row; `steps`: the name of each course step by its key."""
    columns: Columns[PlanEvent] = {
        _("Nr."): lambda event: event.pk,
        _("Tidspunkt"): lambda event: event.at,
        _("Hva"): lambda event: str(event.get_kind_display()).capitalize(),
        _("Hva som skjedde"): lambda event: tell(event, steps),
        _("Virksomhet"): lambda event: str(event.agency or ""),
        _("Pulje"): lambda event: event.wave.number if event.wave else None,
        _("Hvem"): lambda event: str(event.by or _("systemet")),
        _("Begrunnelse"): lambda event: event.reason,
        _("Angret"): lambda event: event.undone_by.at if hasattr(event, "undone_by") else None,
    }
    return _by_column("historikk", _("Historikk"), columns, events)


def scenario(places: Iterable[tuple[Placement, Place, Place]], *, is_baseline: bool) -> Table:
    """The two plans' places and dates, agency by agency."""
    sides = (_("Referanseplan"), _("I dag")) if is_baseline else (_("I dag"), _("Scenario"))
    columns: Columns[tuple[Placement, Place, Place]] = {
        str(HEADINGS["slug"]): lambda line: line[0].agency.slug,
        str(HEADINGS["name"]): lambda line: line[0].agency.name,
        str(PLAN_HEADINGS["headcount"]): lambda line: line[0].headcount,
    }
    for number, side in enumerate(sides, 1):
        columns |= _of_side(side, number)
    return _by_column("scenario", _("Scenario"), columns, places)


def _of_side(side: str, number: int) -> Columns[tuple[Placement, Place, Place]]:
    def place(line: tuple[Placement, Place, Place]) -> Place:
        return line[2] if number == 2 else line[1]

    return {
        _("%(side)s: pulje") % {"side": side}: lambda line: place(line).wave,
        _("%(side)s: ledere") % {"side": side}: lambda line: getattr(place(line).days, "leaders_on", None),
        _("%(side)s: alle") % {"side": side}: lambda line: getattr(place(line).days, "all_staff_on", None),
    }


def wave(entry: WaveEntry, *, today: dt.date) -> Table:
    """The wave's readiness: a row for each step of the course, a column for each of its agencies."""
    headings: list[Cell] = [_("Steg"), _("Navn"), _("Ansvarlig"), _("Frist")]
    headings += [placed.placement.agency.name for placed in entry.entries]
    rows: list[list[Cell]] = [headings]
    for line in step_lines(entry, today=today):
        told: list[Cell] = [str(tag.text) if tag else "" for _placed, tag in line.cells]
        about: list[Cell] = [line.step.number, line.step.name, str(line.step.get_owner_role_display()), line.due_on]
        rows.append(about + told)
    return Table(f"pulje-{entry.wave.number}", str(entry.wave), rows)
