"""Finding on the board by its address: what is shown, in which order, and what a filter never hides."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import AgencyKind, RoleName
from rollout.models import Placement
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]

BOARD = "/r/workplace-2018/board/"


@pytest.fixture
def plan(rollout):
    """Four in the first wave, one in the queue."""
    wave, health = rollout.waves.get(number=1), "Byrådsavdeling for helse"
    district, etat = AgencyKind.DISTRICT, AgencyKind.ETAT
    make.make_ready(make.place(make.make_agency("kli", name="Klimaetaten", employees=37, kind=etat), wave))
    make.place(make.make_agency("bos", name="Bydel Østensjø", employees=1800, kind=district, sector=health), wave)
    make.place(make.make_agency("bsa", name="Bydel Sagene", employees=1000, kind=district, sector=health), wave)
    make.place(make.make_agency("vav", name="Vann- og avløpsetaten", employees=600, kind=etat), wave, funded=100)
    make.place(make.make_agency("ude", name="Utdanningsetaten", employees=17_000, kind=etat))
    return rollout


def shown(html: str) -> list[str]:
    """Slugs of the cards in sight, in the order of the page."""
    cards = re.findall(r'<li id="card-[^>]*data-agency="(\w+)"[^>]*>', html)
    tags = re.findall(r'<li id="card-[^>]*>', html)
    return [slug for slug, tag in zip(cards, tags, strict=True) if not tag.endswith(" hidden>")]


def column(html: str, key: str) -> str:
    return re.search(rf'<section class="ur-col [^>]*data-wave="{key}".*?</section>', html, re.DOTALL).group()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["ude", "kli", "bos", "bsa", "vav"]),
        ({"q": "bydel"}, ["bos", "bsa"]),
        ({"q": "  ØSTENSJØ bydel "}, ["bos"]),
        ({"q": "kli"}, ["kli"]),
        ({"q": "helse"}, ["bos", "bsa"]),
        ({"q": "finnes ikke"}, []),
        ({"vis": "ikke-klare"}, ["ude", "bos", "bsa", "vav"]),
        ({"vis": "uten-lisenser"}, ["vav"]),
        ({"type": "district"}, ["bos", "bsa"]),
        ({"sektor": "Byrådsavdeling for helse"}, ["bos", "bsa"]),
        ({"storrelse": "under-100"}, ["kli"]),
        ({"storrelse": "100-999"}, ["vav"]),
        ({"storrelse": "fra-1000"}, ["ude", "bos", "bsa"]),
        ({"type": "etat", "vis": "ikke-klare", "storrelse": "100-999"}, ["vav"]),
        ({"sorter": "navn"}, ["ude", "bsa", "bos", "kli", "vav"]),
        ({"sorter": "medarbeidere"}, ["ude", "bos", "bsa", "vav", "kli"]),
        ({"sorter": "mangler", "type": "etat"}, ["ude", "vav", "kli"]),
        ({"vis": "tull", "type": "tull", "storrelse": "tull", "sorter": "tull"}, ["ude", "kli", "bos", "bsa", "vav"]),
    ],
)
def test_the_address_says_which_cards_are_shown_and_in_which_order(as_lead, plan, query, found):
    assert shown(as_lead.get(BOARD, query).text) == found


def test_the_form_shows_what_the_address_asked_for(as_lead, plan):
    html = as_lead.get(BOARD, {"q": 'a "b"', "vis": "uten-lisenser", "type": "etat", "sorter": "navn"}).text
    assert 'name="q" value="a &quot;b&quot;"' in html
    assert 'value="uten-lisenser" checked' in html
    assert '<option value="etat" selected>' in html
    assert '<option value="navn" selected>' in html


def test_a_filter_never_hides_that_a_wave_is_full(as_lead, plan):
    make.place(make.make_agency("mum", name="Munchmuseet"), plan.waves.get(number=1))
    whole, narrowed = (column(as_lead.get(BOARD, query).text, "1") for query in ({}, {"q": "klima"}))
    heads = [re.search(r"<header.*?</header>", html, re.DOTALL).group() for html in (whole, narrowed)]
    assert heads[0] == heads[1]
    assert "5 av 5" in heads[1]
    assert heads[1].count('class="is-taken"') == 5
    assert re.search(r'ur-col__hits">.*1</b> av 5 vises', narrowed)
    assert re.search(r'ur-col__hits" hidden>', whole)


def test_who_looks_for_nothing_is_told_nothing_of_hits(as_lead, plan):
    assert re.search(r'ur-find__said" hidden', as_lead.get(BOARD).text)
    html = as_lead.get(BOARD, {"q": "bydel"}).text
    assert re.search(r"<b data-hits>2</b> av <b data-all>5</b> vises", html)
    assert "Nullstill" in html


def test_a_reader_finds_too(client, plan):
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    assert shown(client.get(BOARD, {"q": "bydel"}).text) == ["bos", "bsa"]


def test_the_number_of_queries_does_not_grow_with_the_plan_that_is_searched(as_lead, rollout):
    query = {"q": "a", "vis": "ikke-klare", "type": "etat", "storrelse": "100-999", "sorter": "mangler"}

    def count_queries():
        with CaptureQueriesContext(connection) as queries:
            assert as_lead.get(BOARD, query).status_code == 200
        return len(queries)

    for _ in range(26):
        make.place(make.make_agency())
    few = count_queries()
    for _ in range(234):
        make.place(make.make_agency())
    assert Placement.objects.in_plan().count() == 260
    assert count_queries() == few


# ---- the people cap, told in the column


def test_a_wave_over_its_cap_says_by_how_many(as_lead, plan):
    plan.waves.filter(number=1).update(people_cap=3_000)
    html = column(as_lead.get(BOARD).text, "1").replace("\u00a0", " ")
    assert "3 437 av høyst 3 000" in html
    assert "437 over taket" in html


def test_a_wave_within_its_cap_shows_it_quietly(as_lead, plan):
    plan.waves.filter(number=1).update(people_cap=4_000)
    html = column(as_lead.get(BOARD).text, "1").replace("\u00a0", " ")
    assert "3 437 av høyst 4 000" in html
    assert "over taket" not in html


# ---- what is downloaded


def test_what_is_downloaded_is_what_is_looked_for_in_the_order_asked_for(as_lead, plan):
    response = as_lead.get(f"{BOARD}export.csv", {"q": "bydel", "sorter": "navn"})
    text = response.content.decode("utf-8-sig")
    assert re.findall(r"Bydel \w+|Klimaetaten", text) == ["Bydel Sagene", "Bydel Østensjø"]
