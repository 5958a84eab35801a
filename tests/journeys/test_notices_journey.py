"""Choosing what mail to get, from a link in a mail, at both sizes and without scripts in the way."""

import pytest
from playwright.sync_api import expect

from rollout.models import MailChoice

pytestmark = pytest.mark.browser


def test_a_chief_leaves_the_week_and_keeps_the_reminders(visitor):
    page = visitor.sign_in("Kommunikasjonssjef i Klimaetaten")
    visitor.visit("/varsler/")
    expect(page.get_by_role("heading", level=1, name="Varsler")).to_be_visible()
    visitor.check("notices")

    week = page.get_by_label("Virksomheten denne uken")
    expect(week).to_be_checked()
    week.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Lagre valgene").press("Enter")

    expect(page.get_by_text("Valgene er lagret.")).to_be_visible()
    expect(page.get_by_label("Virksomheten denne uken")).not_to_be_checked()
    expect(page.get_by_label("Påminnelse")).to_be_checked()
    visitor.check("notices, saved")
    assert set(MailChoice.objects.values_list("kind", "wanted")) == {("to_do", True), ("agency_week", False)}
