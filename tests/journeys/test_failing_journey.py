"""The network, the server or one's own hurry fails a request: it is told where one looks, and nothing is lost by it."""

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from rollout.models import PlanEvent
from tests.journeys.board import card, column

pytestmark = pytest.mark.browser
BOARD = "/r/workplace-2018/board/"
KLIMA = "**/board/move/kli/*"  # with or without a query, and not its effect
TOO_MANY = "<main><p class='ur-lead'>Vent et minutt, og prøv igjen.</p></main>"


@pytest.fixture
def board(at_laptop) -> Page:
    at_laptop.sign_in("Prosjektleder")
    return at_laptop.visit(BOARD)


def hold(page: Page, address: str, method: str):
    """Keep the first such request back; what is returned waits for it, and gives it to the test."""
    held = []

    def take(route) -> None:
        if route.request.method == method and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(address, take)

    def first():
        deadline = time.monotonic() + 20
        while not held:
            assert time.monotonic() < deadline
            page.wait_for_timeout(20)
        return held[0]

    return first


def open_move(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"Flytt {name}").click()
    dialog = page.get_by_role("dialog", name=f"Flytt {name}")
    dialog.get_by_label("Flytt til").select_option(label="Pulje 2")
    expect(dialog).to_contain_text("Dette skjer")
    return dialog


def press(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Flytt", exact=True).click()


def test_what_fails_in_a_dialog_is_told_there_and_what_was_chosen_stays(visitor):
    visitor.sign_in("Prosjektleder")
    page = visitor.visit(BOARD)
    dialog = open_move(page, "Klimaetaten")
    page.route(KLIMA, lambda route: route.abort())
    press(dialog)
    expect(dialog.get_by_role("alert").filter(has_text="Noe gikk galt")).to_be_in_viewport()
    visitor.check("a failure told in the dialog")
    page.unroute(KLIMA)
    page.route(KLIMA, lambda route: route.fulfill(status=429, content_type="text/html", body=TOO_MANY))
    press(dialog)
    expect(dialog.get_by_role("alert").filter(has_text="Vent et minutt")).to_be_visible()
    expect(dialog.get_by_text("Noe gikk galt")).to_have_count(0)
    page.unroute(KLIMA)
    press(dialog)
    expect(column(page, 2).locator('[data-agency="kli"]')).to_be_attached()
    expect(dialog).not_to_be_visible()
    visitor.complaints.clear()  # the console tells of the failures too


def test_who_is_offline_is_told_so_and_not_to_load_the_page_anew(board, at_laptop):
    dialog = open_move(board, "Klimaetaten")
    board.context.set_offline(True)
    press(dialog)
    expect(dialog.get_by_role("alert").filter(has_text="Du er ikke på nett")).to_be_visible()
    board.context.set_offline(False)
    press(dialog)
    expect(column(board, 2).locator('[data-agency="kli"]')).to_be_attached()
    at_laptop.complaints.clear()


def test_a_dialog_closed_before_the_answer_still_lets_it_be_heard(board, at_laptop):
    dialog = open_move(board, "Klimaetaten")
    answer = hold(board, KLIMA, "POST")
    press(dialog)
    waiting = answer()
    board.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    waiting.abort()
    expect(board.locator("#toast-text")).to_contain_text("Noe gikk galt")
    at_laptop.complaints.clear()

    board.unroute(KLIMA)
    dialog = open_move(board, "Klimaetaten")
    answer = hold(board, KLIMA, "POST")
    press(dialog)
    waiting = answer()
    board.keyboard.press("Escape")
    waiting.continue_()
    expect(board.get_by_role("button", name="Angre", exact=True)).to_be_visible()
    expect(column(board, 2).locator('[data-agency="kli"]')).to_be_attached()
    expect(card(board, "kli").get_by_role("button", name="Flytt Klimaetaten")).to_be_focused()
    expect(board.locator("#dialog")).to_be_empty()


def test_the_dialog_asked_for_last_is_the_one_that_stays(board):
    answer = hold(board, KLIMA, "GET")
    board.get_by_role("button", name="Flytt Klimaetaten").click()
    waiting = answer()
    dialog = open_move(board, "Bydel Nordstrand")
    with board.expect_response(KLIMA):
        waiting.continue_()
    board.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Flytt til").locator("option:checked")).to_have_text("Pulje 2")


def test_undo_pressed_twice_in_a_hurry_is_done_once_and_no_refusal(board):
    press(open_move(board, "Klimaetaten"))
    answer = hold(board, "**/undo/**", "POST")
    board.get_by_role("button", name="Angre", exact=True).dblclick()
    answer().continue_()
    expect(column(board, "queue").locator('[data-agency="kli"]')).to_be_attached()
    expect(board.locator(".htmx-request")).to_have_count(0)
    expect(board.locator("#toast")).to_have_attribute("data-kind", "ok")
    assert PlanEvent.objects.filter(undoes__isnull=False).count() == 1
