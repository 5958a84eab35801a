"""Journey 2: the board, by mouse, by keyboard, on a phone and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from rollout.models import Placement, Wave
from tests.journeys.board import card, column, move
from tests.journeys.conftest import SIZES, Visitor

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"


def test_the_menu_moves_an_agency_and_columns_and_strip_change_in_place(visitor):
    page = visitor.sign_in(LEAD)
    page = visitor.visit("/board/")
    expect(page.get_by_role("heading", name="Kø", exact=True)).to_be_visible()
    expect(page.get_by_text("74,0").first).to_be_visible()
    visitor.check("the board")
    page.evaluate("window.sameDocument = true")

    page.get_by_role("button", name="Flytt Klimaetaten").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    visitor.check("the board with its dialog")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    move(page, "Klimaetaten", "Pulje 1")
    expect(column(page, 1).locator('[data-agency="kli"]')).to_be_visible()
    expect(column(page, "queue").locator('[data-agency="kli"]')).to_have_count(0)
    expect(column(page, 1)).to_contain_text("1 av 5")
    assert page.evaluate("window.sameDocument"), "no page was loaded"
    expect(card(page, "kli").get_by_role("button", name="Flytt Klimaetaten")).to_be_focused()
    assert Placement.objects.get(agency__slug="kli").wave.number == 1
    visitor.check("the board after a move")


def test_a_sixth_agency_is_refused_on_the_board_in_words(visitor):
    visitor.sign_in(LEAD)
    page = visitor.visit("/board/")
    page.get_by_role("button", name="Legg inn foreslått plan").click()
    expect(column(page, 1)).to_contain_text("5 av 5")

    move(page, "Munchmuseet", "Pulje 1")

    expect(page.get_by_text("Pulje 1 er full: den har 5 virksomheter").first).to_be_visible()
    assert Placement.objects.get(agency__slug="mum").wave.number == 2
    visitor.check("the board after a refusal")


def test_a_card_is_dragged_from_the_queue_to_a_wave(at_laptop):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/board/")
    drag(page, card(page, "kli"), column(page, 2).locator("ul.ur-list"))
    expect(column(page, 2).locator('[data-agency="kli"]')).to_be_visible()
    expect(column(page, 2)).to_contain_text("1 av 5")
    assert Placement.objects.get(agency__slug="kli").wave.number == 2


def test_escape_cancels_a_drag_and_nothing_is_moved(at_laptop):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/board/")
    drag(page, card(page, "kli"), column(page, 2).locator("ul.ur-list"), drop=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(column(page, "queue").locator('[data-agency="kli"]')).to_be_visible()
    assert Placement.objects.get(agency__slug="kli").wave is None


def test_nothing_is_lifted_while_an_answer_is_on_its_way_that_would_take_its_list_away(at_laptop):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/board/")
    held = []
    page.route(
        "**/move/kli/", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    move(page, "Klimaetaten", "Pulje 1")
    page.wait_for_function("document.querySelector('#dialog .htmx-request')")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#board")).to_have_class(re.compile("is-waiting"))
    drag(page, card(page, "mum"), column(page, 3).locator("ul.ur-list"), drop=False)
    held[0].continue_()
    expect(column(page, 1).locator('[data-agency="kli"]')).to_be_visible()
    page.mouse.up()
    expect(page.locator(".is-drag, .is-ghost")).to_have_count(0)
    expect(page.locator('[data-agency="mum"]')).to_have_count(1)

    drag(page, card(page, "mum"), column(page, 3).locator("ul.ur-list"))
    expect(column(page, 3)).to_contain_text("1 av 5")
    assert Placement.objects.get(agency__slug="mum").wave.number == 3


def test_what_is_sent_by_the_keyboard_in_the_middle_of_a_drag_puts_the_card_back(at_laptop):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/board/")
    move(page, "Klimaetaten", "Pulje 1")
    expect(column(page, 1).locator('[data-agency="kli"]')).to_be_visible()
    drag(page, card(page, "mum"), column(page, 3).locator("ul.ur-list"), drop=False)
    page.keyboard.press("Control+z")
    expect(column(page, "queue").locator('[data-agency="kli"]')).to_be_visible()
    page.mouse.up()
    expect(page.locator(".is-drag, .is-ghost")).to_have_count(0)
    expect(column(page, "queue").locator('[data-agency="mum"]')).to_have_count(1)
    assert Placement.objects.get(agency__slug="mum").wave is None


#: Which column a card stands in, and where in it.
STANDS = "card => card.closest('.ur-col').id + [...card.parentElement.children].indexOf(card)"


def drag(page, what, where, *, drop=True):
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), where.bounding_box()
    was, into = what.evaluate(f"card => ({STANDS})(card)"), where.evaluate("place => place.closest('.ur-col').id")
    page.mouse.move(start["x"] + 40, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 30, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 30, steps=12)
    if drop:
        # The place under a card in the air is looked for some times a second: no hand drops it faster than that.
        there = f"card.closest('.ur-col').id === into && ({STANDS})(card) !== was"
        there = f"([was, into]) => [...document.querySelectorAll('.is-ghost')].some(card => {there})"
        page.wait_for_function(there, arg=[was, into])
        page.mouse.up()


def test_the_board_works_with_the_keyboard_alone(at_laptop):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/board/")
    tab_to(page, "Flytt Klimaetaten")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Flytt til")).to_be_visible()
    for _press in range(6):
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("Pulje 3")
    tab_to(page, "Flytt")
    page.keyboard.press("Enter")
    expect(column(page, 3).locator('[data-agency="kli"]')).to_be_visible()
    expect(card(page, "kli").get_by_role("button", name="Flytt Klimaetaten")).to_be_focused()


def tab_to(page, name, presses=150):
    for _press in range(presses):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
        )
        if here == name:
            return
    raise AssertionError(f"«{name}» cannot be reached with Tab")


def test_a_stale_tab_is_told_that_the_card_has_moved(at_laptop):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/board/")
    stale = at_laptop.page.context.new_page()
    # It hears of nothing: else it would have been put right within seconds.
    stale.route(re.compile("/changes/"), lambda route: route.fulfill(status=204))
    stale.goto(at_laptop.address + "/board/")
    move(page, "Klimaetaten", "Pulje 1")
    expect(column(page, 1).locator('[data-agency="kli"]')).to_be_visible()

    drag(stale, card(stale, "kli"), column(stale, 2).locator("ul.ur-list"))

    expect(stale.get_by_text("Klimaetaten er flyttet siden du så kortet").first).to_be_visible()
    assert Placement.objects.get(agency__slug="kli").wave.number == 1


def test_a_new_wave_and_an_agency_that_has_joined_find_their_places(visitor):
    visitor.sign_in(LEAD)
    page = visitor.visit("/board/")
    page.get_by_role("button", name="Ny pulje").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    visitor.check("the dialog for a new wave")
    dialog.get_by_label("Åpner for ledere").fill("2018-11-20")
    dialog.get_by_label("Åpner for alle").fill("2018-11-20")
    dialog.get_by_role("button", name="Lag pulje").click()
    expect(dialog.get_by_text("etter åpning for ledere").first).to_be_visible()
    dialog.get_by_label("Åpner for alle").fill("2018-12-04")
    dialog.get_by_role("button", name="Lag pulje").click()
    expect(page.get_by_role("heading", name="Pulje 8")).to_be_visible()
    assert Wave.objects.count() == 8

    page.get_by_role("button", name="Legg i kø").click()
    expect(dialog).to_be_visible()
    visitor.check("the dialog for joining")
    dialog.get_by_label("Virksomhet").select_option(label="Bymiljøetaten")
    dialog.get_by_label("Finansierte lisenser").fill("1050")
    dialog.get_by_role("button", name="Legg i kø").click()
    expect(column(page, "queue").locator('[data-agency="bym"]')).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_a_move_works_without_javascript(browser, demo, size):
    context = browser.new_context(viewport=SIZES[size], java_script_enabled=False)
    visitor = Visitor(context.new_page(), demo)
    page = visitor.sign_in(LEAD)
    page = visitor.visit("/board/")
    page.get_by_role("button", name="Flytt Klimaetaten").click()
    page.get_by_label("Flytt til").select_option(label="Pulje 1")
    page.get_by_role("button", name="Flytt", exact=True).click()
    expect(column(page, 1).locator('[data-agency="kli"]')).to_have_count(1)
    context.close()


def test_with_the_system_s_own_contrast_colours_one_still_sees_what_is_chosen(at_laptop):
    """The system paints all backgrounds alike and every border: what only they told must be told otherwise."""
    at_laptop.page.emulate_media(forced_colors="active")
    at_laptop.sign_in("Prosjektleder")
    page = at_laptop.visit("/r/workplace-2018/board/")

    def painted(locator, name: str) -> str:
        return locator.evaluate("(element, name) => getComputedStyle(element)[name]", name)

    menu = page.get_by_role("navigation", name="Hovedmeny")
    assert painted(menu.get_by_role("link", name="Tavle"), "borderBottomColor") != painted(
        menu.get_by_role("link", name="Kalender"), "borderBottomColor"
    )
    chips = page.locator(".ur-bar__filters .ur-chip")
    assert painted(chips.nth(0), "backgroundColor") != painted(chips.nth(1), "backgroundColor")
    page.get_by_role("button", name="Legg inn foreslått plan").click()
    slots = column(page, 2).locator(".ur-slots i")
    assert painted(slots.nth(0), "backgroundColor") != painted(slots.nth(4), "backgroundColor")
    page.get_by_role("button", name="Flytt Klimaetaten").click()
    assert painted(page.get_by_role("dialog"), "borderTopStyle") == "solid"
