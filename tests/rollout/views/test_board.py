"""The board over HTTP: what it shows, what a move answers with and without HTMX, and what it refuses."""

import datetime as dt
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import RoleName
from rollout.models import EventKind, Placement, PlanEvent, WaveState
from tests import factories as make
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]

BOARD = "/r/workplace-2018/board/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def rollout():
    return make.make_rollout(waves=7)


@pytest.fixture
def climate(rollout):
    return make.place(make.make_agency("kli", name="Klimaetaten", employees=37))


def fill(wave, count=5):
    return [make.place(make.make_agency(), wave) for _ in range(count)]


def column(html: str, key: str) -> str:
    """One column of a page or of an answer, without what only marks it as a part."""
    found = re.search(rf'<section class="ur-col [^>]*data-wave="{key}".*?</section>', html, re.DOTALL)
    return found.group().replace(' hx-swap-oob="true"', "")


def move(client, placement, to, *, version=None, headers=None, **fields):
    origin = str(placement.wave.number) if placement.wave else "queue"
    data = {"to": to, "version": placement.version if version is None else version, "origin": origin} | fields
    return client.post(f"{BOARD}move/{placement.agency.slug}/", data, headers=headers)


def where(placement):
    placement.refresh_from_db()
    return placement.wave.number if placement.wave else "queue"


def said(response):
    return json.loads(response["HX-Trigger"])["say"]


# ---- what it shows


def test_it_shows_the_queue_and_every_wave_with_the_agencies_in_them(as_lead, rollout, climate):
    make.place(make.make_agency("vav", name="Vann- og avløpsetaten", employees=600), rollout.waves.get(number=2))
    html = as_lead.get(BOARD).text
    assert 'data-agency="kli"' in column(html, "queue")
    assert 'data-agency="vav"' in column(html, "2")
    assert "1 av 5" in column(html, "2")
    assert "0 av 5" in column(html, "7")


def test_coverage_says_its_base_and_nobody_is_rolled_out(as_lead, rollout):
    make.place(make.make_agency(employees=41_000))
    make.make_pilot(make.make_agency(employees=8_990))
    html = as_lead.get(BOARD).text.replace("\u00a0", " ")
    assert "planlagt dekning" in html
    assert "74,0 %" in html
    assert "41 000 av 55 400" in html
    assert re.search(r"har tilgang</dt><dd>0</dd><dd[^>]*>av 41 000", html)
    assert re.search(r"pilotene <b>8 990</b>", html)
    assert "utrullet" not in html.lower()


def test_who_lacks_licences_is_not_ready_and_the_card_says_how_many(as_lead, rollout):
    agency = make.make_agency("bns", name="Bydel Nordstrand", employees=1650)
    make.make_ready(make.place(agency, funded=1600), but_not=("funding",))
    html = column(as_lead.get(BOARD).text, "queue")
    assert "Ikke klar" in html
    assert "Mangler 50" in html
    assert "1 mangel" in html
    assert "Lisens OK" not in html


def tag(html: str, slug: str, words: str) -> tuple[str, str]:
    """The class and words of the tag on a card that begins with `words`."""
    card = re.search(rf'<li id="card-{slug}" .*?</ul>', html, re.DOTALL).group()
    return next(
        found
        for found in re.findall(r'<li class="ur-tag ([^"]*)"><svg.*?</svg>([^<]*)<', card, re.DOTALL)
        if found[1].startswith(words)
    )


def mark(html: str, slug: str) -> tuple[str, str]:
    """What a card says of readiness."""
    return tag(html, slug, "Ikke klar")


LOUD, LATER = ("ur-tag--stop", "Ikke klar"), ("ur-tag--later", "Ikke klar ennå")


def test_not_ready_is_loud_where_the_wave_opens_within_six_weeks_and_quiet_until_then(as_lead, rollout):
    six_weeks = NOW.date() + dt.timedelta(weeks=6)
    for number, day in ((1, six_weeks), (2, six_weeks + dt.timedelta(days=1))):
        rollout.waves.filter(number=number).update(leaders_on=day, all_staff_on=day + dt.timedelta(days=14))
        placement = make.place(make.make_agency(f"wave-{number}"), rollout.waves.get(number=number))
        make.make_ready(placement, but_not=("readiness_confirmed",))  # due five days before
    make.place(make.make_agency("waits"))
    html = as_lead.get(BOARD).text
    assert [mark(html, slug) for slug in ("wave-1", "wave-2", "waits")] == [LOUD, LATER, LATER]
    assert "ur-card--stop" in column(html, "1") and "ur-card--stop" not in column(html, "2") + column(html, "queue")


def test_not_ready_is_loud_however_far_off_the_wave_when_a_due_date_has_passed(as_lead, rollout):
    """The sponsor's step is due 56 days before; a hard period takes the due date to the day before it."""
    wave = rollout.waves.get(number=5)
    wave.leaders_on = NOW.date() + dt.timedelta(days=56)  # due today
    wave.save()
    make.make_ready(make.place(make.make_agency("kli"), wave), but_not=("sponsor",))
    assert mark(as_lead.get(BOARD).text, "kli") == LATER
    rollout.blackouts.create(name="Flytting", first_day=NOW.date(), last_day=NOW.date(), hard=True)
    assert mark(as_lead.get(BOARD).text, "kli") == LOUD


def test_lacking_licences_is_as_loud_as_not_being_ready(as_lead, rollout):
    for slug, number in (("near", 1), ("far", 7)):
        agency = make.make_agency(slug, employees=1650)
        make.make_ready(make.place(agency, rollout.waves.get(number=number), funded=1600), but_not=("funding",))
    html = as_lead.get(BOARD).text
    assert [tag(html, slug, "Mangler")[0] for slug in ("near", "far")] == ["ur-tag--stop", "ur-tag--later"]


def test_who_has_done_every_step_is_ready(as_lead, climate):
    make.make_ready(climate)
    html = column(as_lead.get(BOARD).text, "queue")
    assert "Klar</li>" in html
    assert "Lisens OK" in html
    assert "Ikke klar" not in html


def test_a_wave_tells_its_decision(as_lead, rollout):
    make.give_go(rollout.waves.get(number=1))
    make.give_go(rollout.waves.get(number=2), verdict="no-go")
    html = as_lead.get(BOARD).text
    assert "Klarsignal gitt" in column(html, "1")
    assert "Stoppet" in column(html, "2")
    assert "Ikke besluttet" in column(html, "3")


def test_a_wave_that_is_open_for_all_waits_for_its_review(as_lead, rollout, climate):
    wave = rollout.waves.get(number=1)
    make.make_ready(make.place(make.make_agency(), wave))
    make.give_go(wave)
    make.open_for_all(wave)
    assert "Venter på evaluering" in column(as_lead.get(BOARD).text, "1")
    wave.state = WaveState.CLOSED
    wave.save()
    assert "Venter på evaluering" not in column(as_lead.get(BOARD).text, "1")


def test_the_next_opening_is_the_first_one_ahead(as_lead, rollout):
    make.set_clock(make.at("2018-02-07 08:00"))
    html = as_lead.get(BOARD).text.replace("\u00a0", " ")
    assert "Pulje 2, ledere 4. apr. 2018" in html


def test_a_reader_sees_the_plan_without_anything_to_press(client, climate):
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    html = client.get(BOARD).text
    assert "Klimaetaten" in html
    assert "Flytt Klimaetaten" not in html
    assert "Ny pulje" not in html


def test_the_number_of_queries_does_not_grow_with_the_plan(as_lead, rollout):
    def count_queries():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert as_lead.get(BOARD).status_code == 200
        return len(queries)

    for _ in range(26):
        make.place(make.make_agency(), make_ready_wave(rollout))
    few = count_queries()
    for _ in range(234):
        make.place(make.make_agency())
    assert Placement.objects.in_plan().count() == 260
    assert count_queries() == few


def make_ready_wave(rollout):
    return next((wave for wave in rollout.waves.all() if wave.placements.count() < 4), None)


# ---- moving, in place


def test_a_swapped_column_equals_a_fresh_page_s_column(as_lead, rollout, climate):
    make.make_ready(climate)
    make.place(make.make_agency(), rollout.waves.get(number=3))
    answer = move(as_lead, climate, "3", headers=HTMX).text
    page = as_lead.get(BOARD).text
    assert 'data-agency="kli"' in column(answer, "3")
    for key in ("queue", "3"):
        assert column(answer, key) == column(page, key)
    for part in ("strip", "filters"):
        pattern = rf'<(section|div) class="[^"]*" id="{part}".*?</\1>'
        swapped = re.search(pattern, answer, re.DOTALL).group().replace(' hx-swap-oob="true"', "")
        assert swapped == re.search(pattern, page, re.DOTALL).group()


def test_only_the_two_columns_and_the_sums_are_sent_back(as_lead, climate):
    answer = move(as_lead, climate, "3", headers=HTMX).text
    assert re.findall(r'data-wave="(\w+)"', answer) == ["queue", "3"]
    assert "<html" not in answer


def test_a_move_is_told_and_names_the_card_to_return_to(as_lead, climate):
    response = move(as_lead, climate, "3", headers=HTMX)
    assert said(response) == {
        "text": "Klimaetaten er flyttet til Pulje 3. 1 av 5 plasser er brukt.",
        "kind": "ok",
        "undo": f"/r/workplace-2018/undo/{PlanEvent.objects.get().change}/",
    }
    assert json.loads(response["HX-Trigger-After-Settle"]) == {"moved": {"agency": "kli"}}


def test_a_card_dropped_between_two_in_the_queue_stands_between_them(as_lead, rollout):
    first, _second, third = (make.place(make.make_agency(slug)) for slug in ("aaa", "bbb", "ccc"))
    move(as_lead, third, "queue", before="bbb", after="aaa", headers=HTMX)
    queue = Placement.objects.queued().values_list("agency__slug", flat=True)
    assert list(queue) == ["aaa", "ccc", "bbb"]
    move(as_lead, first, "queue", after="bbb", headers=HTMX)
    assert list(queue.all()) == ["ccc", "bbb", "aaa"]


def test_a_place_in_the_queue_can_be_chosen_without_dragging(as_lead, rollout):
    for slug in ("aaa", "bbb"):
        make.place(make.make_agency(slug))
    third = make.place(make.make_agency("ccc"))
    response = move(as_lead, third, "queue", position="1", headers=HTMX)
    assert said(response)["text"].endswith("er flyttet til plass 1 i køen.")
    assert list(Placement.objects.queued().values_list("agency__slug", flat=True)) == ["ccc", "aaa", "bbb"]


# ---- moving, refused


def test_a_full_wave_is_refused_with_the_reason_in_its_column(as_lead, rollout, climate):
    fill(rollout.waves.get(number=1))
    response = move(as_lead, climate, "1", headers=HTMX)
    assert response.status_code == 409
    assert said(response)["kind"] == "stop"
    assert "Pulje 1 er full" in said(response)["text"]
    assert re.search(r'role="alert".*Pulje 1 er full', column(response.text, "1"), re.DOTALL)
    assert "Pulje 1 er full" not in column(response.text, "queue")
    assert where(climate) == "queue"


def test_an_opened_wave_is_refused(as_lead, rollout, climate):
    wave = rollout.waves.get(number=1)
    wave.state, wave.leaders_opened_at = WaveState.LEADERS_OPEN, make.at("2018-02-07 08:00")
    wave.save()
    response = move(as_lead, climate, "1", headers=HTMX)
    assert response.status_code == 409
    assert "Pulje 1 er åpnet" in column(response.text, "1")
    assert where(climate) == "queue"


def test_a_card_that_moved_since_it_was_shown_is_refused_and_the_board_put_right(as_lead, rollout, climate):
    seen = climate.version
    move(as_lead, climate, "2")
    response = as_lead.post(f"{BOARD}move/kli/", {"to": "3", "version": seen, "origin": "queue"}, headers=HTMX)
    assert response.status_code == 409
    assert "er flyttet siden du så kortet" in said(response)["text"]
    assert re.findall(r'data-wave="(\w+)"', response.text) == ["queue", "2", "3"]
    assert 'data-agency="kli"' in column(response.text, "2")
    assert where(climate) == 2


def test_a_destination_that_does_not_exist_is_an_invalid_form(as_lead, climate):
    response = move(as_lead, climate, "99", headers=HTMX)
    assert response.status_code == 422
    assert where(climate) == "queue"


# ---- moving, without JavaScript


def test_without_javascript_the_button_leads_to_a_page_and_the_move_back_to_the_board(as_lead, rollout, climate):
    page = as_lead.get(f"{BOARD}move/kli/", {"version": climate.version, "origin": "queue"}).text
    assert "<html" in page
    assert '<option value="1">Pulje 1</option>' in page
    response = move(as_lead, climate, "1")
    assert (response.status_code, response["Location"]) == (302, f"{BOARD}#card-kli")
    assert "Klimaetaten er flyttet til Pulje 1." in as_lead.get(BOARD).text
    assert where(climate) == 1
    assert PlanEvent.objects.filter(kind=EventKind.MOVED).count() == 1


def test_without_javascript_a_refusal_shows_the_form_again_with_the_reason(as_lead, rollout, climate):
    fill(rollout.waves.get(number=1))
    response = move(as_lead, climate, "1")
    assert response.status_code == 409
    assert re.search(r'role="alert".*Pulje 1 er full', response.text, re.DOTALL)
    assert '<optgroup label="Full">' in response.text


def test_the_form_remembers_the_card_as_it_was_shown(as_lead, climate):
    shown = climate.version
    move(as_lead, climate, "2")
    page = as_lead.get(f"{BOARD}move/kli/", {"version": shown, "origin": "queue"}, headers=HTMX).text
    assert f'name="version" value="{shown}"' in page
    assert '<option value="2">Pulje 2</option>' in page


def test_asking_for_the_form_moves_nothing(as_lead, climate):
    as_lead.get(f"{BOARD}move/kli/", {"to": "1", "version": climate.version})
    as_lead.head(f"{BOARD}move/kli/")
    assert where(climate) == "queue"


@pytest.mark.parametrize("page", ["join/", "new-wave/", "proposed-plan/", "move/kli/"])
def test_only_a_project_lead_changes_the_plan(client, climate, page):
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    assert client.post(BOARD + page, {"to": "1", "version": climate.version}).status_code == 403
    assert where(climate) == "queue"
