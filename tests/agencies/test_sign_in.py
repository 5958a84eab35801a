"""Signing in: who gets a code, who gets in, and what everybody else is told."""

import re

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from agencies.limits import KNOWN_BROWSER
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


def test_the_sixth_request_for_a_code_within_five_minutes_is_stopped(client, lead, mailoutbox):
    for _attempt in range(6):
        page = ask(client, lead.email)
        client.post("/sign-out/")
    assert len(mailoutbox) == 5
    assert "for mange forsøk" in page.content.decode()


def test_an_outsider_who_asks_and_guesses_without_end_does_not_keep_the_owner_out(client, lead, mailoutbox):
    from_afar = Client(REMOTE_ADDR="203.0.113.9")
    ask(client, lead.email)
    mine = code_in(mailoutbox)
    for _attempt in range(10):
        ask(from_afar, lead.email)
        for _guess in range(4):
            from_afar.post("/sign-in/code/", {"code": "0000-0000"})
    assert len(mailoutbox) == 1 + 5
    client.post("/sign-in/code/", {"code": mine})
    assert is_signed_in(client)
    client.post("/sign-out/")
    ask(client, lead.email)
    assert len(mailoutbox) == 1 + 5 + 1


def test_a_colleague_behind_the_same_address_does_not_keep_out_a_browser_that_has_been_in_before(
    client, lead, mailoutbox
):
    ask(client, lead.email)
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    client.post("/sign-out/")
    mailoutbox.clear()
    for _attempt in range(8):
        beside = Client()  # no mark of its own
        ask(beside, lead.email)
    refused = len(mailoutbox)
    ask(client, lead.email)
    assert len(mailoutbox) == refused + 1
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert is_signed_in(client)


def test_a_browsers_mark_counts_for_its_own_address_only_and_cannot_be_made_up(client, lead, mailoutbox):
    ask(client, lead.email)
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    mark = client.cookies[KNOWN_BROWSER].value
    client.post("/sign-out/")
    mailoutbox.clear()
    chief = make_people(make_agency("kli"))["chief"]
    for number in range(8):
        other = Client()
        other.cookies[KNOWN_BROWSER] = mark if number % 2 else f"{mark[:-2]}{number}x"
        ask(other, chief.email)
    assert len(mailoutbox) == 5
    assert lead.email not in mark


def test_each_person_has_a_number_of_forms_a_minute(client, lead, settings):
    settings.FORMS_PER_MINUTE = 3
    client.force_login(lead)
    answers = [client.post("/account/sessions/end-others/").status_code for _form in range(4)]
    assert answers == [302, 302, 302, 429]
    other = Client()
    other.force_login(make_people(make_agency("kli"))["chief"])
    assert other.post("/account/sessions/end-others/").status_code == 302
    assert client.get("/account/").status_code == 200
    assert client.post("/sign-out/").status_code == 302


def test_opening_the_code_page_beforehand_spends_nothing(client, lead, mailoutbox):
    """A mail scanner has no session of ours; a browser that looks ahead has, and only reads."""
    ask(client, lead.email)
    for _time in range(5):
        assert client.get("/sign-in/code/").status_code == 200
        assert client.head("/sign-in/code/").status_code == 200
        Client().get("/sign-in/code/")
    assert len(mailoutbox) == 1
    client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert is_signed_in(client)


def test_a_used_code_is_dead(client, lead, mailoutbox):
    ask(client, lead.email)
    code = code_in(mailoutbox)
    client.post("/sign-in/code/", {"code": code})
    client.post("/sign-out/")
    client.post("/sign-in/code/", {"code": code})
    assert not is_signed_in(client)
    ask(client, lead.email)
    client.post("/sign-in/code/", {"code": code})
    assert not is_signed_in(client)


def test_a_code_fits_only_the_browser_that_asked_for_it(client, lead, mailoutbox):
    ask(client, lead.email)
    other = Client()
    ask(other, "ukjent@example.org")
    other.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert not is_signed_in(other)


def test_a_code_is_dead_after_ten_minutes(client, lead, mailoutbox):
    with time_machine.travel("2026-03-02 09:00:00+01:00", tick=False) as clock:
        ask(client, lead.email)
        clock.shift(601)
        response = client.post("/sign-in/code/", {"code": code_in(mailoutbox)})
    assert response.url == "/sign-in/"
    assert not is_signed_in(client)


def test_two_tabs_share_one_code(client, lead, mailoutbox):
    ask(client, lead.email)
    assert ask(client, lead.email).request["PATH_INFO"] == "/sign-in/code/"
    [mail] = mailoutbox
    client.post("/sign-in/code/", {"code": code_in([mail])})
    assert is_signed_in(client)


def test_the_back_button_leads_from_the_used_code_page_to_where_one_is_signed_in(client, lead, mailoutbox):
    ask(client, make_people(make_agency("kli"))["chief"].email)
    code = code_in(mailoutbox)
    client.post("/sign-in/code/", {"code": code})
    assert client.get("/sign-in/code/").url == "/"
    assert client.post("/sign-in/code/", {"code": code}).url == "/"
    assert client.get("/sign-in/").url == "/"
    assert is_signed_in(client)


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
    for name in ("mfa_generate_recovery_codes", "mfa_deactivate_totp", "mfa_login_webauthn", "usersessions_list"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


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
