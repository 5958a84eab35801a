"""The file that shows a step is done: whole to those who may see the course, and harmless wherever it is opened."""

import pytest
from django.urls import reverse

from agencies.models import RoleName
from tests.factories import (
    attach,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    place,
)
from tests.files import PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]


@pytest.fixture
def kli():
    placement = make_ready(place(make_agency("kli"), make_rollout(waves=1).waves.get()))
    attach(placement.evidence.get(step__number=4), name='Årsplan "vår".pdf', content=PDF)
    return placement


def url(name: str = "my-file", *args, agency: str = "kli") -> str:
    return reverse(f"rollout:{name}", args=["workplace-2018", agency, *args])


@pytest.mark.parametrize("who", ["head", "chief", "key1", "lead"])
def test_the_agencys_own_people_and_the_leads_fetch_it_whole(who, client, kli):
    client.force_login(make_lead() if who == "lead" else make_people(kli.agency)[who])
    response = client.get(url("my-file", 4))
    assert response.content == PDF
    assert client.head(url("my-file", 4)).status_code == 200


def test_it_is_served_to_be_kept_and_cannot_run_as_a_page_of_ours(client, kli):
    client.force_login(make_lead())
    headers = client.get(url("my-file", 4)).headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == "attachment; filename*=utf-8''%C3%85rsplan%20%22v%C3%A5r%22.pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert set(headers["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_for_others_it_is_not_there(client, kli):
    vav = place(make_agency("vav"), kli.wave)
    client.force_login(make_people(vav.agency)["chief"])
    assert client.get(url("my-file", 4)).status_code == 404
    assert client.get(url("my-file", 4, agency="vav")).status_code == 404  # and not under one's own agency's address
    client.logout()
    assert client.get(url("my-file", 4)).url.startswith("/sign-in/")
    client.force_login(give_role("leser@example.org", RoleName.READER))
    assert client.get(url("my-file", 4)).status_code == 403


def test_a_step_without_a_file_has_none(client, kli):
    client.force_login(make_lead())
    assert client.get(url("my-file", 1)).status_code == 404


def test_leads_find_the_file_on_the_agencys_page_and_a_reader_only_its_name(client, kli):
    page = reverse("rollout:agency-plan", args=["workplace-2018", "kli"])
    client.force_login(make_lead())
    assert url("my-file", 4) in client.get(page).content.decode()
    client.force_login(give_role("leser@example.org", RoleName.READER))
    seen = client.get(page).content.decode()
    assert url("my-file", 4) not in seen
    assert "Årsplan" in seen
