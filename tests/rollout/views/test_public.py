"""What anybody may read before signing in: how accessible the site is, and what it stores."""

import pytest
from django.test import Client

from tests.factories import make_lead, make_rollout

pytestmark = pytest.mark.django_db


def test_both_pages_are_there_without_a_rollout_and_without_signing_in(client):
    for path in ("/tilgjengelighet", "/personvern", "/sign-in/"):
        page = client.get(path).content.decode()
        assert 'href="/personvern"' in page and 'href="/tilgjengelighet"' in page


def test_privacy_tells_how_long_and_that_the_employees_code_is_personal_data(client):
    make_rollout(retention_months=18)
    page = client.get("/personvern").content.decode()
    assert "slettes 18 måneder etter" in page
    assert "Den er likevel en personopplysning" in page
    assert "prosjektleder@example.org" in page


def test_the_address_of_the_statement_and_whom_to_write_to_are_settings(client, settings):
    assert "ikke lagt ut ennå" in client.get("/tilgjengelighet").content.decode()
    settings.ACCESSIBILITY_STATEMENT_URL = "https://uustatus.no/nb/erklaringer/publisert/1"
    settings.CONTACT_EMAIL = "post@example.org"
    page = client.get("/tilgjengelighet").content.decode()
    assert 'href="https://uustatus.no/nb/erklaringer/publisert/1"' in page
    assert "post@example.org" in page


def test_they_set_no_cookie(client):
    """No tracking, as the page says."""
    for path in ("/tilgjengelighet", "/personvern"):
        assert not Client().get(path).cookies


def test_no_page_lets_a_strangers_script_run(client):
    for path in ("/personvern", "/sign-in/", "/finnes-ikke/"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "object-src 'none'" in policy and "base-uri 'none'" in policy
        assert "unsafe" not in policy


def test_a_form_without_its_token_changes_nothing():
    lead = make_lead()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lead)
    make_lead("en.til@example.org")
    assert strict.post("/my-data/erase/", {"sure": "on"}).status_code == 403
    lead.refresh_from_db()
    assert lead.is_active
