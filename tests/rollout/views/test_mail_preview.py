"""*Forhåndsvis*: each kind of mail as its reader would get it, and nothing of it kept or sent."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.models import EmailKind, Rollout
from tests import every_mail
from tests.factories import make_lead, make_rollout, set_clock

pytestmark = pytest.mark.django_db

PREVIEW = "/r/workplace-2018/mail/preview/"


@pytest.fixture
def as_lead(client, settings):
    settings.DEMO_MODE = True
    set_clock(every_mail.TODAY)
    client.force_login(make_lead())
    return client


@pytest.fixture
def busy(as_lead) -> Rollout:
    return every_mail.build()


def rows() -> dict[str, int]:
    models = [model for app in ("agencies", "rollout") for model in apps.get_app_config(app).get_models()]
    return {model._meta.db_table: model._base_manager.count() for model in models}


def test_the_mail_page_leads_to_every_kind(as_lead):
    make_rollout()
    assert PREVIEW in as_lead.get("/r/workplace-2018/mail/").text

    found = set(re.findall(rf'href="{PREVIEW}([a-z_]+)/"', as_lead.get(PREVIEW).text))

    assert found == set(EmailKind)


def test_looking_at_every_kind_writes_nothing(as_lead, busy):
    before = rows()
    with CaptureQueriesContext(connection) as asked:
        for kind in EmailKind:
            assert as_lead.get(f"{PREVIEW}{kind}/").status_code == 200
            as_lead.get(f"{PREVIEW}{kind}/1/")

    assert rows() == before
    # As Django tells of one that is prepared: QUERY = '…'.
    words = {re.sub(r"^QUERY = .(\\n)?", "", query["sql"]).split()[0] for query in asked}
    assert words <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_where_nothing_is_at_hand_a_sentence_says_so(as_lead):
    make_rollout()

    for kind in EmailKind:
        page = as_lead.get(f"{PREVIEW}{kind}/").text
        if "<iframe" not in page:
            [said] = re.findall(r'<p class="ur-lead">(.+?)</p>', page)
            assert said.endswith(".")
            assert as_lead.get(f"{PREVIEW}{kind}/1/").status_code == 404


def test_the_reader_is_chosen_and_the_words_are_that_readers(as_lead, busy):
    page = as_lead.get(f"{PREVIEW}leaders_open/").text
    readers = re.findall(r'<option value="(\d+)"[^>]*>([^<:]+)', page)
    assert "kommunikasjonssjef.vav@example.org" in dict(map(reversed, readers))
    place = dict(map(reversed, readers))["kommunikasjonssjef.vav@example.org"]

    chosen = as_lead.get(f"{PREVIEW}leaders_open/", {"mail": place}).text
    assert "Vann- og avløpsetaten (du er kommunikasjonssjef)" in chosen
    assert "onsdag 4. april 2018" in chosen
    assert f"{PREVIEW}leaders_open/{place}/" in chosen
    assert "kommunikasjonssjef" in as_lead.get(f"{PREVIEW}leaders_open/{place}/").text


def test_a_reader_there_is_not_is_the_first(as_lead, busy):
    for asked in ("0", "999", "-1", "x", "²"):
        page = as_lead.get(f"{PREVIEW}no_decision/", {"mail": asked})

        assert f"{PREVIEW}no_decision/1/" in page.text


def test_the_frame_may_style_itself_and_nothing_else(as_lead, busy):
    assert "sandbox" in as_lead.get(f"{PREVIEW}no_decision/").text
    response = as_lead.get(f"{PREVIEW}no_decision/1/")

    assert response.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert response.text.startswith("<!DOCTYPE html>")


def test_what_is_not_there_is_not_found(as_lead, busy):
    for path in ("finnes_ikke/", "finnes_ikke/1/", "no_decision/0/", "no_decision/999/"):
        assert as_lead.get(PREVIEW + path).status_code == 404
