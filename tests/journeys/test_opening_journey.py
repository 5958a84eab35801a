"""Journeys 4 to 6: a wave gets its go and opens, its people get one mail, and Monday's status goes out."""

import pytest
from playwright.sync_api import expect

from rollout.domain import confirming, deciding, signing_off, together
from rollout.models import Placement, Rollout, Wave
from rollout.reference import proposed_plan
from tests.factories import NOW, make_lead, make_person
from tests.journeys.conftest import link, words

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"


@pytest.fixture
def nearly_ready(demo) -> Wave:
    """The proposed plan, with everything in wave 1 done but for Bydel Nordstrand's fifty licences."""
    rollout, lead = Rollout.objects.active(), make_lead()
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=lead, now=NOW)
    version = rollout.guideline_versions.get()
    head = make_person("leder.kli@example.org")
    kli, vav = (Placement.objects.get(agency__slug=slug) for slug in ("kli", "vav"))
    signing_off.sign(
        placement=kli,
        version=version,
        hash_seen=version.text_hash,
        by=head,
        role="agency_head",
        signed_in_by="demo",
        now=NOW,
    )
    for placement in (kli, vav):
        confirming.confirm_readiness(placement=placement, by=head, now=NOW)
    return rollout.waves.get(number=1)


def test_a_lead_sees_the_preview_gives_the_go_and_the_wave_opens_at_eight(visitor, nearly_ready, mailbox):
    visitor.sign_in(LEAD)
    page = visitor.visit("/waves/1/")
    expect(page.get_by_role("heading", name="Pulje 1", level=1)).to_be_visible()
    expect(page.get_by_text("50 mangler").first).to_be_visible()
    visitor.check("the wave before its go")

    page.get_by_label("Begrunnelse").fill("Fire av fem er klare")
    page.get_by_role("button", name="Gi klarsignal").click()
    expect(page.get_by_text("Klarsignal gitt").first).to_be_visible()
    assert Wave.objects.get(number=1).has_go
    visitor.check("the wave with its go")

    page.get_by_role("button", name="Neste hendelse").click()  # Monday's status
    page.get_by_role("button", name="Neste hendelse").click()  # the leaders' opening
    expect(page.get_by_text("onsdag 7. februar 2018 kl. 08.00").first).to_be_visible()
    mailbox.deliver()
    opened = [mail for mail in mailbox.server.mails if "er åpnet for ledere" in mail["Subject"]]
    assert len(opened) == len({mail["To"] for mail in opened}) == 20
    assert all("tirsdag 27. februar 2018" in words(mail) for mail in opened)
    visitor.visit("/waves/1/")
    expect(page.get_by_text("Ledere inne").first).to_be_visible()
    visitor.check("the wave open for leaders")

    visitor.visit("/mail/")
    expect(page.get_by_text("leder.kli@example.org").first).to_be_visible()
    visitor.check("sent mail")
    page.locator("tbody a").first.click()
    expect(page.locator("iframe")).to_be_visible()
    visitor.check("one message as its reader saw it")


def test_from_a_go_to_the_chiefs_mailbox_and_along_the_mails_link(visitor, nearly_ready, mailbox):
    chief = "kommunikasjonssjef.vav@example.org"
    visitor.sign_in(LEAD)
    page = visitor.visit("/waves/1/")
    page.get_by_label("Begrunnelse").fill("Fire av fem er klare")
    page.get_by_role("button", name="Gi klarsignal").click()
    expect(page.get_by_text("Klarsignal gitt").first).to_be_visible()
    page.get_by_role("button", name="Neste hendelse").click()
    page.get_by_role("button", name="Neste hendelse").click()
    expect(page.get_by_text("onsdag 7. februar 2018 kl. 08.00").first).to_be_visible()

    (mail,) = mailbox.of(chief, "er åpnet for ledere")
    assert "du er kommunikasjonssjef" in words(mail)
    page.context.clear_cookies()
    page.goto(link(mail))
    page.get_by_label("E-postadresse").fill(chief)
    page.get_by_role("button", name="Send meg en kode").click()
    expect(page.get_by_label("Engangskode")).to_be_visible()
    page.get_by_label("Engangskode").fill(mailbox.code(chief))
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vann- og avløpsetaten")
    visitor.check("where the mail's link leads")


def test_a_go_without_a_reason_is_refused_in_words(visitor, nearly_ready):
    visitor.sign_in(LEAD)
    page = visitor.visit("/waves/1/")
    page.get_by_role("button", name="Gi klarsignal").click()
    expect(page.get_by_label("Begrunnelse")).to_have_attribute("aria-invalid", "true")
    assert not Wave.objects.get(number=1).has_go
    visitor.check("the wave with a refused decision")


def test_a_new_date_is_set_on_the_waves_page_and_the_go_is_gone(visitor, nearly_ready):
    deciding.decide(wave=nearly_ready, verdict="go", reason="Klare", by=make_lead(), now=NOW)
    visitor.sign_in(LEAD)
    page = visitor.visit("/waves/1/")
    page.get_by_role("button", name="Sett datoer").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    visitor.check("the dialog for dates")
    dialog.get_by_label("Åpner for alle").fill("2018-03-01")
    expect(dialog.get_by_text("Klarsignalet for Pulje 1 faller bort.")).to_be_visible()
    dialog.get_by_role("button", name="Sett datoene").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("torsdag 1. mars 2018").first).to_be_visible()
    expect(page.get_by_text("Klarsignalet er falt bort").first).to_be_visible()


def test_mondays_status_can_be_read_as_it_was_sent(visitor, mailbox):
    page = visitor.sign_in(LEAD)
    page.get_by_role("button", name="Neste hendelse").click()
    expect(page.get_by_text("mandag 5. februar 2018 kl. 08.00").first).to_be_visible()
    visitor.sign_in("Sponsor")
    page = visitor.visit("/status/2018-W06/")
    expect(page.get_by_text("0 av 26 virksomheter").first).to_be_visible()
    visitor.check("the weekly status")
    visitor.visit("/status/")
    visitor.check("the weeks")
    for reader in ("prosjektleder@example.org", "sponsor@example.org"):
        (mail,) = mailbox.of(reader, "ukestatus uke 6")
        assert "0 av 26 virksomheter" in words(mail)
        assert link(mail) == f"{visitor.address}/r/workplace-2018/status/2018-W06/"


@pytest.mark.parametrize("path", ["/agencies/", "/agencies/bns/", "/status/coming/", "/mail/", "/import/"])
def test_every_other_page_of_a_lead_is_free_of_axe_violations(visitor, path):
    visitor.sign_in(LEAD)
    visitor.visit(path if not path.startswith("/status") else "/r/workplace-2018" + path)
    visitor.page.wait_for_load_state("networkidle")
    visitor.check(path)


def test_the_sign_in_page_offers_each_role_and_is_free_of_axe_violations(visitor):
    page = visitor.visit("/sign-in/")
    for who in (LEAD, "Kommunikasjonssjef i Klimaetaten", "Vann- og avløpsetaten", "Virksomhetsleder", "Sponsor"):
        expect(page.get_by_role("button", name=who)).to_be_visible()
    expect(page.get_by_text("Eksempeldata").first).to_be_visible()
    visitor.check("sign-in")


def test_after_a_decision_the_lead_is_where_the_decision_stands_by_mouse_and_by_keyboard(at_laptop, nearly_ready):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/waves/1/")
    reason, heading = page.get_by_label("Begrunnelse"), page.get_by_role("heading", name="Beslutning", exact=True)
    page.evaluate("scrollTo(0, 300)")  # at the very top the browser would not hold on to what is swapped
    reason.fill("Ikke ennå")
    page.get_by_role("button", name="Stopp").click()
    tags = page.locator(".ur-tag")
    expect(tags.filter(has_text="Stopp")).to_be_visible()
    expect(heading).to_be_in_viewport()

    reason.fill("Fire av fem er klare")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(tags.filter(has_text="Klarsignal gitt")).to_be_visible()
    expect(heading).to_be_in_viewport()
    expect(heading).to_be_focused()
