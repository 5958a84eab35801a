"""People, money and requests, on the agency's pages and on the leads'."""

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import Role, RoleName
from rollout.domain import funding, joining, requesting
from rollout.models import DateRequest, FundingStatement, LicenceBudget, PlanEvent
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_lead,
    make_people,
    place,
    set_clock,
)
from tests.pages import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_MODE = True
    cache.clear()
    set_clock(at("2018-02-01 09:00"))


@pytest.fixture
def kli(rollout):
    return place(make_agency("kli", name="Klimaetaten", employees=37), rollout.waves.get(number=1), funded=0)


@pytest.fixture
def people(kli):
    return make_people(kli.agency)


@pytest.fixture
def chief(client, people):
    client.force_login(people["chief"])
    return people["chief"]


def url(name: str, *args, agency: str = "kli") -> str:
    return reverse(f"rollout:{name}", args=["workplace-2018", agency, *args])


# -- people ----------------------------------------------------------------------------------------------------------


def test_the_people_page_says_what_is_demanded_stated_and_listed(client, chief):
    page = client.get(url("my-people"))
    assert "Dere trenger minst 1" in text(page)
    assert "nokkelperson1.kli@example.org" in text(page)
    assert "Oppgi 3 nøkkelpersoner" in text(page)
    assert "Inviter virksomhetsleder" not in text(page)


def test_the_number_of_those_on_the_list_is_stated_by_one_press(client, chief, kli):
    client.post(url("my-key-people"), {"number": "3"})
    kli.refresh_from_db()
    assert kli.key_people_stated == 3
    assert "Oppgi 3 nøkkelpersoner" not in text(client.get(url("my-people")))


def test_a_pasted_list_is_invited(client, chief):
    pasted = "Kari Nordmann <kari@example.org>\nola@example.org"
    response = client.post(url("my-invite"), {"role": "key_person", "addresses": pasted}, follow=True)
    assert "2 er invitert som nøkkelperson og får hver sin e-post." in text(response)
    assert "Kari Nordmann" in text(response)


def test_a_list_with_bad_lines_invites_nobody_and_keeps_what_was_typed(client, chief):
    before = Role.objects.count()
    pasted = "kari@example.org\nola"
    response = client.post(url("my-invite"), {"role": "key_person", "addresses": pasted})
    assert response.status_code == 422
    assert "Linje 2: «ola» er ikke en e-postadresse." in text(response)
    assert pasted in response.content.decode()
    assert Role.objects.count() == before


def test_a_list_given_again_says_who_is_there_from_before(client, chief):
    """As the other lists that are taken in: what stands there already is no fault."""
    old = "nokkelperson1.kli@example.org, nokkelperson2.kli@example.org"

    def told(pasted: str) -> str:
        return text(client.post(url("my-invite"), {"role": "key_person", "addresses": pasted}, follow=True))

    there = "nokkelperson1.kli@example.org og nokkelperson2.kli@example.org er nøkkelperson i Klimaetaten fra før."
    assert f"kari@example.org er invitert som nøkkelperson og får en e-post. {there}" in told(
        f"{old}, kari@example.org"
    )
    assert f"Ingen nye er invitert. {there}" in told(old)


def test_of_a_long_list_given_again_the_first_are_named(client, chief):
    pasted = ", ".join(f"person{n}@example.org" for n in range(25))
    client.post(url("my-invite"), {"role": "key_person", "addresses": pasted})
    page = text(client.post(url("my-invite"), {"role": "key_person", "addresses": pasted}, follow=True))
    assert "person19@example.org og 5 til er nøkkelperson i Klimaetaten fra før." in page


def test_a_chief_who_posts_a_heads_role_is_refused(client, chief):
    response = client.post(url("my-invite"), {"role": "agency_head", "addresses": "ny@example.org"})
    assert response.status_code == 422
    assert not Role.objects.filter(person__email="ny@example.org").exists()


def test_a_chief_ends_a_key_persons_role_and_is_refused_the_heads(client, chief, people):
    key, head = people["key1"].roles.get(), people["head"].roles.get()
    assert "er ikke lenger nøkkelperson" in text(client.post(url("my-end-role", key.pk), follow=True))
    refused = client.post(url("my-end-role", head.pk))
    assert refused.status_code == 409
    assert "Du kan ikke gi eller avslutte rollen virksomhetsleder" in text(refused)


def test_a_role_at_another_agency_is_not_there_to_end(client, chief):
    other = make_people(make_agency("vav"))["key1"].roles.get()
    assert client.post(url("my-end-role", other.pk)).status_code == 404


def test_a_key_person_reads_and_is_offered_nothing(client, people):
    client.force_login(people["key1"])
    page = client.get(url("my-people"))
    assert "Avslutt" not in text(page) and "Inviter " not in text(page)


# -- money -----------------------------------------------------------------------------------------------------------

FIGURES = {"licences": "37", "implementation_cost_nok": "40000", "budget_reference": "Kap. 120", "comment": ""}


def test_the_second_step_leads_to_the_money(client, chief):
    assert client.get(url("my-step", 2)).url == url("my-funding")


def test_the_chief_states_and_the_head_approves_what_was_on_the_page(client, chief, people, kli):
    response = client.post(url("my-funding"), FIGURES | {"seen": ""}, follow=True)
    assert "Venter på godkjenning" in text(response)
    assert "Mangler 37 lisenser" in text(response)
    assert "venter på at virksomhetslederen godkjenner dem" in text(client.get(url("my-course")))
    client.force_login(people["head"])
    assert "Godkjenn finansieringen" in text(client.get(url("my-course")))
    page = client.get(url("my-funding")).content.decode()
    shown = re.search(r'name="statement" value="(\d+)"', page)[1]
    response = client.post(url("my-funding-approve"), {"statement": shown}, follow=True)
    assert "Finansieringen er godkjent." in text(response)
    assert "Alle medarbeiderne er finansiert" in text(response)
    assert LicenceBudget.objects.get(placement=kli).funded == 37


def test_the_head_sees_before_approving_what_was_said_and_that_it_is_too_little(client, people, kli):
    state(kli, people["chief"], 36, comment="Én slutter <snart>")
    client.force_login(people["head"])
    page = client.get(url("my-funding"))
    assert "Venter på at du godkjenner Mangler 1 lisens Steget blir ikke ferdig" in text(page)
    assert "Én slutter &lt;snart&gt;" in page.content.decode()
    assert "Venter på deg" in text(client.get(url("my-course")))


def test_what_an_agency_has_funded_is_not_called_unstated(client, chief, kli):
    assert "Ikke oppgitt" in text(client.get(url("my-course")))
    LicenceBudget.objects.filter(placement=kli).update(funded=37)
    assert "Ikke oppgitt" not in text(client.get(url("my-course")))


def test_the_head_presses_on_figures_that_were_replaced_meanwhile(client, people, kli):
    old = state(kli, people["chief"], 37)
    state(kli, people["chief"], 30, seen=old.pk)
    client.force_login(people["head"])
    response = client.post(url("my-funding-approve"), {"statement": old.pk})
    assert response.status_code == 409
    assert "erstattet siden du så dem" in text(response)
    assert LicenceBudget.objects.get(placement=kli).funded == 0


def test_figures_stated_meanwhile_are_told_and_nothing_typed_is_lost(client, chief, people, kli):
    waiting = state(kli, people["head"], 37)
    response = client.post(url("my-funding"), FIGURES | {"licences": "20", "seen": ""})
    assert response.status_code == 409
    assert "leder.kli@example.org oppga 37 lisenser" in text(response)
    assert 'value="20"' in response.content.decode()
    assert f'name="seen" value="{waiting.pk}"' in response.content.decode()


def test_the_leads_see_what_is_stated_and_ask(client, people, kli):
    state(kli, people["chief"], 37, comment="Konto 1234")
    client.force_login(make_lead())
    assert "Merknad: Konto 1234" in text(client.get(url("agency-plan")))
    assert "Merknad: Konto 1234" in text(client.get("/r/workplace-2018/licences/"))
    assert "Venter på virksomhetslederen" in text(client.get(url("agency-plan")))
    assert "37 lisenser og 0 kr" in text(client.get("/r/workplace-2018/licences/"))
    form = client.get(url("agency-funding-ask")).content.decode()
    shown = re.search(r'name="statement" value="(\d+)"', form)[1]
    client.post(url("agency-funding-ask"), {"statement": shown, "text": "Er dere ikke 40?"})
    assert FundingStatement.objects.get().question == "Er dere ikke 40?"
    assert "Er dere ikke 40?" in text(client.get(url("agency-plan")))
    client.force_login(people["chief"])
    assert "Er dere ikke 40?" in text(client.get(url("my-funding")))


def state(placement, by, licences, **more):
    fields = {"implementation_cost_nok": 0, "budget_reference": "", "now": NOW} | more
    return funding.state(placement=placement, licences=licences, by=by, **fields)


# -- another date ----------------------------------------------------------------------------------------------------


def test_a_date_is_asked_for_and_the_page_says_where_it_stands(client, chief):
    page = text(client.get(url("my-date")))
    assert "Pulje 2, 4. april 2018: 5 ledige plasser" in page
    assert "Pulje 1, 7. februar" not in page
    response = client.post(url("my-date"), {"wanted": "2", "reason": "Flytting."}, follow=True)
    assert "Venter på svar" in text(response) and "Flytting." in text(response)
    assert "Send ønsket" not in text(response)


def test_without_a_reason_nothing_is_sent_and_the_choice_is_kept(client, chief):
    response = client.post(url("my-date"), {"wanted": "2", "reason": " "})
    assert response.status_code == 422
    assert "Skriv hvorfor dere trenger en annen dato." in text(response)
    assert '<option value="2" selected>' in response.content.decode()
    assert not DateRequest.objects.exists()


def test_an_open_request_is_withdrawn_once(client, chief):
    client.post(url("my-date"), {"wanted": "", "reason": "Flytting."})
    assert "Ønsket er trukket." in text(client.post(url("my-date-withdraw"), follow=True))
    assert client.post(url("my-date-withdraw")).status_code == 409


def test_a_lead_accepts_and_the_agency_sees_it(client, chief, kli, rollout):
    client.post(url("my-date"), {"wanted": "2", "reason": "Flytting."})
    asked = DateRequest.objects.get()
    client.force_login(make_lead())
    assert "Ønsker 1 venter på svar" in text(client.get("/r/workplace-2018/requests/"))
    page = client.get(reverse("rollout:request-date", args=[rollout.slug, asked.pk]))
    assert '<option value="2" selected>' in page.content.decode()
    assert "Dette skjer" in text(page)
    version = re.search(r'name="version" value="(\d+)"', page.content.decode())[1]
    address = reverse("rollout:request-date", args=[rollout.slug, asked.pk])
    response = client.post(address, {"to": "2", "answer": "Greit.", "version": version}, follow=True)
    assert "Ønsket er godtatt. Klimaetaten står i Pulje 2." in text(response)
    assert "Angre" in text(response)
    kli.refresh_from_db()
    assert kli.wave.number == 2
    client.force_login(chief)
    page = text(client.get(url("my-date")))
    assert "Godtatt" in page and "Flyttet til Pulje 2." in page and "Greit." in page


def test_a_refused_move_is_told_and_the_answer_kept(client, people, kli, rollout):
    asked = requesting.ask_for_date(placement=kli, reason="Flytting.", by=people["chief"], now=NOW)
    for _number in range(5):
        place(make_agency(), rollout.waves.get(number=2))
    client.force_login(make_lead())
    address = reverse("rollout:request-date", args=[rollout.slug, asked.pk])
    response = client.post(address, {"to": "2", "answer": "Greit.", "version": kli.version})
    assert response.status_code == 409
    assert "Pulje 2 er full" in text(response) and "Greit." in response.content.decode()


def test_a_second_answer_is_refused_with_who_gave_the_first(client, people, kli, rollout):
    asked = requesting.ask_for_date(placement=kli, reason="Flytting.", by=people["chief"], now=NOW)
    requesting.decline_date(request=asked, answer="Fullt.", by=make_lead(), now=NOW)
    client.force_login(make_lead("lead2@example.org"))
    address = reverse("rollout:request-date-decline", args=[rollout.slug, asked.pk])
    response = client.post(address, {"answer": "Nei."})
    assert response.status_code == 409
    assert "alt avslått av prosjektleder@example.org" in text(response)


# -- joining ---------------------------------------------------------------------------------------------------------

JOIN = {"reason": "Vi vil.", "employees": "45", "licences": "45", "implementation_cost_nok": "0"}


def test_an_agency_outside_asks_to_join_and_a_lead_takes_it_in(client, rollout):
    kul = make_agency("kul", name="Kulturetaten", employees=40)
    chief = make_people(kul)["chief"]
    client.force_login(chief)
    response = client.post(url("join", agency="kul"), JOIN, follow=True)
    assert "Venter på svar" in text(response)
    client.force_login(make_lead())
    assert "Ber om å bli med" in text(client.get(url("agency-plan", agency="kul")))
    address = reverse("rollout:request-join", args=[rollout.slug, rollout.join_requests.get().pk])
    assert "registrert nå: 40" in text(client.get(address))
    response = client.post(address, {"use_headcount": "on", "answer": "Velkommen."}, follow=True)
    assert "Kulturetaten står nå i køen på plass 1." in text(response)
    client.force_login(chief)
    page = text(client.get(url("join", agency="kul")))
    assert "er alt med i utrullingen" in page and "Velkommen." in page


def test_looking_changes_nothing(client, people, kli, rollout):
    asked = requesting.ask_for_date(placement=kli, reason="Flytting.", by=people["chief"], now=NOW)
    events = PlanEvent.objects.count()
    pages = {
        "chief": [url("my-people"), url("my-invite"), url("my-funding"), url("my-date"), url("join")],
        "lead": [
            "/r/workplace-2018/requests/",
            reverse("rollout:request-date", args=[rollout.slug, asked.pk]),
            reverse("rollout:request-date-decline", args=[rollout.slug, asked.pk]),
        ],
    }
    for who, addresses in pages.items():
        client.force_login(people["chief"] if who == "chief" else make_lead())
        for address in addresses:
            assert client.get(address).status_code == 200
            assert client.head(address).status_code == 200
    assert PlanEvent.objects.count() == events


def test_many_requests_take_no_more_queries_than_few(client, rollout):
    lead = make_lead()

    def ask(number):
        agency = make_agency(employees=number + 1)
        chief = give_role(f"sjef{number}@example.org", RoleName.COMMUNICATION_CHIEF, agency)
        placement = place(agency)
        requesting.ask_for_date(placement=placement, reason="Flytting.", by=chief, now=NOW)
        outside = make_agency(employees=number + 1)
        joining.ask_to_join(rollout=rollout, agency=outside, reason="Vi vil.", employees=9, by=chief, now=NOW)
        stated = state(placement, chief, 5)
        if number % 2:
            funding.question(statement=stated, text="Nok?", by=lead, now=NOW)
            requesting.decline_date(request=placement.date_requests.get(), answer="Fullt.", by=lead, now=NOW)

    client.force_login(lead)
    ask(0)
    ask(1)
    few = queries(client)
    for number in range(2, 12):
        ask(number)
    assert queries(client) == few


def queries(client) -> list[int]:
    """How many the requests' and the licences' pages take."""
    found = []
    for address in ("/r/workplace-2018/requests/", "/r/workplace-2018/licences/"):
        with CaptureQueriesContext(connection) as taken:
            assert client.get(address).status_code == 200
        found.append(len(taken))
    return found
