"""What the mails say, to whom, and that each is written once."""

import datetime as dt
import re

import pytest
from django.conf import settings
from django.urls import resolve
from django.utils import translation

from agencies.models import RoleName
from rollout import emails
from rollout.models import EmailKind, OutgoingEmail, Step
from tests.factories import at, give_role, make_agency, make_lead, make_people, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db

OPENING = at("2018-02-07 08:00")
ALL_STAFF = at("2018-02-27 08:00")


@pytest.fixture
def wave():
    make_lead()
    return make_wave(make_rollout(), 1)


@pytest.fixture
def klimaetaten(wave):
    agency = make_agency("kli", name="Klimaetaten", employees=37)
    make_people(agency, key_people=2)
    return place(agency, wave)


def by_address(drafts):
    return {draft.person.email: draft for draft in drafts}


def test_the_head_the_chief_and_the_key_people_are_told_and_nobody_else(wave, klimaetaten):
    give_role("stedfortreder.kli@example.org", RoleName.DEPUTY, klimaetaten.agency)
    give_role("leser@example.org", RoleName.READER)
    make_people(make_agency("oby"))

    drafts = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)

    assert sorted(by_address(drafts)) == [
        "kommunikasjonssjef.kli@example.org",
        "leder.kli@example.org",
        "nokkelperson1.kli@example.org",
        "nokkelperson2.kli@example.org",
    ]


def test_whoever_has_left_the_role_or_the_organisation_is_not_told(wave, klimaetaten):
    roles = klimaetaten.agency.roles
    roles.filter(role=RoleName.AGENCY_HEAD).update(until=OPENING)
    chief = roles.get(role=RoleName.COMMUNICATION_CHIEF).person
    chief.is_active = False
    chief.save()

    drafts = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)

    assert sorted(by_address(drafts)) == ["nokkelperson1.kli@example.org", "nokkelperson2.kli@example.org"]


def test_the_leaders_mail_holds_names_dates_what_to_do_whom_to_ask_and_a_plain_link(wave, klimaetaten, settings):
    settings.SITE_URL = "https://plan.example.org"

    draft = by_address(emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING))["leder.kli@example.org"]

    assert draft.headline == "Klimaetaten: Workplace er åpnet for ledere og nøkkelpersoner"
    for body in (draft.text, draft.html):
        for words in (
            "Klimaetaten",
            "du er virksomhetsleder",
            "nsdag 7. februar 2018",
            "tirsdag 27. februar 2018",
            "Dette gjør du nå",
            "prosjektleder@example.org",
            "https://plan.example.org/r/workplace-2018/my/",
            "i pulje 1",
        ):
            assert words in body
        assert "?" not in body.replace("Hvem du kan spørre", "")  # no token, no tracking in any address
        assert "\n\n\n" not in draft.text


def test_the_all_staff_mail_tells_the_headcount_and_both_dates(wave, klimaetaten):
    draft = by_address(emails.all_staff_open(wave=wave, placements=[klimaetaten], now=ALL_STAFF))[
        "kommunikasjonssjef.kli@example.org"
    ]

    assert draft.headline == "Klimaetaten: Workplace er åpnet for alle medarbeidere"
    assert draft.subject == "wave:1:all_staff"
    for body in (draft.text, draft.html):
        assert "37 medarbeidere" in body
        assert "nsdag 7. februar 2018" in body
        assert "irsdag 27. februar 2018" in body


def test_a_key_person_is_told_what_a_key_person_does_and_a_chief_what_a_chief_does(wave, klimaetaten):
    give_role("nokkelperson1.kli@example.org", RoleName.COMMUNICATION_CHIEF, klimaetaten.agency)
    opened = by_address(emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING))
    for_all = by_address(emails.all_staff_open(wave=wave, placements=[klimaetaten], now=ALL_STAFF))
    for body in ("text", "html"):
        key, chief = (
            getattr(opened[f"{who}.kli@example.org"], body) for who in ("nokkelperson2", "kommunikasjonssjef")
        )
        assert "Vær klar til å hjelpe kollegene dine når alle får tilgang tirsdag 27. februar 2018." in key
        assert "Ledere som går foran" not in key and "sammen med nøkkelpersonene" not in key
        assert "Ledere som går foran" in chief and "hjelpe kollegene" not in chief
        assert "Ledere som går foran" in getattr(opened["nokkelperson1.kli@example.org"], body), "is both"
        key, chief = (getattr(for_all[f"{who}.kli@example.org"], body) for who in ("nokkelperson2", "leder"))
        assert "Hjelp kollegene dine" in key and "Hjelp kollegene dine" not in chief


def test_the_all_staff_mail_brings_the_address_where_employees_commit(wave, klimaetaten):
    place(make_agency("oby", name="Omsorgsbygg"), wave)
    own = emails.all_staff_open(wave=wave, placements=[klimaetaten], now=ALL_STAFF)[0]
    assert f"{settings.SITE_URL}/r/workplace-2018/commit/kli/\n" in own.text
    assert f'href="{settings.SITE_URL}/r/workplace-2018/commit/kli/"' in own.html


def test_an_opening_ahead_is_told_with_its_hour(wave, klimaetaten):
    draft = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)[0]
    assert "Åpner for alle medarbeidere: tirsdag 27. februar 2018 kl. 08.00\n" in draft.text
    assert "Tirsdag 27. februar 2018 kl. 08.00" in draft.html


def test_a_person_with_two_agencies_gets_one_mail_that_lists_both(wave, klimaetaten):
    other = place(make_agency("oby", name="Omsorgsbygg"), wave)
    give_role("leder.kli@example.org", RoleName.AGENCY_HEAD, other.agency)
    give_role("leder.kli@example.org", RoleName.KEY_PERSON, other.agency)

    drafts = emails.leaders_open(wave=wave, placements=[klimaetaten, other], now=OPENING)

    (mine,) = [draft for draft in drafts if draft.person.email == "leder.kli@example.org"]
    assert mine.headline.startswith("Klimaetaten og Omsorgsbygg: ")
    assert "- Klimaetaten (du er virksomhetsleder)\n" in mine.text
    assert "- Omsorgsbygg (du er virksomhetsleder og nøkkelperson)\n" in mine.text


def test_names_are_escaped_in_the_html_and_only_there(wave):
    agency = make_agency("lys", name="Lys & Lyd <Åsen>")
    give_role("leder.lys@example.org", RoleName.AGENCY_HEAD, agency)

    (draft,) = emails.leaders_open(wave=wave, placements=[place(agency, wave)], now=OPENING)

    assert draft.headline.startswith("Lys & Lyd <Åsen>:")
    assert "- Lys & Lyd <Åsen> (" in draft.text
    assert "Lys &amp; Lyd &lt;Åsen&gt;" in draft.html
    assert "<Åsen>" not in draft.html


def test_a_name_cannot_add_a_header(wave):
    agency = make_agency("ond", name="Etat\r\nBcc: alle@example.org")
    give_role("leder.ond@example.org", RoleName.AGENCY_HEAD, agency)

    (draft,) = emails.leaders_open(wave=wave, placements=[place(agency, wave)], now=OPENING)

    assert draft.headline == "Etat Bcc: alle@example.org: Workplace er åpnet for ledere og nøkkelpersoner"


def test_a_long_name_is_cut_to_what_the_row_holds(wave):
    agencies = [make_agency(name=letter * 118) for letter in "ab"]
    for agency in agencies:
        give_role("leder@example.org", RoleName.AGENCY_HEAD, agency)
    placements = [place(agency, wave) for agency in agencies]

    drafts = emails.leaders_open(wave=wave, placements=placements, now=OPENING)

    (row,) = emails.write(drafts, rollout=wave.rollout, occurrence="event:1", now=OPENING)
    assert len(row.headline) == 200


def test_mail_is_in_bokmal_whatever_the_process_speaks(wave, klimaetaten):
    with translation.override("en"):
        draft = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)[0]

    assert "Onsdag 7. februar 2018" in draft.text


def test_an_opening_that_ran_late_tells_the_day_it_happened(wave, klimaetaten):
    draft = emails.leaders_open(wave=wave, placements=[klimaetaten], now=at("2018-02-08 11:00"))[0]

    assert "Torsdag 8. februar 2018 åpnet Workplace" in draft.text


def test_the_leads_are_told_who_is_held_and_why(wave, klimaetaten):
    give_role("leser@example.org", RoleName.READER)

    drafts = emails.held(wave=wave, held=[(klimaetaten, ["Mangler 50 lisenser."])], now=ALL_STAFF)

    (draft,) = [draft for draft in drafts if draft.person.email == "prosjektleder@example.org"]
    assert "leser@example.org" not in [draft.person.email for draft in drafts]
    assert draft.headline == "Pulje 1: Klimaetaten er holdt tilbake"
    for body in (draft.text, draft.html):
        assert "Klimaetaten" in body
        assert "Mangler 50 lisenser." in body
        assert "/r/workplace-2018/waves/1/" in body


def test_the_head_and_the_chief_of_a_held_agency_are_told_of_their_own_and_key_people_are_not(wave, klimaetaten):
    other = place(make_agency("oby", name="Omsorgsbygg"), wave)
    chief = "kommunikasjonssjef.kli@example.org"
    give_role("prosjektleder@example.org", RoleName.AGENCY_HEAD, other.agency)
    held = [(klimaetaten, ["Mangler 50 lisenser."]), (other, ["Mangler signatur."])]

    drafts = {draft.person.email: draft for draft in emails.held(wave=wave, held=held, now=ALL_STAFF)}

    assert set(drafts) == {"prosjektleder@example.org", "leder.kli@example.org", chief}, "a lead hears of all at once"
    assert drafts[chief].headline == "Klimaetaten: Workplace åpner ikke for alle ennå"
    for body in (drafts[chief].text, drafts[chief].html):
        assert "Mangler 50 lisenser." in body
        assert "Omsorgsbygg" not in body
        assert "Mangler signatur." not in body
        assert "/r/workplace-2018/my/" in body


def test_nobody_held_is_no_mail(wave):
    assert emails.held(wave=wave, held=[], now=ALL_STAFF) == []


@pytest.mark.parametrize(
    ("step", "headline", "day"),
    [
        (Step.LEADERS, "Pulje 1 åpnet ikke for ledere: ingen beslutning", "Onsdag 7. februar 2018"),
        (Step.ALL_STAFF, "Pulje 1 åpnet ikke for alle: ingen beslutning", "Tirsdag 27. februar 2018"),
    ],
)
def test_the_leads_are_told_that_a_date_came_without_a_decision(wave, klimaetaten, step, headline, day):
    (draft,) = emails.no_decision(wave=wave, step=step, now=OPENING)

    assert draft.headline == headline
    assert draft.subject == f"wave:1:{step}"
    for body in (draft.text, draft.html):
        assert day in body
        assert "Klimaetaten" in body


def test_the_lead_is_whom_to_ask_when_the_rollout_names_nobody(wave, klimaetaten):
    wave.rollout.contact_email = ""
    give_role("annen.leder@example.org", RoleName.PROJECT_LEAD, since=at("2018-01-01 09:00"))

    draft = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)[0]

    assert "Hvem du kan spørre\nannen.leder@example.org\n" in draft.text


def test_a_second_run_writes_nothing(wave, klimaetaten):
    drafts = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)

    first = emails.write(drafts, rollout=wave.rollout, occurrence="event:1", now=OPENING)
    second = emails.write(drafts, rollout=wave.rollout, occurrence="event:1", now=OPENING)

    assert len(first) == 4
    assert not second
    assert OutgoingEmail.objects.count() == 4
    assert len({row.message_id for row in first}) == 4
    assert all(row.written_at == OPENING for row in first)


def test_another_event_is_another_message(wave, klimaetaten):
    drafts = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)

    emails.write(drafts, rollout=wave.rollout, occurrence="event:1", now=OPENING)
    again = emails.write(drafts, rollout=wave.rollout, occurrence="event:2", now=OPENING)

    assert len(again) == 4


def test_the_html_brings_nothing_from_elsewhere(wave, klimaetaten):
    html = emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)[0].html

    for forbidden in ("<script", "<img", "<link", "src=", "url(", "<form", "javascript:"):
        assert forbidden not in html


def test_every_mail_is_told_in_a_number_of_queries_that_does_not_grow(wave, django_assert_num_queries):
    def told(count):
        placements = []
        for _number in range(count):
            agency = make_agency()
            make_people(agency)
            placements.append(place(agency, wave))
        return placements

    one, four = told(1), told(4)
    with django_assert_num_queries(3):  # people, the wave before, its lessons; the contact is the rollout's own
        emails.leaders_open(wave=wave, placements=one, now=OPENING)
    with django_assert_num_queries(3):
        emails.leaders_open(wave=wave, placements=one + four, now=OPENING)


def test_dates_are_days_in_oslo(wave, klimaetaten):
    late_evening_in_utc = dt.datetime(2018, 2, 7, 23, 30, tzinfo=dt.UTC)

    draft = emails.leaders_open(wave=wave, placements=[klimaetaten], now=late_evening_in_utc)[0]

    assert draft.kind == EmailKind.LEADERS_OPEN
    assert "Torsdag 8. februar 2018 åpnet" in draft.text


def test_every_link_leads_to_a_page(wave, klimaetaten):
    drafts = [
        emails.leaders_open(wave=wave, placements=[klimaetaten], now=OPENING)[0],
        emails.all_staff_open(wave=wave, placements=[klimaetaten], now=ALL_STAFF)[0],
        emails.held(wave=wave, held=[(klimaetaten, ["Mangler 50 lisenser."])], now=ALL_STAFF)[0],
        emails.no_decision(wave=wave, step=Step.LEADERS, now=OPENING)[0],
    ]

    for draft in drafts:
        links = re.findall(rf"{settings.SITE_URL}(/\S+)", draft.text)
        assert links
        for path in links:
            assert resolve(path).url_name not in ("short", None)
