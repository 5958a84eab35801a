"""A chief with a phone, between two meetings: from the mail's link to signed and confirmed; and what may go wrong."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from agencies.models import Person, Role
from rollout import emails, reference
from rollout.domain import together
from rollout.models import EvidenceFile, PlanEvent, ReadinessConfirmation, Rollout, SignOff, StepEvidence
from tests.factories import NOW
from tests.files import EXE, PDF
from tests.journeys.conftest import words
from tests.journeys.test_agency_journey import session_cookie

pytestmark = pytest.mark.browser
CHIEF = "kommunikasjonssjef.kli@example.org"


@pytest.fixture
def kli(demo):
    """Klimaetaten in wave 1, where only the signature and the chief's word are missing."""
    rollout, lead = Rollout.objects.get(), Person.objects.get(email="prosjektleder@example.org")
    together.apply_plan(rollout=rollout, places=reference.proposed_plan(), by=lead, now=NOW)
    return rollout.placements.select_related("wave").get(agency__slug="kli")


class Fingers:
    """Counts what a thumb does on a phone; typing on its keyboard is not tapping."""

    def __init__(self):
        self.taps = 0

    def tap(self, what: Locator) -> None:
        self.taps += 1
        what.tap()

    def type_in(self, field: Locator, words: str) -> None:
        if not field.evaluate("field => field === document.activeElement"):
            self.tap(field)
        field.page.keyboard.type(words)


def mailed_link(kli, person: Person) -> str:
    """The link to the agency's own page as the mails have it."""
    drafts = emails.leaders_open(wave=kli.wave, placements=[kli], now=NOW)
    words = next(draft.text for draft in drafts if draft.person == person)
    return re.search(r"http\S+/my/", words)[0]


def test_from_the_mails_link_to_signed_and_confirmed_in_eight_taps_and_one_code(at_phone, kli, mailbox):
    chief = Person.objects.get(email=CHIEF)
    page, fingers = at_phone.page, Fingers()

    fingers.taps += 1  # the link in the mail
    page.goto(mailed_link(kli, chief))
    fingers.type_in(page.get_by_label("E-postadresse"), CHIEF)
    fingers.tap(page.get_by_role("button", name="Send meg en kode"))
    expect(page.get_by_label("Engangskode")).to_be_visible()
    fingers.type_in(page.get_by_label("Engangskode"), mailbox.code(CHIEF))
    fingers.tap(page.get_by_role("button", name="Logg inn"))

    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile(r"Klimaetaten åpner for ledere om 6 dager\.\s+2 av 10 steg gjenstår\.")
    )
    at_phone.check("my agency, two steps left")
    fingers.tap(page.get_by_role("link", name="Les og signer (steg 6)"))
    fingers.tap(page.get_by_role("button", name="Signer"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 av 10 steg gjenstår.")
    fingers.tap(page.get_by_role("link", name="Meld klar (steg 10)"))
    expect(page.get_by_role("button", name="Bekreft klar")).to_be_in_viewport()
    at_phone.check("confirming readiness in its row")
    fingers.tap(page.get_by_role("button", name="Bekreft klar"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alle 10 steg er ferdige.")
    at_phone.check("everything done")

    assert fingers.taps <= 8
    assert ["Kvittering" in mail["Subject"] for mail in mailbox.of(CHIEF)] == [False, True]
    (receipt,) = mailbox.of(CHIEF, "Kvittering")
    assert SignOff.objects.get(placement=kli).text_hash in words(receipt)
    signature, word = SignOff.objects.get(placement=kli), ReadinessConfirmation.objects.get(placement=kli)
    assert (signature.person, signature.signed_in_by, word.confirmed_by) == (chief, "code", chief)


def as_chief(visitor) -> Page:
    chief = Person.objects.get(email=CHIEF)
    visitor.page.context.add_cookies([session_cookie(chief, visitor.address)])
    return visitor.visit("/my/")


def test_a_confirmation_is_withdrawn_and_given_anew_with_a_file_where_it_stands(visitor, kli):
    page = as_chief(visitor)
    row = page.locator('[data-step="risk_and_dpia"]')
    row.get_by_role("link", name=re.compile("ROS")).click()
    row.get_by_role("link", name=re.compile("Trekk bekreftelsen")).click()
    row.get_by_label("Begrunnelse").fill("Gammel versjon.")
    visitor.check("withdrawing in the row")
    row.get_by_role("button", name="Trekk tilbake").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 av 10 steg gjenstår.")
    expect(row.get_by_text("Neste:")).to_be_visible()

    row.get_by_role("link", name=re.compile("Dokumenter steget")).click()
    row.get_by_label(re.compile("^Dokumentasjon")).fill("Behandlet på nytt.")
    row.get_by_label("Fil").set_input_files({"name": "ros.pdf", "mimeType": "application/pdf", "buffer": EXE})
    row.get_by_role("button", name="Bekreft steg").click()
    expect(row.get_by_role("alert")).to_contain_text("ikke det navnet «ros.pdf» sier")
    expect(row.get_by_label(re.compile("^Dokumentasjon"))).to_have_value("Behandlet på nytt.")
    visitor.check("a file that is not what it says")
    row.get_by_label("Fil").set_input_files({"name": "ros.pdf", "mimeType": "application/pdf", "buffer": PDF})
    row.get_by_role("button", name="Bekreft steg").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 av 10 steg gjenstår.")
    expect(row.get_by_role("link", name=re.compile("ROS"))).to_be_focused()

    row.get_by_role("link", name=re.compile("ROS")).click()
    visitor.check("the evidence with its file")
    with page.expect_download() as download:
        row.get_by_role("link", name="ros.pdf").click()
    assert download.value.suggested_filename == "ros.pdf"
    assert bytes(EvidenceFile.objects.get().content) == PDF


def test_two_tabs_the_back_button_and_a_role_lost_midway_lose_nothing(at_phone, kli):
    page = as_chief(at_phone)
    StepEvidence.objects.filter(placement=kli, step__number__in=(4, 5)).delete()
    page.reload()
    second = page.context.new_page()
    second.goto(page.url)
    for tab in (page, second):
        row = tab.locator('[data-step="risk_and_dpia"]')
        row.get_by_role("link", name=re.compile("Dokumenter steget")).click()
        row.get_by_label("Saksnummer").fill("18/1")
    for tab in (page, second):
        tab.locator('[data-step="risk_and_dpia"]').get_by_role("button", name="Bekreft steg").click()
        expect(page.locator("#toast-text")).to_contain_text("er bekreftet.")  # the second presses once the first is in
    expect(second.get_by_role("alert")).to_contain_text(f"er alt bekreftet av {CHIEF}")
    assert StepEvidence.objects.filter(placement=kli, step__number=4).count() == 1
    second.close()

    # Back leads to the step as it stands by now, not to a form that was sent.
    page.goto(f"{page.url}steps/5/")
    page.get_by_label("Saksnummer").fill("18/2")
    page.get_by_role("button", name="Bekreft steg").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Klimaetaten")
    page.go_back()
    expect(page.get_by_role("heading", name="Bekreftet")).to_be_visible()
    expect(page.get_by_role("button", name="Bekreft steg")).to_have_count(0)
    assert StepEvidence.objects.filter(placement=kli, step__number=5).count() == 1

    page.goto(f"{at_phone.address}/my/")
    row = page.locator('[data-step="readiness_confirmed"]')
    row.get_by_role("link", name=re.compile("Meld klar")).click()
    row.get_by_label("Åpne avvik og kommentar").fill("Ett åpent avvik.")
    events = PlanEvent.objects.count()
    Role.objects.filter(person__email=CHIEF).update(until=NOW)
    row.get_by_role("button", name="Bekreft klar").click()
    expect(page.locator("#toast-text")).to_contain_text("Du har ingen rolle i Puljeplan nå.")
    expect(row.get_by_label("Åpne avvik og kommentar")).to_have_value("Ett åpent avvik.")
    assert PlanEvent.objects.count() == events
    # htmx writes in the console that the press was refused; anything else there is a fault.
    assert [told for told in at_phone.complaints if "Error Code 403" not in told] == []
    at_phone.complaints.clear()
