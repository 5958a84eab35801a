"""A sponsor reads the week, goes to the week before, and sees the mail as it came."""

import pytest
from playwright.sync_api import expect

from rollout.domain import stepping
from tests.factories import at

pytestmark = pytest.mark.browser


def test_a_week_and_its_mail(visitor):
    stepping.step_to(to=at("2018-02-13 09:00"))
    page = visitor.sign_in("Sponsor")
    visitor.visit("/r/workplace-2018/status/")
    page.get_by_role("link", name="Uke 7, mandag 12. februar 2018").click()
    expect(page.get_by_text("0 av 26 virksomheter og 0 av 41 000 medarbeidere har tilgang.")).to_be_visible()
    visitor.check("the week")
    page.get_by_role("link", name="← Uke 6").click()
    page.get_by_role("link", name="E-posten som ble sendt").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Veien til 41 000 medarbeidere")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("VEIEN TIL 41 000 MEDARBEIDERE")
    visitor.check("its mail")
    page.get_by_role("link", name="Uke 7 →").click()
    expect(page).to_have_url(f"{visitor.address}/r/workplace-2018/status/2018-W07/mail/")
