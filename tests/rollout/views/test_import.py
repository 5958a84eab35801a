"""The import page: try a list, see what it would do or all that is wrong with it, take it in."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from agencies import lists
from agencies.list_files import MAX_BYTES
from agencies.models import Agency, AgencyKind, RoleName
from rollout.domain.importing import ImportRefused
from rollout.models import EventKind, PlanEvent
from rollout.reference import AGENCIES_FILE
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/r/workplace-2018/import/"
HEADER = ",".join(lists.COLUMNS)
KLI = "kli,Klimaetaten,etat,Miljø,37,1,5,5,1,"


@pytest.fixture(autouse=True)
def rollout(settings, db):
    settings.DEMO_MODE = True
    factories.set_clock(factories.NOW)
    return factories.make_rollout(waves=1)


def upload(*lines: str, name: str = "liste.csv", content: bytes | None = None) -> dict:
    content = "\n".join([HEADER, *lines]).encode() if content is None else content
    return {"file": SimpleUploadedFile(name, content)}


def text_of(response) -> str:
    """The words of the page, without its tags."""
    html = response.content.decode().replace("\N{NO-BREAK SPACE}", " ").replace("\N{SOFT HYPHEN}", "")
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<main") :]).split())


def hidden(response) -> dict[str, str]:
    html = response.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(kept|name)" value="([^"]*)"', html))


def test_the_short_address_leads_to_the_page(as_lead):
    assert as_lead.get("/import/").url == PAGE
    page = as_lead.get(PAGE)
    assert page.status_code == 200
    for name in lists.COLUMNS:
        assert f'<code class="ur-code">{name}</code>' in page.content.decode()


def test_trying_shows_what_would_change_and_writes_nothing(as_lead):
    factories.place(factories.make_agency("bns", name="Bydel Nordstrand", employees=1650, kind=AgencyKind.DISTRICT))
    before = list(Agency.objects.values())
    page = as_lead.post(f"{PAGE}try/", upload(KLI, "bns,Bydel Nordstrand,bydel,EHA,1700,64,2,,9,"))
    text = text_of(page)
    assert page.status_code == 200
    assert "liste.csv er prøvd. Ingenting er skrevet ennå." in text
    assert "Bydel Nordstrand Medarbeidere 1 650 1 700" in text and "Bydel Nordstrand Tjenestesteder 1 64" in text
    assert "Klimaetaten kli Etat 37" in text
    assert list(Agency.objects.values()) == before and not PlanEvent.objects.exists()


def test_what_was_tried_can_be_imported_without_choosing_it_again(as_lead, rollout):
    tried = as_lead.post(f"{PAGE}try/", upload(KLI))
    done = as_lead.post(f"{PAGE}run/", hidden(tried), follow=True)
    assert done.redirect_chain == [(PAGE, 302)]
    assert "liste.csv er importert. 1 ny, 0 endret, 0 uendret. 1 i kø." in text_of(done)
    assert rollout.placements.queued().get().agency.slug == "kli"
    event = PlanEvent.objects.get(kind=EventKind.AGENCY_IMPORTED)
    assert (event.by.email, event.at) == ("prosjektleder@example.org", factories.NOW)


def test_a_newly_chosen_file_counts_before_the_one_that_was_tried(as_lead):
    tried = as_lead.post(f"{PAGE}try/", upload(KLI))
    as_lead.post(f"{PAGE}run/", hidden(tried) | upload(KLI.replace("37", "38"), name="ny.csv"))
    assert Agency.objects.get().employees == 38


def test_the_reference_list_is_imported_at_once(as_lead, rollout):
    as_lead.post(f"{PAGE}run/", upload(content=AGENCIES_FILE.read_bytes()))
    assert Agency.objects.count() == 49 and rollout.placements.queued().count() == 26
    again = as_lead.post(f"{PAGE}try/", upload(content=AGENCIES_FILE.read_bytes()))
    assert "Det er ingenting å importere." in text_of(again)


@pytest.mark.parametrize("action", ["try/", "run/"])
def test_every_bad_line_is_in_a_table_and_nothing_is_written(as_lead, action):
    page = as_lead.post(f"{PAGE}{action}", upload(KLI, KLI.replace("37", "-5"), "<b>x</b>", "bns,Bydel,by,,1,1,7,,,"))
    text = text_of(page)
    assert page.status_code == 422
    assert "Ingenting er importert fra liste.csv. 3 linjer må rettes." in text
    assert "3 employees et helt tall fra 0 til 10 000 000 -5" in text
    assert "3 slug en kode som bare står én gang; den står også på linje 2 kli" in text
    assert "4 hele linjen 10 kolonner; linjen har 1 –" in text
    assert "5 kind ett av ordene etat, bydel, foretak, byrådsavdeling, annet by" in text
    assert "5 maturity et helt tall fra 1 til 5, eller tomt 7" in text
    assert not Agency.objects.exists()
    assert hidden(page) == {}  # the bad list is not carried along: the mended one must be chosen


def test_what_stands_in_the_list_is_shown_as_text(as_lead):
    page = as_lead.post(f"{PAGE}try/", upload("kli,<script>alert(1)</script>,<i>x</i>,,1,1,,,,", name="<b>.csv"))
    html = page.content.decode()
    assert "&lt;i&gt;x&lt;/i&gt;" in html and "<i>x</i>" not in html and "<b>.csv" not in html


@pytest.mark.parametrize("action", ["try/", "run/"])
@pytest.mark.parametrize("data", [{}, {"kept": ""}])
def test_no_file_is_said_at_the_field(as_lead, action, data):
    page = as_lead.post(f"{PAGE}{action}", data)
    assert page.status_code == 422
    assert "Velg filen med listen." in text_of(page)
    assert 'aria-invalid="true"' in page.content.decode()


@pytest.mark.parametrize("kept", ["ikke base64!", "æøå"])
def test_a_carried_list_that_was_spoilt_must_be_chosen_again(as_lead, kept):
    page = as_lead.post(f"{PAGE}run/", {"kept": kept, "name": "liste.csv"})
    assert page.status_code == 422 and "Velg filen på nytt." in text_of(page)


def test_an_empty_file_is_refused(as_lead):
    page = as_lead.post(f"{PAGE}try/", upload(content=b""))
    assert page.status_code == 422 and "filen er tom" in text_of(page)


def test_a_file_that_is_too_large_is_cut_off_and_refused(as_lead, monkeypatch):
    sizes = []
    read = lists.read
    monkeypatch.setattr(lists, "read", lambda content, **known: sizes.append(len(content)) or read(content, **known))
    page = as_lead.post(f"{PAGE}try/", upload(content=b"x" * (5 * MAX_BYTES)))
    assert page.status_code == 422 and "en fil på høyst 1000 kB" in text_of(page)
    assert sizes == [MAX_BYTES + 1]


def test_a_refusal_that_is_not_about_a_line_is_said_in_words(as_lead, monkeypatch):
    def refuse(**kwargs):
        raise ImportRefused("Klimaetaten ble lagt inn av noen andre akkurat nå. Prøv listen på nytt.")

    monkeypatch.setattr("rollout.views.importing.import_list", refuse)
    page = as_lead.post(f"{PAGE}run/", upload(KLI))
    assert page.status_code == 422 and "ble lagt inn av noen andre akkurat nå" in text_of(page)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_list_as_it_is_now_can_be_downloaded_changed_and_imported(as_lead, suffix):
    as_lead.post(f"{PAGE}run/", upload(content=AGENCIES_FILE.read_bytes()))
    response = as_lead.get(f"{PAGE}list.{suffix}")
    assert response["Content-Disposition"] == f'attachment; filename="workplace-2018.{suffix}"'
    found = lists.read(response.content)
    assert found.problems == () and len(found.rows) == 49
    assert [row.queue_position for row in found.rows[:27]] == [*range(1, 27), None]
    page = as_lead.post(f"{PAGE}try/", upload(content=response.content, name=f"liste.{suffix}"))
    assert "Det er ingenting å importere." in text_of(page)


def test_without_agencies_the_download_is_a_template(as_lead):
    assert as_lead.get(f"{PAGE}list.csv").content.decode("utf-8-sig").strip() == ";".join(lists.COLUMNS)
    assert as_lead.get(f"{PAGE}list.pdf").status_code == 404


def test_reading_an_address_that_imports_does_nothing(as_lead):
    for action in ("try/", "run/"):
        assert as_lead.get(f"{PAGE}{action}").status_code == 405


@pytest.mark.parametrize("role", [role for role in RoleName if role != RoleName.PROJECT_LEAD])
@pytest.mark.parametrize("path", ["", "list.csv", "try/", "run/"])
def test_only_a_project_lead_imports(client, role, path):
    agency = None if role in (RoleName.SPONSOR, RoleName.READER) else factories.make_agency()
    client.force_login(factories.give_role("other@example.org", role, agency))
    before = Agency.objects.count()
    ask = client.post if path in ("try/", "run/") else client.get
    assert ask(f"{PAGE}{path}").status_code == 403
    assert Agency.objects.count() == before


@pytest.mark.parametrize("path", ["", "list.csv", "try/", "run/"])
def test_anonymous_visitors_sign_in_first(client, path):
    ask = client.post if path in ("try/", "run/") else client.get
    response = ask(f"{PAGE}{path}")
    assert response.status_code == 302 and "/sign-in/" in response.url
