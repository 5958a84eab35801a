"""An employee commits without an account: every step, and all that happens between the steps."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache, caches
from django.test import Client
from django.utils import timezone

from agencies.models import Agency
from rollout import codes
from rollout.domain import creating
from rollout.models import Commitment, OutgoingEmail, PlanEvent
from rollout.views.commitments import sharing
from tests import codes as worker
from tests.factories import NOW, make_agency, make_guidelines, make_rollout, open_for_all, place, set_clock
from tests.mail_server import MailServer, serving

pytestmark = pytest.mark.django_db

BASE = "/r/workplace-2018/commit/"
KLI = f"{BASE}kli/"
KARI = "kari@kli.example.org"


@pytest.fixture(autouse=True)
def world(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    cache.clear()
    caches["markup"].clear()
    worker.forget()
    rollout = make_rollout()
    place(make_agency("kli", employees=37))
    place(make_agency("vav", employees=600))
    return rollout


@pytest.fixture
def kari():
    return Client()


def ask(client, address=KARI, **headers):
    return client.post(KLI, {"address": address}, **headers)


def prove(client, address=KARI):
    ask(client, address)
    return client.post(f"{KLI}code/", {"code": worker.mailed(address)})


def accept(client):
    shown = re.search(r'name="hash_seen" value="(\w+)"', client.get(f"{KLI}read/").content.decode())
    return client.post(f"{KLI}read/", {"hash_seen": shown[1]})


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


# -- the way through -------------------------------------------------------------------------------------------------


def test_from_the_shared_link_to_thanks(kari):
    assert "@kli.example.org" in text(kari.get(KLI))
    assert ask(kari).url == f"{KLI}code/"
    assert KARI in text(kari.get(f"{KLI}code/"))
    assert kari.post(f"{KLI}code/", {"code": worker.mailed(KARI)}).url == f"{KLI}read/"
    assert "Vær saklig" in text(kari.get(f"{KLI}read/"))
    assert accept(kari).url == f"{KLI}thanks/"
    assert "Du er talt med i Virksomhet kli." in text(kari.get(f"{KLI}thanks/"))

    assert Commitment.objects.get().agency.slug == "kli"


def test_agencies_are_found_by_part_of_the_name(kari):
    everybody, found = text(kari.get(BASE)), text(kari.get(BASE, {"q": " VAV "}))
    assert "/commit/kli/" in everybody and "/commit/vav/" in everybody
    assert "/commit/kli/" not in found and "/commit/vav/" in found
    assert "Ingen virksomhet som er med, har «xyz» i navnet." in text(kari.get(BASE, {"q": "xyz"}))


def test_nobody_has_to_sign_in_and_no_session_is_kept(kari):
    prove(kari)
    accept(kari)
    assert "sessionid" not in kari.cookies
    assert not Session.objects.exists()


def test_the_mail_says_it_is_automatic_and_holds_no_link(kari):
    ask(kari)
    worker.deliver()
    [message] = mail.outbox
    assert message.to == [KARI]
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    [(markup, kind)] = message.alternatives
    assert kind == "text/html"
    for body in (message.body, markup):
        assert "href" not in body and "://" not in body.replace("http://www.w3.org/", "")


def test_an_agency_that_takes_no_part_is_not_there(kari):
    make_agency("utenfor")
    for step in ("", "code/", "read/", "thanks/"):
        assert kari.get(f"{BASE}utenfor/{step}").status_code == 404


STEPS = ("", "kli/", "kli/code/", "kli/read/", "kli/thanks/")


def in_preparation():
    """A plan that was never the active one, and has opened nothing."""
    planned = make_rollout(slug="teams-2019", name="Teams i Oslo", tool_name="Teams", waves=1)
    place(Agency.objects.get(slug="kli"), planned.waves.get())
    return planned


def test_a_plan_in_preparation_is_not_there_for_employees_and_its_name_is_not_told(kari, world):
    in_preparation()
    for step in STEPS:
        hidden, missing = kari.get(f"/r/teams-2019/commit/{step}"), kari.get(f"/r/finnes-ikke/commit/{step}")
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.content.replace(b"teams-2019", b"finnes-ikke") == missing.content
    assert kari.post("/r/teams-2019/commit/kli/", {"address": KARI}).status_code == 404
    assert worker.deliver() == 0


def test_the_link_is_not_given_to_share_before_it_leads_anywhere(world):
    planned = in_preparation()
    standing = planned.placements.get()
    assert sharing(planned, standing.agency, standing) is None
    creating.activate(rollout=planned, by=None, now=NOW)
    planned.refresh_from_db()
    assert sharing(planned, standing.agency, standing).address.endswith("/r/teams-2019/commit/kli/")


def test_a_link_that_was_shared_leads_there_also_when_another_rollout_has_become_the_active_one(kari, world):
    planned = in_preparation()
    creating.activate(rollout=planned, by=None, now=NOW)
    for slug in ("workplace-2018", "teams-2019"):
        assert kari.get(f"/r/{slug}/commit/").status_code == 200


def test_a_wave_that_has_opened_leads_its_employees_there_in_whatever_rollout(kari, world):
    planned = in_preparation()
    open_for_all(planned.waves.get())
    assert kari.get("/r/teams-2019/commit/").status_code == 200


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("kari@gmail.com", "Den slutter på @kli.example.org."),
        ("kari", "Skriv den slik: navn@kli.example.org."),
        ("", "Skriv e-postadressen du har på jobben."),
    ],
)
def test_a_wrong_address_is_explained_and_what_was_typed_stays(kari, typed, said):
    response = ask(kari, typed)
    assert response.status_code == 422
    assert said in text(response)
    assert f'value="{typed}"' in text(response) or not typed
    assert worker.deliver() == 0


# -- what must leave no trace ----------------------------------------------------------------------------------------


def test_the_address_is_in_no_table_and_no_log(kari, caplog):
    caplog.set_level(logging.DEBUG)
    prove(kari)
    accept(kari)
    assert not OutgoingEmail.objects.exists()
    assert not PlanEvent.objects.exists()
    assert "kari" not in str(list(Commitment.objects.values())).lower()
    assert "kari" not in caplog.text.lower()


def test_valkey_holds_neither_address_nor_code_but_in_the_queue(kari):
    ask(kari)
    code = worker.mailed(KARI)
    connection = cache._cache.get_client(None)
    keys = connection.keys("*commit-*")
    assert keys
    for key in keys:
        held = key + (connection.get(key) if connection.type(key) == b"string" else b"")
        assert b"kari" not in held.lower()
        assert code.encode() not in held


def test_a_mail_server_that_refuses_the_address_does_not_bring_it_to_the_log(kari, caplog, settings):
    class Refusing(MailServer):
        async def on_rcpt(self, server, address):
            return f"550 no such user {address}"

    with serving(Refusing()) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        ask(kari)
        worker.deliver()
    assert "refused by the mail server" in caplog.text
    assert "kari" not in caplog.text.lower()


# -- scanners, reloads, the back button, two tabs --------------------------------------------------------------------


def test_looking_changes_nothing_however_often_and_by_whom(kari):
    prove(kari)
    for client in (kari, Client()):
        for step in ("", "code/", "read/", "thanks/"):
            for look in (client.get, client.head):
                assert look(f"{KLI}{step}").status_code in (200, 302)
    assert not Commitment.objects.exists()
    assert accept(kari).url == f"{KLI}thanks/"


@pytest.mark.parametrize("step", ["code/", "read/", "thanks/"])
def test_who_comes_too_early_is_led_to_the_step_before(kari, step):
    assert kari.get(f"{KLI}{step}").url == KLI
    ask(kari)
    assert step == "code/" or kari.get(f"{KLI}{step}").url in (f"{KLI}code/", KLI)


def test_a_double_press_is_counted_once_and_thanked_for(kari, world):
    prove(kari)
    shown = world.guideline_versions.get().text_hash
    again = Client()
    again.cookies = kari.cookies.copy()  # the second press leaves before the first is answered
    for client in (kari, again):
        assert client.post(f"{KLI}read/", {"hash_seen": shown}).url == f"{KLI}thanks/"
    assert Commitment.objects.count() == 1
    assert "talt med fra før" in text(again.get(f"{KLI}thanks/"))


def test_a_double_press_of_the_code_is_no_mistake(kari):
    ask(kari)
    code = worker.mailed(KARI)
    for _press in range(2):
        assert kari.post(f"{KLI}code/", {"code": code}).url == f"{KLI}read/"


def test_back_after_it_is_done_leads_to_thanks_and_reloading_thanks_is_harmless(kari):
    prove(kari)
    accept(kari)
    assert kari.get(f"{KLI}read/").url == f"{KLI}thanks/"
    assert kari.get(f"{KLI}code/").url == f"{KLI}thanks/"
    for _reload in range(3):
        assert kari.get(f"{KLI}thanks/").status_code == 200
    assert Commitment.objects.count() == 1


def test_a_second_time_is_kindly_told_that_it_was_counted(kari):
    prove(kari)
    accept(kari)
    later = Client()
    prove(later, "Kari+igjen@kli.example.org")
    accept(later)
    assert "Du telles bare én gang" in text(later.get(f"{KLI}thanks/"))
    assert Commitment.objects.count() == 1


def test_two_tabs_about_two_agencies_do_not_disturb_each_other(kari):
    ask(kari)
    kari.post(f"{BASE}vav/", {"address": "kari@vav.example.org"})
    assert kari.post(f"{KLI}code/", {"code": worker.mailed(KARI)}).url == f"{KLI}read/"
    assert accept(kari).url == f"{KLI}thanks/"


def test_of_two_tabs_with_two_addresses_the_later_one_counts_and_the_page_says_which(kari):
    ask(kari)
    ask(kari, "per@kli.example.org")
    assert "per@kli.example.org" in text(kari.get(f"{KLI}code/"))
    assert kari.post(f"{KLI}code/", {"code": worker.mailed(KARI)}).status_code == 422
    assert kari.post(f"{KLI}code/", {"code": worker.mailed("per@kli.example.org")}).url == f"{KLI}read/"


def test_the_next_on_the_same_device_is_shown_nothing_of_the_one_before(kari):
    prove(kari)
    accept(kari)
    assert KARI not in text(kari.get(KLI)) + kari.cookies["commit-kli"].value


# -- the code --------------------------------------------------------------------------------------------------------


def test_a_wrong_code_may_be_tried_five_times_and_then_not_even_the_right_one_helps(kari):
    ask(kari)
    code = worker.mailed(KARI)
    wrong = "000000" if code != "000000" else "111111"
    for _try in range(codes.TRIES):
        assert "Koden er feil" in text(kari.post(f"{KLI}code/", {"code": wrong}))
    response = kari.post(f"{KLI}code/", {"code": code})
    assert response.status_code == 422
    assert "prøvd for mange ganger" in text(response)


def test_a_code_is_right_with_spaces_in_it(kari):
    ask(kari)
    code = worker.mailed(KARI)
    assert kari.post(f"{KLI}code/", {"code": f" {code[:3]} {code[3:]} "}).url == f"{KLI}read/"


def test_a_code_is_of_no_use_in_another_browser(kari):
    ask(kari)
    code, other = worker.mailed(KARI), Client()
    assert other.post(f"{KLI}code/", {"code": code}).url == KLI
    ask(other, "per@kli.example.org")
    assert other.post(f"{KLI}code/", {"code": code}).status_code == 422


def test_a_code_that_was_used_is_of_no_more_use(kari):
    ask(kari)
    replayed = Client()
    replayed.cookies = kari.cookies.copy()
    code = worker.mailed(KARI)
    kari.post(f"{KLI}code/", {"code": code})
    accept(kari)
    response = replayed.post(f"{KLI}code/", {"code": code})
    assert response.status_code == 422
    assert "brukt, utløpt" in text(response)


def test_a_code_that_has_run_out_is_told_and_a_new_one_helps(kari):
    ask(kari)
    code = worker.mailed(KARI)
    connection = cache._cache.get_client(None)
    for key in connection.keys("*commit-code*"):
        assert 0 < connection.ttl(key) <= codes.LIFETIME
        connection.delete(key)  # what Valkey does then
    assert "utløpt" in text(kari.post(f"{KLI}code/", {"code": code}))
    assert prove(kari).url == f"{KLI}read/"


def test_what_was_begun_too_long_ago_is_begun_again_and_said(kari):
    prove(kari)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        response = kari.post(f"{KLI}read/", {"hash_seen": "x"}, follow=True)
    assert response.redirect_chain[-1][0] == KLI
    assert "lenge siden du begynte" in text(response)
    assert not Commitment.objects.exists()


def test_the_cookie_cannot_be_changed(kari):
    ask(kari)
    kari.cookies["commit-kli"] = kari.cookies["commit-kli"].value[:-2] + "xx"
    assert kari.get(f"{KLI}code/").url == KLI


# -- the text --------------------------------------------------------------------------------------------------------


def test_a_version_published_between_reading_and_pressing_refuses_the_press_and_is_shown(kari, world):
    prove(kari)
    read = world.guideline_versions.get().text_hash
    make_guidelines(world, number=2, text="Helt nye regler.")
    response = kari.post(f"{KLI}read/", {"hash_seen": read})
    assert response.status_code == 409
    assert "endret siden du leste dem" in text(response)
    assert "Helt nye regler." in text(response)
    assert not Commitment.objects.exists()
    assert accept(kari).url == f"{KLI}thanks/"


def test_a_press_without_a_text_is_refused(kari):
    prove(kari)
    assert kari.post(f"{KLI}read/").status_code == 409
    assert not Commitment.objects.exists()
