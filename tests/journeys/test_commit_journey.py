"""An employee with a phone, from the link the chief shares to thanks; and what chief and lead see of it."""

import pytest
from django.core.cache import cache, caches
from playwright.sync_api import expect

from rollout.models import Commitment
from tests import codes as worker

pytestmark = pytest.mark.browser
KLI = "/r/workplace-2018/commit/kli/"


@pytest.fixture(autouse=True)
def nothing_waits(demo):
    cache.clear()
    caches["markup"].clear()
    worker.forget()


def test_an_employee_commits_in_a_few_taps(at_phone, mailbox):
    page = at_phone.visit("/r/workplace-2018/commit/")
    at_phone.check("choosing the agency")
    page.get_by_role("link", name="Klimaetaten").click()
    at_phone.check("the address")
    page.get_by_label("Jobbadressen din").fill("kari@gmail.com")
    page.get_by_role("button", name="Send meg en kode").click()
    at_phone.check("a wrong address")
    page.get_by_label("Jobbadressen din").fill("kari@kli.example.org")
    page.get_by_role("button", name="Send meg en kode").click()
    expect(page.get_by_text("Vi har sendt en kode til kari@kli.example.org")).to_be_visible()
    at_phone.check("the code")
    worker.deliver()
    page.get_by_label("Koden fra e-posten").fill(mailbox.code("kari@kli.example.org"))
    page.get_by_role("button", name="Gå videre").click()
    page.get_by_text("Hva lagres om meg?").click()
    at_phone.check("the text")
    page.get_by_role("button", name="Jeg godtar kjørereglene").click()
    expect(page.get_by_text("Du er talt med i Klimaetaten.")).to_be_visible()
    at_phone.check("thanks")
    page.go_back()
    expect(page.get_by_text("Du er talt med i Klimaetaten.")).to_be_visible()
    assert Commitment.objects.count() == 1


def test_a_chief_finds_the_link_and_a_lead_the_numbers(visitor):
    page = visitor.sign_in("Kommunikasjonssjef i Klimaetaten")
    visitor.visit("/my/")
    page.get_by_text("Del lenken med medarbeiderne").click()
    expect(page.get_by_label("Lenke", exact=True)).to_have_value(visitor.address + KLI)
    visitor.check("the link to share")

    visitor.sign_in("Prosjektleder")
    visitor.visit("/r/workplace-2018/commitments/")
    expect(page.get_by_role("heading", name="Medarbeidernes forpliktelser")).to_be_visible()
    visitor.check("the numbers")
