"""The archive's page of an agency: the number, the files, and whose they are."""

import json

import pytest
from django.test import Client

from agencies.models import RoleName
from tests.factories import give_role, make_agency, make_lead, make_ready, make_rollout, place

pytestmark = pytest.mark.django_db
ADDRESS = "/r/workplace-2018/agencies/kli/archive/"


@pytest.fixture
def kli(settings):
    settings.DEMO_MODE = False
    rollout = make_rollout(waves=1)
    make_lead()
    place(make_agency("vav"), rollout.waves.get())
    return make_ready(place(make_agency("kli"), rollout.waves.get()))


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_lead_sets_the_number_and_it_stands_in_what_is_taken_out(kli):
    lead = signed_in(make_lead())
    assert lead.post(ADDRESS + "case/", {"case_number": "1" * 41}).status_code == 422
    assert lead.post(ADDRESS + "case/", {"case_number": "18/01234"}).url == ADDRESS
    assert "18/01234" in lead.get(ADDRESS).content.decode()
    file = lead.get(ADDRESS + "file.json")
    assert json.loads(file.content)["case_number"] == "18/01234"
    assert file["Content-Disposition"].startswith('attachment; filename="arkiv-workplace-2018-kli-')
    assert "no-store" in file["Cache-Control"]


def test_both_files_are_there_for_the_agencys_head_and_no_others_agency(kli):
    head = signed_in(give_role("leder.kli@example.org", RoleName.AGENCY_HEAD, kli.agency))
    assert head.get(ADDRESS + "file.pdf").content.startswith(b"%PDF")
    assert head.get(ADDRESS + "file.pdf")["Content-Type"] == "application/pdf"
    assert head.get(ADDRESS + "file.exe").status_code == 404
    assert head.get(ADDRESS.replace("kli", "vav")).status_code == 404
    assert "Sett saksnummer" not in head.get(ADDRESS).content.decode()


def test_the_page_takes_no_more_queries_with_more_signatures_and_steps(kli, django_assert_max_num_queries):
    lead = signed_in(make_lead())
    with django_assert_max_num_queries(25):
        lead.get(ADDRESS)
