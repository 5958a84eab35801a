"""A lead puts an agency's figures right, takes it out of the rollout and back in, without leaving its page."""

import pytest
from playwright.sync_api import expect

from agencies.models import Agency
from rollout.models import Placement, PlacementStatus

pytestmark = pytest.mark.browser


def test_a_lead_edits_an_agency_withdraws_it_and_takes_it_back(visitor):
    page = visitor.sign_in("Prosjektleder")
    visitor.visit("/agencies/bns/")
    expect(page.get_by_role("heading", name="Implementeringsløp")).to_be_visible()
    visitor.check("the agency's page for a lead")

    page.get_by_role("link", name="Rediger Bydel Nordstrand").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Medarbeidere").fill("-5")
    dialog.get_by_label("Merknad").fill("Telles på nytt i mars.")
    dialog.get_by_role("button", name="Lagre").click()
    expect(dialog.locator("#id_employees_error")).to_be_visible()
    expect(dialog.get_by_label("Medarbeidere")).to_be_focused()
    expect(dialog.get_by_label("Merknad")).to_have_value("Telles på nytt i mars.")
    visitor.check("the dialog with a field error")

    dialog.get_by_label("Medarbeidere").fill("1700")
    dialog.get_by_role("button", name="Lagre").click()
    expect(page.get_by_text("Bydel Nordstrand er lagret.")).to_be_visible()
    expect(page.locator("aside").get_by_text("1 700")).to_be_visible()
    assert Agency.objects.get(slug="bns").status_note == "Telles på nytt i mars."

    page.get_by_role("link", name="Trekk fra utrullingen").click()
    dialog.get_by_role("button", name="Trekk virksomheten").click()
    expect(dialog.locator("#id_reason_error")).to_be_visible()
    visitor.check("the dialog about withdrawing")
    dialog.get_by_label("Begrunnelse").fill("Går ut av avtalen.")
    dialog.get_by_role("button", name="Trekk virksomheten").click()
    expect(page.locator("#plan").get_by_text("Begrunnelse: Går ut av avtalen.")).to_be_visible()
    visitor.check("the page of a withdrawn agency")
    assert Placement.objects.get(agency__slug="bns").status == PlacementStatus.WITHDRAWN

    page.get_by_role("link", name="Ta med igjen").click()
    dialog.get_by_role("button", name="Ta med igjen").click()
    expect(page.get_by_text("Bydel Nordstrand står som nummer 26 i køen.")).to_be_visible()

    visitor.visit("/licences/")
    expect(page.get_by_role("heading", name="Hvem mangler")).to_be_visible()
    page.get_by_text("Vis alle 26 virksomheter").click()
    visitor.check("the licences")
    page.get_by_role("link", name="Ny pris fra en dato").click()
    dialog.get_by_label("Gjelder fra").fill("2018-08-01")
    dialog.get_by_label("Pris per lisens").fill("gratis")
    dialog.get_by_role("button", name="Lagre prisen").click()
    expect(dialog.locator("#id_price_nok_error")).to_be_visible()
    visitor.check("the dialog about a price")
    dialog.get_by_label("Pris per lisens").fill("27,50")
    dialog.get_by_role("button", name="Lagre prisen").click()
    expect(page.get_by_text("Ny pris gjelder fra onsdag 1. august 2018.")).to_be_visible()
    visitor.check("the licences with a later price")


def test_what_is_wrong_far_down_a_long_page_is_what_the_page_comes_back_to(visitor):
    page = visitor.sign_in("Prosjektleder")
    visitor.visit("/r/workplace-2018/agencies/bns/plan/#funding")
    funded = page.get_by_label("Finansierte lisenser")
    funded.fill("")
    page.get_by_role("button", name="Lagre finansiering").click()
    expect(page.locator("#funding_funded_error")).to_be_in_viewport()
    expect(funded).to_be_focused()
    visitor.check("the agency's page with an error in its funding")
