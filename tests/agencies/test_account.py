"""The second step that a project lead must have, one's keys, and one's sessions."""

import re
import time
from urllib.parse import unquote

import pytest
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.socialaccount.models import SocialAccount
from allauth.utils import get_form_class
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from agencies.account import device
from agencies.models import Role, RoleName
from agencies.sign_in import BY_CODE, BY_DEMO, BY_OIDC, SIGNED_IN_BY
from tests.factories import NOW, give_role, make_agency, make_lead, make_people, make_rollout

pytestmark = pytest.mark.django_db
CODE = re.compile(r"^\s+(\d{4}-\d{4})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def lead():
    make_rollout()
    return make_lead()


@pytest.fixture
def chief(lead):
    return make_people(make_agency("kli"))["chief"]


def sign_in(client: Client, person, mailoutbox) -> str:
    """By a code; where that leads."""
    client.post("/sign-in/", {"email": person.email})
    return client.post("/sign-in/code/", {"code": CODE.search(mailoutbox[-1].body)[1]}).url


def app_code(secret: str, *, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up_app(client: Client) -> str:
    """Read the key off the page and answer with the app's code; the app's secret."""
    secret = re.search(r"<code[^>]*>([A-Z2-7]{32})</code>", client.get("/account/keys/app/").content.decode())[1]
    response = client.post("/account/keys/app/", {"code": app_code(secret)})
    assert response.status_code == 302, response.content.decode()
    return secret


def ways_in(client: Client) -> dict[str, str]:
    """Some of the pages, and where each leads."""
    pages = ("/agencies/", "/r/workplace-2018/board/", "/account/", "/account/keys/codes/")
    return {page: client.get(page).headers.get("Location", "") for page in pages}


def test_a_lead_without_a_second_step_reaches_nothing_but_the_page_where_it_is_set_up(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    assert all(leads.startswith("/account/second-step/") for leads in ways_in(client).values())
    assert unquote(client.get("/agencies/").url) == "/account/second-step/?next=/agencies/"
    assert client.post("/r/workplace-2018/board/join/").url == "/account/second-step/"
    assert client.get("/agencies/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/second-step/"
    page = client.get("/account/second-step/?next=/agencies/").content.decode()
    assert "/account/keys/app/?next=/agencies/" in page
    assert client.get("/account/keys/passkey/").status_code == 200


def test_a_lead_sets_up_an_app_reads_the_recovery_codes_and_goes_on(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    secret = re.search(r"([A-Z2-7]{32})", client.get("/account/keys/app/?next=/agencies/").content.decode())[1]
    response = client.post("/account/keys/app/?next=/agencies/", {"code": app_code(secret)})
    assert response.url == "/account/keys/codes/?next=%2Fagencies%2F"
    codes = client.get(response.url).content.decode()
    assert len(re.findall(r"<code[^>]*>\d{8}</code>", codes)) == 10
    assert 'href="/agencies/"' in codes
    assert client.get("/agencies/").status_code == 200


def test_the_next_time_the_app_is_asked_for(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    secret = set_up_app(client)
    client.post("/sign-out/")
    assert sign_in(client, lead, mailoutbox) == "/sign-in/key/"
    assert client.get("/agencies/").url.startswith("/sign-in/")
    wrong = client.post("/sign-in/key/", {"code": "000000"})
    assert "passer ikke" in wrong.content.decode()
    assert client.get("/agencies/").status_code == 302
    client.post("/sign-in/key/", {"code": app_code(secret, steps=1)})
    assert client.get("/agencies/").status_code == 200
    assert client.session[SIGNED_IN_BY] == BY_CODE


def test_an_apps_code_and_a_recovery_code_work_once(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    secret = set_up_app(client)
    recovery = re.search(r"<code[^>]*>(\d{8})</code>", client.get("/account/keys/codes/").content.decode())[1]
    client.post("/sign-out/")
    used = app_code(secret, steps=1)
    for code, passes in ((used, True), (used, False), (recovery, True), (recovery, False)):
        someone = Client()
        sign_in(someone, lead, mailoutbox)
        someone.post("/sign-in/key/", {"code": code})
        assert (someone.get("/agencies/").status_code == 200) is passes


def test_a_session_from_before_the_key_is_asked_for_it_too(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    earlier = Client()
    sign_in(earlier, lead, mailoutbox)
    set_up_app(client)
    assert unquote(earlier.get("/agencies/").url) == "/account/confirm/?next=/agencies/"
    assert earlier.get("/account/keys/passkey/").url.startswith("/account/confirm/")
    assert earlier.post("/account/keys/app/", {"code": "123456"}).status_code == 302
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_who_becomes_a_lead_is_asked_at_once(client, chief, mailoutbox):
    sign_in(client, chief, mailoutbox)
    assert client.get("/agencies/kli/").status_code == 200
    give_role(chief, RoleName.PROJECT_LEAD)
    assert client.get("/agencies/kli/").url.startswith("/account/second-step/")


@pytest.mark.parametrize("way", [BY_OIDC, BY_DEMO])
def test_it_is_not_asked_for_after_openid_connect_nor_in_the_demo(way, client, lead):
    client.force_login(lead)
    session = client.session
    session[SIGNED_IN_BY] = way
    session.save()
    assert client.get("/agencies/").status_code == 200


def test_a_chief_needs_none_and_may_have_one(client, chief, mailoutbox):
    sign_in(client, chief, mailoutbox)
    assert client.get("/agencies/kli/").status_code == 200
    secret = set_up_app(client)
    client.post("/sign-out/")
    assert sign_in(client, chief, mailoutbox) == "/sign-in/key/"
    client.post("/sign-in/key/", {"code": app_code(secret, steps=1)})
    assert client.get("/agencies/kli/").status_code == 200


NO_PASSKEYS = (
    "",
    "null",
    "[" * 100_000,
    '{"id":' * 100_000,
    "9" * 5000,
    "[]",
    "{}",
    '{"id": 1}',
    '{"id": "x", "rawId": "x", "response": {}}',
    '{"id": "eA", "rawId": "eA", "response": {"clientDataJSON": "e30", "attestationObject": "%s"}}' % ("gYGB" * 5000),
)


@pytest.mark.parametrize("name", ["add_webauthn", "authenticate_webauthn", "reauthenticate_webauthn"])
def test_what_is_no_passkey_is_refused_in_words(lead, name):
    form = get_form_class(app_settings.FORMS, name, None)
    for sent in NO_PASSKEYS:
        said = form(user=lead, data={"credential": sent}).errors["credential"]
        assert said == ["Koden eller nøkkelen passer ikke. Prøv igjen."], sent[:40]


def test_a_form_that_holds_no_passkey_is_shown_again(client, chief):
    client.force_login(chief)
    answer = client.post("/account/keys/passkey/", {"credential": "[" * 100_000})
    assert (answer.status_code, "nøkkelen passer ikke" in answer.text) == (200, True)


def test_changing_keys_asks_for_one_first(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    secret = set_up_app(client)
    client.post("/sign-out/")
    sign_in(client, lead, mailoutbox)
    client.post("/sign-in/key/", {"code": app_code(secret, steps=1)})
    key = Authenticator.objects.get(type="totp")
    for page in ("/account/keys/passkey/", "/account/keys/codes/", f"/account/keys/{key.pk}/remove/"):
        assert unquote(client.get(page).url) == f"/account/confirm/?next={page}"
        assert client.post(page).url.startswith("/account/confirm/")
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_a_leads_last_key_stays_and_a_chiefs_goes_with_its_codes(client, lead, chief, mailoutbox):
    sign_in(client, lead, mailoutbox)
    set_up_app(client)
    key = Authenticator.objects.get(user=lead, type="totp")
    response = client.post(f"/account/keys/{key.pk}/remove/")
    assert response.status_code == 409
    assert "minst én nøkkel" in response.content.decode()
    other = Client()
    sign_in(other, chief, mailoutbox)
    set_up_app(other)
    his = Authenticator.objects.get(user=chief, type="totp")
    assert other.post(f"/account/keys/{key.pk}/remove/").status_code == 404
    assert other.get(f"/account/keys/{his.pk}/remove/").status_code == 200
    assert Authenticator.objects.filter(user=chief).count() == 2
    other.post(f"/account/keys/{his.pk}/remove/")
    assert not Authenticator.objects.filter(user=chief).exists()
    assert Authenticator.objects.filter(user=lead).count() == 2


def test_new_recovery_codes_kill_the_old(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    set_up_app(client)
    read = re.compile(r"<code[^>]*>(\d{8})</code>")
    old = read.findall(client.get("/account/keys/codes/").content.decode())
    client.post("/account/keys/codes/")
    new = read.findall(client.get("/account/keys/codes/").content.decode())
    assert len(new) == 10
    assert not set(old) & set(new)


def test_reading_the_pages_of_keys_changes_none(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    set_up_app(client)
    before = list(Authenticator.objects.order_by("pk").values())
    for page in ("/account/", "/account/keys/codes/", "/account/keys/passkey/", "/account/second-step/"):
        client.get(page)
        client.head(page)
    assert list(Authenticator.objects.order_by("pk").values()) == before


def test_an_address_of_another_site_is_not_where_one_goes_on(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    assert "evil" not in client.get("/account/second-step/?next=https://evil.example/").content.decode()
    set_up_app(client)
    assert "evil" not in client.get("/account/keys/codes/?next=//evil.example/").content.decode()


def test_each_session_is_listed_and_another_can_be_ended_at_once(client, chief, mailoutbox):
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0"
    there = Client(headers={"user-agent": firefox})
    sign_in(there, chief, mailoutbox)
    sign_in(client, chief, mailoutbox)
    page = client.get("/account/").content.decode()
    assert "Firefox på Windows" in page
    assert there.get("/agencies/kli/").status_code == 200
    ending = re.search(r'action="(/account/sessions/\d+/end/)"', page)[1]
    assert client.get(ending).status_code == 405
    client.post(ending)
    assert there.get("/agencies/kli/").url.startswith("/sign-in/")
    assert client.get("/agencies/kli/").status_code == 200
    assert "Firefox på Windows" not in client.get("/account/").content.decode()


def test_all_others_are_ended_together(client, chief, mailoutbox):
    others = [Client(), Client()]
    for other in (*others, client):
        sign_in(other, chief, mailoutbox)
    client.post("/account/sessions/end-others/")
    assert [other.get("/agencies/kli/").status_code for other in (*others, client)] == [302, 302, 200]


def test_nobody_ends_somebody_elses_session(client, lead, chief, mailoutbox):
    theirs = Client()
    sign_in(theirs, chief, mailoutbox)
    ending = re.search(r"Siden", theirs.get("/account/").content.decode())
    assert ending
    client.force_login(lead)
    for pk in range(1, 60):
        client.post(f"/account/sessions/{pk}/end/")
    client.post("/account/sessions/end-others/")
    assert theirs.get("/agencies/kli/").status_code == 200


def test_the_page_says_which_roles_one_has_and_where(client, chief):
    give_role(chief, RoleName.DEPUTY, make_agency("vav", name="Vann- og avløpsetaten"))
    client.force_login(chief)
    page = client.get("/account/").content.decode().replace("\u00ad", "")
    assert "Kommunikasjonssjef" in page
    assert "Stedfortreder" in page
    assert "Vann- og avløpsetaten" in page


def test_who_lost_every_key_is_let_in_afresh(client, lead, mailoutbox):
    sign_in(client, lead, mailoutbox)
    set_up_app(client)
    SocialAccount.objects.create(user=lead, provider="https://issuer.example", uid="s-1")
    call_command("reset_sign_in", lead.email.upper())
    assert client.get("/agencies/").url.startswith("/sign-in/")
    assert not SocialAccount.objects.exists()
    sign_in(client, lead, mailoutbox)
    assert client.get("/agencies/").url.startswith("/account/second-step/")
    with pytest.raises(CommandError):
        call_command("reset_sign_in", "ukjent@example.org")


def test_losing_the_last_role_ends_the_account_page_too(client, chief, mailoutbox):
    sign_in(client, chief, mailoutbox)
    Role.objects.filter(person=chief).update(until=NOW)
    assert client.get("/account/").status_code == 403


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/129.0 Safari/537.36 Edg/129.0", "Edge på Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari på iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/129.0 Mobile Safari/537.36", "Chrome på Android"),
        ("", "Nettleser"),
    ],
)
def test_a_browser_is_called_what_people_call_it(user_agent, words):
    assert device(user_agent) == words


def test_who_needs_no_key_is_not_called_a_lead_nor_told_of_codes_to_save(client, chief):
    client.force_login(chief)
    assert "Som prosjektleder" not in client.get("/account/second-step/").content.decode()
    codes = client.get("/account/keys/codes/").content.decode()
    assert "lages når du legger til en nøkkel" in codes
    assert "Jeg har lagret kodene" not in codes and "Lag nye koder" not in codes
