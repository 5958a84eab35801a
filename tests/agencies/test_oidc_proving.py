"""Proving a work address at the issuer, by somebody without an account: nobody is signed in."""

# ruff: noqa: F811 (fixtures are asked for by the names they are imported under)

import json

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from agencies import oidc
from agencies.models import Person
from tests.agencies.test_oidc import PID, chief, come_back, issuer, leads_to, running_issuer, signed_in_as  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def proving(settings):
    settings.ROOT_URLCONF = "tests.agencies.proving_urls"


def prove(client: Client, issuer, subject: str) -> str:
    """Leave to prove an address and come back; what the page then knows."""
    response = come_back(client, issuer.answer(leads_to(client.post("/proving/")), subject))
    assert response.url == "/proving/answer/"
    return proven(client)


def proven(client: Client) -> str:
    return client.get("/proving/answer/").content.decode()


def test_an_employee_without_an_account_proves_an_address_and_is_not_signed_in(client, issuer, chief, proving):
    people = Person.objects.count()
    issuer.knows("s-5", email="Medarbeider@Example.org", email_verified=True, pid=PID)
    assert prove(client, issuer, "s-5") == "medarbeider@example.org"
    assert signed_in_as(client) is None
    assert Person.objects.count() == people
    assert not SocialAccount.objects.exists()
    assert PID not in json.dumps(dict(client.session.items()))


def test_an_invited_person_who_proves_an_address_is_not_signed_in_by_it(client, issuer, chief, proving):
    issuer.knows("s-1", email=chief.email, email_verified=True)
    assert prove(client, issuer, "s-1") == chief.email
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


def test_an_unverified_address_is_not_proved(client, issuer, chief, proving):
    issuer.knows("s-5", email="medarbeider@example.org")
    assert prove(client, issuer, "s-5") == "ingen"


def test_who_says_no_at_the_issuer_has_proved_nothing(client, issuer, chief, proving):
    assert prove(client, issuer, None) == "ingen"


def test_a_proved_address_lasts_half_an_hour(client, issuer, chief, proving):
    issuer.knows("s-5", email="medarbeider@example.org", email_verified=True)
    prove(client, issuer, "s-5")
    session = client.session
    session[oidc.PROVEN] = session[oidc.PROVEN] | {"at": session[oidc.PROVEN]["at"] - oidc.PROVEN_LASTS - 1}
    session.save()
    assert proven(client) == "ingen"
