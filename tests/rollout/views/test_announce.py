"""The page where a lead sees who would be told what, and tells them."""

import re

import pytest
from django.utils import timezone

from agencies.models import RoleName
from rollout.domain import deciding, placing
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent, Verdict
from tests.factories import (
    NOW,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    place,
    set_clock,
)

pytestmark = pytest.mark.django_db
PLAN = "/r/workplace-2018/"
PAGE = f"{PLAN}announce/"
COUNT = "2 personer har fått vite noe annet enn det planen sier nå."


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    rollout = make_rollout(waves=4)
    for slug, name in (("kli", "Klimaetaten"), ("oby", "Omsorgsbygg")):
        agency = make_agency(slug, name=name)
        make_people(agency)
        make_ready(place(agency, rollout.waves.get(number=2)))
    deciding.decide(wave=rollout.waves.get(number=2), verdict=Verdict.GO, reason="Klare.", by=make_lead(), now=NOW)
    OutgoingEmail.objects.update(state=EmailState.SENT, settled_at=timezone.now())
    return rollout


def move(rollout, slug, number):
    placement = rollout.placements.get(agency__slug=slug)
    placing.move(placement=placement, to=rollout.waves.get(number=number), by=make_lead(), now=NOW)


def seen(page):
    return re.search(r'name="seen" value="(\w+)"', page).group(1)


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xad", "").replace("&shy;", "").split())


def corrections():
    return OutgoingEmail.objects.filter(kind=EmailKind.DATE_CHANGED)


def test_the_page_shows_each_reader_with_what_they_were_told_and_what_holds(rollout, as_lead):
    move(rollout, "kli", 3)

    page = words(as_lead.get(PAGE).text)

    assert "2 personer har fått vite noe annet enn det planen sier nå, om 1 virksomhet." in page
    assert (
        "leder.kli@example.org Klimaetaten (virksomhetsleder) Pulje 2: ledere 4. apr. 2018, alle 17. apr. 2018 "
        "Pulje 3: ledere 26. apr. 2018, alle 7. mai 2018"
    ) in page
    assert "leder.oby@example.org" not in page
    assert "Send 2 meldinger" in page
    assert not corrections().exists(), "looking tells nobody"


def test_one_press_tells_them_and_writes_one_event(rollout, as_lead):
    move(rollout, "kli", 3)

    answer = as_lead.post(PAGE, {"seen": seen(as_lead.get(PAGE).text), "note": "Skolestart."}, follow=True)

    assert "Kunngjort: 2 meldinger er skrevet, én til hver" in answer.text
    assert "har fått vite det planen sier nå" in answer.text
    assert {mail.to_address for mail in corrections()} == {
        "leder.kli@example.org",
        "kommunikasjonssjef.kli@example.org",
    }
    event = PlanEvent.objects.get(kind=EventKind.CHANGES_ANNOUNCED)
    assert (event.after["people"], event.reason, event.by) == (2, "Skolestart.", make_lead())


def test_what_changed_meanwhile_is_refused_and_shown_and_the_note_is_kept(rollout, as_lead):
    move(rollout, "kli", 3)
    shown = seen(as_lead.get(PAGE).text)
    move(rollout, "kli", 4)

    answer = as_lead.post(PAGE, {"seen": shown, "note": "Skolestart."})

    assert answer.status_code == 409
    assert "Endringene er andre enn da du åpnet siden." in answer.text
    assert "Skolestart." in answer.text
    assert "Pulje 4: ledere 23. mai 2018" in words(answer.text)
    assert not corrections().exists()
    assert as_lead.post(PAGE, {"seen": seen(answer.text)}, follow=True).status_code == 200
    assert corrections().count() == 2


@pytest.mark.parametrize("data", [{}, {"seen": "a", "note": "x" * 1001}])
def test_a_form_that_lacks_something_announces_nothing(rollout, as_lead, data):
    move(rollout, "kli", 3)
    assert as_lead.post(PAGE, data).status_code == 422
    assert not corrections().exists()


@pytest.mark.parametrize("path", ["", "board/", "mail/"])
def test_overview_board_and_mail_tell_a_lead_of_what_is_not_announced(rollout, as_lead, path):
    assert COUNT not in as_lead.get(PLAN + path).text
    move(rollout, "kli", 3)
    page = as_lead.get(PLAN + path).text
    assert COUNT in page
    assert f'href="{PAGE}"' in page


@pytest.mark.parametrize("path", ["", "board/"])
def test_readers_are_not_asked_to_announce(rollout, client, path):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    move(rollout, "kli", 3)
    page = client.get(PLAN + path).text
    assert COUNT not in page
    assert PAGE not in page


def test_an_untold_change_near_at_hand_stands_among_what_stops_us(rollout, as_lead):
    move(rollout, "kli", 3)
    assert "Nær åpning er endret og ikke kunngjort" not in as_lead.get(PLAN).text
    set_clock(NOW.replace(month=4, day=3))
    page = words(as_lead.get(PLAN).text)
    assert "Nær åpning er endret og ikke kunngjort – det gjelder onsdag 4. april 2018" in page
