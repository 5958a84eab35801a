"""A wave's page: what it shows, go and no-go, where the deferred go, its dates, and letting in who was held."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import RoleName
from rollout.domain import opening, placing
from rollout.models import Decision, EventKind, OutgoingEmail, PlanEvent, Verdict
from tests import factories as make
from tests.factories import at

pytestmark = pytest.mark.django_db
WAVE = "/r/workplace-2018/waves/1/"
HTMX = {"HX-Request": "true"}
REASON = "Alt er på plass."


@pytest.fixture(autouse=True)
def february(settings, db):
    settings.DEMO_MODE = True
    make.set_clock(make.NOW)


@pytest.fixture
def rollout():
    return make.make_rollout(waves=3)


@pytest.fixture
def wave(rollout):
    """Wave 1 with one ready agency and one that has not signed."""
    wave = rollout.waves.get(number=1)
    brann = make.make_agency("bre", name="Brann- og redningsetaten", employees=480)
    make.make_people(brann)
    make.make_ready(make.place(brann, wave))
    climate = make.make_agency("kli", name="Klimaetaten", employees=37)
    make.make_people(climate)
    make.make_ready(make.place(climate, wave), but_not=("guidelines_adopted",))
    return wave


@pytest.fixture
def lead():
    return make.make_lead()


@pytest.fixture
def as_lead(client, lead):
    client.force_login(lead)
    return client


@pytest.fixture
def as_reader(client):
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    return client


def text_of(html: str) -> str:
    """The words of a page, without its tags and soft hyphens."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("\N{SOFT HYPHEN}", "")).split())


def part(html: str) -> str:
    """What the page's actions swap, without what differs from one request to the next."""
    found = html[html.index('<div class="ur-page" id="wave">') :].split("</main>")[0].rstrip()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", found)


def decide(client, what="go", *, version=1, reason=REASON, headers=None):
    return client.post(f"{WAVE}{what}/", {"reason": reason, "version": version}, headers=headers)


def defer(client, to, agency="kli", **extra):
    return client.post(f"{WAVE}defer/{agency}/", {"to": to}, **extra)


def set_dates(client, leaders_on="2018-02-08", all_staff_on="2018-02-27", version=1, **extra):
    data = {"leaders_on": leaders_on, "all_staff_on": all_staff_on, "version": version, "reason": "Ny frist"}
    return client.post(f"{WAVE}dates/", data, **extra)


def open_for_all_with_one_held(wave):
    """Both were let in with the leaders; then a new text holds one back."""
    make.sign(wave.placements.get(agency__slug="kli"))
    make.give_go(wave)
    opening.open_due(now=at("2018-02-07 08:00"))
    version = make.make_guidelines(wave.rollout, number=2, text="Ny tekst")
    make.sign(wave.placements.get(agency__slug="bre"), version=version)
    opening.open_due(now=at("2018-02-27 08:00"))
    make.set_clock(at("2018-02-27 09:00"))


# ---- what it shows


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


def test_the_preview_shows_which_mail_goes_to_whom(as_lead, wave):
    html = as_lead.get(WAVE).text
    words = text_of(html)
    assert "5 e-poster sendes" in words
    assert "Brann- og redningsetaten: Workplace er åpnet for ledere og nøkkelpersoner" in words
    assert "leder.bre@example.org" in words
    assert "leder.kli@example.org" not in words
    frame = re.search(r"<iframe[^>]*>", html).group()
    assert "sandbox" in frame
    assert not OutgoingEmail.objects.exists()


def test_the_mail_to_one_of_them_is_shown_in_its_own_frame(as_lead, wave):
    html = as_lead.get(WAVE, {"mail": "2"}).text
    assert '<option value="2" selected>leder.bre@example.org' in html
    response = as_lead.get(f"{WAVE}mail/2/")
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "du er virksomhetsleder" in response.text
    assert as_lead.get(f"{WAVE}mail/6/").status_code == 404
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


# ---- go and no-go


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


# ---- dates


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
