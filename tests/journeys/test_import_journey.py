"""Journey 1: a project lead tries a list with a mistake, mends it, tries again and takes it in."""

import pytest
from playwright.sync_api import expect

from agencies import lists
from agencies.models import Agency

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEADER = ";".join(lists.COLUMNS)
ROWS = (
    "kli;Klimaetaten;etat;Byrådsavdeling for miljø og samferdsel;41;1;5;5;3;Flere folk",
    "ny;Nærmiljøetaten;etat;Byrådsavdeling for byutvikling;1 200;14;3;3;27;Ny fra 1. februar",
)


def chosen(*rows: str) -> dict:
    return {"name": "liste.csv", "mimeType": "text/csv", "buffer": "\r\n".join([HEADER, *rows]).encode("cp1252")}


def test_a_list_is_tried_mended_and_imported(visitor):
    page = visitor.sign_in("Prosjektleder")
    visitor.visit("/import/")
    visitor.check("the import page")
    page.get_by_label("Liste over virksomheter").set_input_files(
        chosen(ROWS[0], ROWS[1].replace("etat;", "etatt;", 1).replace("1 200", "-5"))
    )
    page.get_by_role("button", name="Prøv først").click()
    expect(page.get_by_role("alert")).to_contain_text("Ingenting er importert fra liste.csv.")
    expect(page.get_by_role("table", name="Feil i listen").get_by_role("row")).to_have_count(3)
    visitor.check("the list with mistakes")

    page.get_by_label("Liste over virksomheter").set_input_files(chosen(*ROWS))
    page.get_by_role("button", name="Prøv først").click()
    expect(page.get_by_role("alert")).to_contain_text("Ingenting er skrevet ennå")
    expect(page.get_by_role("table", name="Hva som blir endret, fra og til")).to_contain_text("41")
    visitor.check("the list that was tried")
    assert not Agency.objects.filter(slug="ny").exists()

    page.get_by_role("button", name="Importer").click()
    expect(page.get_by_text("liste.csv er importert. 1 ny, 1 endret, 0 uendret. 1 i kø.")).to_be_visible()
    assert Agency.objects.get(slug="kli").employees == 41
    visitor.visit("/board/")
    expect(page.locator('[data-wave="queue"] [data-agency]').last).to_have_attribute("data-agency", "ny")
