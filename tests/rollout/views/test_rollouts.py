"""The list of rollouts, the active one, and a new one after the pattern of another."""

import datetime as dt

import pytest
from django.urls import reverse

from agencies.models import RoleName
from rollout.domain import creating
from rollout.models import Rollout
from tests.factories import NOW, give_role, make_agency, make_guidelines, make_lead, make_pilot, make_rollout, place
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]


@pytest.fixture
def template():
    rollout = make_rollout(waves=2)
    place(make_agency("bns", employees=1650), rollout.waves.get(number=1))
    place(make_agency("kli", employees=350), rollout=rollout)
    make_pilot(make_agency("uke", employees=900), rollout=rollout)
    return rollout


@pytest.fixture
def lead(client, template):
    person = make_lead()
    client.force_login(person)
    return person


def copy(client, template, **typed):
    said = {"name": "Teams i Oslo", "tool_name": "Teams", "leaders_on": "2019-02-07", "pool": "9000"}
    return client.post(reverse("rollout:rollout-copy", args=[template.slug]), said | {"price_nok": "30,50"} | typed)


def test_the_list_says_how_far_each_has_come(client, lead, template):
    other = make_rollout(slug="teams-2019", name="Teams", municipality_employees=None)
    page = text(client.get(reverse("rollout:rollouts")))
    first, second = page.split("Workplace i Oslo kommune")[1].split("Teams")[0], page.split("Teams")[1]
    for said in ("Aktiv", "2 000", "3,6 % av 55 400", "7. feb. 2018 – 17. apr. 2018"):
        assert said in first
    assert "Ingen" in second
    assert "%" not in second
    assert reverse("rollout:rollout-activate", args=[other.slug]) in client.get("/rollouts/").content.decode()


def test_a_reader_sees_the_list_and_changes_nothing(client, template):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    page = client.get(reverse("rollout:rollouts")).content.decode()
    assert "Workplace i Oslo kommune" in page
    assert "/copy/" not in page


def test_one_and_three_rollouts_take_as_many_queries(client, lead, template, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get("/rollouts/")
    with CaptureQueriesContext(connection) as one:
        client.get("/rollouts/")
    for slug in ("teams-2019", "teams-2020"):
        creating.create_from(template=template, slug=slug, name=slug, leaders_on=dt.date(2019, 2, 7), by=lead, now=NOW)
    with django_assert_num_queries(len(one)):
        assert "teams-2020" in text(client.get("/rollouts/"))


def test_a_lead_makes_a_rollout_after_anothers_pattern_and_comes_to_its_board(client, lead, template):
    response = copy(client, template)
    made = Rollout.objects.get(slug="teams-i-oslo")
    assert response.url == f"/r/{made.slug}/board/"
    assert made.waves.get(number=1).leaders_on == dt.date(2019, 2, 7)
    assert (made.licence_pool.size, str(made.licence_pool.price_nok), made.tool_name) == (9000, "30.50", "Teams")
    page = text(client.get(response.url))
    assert "Teams i Oslo er opprettet etter malen av Workplace i Oslo kommune. Den er ikke aktiv ennå." in page


def test_one_is_told_that_the_guidelines_are_to_be_read_where_the_tools_name_was_changed_in_them(
    client, lead, template
):
    make_guidelines(template, number=2, text="Kjøreregler for Workplace")
    response = copy(client, template)
    assert "et utkast der Teams står for Workplace. Les det og publiser." in text(client.get(response.url))
    assert "Kjøreregler for Teams" in client.get("/r/teams-i-oslo/guidelines/draft/").text
    assert "et utkast der" not in text(client.get(copy(client, template, name="To", tool_name="Workplace").url))


def test_one_is_warned_where_the_last_wave_comes_after_the_last_day(client, lead, template):
    page = text(client.get(copy(client, template, ends_on="2019-03-01").url))
    assert "Det er etter utrullingens siste dag, fredag 1. mars 2019." in page


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        ({"name": ""}, 422, "Navn : Feltet er påkrevet."),
        ({"slug": "Ikke en kode!"}, 422, "Kode i adressene"),
        ({"slug": "workplace-2018"}, 409, "finnes fra før"),
        ({"leaders_on": ""}, 422, "Velg dagen da den første puljen åpner"),
        ({"leaders_on": "2019-05-17"}, 409, "kan ingenting åpne"),
        ({"leaders_on": "2018-01-31"}, 409, "er passert"),
        ({"name": "???"}, 422, "Navnet har ingen bokstaver"),
        ({"contact_email": f"a@{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 10}.no"}, 422, "254"),
        ({"price_nok": "-1"}, 422, "Pris per lisens"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(client, lead, template, typed, code, sentence):
    response = copy(client, template, **typed)
    assert response.status_code == code
    assert sentence in text(response)
    assert 'value="Teams"' in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert Rollout.objects.count() == 1


def test_a_template_without_waves_asks_for_no_day(client, lead):
    empty = make_rollout(slug="tom", name="Tom")
    assert "Første pulje" not in text(client.get(reverse("rollout:rollout-copy", args=["tom"])))
    assert copy(client, empty, leaders_on="").status_code == 302


def test_another_is_made_active_after_one_has_read_what_it_means(client, lead, template):
    other = make_rollout(slug="teams-2019", name="Teams")
    address = reverse("rollout:rollout-activate", args=[other.slug])
    assert "i stedet for til Workplace i Oslo kommune" in text(client.get(address))
    assert Rollout.objects.active() == template

    response = client.post(address)

    assert Rollout.objects.active() == other
    assert "Teams er nå den aktive utrullingen." in text(client.get(response.url))
    assert client.get("/board/").url == "/r/teams-2019/board/"
    assert "alt den aktive" in text(client.post(address, follow=True))


def test_what_is_seldom_needed_is_in_the_users_menu(client, lead, template):
    page = client.get("/rollouts/").content.decode()
    top = page.split('class="ur-top__nav"')[1].split("</nav>")[0]
    panel = page.split('class="ur-menu__panel"')[1].split("</form>")[0]
    assert "Historikk" in top
    for label in ("Utrullinger", "Import"):
        assert label not in top
        assert label in panel
