"""A lead writes and publishes the guidelines, an agency's head signs them, and a lead makes a new course."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import link

pytestmark = pytest.mark.browser

PLAN = "/r/workplace-2018"


def test_the_next_guidelines_are_written_published_and_signed(visitor, mailbox):
    page = visitor.sign_in("Prosjektleder")
    visitor.visit(f"{PLAN}/guidelines/")
    visitor.check("the versions")
    page.get_by_role("link", name="Skriv neste versjon").click()
    text = page.get_by_role("textbox", name="Tekst")
    text.fill(text.input_value().replace("Vær saklig og vennlig.", "Vær saklig, vennlig og kort."))
    expect(page.locator(".ur-diff ins").filter(has_text="kort")).to_be_visible()
    visitor.check("the draft, with its preview")
    page.get_by_role("button", name="Lagre, og gå til publisering").click()
    page.get_by_label("Ja, vesentlig").check()
    page.get_by_label("Den gamle signaturen gjelder").fill("2018-02-10")
    expect(page.get_by_text("gjelder til og med lørdag 10. februar 2018")).to_be_visible()
    visitor.check("before publishing")
    page.get_by_role("button", name="Publiser versjon 2").click()
    expect(page.get_by_text("Kjørereglene, versjon 2, er publisert.")).to_be_visible()

    visitor.sign_in("Virksomhetsleder i Klimaetaten")
    visitor.visit(f"{PLAN}/my/kli/guidelines/")
    visitor.check("before signing")
    page.get_by_role("button", name="Signer").click()
    visitor.visit(f"{PLAN}/my/kli/guidelines/")
    expect(page.get_by_text("Signert av leder.kli@example.org som virksomhetsleder, versjon 2")).to_be_visible()
    visitor.check("after signing")
    page.get_by_role("link", name="Les teksten som er signert").click()
    visitor.check("the signed text")
    (receipt,) = mailbox.of("leder.kli@example.org", "har signert kjørereglene, versjon 2")
    assert link(receipt) == f"{visitor.address}{PLAN}/guidelines/2/"
    # Leaving a page while its preview is being fetched ends that request; htmx tells the console.
    visitor.complaints[:] = [said for said in visitor.complaints if not said.startswith(("htmx:afterR", "htmx:send"))]


def test_a_new_version_of_the_course_is_published_after_its_difference_was_shown(visitor):
    page = visitor.sign_in("Prosjektleder")
    visitor.visit(f"{PLAN}/course/")
    visitor.check("the course")
    page.get_by_role("link", name="Lag ny versjon").click()
    page.locator("#step-4 > summary").click()
    page.locator("#step-4").get_by_label("Dager før åpning for ledere").fill("42")
    page.get_by_role("button", name="Se forskjellen").click()
    expect(page.get_by_text("42 dager før åpning for ledere")).to_be_visible()
    visitor.check("the difference")
    page.get_by_role("button", name="Publiser versjon 2").click()
    expect(page.get_by_text(re.compile("Versjon 2 av løpet er publisert"))).to_be_visible()
    visitor.visit(f"{PLAN}/agencies/kli/plan/")
    page.get_by_text("Hva som er annerledes i versjon 2").click()
    visitor.check("an agency that follows the older version")
