"""A wave's page: its dates, letting in who was held, and what has happened."""

import re

import pytest

from agencies.models import RoleName
from rollout.domain import deciding, leaving, opening, placing, together, undoing
from rollout.models import OutgoingEmail
from tests import factories as make
from tests.factories import NOW, at
from tests.pages import text_of
from tests.rollout.views.waves.conftest import (
    HTMX,
    WAVE,
    decide,
    open_for_all_with_one_held,
    see_dates,
    set_dates,
)

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
        ({"leaders_on": "2018-02-10"}, 409, "Lørdag 10. februar 2018 kan ingenting åpne (helg)"),
        ({"all_staff_on": "2018-03-29"}, 409, "(Skjærtorsdag). Første dag etter er tirsdag 3. april 2018."),
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


# ---- what the dates will do, before they are set


@pytest.fixture
def lead_moves_wave_2(as_lead, rollout):
    """Wave 2 with one agency, wave 3 with a go."""
    make.place(make.make_agency("sag", name="Bydel Sagene"), rollout.waves.get(number=2))
    make.give_go(rollout.waves.get(number=3))
    return as_lead


WEEK_LATER = ("2018-04-11", "2018-04-24")


def test_nothing_is_set_before_its_effect_was_seen(lead_moves_wave_2, rollout):
    shown, _data = see_dates(lead_moves_wave_2, *WEEK_LATER, wave=2)
    unseen = {"leaders_on": WEEK_LATER[0], "all_staff_on": WEEK_LATER[1]}
    also_shown = lead_moves_wave_2.post("/r/workplace-2018/waves/2/dates/", unseen)
    for response in (shown, also_shown):
        assert response.status_code == 200
        assert "1 pulje får nye datoer." in response.text
        assert "10 frister flyttes" in response.text
        assert 'value="2018-04-11"' in response.text
    assert str(rollout.waves.get(number=2).leaders_on) == "2018-04-04"


def test_other_dates_than_those_seen_are_shown_first(lead_moves_wave_2, rollout):
    _shown, data = see_dates(lead_moves_wave_2, *WEEK_LATER, wave=2)
    response = lead_moves_wave_2.post("/r/workplace-2018/waves/2/dates/", data | {"all_staff_on": "2018-04-25"})
    assert response.status_code == 200
    assert "25. apr." in text_of(response.text)
    assert str(rollout.waves.get(number=2).leaders_on) == "2018-04-04"


def test_carrying_on_shows_every_wave_that_shifts_and_the_go_it_loses(lead_moves_wave_2, rollout):
    shown, data = see_dates(lead_moves_wave_2, *WEEK_LATER, wave=2, carry_on="on")
    words = text_of(shown.text)
    assert "2 puljer får nye datoer. Puljene etter flyttes 5 arbeidsdager senere, og forbi stengte dager." in words
    assert "Klarsignalet for Pulje 3 faller bort." in words
    assert "Pulje 3 fra 26. apr. → til 4. mai fra 7. mai → til 15. mai" in words

    lead_moves_wave_2.post("/r/workplace-2018/waves/2/dates/", data)

    third = rollout.waves.get(number=3)
    assert (str(third.leaders_on), str(third.all_staff_on), third.has_go) == ("2018-05-04", "2018-05-15", False)
    assert "Datoene for Pulje 2 er satt. 1 pulje til er flyttet." in lead_moves_wave_2.get(f"{WAVE}").text


def test_earlier_is_carried_on_only_when_that_is_asked_too(lead_moves_wave_2, rollout):
    earlier = ("2018-03-22", "2018-04-13")
    shown, _data = see_dates(lead_moves_wave_2, *earlier, wave=2, carry_on="on")
    assert "1 pulje får nye datoer." in shown.text
    assert "Flytt pulje 3 også når det blir tidligere" in shown.text
    shown, _data = see_dates(lead_moves_wave_2, *earlier, wave=2, carry_on="on", earlier="on")
    assert "2 puljer får nye datoer. Puljene etter flyttes 2 arbeidsdager tidligere." in text_of(shown.text)


def test_steps_that_become_overdue_are_named_for_each_agency(lead_moves_wave_2):
    shown, _data = see_dates(lead_moves_wave_2, "2018-03-01", "2018-04-17", wave=2)
    assert re.search(r"Bydel Sagene: \d steg går over fristen", text_of(shown.text))


def test_a_go_given_to_a_later_wave_meanwhile_is_not_voided_unseen(lead_moves_wave_2, rollout):
    make.place(make.make_agency("uke"), rollout.waves.get(number=3))
    _shown, data = see_dates(lead_moves_wave_2, *WEEK_LATER, wave=2, carry_on="on")
    deciding.decide(
        wave=rollout.waves.get(number=3), verdict="no-go", reason="Vent", by=make.make_lead("kari@example.org"), now=NOW
    )
    response = lead_moves_wave_2.post("/r/workplace-2018/waves/2/dates/", data)
    assert response.status_code == 409
    words = text_of(response.text)
    assert "Pulje 3 er endret siden du så virkningen: «Beslutning» av kari@example.org 1. feb. kl. 09.00." in words
    assert "2 puljer får nye datoer." in words, "the effect as it is now is shown, to be set by the next press"
    assert 'value="Ny frist"' in response.text
    assert str(rollout.waves.get(number=2).leaders_on) == "2018-04-04"


def test_a_move_of_an_agency_meanwhile_stands_in_nobodys_way(lead_moves_wave_2, rollout, lead):
    _shown, data = see_dates(lead_moves_wave_2, *WEEK_LATER, wave=2)
    agency = make.place(make.make_agency("uke"), rollout=rollout)
    placing.move(placement=agency, to=rollout.waves.get(number=2), by=lead, now=NOW)
    assert lead_moves_wave_2.post("/r/workplace-2018/waves/2/dates/", data).status_code == 302


def test_while_one_chooses_only_the_effect_is_answered(lead_moves_wave_2):
    live = HTMX | {"HX-Target": "effect"}
    shown, data = see_dates(lead_moves_wave_2, *WEEK_LATER, wave=2, headers=live)
    assert shown.text.strip().startswith('<div id="effect"')
    assert data is not None
    refused, _data = see_dates(lead_moves_wave_2, "2018-04-02", "2018-04-24", wave=2, headers=live)
    assert refused.status_code == 200
    assert "kan ingenting åpne (Andre påskedag)" in refused.text
    assert "Sett datoene" not in refused.text


def test_an_error_stands_at_its_field(as_lead, wave):
    response = set_dates(as_lead, "2018-02-10", "2018-02-27")
    assert "kan ingenting åpne (helg)" in re.search(r'id="dates-leaders_on_error".*?</p>', response.text, re.S).group()


# ---- the cap, and what the calendar says


def test_a_cap_is_set_and_more_people_than_it_are_told_loudly(as_lead, wave):
    assert as_lead.post(f"{WAVE}cap/", {"cap": "500"}).status_code == 302
    words = text_of(as_lead.get(WAVE).text)
    assert "Taket for Pulje 1 er 500 medarbeidere." in words
    assert "517 av høyst 500 medarbeidere Pulje 1 er 17 medarbeidere over taket på 500." in words
    assert as_lead.post(f"{WAVE}cap/", {"cap": "0"}).status_code == 422
    as_lead.post(f"{WAVE}cap/", {"cap": ""})
    assert "av høyst" not in as_lead.get(WAVE).text


def test_a_cap_cannot_be_set_after_the_opening(as_lead, wave):
    make.give_go(wave)
    opening.open_due(now=at("2018-02-07 08:00"))
    response = as_lead.post(f"{WAVE}cap/", {"cap": "500"})
    assert response.status_code == 409
    assert "Taket kan ikke endres lenger" in re.search(r'id="id_cap_error".*?</p>', response.text, re.S).group()


def test_a_date_in_a_soft_period_and_one_past_the_last_day_are_noted(as_lead, wave):
    rollout = wave.rollout
    rollout.blackouts.create(name="Vinterferie", first_day="2018-02-05", last_day="2018-02-09")
    rollout.ends_on = "2018-02-20"
    rollout.save()
    words = text_of(as_lead.get(WAVE).text)
    assert "Ledere og nøkkelpersoner I perioden «Vinterferie»" in words
    assert "Alle medarbeidere Etter utrullingens siste dag, 20. feb. 2018" in words


def test_a_locked_place_shows_its_reason(as_lead, wave, lead):
    leaving.pin(placement=wave.placements.get(agency__slug="kli"), reason="Flytter kontor", by=lead, now=NOW)
    assert "Klimaetaten 37 Låst: Flytter kontor" in text_of(as_lead.get(WAVE).text)


def test_what_was_undone_is_marked_by_whom(as_lead, wave, lead):
    set_dates(as_lead)
    event = wave.events.get(kind="dates_set")
    undoing.undo(rollout=wave.rollout, change=event.change, by=lead, now=NOW)
    assert "Angret av prosjektleder@example.org 1. feb. 2018 kl. 09.00" in text_of(as_lead.get(WAVE).text)


def test_a_move_made_together_with_others_says_how_many_are_taken_back(as_lead, wave, lead, rollout):
    both = {"bre": None, "kli": None}
    together.move_many(rollout=rollout, versions=both, to=rollout.waves.get(number=2), by=lead, now=NOW)
    assert text_of(as_lead.get(WAVE).text).count("Angre alle 2 som ble endret sammen") == 2


def test_a_new_wave_in_a_soft_period_is_made_and_told_of(as_lead, rollout):
    rollout.blackouts.create(name="Høstferie", first_day="2018-10-01", last_day="2018-10-05")
    new = {"leaders_on": "2018-10-01", "all_staff_on": "2018-10-15", "number_seen": 4}
    response = as_lead.post("/r/workplace-2018/board/new-wave/", new, follow=True)
    assert "Pulje 4 er laget. Pulje 4 åpner mandag 1. oktober 2018, i perioden «Høstferie»." in response.text
    response = as_lead.post("/r/workplace-2018/board/new-wave/", new | {"leaders_on": "2018-09-30", "number_seen": 5})
    assert "(helg)" in re.search(r'id="id_leaders_on_error".*?</p>', response.text, re.S).group()
