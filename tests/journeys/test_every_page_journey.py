"""Every page at each size, and by keyboard alone: nothing axe knows of, nothing too wide, no place out of reach."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from agencies.models import Person
from tests.access import TABLE
from tests.journeys.conftest import Visitor
from tests.journeys.every_page import DIALOGS, NO_PAGES, PAGES
from tests.journeys.every_page_world import build

#: CSS pixels. The last is 1280 x 1024 at 400 %.
SIZES = {
    "1440": {"width": 1440, "height": 900},
    "768": {"width": 768, "height": 1024},
    "390": {"width": 390, "height": 844},
    "400 %": {"width": 320, "height": 256},
}
WALK = (settings.BASE_DIR / "tests/journeys/keyboard.js").read_text()


def test_every_route_that_shows_a_page_is_looked_at():
    shown = {page.route for page in PAGES.values()}
    assert shown | NO_PAGES == {route for route, line in TABLE.items() if line.get}
    assert not shown & NO_PAGES


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, site, reference_rollout):
    """Made once for all the pages: looking changes nothing (rule 11)."""
    with django_db_blocker.unblock(), override_settings(DEMO_MODE=True, SITE_URL=site):
        cache.clear()
        try:
            reference_rollout.restore(lambda: call_command("load_reference_rollout", verbosity=0))
            known = build()
            yield known | {who: session_of(who) for who in {page.who for page in PAGES.values() if page.who}}
        finally:
            call_command("flush", verbosity=0, interactive=False)
            cache.clear()


def session_of(email: str) -> str:
    client = Client()
    client.force_login(Person.objects.get(email=email))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="module")
def looker(browser, site, world):
    context = browser.new_context(viewport=SIZES["1440"], locale="nb-NO")
    yield Visitor(context.new_page(), site)
    context.close()


def opened(visitor: Visitor, world: dict, name: str) -> Page:
    """The page, from its beginning and at the largest size."""
    shown = PAGES[name]
    visitor.page.context.clear_cookies()
    if shown.who:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": world[shown.who], "url": visitor.address}
        visitor.page.context.add_cookies([cookie])
    visitor.page.set_viewport_size(SIZES["1440"])
    args = {key: world.get(value, value) for key, value in shown.args.items()}
    page = visitor.visit(reverse(shown.route, kwargs=args) + (f"?{shown.query}" if shown.query else ""))
    expect(page.locator(".htmx-request")).to_have_count(0)  # a part that comes by itself has come
    if shown.do:
        shown.do(page)
    return page


def walk(page: Page) -> list[str]:
    """Tab from the first place to the last; what is wrong. A part that scrolls is a place too, to the browser alone."""
    if not page.evaluate("'walk' in window"):
        page.evaluate(WALK)
    presses = page.evaluate("walk.start()") - 1
    has_frame = page.locator("iframe").count() > 0  # out of one the browser scrolls later than a driver presses
    while presses:
        for _press in range(presses):
            page.keyboard.press("Tab")
            if has_frame:
                page.evaluate("walk.painted()")
        presses = page.evaluate("walk.left()")
    return page.evaluate("walk.end()")


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_a_page_at_every_size_and_by_keyboard(looker, world, name):
    looker.complaints.clear()
    page, wrong = opened(looker, world, name), []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        # What happens to lie under something that stays put is no target now, at the top or under the bar at the foot.
        page.evaluate("scrollTo(0, 0)")
        page.evaluate("document.querySelector('.ur-bulk')?.style.setProperty('position', 'static')")
        looker.check(f"{name} at {size}")
        page.evaluate("document.querySelector('.ur-bulk')?.style.removeProperty('position')")
        if size != "768":  # laid out as one of its neighbours is
            wrong += [f"{size}: {found}" for found in walk(page)]
    assert wrong == [], "\n".join(wrong)
    assert looker.complaints == []


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize(("name", "opener"), DIALOGS)
def test_a_dialog_opens_is_walked_through_and_closes_by_keyboard(looker, world, name, opener):
    looker.complaints.clear()
    page, wrong = opened(looker, world, name), []
    control = page.get_by_role("button", name=opener, exact=True)
    control = control.or_(page.get_by_role("link", name=opener, exact=True)).first
    dialog = page.get_by_role("dialog")
    for size in ("1440", "400 %"):
        page.set_viewport_size(SIZES[size])
        control.press("Enter")
        expect(dialog).to_be_visible()
        assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
        looker.check(f"{opener} at {size}")
        wrong += [f"{size}: {found}" for found in walk(page)]
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(control).to_be_focused()
    assert wrong == [], "\n".join(wrong)
    assert looker.complaints == []
