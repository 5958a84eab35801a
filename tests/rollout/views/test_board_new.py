"""What comes onto the board: agencies that join, new waves, and the proposed plan."""

import re

import pytest

from rollout.models import Placement, PlacementStatus
from tests import factories as make
from tests.factories import set_clock
from tests.rollout.views.test_board import BOARD, HTMX, climate, column, rollout, where

__all__ = ["climate", "rollout"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]


def test_an_agency_that_joins_stands_last_in_the_queue_with_its_licences(as_lead, rollout, climate):
    make.make_agency("dei", name="Deichman", employees=251)
    assert '<option value="dei">Deichman</option>' in as_lead.get(f"{BOARD}join/").text
    response = as_lead.post(f"{BOARD}join/", {"agency": "dei", "funded": "251"})
    assert response["Location"] == f"{BOARD}#card-dei"
    joined = Placement.objects.get(agency__slug="dei")
    assert (joined.status, joined.queue_position, joined.licence_budget.funded) == (PlacementStatus.QUEUED, 2, 251)
    assert '<option value="dei">' not in as_lead.get(f"{BOARD}join/").text


def test_joining_without_stating_the_funding_is_refused(as_lead, rollout):
    make.make_agency("dei", name="Deichman")
    response = as_lead.post(f"{BOARD}join/", {"agency": "dei"}, headers=HTMX)
    assert response.status_code == 422
    assert "<html" not in response.text
    assert not Placement.objects.exists()


def test_a_new_wave_gets_the_next_number(as_lead, rollout):
    dates = {"leaders_on": "2018-11-01", "all_staff_on": "2018-11-13"}
    assert as_lead.post(f"{BOARD}new-wave/", dates, headers=HTMX)["HX-Redirect"].startswith(BOARD)
    assert "0 av 5" in column(as_lead.get(BOARD).text, "8")


def proposed(as_lead) -> list[str]:
    return re.findall(r'type="date" name="\w+" value="([^"]+)"', as_lead.get(f"{BOARD}new-wave/", headers=HTMX).text)


def test_a_new_wave_is_proposed_as_long_after_the_last_as_that_after_the_one_before(as_lead, rollout):
    # The seventh opens 27 September and 16 October, three weeks after the sixth.
    assert proposed(as_lead) == ["2018-10-18", "2018-11-06"]
    rollout.blackouts.create(name="Flytting", first_day="2018-10-18", last_day="2018-10-19", hard=True)
    assert proposed(as_lead) == ["2018-10-22", "2018-11-12"]  # 10 November is a Saturday
    set_clock(make.at("2018-12-21 12:00"))
    assert proposed(as_lead) == ["2018-12-24", "2019-01-14"]  # never in what has been


def test_no_dates_are_proposed_where_the_plan_has_no_pace(as_lead):
    make.make_rollout(waves=1)
    assert proposed(as_lead) == []


def test_a_form_for_a_new_wave_sent_twice_makes_one_wave(as_lead, rollout):
    shown = re.search(r'name="number_seen" value="(\d+)"', as_lead.get(f"{BOARD}new-wave/", headers=HTMX).text)
    data = {"leaders_on": "2018-11-01", "all_staff_on": "2018-11-13", "number_seen": shown[1]}
    as_lead.post(f"{BOARD}new-wave/", data, headers=HTMX)

    again = as_lead.post(f"{BOARD}new-wave/", data, headers=HTMX)

    assert again.status_code == 409
    assert "Pulje 8 er laget siden du åpnet skjemaet" in again.text
    assert rollout.waves.count() == 8


def test_a_wave_in_the_past_is_refused_in_the_form(as_lead, rollout):
    response = as_lead.post(f"{BOARD}new-wave/", {"leaders_on": "2018-01-10", "all_staff_on": "2018-01-20"})
    assert response.status_code == 409
    assert "er passert" in response.text
    assert rollout.waves.count() == 7


def test_the_proposed_plan_fills_the_empty_waves_of_the_example(as_lead):
    rollout = make.make_rollout(waves=7, is_example=True)
    for slug in ("kli", "vav", "ude", "etat-x"):
        make.place(make.make_agency(slug))
    assert "Legg inn foreslått plan" in as_lead.get(BOARD).text
    done = as_lead.post(f"{BOARD}proposed-plan/", follow=True).text
    placed = Placement.objects.placed().values_list("agency__slug", "wave__number")
    assert dict(placed) == {"kli": 1, "vav": 1, "ude": 7}
    assert "Legg inn foreslått plan" not in as_lead.get(BOARD).text
    assert rollout.placements.queued().get().agency.slug == "etat-x"
    undo = re.search(r'action="([^"]+/undo/[^"]+)"', done[done.index("3 virksomheter er lagt i puljer.") :]).group(1)
    as_lead.post(undo)
    assert not Placement.objects.placed().exists()


def test_a_real_rollout_is_offered_no_proposed_plan(as_lead, climate):
    assert "Legg inn foreslått plan" not in as_lead.get(BOARD).text
    as_lead.post(f"{BOARD}proposed-plan/")
    assert where(climate) == "queue"
