"""The open board over HTTP: what others changed, stale told apart, what a move will do, and taking it back."""

import json
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agencies.models import RoleName
from rollout.domain import leaving, licensing, placing, profiles, scheduling
from rollout.domain.recording import plan_version
from rollout.models import PlanEvent, WaveState
from tests import factories as make
from tests.rollout.views.test_board import BOARD, HTMX, column, fill, move, said, where

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
CHANGES = f"{BOARD}changes/"


@pytest.fixture
def rollout():
    return make.make_rollout(waves=7)


@pytest.fixture
def kari():
    """Another lead, at another machine."""
    return make.give_role(make.make_person("kari@example.org", name="Kari Nordmann"), RoleName.PROJECT_LEAD)


@pytest.fixture
def climate(rollout):
    return make.place(make.make_agency("kli", name="Klimaetaten", employees=37))


@pytest.fixture
def water(rollout):
    return make.place(make.make_agency("vav", name="Vann- og avløpsetaten", employees=600), rollout.waves.get(number=5))


def version():
    return plan_version("workplace-2018")


def changes(client, since):
    return client.get(CHANGES, {"since": since}, headers=HTMX)


def columns_in(html):
    return re.findall(r'<section class="ur-col [^>]*data-wave="(\w+)"', html)


def news(html):
    """(card, columns, mark, text) of what is told."""
    return re.findall(r'<li data-card="(.*?)" data-columns="(.*?)" data-mark="(.*?)">(.*?)</li>', html)


def shown_on(html):
    return int(re.search(r'id="shown"[^>]* value="(\d+)"', html)[1])


# ---- asking for what others changed


def test_an_unchanged_board_costs_one_small_query(as_lead, climate, water):
    seen = shown_on(as_lead.get(BOARD).text)
    changes(as_lead, seen)
    with CaptureQueriesContext(connection) as queries:
        response = changes(as_lead, seen)
    assert (response.status_code, response.content) == (204, b"")
    assert len(queries) == 1  # who asks, with which roles, and the plan's last event
    assert "no-store" in response["Cache-Control"]


def test_another_lead_s_move_is_sent_with_who_did_it_and_nothing_else_is(as_lead, rollout, climate, water, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    placing.move(placement=climate, to=rollout.waves.get(number=3), by=kari, now=make.NOW)
    html = changes(as_lead, seen).text
    assert columns_in(html) == ["queue", "3"]
    assert news(html) == [
        ("kli", "3 queue", "Flyttet av Kari Nordmann", "Kari Nordmann flyttet Klimaetaten til Pulje 3.")
    ]
    assert 'data-said="Kari Nordmann flyttet Klimaetaten til Pulje 3."' in html
    assert shown_on(html) == version()
    assert changes(as_lead, shown_on(html)).status_code == 204


def withdraw(rollout, climate, kari):
    leaving.withdraw(placement=climate, reason="Utsatt ett år", by=kari, now=make.NOW)


def fund(rollout, climate, kari):
    licensing.set_funding(
        placement=climate, funded=1, implementation_cost_nok=0, budget_reference="", by=kari, now=make.NOW
    )


def rename(rollout, climate, kari):
    profiles.edit(
        rollout=rollout, agency=climate.agency, fields={"name": "Klima", "employees": 99}, by=kari, now=make.NOW
    )


def new_dates(rollout, climate, kari):
    wave = rollout.waves.get(number=7)
    scheduling.set_people_cap(wave=wave, cap=2000, by=kari, now=make.NOW)


def new_wave(rollout, climate, kari):
    days = {"leaders_on": make.at("2018-11-01 08:00").date(), "all_staff_on": make.at("2018-11-13 08:00").date()}
    scheduling.add_wave(rollout=rollout, by=kari, now=make.NOW, **days)


def pin(rollout, climate, kari):
    leaving.pin(placement=climate, reason="Avtalt med byråden", by=kari, now=make.NOW)


@pytest.mark.parametrize("change", [withdraw, fund, rename, new_dates, new_wave, pin])
def test_after_any_change_what_is_sent_makes_the_page_equal_to_a_fresh_one(
    as_lead, rollout, climate, water, kari, change
):
    old = as_lead.get(BOARD).text
    change(rollout, climate, kari)
    sent, fresh = changes(as_lead, shown_on(old)).text, as_lead.get(BOARD).text
    for key in columns_in(fresh):
        now_seen = column(sent, key) if key in columns_in(sent) else column(old, key)
        assert now_seen == column(fresh, key)
    for part in ("strip", "filters", "jump"):
        pattern = rf'<(section|div|nav) class="[^"]*" id="{part}".*?</\1>'
        swapped = re.search(pattern, sent, re.DOTALL).group().replace(' hx-swap-oob="true"', "")
        assert swapped == re.search(pattern, fresh, re.DOTALL).group()
    assert len(news(sent)) == 1


def test_a_new_wave_is_added_last_on_the_board(as_lead, rollout, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    new_wave(rollout, None, kari)
    html = changes(as_lead, seen).text
    assert re.search(r'<div hx-swap-oob="beforeend:#board">\s*<section class="ur-col [^>]*data-wave="8"', html)


def test_what_concerns_everybody_sends_every_column(as_lead, rollout, climate, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    licensing.set_pool(rollout=rollout, size=99, by=kari, now=make.NOW)
    assert len(columns_in(changes(as_lead, seen).text)) == 8


def test_one_s_own_changes_are_sent_to_one_s_other_screens_but_are_no_news(as_lead, rollout, climate):
    seen = shown_on(as_lead.get(BOARD).text)
    placing.move(placement=climate, to=rollout.waves.get(number=3), by=make.make_lead(), now=make.NOW)
    html = changes(as_lead, seen).text
    assert columns_in(html) == ["queue", "3"]
    assert news(html) == []
    assert 'data-said=""' in html


def test_a_long_absence_sends_every_column_and_says_so_in_one_sentence(as_lead, rollout, climate, kari):
    seen = version()
    for number in range(101):
        placing.move(placement=climate, to=rollout.waves.get(number=1 + number % 2), by=kari, now=make.NOW)
        placing.move(placement=climate, to=None, by=kari, now=make.NOW)
    html = changes(as_lead, seen).text
    assert len(columns_in(html)) == 8
    assert "mange endringer" in html


def test_the_answer_to_one_s_own_move_brings_what_others_did_meanwhile(as_lead, rollout, climate, water, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    placing.move(placement=water, to=rollout.waves.get(number=6), by=kari, now=make.NOW)
    html = move(as_lead, climate, "3", headers=HTMX, since=seen).text
    assert columns_in(html) == ["queue", "3", "5", "6"]
    assert [one[0] for one in news(html)] == ["vav"]
    assert shown_on(html) == version()


# ---- stale is told apart


def test_others_moves_of_other_agencies_never_refuse_mine(as_lead, rollout, climate, water, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    first = make.place(make.make_agency("aaa"))
    placing.move(placement=first, to=None, position=1, by=kari, now=make.NOW)  # climate stands one place further down
    placing.move(placement=water, to=rollout.waves.get(number=3), by=kari, now=make.NOW)
    assert move(as_lead, climate, "3", headers=HTMX, since=seen).status_code == 200
    assert where(climate) == 3


def test_who_is_second_to_the_same_card_is_told_who_was_first(as_lead, rollout, climate, kari):
    seen = climate.version
    placing.move(placement=climate, to=rollout.waves.get(number=2), by=kari, now=make.NOW)
    response = move(as_lead, climate, "3", version=seen, headers=HTMX)
    assert response.status_code == 409
    assert "Kari Nordmann flyttet den til Pulje 2" in said(response)["text"]


def test_who_comes_to_a_wave_that_was_filled_meanwhile_is_told_by_whom(as_lead, rollout, climate, water, kari):
    fill(rollout.waves.get(number=1), 4)
    seen = shown_on(as_lead.get(BOARD).text)
    placing.move(placement=water, to=rollout.waves.get(number=1), by=kari, now=make.NOW)
    response = move(as_lead, climate, "1", headers=HTMX, since=seen)
    assert response.status_code == 409
    assert "Kari Nordmann flyttet Vann- og avløpsetaten dit" in said(response)["text"]
    # Who saw it full is not told what they knew.
    again = move(as_lead, climate, "1", headers=HTMX, since=version())
    assert "Pulje 1 er full" in said(again)["text"]
    assert "Kari" not in said(again)["text"]


def test_who_comes_to_a_wave_that_opened_meanwhile_is_told_so(as_lead, rollout, climate):
    seen = shown_on(as_lead.get(BOARD).text)
    wave = rollout.waves.get(number=1)
    wave.state, wave.leaders_opened_at = WaveState.LEADERS_OPEN, make.at("2018-02-07 08:00")
    wave.save()
    PlanEvent.objects.create(rollout=rollout, wave=wave, kind="leaders_opened", at=make.at("2018-02-07 08:00"))
    response = move(as_lead, climate, "1", headers=HTMX, since=seen)
    assert response.status_code == 409
    assert "Systemet åpnet den 7. feb. kl. 08.00, etter at du åpnet tavlen." in said(response)["text"]


def test_who_moves_what_was_pinned_meanwhile_is_told_why_and_by_whom(as_lead, rollout, climate, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    pin(rollout, climate, kari)
    text = said(move(as_lead, climate, "1", headers=HTMX, since=seen))["text"]
    assert "Avtalt med byråden" in text
    assert "Kari Nordmann låste den" in text


def test_the_form_remembers_what_the_page_knew_when_it_was_opened(as_lead, rollout, climate, water, kari):
    seen = shown_on(as_lead.get(BOARD).text)
    fill(rollout.waves.get(number=1), 4)
    form = as_lead.get(f"{BOARD}move/kli/", {"version": climate.version, "since": seen}, headers=HTMX).text
    assert f'name="seen" value="{seen}"' in form
    placing.move(placement=water, to=rollout.waves.get(number=1), by=kari, now=make.NOW)
    response = move(as_lead, climate, "1", headers=HTMX, seen=seen, since=version())
    assert "Kari Nordmann flyttet Vann- og avløpsetaten dit" in said(response)["text"]


# ---- what a move will do, and what it did


def effect(client, to):
    return client.get(f"{BOARD}move/kli/effect/", {"to": to}, headers=HTMX).text.replace("\u00a0", " ")


def test_a_move_that_does_no_harm_says_so_before_it_is_done(as_lead, climate):
    assert "Ingen frister brytes, og ingen klarsignal faller bort." in effect(as_lead, "7")
    assert where(climate) == "queue"


def test_before_a_move_is_said_whose_go_is_void_who_is_over_the_cap_and_what_is_late(as_lead, rollout, climate):
    wave = rollout.waves.get(number=1)
    make.give_go(wave)
    wave.people_cap = 20
    wave.save()
    html = effect(as_lead, "1")
    assert "Dette skjer" in html
    assert "Klarsignalet for Pulje 1 faller bort." in html
    assert "Pulje 1 er 17 medarbeidere over taket på 20." in html
    assert "går over fristen" in html


def test_a_move_that_will_be_refused_says_why_before_it_is_tried(as_lead, rollout, climate):
    fill(rollout.waves.get(number=2))
    assert "Dette går ikke" in effect(as_lead, "2")
    assert "Pulje 2 er full" in effect(as_lead, "2")


@pytest.mark.parametrize("nowhere", ["", "99", "9999999999999999999999", "hit"])
def test_nowhere_has_no_effect(as_lead, climate, nowhere):
    assert effect(as_lead, nowhere).strip() == ""


def test_after_a_move_the_toast_says_what_came_of_it(as_lead, rollout, climate):
    wave = rollout.waves.get(number=1)
    make.give_go(wave)
    wave.people_cap = 20
    wave.save()
    told = said(move(as_lead, climate, "1", headers=HTMX))
    assert told["text"].startswith("Klimaetaten er flyttet til Pulje 1.")
    assert "Klarsignalet for Pulje 1 faller bort. Pulje 1 er 17 medarbeidere over taket på 20." in told["text"]
    assert re.search(r"\d+ steg går over fristen\.$", told["text"])
    assert told["kind"] == "warn"


# ---- taking it back


def undo_address(change=None):
    return f"/r/workplace-2018/undo/{change or PlanEvent.objects.latest('pk').change}/"


def test_a_move_is_taken_back_in_place(as_lead, rollout, climate):
    address = said(move(as_lead, climate, "3", headers=HTMX))["undo"]
    response = as_lead.post(address, {"since": version()}, headers=HTMX)
    assert response.status_code == 200
    assert columns_in(response.text) == ["queue", "3"]
    assert said(response) == {"text": "Angret: Klimaetaten er tilbake: plass 1 i køen.", "kind": "ok"}
    assert json.loads(response["HX-Trigger-After-Settle"]) == {"moved": {"agency": "kli"}}
    assert where(climate) == "queue"
    assert shown_on(response.text) == version()


def test_what_was_taken_back_is_marked_as_such_on_another_s_board(as_lead, rollout, climate, kari):
    other = Client()
    other.force_login(kari)
    seen = shown_on(other.get(BOARD).text)
    address = said(move(as_lead, climate, "3", headers=HTMX))["undo"]
    as_lead.post(address, headers=HTMX)
    html = changes(other, seen).text
    assert [(card, mark) for card, _keys, mark, _text in news(html)] == [("kli", "Angret av prosjektleder@example.org")]


def test_taking_back_is_refused_in_words_when_something_newer_stands_in_the_way(as_lead, rollout, climate, kari):
    address = said(move(as_lead, climate, "3", headers=HTMX))["undo"]
    climate.refresh_from_db()
    placing.move(placement=climate, to=rollout.waves.get(number=4), by=kari, now=make.NOW)
    response = as_lead.post(address, {"since": version()}, headers=HTMX)
    assert response.status_code == 409
    assert "Kari Nordmann" in said(response)["text"]
    assert where(climate) == 4
    as_lead.post(address)
    assert "er endret på nytt etterpå" in as_lead.get(BOARD).text


def test_without_javascript_the_message_has_the_button_and_it_leads_back(as_lead, rollout, climate):
    move(as_lead, climate, "3")
    page = as_lead.get(BOARD).text
    assert f'action="{undo_address()}"' in page
    response = as_lead.post(undo_address(), {"next": "/agencies/kli/"})
    assert response["Location"] == "/agencies/kli/"
    assert "Angret: Klimaetaten er tilbake" in as_lead.get(BOARD).text
    assert where(climate) == "queue"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", ""])
def test_it_leads_to_nowhere_but_this_site(as_lead, climate, elsewhere):
    move(as_lead, climate, "3")
    assert as_lead.post(undo_address(), {"next": elsewhere})["Location"] == BOARD


def test_a_change_of_another_rollout_is_not_there(as_lead, rollout, climate):
    move(as_lead, climate, "3")
    make.make_rollout(slug="next")
    response = as_lead.post(f"/r/next/undo/{PlanEvent.objects.latest('pk').change}/", headers=HTMX)
    assert response.status_code == 409
    assert as_lead.post(undo_address(uuid.uuid4()), headers=HTMX).status_code == 409
    assert where(climate) == 3
