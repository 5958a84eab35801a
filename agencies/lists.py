"""Reading and checking a list of agencies. Pure: nothing is looked up and nothing is written.

The columns are those of `rollout/reference/oslo-2018.csv`, by those names or by the headings people read (`HEADINGS`).
A list with one bad line is a bad list: every problem in it is found at once, as a value that names the line, the column
and what was expected there.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.list_files import Cell, Record, UnreadableFile, clean, looks_misread, records, write_csv, write_xlsx
from agencies.models import AgencyKind

#: The words the municipality uses in its lists.
KINDS = {
    "etat": AgencyKind.ETAT,
    "bydel": AgencyKind.DISTRICT,
    "foretak": AgencyKind.MUNICIPAL_ENTERPRISE,
    "byrådsavdeling": AgencyKind.CITY_DEPARTMENT,
    "annet": AgencyKind.OTHER,
}
KIND_WORDS = {kind: word for word, kind in KINDS.items()}

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: A whole number, also with the thousands set apart as a spreadsheet shows them.
_WHOLE = re.compile(r"-?(\d+|\d{1,3}([ \u00a0\u202f]\d{3})+)", re.ASCII)
MAX_PEOPLE = 10_000_000


class ListProblem(NamedTuple):
    """What is wrong in one place. `line` is the line in the file; an empty `column` means the whole line or file."""

    line: int
    column: str
    expected: str
    found: str = ""

    @property
    def sentence(self) -> str:
        values = {"line": self.line, "column": self.column, "expected": self.expected, "found": self.found}
        if not self.column:
            return _("Linje %(line)s: forventet %(expected)s.") % values
        if not self.found:
            return _("Linje %(line)s, %(column)s: forventet %(expected)s. Feltet er tomt.") % values
        return _("Linje %(line)s, %(column)s: forventet %(expected)s. Her står «%(found)s».") % values


@dataclass(frozen=True, kw_only=True)
class AgencyRow:
    """One agency as the list tells of it. `queue_position`: it has joined, and this is its turn."""

    line: int
    slug: str
    name: str
    kind: AgencyKind
    sector: str = ""
    employees: int
    locations: int = 1
    maturity: int | None = None
    leadership_anchoring: int | None = None
    queue_position: int | None = None
    status_note: str = ""

    def figures(self) -> dict[str, Any]:
        """What the list says of the agency itself, by the names of `Agency`'s fields."""
        return {name: getattr(self, name) for name in COLUMNS if name not in ("slug", "queue_position")}


@dataclass(frozen=True)
class AgencyList:
    """A list as read. `rows` are whole only when there are no `problems`."""

    rows: tuple[AgencyRow, ...]
    problems: tuple[ListProblem, ...]


class _Expected(Exception):
    """A cell holds something else than this."""


def read(content: bytes, *, past: Collection[str] = ()) -> AgencyList:
    """Read a list from a file's bytes, CSV or XLSX, and find everything that is wrong with it.

    `past`: headings of columns that may stand there and are read past, since they tell of something else.
    """
    try:
        header, *body = records(content)
    except UnreadableFile as error:
        return AgencyList((), (ListProblem(1, "", str(error)),))
    columns = _columns(header)
    if problems := _header_problems(header, columns, {str(heading).casefold() for heading in past}):
        return AgencyList((), tuple(problems))
    rows: list[AgencyRow] = []
    for record in body:
        _read_row(record, columns, rows, problems)
    if not body:
        problems.append(ListProblem(header.line + 1, "", _("minst én virksomhet under overskriftene")))
    shown = dict(columns)
    problems += _repeated(rows, "slug", shown, _("en kode som bare står én gang"))
    problems += _repeated(rows, "queue_position", shown, _("en plass i køen som bare står én gang"))
    order = {heading: number for number, (_name, heading) in enumerate(columns)}
    problems.sort(key=lambda problem: (problem.line, order.get(problem.column, -1)))
    return AgencyList(tuple(rows), tuple(problems))


def write(rows: Iterable[AgencyRow], *, separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """The list as CSV, such that `read` gives the same rows."""
    return write_csv([COLUMNS, *map(_cells, rows)], separator=separator, encoding=encoding)


def write_workbook(rows: Iterable[AgencyRow]) -> bytes:
    """The list as XLSX, such that `read` gives the same rows."""
    return write_xlsx([COLUMNS, *map(_cells, rows)])


def tidy(name: str, text: str) -> str:
    """The text of this column as a list gives it: what is kept so, can be exported and read unchanged."""
    return clean(text) if name == "status_note" else " ".join(clean(text).split())


def _cells(row: AgencyRow) -> list[Cell]:
    values = {name: getattr(row, name) for name in COLUMNS} | {"kind": KIND_WORDS[row.kind]}
    return list(values.values())


def _columns(header: Record) -> list[tuple[str, str]]:
    """For each column its name, and the word the file itself uses, for telling what is wrong."""
    names = {str(heading).casefold(): name for name, heading in HEADINGS.items()}
    heads = [head.casefold() for head in header.cells]
    return [(names[head], str(HEADINGS[names[head]])) if head in names else (head, head) for head in heads]


def _header_problems(header: Record, columns: list[tuple[str, str]], past: set[str]) -> list[ListProblem]:
    if header.fault:
        return [ListProblem(header.line, "", header.fault)]
    known = _("en av kolonnene %(columns)s") % {"columns": ", ".join(COLUMNS)}
    names = [name for name, _heading in columns]
    problems = [
        ListProblem(header.line, "", _("kolonnen «%(name)s» i overskriften; den mangler") % {"name": name})
        for name in COLUMNS
        if name not in names
    ]
    for number, (name, heading) in enumerate(columns):
        if name in past:
            continue
        if name not in COLUMNS:
            problems.append(ListProblem(header.line, name or f"#{number + 1}", known, name))
        elif name in names[:number]:
            problems.append(ListProblem(header.line, heading, _("hver kolonne bare én gang"), heading))
    return problems


def _read_row(
    record: Record, columns: list[tuple[str, str]], rows: list[AgencyRow], problems: list[ListProblem]
) -> None:
    """Add the row that the record holds to `rows`, or what is wrong with it to `problems`."""
    if record.fault:
        problems.append(ListProblem(record.line, "", record.fault))
        return
    if len(record.cells) != len(columns):
        counts = {"columns": len(columns), "count": len(record.cells)}
        problems.append(ListProblem(record.line, "", _("%(columns)s kolonner; linjen har %(count)s") % counts))
        return
    values: dict[str, Any] = {}
    for (name, heading), cell in zip(columns, record.cells, strict=True):
        if name not in COLUMNS:
            continue
        try:
            if looks_misread(cell):
                raise _Expected(_("lesbare bokstaver; lagre filen som UTF-8 eller Windows-1252"))
            values[name] = COLUMNS[name](cell)
        except _Expected as error:
            problems.append(ListProblem(record.line, heading, str(error), cell[:80]))
            # Kept for the search for repeats, which is about what the list says and not about what is right.
            values[name] = None
    rows.append(AgencyRow(line=record.line, **values))


def _repeated(rows: list[AgencyRow], name: str, shown: dict[str, str], expected: str) -> list[ListProblem]:
    first: dict[Any, int] = {}
    problems = []
    for row in rows:
        value = getattr(row, name)
        if value is None:
            continue
        if value in first:
            also = _("%(expected)s; den står også på linje %(line)s") % {"expected": expected, "line": first[value]}
            problems.append(ListProblem(row.line, shown[name], also, str(value)))
        first.setdefault(value, row.line)
    return problems


def _slug(cell: str) -> str:
    if len(cell) > 40 or not _SLUG.fullmatch(cell):
        raise _Expected(_("en kode på høyst 40 tegn med små bokstaver a–z, tall og bindestrek"))
    return cell


def _name(cell: str) -> str:
    name = " ".join(cell.split())
    if not name or len(name) > 120:
        raise _Expected(_("et navn på høyst 120 tegn"))
    return name


def _kind(cell: str) -> AgencyKind:
    try:
        return KINDS[cell.casefold()]
    except KeyError:
        raise _Expected(_("ett av ordene %(words)s") % {"words": ", ".join(KINDS)}) from None


def _sector(cell: str) -> str:
    sector = " ".join(cell.split())
    if len(sector) > 120:
        raise _Expected(_("høyst 120 tegn"))
    return sector


def _note(cell: str) -> str:
    return cell


def _whole(low: int, high: int) -> Callable[[str], int]:
    def whole(cell: str) -> int:
        number = int(re.sub(r"\s", "", cell)) if _WHOLE.fullmatch(cell) and len(cell) < 30 else None
        if number is None or not low <= number <= high:
            raise _Expected(_("et helt tall fra %(low)s til %(high)s") % {"low": low, "high": _said(high)})
        return number

    return whole


def _said(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def _optional(read_cell: Callable[[str], int], otherwise: str) -> Callable[[str], int | None]:
    def optional(cell: str) -> int | None:
        try:
            return read_cell(cell) if cell else None
        except _Expected as error:
            raise _Expected(f"{error}, {otherwise}") from None

    return optional


def _score(cell: str) -> int | None:
    return _optional(_whole(1, 5), _("eller tomt"))(cell)


def _queue_position(cell: str) -> int | None:
    return _optional(_whole(1, 9_999), _("eller tomt for en virksomhet som ikke skal i kø"))(cell)


#: The columns, in the order they are written, with how each cell is read.
COLUMNS: dict[str, Callable[[str], Any]] = {
    "slug": _slug,
    "name": _name,
    "kind": _kind,
    "sector": _sector,
    "employees": _whole(0, MAX_PEOPLE),
    "locations": _whole(0, MAX_PEOPLE),
    "maturity": _score,
    "leadership_anchoring": _score,
    "queue_position": _queue_position,
    "status_note": _note,
}

#: What the same columns are called in the lists people read: the exports of what is on screen.
HEADINGS = {
    "slug": gettext_lazy("Kode"),
    "name": gettext_lazy("Navn"),
    "kind": gettext_lazy("Type"),
    "sector": gettext_lazy("Sektor"),
    "employees": gettext_lazy("Medarbeidere"),
    "locations": gettext_lazy("Tjenestesteder"),
    "maturity": gettext_lazy("Modenhet"),
    "leadership_anchoring": gettext_lazy("Lederforankring"),
    "queue_position": gettext_lazy("Plass i kø"),
    "status_note": gettext_lazy("Merknad"),
}
