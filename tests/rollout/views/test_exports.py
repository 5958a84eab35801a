"""*Last ned*: what is on screen as CSV and XLSX, with real numbers and dates, and good enough to import again."""

import csv
import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agencies import lists
from agencies.list_files import write_csv, write_xlsx
from agencies.models import Agency, AgencyKind, RoleName
from rollout.domain import figures, importing, leaving, licensing, placing, profiles
from rollout.models import Rollout
from rollout.views import export_tables
from tests import factories
from tests.factories import NOW, at, make_agency, make_lead, make_pilot, make_ready, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db
PLAN = "/r/workplace-2018/"
BOTH = pytest.mark.parametrize("suffix", ["csv", "xlsx"])


@pytest.fixture(autouse=True)
def rollout(settings, db):
    settings.DEMO_MODE = True
    factories.set_clock(NOW)
    return make_rollout(waves=2)


def sheet(response):
    """The workbook's one sheet."""
    return openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]


def cells(response) -> list[dict]:
    """The workbook's rows by their headings."""
    headings, *rows = sheet(response).iter_rows()
    return [{head.value: cell for head, cell in zip(headings, row, strict=True)} for row in rows]


def lines(response) -> list[dict[str, str]]:
    """The CSV's rows by their headings."""
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))


def test_the_boards_workbook_has_real_numbers_and_dates(as_lead, rollout):
    placement = place(make_agency("kli", name="Klimaetaten", employees=1650, maturity=4), rollout.waves.get(number=1))
    make_ready(placement, but_not=("funding",))
    (row,) = cells(as_lead.get(f"{PLAN}board/export.xlsx"))
    assert row["Kode"].value == "kli" and row["Navn"].value == "Klimaetaten" and row["Type"].value == "etat"
    for heading, number in {"Medarbeidere": 1650, "Modenhet": 4, "Pulje": 1, "Plass i pulje": 1}.items():
        assert (row[heading].value, row[heading].data_type) == (number, "n")
    assert row["Åpner for ledere"].value.date() == dt.date(2018, 2, 7)
    assert row["Åpner for ledere"].is_date and row["Åpner for ledere"].number_format == "dd.mm.yyyy"
    assert row["Lederforankring"].value is None and row["Plass i kø"].value is None
    assert (row["Status"].value, row["Klar"].value, row["Antall mangler"].value) == ("I pulje", "ja", 0)


def test_the_first_row_stays_in_sight_and_the_columns_are_wide_enough(as_lead):
    place(make_agency("bns", name="Bydel Nordstrand med et langt navn"))
    page = sheet(as_lead.get(f"{PLAN}board/export.xlsx"))
    assert page.title == "Tavle" and page.freeze_panes == "A2"
    assert page["B1"].font.bold and not page["B2"].font.bold
    assert page.column_dimensions["B"].width >= len("Bydel Nordstrand med et langt navn")


def test_what_is_missing_is_told_for_each_agency(as_lead, rollout):
    place(make_agency("vav", employees=600), rollout.waves.get(number=2), funded=450, pin_reason="Avtalt med etaten")
    (row,) = lines(as_lead.get(f"{PLAN}board/export.csv"))
    assert (row["Finansierte lisenser"], row["Lisenser som mangler"], row["Klar"]) == ("450", "150", "nei")
    assert int(row["Antall mangler"]) == len(row["Hva som mangler"].split("\n")) > 1
    assert row["Låst fordi"] == "Avtalt med etaten"
    assert (row["Åpner for ledere"], row["Åpner for alle"]) == ("04.04.2018", "17.04.2018")


def test_the_board_is_given_in_its_own_order_queue_first(as_lead, rollout):
    place(make_agency("a"), rollout.waves.get(number=1))
    for slug in ("c", "b"):
        place(make_agency(slug))
    rows = lines(as_lead.get(f"{PLAN}board/export.csv"))
    assert [(row["Kode"], row["Plass i kø"]) for row in rows] == [("c", "1"), ("b", "2"), ("a", "")]


def test_the_board_is_given_as_its_address_narrows_and_sorts_it(as_lead):
    for slug, employees in (("kli", 37), ("klu", 90), ("vav", 600)):
        place(make_agency(slug, name=f"{slug.title()}etaten", employees=employees))
    rows = lines(as_lead.get(f"{PLAN}board/export.csv?q=kl&sorter=medarbeidere"))
    assert [row["Kode"] for row in rows] == ["klu", "kli"]


@BOTH
def test_the_file_says_what_it_is_and_from_which_day(as_lead, suffix):
    response = as_lead.get(f"{PLAN}board/export.{suffix}")
    assert response["Content-Disposition"] == f'attachment; filename="tavle-workplace-2018-2018-02-01.{suffix}"'
    assert as_lead.get(f"{PLAN}board/export.pdf").status_code == 404


FORMULAS = ["=1+1", "+47 22", "-5", "@SUM(A1)", "'=1+1", '=HYPERLINK("http://example.org";"x")']


@pytest.mark.parametrize("name", FORMULAS)
def test_text_that_looks_like_a_formula_stays_text(as_lead, name):
    place(make_agency("kli", name=name, status_note=name))
    (row,) = cells(as_lead.get(f"{PLAN}board/export.xlsx"))
    assert (row["Navn"].value, row["Navn"].data_type) == (name, "s")
    assert row["Navn"].quotePrefix  # nor becomes one when somebody edits the cell
    (line,) = lines(as_lead.get(f"{PLAN}board/export.csv"))
    assert line["Navn"] == line["Merknad"] == "'" + name


def test_text_with_control_characters_can_be_exported(as_lead):
    place(make_agency("kli", status_note="Limt inn\x0bfra Word"))
    (row,) = cells(as_lead.get(f"{PLAN}board/export.xlsx"))
    assert row["Merknad"].value == "Limt inn fra Word"


# -- what comes out can go in again --------------------------------------------------------------------------------


def a_plan_with_everything(rollout: Rollout) -> None:
    """In the queue, in a wave, in one that has opened, withdrawn, pilot, and an agency that takes no part."""
    lead = make_lead()
    for slug, name in [("kli", "Klimaetaten"), ("vav", "Vann- og avløpsetaten"), ("oby", "Omsorgsbygg")]:
        place(make_agency(slug, name=name, sector="", status_note="- i gang\n- venter; på «svar»"))
    opened = make_wave(rollout, 3, state="leaders_open", leaders_opened_at=NOW)
    place(
        make_agency("bns", employees=1700, kind=AgencyKind.DISTRICT),
        opened,
        employees_at_opening=1650,
        leaders_access_at=NOW,
    )
    queued = rollout.placements.select_related("agency", "rollout", "wave")
    placing.move(placement=queued.get(agency__slug="vav"), to=rollout.waves.get(number=1), by=lead, now=NOW)
    leaving.withdraw(placement=queued.get(agency__slug="oby"), reason="Venter til 2019", by=lead, now=NOW)
    make_pilot(make_agency("kul", kind=AgencyKind.MUNICIPAL_ENTERPRISE))
    make_agency("bym", maturity=None, locations=0)


def tried(client, content: bytes, suffix: str) -> importing.ImportPlan:
    """What the import page would do with the file."""
    upload = {"file": SimpleUploadedFile(f"uttrekk.{suffix}", content)}
    return client.post(f"{PLAN}import/try/", upload).context["plan"]


@BOTH
@pytest.mark.parametrize(("page", "agencies"), [("board", 3), ("agencies", 6)])
def test_an_export_imports_unchanged(as_lead, rollout, page, agencies, suffix):
    a_plan_with_everything(rollout)
    exported = as_lead.get(f"{PLAN}{page}/export.{suffix}").content
    plan = tried(as_lead, exported, suffix)
    assert plan.summary == f"0 nye, 0 endret, {agencies} uendret." and plan.does_nothing


@BOTH
def test_a_figure_changed_in_an_export_is_what_changes(as_lead, rollout, suffix):
    a_plan_with_everything(rollout)
    headings, *rows = export_tables.board(figures.plan(rollout, now=NOW).entries).rows
    for row in rows:
        row[headings.index("Medarbeidere")] += 1
        row[headings.index("Pulje")] = 2  # the plan's own, which the import reads past
    content = write_csv([headings, *rows], separator=";") if suffix == "csv" else write_xlsx([headings, *rows])
    plan = tried(as_lead, content, suffix)
    assert plan.summary == "0 nye, 3 endret, 0 uendret."
    assert {tuple(change.after) for change in plan.changed} == {("employees",)}


def test_what_is_wrong_in_an_export_is_told_by_the_headings_it_has(as_lead):
    place(make_agency("kli"))
    content = as_lead.get(f"{PLAN}board/export.csv").content.replace(b";100;", b";mange;")
    found = importing.read_list(content)
    assert [(problem.line, problem.column, problem.found) for problem in found.problems] == [
        (2, "Medarbeidere", "mange")
    ]


def test_a_note_edited_by_hand_is_kept_as_a_list_gives_it(rollout):
    """A browser sends CR LF; a list knows one kind of line break."""
    agency = make_agency("kli")
    fields = {"status_note": " Første\r\nAndre ", "name": "Klima-  og\tmiljøetaten"}
    profiles.edit(rollout=rollout, agency=agency, fields=fields, by=make_lead(), now=NOW)
    agency.refresh_from_db()
    assert (agency.status_note, agency.name) == ("Første\nAndre", "Klima- og miljøetaten")


text = st.text(st.sampled_from("aB æøåÆØÅ;,\"'=+-@＝\t\n0.%«»"), max_size=20)


class TestWhateverAnAgencyIsCalled(TestCase):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.lists(st.tuples(text, text, text), min_size=1, max_size=4), st.sampled_from(["csv", "xlsx"]))
    def test_its_export_imports_unchanged(self, texts, suffix):
        rollout = Rollout.objects.first() or make_rollout(waves=1)
        for number, (name, sector, note) in enumerate(texts):
            words = {
                "name": lists.tidy("name", name) or "x",
                "sector": lists.tidy("sector", sector),
                "status_note": lists.tidy("status_note", note),
            }
            place(make_agency(f"a{number}", **words))
        table = export_tables.board(figures.plan(rollout, now=NOW).entries)
        content = write_csv(table.rows, separator=";") if suffix == "csv" else write_xlsx(table.rows)
        found = importing.read_list(content)
        assert found.problems == ()
        plan = importing.plan_import(rollout=rollout, agency_list=found)
        assert plan.does_nothing and len(plan.unchanged) == len(texts)


# -- the other pages -----------------------------------------------------------------------------------------------


def test_the_agencies_are_those_of_the_kind_that_is_shown(as_lead, rollout):
    a_plan_with_everything(rollout)
    assert len(lines(as_lead.get(f"{PLAN}agencies/export.csv"))) == Agency.objects.count() == 6
    (row,) = lines(as_lead.get(f"{PLAN}agencies/export.csv?kind=district"))
    assert (row["Kode"], row["Status"], row["Pulje"]) == ("bns", "I pulje", "3")
    statuses = {row["Kode"]: row["Status"] for row in lines(as_lead.get(f"{PLAN}agencies/export.csv"))}
    assert (statuses["oby"], statuses["kul"], statuses["bym"]) == ("Trukket", "Pilot", "Ikke med")


def test_the_licences_say_who_is_short_and_what_it_costs(as_lead, rollout):
    place(make_agency("vav", employees=600), rollout.waves.get(number=1), funded=450)
    licensing.set_price(
        rollout=rollout, valid_from=dt.date(2018, 2, 1), price_nok=Decimal("25.50"), by=make_lead(), now=NOW
    )
    (row,) = cells(as_lead.get(f"{PLAN}licences/export.xlsx"))
    assert (row["Skal ha tilgang"].value, row["Lisenser som mangler"].value) == (600, 150)
    assert row["Mangler, kr per måned"].value == 3825
    (line,) = lines(as_lead.get(f"{PLAN}licences/export.csv"))
    assert line["Mangler, kr per måned"] == "3825,00"


def test_the_history_has_a_row_for_every_event_with_its_moment(as_lead, rollout):
    placement = place(make_agency("kli", name="Klimaetaten"))
    lead = make_lead()
    moved = at("2018-07-01 12:30")
    placing.move(placement=placement, to=rollout.waves.get(number=2), by=lead, now=moved, reason="=Etter ønske")
    (row,) = cells(as_lead.get(f"{PLAN}history/export.xlsx"))
    assert row["Tidspunkt"].value.isoformat() == "2018-07-01T12:30:00" and row["Tidspunkt"].is_date
    assert (row["Virksomhet"].value, row["Pulje"].value, row["Hvem"].value) == ("Klimaetaten", 2, lead.email)
    assert (row["Begrunnelse"].value, row["Begrunnelse"].data_type) == ("=Etter ønske", "s")
    (line,) = lines(as_lead.get(f"{PLAN}history/export.csv"))
    assert line["Tidspunkt"] == "01.07.2018 12:30"


def test_the_history_is_what_its_filters_ask_for(as_lead, rollout):
    lead = make_lead()
    for slug in ("kli", "vav"):
        placing.move(placement=place(make_agency(slug)), to=rollout.waves.get(number=1), by=lead, now=NOW)
    assert len(lines(as_lead.get(f"{PLAN}history/export.csv"))) == 2
    (row,) = lines(as_lead.get(f"{PLAN}history/export.csv?agency=vav"))
    assert row["Virksomhet"] == "Virksomhet vav"
    wrong = as_lead.get(f"{PLAN}history/export.csv?first_day=igår")
    assert wrong.status_code == 302 and wrong.url.startswith(f"{PLAN}history/?first_day=")


def test_a_waves_readiness_is_a_matrix_of_steps_and_agencies(as_lead, rollout):
    make_ready(place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=2)))
    place(make_agency("vav", name="Vann- og avløpsetaten"), rollout.waves.get(number=2))
    rows = cells(as_lead.get(f"{PLAN}waves/2/export.xlsx"))
    assert [row["Steg"].value for row in rows] == list(range(1, 11))  # those that come before the opening
    assert rows[0]["Steg"].value == 1 and rows[0]["Frist"].is_date
    assert rows[0]["Klimaetaten"].value and rows[0]["Klimaetaten"].value != rows[0]["Vann- og avløpsetaten"].value
    assert as_lead.get(f"{PLAN}waves/9/export.xlsx").status_code == 404


@pytest.mark.parametrize("page", ["board", "agencies", "licences", "history", "waves/1"])
def test_the_number_of_queries_does_not_grow_with_the_plan(as_lead, rollout, page):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_lead.get(f"{PLAN}{page}/export.csv").status_code == 200
        return len(captured)

    lead = make_lead()
    for number in range(26):
        placement = place(make_agency(f"a{number}"))
        if number < 3:
            placing.move(placement=placement, to=rollout.waves.get(number=1), by=lead, now=NOW)
    few = queries()
    for number in range(26, 260):
        place(make_agency(f"a{number}"))
    for number in range(3, 30):
        make_wave(rollout, number)
    assert queries() == few


@pytest.mark.parametrize("page", ["board/", "waves/1/", "licences/", "history/"])
def test_the_pages_offer_the_download_of_what_they_show(as_lead, page):
    place(make_agency("kli"))
    html = as_lead.get(f"{PLAN}{page}?q=klima").content.decode()
    for suffix in ("csv", "xlsx"):
        assert f'href="{PLAN}{page}export.{suffix}?q=klima"' in html


def test_the_list_of_agencies_offers_it_too(as_lead):
    html = as_lead.get("/agencies/?kind=etat").content.decode()
    assert f'href="{PLAN}agencies/export.xlsx?kind=etat"' in html


def test_readers_may_download_what_they_may_see(client):
    client.force_login(factories.give_role("leser@example.org", RoleName.READER))
    assert client.get(f"{PLAN}board/export.csv").status_code == 200
