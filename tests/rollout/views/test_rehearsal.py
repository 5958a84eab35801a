"""The page of the dress rehearsal: a lead has it played by a worker, and everybody central may read it."""

import datetime as dt

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from agencies.models import RoleName
from rollout import rehearsals, tasks
from rollout.domain import queueing, rehearsing, scenarios
from rollout.domain.rehearsing import Assumptions
from rollout.models import Purpose
from tests.factories import (
    NOW,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    place,
    set_clock,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/r/workplace-2018/rehearsal/"


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    rollout = make_rollout(waves=1)
    agency = make_agency("kli", name="Klimaetaten")
    make_people(agency)
    make_ready(place(agency, rollout.waves.get()))
    return rollout


@pytest.fixture
def worker(monkeypatch):
    """What a page hands over to a worker; calling it does what waits."""
    waiting = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **options: waiting.append((name, kwargs)))

    def work() -> int:
        done = len(waiting)
        while waiting:
            name, kwargs = waiting.pop()
            assert name == tasks.rehearse.name
            tasks.rehearse(**kwargs)
        return done

    return work


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def lead(rollout) -> Client:
    return signed_in(make_lead())


def page(client: Client, query: str = "") -> str:
    response = client.get(ADDRESS + query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_lead_has_it_played_waits_and_reads_what_will_happen(lead, worker):
    answer = lead.post(ADDRESS, {"go": "on"})
    assert answer.headers["Location"] == f"{ADDRESS}?go=1"
    assert "Generalprøven spilles" in page(lead, "?go=1")
    assert worker() == 1
    shown = page(lead, "?go=1")
    assert "Generalprøven spilles" not in shown
    assert "Åpnet for ledere og nøkkelpersoner: 1 virksomhet kom inn" in shown
    assert "kommunikasjonssjef.kli@example.org" in shown
    assert "Ingen generalprøve er spilt" in page(lead), "other assumptions are another rehearsal"


def test_days_with_nothing_but_mail_are_folded_into_one_line_between_those_with_more(lead, worker, rollout):
    lead.post(ADDRESS, {"go": "on"})
    worker()
    days = lead.get(f"{ADDRESS}?go=1").context["days"]
    quiet = [stretch for stretch in days if stretch.is_quiet]
    assert any(len(stretch.days) > 1 for stretch in quiet)
    assert [day for stretch in days for day in stretch.days] == sorted(
        (day for stretch in days for day in stretch.days), key=lambda day: day.date
    )
    assert all(day.lines for stretch in days if not stretch.is_quiet for day in stretch.days)
    assert not any(day.lines for stretch in quiet for day in stretch.days)
    most = max(quiet, key=lambda stretch: len(stretch.days))
    assert f"{len(most.days)} dager med bare meldinger" in page(lead, "?go=1")


def test_where_nothing_opens_because_nobody_decides_it_is_said_what_to_assume(lead, worker):
    advice = "Ingen pulje åpner, for ingen gir klarsignal mens planen spilles."
    lead.post(ADDRESS)
    worker()
    assert advice in page(lead)
    lead.post(ADDRESS, {"go": "on"})
    worker()
    assert advice not in page(lead, "?go=1")


def test_while_it_waits_the_page_asks_again_by_itself_and_stops_when_it_is_there(lead, worker):
    lead.post(ADDRESS)
    waiting = lead.get(ADDRESS, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="load delay:1s"' in waiting
    assert "<html" not in waiting
    worker()
    assert "hx-trigger" not in lead.get(ADDRESS, headers={"HX-Request": "true"}).content.decode()


def test_pressing_twice_plays_it_once(lead, worker):
    lead.post(ADDRESS)
    lead.post(ADDRESS)
    assert worker() == 1


def test_a_plan_that_has_changed_since_is_told(lead, worker, rollout):
    lead.post(ADDRESS)
    worker()
    assert "er endret siden generalprøven" not in page(lead)
    queueing.join(rollout=rollout, agency=make_agency("vav"), by=make_lead(), now=NOW)
    assert "er endret siden generalprøven" in page(lead)


def a_scenario(rollout, leaders_on: dt.date):
    dates = {1: {"leaders_on": leaders_on, "all_staff_on": dt.date(2018, 3, 6)}}
    made = {"purpose": Purpose.WHAT_IF, "by": make_lead(), "now": NOW}
    return scenarios.make(rollout=rollout, name="En uke senere", dates=dates, **made)


def test_a_scenario_is_played_from_its_own_page(lead, worker, rollout):
    scenario = a_scenario(rollout, dt.date(2018, 2, 14))
    query = f"?scenario={scenario.pk}"
    assert f"{ADDRESS}{query}" in lead.get(f"/r/workplace-2018/scenarios/{scenario.pk}/").content.decode()
    assert "selected>En uke senere</option>" in page(lead, query)
    assert lead.post(ADDRESS, {"scenario": scenario.pk}).headers["Location"] == ADDRESS + query
    worker()
    assert "Åpnet ikke onsdag 14. februar 2018" in page(lead, query)


def test_why_a_scenario_cannot_be_played_is_told(lead, worker, rollout):
    scenario = a_scenario(rollout, dt.date(2018, 2, 10))
    lead.post(ADDRESS, {"scenario": scenario.pk})
    worker()
    shown = page(lead, f"?scenario={scenario.pk}")
    assert "Scenarioet kan ikke tas i bruk" in shown
    assert "helg" in shown


def test_a_scenario_that_has_ended_is_not_played(lead, worker, rollout):
    scenario = a_scenario(rollout, dt.date(2018, 2, 14))
    scenarios.drop(scenario=scenario, by=make_lead(), now=NOW)
    answer = lead.post(ADDRESS, {"scenario": scenario.pk})
    assert answer.status_code == 422
    assert "tatt i bruk eller forkastet" in answer.content.decode()
    assert worker() == 0


def test_a_play_that_breaks_off_is_told_and_can_be_asked_for_again(lead, worker, monkeypatch):
    monkeypatch.setattr(rehearsing, "rehearse", lambda **_: 1 / 0)
    lead.post(ADDRESS)
    with pytest.raises(ZeroDivisionError):
        worker()
    assert "stoppet av en feil" in page(lead)
    monkeypatch.undo()


def test_a_reader_reads_it_and_cannot_have_it_played(rollout):
    reader = signed_in(give_role("leser@example.org", RoleName.READER))
    rehearsals.keep(rehearsing.rehearse(rollout=rollout, now=NOW), rollout=rollout, assuming=Assumptions())
    assert "Ingen beslutning" in page(reader) or "ingen beslutning" in page(reader)
    assert "Spill generalprøven" not in page(reader)
    assert reader.post(reverse("rollout:rehearsal", args=["workplace-2018"])).status_code == 403
