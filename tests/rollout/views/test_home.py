"""The front door: each role's home, the short addresses, the demo clock's buttons, and pages that say no."""

import datetime as dt

import pytest
from django.test import Client

from agencies.models import RoleName
from rollout.models import DemoClock, Rollout
from tests.factories import at, give_role, make_agency, make_lead, make_people, make_rollout, place, set_clock

pytestmark = pytest.mark.django_db
NOW = at("2018-02-01 09:00")


@pytest.fixture
def rollout():
    return make_rollout(waves=1)


@pytest.fixture
def lead(client, rollout):
    person = make_lead()
    client.force_login(person)
    return person


@pytest.mark.parametrize("role", [RoleName.PROJECT_LEAD, RoleName.SPONSOR, RoleName.READER])
def test_central_roles_come_home_to_the_active_rollouts_overview(role, client, rollout):
    make_rollout(slug="neste", name="Neste", is_active=False)
    client.force_login(give_role("sentral@example.org", role))
    page = client.get("/").text
    assert '<a href="/r/workplace-2018/" aria-current="page">Oversikt</a>' in page
    assert "<h1>Oversikt" in page


@pytest.mark.parametrize("who", ["head", "chief", "key1"])
def test_people_of_an_agency_come_home_to_it(who, client, rollout):
    client.force_login(make_people(make_agency("kli"))[who])
    assert client.get("/").url == "/r/workplace-2018/my/"


@pytest.mark.parametrize(
    "short",
    ["/board/", "/waves/1/", "/agencies/kli/plan/", "/my/", "/mail/", "/status/2018-W07/", "/import/", "/mail/?page=2"],
)
def test_short_addresses_lead_to_the_active_rollout(short, client, lead):
    make_rollout(slug="neste", is_active=False)
    assert client.get(short).url == f"/r/workplace-2018{short}"


def test_short_addresses_follow_the_active_rollout(client, lead):
    Rollout.objects.update(is_active=False)
    make_rollout(slug="neste")
    assert client.get("/board/").url == "/r/neste/board/"


@pytest.mark.parametrize("path", ["/", "/board/"])
def test_before_the_first_rollout_there_is_a_page_that_says_so(path, client):
    client.force_login(make_lead())
    response = client.get(path)
    assert response.status_code == 404
    assert "Ingen utrulling er satt opp ennå" in response.content.decode()


def test_the_menu_shows_what_the_role_may_see_and_marks_the_page(client, lead):
    page = client.get("/agencies/").content.decode()
    assert '<a href="/r/workplace-2018/board/">Tavle</a>' in page
    assert '<a href="/agencies/" aria-current="page">Virksomheter</a>' in page
    assert page.count('aria-current="page"') == 2, "one in each of the two menus"
    assert "Min virksomhet" not in page


def test_the_overviews_address_begins_every_other_and_is_marked_on_its_own_page_only(client, lead):
    assert '<a href="/r/workplace-2018/">Oversikt</a>' in client.get("/r/workplace-2018/board/").text
    page = client.get("/r/workplace-2018/").text
    assert '<a href="/r/workplace-2018/" aria-current="page">Oversikt</a>' in page
    assert '<a href="/r/workplace-2018/board/">Tavle</a>' in page


def test_the_menu_of_an_agencys_chief_has_no_board(client, rollout):
    kli = place(make_agency("kli"), rollout.waves.get())
    client.force_login(make_people(kli.agency)["chief"])
    page = client.get("/r/workplace-2018/my/kli/").content.decode()
    assert "Min virksomhet" in page
    assert "Oversikt" not in page
    assert "/board/" not in page


@pytest.fixture
def demo(settings, lead):
    settings.DEMO_MODE = True
    set_clock(NOW)


def step(client, **data):
    return client.post("/demo/step/", data)


def test_the_demo_bar_shows_the_clock_and_steps_to_nine_the_next_day(client, demo):
    assert "torsdag 1. februar 2018 kl. 09.00" in client.get("/agencies/").content.decode()
    assert step(client, to="day", next="/agencies/").url == "/agencies/"
    assert DemoClock.objects.get().now == NOW + dt.timedelta(days=1)


def test_the_demo_steps_to_the_next_event(client, demo):
    step(client, to="event")
    assert DemoClock.objects.get().now == at("2018-02-05 08:00")  # Monday's status


def test_anyone_signed_in_may_step_the_demo_and_nobody_else(client, demo):
    client.force_login(make_people(make_agency("kli"))["key1"])
    assert step(client, to="day").url == "/"
    client.logout()
    assert step(client, to="day").url == "/sign-in/"
    assert DemoClock.objects.get().now == NOW + dt.timedelta(days=1)


def test_the_demo_never_leads_to_another_site(client, demo):
    assert step(client, to="day", next="https://evil.example/").url == "/"


@pytest.mark.parametrize("to", ["", "back", "2018-01-01"])
def test_the_demo_knows_two_steps_and_no_way_back(to, client, demo):
    assert step(client, to=to).status_code == 404
    assert DemoClock.objects.get().now == NOW


def test_opening_the_address_steps_nothing(client, demo):
    assert client.get("/demo/step/").status_code == 405
    assert DemoClock.objects.get().now == NOW


def test_outside_the_demo_there_is_no_clock_to_step(client, lead):
    assert step(client, to="day").status_code == 404
    assert "Neste dag" not in client.get("/agencies/").content.decode()


def test_a_page_that_is_not_there_is_told_in_bokmaal_with_the_menu(client, lead):
    response = client.get("/finnes-ikke/")
    assert response.status_code == 404
    assert "Siden finnes ikke" in response.content.decode()
    assert "Tavle" in response.content.decode()


def test_a_form_without_its_token_is_refused_in_bokmaal(lead):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lead)
    response = strict.post("/sign-out/")
    assert response.status_code == 403
    assert "Siden var åpen for lenge" in response.content.decode()


@pytest.mark.parametrize(
    ("sent_from", "leads_back"),
    [("http://testserver/varsler/?a=1", True), ("https://evil.example/varsler/?a=1", False)],
)
def test_the_page_a_form_was_sent_from_is_led_back_to_if_it_is_ours(lead, sent_from, leads_back):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lead)
    page = strict.post("/sign-out/", headers={"referer": sent_from}).content.decode()
    assert ('href="/varsler/?a=1"' in page) == leads_back
    assert "evil.example" not in page


def test_whoever_sends_a_form_signed_out_is_told_that_nothing_was_saved(lead):
    client = Client()
    sent = client.post("/varsler/", {}, headers={"referer": "http://testserver/varsler/"})
    assert sent.url == "/sign-in/?next=/varsler/"
    assert "er ikke lagret" in client.get(sent.url).content.decode()
    assert "er ikke lagret" not in client.get(sent.url).content.decode()


def test_a_failure_is_told_in_bokmaal_without_a_trace(client, lead, monkeypatch):
    monkeypatch.setattr("agencies.models.AgencyQuerySet.in_norwegian_order", lambda self: 1 / 0)
    client.raise_request_exception = False
    response = client.get("/agencies/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "Noe gikk galt" in page
    assert "ZeroDivisionError" not in page
