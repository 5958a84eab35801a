"""A lead moves a wave: sees what it will do, carries it on to the waves after it, and takes all of it back."""

import re

import pytest
from playwright.sync_api import expect

from rollout.domain import together
from rollout.models import Rollout
from rollout.reference import proposed_plan
from tests.factories import BASELINE, NOW, make_lead

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"


@pytest.fixture
def planned(demo) -> Rollout:
    rollout = Rollout.objects.active()
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=make_lead(), now=NOW)
    return rollout


def dates(rollout: Rollout) -> dict:
    return {wave.number: (wave.leaders_on, wave.all_staff_on) for wave in rollout.waves.all()}


def test_a_lead_moves_wave_2_sees_the_effect_carries_it_on_and_undoes_it(visitor, planned):
    visitor.sign_in(LEAD)
    page = visitor.visit("/waves/2/")
    page.get_by_role("button", name="Sett datoer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Begrunnelse").fill("Opplæringen tar en uke til")
    dialog.get_by_label("Åpner for ledere").fill("2018-04-11")
    dialog.get_by_label("Åpner for alle").fill("2018-04-24")
    expect(dialog.get_by_text("1 pulje får nye datoer.")).to_be_visible()
    dialog.get_by_label("Flytt pulje 3–7").check()
    expect(dialog.get_by_text("6 puljer får nye datoer.")).to_be_visible()
    expect(dialog.get_by_text("i perioden «Høstferie»")).to_be_visible()
    expect(dialog.get_by_label("Begrunnelse")).to_have_value("Opplæringen tar en uke til")
    visitor.check("the effect of new dates")
    assert dates(planned) == BASELINE

    dialog.get_by_role("button", name="Sett datoene").click()
    said = page.get_by_role("status").filter(has_text="5 puljer til er flyttet.")
    expect(said).to_be_visible()
    assert str(planned.waves.get(number=3).leaders_on) == "2018-05-04"
    visitor.check("the wave with its new dates")

    said.get_by_role("button", name="Angre").click()
    expect(page.get_by_text("onsdag 4. april 2018").first).to_be_visible()
    assert dates(planned) == BASELINE


def test_without_javascript_the_effect_is_a_step_of_its_own(browser, demo, planned):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/sign-in/")
    page.get_by_role("button", name=LEAD).click()
    page.goto(f"{demo}/r/workplace-2018/waves/2/dates/")
    page.get_by_label("Åpner for ledere").fill("2018-04-11")
    page.get_by_label("Åpner for alle").fill("2018-04-24")
    page.get_by_label("Flytt pulje 3–7").check()
    expect(page.get_by_role("button", name="Sett datoene")).to_have_count(0)
    page.get_by_role("button", name="Se virkningen").click()
    expect(page.get_by_text("6 puljer får nye datoer.")).to_be_visible()
    page.get_by_role("button", name="Sett datoene").click()
    expect(page.get_by_text("5 puljer til er flyttet.")).to_be_visible()
    context.close()


def test_a_lead_adds_their_own_weeks_to_the_calendar(visitor, planned):
    visitor.sign_in(LEAD)
    page = visitor.visit("/calendar/")
    expect(page.get_by_role("heading", name="Sperreperioder i 2018")).to_be_visible()
    visitor.check("the calendar")
    page.get_by_role("button", name="Ny periode").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Navn").fill("Flytting")
    dialog.get_by_label("Første dag").fill("2018-06-04")
    dialog.get_by_label("Siste dag").fill("2018-06-08")
    dialog.get_by_label("Nektes").check()
    visitor.check("a new period")
    dialog.get_by_role("button", name="Legg inn perioden").click()
    expect(dialog.get_by_text("Pulje 4 åpner tirsdag 5. juni 2018.")).to_be_visible()
    visitor.check("a period that is refused")
    dialog.get_by_label("Varsles").check()
    dialog.get_by_role("button", name="Legg inn perioden").click()
    expect(page.get_by_role("row", name=re.compile("Flytting"))).to_be_visible()
    assert planned.blackouts.filter(name="Flytting", hard=False).exists()
