"""Somebody types for a while, and is signed out meanwhile: what was typed is not lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.test_my_journey import as_chief, kli

__all__ = ["kli"]

pytestmark = pytest.mark.browser
PEOPLE = "Kari Nordmann <kari@kli.example.org>\nola@kli.example.org"
INVITE = "/r/workplace-2018/my/kli/people/invite/"


def sign_in_again(page) -> None:
    page.get_by_role("button", name="Kommunikasjonssjef i Klimaetaten").click()


def invite_without(page, cookie: str) -> None:
    """Fill the list in, and send it when the cookie is gone."""
    page.get_by_label("E-postadresser").fill(PEOPLE)
    page.context.clear_cookies(name=cookie)
    page.get_by_role("button", name="Inviter").click()


def test_a_form_sent_after_the_session_ended_says_so_and_keeps_what_was_typed(visitor, kli):
    page = as_chief(visitor)
    visitor.visit(INVITE + "?role=deputy")
    invite_without(page, "sessionid")
    expect(page.locator(".ur-messages")).to_contain_text("er ikke lagret")
    visitor.check("signed out while typing")

    sign_in_again(page)
    expect(page).to_have_url(re.compile(re.escape(INVITE)))
    expect(page.get_by_label("E-postadresser")).to_have_value(PEOPLE)
    expect(page.get_by_label("Rolle")).to_have_value("deputy")
    expect(page.get_by_role("alert")).to_contain_text("Du ble avbrutt")
    visitor.check("what was typed, put back")
    page.get_by_role("button", name="Inviter").click()
    expect(page.locator(".ur-messages")).to_contain_text("er invitert")

    visitor.visit(INVITE)  # it was sent: nothing lingers
    expect(page.get_by_label("E-postadresser")).to_have_value("")


def test_a_form_whose_token_grew_old_leads_back_to_what_was_typed(visitor, kli):
    page = as_chief(visitor)
    visitor.visit(INVITE)
    invite_without(page, "csrftoken")
    expect(page.get_by_role("heading", name="Siden var åpen for lenge")).to_be_visible()
    visitor.check("open for too long")
    page.get_by_role("link", name="Tilbake til siden").click()
    expect(page.get_by_label("E-postadresser")).to_have_value(PEOPLE)
    page.get_by_role("button", name="Inviter").click()
    expect(page.locator(".ur-messages")).to_contain_text("er invitert")


def test_what_was_typed_in_a_row_is_there_when_the_row_is_opened_again(visitor, kli):
    page = as_chief(visitor)
    row = page.locator('[data-step="risk_and_dpia"]')
    row.get_by_role("link", name=re.compile("ROS")).click()
    row.get_by_role("link", name=re.compile("Trekk bekreftelsen")).click()
    row.get_by_label("Begrunnelse").fill("Gammel versjon.")
    page.context.clear_cookies(name="sessionid")
    row.get_by_role("button", name="Trekk tilbake").click()
    sign_in_again(page)
    expect(page).to_have_url(re.compile("/my/kli/$"))
    row.get_by_role("link", name=re.compile("ROS")).click()
    row.get_by_role("link", name=re.compile("Trekk bekreftelsen")).click()
    expect(row.get_by_label("Begrunnelse")).to_have_value("Gammel versjon.")


def test_nobody_else_who_signs_in_there_sees_what_was_typed(at_phone, kli):
    page = as_chief(at_phone)
    at_phone.visit(INVITE)
    invite_without(page, "sessionid")
    page.get_by_role("button", name="Virksomhetsleder i Klimaetaten").click()
    expect(page).to_have_url(re.compile(re.escape(INVITE)))
    expect(page.get_by_label("E-postadresser")).to_have_value("")
    assert page.evaluate("sessionStorage.getItem('puljeplan-typed')") is None


def test_a_code_typed_on_the_way_back_is_not_kept_and_takes_the_place_of_nothing(at_laptop, kli):
    page = as_chief(at_laptop)
    at_laptop.visit(INVITE)
    invite_without(page, "sessionid")
    expect(page.locator(".ur-messages")).to_contain_text("er ikke lagret")
    at_laptop.visit("/sign-in/")  # not by the way that leads back to the form at once
    sign_in_again(page)
    expect(page).not_to_have_url(re.compile("/sign-in/"))
    at_laptop.visit("/account/keys/app/")
    page.get_by_role("textbox").fill("123456")
    page.get_by_role("button", name="Legg til appen").click()
    expect(page.get_by_role("alert")).to_be_visible()
    at_laptop.visit(INVITE)
    expect(page.get_by_label("E-postadresser")).to_have_value(PEOPLE)
