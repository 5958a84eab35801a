"""Signing in by OpenID Connect, against a real issuer over HTTP: who gets in, as whom, and what is kept of it."""

import html
import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from agencies.models import Person, Role, RoleName
from agencies.sessions import SessionStore
from agencies.sign_in import SIGNED_IN_BY
from tests import oidc_issuer
from tests.factories import NOW, give_role, make_agency, make_lead, make_people, make_rollout

pytestmark = pytest.mark.django_db
PID = "01017012345"


@pytest.fixture(scope="module")
def running_issuer():
    with oidc_issuer.running() as issuer:
        yield issuer


@pytest.fixture
def issuer(running_issuer, settings):
    cache.clear()
    trust(settings, running_issuer)
    running_issuer.asked.clear()
    running_issuer.wrong_verifiers = 0
    return running_issuer


def trust(settings, issuer):
    settings.OIDC_ISSUER, settings.OIDC_NAME = issuer.url, "Oslo kommune"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "puljeplan", "hemmelig"


@pytest.fixture
def chief():
    make_rollout()
    return make_people(make_agency("kli"))["chief"]


def leave(client: Client, **data) -> str:
    """Press the button; the issuer's address that the page leads to."""
    return leads_to(client.post("/sign-in/oidc/", data))


def leads_to(page) -> str:
    assert page.status_code == 200
    return html.unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())[1])


def come_back(client: Client, location: str):
    parts = urlsplit(location)
    assert parts.path == "/sign-in/oidc/callback/"
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: Client, issuer, subject: str, **data):
    return come_back(client, issuer.answer(leave(client, **data), subject))


def signed_in_as(client: Client) -> int | None:
    return int(client.session["_auth_user_id"]) if "_auth_user_id" in client.session else None


def test_the_invited_get_in_and_the_session_says_how(client, issuer, chief):
    issuer.knows("s-1", email=chief.email.upper(), email_verified=True)
    response = sign_in(client, issuer, "s-1")
    assert response.url == "/"
    assert signed_in_as(client) == chief.pk
    assert client.session[SIGNED_IN_BY] == "oidc"
    link = SocialAccount.objects.get()
    assert (link.provider, link.uid, link.user) == (issuer.url, "s-1", chief)


def test_the_issuer_is_asked_with_pkce_state_and_nonce_and_for_no_more_than_the_address(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    [asked] = issuer.asked
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) >= 16
    assert set(asked["scope"].split()) == {"openid", "email"}
    assert "acr_values" not in asked


def test_an_issuer_may_be_asked_for_a_level_and_other_scopes(client, issuer, chief, settings):
    settings.OIDC_ACR_VALUES, settings.OIDC_SCOPES = "idporten-loa-high", ["openid", "email", "profile"]
    asked = parse_qs(urlsplit(leave(client)).query)
    assert asked["acr_values"] == ["idporten-loa-high"]
    assert set(asked["scope"][0].split()) == {"openid", "email", "profile"}


def test_what_the_visitor_writes_in_the_address_is_not_passed_on_to_the_issuer(client, issuer, chief):
    page = client.post("/sign-in/oidc/?scope=admin&auth_params=prompt%3Dnone&process=connect")
    assert "admin" not in page.content.decode()
    assert "prompt" not in page.content.decode()


def test_nothing_is_kept_but_the_link(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True, pid=PID, name="Kari Nordmann", phone_number="99999999")
    sign_in(client, issuer, "s-1")
    assert SocialAccount.objects.get().extra_data == {}
    assert not SocialToken.objects.exists()
    assert not SocialApp.objects.exists()
    for kept in (json.dumps(dict(client.session.items())), *Session.objects.values_list("session_data", flat=True)):
        assert PID not in kept
        assert "Nordmann" not in kept
    session = SessionStore(client.session.session_key).load()
    assert PID not in json.dumps(session)
    chief.refresh_from_db()
    assert chief.name == ""


def test_an_unknown_visitor_is_told_whom_to_ask_and_leaves_no_trace(client, issuer, chief):
    people = Person.objects.count()
    issuer.knows("s-9", email="ukjent@example.org", email_verified=True, pid=PID)
    response = sign_in(client, issuer, "s-9")
    page = client.get(response.url).content.decode()
    assert "ingen rolle i Puljeplan" in page
    assert "prosjektleder@example.org" in page
    assert signed_in_as(client) is None
    assert Person.objects.count() == people
    assert not SocialAccount.objects.exists()
    assert not EmailAddress.objects.exists()
    assert not Session.objects.exists()
    assert not any("ukjent" in cookie.value for cookie in client.cookies.values())


@pytest.mark.parametrize("verified", [False, None, "false", 0])
def test_an_unverified_address_links_to_nobody(verified, client, issuer, chief):
    claims = {} if verified is None else {"email_verified": verified}
    issuer.knows("s-1", email=chief.email, **claims)
    sign_in(client, issuer, "s-1")
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


def test_of_an_issuer_that_never_says_verified_only_its_own_domains_count(client, issuer, chief, settings):
    settings.OIDC_EMAIL_DOMAINS = ["example.org"]
    make_people(make_agency("ext"))
    give_role("sjef@other.example", RoleName.READER)
    issuer.knows("s-2", email="sjef@other.example")
    sign_in(client, issuer, "s-2")
    assert signed_in_as(client) is None
    issuer.knows("s-3", email=chief.email, email_verified=False)
    sign_in(client, issuer, "s-3")
    assert signed_in_as(client) is None
    issuer.knows("s-1", email=chief.email)
    sign_in(client, issuer, "s-1")
    assert signed_in_as(client) == chief.pk


def test_once_linked_a_new_address_at_the_issuer_finds_the_same_person(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    client.post("/sign-out/")
    issuer.knows("s-1", email="nytt.navn@example.org", email_verified=False)
    sign_in(client, issuer, "s-1")
    assert signed_in_as(client) == chief.pk
    chief.refresh_from_db()
    assert chief.email == "kommunikasjonssjef.kli@example.org"


def test_the_same_subject_at_another_issuer_is_somebody_else(client, issuer, chief, settings):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    client.post("/sign-out/")
    with oidc_issuer.running() as other:
        trust(settings, other)
        other.knows("s-1", email="ukjent@example.org", email_verified=True)
        sign_in(client, other, "s-1")
        assert signed_in_as(client) is None
        assert SocialAccount.objects.count() == 1


def test_an_address_that_went_to_a_colleague_does_not_take_over_the_link(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    client.post("/sign-out/")
    issuer.knows("s-2", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-2")
    assert signed_in_as(client) is None
    assert [link.uid for link in SocialAccount.objects.all()] == ["s-1"]


def test_a_server_that_calls_itself_something_else_is_not_trusted(client, issuer, chief, settings):
    settings.OIDC_ISSUER = issuer.url.replace("127.0.0.1", "localhost")
    with_other_name = settings.OIDC_ISSUER
    cache.set(f"oidc:{with_other_name}", {"issuer": issuer.url})
    response = client.post("/sign-in/oidc/")
    assert response.url == "/sign-in/"
    assert "svarer ikke" in client.get("/sign-in/").content.decode()


def test_an_issuer_that_is_down_is_said_so(client, issuer, chief, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    assert client.post("/sign-in/oidc/").url == "/sign-in/"
    page = client.get("/sign-in/").content.decode()
    assert "svarer ikke" in page
    assert "Send meg en kode" in page


def test_an_answer_with_another_state_is_refused(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(leave(client), "s-1")
    code = parse_qs(urlsplit(location).query)["code"][0]
    for state in ("", "gjettet", None):
        query = {"code": code} | ({} if state is None else {"state": state})
        client.get(f"/sign-in/oidc/callback/?{urlencode(query)}")
        assert signed_in_as(client) is None
    come_back(client, location)
    assert signed_in_as(client) == chief.pk


def test_an_answer_carried_to_another_browser_is_refused(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(leave(client), "s-1")
    victim = Client()
    come_back(victim, location)
    leave(victim)
    come_back(victim, location)
    assert signed_in_as(victim) is None


def test_a_code_asked_for_by_another_fits_no_state_of_ours(client, issuer, chief):
    """The attacker's code under the victim's state: PKCE and the nonce each refuse it."""
    issuer.knows("attacker", email=chief.email, email_verified=True)
    stolen = parse_qs(urlsplit(issuer.answer(leave(Client()), "attacker")).query)["code"][0]
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    client.get(f"/sign-in/oidc/callback/?{urlencode({'code': stolen, 'state': state})}")
    assert signed_in_as(client) is None
    assert issuer.wrong_verifiers == 1


def test_an_answer_with_another_nonce_is_refused(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(re.sub(r"nonce=[^&]+", "nonce=en-annen-nonce", leave(client)), "s-1")
    come_back(client, location)
    assert issuer.wrong_verifiers == 0
    assert signed_in_as(client) is None


def test_a_token_for_another_client_is_refused(client, issuer, chief, settings):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(leave(client), "s-1")
    settings.OIDC_CLIENT_ID = "et-annet-system"
    come_back(client, location)
    assert signed_in_as(client) is None


def test_a_used_answer_is_dead(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(leave(client), "s-1")
    come_back(client, location)
    client.post("/sign-out/")
    response = come_back(client, location)
    assert signed_in_as(client) is None
    assert "Prøv igjen" in client.get(response.url).content.decode()


def test_two_tabs_each_come_back_to_their_own_page(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    first = leave(client, next="/agencies/kli/")
    second = leave(client, next="/r/workplace-2018/my/")
    assert come_back(client, issuer.answer(second, "s-1")).url == "/r/workplace-2018/my/"
    assert come_back(client, issuer.answer(first, "s-1")).url == "/agencies/kli/"
    assert signed_in_as(client) == chief.pk


def test_who_says_no_at_the_issuer_comes_back_to_the_sign_in_page(client, issuer, chief):
    response = come_back(client, issuer.answer(leave(client), None))
    assert response.url == "/sign-in/"
    assert signed_in_as(client) is None


@pytest.mark.parametrize(
    "next_url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_site(next_url, client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    assert sign_in(client, issuer, "s-1", next=next_url).url == "/"


def test_opening_the_addresses_beforehand_changes_nothing(client, issuer, chief):
    """A mail scanner or a browser that looks ahead: GET and HEAD of the start, HEAD of the answer."""
    assert client.get("/sign-in/oidc/").status_code == 405
    assert client.head("/sign-in/oidc/").status_code == 405
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(leave(client), "s-1")
    parts = urlsplit(location)
    assert client.head(f"{parts.path}?{parts.query}").status_code == 405
    Client().get(f"{parts.path}?{parts.query}")
    come_back(client, location)
    assert signed_in_as(client) == chief.pk


def test_who_lost_every_role_gets_in_no_more_and_is_out_at_once(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    Role.objects.filter(person=chief).update(until=NOW)
    assert client.get("/agencies/kli/").status_code == 403
    again = Client()
    response = sign_in(again, issuer, "s-1")
    assert signed_in_as(again) is None
    assert "ingen rolle i Puljeplan" in again.get(response.url).content.decode()


def test_who_lost_the_role_at_the_issuer_does_not_get_in(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    location = issuer.answer(leave(client), "s-1")
    Role.objects.filter(person=chief).update(until=NOW)
    come_back(client, location)
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


def test_who_is_invited_again_is_found_by_the_link(client, issuer, chief):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    client.post("/sign-out/")
    Role.objects.filter(person=chief).update(until=NOW)
    give_role(chief, RoleName.READER)
    sign_in(client, issuer, "s-1")
    assert signed_in_as(client) == chief.pk


def test_signing_in_as_somebody_else_ends_the_first_ones_session(client, issuer, chief):
    client.force_login(make_lead())
    issuer.knows("s-1", email=chief.email, email_verified=True)
    sign_in(client, issuer, "s-1")
    assert signed_in_as(client) == chief.pk


def test_without_an_issuer_there_is_no_button_and_no_address(client, chief):
    assert "oidc" not in client.get("/sign-in/").content.decode()
    assert client.post("/sign-in/oidc/").status_code == 404
    assert client.get("/sign-in/oidc/callback/?code=1&state=2").status_code == 404


def test_with_an_issuer_the_sign_in_page_offers_it_by_name(client, issuer, chief):
    assert "Logg inn med Oslo kommune" in client.get("/sign-in/").content.decode()
