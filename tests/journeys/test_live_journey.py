"""Several leads on one board: each sees the other's moves, loses nothing that is open, and can take a move back.

How soon is held by the page's own clock, in a test of its own: how busy the machine is is no fault of the board's.
"""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from agencies.models import RoleName
from rollout.models import Placement
from tests.factories import give_role, make_person
from tests.journeys.board import card, column, move
from tests.journeys.conftest import SIZES, Visitor

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"


def wave_of(slug):
    placement = Placement.objects.get(agency__slug=slug)
    return placement.wave.number if placement.wave else None


@pytest.fixture
def hers(browser, demo):
    """Kari's board, in a browser of her own."""
    kari = give_role(make_person("kari@example.org", name="Kari Nordmann"), RoleName.PROJECT_LEAD)
    client = Client()
    client.force_login(kari)
    context = browser.new_context(viewport=SIZES["laptop"], locale="nb-NO")
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": demo}])
    visitor = Visitor(context.new_page(), demo)
    yield visitor.visit("/board/")
    context.close()
    assert visitor.complaints == []


@pytest.fixture
def his(at_laptop):
    at_laptop.sign_in(LEAD)
    return at_laptop.visit("/board/")


def test_each_sees_the_other_s_move_while_a_dialog_is_open_and_no_input_is_lost(his, hers, at_laptop):
    his.get_by_role("button", name="Flytt Munchmuseet").click()
    dialog = his.get_by_role("dialog")
    dialog.get_by_label("Flytt til").select_option(label="Pulje 1")
    expect(dialog).to_contain_text("Dette skjer")
    hers.get_by_role("button", name="Ny pulje").click()
    date = hers.get_by_role("dialog").get_by_label("Åpner for ledere")
    date.fill("2018-11-20")

    dialog.get_by_role("button", name="Flytt", exact=True).click()
    expect(column(his, 1).locator('[data-agency="mum"]')).to_be_visible()
    expect(column(hers, 1).locator('[data-agency="mum"]')).to_be_visible()
    expect(card(hers, "mum")).to_contain_text("Flyttet av")
    expect(date).to_have_value("2018-11-20")
    expect(date).to_be_focused()

    his.get_by_role("button", name="Flytt Klimaetaten").click()
    dialog.get_by_label("Flytt til").select_option(label="Pulje 1")
    her_other_tab = hers.context.new_page()  # her first keeps its dialog open
    her_other_tab.goto(at_laptop.address + "/board/")
    move(her_other_tab, "Munchmuseet", "Pulje 2")
    expect(column(her_other_tab, 2).locator('[data-agency="mum"]')).to_be_visible()
    expect(column(his, 2).locator('[data-agency="mum"]')).to_be_visible()
    expect(dialog.locator(".ur-news")).to_contain_text("Kari Nordmann flyttet")
    expect(dialog.get_by_label("Flytt til")).to_have_value("1")
    at_laptop.check("the dialog that tells of a change")
    expect(his.locator("#live")).to_contain_text("Kari Nordmann flyttet")
    dialog.get_by_role("button", name="Flytt", exact=True).click()
    expect(column(his, 1).locator('[data-agency="kli"]')).to_be_visible()
    assert wave_of("kli") == 1


def test_an_open_board_asks_for_news_well_within_five_seconds(his):
    his.clock.install()
    his.reload()
    his.clock.pause_at(his.evaluate("Date.now()") + 60_000)
    for _time in range(2):  # and again once it has been answered
        with his.expect_response("**/board/changes/**") as answer:
            his.clock.run_for(4_000)
        answer.value.finished()


def test_the_button_stays_under_the_finger_when_it_is_told_what_a_move_will_do(visitor):
    visitor.sign_in(LEAD)
    page, asked = visitor.visit("/board/"), []
    page.route("**/effect/**", lambda route: asked.append(route))
    page.get_by_role("button", name="Flytt Klimaetaten").click()
    dialog = page.get_by_role("dialog")
    with page.expect_request("**/effect/**"):
        dialog.get_by_label("Flytt til").select_option(label="Pulje 3")
    button = dialog.get_by_role("button", name="Flytt", exact=True)
    before = button.bounding_box()
    asked[0].continue_()
    expect(dialog).to_contain_text("Ingen frister brytes")
    assert button.bounding_box() == before


def test_both_move_the_same_card_at_once_and_the_second_is_told_who_was_first(his, hers):
    for page, to in ((his, "Pulje 2"), (hers, "Pulje 3")):
        page.get_by_role("button", name="Flytt Klimaetaten").click()
        page.get_by_role("dialog").get_by_label("Flytt til").select_option(label=to)
    hers.get_by_role("dialog").get_by_role("button", name="Flytt", exact=True).click()
    expect(column(hers, 3).locator('[data-agency="kli"]')).to_be_visible()
    his.get_by_role("dialog").get_by_role("button", name="Flytt", exact=True).click()

    expect(his.locator("#toast")).to_contain_text("Kari Nordmann flyttet den til Pulje 3")
    expect(column(his, 3).locator('[data-agency="kli"]')).to_be_visible()
    assert wave_of("kli") == 3


def test_a_move_is_undone_from_the_toast_by_keyboard(his, at_laptop):
    move(his, "Klimaetaten", "Pulje 1")
    expect(card(his, "kli").get_by_role("button", name="Flytt Klimaetaten")).to_be_focused()
    at_laptop.check("the board with a move to take back")
    his.keyboard.press("Shift+Tab")
    for _press in range(200):
        if his.evaluate("document.activeElement.textContent.trim()") == "Angre":
            break
        his.keyboard.press("Tab")
    his.keyboard.press("Enter")
    expect(column(his, "queue").locator('[data-agency="kli"]')).to_be_visible()
    expect(his.locator("#toast")).to_contain_text("Angret: Klimaetaten er tilbake")
    expect(card(his, "kli").get_by_role("button", name="Flytt Klimaetaten")).to_be_focused()
    assert wave_of("kli") is None


def test_what_another_does_takes_neither_focus_nor_a_drag_nor_the_place_on_the_page(his, hers):
    button = card(his, "ude").get_by_role("button", name="Flytt")
    button.focus()
    before = button.bounding_box()["y"]
    move(hers, "Klimaetaten", "Pulje 2")
    expect(column(hers, 2).locator('[data-agency="kli"]')).to_be_visible()
    expect(column(his, 2).locator('[data-agency="kli"]')).to_be_visible()
    expect(button).to_be_focused()
    # A card above it left the queue, and yet it stands where it stood on the screen.
    assert abs(button.bounding_box()["y"] - before) <= 1

    dragged = card(his, "mum")
    dragged.scroll_into_view_if_needed()
    box = dragged.bounding_box()
    his.mouse.move(box["x"] + 40, box["y"] + 12)
    his.mouse.down()
    his.mouse.move(box["x"] + 80, box["y"] + 40, steps=6)
    move(hers, "Klimaetaten", "Pulje 4")
    expect(column(hers, 4).locator('[data-agency="kli"]')).to_be_visible()
    target = column(his, 3).locator("ul.ur-list").bounding_box()
    his.mouse.move(target["x"] + target["width"] / 2, target["y"] + 30, steps=12)
    his.mouse.up()
    expect(column(his, 3).locator('[data-agency="mum"]')).to_be_visible()
    expect(column(his, 4).locator('[data-agency="kli"]')).to_be_visible()
    assert wave_of("mum") == 3


def test_a_new_wave_appears_and_a_lost_connection_is_told_once_and_mended(his, hers, at_laptop):
    hers.get_by_role("button", name="Ny pulje").click()
    dialog = hers.get_by_role("dialog")
    dialog.get_by_label("Åpner for ledere").fill("2018-11-20")
    dialog.get_by_label("Åpner for alle").fill("2018-12-04")
    dialog.get_by_role("button", name="Lag pulje").click()
    expect(column(hers, 8)).to_be_visible()
    expect(column(his, 8)).to_be_visible()
    move(his, "Klimaetaten", "Pulje 8")
    expect(column(his, 8).locator('[data-agency="kli"]')).to_be_visible()

    his.route(re.compile("/changes/"), lambda route: route.abort())
    expect(his.get_by_text("Ingen kontakt med Puljeplan. Prøver igjen …")).to_be_visible()
    his.unroute(re.compile("/changes/"))
    expect(his.get_by_text("Ingen kontakt med Puljeplan")).to_be_hidden(timeout=30_000)
    at_laptop.complaints.clear()  # the browser's own words about the connection that was cut


def test_who_is_signed_out_is_told_and_the_board_stops_asking(his, at_laptop):
    his.context.clear_cookies()
    expect(his.get_by_text("Du er logget ut")).to_be_visible()
    at_laptop.check("the board of somebody signed out")
