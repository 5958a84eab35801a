"""The law's pages on a phone and a laptop: what anybody may read, one's own data, and the archive."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_pages_of_the_law_are_readable_at_both_sizes(visitor):
    for path, heading in (("/tilgjengelighet", "Tilgjengelighet"), ("/personvern", "Personvern")):
        page = visitor.visit(path)
        expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        visitor.check(heading)

    page = visitor.sign_in("Prosjektleder")
    visitor.visit("/my-data/")
    for summary in page.locator("main details summary").all():
        summary.click()
    visitor.check("my data")
    page.get_by_role("link", name="Slett opplysningene mine").click()
    expect(page.get_by_role("dialog")).to_contain_text("ikke kan angres")
    visitor.check("asked before erasing")
    page.get_by_role("button", name="Slett navnet og adressen min").click()
    expect(page.get_by_role("dialog")).to_contain_text("Kryss av")

    visitor.visit("/r/workplace-2018/agencies/kli/archive/")
    page.get_by_role("link", name="Sett saksnummer").click()
    page.get_by_role("textbox", name="Saksnummer").fill("18/01234")
    page.get_by_role("button", name="Lagre").click()
    expect(page.get_by_text("18/01234", exact=True)).to_be_visible()
    visitor.check("archive")
    with page.expect_download() as download:
        page.get_by_role("link", name="Last ned PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
