"""Journey: an agency that was told its dates has been moved; a lead sees who must be told, and tells them."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agencies.models import Person
from rollout import reference
from rollout.domain import deciding, placing, together
from rollout.models import EmailKind, EmailState, OutgoingEmail, Rollout, Verdict
from tests.factories import NOW

pytestmark = pytest.mark.browser
LEAD = "prosjektleder@example.org"


@pytest.fixture
def told(demo):
    """Wave 1 has its go, and its people have been told."""
    rollout, lead = Rollout.objects.get(), Person.objects.get(email=LEAD)
    together.apply_plan(rollout=rollout, places=reference.proposed_plan(), by=lead, now=NOW)
    wave = rollout.waves.get(number=1)
    deciding.decide(wave=wave, verdict=Verdict.GO, reason="Piloten gikk bra.", by=lead, now=NOW)
    OutgoingEmail.objects.update(state=EmailState.SENT, settled_at=timezone.now())
    return wave


def test_a_lead_finds_what_is_not_announced_and_tells_everyone_with_one_press(visitor, told):
    agency = told.placements.order_by("slot").first().agency
    visitor.sign_in("Prosjektleder")
    second = told.rollout.waves.get(number=2)
    placing.move(placement=told.placements.get(agency=agency), to=second, by=Person.objects.get(email=LEAD), now=NOW)
    page = visitor.visit("/board/")
    expect(page.get_by_text("2 personer har fått vite noe annet enn det planen sier nå.")).to_be_visible()
    visitor.check("the board with something to announce")

    page.get_by_role("link", name="Se og kunngjør").click()
    expect(page.get_by_role("heading", name="Kunngjør endringer")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=f"leder.{agency.slug}@example.org")
    expect(row).to_contain_text("Pulje 1: ledere 7. feb. 2018")
    expect(row).to_contain_text("Pulje 2: ledere 4. apr. 2018")
    visitor.check("the page to announce on")
    page.get_by_label("Et ord til alle").fill("Lisensene kommer først i mai.")
    page.get_by_role("button", name="Send 2 meldinger").click()

    expect(page.get_by_text("Kunngjort: 2 meldinger er skrevet")).to_be_visible()
    expect(page.get_by_text("har fått vite det planen sier nå")).to_be_visible()
    visitor.check("nothing left to announce")
    corrections = OutgoingEmail.objects.filter(kind=EmailKind.DATE_CHANGED)
    assert all("Lisensene kommer først i mai." in mail.text for mail in corrections)
    assert corrections.count() == 2
