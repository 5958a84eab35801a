"""The order within a wave, and places that are locked, over HTTP."""

import json

import pytest

from rollout.models import Placement, WaveState
from tests import factories as make
from tests.rollout.views.test_board import column, move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]

BOARD = "/r/workplace-2018/board/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def three(rollout):
    wave = rollout.waves.get(number=1)
    return [make.place(make.make_agency(slug, name=f"Etat {slug}"), wave) for slug in ("aaa", "bbb", "ccc")]


def order(number=1):
    return list(Placement.objects.placed().filter(wave__number=number).values_list("agency__slug", flat=True))


# ---- the order within a wave


def test_a_card_dropped_between_two_of_its_wave_stands_between_them(as_lead, three):
    response = move(as_lead, three[2], "1", after="aaa", before="bbb", headers=HTMX)
    assert order() == ["aaa", "ccc", "bbb"]
    assert json.loads(response["HX-Trigger"])["say"]["text"] == "Etat ccc har nå plass 2 i Pulje 1."
    assert column(response.text, "1") == column(as_lead.get(BOARD).text, "1")


def test_a_card_from_the_queue_enters_a_wave_where_it_is_dropped(as_lead, three):
    newcomer = make.place(make.make_agency("ny"))
    move(as_lead, newcomer, "1", before="aaa", headers=HTMX)
    assert order() == ["ny", "aaa", "bbb", "ccc"]


def test_a_place_in_a_wave_can_be_chosen_without_dragging(as_lead, three):
    assert '<option value="1">Pulje 1</option>' in as_lead.get(f"{BOARD}move/ccc/").text
    move(as_lead, three[2], "1", place="1")
    assert order() == ["ccc", "aaa", "bbb"]


def test_the_place_chosen_for_a_wave_says_nothing_of_the_queue(as_lead, three):
    make.place(make.make_agency("ddd"))
    move(as_lead, three[0], "queue", place="1")
    assert list(Placement.objects.queued().values_list("agency__slug", flat=True)) == ["ddd", "aaa"]


# ---- locks


def pin(client, slug, reason="Leder ber om å stå her.", headers=None, **data):
    version = Placement.objects.get(agency__slug=slug).version
    return client.post(f"{BOARD}pin/{slug}/", {"reason": reason, "version": version} | data, headers=headers)


def test_a_locked_card_says_so_and_cannot_be_dragged(as_lead, three):
    response = pin(as_lead, "aaa", headers=HTMX)
    html = column(as_lead.get(BOARD).text, "1")
    assert column(response.text, "1") == html
    card = html.split('id="card-aaa"')[1].split('id="card-bbb"')[0]
    assert "Låst" in card
    assert "Leder ber om å stå her." in card
    assert "data-movable" not in card
    assert "Flytt Etat aaa" in card


def test_the_move_page_of_a_locked_card_says_why_and_offers_to_unlock(as_lead, three):
    pin(as_lead, "aaa")
    html = as_lead.get(f"{BOARD}move/aaa/").text
    assert "Låst i Pulje 1" in html
    assert "Leder ber om å stå her." in html
    assert f'action="{BOARD}unpin/aaa/"' in html
    assert 'id="id_to"' not in html


def test_a_locked_card_is_not_moved(as_lead, three):
    pin(as_lead, "aaa")
    response = move(as_lead, Placement.objects.get(agency__slug="aaa"), "2", headers=HTMX)
    assert response.status_code == 409
    assert "er låst i Pulje 1: Leder ber om å stå her." in json.loads(response["HX-Trigger"])["say"]["text"]
    assert order() == ["aaa", "bbb", "ccc"]


def test_unlocked_it_may_be_moved_again(as_lead, three):
    pin(as_lead, "aaa")
    response = as_lead.post(f"{BOARD}unpin/aaa/", headers=HTMX)
    assert column(response.text, "1") == column(as_lead.get(BOARD).text, "1")
    assert move(as_lead, three[0], "2", headers=HTMX).status_code == 200
    assert order(2) == ["aaa"]


def test_without_javascript_both_end_on_the_board_with_a_message(as_lead, three):
    assert pin(as_lead, "aaa")["Location"] == f"{BOARD}#card-aaa"
    assert "Etat aaa er låst i Pulje 1." in as_lead.get(BOARD).text
    assert as_lead.post(f"{BOARD}unpin/aaa/")["Location"] == f"{BOARD}#card-aaa"
    assert "Etat aaa er låst opp og kan flyttes." in as_lead.get(BOARD).text
    as_lead.post(f"{BOARD}unpin/aaa/")
    assert "Plasseringen til Etat aaa er ikke låst." in as_lead.get(BOARD).text


@pytest.mark.parametrize("headers", [None, HTMX], ids=["page", "dialog"])
def test_a_lock_needs_a_reason(as_lead, three, headers):
    response = pin(as_lead, "aaa", reason="  ", headers=headers)
    assert response.status_code == 422
    assert "Skriv hvorfor plasseringen skal være låst." in response.text
    assert not Placement.objects.get(agency__slug="aaa").is_pinned


def test_a_place_that_is_not_the_one_seen_is_not_locked_and_the_reason_typed_is_kept(as_lead, three):
    seen = three[0].version
    move(as_lead, three[0], "2")
    response = pin(as_lead, "aaa", version=seen, reason="Skal stå her.")
    assert response.status_code == 409
    assert "er flyttet siden du så kortet" in response.text
    assert "Skal stå her." in response.text
    assert not Placement.objects.get(agency__slug="aaa").is_pinned


def test_a_place_in_a_wave_that_has_opened_is_not_locked(as_lead, rollout, three):
    wave = rollout.waves.get(number=1)
    wave.state, wave.leaders_opened_at = WaveState.LEADERS_OPEN, make.at("2018-02-07 08:00")
    wave.save()
    response = pin(as_lead, "aaa")
    assert response.status_code == 409
    assert "Pulje 1 er åpnet" in response.text
