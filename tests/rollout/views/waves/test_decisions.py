"""A wave's page: go and no-go, and where the deferred go."""

import json
import re

import pytest

from rollout.domain import opening
from rollout.models import Decision, EventKind, PlanEvent, ReadinessConfirmation, Verdict
from tests import factories as make
from tests.factories import at
from tests.pages import text_of
from tests.rollout.views.waves.conftest import HTMX, REASON, WAVE, decide, defer, part, set_dates

pytestmark = pytest.mark.django_db


def test_a_go_is_recorded_with_its_reason(as_lead, wave, lead):
    response = decide(as_lead)
    assert (response.status_code, response["Location"]) == (302, WAVE)
    decision = Decision.objects.get()
    assert (decision.verdict, decision.reason, decision.by) == (Verdict.GO, REASON, lead)
    words = text_of(as_lead.get(WAVE).text)
    assert "Pulje 1 har fått klarsignal." in words
    assert f"Klarsignal : {REASON}" in words


def test_a_no_go_stops_the_wave(as_lead, wave):
    decide(as_lead)
    decide(as_lead, "stop", reason="Venter på ROS")
    assert wave.decision == Verdict.NO_GO
    assert "Venter på ROS" in as_lead.get(WAVE).text


@pytest.mark.parametrize("what", ["go", "stop"])
def test_a_decision_without_a_reason_is_asked_for_it(as_lead, wave, what):
    response = decide(as_lead, what, reason=" ")
    assert response.status_code == 422
    assert "Skriv en begrunnelse" in response.text
    assert 'aria-invalid="true"' in response.text
    assert not Decision.objects.exists()


def test_a_go_for_a_plan_that_has_changed_is_refused_and_the_next_press_is_for_the_new_one(as_lead, wave):
    wave.plan_version = 2
    wave.save()
    response = decide(as_lead, version=1)
    assert response.status_code == 409
    assert "er endret siden du så den" in response.text
    assert REASON in response.text
    assert '<input type="hidden" name="version" value="2"' in response.text
    assert not Decision.objects.exists()
    assert decide(as_lead, version=2).status_code == 302


def test_after_the_date_the_page_asks_for_a_new_one(as_lead, wave):
    make.set_clock(at("2018-02-07 09:00"))
    html = as_lead.get(WAVE).text
    assert "men har ikke klarsignal. Sett en ny dato" in html
    assert "give-go" not in html
    assert decide(as_lead).status_code == 409


def test_a_wave_that_opened_for_nobody_is_given_a_new_go_and_not_asked_to_be_filled(as_lead, wave):
    ReadinessConfirmation.objects.all().delete()
    make.give_go(wave)
    opening.open_step(wave_id=wave.pk, now=at("2018-02-07 08:00"))
    assert "Puljen er tom. Flytt" not in as_lead.get(WAVE).text
    wave.refresh_from_db()
    wave.plan_version += 1
    wave.save()
    html = as_lead.get(WAVE).text
    assert "åpner puljen for alle uten at noen slippes inn" in html
    assert "give-go" in html
    assert decide(as_lead, version=wave.plan_version).status_code == 302
    assert wave.has_go


def test_a_go_that_the_plan_has_left_behind_is_said_to_be_void(as_lead, wave):
    decide(as_lead)
    set_dates(as_lead)
    words = text_of(as_lead.get(WAVE).text)
    assert "Klarsignalet er falt bort" in words
    assert "Uten nytt klarsignal åpner ikke puljen." in words
    assert "gjelder ikke lenger" in words


def test_with_htmx_the_same_part_is_swapped_that_a_fresh_page_shows(as_lead, wave):
    response = decide(as_lead, headers=HTMX)
    assert response.status_code == 200
    assert json.loads(response["HX-Trigger"])["say"] == {"text": "Pulje 1 har fått klarsignal.", "kind": "ok"}
    assert part(response.text) == part(as_lead.get(WAVE).text)


def test_with_htmx_an_invalid_decision_shows_the_form_again(as_lead, wave):
    response = decide(as_lead, reason="", headers=HTMX)
    assert response.status_code == 422
    assert response.text.lstrip().startswith('<div class="ur-page" id="wave">')


# ---- where the deferred go


def test_a_lead_chooses_where_an_unready_agency_goes(as_lead, wave):
    assert defer(as_lead, "2").status_code == 302
    placement = wave.placements.get(agency__slug="kli")
    assert placement.deferral_wave.number == 2
    html = as_lead.get(WAVE).text
    assert re.search(r'<option value="2" selected>Pulje 2, onsdag 4. april 2018 \(5 ledige\)', html)

    defer(as_lead, "queue")
    placement.refresh_from_db()
    assert placement.deferral_wave is None


def test_a_full_or_opened_wave_is_no_choice(as_lead, wave, rollout):
    for _ in range(5):
        make.place(make.make_agency(), rollout.waves.get(number=2))
    html = as_lead.get(WAVE).text
    choices = re.findall(r'<option value="(\w+)"', html[html.index('id="away"') :].split("</section>")[0])
    assert choices == ["queue", "3"]
    for _ in range(4):
        make.place(make.make_agency(), rollout.waves.get(number=3))
    assert "Pulje 3, torsdag 26. april 2018 (1 ledig)" in as_lead.get(WAVE).text
    for to in ("2", "1", "17", "", "x"):
        response = defer(as_lead, to, headers=HTMX)
        assert response.status_code == 422
        assert json.loads(response["HX-Trigger"])["say"]["kind"] == "stop"
    assert not PlanEvent.objects.filter(kind=EventKind.DEFERRAL_CHOSEN).exists()


def test_a_chosen_wave_that_has_filled_up_is_said_to_be_full(as_lead, wave, rollout):
    defer(as_lead, "2")
    for _ in range(5):
        make.place(make.make_agency(), rollout.waves.get(number=2))
    assert "Pulje 2 har ikke lenger plass, så virksomheten går til køen." in as_lead.get(WAVE).text


def test_who_is_deferred_goes_where_the_preview_said(as_lead, wave):
    decide(as_lead)
    defer(as_lead, "2")
    opening.open_due(now=at("2018-02-07 08:00"))
    html = as_lead.get(WAVE).text
    assert "Klimaetaten: Utsatt fra pulje 1 til pulje 2" in html
    assert "Ledere inne" in html


def test_choosing_for_a_wave_that_has_opened_is_refused(as_lead, wave):
    make.give_go(wave)
    opening.open_due(now=at("2018-02-07 08:00"))
    response = defer(as_lead, "2", agency="bre", headers=HTMX)
    assert response.status_code == 409
