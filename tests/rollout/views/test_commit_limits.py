"""Limits that lock nobody out of committing, what a morning of it costs, and proof by the municipality's sign-in."""

# ruff: noqa: F811 (fixtures are asked for by the names they are imported under)

import html
import re

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from agencies.sessions import SessionStore
from rollout import codes
from rollout.domain import committing
from rollout.models import Commitment
from tests import codes as worker
from tests import oidc_issuer
from tests.factories import NOW, make_agency, place
from tests.rollout.views.test_commit import BASE, KARI, KLI, accept, ask, kari, prove, text, world  # noqa: F401

pytestmark = pytest.mark.django_db


# -- limits that lock nobody out -------------------------------------------------------------------------------------


def test_one_network_can_have_three_mails_sent_to_an_address_and_gets_the_same_answer_after(kari):
    with time_machine.travel("2026-02-01 09:00:01", tick=False):  # all within one of the limit's windows of time
        answers = {(r.status_code, r.url) for r in (ask(Client()) for _time in range(6))}
    assert answers == {(302, f"{KLI}code/")}
    assert worker.deliver() == codes.MAILS_FROM_ONE_NETWORK


def test_an_outsider_who_has_used_up_their_mails_does_not_lock_the_owner_out(kari):
    for _time in range(10):
        ask(Client(), REMOTE_ADDR="203.0.113.7")
    worker.deliver()
    mail.outbox.clear()
    ask(kari, REMOTE_ADDR="198.51.100.2")
    assert kari.post(f"{KLI}code/", {"code": worker.mailed(KARI)}).url == f"{KLI}read/"


def test_wrong_codes_of_an_outsider_take_no_tries_from_the_owner(kari):
    ask(kari)
    outsider = Client()
    ask(outsider)
    worker.deliver()
    first = re.search(r"\d{6}", mail.outbox[0].body)[0]
    for _time in range(20):
        outsider.post(f"{KLI}code/", {"code": "000000"})
    assert kari.post(f"{KLI}code/", {"code": first}).url == f"{KLI}read/"


def test_a_mailbox_is_not_flooded_from_many_networks(kari):
    for n in range(40):
        ask(Client(), REMOTE_ADDR=f"203.0.113.{n}")
    assert worker.deliver() == codes.MAILS_TO_ONE_ADDRESS


def test_where_nothing_was_sent_no_code_is_right_and_guessing_gets_the_same_answers(kari):
    for _time in range(codes.MAILS_FROM_ONE_NETWORK):
        ask(Client())
    ask(kari)
    worker.deliver()
    for message in mail.outbox:
        code = re.search(r"\d{6}", message.body)[0]
        assert "Koden er feil" in text(kari.post(f"{KLI}code/", {"code": code}))


def test_pressing_for_a_new_code_too_often_leaves_the_last_one_in_force(kari):
    for _time in range(codes.MAILS_FROM_ONE_NETWORK + 2):
        ask(kari)
    assert kari.post(f"{KLI}code/", {"code": worker.mailed(KARI)}).url == f"{KLI}read/"


def test_an_office_behind_one_address_comes_through_and_a_flood_is_told_to_wait(kari, monkeypatch):
    assert codes.ASKED_A_MINUTE * 10 >= 5_000  # 5 000 people in ten minutes
    monkeypatch.setattr(codes, "ASKED_A_MINUTE", 5)
    with time_machine.travel("2026-02-01 09:00:01", tick=False):
        for n in range(5):
            assert ask(Client(), f"ansatt{n}@kli.example.org").status_code == 302
        response = ask(kari)
    assert response.status_code == 429
    assert "Vent et minutt" in text(response)
    assert f'value="{KARI}"' in text(response)
    assert ask(kari, REMOTE_ADDR="198.51.100.2").status_code == 302


# -- made for one morning --------------------------------------------------------------------------------------------


def test_no_page_asks_more_of_the_database_with_more_agencies_and_people(kari, world, django_assert_max_num_queries):
    prove(kari)
    for _round in range(2):
        for step in ("", "code/", "read/"):
            with django_assert_max_num_queries(5):
                assert kari.get(f"{KLI}{step}").status_code == 200
        with django_assert_max_num_queries(5):
            kari.get(BASE)
        for _more in range(20):
            place(make_agency())


def test_the_number_on_the_last_page_is_counted_once_however_many_ask(kari, world):
    kli = committing.takes_part(world).get(slug="kli")
    for n in range(12):
        committing.commit(
            rollout=world,
            agency=kli,
            hash_seen=world.guideline_versions.get().text_hash,
            address=f"ansatt{n}@kli.example.org",
            proof="code",
            now=NOW,
        )
    prove(kari)
    accept(kari)
    assert "13 av 37 i Virksomhet kli har godtatt." in text(kari.get(f"{KLI}thanks/"))
    Commitment.objects.all().delete()
    assert "13 av 37" in text(kari.get(f"{KLI}thanks/"))


# -- by the municipality's own sign-in -------------------------------------------------------------------------------


@pytest.fixture
def issuer(settings):
    with oidc_issuer.running() as issuer:
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer.url, "puljeplan", "secret"
        settings.OIDC_NAME = "Entra ID"
        yield issuer


def sign_in(client, issuer, subject):
    """There and back again: where the visitor ends."""
    page = client.post(f"{KLI}sign-in/").content.decode()
    away = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)[1]
    return client.get(issuer.answer(html.unescape(away), subject), follow=True)


def test_an_address_proved_by_signing_in_needs_no_code_and_leaves_no_session(kari, issuer):
    assert "Eller logg inn med Entra ID" in text(kari.get(KLI))
    issuer.knows("s-5", email=KARI, email_verified=True)
    response = sign_in(kari, issuer, "s-5")
    assert response.redirect_chain[-1][0] == f"{KLI}read/"
    assert all(KARI not in str(SessionStore().decode(session.session_data)) for session in Session.objects.all())

    assert accept(kari).url == f"{KLI}thanks/"
    assert Commitment.objects.get().proof == "oidc"
    assert not Session.objects.exists()
    assert worker.deliver() == 0


def test_who_signs_in_with_another_agencys_address_is_told_so(kari, issuer):
    issuer.knows("s-6", email="per@vav.example.org", email_verified=True)
    response = sign_in(kari, issuer, "s-6")
    assert response.status_code == 409
    assert "Du logget inn som per@vav.example.org." in text(response)
    assert "Den slutter på @kli.example.org." in text(response)


def test_who_says_no_there_is_back_at_the_address(kari, issuer):
    response = sign_in(kari, issuer, None)
    assert response.redirect_chain[-1][0] == KLI
    assert "Innloggingen ble avbrutt" in text(response)
