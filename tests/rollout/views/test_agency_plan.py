"""The agency's page: its people, its place and course, and what a lead sets there."""

import re

import pytest
from django.urls import reverse

from agencies.models import RoleName
from rollout.domain import confirming, placing
from rollout.models import EventKind, PlanEvent, Waiver
from tests.factories import (
    at,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_pilot,
    make_ready,
    make_rollout,
    place,
    sign,
)
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
NOW = at("2018-02-01 09:00")


@pytest.fixture
def bns():
    rollout = make_rollout(waves=2)
    agency = make_agency("bns", name="Bydel Nordstrand", employees=1650, locations=64)
    return place(agency, rollout.waves.get(number=1), funded=1600)


@pytest.fixture
def lead(client, bns):
    person = make_lead()
    client.force_login(person)
    return person


def url(name: str, *args, agency: str = "bns") -> str:
    return reverse(f"rollout:{name}", args=["workplace-2018", agency, *args])


def test_the_list_is_in_norwegian_order(client, lead):
    for name in ("Ørland", "Åsgård", "Ærfugl", "Zoo"):
        make_agency(name=name)
    page = text(client.get("/agencies/"))
    assert page.index("Zoo") < page.index("Ærfugl") < page.index("Ørland") < page.index("Åsgård")


def test_the_list_can_be_narrowed_to_one_kind(client, lead):
    make_agency("alna", name="Bydel Alna", kind="district")
    page = text(client.get("/agencies/", {"kind": "district"}))
    assert "Bydel Alna" in page
    assert "Bydel Nordstrand" not in page  # made as an etat here


def test_the_agencys_page_shows_its_figures_and_people_and_asks_for_the_plan(client, lead, bns):
    make_people(bns.agency)
    page = client.get("/agencies/bns/")
    assert "1 650" in text(page)
    assert "kommunikasjonssjef.bns@example.org" in text(page)
    assert f'hx-get="{url("agency-plan")}"' in page.content.decode()
    assert f'<a class="pkt-btn pkt-btn--secondary" href="{url("agency-plan")}">' in page.content.decode()


def test_people_who_lost_their_role_are_not_shown(client, lead, bns):
    chief = make_people(bns.agency)["chief"]
    chief.roles.update(until=NOW)
    assert chief.email not in text(client.get("/agencies/bns/"))


def test_the_plan_part_is_the_same_alone_and_in_the_page(client, lead):
    part = client.get(url("agency-plan"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    whole = client.get(url("agency-plan")).content.decode()
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
    assert token.sub("", part).strip() in token.sub("", whole)


def test_the_short_address_leads_there(client, lead):
    assert client.get("/agencies/bns/plan/").url == url("agency-plan")


def test_the_plan_part_shows_place_steps_funding_and_signatures(client, lead, bns):
    make_ready(bns, but_not=("funding", "sponsor"))
    page = text(client.get(url("agency-plan")))
    assert "Pulje 1" in page
    assert "Bydel Nordstrand åpner for ledere om 6 dager. 2 av 10 steg gjenstår." in page
    assert "Mangler 50" in page
    assert "Kjøreregler, versjon 1: kommunikasjonssjef.bns@example.org (kommunikasjonssjef)" in page


@pytest.mark.parametrize("outside", ["pilot", "not joined"])
def test_an_agency_outside_the_plan_has_a_page_without_course_or_funding(outside, client, lead):
    agency = make_agency("kul", name="Kulturetaten")
    if outside == "pilot":
        make_pilot(agency)
    page = client.get(url("agency-plan", agency="kul"))
    assert page.status_code == 200
    assert 'id="course"' not in page.text
    assert client.post(url("agency-funding", agency="kul"), {}).status_code == 404
    assert client.get(url("agency-waive", 4, agency="kul")).status_code == 404


def fund(client, **data):
    typed = {"funded": "1700", "implementation_cost_nok": "250000", "budget_reference": "Sak 12/18"} | data
    return client.post(url("agency-funding"), typed)


def test_a_lead_sets_the_funding(client, lead, bns):
    assert fund(client).url == "/agencies/bns/"
    bns.licence_budget.refresh_from_db()
    budget = bns.licence_budget
    assert (budget.funded, budget.implementation_cost_nok, budget.budget_reference) == (1700, 250000, "Sak 12/18")
    event = PlanEvent.objects.get()
    assert (event.kind, event.by, event.before["funded"], event.after["funded"]) == (
        EventKind.FUNDING_SET,
        lead,
        1600,
        1700,
    )
    assert "Mangler" not in text(client.get(url("agency-plan")))


def test_what_is_set_in_another_rollout_than_the_active_one_leads_back_to_that_plan(client, lead, bns):
    other = make_rollout(slug="teams-2019")
    place(bns.agency, rollout=other)
    plan = reverse("rollout:agency-plan", args=["teams-2019", "bns"])
    typed = {"funded": "1700", "implementation_cost_nok": "0"}

    assert client.post(reverse("rollout:agency-funding", args=["teams-2019", "bns"]), typed).url == plan
    waive = reverse("rollout:agency-waive", args=["teams-2019", "bns", 5])
    assert client.post(waive, {"reason": "Drøftes sentralt."}).url == plan
    assert "Finansieringen for Bydel Nordstrand er lagret." in text(client.get(plan))


def test_a_funding_that_is_no_number_is_refused_and_kept(client, lead, bns):
    response = fund(client, funded="mange")
    assert response.status_code == 422
    assert 'value="mange"' in response.content.decode()
    assert 'value="Sak 12/18"' in response.content.decode()
    assert not PlanEvent.objects.exists()


def test_a_funding_below_what_is_reserved_is_refused_in_words(client, lead, bns):
    bns.licence_budget.reserved = 1600
    bns.licence_budget.save()
    response = fund(client, funded="1500")
    assert response.status_code == 409
    assert "1 600 lisenser er alt reservert" in text(response)
    assert 'value="1500"' in response.content.decode()


def test_a_lead_lets_an_agency_off_a_step_with_a_reason(client, lead, bns):
    assert "kan da åpne uten at dette steget er gjort" in text(client.get(url("agency-waive", 5)))
    assert client.post(url("agency-waive", 5), {"reason": "Drøftes sentralt."}).url == "/agencies/bns/"
    waiver = Waiver.objects.get()
    assert (waiver.step.key, waiver.reason, waiver.by) == ("employee_representatives", "Drøftes sentralt.", lead)
    assert "Fritatt: Drøftes sentralt." in text(client.get(url("agency-plan")))


def test_a_waiver_needs_a_reason(client, lead):
    assert client.post(url("agency-waive", 5), {"reason": " "}).status_code == 422
    assert not Waiver.objects.exists()


def test_the_funding_is_never_waived(client, lead):
    response = client.post(url("agency-waive", 2), {"reason": "Kommer snart."})
    assert response.status_code == 409
    assert "Finansieringen kan ikke fravikes" in text(response)
    assert "Kommer snart." in response.content.decode()
    assert url("agency-waive", 2) not in client.get(url("agency-plan")).content.decode()


def test_a_second_waiver_is_refused_in_words(client, lead):
    client.post(url("agency-waive", 5), {"reason": "Drøftes sentralt."})
    assert client.post(url("agency-waive", 5), {"reason": "Igjen."}).status_code == 409
    assert Waiver.objects.count() == 1


def test_the_history_tells_what_happened_newest_first(client, lead, bns):
    confirming.state_key_people(placement=bns, number=64, by=lead, now=NOW)
    placing.move(placement=bns, to=bns.rollout.waves.get(number=2), by=lead, now=NOW, reason="Mer tid.")
    page = text(client.get(url("agency-plan")))
    assert "Flyttet fra pulje 1 til pulje 2 : Mer tid." in page or "Flyttet fra pulje 1 til pulje 2: Mer tid." in page
    assert page.index("Flyttet fra pulje 1") < page.index("Antall nøkkelpersoner satt til 64")


def test_the_history_tells_of_the_opening_that_let_the_agency_in(client, lead, bns):
    for slug in ("bns", "kli"):
        PlanEvent.objects.create(
            rollout=bns.rollout, kind=EventKind.LEADERS_OPENED, at=NOW, wave=bns.wave, after={"let_in": [slug]}
        )
    assert text(client.get(url("agency-plan"))).count("Åpnet for ledere og nøkkelpersoner") == 1


def test_every_kind_of_event_can_be_told(client, lead, bns):
    """Whatever the verbs write about an agency has a sentence or at least a name."""
    sign(bns)
    for kind in EventKind:
        PlanEvent.objects.create(
            rollout=bns.rollout,
            kind=kind,
            at=NOW,
            agency=bns.agency,
            before={"funded": None, "wave": 1},
            after={"funded": 3, "wave": None, "queue_position": 4, "step": "sponsor", "key_people": 2, "version": 1},
        )
    assert text(client.get(url("agency-plan"))).count("Puljeplan") >= len(EventKind)


@pytest.mark.parametrize("role", [RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY])
def test_the_agencys_own_leaders_read_the_page_and_set_nothing(role, client, bns):
    client.force_login(give_role("egen@example.org", role, bns.agency))
    assert client.get("/agencies/bns/").status_code == 200
    page = text(client.get(url("agency-plan")))
    assert "Lagre finansiering" not in page
    assert "Frita fra steget" not in page
    assert fund(client).status_code == 403
    assert client.post(url("agency-waive", 5), {"reason": "Nei."}).status_code == 403
    assert not PlanEvent.objects.exists()


def test_the_query_count_of_the_plan_part_does_not_grow_with_the_history(
    client, lead, bns, django_assert_max_num_queries
):
    for number in range(20):
        confirming.state_key_people(placement=bns, number=number, by=lead, now=NOW)
    with django_assert_max_num_queries(30):
        client.get(url("agency-plan"))
