"""Coverage for leads and readers, and for a chief the link to share: numbers only, and none under ten."""

import csv
import io
import re

import pytest
from django.core.cache import cache

from agencies.models import RoleName
from rollout.domain import committing
from rollout.models import CommitmentProof
from rollout.views.commitments import qr_code
from tests.factories import NOW, give_role, make_agency, make_guidelines, make_lead, make_rollout, place, set_clock
from tests.pages import text

pytestmark = pytest.mark.django_db

PAGE = "/r/workplace-2018/commitments/"


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    cache.clear()
    rollout = make_rollout()
    commit(rollout, place(make_agency("kli", employees=37)).agency, 4)
    commit(rollout, place(make_agency("vav", employees=600)).agency, 23)
    commit(rollout, place(make_agency("bre", employees=30)).agency, 28)
    return rollout


@pytest.fixture
def lead(client, rollout):
    client.force_login(make_lead())
    return client


def commit(rollout, agency, number):
    for n in range(number):
        committing.commit(
            rollout=rollout,
            agency=agency,
            hash_seen=rollout.guideline_versions.latest("number").text_hash,
            address=f"ansatt{n}@{agency.slug}.example.org",
            proof=CommitmentProof.CODE,
            now=NOW,
        )


def test_each_agency_is_told_of_as_far_as_it_may_be(lead):
    page = text(lead.get(PAGE))
    assert re.search(r"Virksomhet kli I kø færre enn 10 37 –", page)
    assert re.search(r"Virksomhet vav I kø 23 600 3,8 %", page)
    assert re.search(r"Virksomhet bre I kø minst 21 30 minst 70,0 %", page)
    assert re.search(r"Sum av det som vises 44 667", page)


def test_the_export_holds_what_the_page_holds_and_no_more(lead):
    content = lead.get("/r/workplace-2018/commitments/export.csv").content.decode("utf-8-sig")
    rows = {row["Kode"]: row for row in csv.DictReader(io.StringIO(content), delimiter=";")}
    told = {slug: (row["Har godtatt"], row["Tallet er"]) for slug, row in rows.items()}
    assert told == {"kli": ("", "færre enn 10"), "vav": ("23", "nøyaktig"), "bre": ("21", "minst")}
    assert lead.get("/r/workplace-2018/commitments/export.xlsx").status_code == 200


def test_an_older_version_has_its_own_numbers(lead, rollout):
    make_guidelines(rollout, number=2, text="Nye regler.")
    assert re.search(r"Virksomhet vav I kø færre enn 10", text(lead.get(PAGE)))
    assert re.search(r"Virksomhet vav I kø 23", text(lead.get(PAGE, {"version": "1"})))
    for wrong in ("3", "x", "9" * 30, "-1"):
        assert lead.get(PAGE, {"version": wrong}).status_code == 404


def test_a_chief_sees_the_coverage_and_the_link_to_share(client, rollout, settings):
    chief = give_role(
        "sjef@kli.example.org", RoleName.COMMUNICATION_CHIEF, committing.takes_part(rollout).get(slug="kli")
    )
    client.force_login(chief)
    shown = client.get("/r/workplace-2018/my/kli/")
    assert "færre enn 10 av 37" in text(shown)
    link = f"{settings.SITE_URL}/r/workplace-2018/commit/kli/"
    assert f'value="{link}"' in shown.content.decode()
    assert qr_code(link).path in shown.content.decode()


def test_a_lead_sees_the_same_on_the_agencys_page(lead):
    assert "23 av 600" in text(lead.get("/r/workplace-2018/agencies/vav/plan/"))


def test_the_table_takes_the_same_queries_however_many_agencies(lead, rollout, django_assert_max_num_queries):
    lead.get(PAGE)
    for _round in range(2):
        with django_assert_max_num_queries(12):
            lead.get(PAGE)
        for _more in range(15):
            place(make_agency())


def test_a_qr_code_is_square_with_its_quiet_zone():
    code = qr_code("https://plan.example.org/r/workplace-2018/commit/kli/")
    columns = [int(x) for x in re.findall(r"M(\d+) ", code.path)]
    assert min(columns) == 4
    assert all(int(x) + int(width) <= code.size - 4 for x, width in re.findall(r"M(\d+) \d+h(\d+)", code.path))
