"""A lead tries another plan, sees it beside today's, takes part of it and takes it back; and keeps a baseline."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from rollout.domain import scheduling, together
from rollout.models import Rollout, Scenario
from rollout.reference import proposed_plan
from tests.factories import NOW, make_lead

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"


@pytest.fixture
def planned(demo) -> Rollout:
    rollout = Rollout.objects.active()
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=make_lead(), now=NOW)
    return rollout


def wave_of(rollout, slug):
    wave = rollout.placements.get(agency__slug=slug).wave
    return wave.number if wave else None


def test_a_lead_tries_another_plan_adopts_a_part_of_it_and_takes_it_back(visitor, planned):
    visitor.sign_in(LEAD)
    page = visitor.visit("/r/workplace-2018/scenarios/")
    visitor.check("no scenarios yet")
    page.get_by_role("link", name="Nytt scenario").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Navn").fill("Utdanningsetaten for seg selv")
    visitor.check("the dialog of a new scenario")
    dialog.get_by_role("button", name="Lag scenario").click()

    expect(page.get_by_role("heading", name="Endre scenarioet")).to_be_visible()
    new_wave = page.get_by_role("group", name="Pulje 8")
    new_wave.get_by_label("Ledere").fill("2018-10-31")
    new_wave.get_by_label("Alle").fill("2018-11-13")
    page.get_by_label("Utdanningsetaten").select_option("Pulje 8")
    page.get_by_label("Bydel Nordstrand").select_option("Pulje 2")
    page.get_by_role("group", name="Pulje 2").get_by_label("Alle").fill("2018-04-15")
    visitor.check("changing a scenario")
    page.get_by_role("button", name="Lagre og sammenlign").click()

    stops = page.get_by_text("Dette står i veien for å ta alt i bruk")
    expect(stops).to_be_visible()
    expect(page.get_by_text("Pulje 2: Søndag 15. april 2018 kan ingenting åpne")).to_be_visible()
    visitor.check("the comparison, with a rule broken")
    assert wave_of(planned, "ude") == 7

    page.get_by_role("checkbox", name="Pulje 2").uncheck()
    page.get_by_label("Begrunnelse").fill("Sytten tusen trenger tid")
    page.get_by_role("button", name="Ta i bruk det som er krysset av").click()
    said = page.get_by_role("status").filter(has_text="er tatt i bruk: ")
    expect(said).to_be_visible()
    assert (wave_of(planned, "ude"), wave_of(planned, "bns")) == (8, 2)

    said.get_by_role("button", name="Angre").click()
    expect(page.get_by_text("3 endringer er tatt tilbake")).to_be_visible()
    assert (wave_of(planned, "ude"), wave_of(planned, "bns"), planned.waves.count()) == (7, 1, 7)
    assert Scenario.objects.get().is_open


def test_a_baseline_is_kept_and_the_overview_tells_the_drift(visitor, planned):
    visitor.sign_in(LEAD)
    page = visitor.visit("/r/workplace-2018/scenarios/new/")
    page.get_by_label("Navn").fill("Planen i februar")
    page.get_by_label("Måle mot").check()
    page.get_by_role("button", name="Lag scenario").click()
    expect(page.get_by_text("Ingenting har forskjøvet seg")).to_be_visible()

    wave = planned.waves.get(number=7)
    later = wave.all_staff_on + dt.timedelta(days=14)
    scheduling.set_dates(wave=wave, leaders_on=wave.leaders_on, all_staff_on=later, by=make_lead(), now=NOW)
    page = visitor.visit("/r/workplace-2018/")
    expect(page.get_by_text("14 dager senere enn i referanseplanen")).to_be_visible()
    visitor.check("the overview with its drift")
    page.get_by_role("link", name="«Planen i februar»").click()
    expect(page.get_by_text("14 dager senere").first).to_be_visible()
    visitor.check("the baseline")


def test_without_javascript_a_scenario_is_made_changed_and_adopted(browser, demo, planned):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/sign-in/")
    page.get_by_role("button", name=LEAD).click()
    page.goto(f"{demo}/r/workplace-2018/scenarios/")
    page.get_by_role("link", name="Nytt scenario").click()
    page.get_by_label("Navn").fill("Uten skript")
    page.get_by_role("button", name="Lag scenario").click()
    page.get_by_label("Bydel Nordstrand").select_option("Pulje 2")
    page.get_by_role("button", name="Lagre og sammenlign").click()
    page.get_by_role("button", name="Ta i bruk det som er krysset av").click()
    expect(page.get_by_text("er tatt i bruk: ").first).to_be_visible()
    assert wave_of(planned, "bns") == 2
    context.close()
