"""Signing in in a browser: by the municipality's own issuer, and as a lead by a code and a passkey."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import expect

from tests import oidc_issuer
from tests.journeys.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def issuer(settings):
    cache.clear()
    with oidc_issuer.running() as running:
        settings.OIDC_ISSUER, settings.OIDC_NAME = running.url, "Oslo kommune"
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "puljeplan", "hemmelig"
        yield running


def at_the_issuer(page, subject: str) -> None:
    """Sign in on the issuer's own page, which would fetch its looks from the internet."""
    page.context.route(lambda url: url.startswith("https://"), lambda route: route.fulfill(content_type="text/css"))
    page.get_by_role("button", name="Logg inn med Oslo kommune").click()
    page.get_by_label("Subject").fill(subject)
    page.get_by_role("button", name="Authorize", exact=True).click()


def test_a_chief_signs_in_at_the_issuer_and_sees_where_they_are_signed_in(visitor: Visitor, issuer):
    issuer.knows("s-1", email="kommunikasjonssjef.kli@example.org", email_verified=True)
    page = visitor.visit("/my/")
    visitor.check("sign-in with an issuer")
    at_the_issuer(page, "s-1")
    expect(page).to_have_url(re.compile(r"/r/[^/]+/my/kli/$"))
    visitor.visit("/account/")
    expect(page.get_by_role("heading", name="Innlogginger")).to_be_visible()
    expect(page.get_by_text("Denne", exact=True)).to_be_visible()
    visitor.check("account")


def test_a_stranger_is_told_whom_to_ask(at_phone: Visitor, issuer):
    issuer.knows("s-9", email="ukjent@example.org", email_verified=True)
    page = at_phone.visit("/sign-in/")
    at_the_issuer(page, "s-9")
    expect(page.get_by_text("ingen rolle i Puljeplan")).to_be_visible()
    at_phone.check("told whom to ask")


def test_a_lead_sets_up_a_passkey_and_is_asked_for_it_the_next_time(at_laptop: Visitor, mailbox):
    page = at_laptop.page
    at_laptop.address = at_laptop.address.replace("127.0.0.1", "localhost")  # a passkey belongs to a name
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def sign_in_by_code():
        at_laptop.visit("/sign-in/")
        page.get_by_label("E-postadresse").fill("prosjektleder@example.org")
        page.get_by_role("button", name="Send meg en kode").click()
        expect(page.get_by_label("Engangskode")).to_be_visible()
        page.get_by_label("Engangskode").fill(mailbox.code("prosjektleder@example.org"))
        page.get_by_role("button", name="Logg inn").click()

    sign_in_by_code()
    expect(page.get_by_role("heading", name="Sikre innloggingen")).to_be_visible()
    at_laptop.check("second step")
    page.get_by_role("link", name="Legg til app").click()
    expect(page.get_by_role("img", name="QR-kode")).to_be_visible()
    at_laptop.check("app")
    page.get_by_role("link", name="Bruk en passnøkkel i stedet").click()
    at_laptop.check("passkey")
    page.get_by_role("button", name="Lag passnøkkel").click()
    expect(page.get_by_role("heading", name="Reservekoder")).to_be_visible()
    at_laptop.check("recovery codes")
    page.get_by_role("link", name="Jeg har lagret kodene").click()
    expect(page.get_by_role("link", name="Tavle", exact=True)).to_be_visible()
    assert Authenticator.objects.filter(type="webauthn").count() == 1

    page.context.clear_cookies()
    sign_in_by_code()
    expect(page.get_by_role("heading", name="Bekreft at det er deg")).to_be_visible()
    at_laptop.check("asked for the passkey")
    page.get_by_role("button", name="Bruk passnøkkel").click()
    expect(page.get_by_role("link", name="Tavle", exact=True)).to_be_visible()
    at_laptop.visit("/account/keys/codes/")
    expect(page.get_by_text("Bruk passnøkkelen din for å gå videre.")).to_be_visible()
    at_laptop.check("confirm")
    page.get_by_role("button", name="Bruk passnøkkel").click()
    expect(page.get_by_role("heading", name="Reservekoder")).to_be_visible()
