"""Journey: a lead finds a change in the history, looks into it, and takes it back."""

import re

import pytest
from playwright.sync_api import expect

from agencies.models import Person
from rollout import reference
from rollout.domain import together
from rollout.models import Rollout
from tests.factories import NOW

pytestmark = pytest.mark.browser


@pytest.fixture
def planned(demo):
    rollout, lead = Rollout.objects.get(), Person.objects.get(email="prosjektleder@example.org")
    together.apply_plan(rollout=rollout, places=reference.proposed_plan(), by=lead, now=NOW)
    return rollout


def test_a_lead_finds_a_bulk_change_reads_its_parts_and_takes_it_back(visitor, planned):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/history/")
    expect(page.get_by_role("heading", name="Historikk")).to_be_visible()
    visitor.check("the history")

    page.get_by_label("Hva", exact=True).select_option(label="Kø og plasser")
    expect(page).to_have_url(re.compile(r"\?kind=places$"))
    bulk = page.locator(".ur-log__row").filter(has_text=re.compile(r"\d+ virksomheter flyttet")).first
    expect(bulk).to_be_visible()
    bulk.get_by_text("Vis alle").click()
    expect(bulk.get_by_text("Bydel Nordstrand: Flyttet fra plass 1 i køen til pulje 1")).to_be_visible()
    visitor.check("a bulk change, opened")

    bulk.get_by_role("button", name=re.compile("^Angre")).click()

    expect(page.get_by_text("er tatt tilbake")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?kind=places$"))
    assert not planned.placements.placed().exists()
    undone = page.get_by_role("link", name=re.compile("^Angret av"))
    expect(undone).to_be_visible()
    visitor.check("the history after an undo")

    undone.click()
    expect(page.locator(".ur-log__row:target")).to_contain_text("Angret:")
    page.go_back()
    expect(page.get_by_label("Hva", exact=True)).to_have_value("places")


def test_a_lead_makes_a_rollout_and_makes_it_the_active_one(visitor, demo):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit("/rollouts/")
    visitor.check("the rollouts")
    page.get_by_role("link", name=re.compile("^Ny fra denne")).click()
    page.get_by_label("Navn").fill("Teams i Oslo kommune")
    page.get_by_label("Verktøy").fill("Teams")
    page.get_by_label("Første pulje åpner for ledere").fill("2018-12-24")
    page.get_by_role("button", name="Lag utrullingen").click()
    expect(page.get_by_text("Teams i Oslo kommune er opprettet etter malen")).to_be_visible()
    visitor.check("the board of a new rollout")

    page = visitor.visit("/rollouts/")
    page.get_by_role("link", name=re.compile("^Gjør aktiv")).click()
    visitor.check("making a rollout active")
    page.get_by_role("button", name="Gjør aktiv").click()
    expect(page.get_by_text("er nå den aktive utrullingen")).to_be_visible()
    assert Rollout.objects.get(is_active=True).slug == "teams-i-oslo-kommune"
