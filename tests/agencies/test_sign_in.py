"""Signing in: who gets a code, who gets in, and what everybody else is told."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import NoReverseMatch, get_resolver, reverse

from agencies.models import Role, RoleName
from agencies.sign_in import DEMO_ROLES, SIGNED_IN_BY
from rollout.models import OutgoingEmail
from tests.factories import NOW, give_role, make_agency, make_lead, make_people, make_person, make_rollout

pytestmark = pytest.mark.django_db
CODE = re.compile(r"^\s+(\d{4}-\d{4})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def fresh_rate_limits():
    cache.clear()


@pytest.fixture
def lead():
    make_rollout()
    return make_lead()


def ask(client, email, **data):
    return client.post("/sign-in/", {"email": email} | data, follow=True)


def code_in(mailoutbox) -> str:
    return CODE.search(mailoutbox[-1].body)[1]


def end_roles(person):
    Role.objects.filter(person=person).update(until=NOW)


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_an_invited_person_gets_a_code_by_mail_and_gets_in_with_it(client, lead, mailoutbox):
    page = ask(client, lead.email)
    assert page.request["PATH_INFO"] == "/sign-in/code/"
    [mail] = mailoutbox
    assert mail.to == [lead.email]
    assert mail.subject == "Engangskode til Puljeplan"
    assert "http" not in mail.body
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"

    response = client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert response.status_code == 302
    assert is_signed_in(client)
    assert client.session[SIGNED_IN_BY] == "code"


def test_the_code_may_be_typed_without_its_dash(client, lead, mailoutbox):
    ask(client, lead.email)
    client.post("/sign-in/code/", {"code": code_in(mailoutbox).replace("-", "")})
    assert is_signed_in(client)


def test_the_address_may_be_typed_with_capitals(client, lead, mailoutbox):
    ask(client, f" {lead.email.upper()} ")
    assert mailoutbox[0].to == [lead.email]


def test_after_signing_in_one_comes_to_the_page_one_asked_for(client, lead, mailoutbox):
    sign_in = client.get("/agencies/")
    assert sign_in.url == "/sign-in/?next=/agencies/"
    ask(client, lead.email, next="/agencies/")
    response = client.post("/sign-in/code/?next=/agencies/", {"code": code_in(mailoutbox), "next": "/agencies/"})
    assert response.url == "/agencies/"


def test_one_is_never_led_to_another_site_after_signing_in(client, lead, mailoutbox):
    ask(client, lead.email)
    response = client.post("/sign-in/code/", {"code": code_in(mailoutbox), "next": "https://evil.example/"})
    assert response.url == "/"


def test_a_wrong_code_does_not_let_anybody_in_and_says_so(client, lead, mailoutbox):
    ask(client, lead.email)
    response = client.post("/sign-in/code/", {"code": "0000-0000"})
    assert "Koden er feil" in response.content.decode()
    assert not is_signed_in(client)


def test_three_wrong_codes_spend_the_code(client, lead, mailoutbox):
    ask(client, lead.email)
    for _attempt in range(3):
        client.post("/sign-in/code/", {"code": "0000-0000"})
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert not is_signed_in(client)


def test_a_new_code_can_be_asked_for_and_the_old_one_is_spent(client, lead, mailoutbox):
    ask(client, lead.email)
    old = code_in(mailoutbox)
    client.post("/sign-in/code/", {"action": "resend"})
    assert len(mailoutbox) == 2
    client.post("/sign-in/code/", {"code": old})
    assert not is_signed_in(client)
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert is_signed_in(client)


def test_one_can_go_back_and_use_another_address(client, lead, mailoutbox):
    ask(client, "feil@example.org")
    response = client.post("/sign-out/", {"next": "/sign-in/"}, follow=True)
    assert response.request["PATH_INFO"] == "/sign-in/"
    ask(client, lead.email)
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert is_signed_in(client)


@pytest.mark.parametrize("who", ["unknown", "without a role", "closed"])
def test_others_are_told_the_same_and_get_no_mail(who, client, lead, mailoutbox):
    known = ask(client, lead.email).content.decode()
    client.post("/sign-out/")
    mailoutbox.clear()
    other = make_person("annen.person@example.org")
    if who == "unknown":
        other.delete()
    elif who == "without a role":
        give_role(other, RoleName.READER)
        end_roles(other)
    else:
        give_role(other, RoleName.READER)
        other.is_active = False
        other.save()

    unknown = ask(client, "annen.person@example.org").content.decode()
    assert mailoutbox == []

    def words(page):
        return re.sub(r'value="[^"]*"', "", page).replace(lead.email, "X").replace("annen.person@example.org", "X")

    assert words(unknown).replace("X", "") == words(known).replace("X", "")
    assert "prosjektlederen" in unknown


def test_no_code_fits_an_unknown_address(client, lead):
    ask(client, "ukjent@example.org")
    for guess in ("", "-", "0000-0000"):
        client.post("/sign-in/code/", {"code": guess})
    assert not is_signed_in(client)


def test_who_loses_the_last_role_before_typing_the_code_does_not_get_in(client, lead, mailoutbox):
    ask(client, lead.email)
    end_roles(lead)
    response = client.post("/sign-in/code/", {"code": code_in(mailoutbox)}, follow=True)
    assert not is_signed_in(client)
    assert "ingen rolle i Puljeplan" in response.content.decode()


def test_an_open_session_loses_access_with_the_last_role_at_once(client, lead):
    client.force_login(lead)
    assert client.get("/agencies/").status_code == 200
    end_roles(lead)
    response = client.get("/agencies/")
    assert response.status_code == 403
    assert "ingen rolle i Puljeplan" in response.content.decode()


def test_an_open_session_gains_what_a_new_role_gives_at_once(client, lead):
    chief = make_people(make_agency("kli"))["chief"]
    client.force_login(chief)
    assert client.get("/agencies/").status_code == 403
    give_role(chief, RoleName.READER)
    assert client.get("/agencies/").status_code == 200


def test_the_fourth_request_for_a_code_within_a_minute_is_stopped(client, lead, mailoutbox):
    for _attempt in range(4):
        page = ask(client, lead.email)
        client.post("/sign-out/")
    assert len(mailoutbox) == 3
    assert "for mange forsøk" in page.content.decode()


def test_a_mail_server_that_is_down_tells_nobody_who_is_known(client, lead, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = ask(client, lead.email)
    assert page.status_code == 200
    assert page.request["PATH_INFO"] == "/sign-in/code/"


def test_the_code_is_no_outgoing_email(client, lead, mailoutbox):
    ask(client, lead.email)
    assert len(mailoutbox) == 1
    assert not OutgoingEmail.objects.exists()


def test_opening_the_pages_signs_nobody_in_or_out(client, lead):
    assert client.get("/sign-in/").status_code == 200
    client.force_login(lead)
    assert client.get("/sign-out/").status_code == 200
    assert is_signed_in(client)


def test_signing_out_ends_the_session(client, lead):
    client.force_login(lead)
    client.post("/sign-out/")
    assert not is_signed_in(client)
    assert not Session.objects.exists()


def test_of_allauths_pages_only_these_exist():
    for name in ("signup", "reset_password", "change_password", "set_password", "email", "reauthenticate", "inactive"):
        with pytest.raises(NoReverseMatch):
            reverse(f"account_{name}")
    ours = {name for name in get_resolver().reverse_dict if str(name).startswith("account_")}
    assert ours == {"account_login", "account_request_login_code", "account_confirm_login_code", "account_logout"}


def test_a_session_cookie_is_not_for_scripts():
    assert settings.SESSION_COOKIE_HTTPONLY


@pytest.fixture
def demo(lead, settings):
    settings.DEMO_MODE = True
    make_people(make_agency("kli", name="Klimaetaten"))
    make_people(make_agency("vav", name="Vann- og avløpsetaten"))
    give_role("sponsor@example.org", RoleName.SPONSOR)


@pytest.mark.parametrize(
    ("label", "email"),
    [
        ("Prosjektleder", "prosjektleder@example.org"),
        ("Kommunikasjonssjef i Klimaetaten", "kommunikasjonssjef.kli@example.org"),
        ("Kommunikasjonssjef i Vann- og avløpsetaten", "kommunikasjonssjef.vav@example.org"),
        ("Virksomhetsleder i Klimaetaten", "leder.kli@example.org"),
        ("Sponsor", "sponsor@example.org"),
    ],
)
def test_the_demo_offers_each_role_with_one_press(label, email, client, demo):
    page = client.get("/sign-in/").content.decode()
    key = re.search(rf'name="role" value="([^"]+)">(?:<svg[^>]*><use[^>]*></use></svg>)?{label}<', page)[1]
    response = client.post("/sign-in/demo/", {"role": key})
    assert response.url == "/"
    assert make_person(email).pk == int(client.session["_auth_user_id"])
    assert client.session[SIGNED_IN_BY] == "demo"


def test_the_demo_signs_nobody_in_by_an_unknown_role_or_by_opening_the_page(client, demo):
    assert client.post("/sign-in/demo/", {"role": "mayor"}).url == "/sign-in/"
    assert client.get("/sign-in/demo/", {"role": "lead"}).status_code == 405
    assert not is_signed_in(client)


def test_outside_the_demo_there_is_no_demo_sign_in(client, lead):
    page = client.get("/sign-in/").content.decode()
    assert "Prøv som" not in page
    assert "/sign-in/demo/" not in page
    for offered in DEMO_ROLES:
        assert client.post("/sign-in/demo/", {"role": offered.key}).status_code == 404
    assert not is_signed_in(client)
