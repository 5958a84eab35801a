"""The overview: where a lead begins the morning, and goes on to what is in the way."""

import pytest
from playwright.sync_api import expect

from rollout.models import LastSeen

pytestmark = pytest.mark.browser


def test_a_lead_reads_what_stops_the_first_wave_and_goes_to_where_it_is_solved(visitor):
    page = visitor.sign_in("Prosjektleder")
    expect(page.get_by_role("heading", name="Oversikt")).to_be_visible()
    expect(
        page.get_by_text("Ingen virksomheter er lagt i pulje ennå. Pulje 1 åpner for ledere om 6 dager")
    ).to_be_visible()
    visitor.check("the overview of an empty plan")

    visitor.visit("/board/")
    page.get_by_role("button", name="Legg inn foreslått plan").click()
    expect(page.get_by_text("26 virksomheter er lagt i puljer.")).to_be_visible()
    visitor.visit("/")
    expect(page.get_by_text("2 av 5 virksomheter er klare.")).to_be_visible()
    for name in ("Puljene som tabell", "Ukene som tabell", "Vis hver"):
        page.get_by_text(name).first.click()
    visitor.check("the overview of a plan, tables open")

    page.get_by_role("link", name="Se hva, og hvem som må gjøre noe").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Bydel Nordstrand").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Planen for Bydel Nordstrand")).to_be_visible()
    expect(page.locator("#funding")).to_be_in_viewport()
    expect(page.get_by_label("Finansierte lisenser")).to_be_visible()


def test_what_is_marked_as_seen_is_new_no_longer(at_laptop):
    page = at_laptop.sign_in("Prosjektleder")
    expect(page.get_by_role("heading", name="Endret de siste sju dagene")).to_be_visible()
    page.get_by_role("button", name="Merk som sett").click()
    expect(page.get_by_text("Alt til og med nå er merket som sett.")).to_be_visible()
    expect(page.get_by_text("Ingenting nytt.")).to_be_visible()
    assert LastSeen.objects.count() == 1
    at_laptop.check("the overview with nothing new")
