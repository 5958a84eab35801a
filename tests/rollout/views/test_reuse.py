"""Pages that have not changed are given as they were; whatever changes them, or whoever asks, they are right."""

import datetime as dt
import re

import pytest
import time_machine
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import RoleName
from rollout.domain import leaving, placing, scenarios, seeing
from rollout.domain.forecasting import keeping
from rollout.models import Purpose, opening_moment
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rollout")]

BOARD = "/r/workplace-2018/board/"


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    make.set_clock(make.NOW)
    rollout = make.make_rollout(waves=2)
    placement = make.place(make.make_agency("kli", name="Klimaetaten"), rollout=rollout)
    # A plan is told from another by its last event.
    placing.move(placement=placement, to=rollout.waves.get(number=1), by=make.make_lead(), now=make.NOW)
    return rollout


def without_tokens(html: str) -> str:
    return re.sub(r"\b\w{64}\b", "", html)


def test_an_unchanged_board_is_the_same_and_is_not_read_again(as_lead, django_assert_max_num_queries):
    first = as_lead.get(BOARD).text
    with django_assert_max_num_queries(2):  # who asks, with roles and the last event; the demo's clock
        again = as_lead.get(BOARD).text
    assert without_tokens(again) == without_tokens(first)
    assert "Flytt Klimaetaten" in again


def test_the_token_of_a_kept_board_is_the_visitors_own(as_lead, client, rollout):
    as_lead.get(BOARD)
    from_kept = as_lead.get(BOARD)
    token = re.search(r'data-csrf="(\w{64})"', from_kept.text)[1]
    strict = type(client)(enforce_csrf_checks=True)
    strict.force_login(make.make_lead())
    strict.cookies.update(from_kept.cookies)
    data = {"to": "2", "origin": "1", "version": rollout.placements.get().version}
    posted = strict.post(f"{BOARD}move/kli/", data, headers={"X-CSRFToken": token, "HX-Request": "true"})
    assert posted.status_code == 200


def test_a_change_is_seen_at_once(as_lead, rollout):
    as_lead.get(BOARD)
    placement = rollout.placements.get()
    leaving.pin(placement=placement, reason="Avtalt", by=make.make_lead(), now=make.NOW)
    assert "Låst" in as_lead.get(BOARD).text


def test_another_person_gets_their_own_board(as_lead, client):
    as_lead.get(BOARD)
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    html = client.get(BOARD).text
    assert "leser@example.org" in html
    assert "Flytt Klimaetaten" not in html


def test_who_becomes_a_reader_loses_the_buttons_though_nothing_changed_in_the_plan(as_lead):
    as_lead.get(BOARD)
    lead = make.make_lead()
    lead.roles.update(role=RoleName.READER)
    assert "Flytt Klimaetaten" not in as_lead.get(BOARD).text


def test_a_message_is_told_once_and_not_kept(as_lead, rollout):
    as_lead.post(f"{BOARD}move/kli/", {"to": "2", "origin": "1", "version": rollout.placements.get().version})
    assert "Klimaetaten er flyttet til Pulje 2" in as_lead.get(BOARD).text
    assert "Klimaetaten er flyttet til Pulje 2" not in as_lead.get(BOARD).text


def test_a_column_is_the_same_from_a_kept_part_and_made_anew(as_lead, rollout):
    kept = as_lead.get(f"{BOARD}?new=1").text
    rollout.events.create(kind="feed_made", at=make.NOW)  # another plan by its last event, the same columns
    anew = as_lead.get(f"{BOARD}?new=1").text

    def columns(html: str) -> list[str]:
        return re.findall(r'<section class="ur-col .*?</section>', html, re.DOTALL)

    assert columns(kept) == columns(anew)


OVERVIEW = "/r/workplace-2018/"


def test_an_unchanged_overview_is_the_same_and_is_not_read_again(as_lead, django_assert_max_num_queries):
    first = as_lead.get(OVERVIEW).text
    # Who asks, with roles, the last event, the mark, the baseline and the forecast; the demo's clock.
    with django_assert_max_num_queries(2):
        again = as_lead.get(OVERVIEW).text
    assert without_tokens(again) == without_tokens(first)
    assert "Klimaetaten" in again


def test_the_overview_shows_the_readers_own_mark_and_a_change_at_once(as_lead, rollout):
    to_be_seen = f'value="{rollout.events.last().pk}"'
    assert to_be_seen in as_lead.get(OVERVIEW).text
    as_lead.post(f"{OVERVIEW}seen/", {"event": rollout.events.last().pk})
    as_lead.get(OVERVIEW)  # tells that it is marked, and is not kept
    assert to_be_seen not in as_lead.get(OVERVIEW).text
    leaving.pin(placement=rollout.placements.get(), reason="Avtalt", by=make.make_lead(), now=make.NOW)
    assert f'value="{rollout.events.last().pk}"' in as_lead.get(OVERVIEW).text


def test_a_session_that_names_nobody_in_front_is_shown_its_own_mark_too(as_lead, rollout):
    row = Session.objects.get()
    row.session_data = db.SessionStore().encode(as_lead.session.load())
    row.save()
    to_be_seen = f'value="{rollout.events.last().pk}"'
    assert to_be_seen in as_lead.get(OVERVIEW).text
    seeing.mark_seen(person=make.make_lead(), rollout=rollout, event_id=rollout.events.last().pk, now=make.NOW)
    assert to_be_seen not in as_lead.get(OVERVIEW).text


@pytest.mark.parametrize("made", ["a baseline", "a forecast"])
def test_what_comes_beside_the_plan_makes_another_overview(as_lead, rollout, made):
    as_lead.get(OVERVIEW)
    if made == "a baseline":
        scenarios.make(rollout=rollout, name="Vinterens", purpose=Purpose.BASELINE, by=make.make_lead(), now=make.NOW)
    else:
        keeping.keep(rollout, now=make.NOW, futures=50)
    with CaptureQueriesContext(connection) as queries:
        as_lead.get(OVERVIEW)
    assert len(queries) > 2


def test_a_date_that_passes_is_seen_though_nothing_changed_in_the_plan(as_lead, rollout, settings):
    settings.DEMO_MODE = False
    opens = opening_moment(rollout.waves.get(number=1).leaders_on)
    for moment, passed in ((opens - dt.timedelta(minutes=1), False), (opens + dt.timedelta(minutes=1), True)):
        with time_machine.travel(moment, tick=False):
            assert ("skulle ha åpnet" in as_lead.get(OVERVIEW).text) == passed


def test_a_signature_that_ends_with_the_day_is_seen_though_nothing_changed_in_the_plan(as_lead, rollout, settings):
    settings.DEMO_MODE = False
    make.make_ready(rollout.placements.get())
    make.make_guidelines(rollout, number=2, text="Ny tekst", old_counts_until=dt.date(2018, 2, 10))
    for moment, unready in (("2018-02-10 23:59", False), ("2018-02-11 00:01", True)):
        with time_machine.travel(make.at(moment), tick=False):
            card = re.search(r'data-agency="kli".*?</li>', as_lead.get(BOARD).text, re.DOTALL)[0]
            assert ("Ikke klar" in card) == unready


def test_a_lack_becomes_pressing_with_the_day_on_a_kept_board_and_on_a_kept_column(as_lead, rollout, settings):
    settings.DEMO_MODE = False
    make.make_ready(rollout.placements.get(), but_not=("readiness_confirmed",))
    day = dt.date(2018, 6, 14)
    rollout.waves.filter(number=1).update(leaders_on=day, all_staff_on=day + dt.timedelta(days=14))
    for moment, pressing in (("2018-05-02 23:59", False), ("2018-05-03 00:01", True)):
        with time_machine.travel(make.at(moment), tick=False):
            for answer in (as_lead.get(BOARD), as_lead.get(f"{BOARD}changes/", headers={"HX-Request": "true"})):
                card = re.search(r'data-agency="kli".*?</li>', answer.text, re.DOTALL)[0]
                assert ("Ikke klar ennå" not in card) == pressing
