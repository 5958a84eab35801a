"""Journey 6: a lead reads the mail that was sent, and settles what was cut off."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agencies.models import Person
from rollout import reference
from rollout.domain import deciding, opening, together
from rollout.models import EmailKind, EmailState, OutgoingEmail, Rollout, Verdict
from tests.factories import NOW, at

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(demo):
    """Wave 1 is open for leaders: two agencies are in, and their ten messages wait."""
    rollout, lead = Rollout.objects.get(), Person.objects.get(email="prosjektleder@example.org")
    together.apply_plan(rollout=rollout, places=reference.proposed_plan(), by=lead, now=NOW)
    wave = rollout.waves.get(number=1)
    deciding.decide(wave=wave, verdict=Verdict.GO, reason="Piloten gikk bra.", by=lead, now=NOW)
    opening.open_due(now=at("2018-02-07 08:00"))
    return rollout


def end(message, state, error=""):
    OutgoingEmail.objects.filter(pk=message.pk).update(
        state=state, settled_at=timezone.now(), attempts=1, last_error=error
    )


def test_a_lead_finds_a_message_and_reads_it_as_its_reader_did(visitor, opened):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/mail/")
    expect(page.get_by_role("heading", name="E-post", exact=True)).to_be_visible()
    visitor.check("the list of mail")

    row = page.get_by_role("row").filter(has_text="leder.bre@example.org").filter(has_text="er åpnet for")
    row.get_by_role("link").click()

    expect(page.get_by_role("heading", name="Workplace er åpnet for ledere og nøkkelpersoner")).to_be_visible()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("du er virksomhetsleder")).to_be_visible()
    expect(mail.get_by_text("Tirsdag 27. februar 2018 kl. 08.00", exact=True)).to_be_visible()
    visitor.check("a message")


def test_a_lead_settles_what_was_cut_off_with_one_press(visitor, opened):
    opened_mail = OutgoingEmail.objects.filter(kind=EmailKind.LEADERS_OPEN).order_by("id")
    cut_off, failed, *others = [*opened_mail, *OutgoingEmail.objects.exclude(kind=EmailKind.LEADERS_OPEN)]
    end(cut_off, EmailState.UNKNOWN, "Prosessen som sendte, ble avbrutt. Serveren kan ha tatt imot meldingen.")
    end(failed, EmailState.FAILED, "E-postserveren svarte 550: no such mailbox")
    for message in others:
        end(message, EmailState.SENT)
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/mail/")
    expect(page.get_by_text("1 melding ble avbrutt mens den ble sendt")).to_be_visible()
    visitor.check("the list with something unknown")

    page.get_by_role("link", name="Ukjent").click()
    expect(page.get_by_role("row").filter(has_text=cut_off.message_id)).to_be_visible()
    expect(page.get_by_text(others[0].to_address)).to_have_count(0)
    page.get_by_role("link", name=cut_off.headline).click()
    visitor.check("a message that was cut off")
    page.get_by_role("button", name="Den ble ikke sendt").press("Enter")

    expect(page.get_by_text("ble ikke sendt, og sendes om litt")).to_be_visible()
    cut_off.refresh_from_db()
    assert cut_off.state == EmailState.WAITING
    visitor.check("a message that was settled")
