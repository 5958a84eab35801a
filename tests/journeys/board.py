"""The board's gestures, as several journeys need them."""

from playwright.sync_api import Page


def card(page: Page, slug: str):
    return page.locator(f'[data-agency="{slug}"]')


def column(page: Page, key):
    return page.locator(f'section[data-wave="{key}"]')


def move(page: Page, name: str, to: str) -> None:
    """By the card's menu."""
    page.get_by_role("button", name=f"Flytt {name}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Flytt til").select_option(label=to)
    dialog.get_by_role("button", name="Flytt", exact=True).click()
