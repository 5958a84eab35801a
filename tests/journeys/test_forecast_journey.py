"""*Når er vi ferdige?*: the sponsor reads the range in the overview and goes on to its reasons."""

import pytest
from playwright.sync_api import expect

from rollout import clock
from rollout.domain.forecasting import keeping
from rollout.models import Rollout
from rollout.tasks import make_forecasts

pytestmark = pytest.mark.browser


def test_a_lead_goes_from_the_overviews_answer_to_the_range_and_its_reasons(visitor):
    page = visitor.sign_in("Prosjektleder")
    visitor.visit("/forecast/")
    expect(page.get_by_text("Ingen prognose er laget ennå.")).to_be_visible()
    visitor.visit("/board/")
    page.get_by_role("button", name="Legg inn foreslått plan").click()
    expect(page.get_by_text("26 virksomheter er lagt i puljer.")).to_be_visible()
    make_forecasts()
    visitor.visit("/")
    expect(page.get_by_text("Alle har trolig tilgang mellom")).to_be_visible()
    page.get_by_role("link", name="Se spennet og grunnene").click()
    expect(page.get_by_role("heading", name="Når er vi ferdige?")).to_be_visible()
    expect(page.get_by_text("Ingen pulje er fullført ennå")).to_be_visible()
    for name in ("Datoene som tabell", "Ukene som tabell", "Slik regner vi"):
        page.get_by_text(name).click()
    expect(page.get_by_role("table")).to_have_count(2)
    expect(page.get_by_role("row", name="Hele køen")).to_be_visible()
    visitor.check("the forecast, tables open")


def test_stepping_the_demo_makes_the_forecast_of_the_new_day(at_laptop):
    page = at_laptop.sign_in("Prosjektleder")
    page.get_by_role("button", name="Neste dag").click()
    at_laptop.visit("/forecast/")
    expect(page.get_by_text("2. feb. 2018 kl. 09.00, med 10")).to_be_visible()
    kept = keeping.latest(Rollout.objects.get(), now=clock.now())
    assert kept is not None
    assert not kept.is_old
