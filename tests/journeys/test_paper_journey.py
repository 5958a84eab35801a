"""On paper: the whole board fits one landscape A3, whether the agencies stand in the queue or in waves."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.board import column

pytestmark = pytest.mark.browser

A3_LANDSCAPE = (420, 297)  # mm


def sheets(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page, in whole millimetres."""
    pages = [tuple(map(float, size.split())) for size in re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+ [\d.]+)\s*\]", pdf)]
    assert len(pages) == len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    return [(round(width / 72 * 25.4), round(height / 72 * 25.4)) for width, height in pages]


def printed(page) -> bytes:
    return page.pdf(prefer_css_page_size=True)


def test_the_board_is_printed_on_one_landscape_a3(at_laptop):
    at_laptop.sign_in("Prosjektleder")
    page = at_laptop.visit("/board/")
    expect(column(page, "queue").locator(".ur-card")).to_have_count(26)
    assert sheets(printed(page)) == [A3_LANDSCAPE]

    page.get_by_role("button", name="Legg inn foreslått plan").click()
    expect(column(page, 1)).to_contain_text("5 av 5")
    assert sheets(printed(page)) == [A3_LANDSCAPE]

    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Pulje 1")).to_be_visible()
    expect(column(page, 1).get_by_text("Planlagt")).to_be_visible()
    expect(column(page, 1).get_by_text("Ikke klar").first).to_be_visible()
    for unprintable in (".ur-top__nav", ".ur-card__move", ".ur-get", ".ur-bar__filters", ".ur-demo__step"):
        expect(page.locator(unprintable).first).to_be_hidden()


def test_what_is_on_screen_is_downloaded_from_a_menu(visitor):
    page = visitor.sign_in("Prosjektleder")
    for path, name in (("/board/", "tavle"), ("/agencies/?kind=district", "virksomheter")):
        page = visitor.visit(path)
        page.get_by_text("Last ned", exact=True).click()
        visitor.check(f"{path} with its menu open")
        with page.expect_download() as download:
            page.get_by_role("link", name="Excel").click()
        assert download.value.suggested_filename == f"{name}-workplace-2018-2018-02-01.xlsx"
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Excel")).to_be_hidden()


def test_a_calendar_address_is_made_copied_and_taken_back(visitor):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/r/workplace-2018/feeds/")
    visitor.check("the calendar addresses, none made")
    page.get_by_role("button", name="Lag adresse").first.click()
    field = page.get_by_label("Adresse – hele planen")
    expect(field).to_have_value(re.compile(r"/cal/[\w-]{43}\.ics$"))
    address = field.input_value()
    page.get_by_label("Virksomhet", exact=True).select_option(label="Klimaetaten")
    page.get_by_role("button", name="Lag adresse").click()
    expect(page.get_by_label("Adresse – Klimaetaten")).to_be_visible()
    visitor.check("the calendar addresses")
    assert page.request.get(address).status == 200

    page.get_by_text("Trekk tilbake").first.click()
    page.get_by_role("button", name="Trekk tilbake adressen").first.click()
    expect(page.get_by_text("Ingenting kan leses der lenger.").last).to_be_visible()
    assert page.request.get(address).status == 404
