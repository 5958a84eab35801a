"""A lead reads every kind of mail before anything is sent; and each holds at a laptop's and a phone's width."""

import json

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from rollout.domain import previewing
from rollout.domain.previewing import KINDS
from tests import every_mail
from tests.factories import set_clock
from tests.journeys.conftest import AXE_OPTIONS, FIND_VIOLATIONS

pytestmark = pytest.mark.browser

WIDTHS = (600, 390)


def test_a_lead_chooses_a_kind_and_a_reader_and_reads_it_as_it_will_arrive(visitor):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/r/workplace-2018/mail/")
    page.get_by_role("link", name="Forhåndsvis").click()
    visitor.check("the kinds of mail")
    page.get_by_role("link", name="Ukestatus", exact=True).click()
    expect(page.get_by_text("Den neste sendes mandag 5. februar 2018.")).to_be_visible()
    page.get_by_label("Mottaker").select_option(
        label=next(
            label for label in page.get_by_label("Mottaker").locator("option").all_text_contents() if "sponsor" in label
        )
    )
    page.get_by_role("button", name="Vis", exact=True).click()

    expect(page.locator("dd").filter(has_text="sponsor@example.org")).to_be_visible()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("heading", level=1)).to_contain_text("0 av 26 virksomheter")
    visitor.check("a preview")

    page.get_by_role("link", name="Forhåndsvis e-post").click()
    page.get_by_role("link", name="Kvittering for signatur").click()
    visitor.check("a kind that nothing is at hand for")


def test_every_kind_holds_at_both_widths_and_is_free_of_axe_violations(browser, transactional_db, settings):
    settings.DEMO_MODE = True
    set_clock(every_mail.TODAY)
    rollout = every_mail.build()
    mails = {
        kind: drafts[0].html
        for kind in KINDS
        if (drafts := previewing.preview(kind, rollout=rollout, now=every_mail.TODAY).drafts)
    }
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        for kind, html in mails.items():
            page.set_content(html)
            page.evaluate(AXE_SCRIPT)
            found = page.evaluate(FIND_VIOLATIONS, AXE_OPTIONS)
            assert found == [], f"{kind} at {width}: {json.dumps(found, indent=1, ensure_ascii=False)}"
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{kind} at {width} is {overflow} px too wide"
        context.close()
