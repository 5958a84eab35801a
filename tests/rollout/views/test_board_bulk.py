"""Several agencies moved together over HTTP: all or none, told before and after, with and without HTMX."""

import json
import re

import pytest

from agencies.models import RoleName
from rollout.domain import leaving
from rollout.models import EventKind, Placement, PlanEvent
from tests import factories as make
from tests.rollout.views.test_board import column

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]

BOARD = "/r/workplace-2018/board/"
MANY = f"{BOARD}move-many/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def three(rollout):
    """One in each of wave 1, wave 2 and the queue."""
    return [
        make.place(make.make_agency("kli", name="Klimaetaten", employees=37), rollout.waves.get(number=1)),
        make.place(make.make_agency("vav", name="Vannetaten", employees=600), rollout.waves.get(number=2)),
        make.place(make.make_agency("mum", name="Munchmuseet", employees=128)),
    ]


def ticked(placements) -> list[str]:
    return [f"{placement.agency.slug}:{placement.version}" for placement in placements]


def where() -> dict:
    return dict(Placement.objects.values_list("agency__slug", "wave__number"))


BEFORE = {"kli": 1, "vav": 2, "mum": None}


def test_the_page_shows_who_is_moved_and_what_it_does_and_moves_nobody(as_lead, rollout, three):
    make.give_go(rollout.waves.get(number=1))
    html = as_lead.get(MANY, {"agency": ["kli", "vav", "mum"], "to": "3"}).text
    assert "Flytt 3 virksomheter" in html
    assert "765 medarbeidere" in html.replace("\u00a0", " ")
    assert "Klarsignalet for Pulje 1 faller bort." in html
    assert where() == BEFORE


def test_the_effect_alone_is_sent_when_another_destination_is_chosen_in_the_dialog(as_lead, rollout, three):
    for _ in range(4):
        make.place(make.make_agency(), rollout.waves.get(number=3))
    headers = HTMX | {"HX-Target": "many-effect"}
    html = as_lead.get(MANY, {"agency": ticked(three), "to": "3"}, headers=headers).text
    assert html.strip().startswith('<div class="ur-effect ')
    assert "Pulje 3 har bare 1 ledig plass." in html


def test_they_move_together_with_one_event_each_and_one_change(as_lead, rollout, three):
    data = {"agency": ticked(three), "to": "3", "reason": "Samme leder."}
    response = as_lead.post(MANY, data, headers=HTMX)
    assert response.status_code == 200
    assert where() == {"kli": 3, "vav": 3, "mum": 3}
    events = PlanEvent.objects.filter(kind=EventKind.MOVED)
    assert events.count() == 3
    assert events.values("change").distinct().count() == 1
    assert set(events.values_list("reason", flat=True)) == {"Samme leder."}
    assert json.loads(response["HX-Trigger"])["say"]["text"] == "3 virksomheter er flyttet til Pulje 3."
    after = json.loads(response["HX-Trigger-After-Settle"])
    assert after["moved"] == {"agency": "kli"}
    assert "moved-together" in after


def test_every_column_that_was_left_or_entered_equals_a_fresh_page_s(as_lead, three):
    answer = as_lead.post(MANY, {"agency": ticked(three), "to": "3"}, headers=HTMX).text
    page = as_lead.get(BOARD).text
    assert re.findall(r'data-wave="(\w+)"', answer) == ["queue", "1", "2", "3"]
    for key in ("queue", "1", "2", "3"):
        assert column(answer, key) == column(page, key)


def test_without_javascript_it_ends_on_the_board_with_a_message(as_lead, three):
    response = as_lead.post(MANY, {"agency": ticked(three), "to": "queue"})
    assert response["Location"] == f"{BOARD}#column-queue"
    assert "2 virksomheter er flyttet til køen." in as_lead.get(BOARD).text
    assert where() == {"kli": None, "vav": None, "mum": None}


def test_without_javascript_the_effect_is_seen_before_it_is_done(as_lead, rollout, three):
    make.give_go(rollout.waves.get(number=1))
    html = as_lead.post(MANY, {"agency": ticked(three), "to": "3", "reason": "Fordi.", "look": "1"}).text
    assert "Klarsignalet for Pulje 1 faller bort." in html
    assert 'value="Fordi."' in html
    assert where() == BEFORE


@pytest.mark.parametrize("headers", [None, HTMX], ids=["page", "dialog"])
def test_one_that_cannot_be_moved_stops_them_all_with_every_reason_and_nothing_typed_is_lost(
    as_lead, rollout, three, headers
):
    for _ in range(4):
        make.place(make.make_agency(), rollout.waves.get(number=3))
    leaving.pin(placement=three[0], reason="Pilot nummer to.", by=None, now=make.NOW)
    stood = where()

    response = as_lead.post(MANY, {"agency": ticked(three), "to": "3", "reason": "Samme leder."}, headers=headers)

    assert response.status_code == 409
    assert "Ingen er flyttet" in response.text
    assert "Klimaetaten er låst i Pulje 1: Pilot nummer to." in response.text
    assert "Pulje 3 har 1 ledig plass, og du flytter 2 virksomheter." in response.text
    assert 'value="Samme leder."' in response.text
    assert '<option value="3" selected>' in response.text
    assert re.findall(r'name="agency" value="(\w+):', response.text) == ["kli", "vav", "mum"]
    assert where() == stood


def test_one_that_has_moved_since_it_was_ticked_stops_them_all_and_may_be_looked_at_and_tried_again(as_lead, three):
    seen = ticked(three)
    as_lead.post(f"{BOARD}move/vav/", {"to": "3", "version": three[1].version, "origin": "2"})

    response = as_lead.post(MANY, {"agency": seen, "to": "queue"}, headers=HTMX)

    assert response.status_code == 409
    assert "Vannetaten er flyttet siden du så kortet" in response.text
    assert where() == {"kli": 1, "vav": 3, "mum": None}
    again = re.findall(r'name="agency" value="([\w:]+)"', response.text)
    assert as_lead.post(MANY, {"agency": again, "to": "queue"}, headers=HTMX).status_code == 200
    assert where() == {"kli": None, "vav": None, "mum": None}


def test_one_that_has_left_the_plan_is_told_in_words(as_lead, three):
    leaving.withdraw(placement=three[2], reason="Egen løsning.", by=None, now=make.NOW)
    response = as_lead.post(MANY, {"agency": [*ticked(three[:2]), "mum", "finnes-ikke"], "to": "3"}, headers=HTMX)
    assert response.status_code == 409
    assert "Munchmuseet står utenfor kø og puljer" in response.text
    assert "finnes-ikke er ikke med i utrullingen." in response.text
    assert where() == BEFORE


def test_no_destination_is_an_invalid_form(as_lead, three):
    response = as_lead.post(MANY, {"agency": ticked(three), "to": "", "reason": "Fordi."}, headers=HTMX)
    assert response.status_code == 422
    assert 'value="Fordi."' in response.text
    assert where() == BEFORE


def test_who_ticked_nothing_is_told_what_to_do(as_lead, rollout):
    assert "Kryss av på kortene på tavlen først" in as_lead.get(MANY).text
    assert "Kryss av på kortene på tavlen først" in as_lead.post(MANY, {"to": "1"}).text


def test_a_card_that_can_be_moved_has_its_box_and_one_that_cannot_has_none(client, as_lead, rollout, three):
    leaving.pin(placement=three[0], reason="Pilot.", by=None, now=make.NOW)
    html = as_lead.get(BOARD).text
    assert f'name="agency" value="vav:{three[1].version}"' in column(html, "2")
    assert "Velg Klimaetaten" not in html
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    assert 'name="agency"' not in client.get(BOARD).text
