"""From a file's bytes to lines of text cells, whichever way the list was saved, and back again.

Reads CSV (comma or semicolon; UTF-8 with or without BOM, or Windows-1252) and XLSX. Knows nothing of what the cells
mean: `agencies.lists` does. Files come from outside, so everything here has a limit.
"""

import csv
import datetime as dt
import io
import itertools
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

import openpyxl
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

MAX_BYTES = 1_000_000
MAX_RECORDS = 1_000
MAX_CELLS = 40
SEPARATORS = (",", ";")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

#: A packed XLSX may unfold to a thousand times its size. Only the sheet and its strings need to be large.
_MAX_UNPACKED = 4_000_000
_MAX_UNPACKED_PART = 250_000
_LARGE_PARTS = re.compile(r"xl/(worksheets/sheet\d+|sharedStrings)\.xml")
_MAX_PARTS = 200
_EXCEL_ROWS = 1_048_576
#: A quote that is never closed hides what follows, so reading starts again on the next line, this many times.
_MAX_RESTARTS = 20

_ZIP, _OLD_EXCEL, _UTF_16 = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", (b"\xff\xfe", b"\xfe\xff")
#: What æøåÆØÅ become when UTF-8 is read as Windows-1252, and when a Mac's or DOS's letters are.
_MISREAD = re.compile("Ã[¦¸¥†˜…]|�|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MISREAD_1252 = re.compile("(?<=[a-zæøå])[¾¿Œ†›]|[¾¿Œ†›®¯](?=[a-zæøå])")

#: How a text begins that a spreadsheet may run (OWASP, CSV injection), also behind quotes that guard it already.
_FORMULA = re.compile("'*[=+\\-@＝＋－＠\t\r\n]")
_GUARDED = re.compile("'+[=+\\-@＝＋－＠\t\r\n]")
_WIDEST = 60  # characters; longer text is wrapped

type Cell = str | int | Decimal | dt.date | dt.datetime | None


class Record(NamedTuple):
    """One row of the file. `line` is the physical line it starts on (CSV) or the row number (XLSX).

    `fault`: what was expected, when the line itself could not be read; then there are no cells.
    """

    line: int
    cells: list[str]
    fault: str = ""


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the message says what is expected instead."""


def records(content: bytes) -> Iterator[Record]:
    """Return the file's rows that hold anything, header first.

    Raises `UnreadableFile`: too large, empty, another kind of file, or letters that are neither UTF-8 nor Windows-1252.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(_("en fil på høyst %(limit)s kB") % {"limit": MAX_BYTES // 1000})
    if content.startswith(_OLD_EXCEL):
        raise UnreadableFile(_("CSV eller XLSX uten passord; lagre arbeidsboken som .xlsx"))
    found = _xlsx_records(content) if content.startswith(_ZIP) else _csv_records(_decode(content))
    # Rows that hold nothing are what a spreadsheet leaves below its list.
    filled = (record for record in found if record.fault or any(record.cells))
    kept = list(itertools.islice(filled, MAX_RECORDS + 2))
    if not kept:
        raise UnreadableFile(_("en liste med en overskriftslinje; filen er tom"))
    if len(kept) > MAX_RECORDS + 1:
        raise UnreadableFile(_("høyst %(limit)s virksomheter") % {"limit": MAX_RECORDS})
    return iter(kept)


def looks_misread(text: str) -> bool:
    """Whether the text was saved with another encoding than the one it seems to have."""
    return _MISREAD.search(text) is not None


def write_csv(rows: Iterable[Iterable[Cell]], *, separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """Rows of cells as CSV. The BOM of `utf-8-sig` makes Excel show æ, ø and å; with `;` go decimals after a comma.

    A text that a spreadsheet would take for a formula gets a `'` before it, which `records` takes away again.
    """
    file = io.StringIO(newline="")
    point = "," if separator == ";" else "."
    csv.writer(file, delimiter=separator).writerows([_csv_cell(value, point) for value in row] for row in rows)
    return file.getvalue().encode(encoding)


def _csv_cell(value: Cell, point: str) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if _FORMULA.match(value) else value
        case dt.datetime():
            return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"
        case dt.date():
            return f"{value:%d.%m.%Y}"
    return str(value).replace(".", point)


def write_xlsx(rows: Iterable[Iterable[Cell]], *, title: str = "") -> bytes:
    """Rows of cells as XLSX: numbers and dates as such, the first row as headings that stay in sight."""
    table = [list(row) for row in rows]
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet(title or None)
    sheet.freeze_panes = "A2"
    for number, column in enumerate(zip(*table, strict=True), start=1):
        longest = max((len(line) for value in column for line in _csv_cell(value, ",").split("\n")), default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(max(longest, 6), _WIDEST) + 2
    for number, row in enumerate(table):
        cells = [_xlsx_cell(sheet, value) for value in row]
        if number == 0:
            for cell in cells:
                cell.font = Font(bold=True)
        sheet.append(cells)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _xlsx_cell(sheet: object, value: Cell) -> WriteOnlyCell:
    match value:
        case str():
            return _text_cell(sheet, value)
        case dt.datetime():
            cell = WriteOnlyCell(sheet, value=timezone.make_naive(value))
            cell.number_format = "dd.mm.yyyy hh:mm"
        case dt.date():
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = "dd.mm.yyyy"
        case int():
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = "#,##0"
        case Decimal():
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = "#,##0.00"
        case _:
            cell = WriteOnlyCell(sheet, value=None)
    cell.alignment = Alignment(vertical="top")
    return cell


def _text_cell(sheet: object, value: str) -> WriteOnlyCell:
    """Text, whatever it begins with: a note that starts with = is no formula, nor becomes one when it is edited."""
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", value))
    cell.data_type = "s"
    cell.quotePrefix = bool(_FORMULA.match(value))
    cell.alignment = Alignment(vertical="top", wrap_text="\n" in value or len(value) > _WIDEST)
    return cell


def _decode(content: bytes) -> str:
    if content.startswith(_UTF_16):
        raise UnreadableFile(_("tegnsettet UTF-8 eller Windows-1252; filen er lagret som UTF-16"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            _("tegnsettet UTF-8 eller Windows-1252; linje %(line)s har tegn som ikke finnes i noen av dem")
            % {"line": line}
        ) from error
    # U+FFFD stands for what cannot be right, so that the cell it is in can be named.
    return _MISREAD_1252.sub("\ufffd", text)


def _csv_records(text: str) -> Iterator[Record]:
    lines = list(io.StringIO(text, newline=""))
    header = next((line for line in lines if line.strip()), "")
    separator = max(SEPARATORS, key=header.count)
    start = 0
    for _restart in range(_MAX_RESTARTS):
        reader = csv.reader(itertools.islice(lines, start, None), delimiter=separator, strict=True)
        line = start + 1
        while True:
            try:
                yield Record(line, [_unguarded(cell) for cell in next(reader)])
            except StopIteration:
                return
            except csv.Error:
                yield Record(line, [], _("anførselstegn som åpnes og lukkes rundt hele verdien"))
                if start + reader.line_num > line:
                    break
            line = start + reader.line_num + 1
        start = line


def _xlsx_records(content: bytes) -> Iterator[Record]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_size(archive.infolist())
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()  # the sheet's own word on its size is not to be trusted
        width = 0
        for line, row in enumerate(sheet.iter_rows(max_row=_EXCEL_ROWS, max_col=MAX_CELLS, values_only=True), start=1):
            if row.count(None) == len(row):  # a far-off row has up to a million like this before it
                continue
            cells = _without_empty_end([_cell_text(value) for value in row])
            width = width or len(cells)
            yield Record(line, cells + [""] * (width - len(cells)))
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl has no error of its own: a broken workbook fails in a dozen ways
        raise UnreadableFile(_("en arbeidsbok (XLSX) som Excel kan åpne; denne er skadet")) from error


def _check_size(parts: list[zipfile.ZipInfo]) -> None:
    # Unpacking stops at the size a part states, so the stated sizes are the ones that count.
    too_large = any(part.file_size > _MAX_UNPACKED_PART and not _LARGE_PARTS.fullmatch(part.filename) for part in parts)
    if too_large or len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
        raise UnreadableFile(_("en arbeidsbok (XLSX) med bare listen; denne er for stor når den pakkes ut"))


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(str(value))


def _unguarded(cell: str) -> str:
    """The cell without the `'` that `write_csv` sets before what looks like a formula."""
    cell = clean(cell)
    return clean(cell[1:]) if _GUARDED.match(cell) else cell


def clean(cell: str) -> str:
    """Trimmed, with one spelling of each letter (a Mac writes å as two) and one kind of line break."""
    return unicodedata.normalize("NFC", cell).replace("\r\n", "\n").replace("\r", "\n").strip()
