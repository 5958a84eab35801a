"""A wave's page: what it shows, and to whom."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.models import Decision, OutgoingEmail, PlanEvent
from tests import factories as make
from tests.pages import text_of
from tests.rollout.views.waves.conftest import WAVE, defer, open_for_leaders_and_then_one_lacks_a_signature

pytestmark = pytest.mark.django_db


def test_it_shows_dates_agencies_and_every_step_of_each(as_lead, wave):
    html = as_lead.get(WAVE).text
    words = text_of(html)
    assert "onsdag 7. februar 2018 kl. 08.00 Ledere og nøkkelpersoner" in words
    assert "tirsdag 27. februar 2018 kl. 08.00 Alle medarbeidere" in words
    assert "2 av 5 plasser" in words
    matrix = html[html.index("ur-matrix") :].split("</table>")[0]
    assert matrix.count('<th scope="row">') == 10
    assert matrix.count('data-label="Klimaetaten"') == 10
    unsigned = text_of(matrix[matrix.index("6. Kjøreregler") : matrix.index("7. Nøkkelpersoner")])
    assert unsigned.endswith("Ferdig 22 dager for sent")


def test_the_preview_says_who_is_let_in_who_is_not_and_why(as_lead, wave):
    words = text_of(as_lead.get(WAVE).text)
    assert "Slippes inn: 1 virksomhet Brann- og redningsetaten 480 medarbeidere" in words
    assert "Utsettes: 1 virksomhet Klimaetaten Kjøreregler vedtatt og forpliktet: kjørereglene er ikke signert" in words


def test_who_lacks_something_new_between_the_openings_is_not_ready_where_the_agencies_stand(as_lead, wave):
    open_for_leaders_and_then_one_lacks_a_signature(wave)
    html = as_lead.get(WAVE).text
    listed = text_of(html[html.index('id="places"') :].split("</section>")[0])
    assert listed.endswith("Brann- og redningsetaten 480 Ledere inne Klimaetaten 37 Ledere inne Ikke klar")


def test_the_preview_shows_which_mail_goes_to_whom(as_lead, wave):
    html = as_lead.get(WAVE).text
    words = text_of(html)
    assert "8 e-poster sendes" in words
    assert "Brann- og redningsetaten: Workplace er åpnet for ledere og nøkkelpersoner" in words
    assert "leder.bre@example.org" in words
    assert "Klimaetaten: Workplace er utsatt" in words
    assert "Pulje 1: Klimaetaten ble utsatt prosjektleder@example.org" in words
    frame = re.search(r"<iframe[^>]*>", html).group()
    assert "sandbox" in frame
    assert not OutgoingEmail.objects.exists()


def test_the_mail_to_one_of_them_is_shown_in_its_own_frame(as_lead, wave):
    html = as_lead.get(WAVE, {"mail": "2"}).text
    assert '<option value="2" selected>leder.bre@example.org' in html
    response = as_lead.get(f"{WAVE}mail/2/")
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "du er virksomhetsleder" in response.text
    assert as_lead.get(f"{WAVE}mail/9/").status_code == 404
    assert as_lead.get(f"{WAVE}mail/0/").status_code == 404


@pytest.mark.parametrize("key", ["99", "0", "-1", "x", "²"])
def test_a_mail_that_is_not_there_shows_the_first(as_lead, wave, key):
    assert '<option value="1" selected>' in as_lead.get(WAVE, {"mail": key}).text


def test_an_agency_that_does_not_exist_or_another_wave_is_not_found(as_lead, wave):
    assert as_lead.get("/r/workplace-2018/waves/9/").status_code == 404
    assert defer(as_lead, "queue", agency="ukjent").status_code == 404
    assert as_lead.get("/r/workplace-2018/waves/2/release/kli/").status_code == 404


def test_the_short_address_leads_here(as_lead, wave):
    assert as_lead.get("/waves/1/")["Location"] == WAVE


def test_a_reader_sees_it_all_but_addresses_and_buttons(as_reader, wave):
    html = as_reader.get(WAVE).text
    assert "Utsettes: 1 virksomhet" in html
    assert "Går fremst i køen." in html
    assert "leder.bre@example.org" not in html
    assert "Gi klarsignal</button>" not in html
    assert "<form" not in html[html.index('id="wave"') : html.index("</main>")]


def test_an_empty_wave_says_what_to_do(as_lead, rollout):
    html = as_lead.get(WAVE).text
    assert "Puljen er tom. Flytt virksomheter hit på tavlen" in html
    assert "give-go" not in html


def test_a_look_changes_nothing(as_lead, wave):
    events = PlanEvent.objects.count()
    for address in (WAVE, f"{WAVE}dates/", f"{WAVE}release/kli/", f"{WAVE}mail/1/"):
        assert as_lead.get(address).status_code == 200
        assert as_lead.head(address).status_code == 200
    for address in (f"{WAVE}go/", f"{WAVE}stop/", f"{WAVE}defer/kli/"):
        assert as_lead.get(address).status_code == 405
    assert PlanEvent.objects.count() == events
    assert not Decision.objects.exists()


def test_the_number_of_queries_does_not_grow_with_agencies_and_waves(as_lead, wave, rollout):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert as_lead.get(WAVE).status_code == 200
        return len(seen)

    few = queries()
    for number in range(3):
        agency = make.make_agency()
        make.make_people(agency)
        make.make_ready(make.place(agency, wave), but_not=("sponsor",) if number else ())
    for number in (4, 5, 6):
        another = make.make_wave(rollout, number)
        for _ in range(4):
            make.place(make.make_agency(), another)
    assert queries() == few
