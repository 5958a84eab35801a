"""The history: every event, newest first, found by what the address asks for, each with its undo."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from agencies.models import RoleName
from rollout.domain import confirming, deciding, importing, licensing, opening, placing, scheduling, together, undoing
from rollout.models import EventKind, PlanEvent
from rollout.views.history_data import GROUPS, PER_PAGE
from tests.factories import NOW, at, give_go, give_role, make_agency, make_lead, make_ready, make_rollout, place
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]


@pytest.fixture
def lead(client, rollout):
    person = make_lead()
    client.force_login(person)
    return person


@pytest.fixture
def queue(rollout):
    return [place(make_agency(slug, name=slug.upper()), rollout=rollout) for slug in ("bns", "kli", "vav")]


def history(client, rollout, **asked):
    return client.get(reverse("rollout:history", args=[rollout.slug]), asked)


def rows(response) -> list[str]:
    """What each change says, in the order of the page."""
    found = re.findall(
        r'<li class="ur-log__row.*?</li>\s*(?=<li class="ur-log__row|</ol>)', response.content.decode(), re.S
    )
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", row)).strip().replace("\xad", "") for row in found]


def move(placement, to, lead, **more):
    return placing.move(placement=placement, to=to, by=lead, **{"now": NOW} | more)


def test_what_happened_is_told_newest_first_by_the_day(client, rollout, lead, queue):
    one = rollout.waves.get(number=1)
    move(queue[0], one, lead, now=at("2018-01-30 10:00"), reason="Klare.")
    scheduling.set_people_cap(wave=one, cap=9000, by=lead, now=at("2018-01-31 11:30"))

    page = history(client, rollout)

    first, second = rows(page)
    assert "11.30" in first and "Pulje 1: Tak for medarbeidere satt til 9" in first
    assert "BNS: Flyttet fra plass 1 i køen til pulje 1 Klare. prosjektleder@example.org" in second
    told = text(page)
    assert told.index("Onsdag 31. januar 2018") < told.index("Tirsdag 30. januar 2018")


def test_what_was_done_together_is_one_row_with_its_parts(client, rollout, lead, queue):
    together.move_many(
        rollout=rollout,
        versions={"bns": 1, "kli": 1},
        to=rollout.waves.get(number=3),
        by=lead,
        now=NOW,
        reason="Samlet",
    )
    (row,) = rows(history(client, rollout))
    assert "2 virksomheter flyttet til pulje 3" in row
    assert "Vis alle 2" in row
    assert "KLI: Flyttet fra plass" in row
    assert row.count("Samlet") == 1


def test_an_imported_list_is_two_rows(client, rollout, lead):
    from agencies import lists

    columns = ";".join(lists.COLUMNS)
    assert columns.startswith("slug;name")
    lines = [
        ";".join({"slug": slug, "name": slug.upper(), "kind": "etat", "employees": "10", "locations": "1",
                  "queue_position": str(place)}.get(name, "") for name in lists.COLUMNS)
        for place, slug in enumerate(("aaa", "bbb", "ccc"), 1)
    ]  # fmt: skip
    agency_list = lists.read("\n".join([columns, *lines]).encode())
    importing.import_list(rollout=rollout, agency_list=agency_list, by=lead, now=NOW)

    queued, imported = rows(history(client, rollout))

    assert "3 virksomheter lagt i køen" in queued
    assert "3 virksomheter importert" in imported
    assert "Importer en rettet liste" in imported
    undoing.undo(rollout=rollout, change=rollout.events.last().change, by=lead, now=NOW)
    assert "Angret: 3 virksomheter lagt i køen" in rows(history(client, rollout))[0]


def test_what_was_undone_says_so_and_each_leads_to_the_other(client, rollout, lead, queue):
    event = move(queue[0], rollout.waves.get(number=1), lead)
    (back,) = undoing.undo(rollout=rollout, change=event.change, by=make_lead("annen@example.org"), now=NOW)
    page = history(client, rollout)
    undoing_row, undone_row = rows(page)
    assert "BNS: Angret: flyttet fra plass 1 i køen til pulje 1" in undoing_row
    assert "Angret av annen@example.org 1. feb. 2018 kl. 09.00" in undone_row.replace("\xa0", " ")
    links = re.findall(r'href="([^"]*#change-[^"]*)"', page.content.decode())
    assert [link.split("#")[1] for link in links] == [f"change-{event.change}", f"change-{back.change}"]
    for link, row in zip(links, (undone_row, undoing_row), strict=True):
        assert rows(client.get(link))[0] == row, "the page it leads to begins with it"


def test_a_lead_takes_a_change_back_from_its_row_and_is_led_back_to_the_same_list(client, rollout, lead, queue):
    move(queue[0], rollout.waves.get(number=1), lead)
    page = history(client, rollout, kind="places").content.decode()
    action, back = re.search(r'action="([^"]*/undo/[^"]*)".*?name="next" value="([^"]*)"', page, re.S).groups()
    response = client.post(action, {"next": back})
    assert response.url == f"/r/{rollout.slug}/history/?kind=places"
    assert len(rows(client.get(response.url))) == 2
    queue[0].refresh_from_db()
    assert queue[0].wave is None


def test_what_cannot_be_undone_says_why(client, rollout, lead, queue):
    one = rollout.waves.get(number=1)
    move(make_ready(queue[0]), one, lead)
    deciding.decide(wave=one, verdict="go", reason="Alt på plass", by=lead, now=NOW)
    opening.open_due(rollout=rollout, now=at("2018-02-07 08:00"))
    opened, decided, _moved = rows(history(client, rollout))
    assert "Pulje 1: Åpnet for ledere og nøkkelpersoner: 1 virksomhet kom inn" in opened
    assert "Kan ikke angres: tilgangen er gitt." in opened
    assert "Kan ikke angres. Ta en ny beslutning" in decided


def test_one_agencys_history_has_the_openings_that_let_it_in_or_passed_it_over(client, rollout, lead, queue):
    one = rollout.waves.get(number=1)
    ready, late, other = queue
    move(make_ready(ready), one, lead)
    move(late, one, lead)
    deciding.decide(wave=one, verdict="go", reason="Vi begynner", by=lead, now=NOW)
    opening.open_due(rollout=rollout, now=at("2018-02-07 08:00"))
    move(other, rollout.waves.get(number=2), lead)

    for agency in (ready.agency, late.agency):
        told = rows(history(client, rollout, agency=agency.slug))
        assert any("Åpnet for ledere" in row for row in told)
        assert not any("Klarsignal" in row or other.agency.name in row for row in told)
    assert len(rows(history(client, rollout, agency=other.agency.slug))) == 1


def test_a_waves_history_has_those_who_left_it(client, rollout, lead, queue):
    one, two = rollout.waves.get(number=1), rollout.waves.get(number=2)
    move(queue[0], one, lead)
    move(queue[0], two, lead)
    move(queue[1], two, lead)
    assert len(rows(history(client, rollout, wave=1))) == 2
    assert len(rows(history(client, rollout, wave=2))) == 2
    assert rows(history(client, rollout, wave=3)) == []


def test_the_filters_hold_together(client, rollout, lead, queue):
    other = make_lead("annen@example.org")
    one = rollout.waves.get(number=1)
    move(queue[0], one, lead, now=at("2018-01-30 00:00"))
    move(queue[1], one, other, now=at("2018-01-30 23:59"))
    scheduling.set_people_cap(wave=one, cap=9000, by=other, now=at("2018-01-31 00:00"))
    opening._tell_no_decision(one, one.next_step, now=at("2018-02-07 08:00"))

    def found(**asked):
        return len(rows(history(client, rollout, **asked)))

    assert found() == 4
    assert found(person=other.pk) == 2
    assert found(person="system") == 1
    assert found(kind="places") == 2
    assert found(kind="places", person=other.pk) == 1
    assert found(first_day="2018-01-30", last_day="2018-01-30") == 2
    assert found(first_day="2018-01-31") == 2
    assert found(last_day="2018-01-29") == 0
    assert "Ingen hendelser passer" in text(history(client, rollout, last_day="2018-01-29"))


def test_every_kind_is_in_one_group():
    kinds = [kind for _label, of_group in GROUPS.values() for kind in of_group]
    assert sorted(kinds) == sorted(EventKind)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"agency": "finnes-ikke"}, "Denne virksomheten finnes ikke"),
        ({"wave": "99"}, "er ikke et av de tilgjengelige valgene"),
        ({"first_day": "i går"}, "Oppgi en gyldig dato"),
        ({"first_day": "2018-02-02", "last_day": "2018-02-01"}, "Siste dag må være lik eller etter første dag"),
    ],
)
def test_what_cannot_be_asked_for_is_said_in_words(client, rollout, lead, asked, sentence):
    response = history(client, rollout, **asked)
    assert response.status_code == 422
    assert sentence in text(response)


def test_the_older_are_on_pages_of_their_own_with_none_lost_and_none_twice(client, rollout, lead):
    PlanEvent.objects.bulk_create(
        PlanEvent(rollout=rollout, kind=EventKind.POOL_SET, by=lead, at=NOW, before={"pool": n}, after={"pool": n + 1})
        for n in range(2 * PER_PAGE + 3)
    )
    address, seen = reverse("rollout:history", args=[rollout.slug]) + "?kind=licences", []
    for expected in (PER_PAGE, PER_PAGE, 3):
        page = client.get(address)
        assert len(rows(page)) == expected
        seen += re.findall(r'id="change-([^"]+)"', page.content.decode())
        older = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
        address = older and older[1].replace("&amp;", "&")
    assert older is None
    assert len(set(seen)) == len(seen) == 2 * PER_PAGE + 3


@pytest.mark.parametrize("before", ["tull", "-1", "9" * 30, "²", ""])
def test_a_mark_that_is_none_is_the_newest_page(client, rollout, lead, queue, before):
    move(queue[0], rollout.waves.get(number=1), lead)
    assert len(rows(history(client, rollout, before=before))) == 1


def test_a_changed_filter_swaps_the_list_and_puts_itself_in_the_address(client, rollout, lead, queue):
    move(queue[0], rollout.waves.get(number=1), lead)
    asked = {"agency": "bns", "wave": "", "kind": ""}
    response = client.get(reverse("rollout:history", args=[rollout.slug]), asked, headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div class="ur-log" id="history">')
    assert response["HX-Push-Url"] == f"/r/{rollout.slug}/history/?agency=bns"
    whole = rows(history(client, rollout, agency="bns"))
    assert rows(response) == whole


def test_going_back_in_the_browser_gets_the_whole_page(client, rollout, lead):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    response = client.get(reverse("rollout:history", args=[rollout.slug]), headers=headers)
    assert "<html" in response.content.decode()


def test_a_reader_reads_all_and_takes_nothing_back(client, rollout, queue):
    move(queue[0], rollout.waves.get(number=1), make_lead())
    client.force_login(give_role("leser@example.org", RoleName.READER))
    page = history(client, rollout)
    assert len(rows(page)) == 1
    assert "undo/" not in page.content.decode()


def test_another_rollouts_events_are_not_told(client, rollout, lead, queue):
    other = make_rollout(slug="teams-2019", waves=1)
    move(queue[0], rollout.waves.get(number=1), lead)
    assert rows(history(client, other)) == []


def test_the_number_of_queries_grows_with_neither_events_nor_agencies(client, rollout, lead, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    placements = [place(make_agency(), rollout=rollout) for _number in range(5)]
    one, two = rollout.waves.get(number=1), rollout.waves.get(number=2)
    undone = move(placements[0], one, lead)
    undoing.undo(rollout=rollout, change=undone.change, by=lead, now=NOW)
    history(client, rollout)
    with CaptureQueriesContext(
        connection,
    ) as few:
        history(client, rollout)

    for number in range(60):
        place(make_agency(), rollout=rollout)
        confirming.state_key_people(placement=placements[number % 5], number=number, by=lead, now=NOW)
    for placement in placements:
        event = move(placement, two, lead)
        undoing.undo(rollout=rollout, change=event.change, by=lead, now=NOW + dt.timedelta(days=1))
    with django_assert_num_queries(len(few)):
        history(client, rollout)


def test_a_change_of_many_is_not_offered_back_once_one_of_them_has_opened(client, rollout, lead, queue):
    one = rollout.waves.get(number=1)
    make_ready(queue[0])
    both = {"bns": None, "kli": None}
    together.move_many(rollout=rollout, versions=both, to=one, by=lead, now=NOW)
    pages = [
        reverse("rollout:history", args=[rollout.slug]),
        reverse("rollout:wave", args=[rollout.slug, 1]),
        reverse("rollout:agency-plan", args=[rollout.slug, "bns"]),
    ]
    change = reverse("rollout:undo", args=[rollout.slug, PlanEvent.objects.last().change])
    assert all(change in client.get(page).text for page in pages)

    one.refresh_from_db()
    give_go(one, by=lead)
    opening.open_due(now=at("2018-02-07 08:00"))

    assert not any(change in client.get(page).text for page in pages)
    assert "2 virksomheter flyttet til pulje 1" in (moved := rows(history(client, rollout))[-1])
    assert moved.endswith("Kan ikke angres: en pulje den gjelder, har åpnet.")


def test_what_something_newer_stands_in_the_way_of_says_so_and_is_offered_when_that_is_undone(
    client, rollout, lead, queue
):
    older = move(queue[0], rollout.waves.get(number=1), lead)
    newer = move(queue[0], rollout.waves.get(number=2), lead)
    pages = [
        reverse("rollout:history", args=[rollout.slug]),
        reverse("rollout:wave", args=[rollout.slug, 1]),
        reverse("rollout:agency-plan", args=[rollout.slug, "bns"]),
    ]

    def offered(event):
        return [reverse("rollout:undo", args=[rollout.slug, event.change]) in client.get(page).text for page in pages]

    assert (offered(older), offered(newer)) == ([False] * 3, [True] * 3)
    row = rows(history(client, rollout))[1].replace("\xa0", " ")
    assert row.endswith(f"er endret på nytt etterpå: «Flyttet» av {lead} 1. feb. kl. 09.00. Angre det først.")

    client.force_login(give_role("leser@example.org", RoleName.READER))
    assert "Angre det først" not in history(client, rollout).text, "who may not undo is not asked to"

    client.force_login(lead)
    undoing.undo(rollout=rollout, change=newer.change, by=lead, now=NOW)
    assert offered(older) == [True] * 3


def test_a_change_with_a_part_that_can_never_be_undone_does_not_ask_to_undo_what_is_newer(client, rollout, lead, queue):
    older = move(queue[0], rollout.waves.get(number=1), lead)
    PlanEvent.objects.create(rollout=rollout, kind=EventKind.ROLE_GIVEN, by=lead, at=NOW, change=older.change)
    move(queue[0], rollout.waves.get(number=2), lead)
    assert "Angre det først" not in history(client, rollout).text


def test_the_licences_page_offers_the_newest_of_two_changes_of_the_same(client, rollout, lead):
    older, newer = (licensing.set_pool(rollout=rollout, size=size, by=lead, now=NOW) for size in (900, 901))
    page = client.get(reverse("rollout:licences", args=[rollout.slug])).text
    offered = [reverse("rollout:undo", args=[rollout.slug, event.change]) in page for event in (older, newer)]
    assert offered == [False, True]
