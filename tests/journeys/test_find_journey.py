"""Journey: finding on the board, several moved together, places locked, and all of it by keys."""

import pytest
from playwright.sync_api import expect

from rollout.models import Placement
from tests.journeys.board import card, column
from tests.journeys.conftest import SIZES, Visitor
from tests.journeys.test_board_journey import LEAD, drag, tab_to

pytestmark = pytest.mark.browser


@pytest.fixture
def planned(demo):
    """The proposed plan is put in: five in the first wave, nobody in the queue."""

    def enter(visitor):
        page = visitor.sign_in(LEAD)
        visitor.visit("/board/")
        page.get_by_role("button", name="Legg inn foreslått plan").click()
        expect(column(page, 1)).to_contain_text("5 av 5")
        # The text is there before its scripts have run; a drag before that is none.
        page.wait_for_load_state("load")
        return page

    return enter


def in_sight(page) -> list[str]:
    cards = "[...document.querySelectorAll('.ur-card')].filter(card => !card.hidden)"
    return page.evaluate(f"{cards}.map(card => card.dataset.agency)")


def order(number: int) -> list[str]:
    return list(Placement.objects.placed().filter(wave__number=number).values_list("agency__slug", flat=True))


def test_a_view_is_found_as_one_types_and_the_same_by_its_address_alone(browser, visitor, planned):
    page = planned(visitor)
    plain = browser.new_context(viewport=SIZES["laptop"], java_script_enabled=False)
    shared = Visitor(plain.new_page(), visitor.address)
    shared.sign_in(LEAD)
    asked = []
    page.on(
        "request", lambda request: asked.append(request.url) if request.resource_type in ("document", "xhr") else None
    )

    def same_by_address() -> list[str]:
        found = in_sight(page)
        shared.page.goto(page.url)
        assert in_sight(shared.page) == found
        assert asked == []
        return found

    search = page.get_by_role("searchbox")
    search.fill("etat")
    assert len(same_by_address()) == 10
    expect(column(page, 1)).to_contain_text("3 av 5 vises")
    expect(column(page, 1)).to_contain_text("5 av 5")
    expect(page.get_by_text("10 av 26 vises.")).to_be_visible()
    expect(page.locator("#found-said")).to_have_text("10 av 26 virksomheter vises")

    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Medarbeidere").select_option("100-999")
    page.get_by_label("Sorter kortene etter").select_option("medarbeidere")
    visitor.check("the board with its filters open")
    assert same_by_address() == ["vav", "bre", "bfe", "pbe", "eby", "gfe"]
    expect(page.get_by_text("Å dra dem i rekkefølge er slått av")).to_be_visible()
    page.get_by_label("Type").select_option("district")
    assert same_by_address() == []
    page.get_by_role("link", name="Nullstill").click()
    assert len(same_by_address()) == 26
    assert "?" not in page.url
    page.locator("#show-no-licences").check()
    assert same_by_address() == ["bns"]
    plain.close()


def test_what_is_looked_for_and_chosen_stays_through_a_move(at_laptop, planned):
    page = planned(at_laptop)
    page.get_by_role("searchbox").fill("klima")
    card(page, "kli").get_by_label("Velg Klimaetaten").check()
    page.get_by_role("searchbox").fill("munch")
    expect(page.get_by_text("1 av dem vises ikke nå")).to_be_visible()
    page.get_by_role("button", name="Flytt Munchmuseet").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Flytt til").select_option(label="Pulje 3")
    dialog.get_by_role("button", name="Flytt", exact=True).click()

    expect(column(page, 3).locator('[data-agency="mum"]')).to_be_visible()
    assert in_sight(page) == ["mum"]
    expect(column(page, 3)).to_contain_text("1 av 5 vises")
    expect(column(page, 3)).to_contain_text("5 av 5")
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_label("Velg Klimaetaten")).to_be_checked()
    expect(page.locator("#bulk")).to_contain_text("1 valgt, 37 medarbeidere")


def test_several_are_moved_together_by_keyboard_alone(at_laptop, planned):
    page = planned(at_laptop)
    tab_to(page, "Klimaetaten")
    for key in ("x", "ArrowDown", "x", "ArrowDown", "x"):
        page.keyboard.press(key)
    expect(page.locator("#picked-said")).to_contain_text("3 valgt, 792 medarbeidere")
    tab_to(page, "Flytt valgte …")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Flytt 3 virksomheter")).to_be_visible()
    expect(page.locator(".htmx-settling")).to_have_count(0)  # nobody types in the instant in which it is laid out
    page.keyboard.type("Pulje 3")
    expect(dialog.get_by_text("Pulje 3 har bare 1 ledig plass.")).to_be_visible()
    at_laptop.check("the dialog for several")
    tab_to(page, "Flytt")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("og du flytter 3 virksomheter")).to_be_visible()
    assert len(order(1)) == 5
    dialog.get_by_label("Flytt til").focus()
    page.keyboard.type("Pulje 7")
    tab_to(page, "Flytt")
    page.keyboard.press("Enter")

    expect(column(page, 7)).to_contain_text("4 av 5")
    assert order(7) == ["ude", "kli", "oby", "vav"]
    expect(page.locator("#bulk")).to_be_hidden()
    expect(card(page, "kli").get_by_role("button", name="Flytt Klimaetaten")).to_be_focused()


def test_arrows_walk_the_cards_one_key_moves_and_escape_takes_back(at_laptop, planned):
    page = planned(at_laptop)

    def here() -> str:
        return page.evaluate("document.activeElement.id")

    tab_to(page, "Klimaetaten")
    walk = [("ArrowDown", "oby"), ("ArrowRight", "pbe"), ("Home", "bfe"), ("End", "pbe"), ("ArrowLeft", "oby")]
    for key, slug in walk:
        page.keyboard.press(key)
        assert here() == f"open-{slug}"
    page.keyboard.press("f")
    expect(page.get_by_role("dialog").get_by_label("Flytt til")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert here() == "open-oby"
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Tastatur på tavlen")
    at_laptop.check("the keys of the board")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert here() == "find-q"
    page.keyboard.type("fx?")
    expect(page.get_by_role("searchbox")).to_have_value("fx?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_places_in_a_wave_are_dragged_into_order(at_laptop, planned):
    page = planned(at_laptop)
    assert order(7) == ["ude"]
    drag(page, card(page, "bre"), column(page, 7).locator("ul.ur-list"))
    expect(column(page, 7)).to_contain_text("2 av 5")
    stood = order(7)
    page.evaluate("scrollTo(0, 0)")
    last, first = card(page, stood[1]), card(page, stood[0])
    drag(page, last, first)
    expect(page.get_by_text("har nå plass 1 i Pulje 7")).to_be_visible()
    assert order(7) == stood[::-1]


def test_a_locked_card_says_why_and_stays(visitor, planned):
    page = planned(visitor)
    page.get_by_role("button", name="Flytt Klimaetaten").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Lås plasseringen").click()
    visitor.check("the dialog for locking")
    dialog.get_by_label("Hvorfor må den stå her?").fill("Avtalt med lederen.")
    dialog.get_by_role("button", name="Lås", exact=True).click()
    expect(card(page, "kli")).to_contain_text("Låst")
    expect(page.get_by_label("Velg Klimaetaten")).to_have_count(0)
    visitor.check("the board with a locked card")

    page.get_by_role("button", name="Flytt Klimaetaten").click()
    expect(dialog).to_contain_text("Avtalt med lederen.")
    visitor.check("the dialog of a locked card")
    dialog.get_by_role("button", name="Lås opp").click()
    expect(page.get_by_label("Velg Klimaetaten")).to_have_count(1)
    assert not Placement.objects.get(agency__slug="kli").is_pinned


def test_several_are_moved_together_on_a_phone(at_phone, planned):
    page = planned(at_phone)
    for name in ("Klimaetaten", "Vann- og avløpsetaten"):
        page.get_by_label(f"Velg {name}").check()
    at_phone.check("the board with two chosen")
    page.get_by_role("button", name="Flytt valgte …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Flytt til").select_option(label="Pulje 7")
    expect(dialog.locator("#many-effect")).not_to_be_empty()
    at_phone.check("the dialog for several, on a phone")
    dialog.get_by_role("button", name="Flytt", exact=True).click()
    expect(column(page, 7)).to_contain_text("3 av 5")
    assert order(7) == ["ude", "kli", "vav"]
