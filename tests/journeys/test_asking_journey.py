"""An agency lets its people in, states its money and asks for another date; a lead answers, and the agency sees it."""

import pytest
from playwright.sync_api import expect

from rollout.models import DateRequest, FundingStatement, LicenceBudget
from tests.factories import give_role
from tests.journeys.board import move
from tests.journeys.conftest import link, words

pytestmark = pytest.mark.browser
CHIEF, LEAD = "Kommunikasjonssjef i Klimaetaten", "Prosjektleder"


def test_a_chief_asks_for_another_date_and_sees_the_leads_answer(visitor, mailbox):
    visitor.sign_in(LEAD)
    move(visitor.visit("/board/"), "Klimaetaten", "Pulje 1")
    expect(visitor.page.locator('section[data-wave="1"] [data-agency="kli"]')).to_be_visible()

    page = visitor.sign_in(CHIEF)
    visitor.visit("/my/")
    page.get_by_role("link", name="Be om en annen dato").click()
    visitor.check("asking for another date")
    page.get_by_role("button", name="Send ønsket").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv hvorfor dere trenger en annen dato.")
    page.get_by_label("Pulje dere heller vil gå i").select_option("3")
    page.get_by_label("Begrunnelse").fill("Vi flytter kontorer i februar.")
    page.get_by_role("button", name="Send ønsket").click()
    expect(page.get_by_role("heading", name="Ønsket deres")).to_be_visible()
    visitor.check("an open request")
    (asked,) = mailbox.of("prosjektleder@example.org", "Klimaetaten ber om en annen dato")
    assert "Vi flytter kontorer i februar." in words(asked)

    visitor.sign_in(LEAD)
    expect(visitor.visit("/").get_by_text("Virksomheter som venter på svar")).to_be_visible()
    visitor.check("the overview with a request")
    visitor.visit("/requests/")
    visitor.check("the requests")
    page.get_by_role("link", name="Svar Klimaetaten").click()
    expect(page.locator("#effect")).to_contain_text("Dette skjer")
    page.get_by_label("Flytt til").select_option("2")
    expect(page.locator("#effect")).to_contain_text("Dette skjer")
    visitor.check("answering a request")
    page.get_by_label("Melding til virksomheten").fill("Pulje 2 passer.")
    page.get_by_role("button", name="Godta og flytt").click()
    expect(page.get_by_text("Ønsket er godtatt. Klimaetaten står i Pulje 2.")).to_be_visible()
    assert DateRequest.objects.get().moved_to.number == 2
    (answer,) = mailbox.of("kommunikasjonssjef.kli@example.org", "Klimaetaten får en annen dato")
    assert "Pulje 2 passer." in words(answer) and "onsdag 4. april 2018" in words(answer)

    visitor.sign_in(CHIEF)
    visitor.visit("/my/")
    page.get_by_role("link", name="Be om en annen dato").click()
    expect(page.get_by_text("Pulje 2 passer.")).to_be_visible()
    visitor.check("an answered request")


def test_a_chief_pastes_a_list_and_states_the_money_that_the_head_approves(at_phone, mailbox):
    visitor = at_phone
    page = visitor.sign_in(CHIEF)
    visitor.visit("/my/")
    page.get_by_role("link", name="Folk", exact=True).click()
    visitor.check("the agency's people")
    page.get_by_role("link", name="Inviter", exact=True).click()
    pasted = "Kari Nordmann <kari@example.org>\nola"
    page.get_by_label("E-postadresser").fill(pasted)
    page.get_by_role("dialog").get_by_role("button", name="Inviter").click()
    expect(page.get_by_role("alert")).to_contain_text("Linje 2: «ola» er ikke en e-postadresse.")
    expect(page.get_by_label("E-postadresser")).to_have_value(pasted)
    visitor.check("a list with a bad line")
    page.get_by_label("E-postadresser").fill("Kari Nordmann <kari@example.org>\nola@example.org")
    page.get_by_role("dialog").get_by_role("button", name="Inviter").click()
    expect(page.get_by_text("2 er invitert som nøkkelperson og får hver sin e-post.")).to_be_visible()
    (invitation,) = mailbox.of("kari@example.org")
    assert invitation["Subject"] == "Du er nøkkelperson i Klimaetaten i Puljeplan"
    assert link(invitation).endswith("/r/workplace-2018/my/kli/")
    assert len(mailbox.of("ola@example.org")) == 1

    visitor.visit("/my/")
    page.get_by_role("link", name="Lisenser og penger").click()
    visitor.check("licences and money")
    page.get_by_label("Finansierte lisenser").fill("150")
    page.get_by_label("Satt av til innføring").fill("40000")
    page.get_by_role("button", name="Oppgi finansieringen").click()
    expect(page.get_by_role("heading", name="Venter på godkjenning")).to_be_visible()
    visitor.check("a statement that waits")

    give_role("kommunikasjonssjef.kli@example.org", "agency_head", FundingStatement.objects.get().placement.agency)
    page.reload()
    page.get_by_role("button", name="Godkjenn").click()
    expect(page.get_by_text("Finansieringen er godkjent.")).to_be_visible()
    assert LicenceBudget.objects.get(placement__agency__slug="kli").funded == 150
