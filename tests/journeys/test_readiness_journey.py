"""Journey 3: a communication chief sees what is missing, signs and confirms."""

import pytest
from playwright.sync_api import expect

from rollout.models import ReadinessConfirmation, SignOff
from tests.journeys.board import move

pytestmark = pytest.mark.browser
CHIEF = "Kommunikasjonssjef i Klimaetaten"


def test_a_chief_signs_the_text_that_was_shown_and_confirms_that_the_agency_is_ready(visitor):
    visitor.sign_in("Prosjektleder")
    move(visitor.visit("/board/"), "Klimaetaten", "Pulje 1")
    expect(visitor.page.locator('section[data-wave="1"] [data-agency="kli"]')).to_be_visible()

    page = visitor.sign_in(CHIEF)
    page = visitor.visit("/my/")
    expect(
        page.get_by_role("heading", name="Klimaetaten åpner for ledere om 6 dager. 2 av 10 steg gjenstår.")
    ).to_be_visible()
    visitor.check("my agency")

    page.locator('[data-step="guidelines_adopted"] .ur-actions a').click()
    expect(page.get_by_role("button", name="Signer")).to_be_visible()
    visitor.check("the guidelines")
    page.get_by_role("button", name="Signer").click()
    expect(page.get_by_text("1 av 10 steg gjenstår")).to_be_visible()
    signature = SignOff.objects.get(placement__agency__slug="kli")
    assert (signature.person.email, signature.signed_in_by) == ("kommunikasjonssjef.kli@example.org", "demo")

    page.locator('[data-step="readiness_confirmed"] .ur-actions a').click()
    expect(page.get_by_role("button", name="Bekreft klar")).to_be_visible()
    visitor.check("confirming readiness")
    page.get_by_role("button", name="Bekreft klar").click()
    expect(page.get_by_text("Alle 10 steg er ferdige.")).to_be_visible()
    assert ReadinessConfirmation.objects.filter(placement__agency__slug="kli").exists()

    visitor.sign_in("Prosjektleder")
    visitor.visit("/board/")
    expect(page.locator('[data-agency="kli"]')).to_contain_text("Klar")


def test_a_step_without_evidence_is_explained_and_nothing_typed_is_lost(visitor):
    page = visitor.sign_in("Prosjektleder")
    move(visitor.visit("/board/"), "Klimaetaten", "Pulje 1")
    page.goto(visitor.address + "/agencies/kli/")
    expect(page.get_by_role("heading", name="Klimaetaten").first).to_be_visible()
    expect(page.get_by_text("Pulje 1").first).to_be_visible()
    visitor.check("the agency's page, with its plan")


def test_the_wrong_agency_and_the_leads_pages_are_not_there_for_a_chief(at_phone):
    page = at_phone.sign_in(CHIEF)
    for path, status in (("/agencies/vav/", 404), ("/board/", 403), ("/mail/", 403), ("/import/", 403)):
        assert page.goto(at_phone.address + path).status == status, path
        at_phone.check(f"refused {path}")
