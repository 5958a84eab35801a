"""The licences' page: who is short, what it costs, and what a lead sets there."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import RoleName
from rollout.models import EventKind, LicenceBudget, LicencePool, LicencePrice, PlanEvent, WaveState
from rollout.views.licence_data import licence_page
from tests.factories import at, give_role, make_agency, make_lead, make_rollout, make_wave, place
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
NOW = at("2018-02-01 09:00")


@pytest.fixture
def rollout():
    """Wave 1 opens in February with 100 and (funded for 80) 120, wave 2 in April with 50; 30 wait in the queue."""
    rollout = make_rollout(waves=2, pool=500, ends_on=dt.date(2018, 5, 15))
    first, second = rollout.waves.all()
    place(make_agency("ok", name="Klimaetaten", employees=100), first)
    place(make_agency("kort", name="Bydel Nordstrand", employees=120), first, funded=80)
    place(make_agency("sen", name="Munchmuseet", employees=50), second)
    place(make_agency("koe", name="Kulturetaten", employees=30), rollout=rollout, funded=10)
    return rollout


@pytest.fixture
def lead(client, rollout):
    person = make_lead()
    client.force_login(person)
    return person


def url(name: str = "", *args) -> str:
    return reverse(f"rollout:licences{name}", args=["workplace-2018", *args])


def test_the_short_come_first_with_what_they_lack_in_licences_and_kroner(rollout):
    page = licence_page(rollout, now=NOW)
    found = [(line.placement.agency.slug, line.short, line.short_month, line.short_total) for line in page.lines]
    assert found == [
        ("kort", 40, 40 * 25, 40 * 25 * 4),  # February to May
        ("koe", 20, 20 * 25, None),  # no date to count from
        ("ok", 0, 0, 0),
        ("sen", 0, 0, 0),
    ]
    assert (page.short_month, page.short_total, page.short_undated) == (1500, 4000, 1)


def test_the_sums_of_a_wave_are_those_of_its_agencies(rollout):
    page = licence_page(rollout, now=NOW)
    found = [(str(group.wave), group.headcount, group.funded, group.short) for group in page.groups]
    assert found == [("Pulje 1", 220, 180, 40), ("Pulje 2", 50, 50, 0), ("None", 30, 10, 20)]
    assert page.everybody.headcount == 300
    assert page.pool_short == 0


def test_the_months_cost_what_is_planned_at_each_months_price(rollout):
    LicencePrice.objects.create(rollout=rollout, valid_from=dt.date(2018, 4, 1), price_nok=Decimal("27.50"))
    page = licence_page(rollout, now=NOW)
    found = [(f"{line.month.first_day:%m}", line.month.licences, line.month.cost_nok) for line in page.months]
    assert found == [("02", 220, 5500), ("03", 220, 5500), ("04", 270, 7425), ("05", 270, 7425)]
    assert page.total == 25_850
    assert [line.is_now for line in page.months] == [True, False, False, False]


def test_an_opened_wave_costs_what_was_reserved_from_the_month_it_opened(rollout):
    wave = rollout.waves.get(number=1)
    wave.state, wave.leaders_opened_at = WaveState.LEADERS_OPEN, at("2018-02-07 08:00")
    wave.save()
    placement = rollout.placements.get(agency__slug="ok")
    placement.leaders_access_at, placement.employees_at_opening = at("2018-02-07 08:00"), 100
    placement.save()
    LicenceBudget.objects.filter(placement=placement).update(reserved=100)
    rollout.placements.get(agency__slug="kort").delete()
    page = licence_page(rollout, now=at("2018-03-05 09:00"))
    assert [line.month.licences for line in page.months] == [100, 100, 150, 150]
    assert page.month_now == 100 * 25


def test_a_planned_date_that_has_passed_costs_from_this_month(rollout):
    page = licence_page(rollout, now=at("2018-03-20 09:00"))
    assert [(f"{line.month.first_day:%m}", line.month.licences) for line in page.months] == [
        ("03", 220),
        ("04", 270),
        ("05", 270),
    ]


def test_without_a_last_day_the_page_says_so_and_counts_to_nowhere(client, lead, rollout):
    rollout.ends_on = None
    rollout.save()
    page = text(client.get(url()))
    assert "Utrullingen har ingen siste dag" in page
    assert "Kost (kr)" not in page
    assert "2 virksomheter mangler til sammen 60 lisenser" in page


def test_the_page_tells_it_all(client, lead):
    page = text(client.get(url()))
    assert "2 virksomheter mangler til sammen 60 lisenser Det koster 1 500 kr i måneden." in page
    assert "Til 15. mai 2018" in page
    assert "1 virksomhet i kø (30 medarbeidere) har ingen dato og er ikke med." in page
    assert "Prisen er den som gjelder den 1. i måneden." in page


def test_a_contract_with_too_few_is_loud(client, lead, rollout):
    LicencePool.objects.update(size=250)
    assert "Avtalen har 50 lisenser for få: kø og puljer har 300 medarbeidere." in text(client.get(url()))


@pytest.mark.parametrize("what", ["pool", "agencies", "waves"])
def test_a_rollout_that_lacks_something_has_a_page_all_the_same(client, lead, rollout, what):
    if what == "pool":
        LicencePool.objects.all().delete()
    rollout.placements.all().delete()
    if what == "waves":
        rollout.waves.all().delete()
    page = client.get(url())
    assert page.status_code == 200
    assert "Ingen mangler lisenser" in text(page)


def test_a_lead_sets_the_pool(client, lead, rollout):
    assert client.post(url("-pool"), {"size": "600", "reason": "Ny avtale."}).url == url()
    assert LicencePool.objects.get().size == 600
    event = PlanEvent.objects.get()
    assert (event.kind, event.by, event.before, event.after, event.reason) == (
        EventKind.POOL_SET,
        lead,
        {"pool": 500},
        {"pool": 600},
        "Ny avtale.",
    )
    page = client.get(url())
    assert "Avtalen har 600 lisenser." in text(page)
    undo = reverse("rollout:undo", args=["workplace-2018", event.change])
    assert page.content.decode().count(f'action="{undo}"') == 2, "with the message, and among the last changes"

    assert client.post(undo, {"next": url()}).url == url()
    assert LicencePool.objects.get().size == 500
    assert f'action="{undo}"' not in client.get(url()).content.decode()


def test_a_pool_below_what_is_reserved_is_refused_at_the_field(client, lead, rollout):
    LicenceBudget.objects.filter(placement__agency__slug="ok").update(reserved=100)
    response = client.post(url("-pool"), {"size": "90"})
    assert response.status_code == 409
    assert 'id="id_size_error"' in response.content.decode()
    assert "100 lisenser er alt reservert" in text(response)
    assert LicencePool.objects.get().size == 500


@pytest.mark.parametrize("size", ["", "mange", "-1"])
def test_a_pool_that_is_no_number_is_told_at_the_field(client, lead, size):
    response = client.post(url("-pool"), {"size": size})
    assert response.status_code == 422
    assert 'id="id_size_error"' in response.content.decode()
    assert not PlanEvent.objects.exists()


def test_a_lead_adds_a_price_from_a_date_and_takes_it_away(client, lead, rollout):
    assert client.post(url("-price"), {"valid_from": "2018-04-01", "price_nok": "27,50"}).url == url()
    assert LicencePrice.objects.get().price_nok == Decimal("27.50")
    assert "Fra 1. apr. 2018 27,50 kr" in text(client.get(url()))

    assert client.post(url("-price-remove", "2018-04-01")).url == url()
    assert not LicencePrice.objects.exists()
    client.post(url("-price-remove", "2018-04-01"))
    assert list(PlanEvent.objects.values_list("kind", flat=True)) == [EventKind.PRICE_SET] * 2


@pytest.mark.parametrize(
    ("field", "typed"), [("price_nok", "-1"), ("price_nok", "gratis"), ("valid_from", "snart"), ("price_nok", "")]
)
def test_a_price_that_makes_no_sense_is_told_at_its_field_and_kept(client, lead, field, typed):
    response = client.post(url("-price"), {"valid_from": "2018-04-01", "price_nok": "30"} | {field: typed})
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not LicencePrice.objects.exists()


def test_a_day_that_is_none_has_no_price_to_remove(client, lead):
    assert client.post(url("-price-remove", "2018-02-31")).status_code == 404


def test_who_reads_sees_the_figures_and_gets_no_buttons(client, rollout):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    LicencePrice.objects.create(rollout=rollout, valid_from=dt.date(2018, 4, 1), price_nok=30)
    page = client.get(url()).content.decode()
    assert "Fra 1." in page.replace("\xa0", " ")
    for name in ("-pool", "-price"):
        assert url(name) not in page
    assert "/remove/" not in page


def test_the_menu_and_the_short_address_lead_here(client, lead):
    page = client.get(url()).content.decode()
    assert f'<a href="{url()}" aria-current="page">Lisenser</a>' in page
    assert client.get("/licences/").url == url()


@pytest.mark.parametrize(("agencies", "waves"), [(260, 30)])
def test_the_query_count_does_not_grow_with_agencies_or_waves(client, lead, rollout, agencies, waves):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(url()).status_code == 200
        return len(seen)

    few = queries()
    for number in range(3, waves + 1):
        make_wave(rollout, number)
    everywhere = list(rollout.waves.all())
    for number in range(agencies - 4):
        wave = everywhere[number % waves] if number < 4 * waves and number % waves > 1 else None
        place(make_agency(f"a{number}"), wave, rollout=rollout, funded=1)
    assert queries() == few
