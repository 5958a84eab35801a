"""Journey 3, the rest: signing in by code, a step with its evidence, and what a lead sets on the agency's page."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from agencies.models import Person
from rollout import reference
from rollout.domain import together
from rollout.models import LicenceBudget, Rollout, StepEvidence, Waiver
from tests.factories import NOW

pytestmark = pytest.mark.browser


def session_cookie(person, address) -> dict:
    """A session of somebody the demo's sign-in page does not offer."""
    client = Client()
    client.force_login(person)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}


@pytest.fixture
def planned(demo):
    """Every agency in its proposed wave; Utdanningsetaten, in the last one, has done nothing yet."""
    rollout, lead = Rollout.objects.get(), Person.objects.get(email="prosjektleder@example.org")
    together.apply_plan(rollout=rollout, places=reference.proposed_plan(), by=lead, now=NOW)
    return rollout


def test_a_chief_signs_in_with_a_code_and_comes_to_the_page_asked_for(visitor, planned, mailbox):
    page = visitor.visit("/my/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    visitor.check("signing in")
    page.get_by_label("E-postadresse").fill("kommunikasjonssjef.vav@example.org")
    page.get_by_role("button", name="Send meg en kode").click()
    expect(page.get_by_label("Engangskode")).to_be_focused()
    visitor.check("typing the code")

    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv koden fra e-posten.")
    visitor.check("a code that is missing")
    page.get_by_label("Engangskode").fill(mailbox.code("kommunikasjonssjef.vav@example.org"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Vann- og avløpsetaten")).to_be_visible()


def test_a_step_is_confirmed_with_its_evidence_by_keyboard_alone(visitor, planned):
    """A mistake first: what was typed stays."""
    ude = planned.placements.get(agency__slug="ude")
    chief = Person.objects.get(email="kommunikasjonssjef.ude@example.org")
    visitor.page.context.add_cookies([session_cookie(chief, visitor.address)])

    page = visitor.visit("/my/")
    expect(page.get_by_role("heading", name="Utdanningsetaten")).to_be_visible()
    expect(page.get_by_text("9 av 10 steg gjenstår")).to_be_visible()
    visitor.check("an agency with everything left to do")
    page.get_by_role("link", name="Dokumenter steget «Tilsluttet rammeavtale").focus()
    page.keyboard.press("Enter")
    row = page.locator('[data-step="agreement_joined"]')
    row.get_by_label("Hvem kommer dokumentasjonen fra?").select_option("IKT-kontakt")
    row.get_by_role("button", name="Bekreft steg").press("Enter")
    expect(row.get_by_role("alert")).to_contain_text("Dokumentasjon")
    expect(row.get_by_label(re.compile("^Dokumentasjon"))).to_be_focused()
    visitor.check("evidence that is missing")
    expect(row.get_by_label("Hvem kommer dokumentasjonen fra?")).to_have_value("IKT-kontakt")

    page.keyboard.type("Signert 1. februar.")
    page.keyboard.press("Tab")
    expect(row.get_by_label("Saksnummer")).to_be_focused()
    page.keyboard.type("18/00077")
    page.keyboard.press("Enter")
    expect(page.get_by_text("8 av 10 steg gjenstår")).to_be_visible()
    evidence = StepEvidence.objects.get(placement=ude)
    assert (evidence.text, evidence.case_number) == ("Signert 1. februar.", "18/00077")


def test_a_lead_sets_the_funding_and_waives_a_step(visitor, planned):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/agencies/bns/")
    expect(page.get_by_text("Mangler 50")).to_be_visible()
    visitor.check("an agency that lacks licences")
    page.get_by_label("Finansierte lisenser").fill("-50")
    page.get_by_role("button", name="Lagre finansiering").click()
    expect(page.get_by_role("alert")).to_contain_text("Finansierte lisenser")
    visitor.check("a funding below nothing")

    page.get_by_label("Finansierte lisenser").fill("1650")
    page.get_by_label("Begrunnelse").fill("Omdisponert.")
    page.get_by_role("button", name="Lagre finansiering").press("Enter")
    expect(page.get_by_text("Finansieringen for Bydel Nordstrand er lagret.")).to_be_visible()
    expect(page.get_by_text("Alle 10 steg er ferdige.")).to_be_visible()
    assert LicenceBudget.objects.get(placement__agency__slug="bns").funded == 1650

    page = visitor.visit("/agencies/vav/")
    page.get_by_role("link", name="Frita fra steget «Klarmelding").click()
    visitor.check("waiving a step")
    page.get_by_role("button", name="Frita fra steget").click()
    expect(page.get_by_role("alert")).to_contain_text("Begrunnelse")
    page.get_by_label("Begrunnelse").fill("Avklart i møte.")
    page.get_by_role("button", name="Frita fra steget").click()
    expect(page.get_by_text("Vann- og avløpsetaten er fritatt fra")).to_be_visible()
    expect(page.get_by_text("Fritatt: Avklart i møte.")).to_be_visible()
    assert Waiver.objects.get().placement.agency.slug == "vav"
