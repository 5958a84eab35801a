"""A wave's page: its dates, letting in who was held, and what has happened."""

import pytest

from agencies.models import RoleName
from rollout.domain import opening, placing
from rollout.models import OutgoingEmail
from tests import factories as make
from tests.factories import at
from tests.rollout.views.waves.conftest import HTMX, WAVE, decide, open_for_all_with_one_held, set_dates, text_of

pytestmark = pytest.mark.django_db


def test_a_lead_sets_the_dates(as_lead, wave):
    assert "Puljen har klarsignal" not in as_lead.get(f"{WAVE}dates/").text
    response = set_dates(as_lead, "2018-02-08", "2018-02-28")
    assert (response.status_code, response["Location"]) == (302, WAVE)
    wave.refresh_from_db()
    assert (str(wave.leaders_on), str(wave.all_staff_on)) == ("2018-02-08", "2018-02-28")
    words = text_of(as_lead.get(WAVE).text)
    assert "Nye datoer: ledere torsdag 8. februar 2018 (før: onsdag 7. februar 2018)" in words


def test_the_form_warns_that_a_go_falls_away(as_lead, wave):
    decide(as_lead)
    assert "Puljen har klarsignal. Det faller bort når du endrer en dato." in as_lead.get(f"{WAVE}dates/").text


@pytest.mark.parametrize(
    ("dates", "status", "why"),
    [
        ({"leaders_on": ""}, 422, "Feltet er påkrevet"),
        ({"leaders_on": "i morgen"}, 422, "gyldig dato"),
        ({"all_staff_on": "2018-02-07"}, 409, "må være etter åpning for ledere"),
        ({"leaders_on": "2018-01-31"}, 409, "klokken 8 er passert"),
        ({"version": 7}, 409, "er endret siden du så den"),
    ],
)
def test_dates_that_cannot_be_are_refused_with_the_reason(as_lead, wave, dates, status, why):
    response = set_dates(as_lead, **dates)
    assert response.status_code == status
    assert why in response.text
    wave.refresh_from_db()
    assert str(wave.leaders_on) == "2018-02-07"


def test_after_the_leaders_opening_only_the_later_date_can_move(as_lead, wave):
    make.give_go(wave)
    opening.open_due(now=at("2018-02-07 08:00"))
    make.set_clock(at("2018-02-08 09:00"))
    assert "bare datoen for alle kan endres" in as_lead.get(f"{WAVE}dates/").text
    assert set_dates(as_lead, "2018-02-20", "2018-03-01").status_code == 302
    wave.refresh_from_db()
    assert (str(wave.leaders_on), str(wave.all_staff_on)) == ("2018-02-07", "2018-03-01")


def test_the_dates_open_in_the_dialog_and_lead_back(as_lead, wave):
    assert 'id="dialog-heading"' in as_lead.get(f"{WAVE}dates/", headers=HTMX).text
    assert set_dates(as_lead, headers=HTMX)["HX-Redirect"] == WAVE


# ---- held, sent, history


def test_who_is_held_is_let_in_with_a_reason(as_lead, wave, lead):
    open_for_all_with_one_held(wave)
    words = text_of(as_lead.get(WAVE).text)
    assert "Holdt tilbake Lederne her har tilgang." in words
    assert "versjon 2 må signeres på nytt" in words

    page = as_lead.get(f"{WAVE}release/kli/").text
    assert "37 medarbeidere i Klimaetaten får tilgang med en gang" in page
    assert as_lead.post(f"{WAVE}release/kli/", {"reason": ""}).status_code == 422
    response = as_lead.post(f"{WAVE}release/kli/", {"reason": "Signerer i dag"})
    assert (response.status_code, response["Location"]) == (302, WAVE)
    assert wave.placements.get(agency__slug="kli").all_staff_access_at == at("2018-02-27 09:00")
    assert "Klimaetaten: Sluppet inn for alle: Signerer i dag" in text_of(as_lead.get(WAVE).text)


def test_who_is_not_held_cannot_be_let_in(as_lead, wave):
    response = as_lead.post(f"{WAVE}release/kli/", {"reason": "Likevel"})
    assert response.status_code == 409
    assert "holdes ikke tilbake" in response.text


def test_what_was_sent_is_counted_for_all_and_listed_for_leads(client, as_lead, wave):
    decide(as_lead)
    opening.open_due(now=at("2018-02-07 08:00"))
    html = as_lead.get(WAVE).text
    assert "Åpent for ledere : 5 venter" in text_of(html)
    message = OutgoingEmail.objects.order_by("id").first()
    assert f'href="/r/workplace-2018/mail/{message.pk}/"' in html

    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    html = client.get(WAVE).text
    assert "Åpent for ledere : 5 venter" in text_of(html)
    assert message.to_address not in html


def test_another_waves_mail_is_not_counted_here(as_lead, wave, rollout):
    make.make_wave(rollout, 11)
    lead = make.make_lead()
    for number in (1, 11):
        OutgoingEmail.objects.create(
            rollout=rollout,
            kind="no_decision",
            subject=f"wave:{number}:leaders",
            occurrence=f"event:{number}",
            person=lead,
            to_address=lead.email,
            message_id=f"<{number}@example.org>",
            written_at=make.NOW,
            not_before=make.NOW,
        )
    assert "Ingen beslutning : 1 venter" in text_of(as_lead.get(WAVE).text)


def test_an_agency_that_was_moved_out_is_in_the_history_of_the_wave_it_left(as_lead, wave, rollout, lead):
    placement = wave.placements.get(agency__slug="kli")
    placing.move(placement=placement, to=rollout.waves.get(number=2), by=lead, now=make.NOW)
    assert "Klimaetaten: Flyttet fra pulje 1 til pulje 2" in as_lead.get(WAVE).text


def test_a_wave_that_is_open_for_all_has_nothing_more_to_decide(as_lead, wave):
    open_for_all_with_one_held(wave)
    html = as_lead.get(WAVE).text
    assert "Det er ikke mer å beslutte." in html
    assert "Forhåndsvisning" not in html
    assert decide(as_lead, version=wave.plan_version).status_code == 409
