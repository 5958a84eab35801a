"""A lead has waves proposed: says what counts, watches the search, reads why each agency stands where it does."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from rollout import tasks
from rollout.domain import compositions
from rollout.models import Composition, CompositionState, Rollout, Scenario
from rollout.views import compose

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"
URL = "/r/workplace-2018/compose/"


@pytest.fixture(autouse=True)
def handed(monkeypatch) -> list[dict]:
    """What is handed to the worker; the test is the worker, so that it knows when."""
    tasks_given: list[dict] = []
    monkeypatch.setattr(compose.current_app, "send_task", lambda _name, kwargs: tasks_given.append(kwargs))
    return tasks_given


def test_a_lead_asks_watches_and_reads_the_proposal(visitor, handed):
    page = visitor.sign_in(LEAD)
    visitor.visit(URL)
    page.get_by_role("group", name="Pilotpuljer").get_by_label(re.compile("Pulje 1")).check()
    page.get_by_role("group", name="Se bort fra ledetidene i").get_by_label(re.compile("Pulje 1")).check()
    visitor.check("the form")
    page.get_by_role("button", name="Foreslå puljer").click()
    expect(page.get_by_role("heading", name="Venter på å begynne")).to_be_visible()
    visitor.check("while it waits")

    Composition.objects.update(state=CompositionState.RUNNING, best=300_000, bound=150_000)
    expect(page.get_by_text("Beste så langt: 3 000 poeng.")).to_be_visible()
    visitor.check("while it searches")

    Composition.objects.update(state=CompositionState.QUEUED)
    tasks.compose(**handed[0])
    expect(page.get_by_role("heading", name="Et forslag er klart")).to_be_visible()
    page.get_by_text("virksomheter står der det er deres tur").click()
    expect(page.get_by_text("Bydel Nordstrand får plass i pulje")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Pulje 1"))).to_contain_text("Pilot")
    visitor.check("the proposal")
    assert not Rollout.objects.active().placements.placed().exists()

    page.get_by_role("link", name="Se forslaget og ta det i bruk").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Forslag")
    page.get_by_text("26 begrunnelser").click()
    expect(page.get_by_text("Bydel Nordstrand får plass i pulje")).to_be_visible()
    visitor.check("the scenario with its explanation")
    assert urlsplit(page.url).path.endswith(f"/scenarios/{Scenario.objects.get().pk}/")


def test_a_lead_cancels_and_the_plan_is_as_before(visitor, handed):
    page = visitor.sign_in(LEAD)
    visitor.visit(URL)
    page.get_by_role("button", name="Foreslå puljer").click()
    page.get_by_role("button", name="Avbryt utregningen").click()
    expect(page.get_by_text("Utregningen er avbrutt. Planen er som før.")).to_be_visible()
    tasks.compose(**handed[0])
    assert not Scenario.objects.exists()


def test_without_javascript_one_reloads(browser, demo, handed):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/sign-in/")
    page.get_by_role("button", name=LEAD).click()
    page.goto(demo + URL)
    page.get_by_role("button", name="Foreslå puljer").click()
    expect(page.get_by_role("heading", name="Venter på å begynne")).to_be_visible()
    compositions.run(composition_id=handed[0]["composition"], now=Composition.objects.get().asked_at)
    page.get_by_role("link", name="Se hvor langt den er kommet").click()
    expect(page.get_by_role("heading", name="Et forslag er klart")).to_be_visible()
    context.close()
