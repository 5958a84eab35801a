"""Lists of agencies as people save them: every bad line is found, and a good one says the same however it is saved."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies import lists
from agencies.list_files import MAX_BYTES, MAX_RECORDS
from agencies.lists import COLUMNS, AgencyRow
from agencies.models import AgencyKind
from rollout.reference import AGENCIES_FILE

HEADER = ",".join(COLUMNS)
KLI = "kli,Klimaetaten,etat,Byrådsavdeling for miljø og samferdsel,37,1,5,5,3,I kø"
BNS = "bns,Bydel Nordstrand,bydel,,1650,64,2,3,2,"


def read(*lines: str, header: str = HEADER) -> lists.AgencyList:
    return lists.read("\n".join([header, *lines]).encode())


def problems(*lines: str, header: str = HEADER) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in read(*lines, header=header).problems]


def with_cell(column: str, value: str, line: str = KLI) -> str:
    cells = line.split(",")
    cells[list(COLUMNS).index(column)] = value
    return ",".join(cells)


def expected(column: str, value: str) -> str:
    (problem,) = read(with_cell(column, value)).problems
    assert (problem.line, problem.column, problem.found) == (2, column, value.strip())
    return problem.expected


def test_the_reference_list_is_good():
    found = lists.read(AGENCIES_FILE.read_bytes())
    assert found.problems == ()
    assert len(found.rows) == 49
    assert sum(row.employees for row in found.rows if row.queue_position) == 41_000
    assert sum(row.employees for row in found.rows) == 55_400


def test_a_line_becomes_a_row():
    (row,) = read(KLI).rows
    assert row == AgencyRow(
        line=2,
        slug="kli",
        name="Klimaetaten",
        kind=AgencyKind.ETAT,
        sector="Byrådsavdeling for miljø og samferdsel",
        employees=37,
        locations=1,
        maturity=5,
        leadership_anchoring=5,
        queue_position=3,
        status_note="I kø",
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("etat", AgencyKind.ETAT),
        ("bydel", AgencyKind.DISTRICT),
        ("foretak", AgencyKind.MUNICIPAL_ENTERPRISE),
        ("byrådsavdeling", AgencyKind.CITY_DEPARTMENT),
        ("annet", AgencyKind.OTHER),
        ("Bydel", AgencyKind.DISTRICT),
    ],
)
def test_kinds_are_the_municipalitys_own_words(word, kind):
    assert read(with_cell("kind", word)).rows[0].kind == kind


def test_an_unknown_kind_is_refused_with_the_known_ones():
    assert expected("kind", "direktorat") == "ett av ordene etat, bydel, foretak, byrådsavdeling, annet"


@pytest.mark.parametrize("value", ["-1", "mange", "12,5", "", "1.5", "١٢", "99999999999", "1 65"])
def test_a_headcount_is_a_whole_number_from_nought(value):
    line = with_cell("employees", f'"{value}"')
    (problem,) = read(line).problems
    assert (problem.line, problem.column, problem.found) == (2, "employees", value)
    assert problem.expected == "et helt tall fra 0 til 10\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000"


@pytest.mark.parametrize(
    "value", ["1 650", "1\N{NO-BREAK SPACE}650", "1\N{NARROW NO-BREAK SPACE}650", "1650", " 1650 "]
)
def test_thousands_may_be_set_apart_as_a_spreadsheet_does(value):
    assert read(with_cell("employees", value)).rows[0].employees == 1650


@pytest.mark.parametrize("column", ["maturity", "leadership_anchoring"])
def test_scores_go_from_one_to_five_or_are_left_out(column):
    assert expected(column, "7") == "et helt tall fra 1 til 5, eller tomt"
    assert expected(column, "0") == "et helt tall fra 1 til 5, eller tomt"
    assert getattr(read(with_cell(column, "")).rows[0], column) is None


def test_a_missing_name_is_refused():
    assert expected("name", "  ") == "et navn på høyst 120 tegn"


@pytest.mark.parametrize("slug", ["", "KLI", "klima etaten", "vår", "-kli", "kli-", "a/b", "k" * 41])
def test_a_slug_is_small_letters_digits_and_hyphens(slug):
    assert problems(with_cell("slug", slug)) == [(2, "slug")]


def test_a_repeated_slug_is_refused_and_points_at_the_first():
    (problem,) = read(KLI, BNS, with_cell("queue_position", "9")).problems
    assert (problem.line, problem.column, problem.found) == (4, "slug", "kli")
    assert problem.expected == "en kode som bare står én gang; den står også på linje 2"


def test_a_repeated_place_in_the_queue_is_refused():
    (problem,) = read(KLI, with_cell("queue_position", "3", BNS)).problems
    assert (problem.line, problem.column) == (3, "queue_position")
    assert "linje 2" in problem.expected


def test_a_line_with_the_wrong_number_of_columns_is_refused():
    (problem, other) = read("kli,Klimaetaten,etat", KLI + ",ekstra", BNS).problems
    assert (problem.line, problem.column) == (2, "")
    assert problem.expected == "10 kolonner; linjen har 3"
    assert other.expected == "10 kolonner; linjen har 11"


def test_every_bad_line_is_listed_and_every_bad_cell_in_it():
    assert problems(
        with_cell("employees", "-5"),
        BNS,
        "for,få",
        with_cell("kind", "hus", with_cell("name", "", with_cell("slug", "oby", with_cell("queue_position", "")))),
        with_cell("slug", "bns", with_cell("queue_position", "8")),
    ) == [(2, "employees"), (4, ""), (5, "name"), (5, "kind"), (6, "slug")]


def test_a_problem_is_said_in_a_sentence():
    problem, missing, short = read(with_cell("maturity", "7"), with_cell("name", "", BNS), "x").problems
    assert problem.sentence == "Linje 2, maturity: forventet et helt tall fra 1 til 5, eller tomt. Her står «7»."
    assert missing.sentence == "Linje 3, name: forventet et navn på høyst 120 tegn. Feltet er tomt."
    assert short.sentence == "Linje 4: forventet 10 kolonner; linjen har 1."


def test_line_numbers_are_those_of_the_file_also_after_quoted_newlines_and_empty_lines():
    note = 'vav,Vann- og avløpsetaten,etat,,600,6,4,3,5,"Første linje\nandre linje\r\ntredje linje"'
    found = read(note, "", ",,,,,,,,,", with_cell("maturity", "7"))
    assert [(problem.line, problem.column) for problem in found.problems] == [(7, "maturity")]
    assert found.rows[0].status_note == "Første linje\nandre linje\ntredje linje"


def test_an_unclosed_quote_is_named_by_its_own_line_and_hides_no_other():
    lines = ['bns,"Bydel Nordstrand,bydel,,1650,64,2,3,2,', with_cell("maturity", "7"), 'oby,"Omsorgsbygg', "for,få"]
    assert problems(*lines) == [(2, ""), (3, "maturity"), (4, ""), (5, "")]


def test_a_stray_quote_is_a_bad_line():
    assert problems('kli,"Klima"etaten,etat,,37,1,5,5,3,', with_cell("maturity", "7", BNS)) == [
        (2, ""),
        (3, "maturity"),
    ]


def test_columns_may_stand_in_any_order():
    header = ",".join(reversed(COLUMNS))
    assert read(",".join(reversed(KLI.split(","))), header=header).rows == read(KLI).rows


def test_a_missing_an_unknown_and_a_repeated_header_are_all_named():
    header = HEADER.replace("maturity", "modning").replace("status_note", "sector")
    found = read(KLI, header=header).problems
    assert [(problem.line, problem.column) for problem in found] == [
        (1, ""),
        (1, ""),
        (1, "modning"),
        (1, "sector"),
    ]
    assert found[0].expected == "kolonnen «maturity» i overskriften; den mangler"


def test_a_list_without_its_header_is_refused_as_such():
    assert (1, "") in problems(BNS, header=KLI)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b";;;\n"])
def test_an_empty_file_is_refused(content):
    (problem,) = lists.read(content).problems
    assert "tom" in problem.expected


def test_a_list_with_nothing_under_its_header_is_refused():
    assert problems() == [(2, "")]


def test_letters_from_another_encoding_are_refused_where_they_stand():
    line = with_cell("name", "Vann- og avløpsetaten")
    mac = "\n".join([HEADER, BNS, line]).encode("mac_roman")
    twice = "\n".join([HEADER, BNS, line.encode().decode("cp1252")]).encode()
    for content in (mac, twice):
        found = [(problem.line, problem.column) for problem in lists.read(content).problems]
        assert found == [(3, "name"), (3, "sector"), (3, "status_note")]


def test_a_file_that_is_half_utf8_is_refused():
    content = "\n".join([HEADER, with_cell("name", "Målselv")]).encode() + b"\n" + BNS.encode() + "ø".encode("cp1252")
    assert (2, "name") in [(problem.line, problem.column) for problem in lists.read(content).problems]


def test_utf16_and_bytes_of_no_encoding_are_refused():
    text = "\n".join([HEADER, KLI])
    assert "UTF-16" in lists.read(text.encode("utf-16")).problems[0].expected
    assert "linje 2" in lists.read(HEADER.encode() + b"\n\x81\x8d").problems[0].expected


def test_a_file_that_is_too_large_or_too_long_is_refused():
    assert "1000 kB" in lists.read(b"x" * (MAX_BYTES + 1)).problems[0].expected
    many = "\n".join([HEADER, *[f"a{n},A,etat,,1,1,,,," for n in range(MAX_RECORDS + 1)]])
    assert f"høyst {MAX_RECORDS}" in lists.read(many.encode()).problems[0].expected


def workbook(*rows: list, sheet: str = "Ark1") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in [list(COLUMNS), *rows]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


KLI_CELLS = ["kli", "Klimaetaten", "etat", "Byrådsavdeling for miljø og samferdsel", 37, 1.0, 5, "5", 3, "I kø"]


def test_a_workbook_says_the_same_as_a_text_file():
    assert lists.read(workbook(KLI_CELLS)).rows == read(KLI).rows


def test_a_workbook_may_leave_the_last_cells_empty():
    found = lists.read(workbook(["bns", "Bydel Nordstrand", "bydel", None, 1650, 64]))
    assert found.problems == ()
    assert found.rows[0].queue_position is None


def test_problems_in_a_workbook_are_named_by_row():
    bad = [*KLI_CELLS[:4], -2, 1.5, 7, True, 3, None]
    found = lists.read(workbook(KLI_CELLS, [], [None] * 10, bad, [*KLI_CELLS, "ekstra"]))
    assert [(problem.line, problem.column) for problem in found.problems] == [
        (5, "slug"),
        (5, "employees"),
        (5, "locations"),
        (5, "maturity"),
        (5, "leadership_anchoring"),
        (5, "queue_position"),
        (6, ""),
    ]


def test_something_else_than_a_list_is_refused():
    assert "skadet" in lists.read(b"PK\x03\x04 og noe annet").problems[0].expected
    assert "xlsx" in lists.read(b"\xd0\xcf\x11\xe0" + b"\0" * 100).problems[0].expected


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The workbook with these parts changed or added (`/` written as `__`)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    return zipped(kept | {name.replace("__", "/") + ".xml": part for name, part in parts.items()})


def test_a_packed_bomb_is_refused_before_it_is_unpacked():
    bomb = repacked(workbook(KLI_CELLS), xl__sharedStrings=b"<sst>" + b" " * 40_000_000 + b"</sst>")
    assert len(bomb) < MAX_BYTES
    assert "for stor når den pakkes ut" in lists.read(bomb).problems[0].expected


def test_a_workbook_of_many_styles_or_many_parts_is_refused():
    styles = repacked(workbook(KLI_CELLS), xl__styles=b"<styleSheet>" + b"<xf/>" * 100_000 + b"</styleSheet>")
    many = repacked(workbook(KLI_CELLS), **{f"part{n}": b"x" for n in range(300)})
    for content in (styles, many):
        assert "for stor når den pakkes ut" in lists.read(content).problems[0].expected


def test_a_bomb_of_entities_is_refused():
    entities = b'<!ENTITY a0 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">' + b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 20) for n in range(1, 12)
    )
    sheet = (
        b"<!DOCTYPE worksheet [" + entities + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml'
        b'/2006/main"><sheetData><row r="1"><c t="inlineStr"><is><t>&a11;</t></is></c></row></sheetData></worksheet>'
    )
    found = lists.read(repacked(workbook(KLI_CELLS), xl__worksheets__sheet1=sheet))
    assert "skadet" in found.problems[0].expected


def test_a_row_far_down_and_a_cell_far_out_cost_little():
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>'
        b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData></worksheet>'
    )
    found = lists.read(repacked(workbook(KLI_CELLS), xl__worksheets__sheet1=far))
    assert found.problems != () and found.rows == ()


# Letters that Windows-1252 has and whose bytes cannot be taken for UTF-8, with what CSV makes special.
text = st.text(st.sampled_from("abcABC æøåÆØÅéü0123,;\"'-.()=+@\n"), max_size=30)
words = text.map(lambda value: " ".join(value.split()))
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
score = st.none() | st.integers(1, 5)
agency_rows = st.builds(
    lambda **values: values,
    slug=slugs,
    name=words.filter(bool),
    kind=st.sampled_from(AgencyKind),
    sector=words,
    employees=st.integers(0, lists.MAX_PEOPLE),
    locations=st.integers(0, lists.MAX_PEOPLE),
    maturity=score,
    leadership_anchoring=score,
    queue_position=st.none() | st.integers(1, 9_999),
    status_note=text.map(str.strip),
)
agency_lists = st.lists(agency_rows, min_size=1, max_size=6, unique_by=lambda values: values["slug"]).map(
    lambda values: [
        AgencyRow(line=0, **(v | {"queue_position": v["queue_position"] and n})) for n, v in enumerate(values, start=1)
    ]
)


def without_lines(rows):
    return [{name: getattr(row, name) for name in COLUMNS} for row in rows]


@given(agency_lists, st.sampled_from([",", ";"]), st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))
def test_what_is_written_is_what_is_read(rows, separator, encoding):
    found = lists.read(lists.write(rows, separator=separator, encoding=encoding))
    assert found.problems == ()
    assert without_lines(found.rows) == without_lines(rows)


@given(agency_lists)
def test_what_is_written_as_a_workbook_is_what_is_read(rows):
    found = lists.read(lists.write_workbook(rows))
    assert found.problems == ()
    assert without_lines(found.rows) == without_lines(rows)


@given(agency_lists, st.sampled_from(["employees", "maturity", "queue_position", "kind"]), st.data())
def test_a_bad_cell_is_found_on_the_line_it_stands_on(rows, column, data):
    number = data.draw(st.integers(0, len(rows) - 1))
    content = lists.write(rows).decode("utf-8-sig")
    clean = lists.read(content.encode())
    line = clean.rows[number].line
    cells = [list(row) for row in [COLUMNS, *map(lists._cells, rows)]]
    cells[number + 1][list(COLUMNS).index(column)] = "feil"
    (problem,) = lists.read(lists.write_csv(cells)).problems
    assert (problem.line, problem.column, problem.found) == (line, column, "feil")


@given(st.binary(max_size=300))
def test_no_bytes_whatsoever_break_the_reading(content):
    for start in (b"", HEADER.encode() + b"\n", b"PK\x03\x04"):
        lists.read(start + content)
