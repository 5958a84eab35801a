"""The overview over HTTP: the answer first, every figure with its base, what stops us with where it is solved."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from rollout.domain import together, undoing
from rollout.domain.recording import new_change, record
from rollout.models import BlackoutPeriod, EventKind, LastSeen, PlanEvent, Verdict, WaveState
from tests import factories as make
from tests.factories import at
from tests.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
HOME = "/r/workplace-2018/"
SEEN = f"{HOME}seen/"


@pytest.fixture
def wave(rollout):
    """Wave 1, six days ahead, with one ready agency and one that has not signed."""
    wave = rollout.waves.get(number=1)
    make.make_ready(make.place(make.make_agency("bre", name="Brann- og redningsetaten", employees=480), wave))
    climate = make.place(make.make_agency("kli", name="Klimaetaten", employees=20), wave)
    make.make_ready(climate, but_not=("guidelines_adopted",))
    return wave


def read(client, address=HOME) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return text_of(response.text.split("<main")[1].split("</main>")[0]).replace("\N{NO-BREAK SPACE}", " ")


def section(html: str, heading: str) -> str:
    """The words of the section that this heading names."""
    return text_of(re.search(rf'<section [^>]*aria-labelledby="{heading}".*', html, re.DOTALL).group())


def tell_of(rollout, *, by=None, now=make.NOW, **fields):
    fields = {"kind": EventKind.POOL_SET, "after": {"pool": 10}, "before": {"pool": 5}} | fields
    return record(rollout=rollout, by=by, at=now, **fields)


# -- how far, and what comes next ----------------------------------------------------------------------------------


def test_the_answer_comes_first(as_lead, wave):
    text = read(as_lead)
    assert text.index("Pulje 1 åpner for ledere om 6 dager, onsdag 7. februar 2018. 1 av 2 virksomheter er klare.") < (
        text.index("Hva stopper oss nå?")
    )
    assert "2 ting stopper oss nå, 1 av dem er over fristen." in text


def test_a_wave_that_was_stopped_is_not_said_to_open(as_lead, wave):
    make.give_go(wave, verdict=Verdict.NO_GO)
    text = read(as_lead)
    assert "Pulje 1 har fått stopp. Den skulle åpne for ledere om 6 dager, onsdag 7. februar 2018." in text
    assert "Pulje 1 åpner" not in text.split("Hva stopper oss nå?")[0]


def test_every_figure_says_its_base_and_the_pilots_are_a_line_of_their_own(as_lead, wave):
    make.place(make.make_agency(employees=40_500))
    make.make_pilot(make.make_agency(employees=8_990))
    text = read(as_lead)
    assert "har tilgang, av 41 000 medarbeidere i kø og puljer (0,0 %) 0" in text
    assert "av 3 virksomheter: lederne har tilgang 0" in text
    assert "planlagt dekning: 41 000 av kommunens 55 400 74,0 %" in text
    assert "av 15 plasser i puljene er brukt 2" in text
    assert "Pilotene er utenom alle tallene over: 8 990 medarbeidere i 1 virksomhet." in text


def test_without_the_municipalitys_figure_it_says_so(as_lead):
    make.make_rollout(municipality_employees=None)
    assert "planlagt dekning: kommunens tall mangler –" in read(as_lead)


def test_the_next_two_waves_are_told_with_dates_readiness_and_decision(as_lead, wave):
    make.give_go(wave)
    html = as_lead.get(HOME).text
    ahead = section(html, "next").split("Hva stopper oss nå?")[0].replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "Pulje 1 om 6 dager Ledere 7. feb. 2018 Alle 27. feb. 2018 Klare 1 av 2 virksomheter Klarsignal gitt" in ahead
    )
    assert "Pulje 2 om 62 dager" in ahead
    assert "Pulje 3" not in ahead


def test_the_next_decision_leads_to_where_it_is_taken(as_lead, wave):
    assert f'<a href="{HOME}waves/1/#decision">klarsignal eller stopp for Pulje 1</a>' in as_lead.get(HOME).text
    make.set_clock(at("2018-02-07 09:00"))
    html = as_lead.get(HOME).text
    assert f'<a href="{HOME}waves/1/#dates">ny dato for Pulje 1</a>' in html
    assert "Pulje 1 skulle ha åpnet for ledere i dag." in text_of(html)


# -- what stops us -------------------------------------------------------------------------------------------------


def test_a_problem_stands_under_who_must_act_and_links_to_where_it_is_solved(as_lead, wave):
    html = as_lead.get(HOME).text
    stops = html[html.index('id="stops"') :]
    assert stops.index("Virksomhetsleder") < stops.index("Kjøreregler vedtatt") < stops.index("22 dager over fristen")
    link = re.search(r'href="([^"]+)">Klimaetaten', stops).group(1)
    assert link == f"{HOME}agencies/kli/plan/#step-guidelines_adopted"
    page, anchor = link.split("#")
    assert f'id="{anchor}"' in as_lead.get(page).text


@pytest.mark.parametrize(
    ("matter", "link"),
    [("empty", "board/#column-1"), ("undecided", "waves/1/#decision"), ("passed", "waves/1/#dates")],
)
def test_what_the_lead_must_settle_links_there_too(as_lead, rollout, matter, link):
    if matter != "empty":
        make.make_ready(make.place(make.make_agency(), rollout.waves.get(number=1)))
    if matter == "passed":
        make.set_clock(at("2018-02-08 09:00"))
    html = as_lead.get(HOME).text
    assert "Prosjektleder" in html
    assert f'<a href="{HOME}{link}">Pulje 1</a>' in html[html.index('id="stops"') :]
    page, anchor = f"{HOME}{link}".split("#")
    assert f'id="{anchor}"' in as_lead.get(page).text


def test_a_wave_that_waits_for_its_review_is_for_the_lead_and_links_to_it(as_lead, rollout):
    for number in (1, 2):
        make.make_ready(make.place(make.make_agency(), rollout.waves.get(number=number)))
    make.open_for_all(rollout.waves.get(number=1))
    make.set_clock(at("2018-03-20 09:00"))
    html = as_lead.get(HOME).text
    stops = html[html.index('id="stops"') : html.index('id="changes"')]
    assert "Puljen venter på evaluering" in stops
    assert f'<a href="{HOME}waves/1/review/">Pulje 1</a>' in stops
    assert "pulje 2 kan ikke få klarsignal før evalueringen er avsluttet" in stops


def test_agencies_that_lack_the_same_share_a_line_and_many_are_folded(as_lead, rollout):
    for number in (1, 2):
        for place in range(5):
            agency = make.make_agency(f"e{number}{place}", name=f"Etat {number}{place}")
            wave = rollout.waves.get(number=number)
            make.make_ready(make.place(agency, wave), but_not=("guidelines_adopted",))
    make.set_clock(at("2018-02-25 09:00"))
    rollout.waves.filter(number=1).update(leaders_on=dt.date(2018, 3, 1), all_staff_on=dt.date(2018, 3, 8))
    html = as_lead.get(HOME).text
    stops = html[html.index('id="stops"') : html.index('id="changes"')]
    assert stops.count("Kjøreregler vedtatt og forpliktet</b>") == 1
    shown, folded = stops.split("<details>", 1)
    assert len(re.findall("Etat 1", shown)) + len(re.findall("Etat 2", shown)) == 6
    assert "og 4 til" in shown
    assert len(re.findall(r">Etat \d\d<", folded.split("</details>")[0])) == 10


def test_where_nothing_stands_in_the_way_it_says_so(as_lead, rollout):
    make.make_ready(make.place(make.make_agency(), rollout.waves.get(number=2)))
    rollout.waves.filter(number=1).delete()
    assert "Ingenting stopper oss nå." in read(as_lead)


# -- what changed --------------------------------------------------------------------------------------------------


def test_before_the_first_mark_the_last_seven_days_are_told(as_lead, rollout):
    old = make.make_agency(name="Gammel etat")
    tell_of(rollout, kind=EventKind.JOINED, agency=old, now=at("2018-01-20 09:00"))
    tell_of(rollout, kind=EventKind.JOINED, agency=make.make_agency(name="Ny etat"), now=at("2018-01-30 14:30"))
    text = read(as_lead)
    assert "Endret de siste sju dagene" in text
    assert "tirsdag 30. januar 2018 Ny etat : Lagt i køen Puljeplan, kl. 14.30" in text
    assert "Gammel etat" not in text


def test_after_the_mark_only_what_came_since_is_told(as_lead, rollout):
    tell_of(rollout, kind=EventKind.JOINED, agency=make.make_agency(name="Første etat"))
    html = as_lead.get(HOME).text
    shown = re.search(r'name="event" value="(\d+)"', html).group(1)
    assert as_lead.post(SEEN, {"event": shown}).url == HOME
    tell_of(rollout, kind=EventKind.JOINED, agency=make.make_agency(name="Annen etat"))
    text = read(as_lead)
    assert "Endret siden du merket som sett" in text
    assert "Annen etat" in text
    assert "Første etat" not in text


def test_what_i_did_is_there_and_marked_as_mine(as_lead, lead, rollout):
    tell_of(rollout, by=lead)
    tell_of(rollout, by=make.make_lead("annen@example.org"))
    html = as_lead.get(HOME).text
    assert html.count('<li class="is-mine">') == 1
    assert re.search(r'<li class="is-mine">.*?deg, <time', html, re.DOTALL)
    assert "annen@example.org, <time" in html


def test_one_action_on_many_is_told_as_one_and_each_can_be_read(as_lead, lead, rollout):
    change = new_change()
    for number in range(5):
        agency = make.make_agency(name=f"Etat {number}")
        moved = {"before": {"queue_position": number + 1}, "after": {"wave": 1, "slot": number + 1}}
        tell_of(rollout, kind=EventKind.MOVED, agency=agency, change=change, **moved)
    html = as_lead.get(HOME).text
    assert "Etat 4, Etat 3, Etat 2 og 2 til : Flyttet" in text_of(html)
    assert "Etat 0: Flyttet fra plass 1 i køen til pulje 1" in text_of(html)


def test_an_agency_that_changed_thrice_is_named_once(as_lead, lead, rollout):
    change, agency = new_change(), make.make_agency(name="Deichman")
    for number in (1, 2, 3):
        after = {"number": number, "text": f"Dette lærte vi, {number}."}
        tell_of(rollout, kind=EventKind.LESSON_WRITTEN, agency=agency, change=change, before={"text": ""}, after=after)
    text = read(as_lead)
    assert "Deichman : Erfaring skrevet" in text
    assert "Deichman, Deichman" not in text


def test_an_undoing_is_told_as_one_and_costs_no_query_of_its_own(as_lead, lead, rollout):
    placements = [make.place(make.make_agency(name=f"Etat {number}")) for number in range(6)]

    def move_and_undo(some):
        versions = {placement.agency.slug: None for placement in some}
        wave = rollout.waves.get(number=1)
        together.move_many(rollout=rollout, versions=versions, to=wave, by=lead, now=make.NOW)
        event = PlanEvent.objects.filter(undoes__isnull=True).latest("pk")
        undoing.undo(rollout=rollout, change=event.change, by=lead, now=make.NOW)

    def queries():
        as_lead.get(HOME)
        with CaptureQueriesContext(connection) as seen:
            html = as_lead.get(HOME).text
        return len(seen), text_of(html)

    move_and_undo(placements[:1])
    few, text = queries()
    assert "Etat 0 : Angret: flyttet" in text
    move_and_undo(placements[1:])
    many, text = queries()
    assert re.search(r"Etat \d, Etat \d, Etat \d og 2 til : Angret: flyttet", text)
    assert many == few


def test_many_changes_are_cut_and_counted(as_lead, rollout):
    agency = make.make_agency(name="Urolig etat")
    for place in range(1, 21):
        moved = {"before": {"queue_position": place}, "after": {"wave": 1, "slot": 1}}
        tell_of(rollout, kind=EventKind.MOVED, agency=agency, **moved)
    html = as_lead.get(HOME).text
    assert html.count("<b>Urolig etat</b>") == 15
    assert "Flyttet fra plass 20 i køen" in html
    assert "Flyttet fra plass 5 i køen" not in html
    assert "20 hendelser i alt; de nyeste står her." in html


# -- the mark ------------------------------------------------------------------------------------------------------


def everything() -> tuple:
    return (PlanEvent.objects.count(), list(LastSeen.objects.values_list()))


@pytest.mark.parametrize("address", ["/", HOME, SEEN])
@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_changes_nothing(as_lead, rollout, address, method):
    tell_of(rollout)
    before = everything()
    getattr(as_lead, method)(address)
    assert everything() == before


def test_marking_twice_is_as_marking_once_and_a_stale_tab_lowers_nothing(as_lead, lead, rollout):
    first, last = tell_of(rollout), tell_of(rollout)
    for event in (last, last, first):
        assert as_lead.post(SEEN, {"event": event.pk}).status_code == 302
    assert LastSeen.objects.get().event_id == last.pk


@pytest.mark.parametrize(("event", "status"), [("", 422), ("sju", 422), ("0", 422), ("99999999", 409)])
def test_a_mark_that_cannot_be_is_refused_in_words_on_the_same_page(as_lead, rollout, event, status):
    response = as_lead.post(SEEN, {"event": event})
    assert response.status_code == status
    assert "Last siden på nytt og prøv igjen." in response.text
    assert "<h1>Oversikt" in response.text
    assert not LastSeen.objects.exists()


# -- charts --------------------------------------------------------------------------------------------------------


def test_the_timelines_table_says_all_that_is_drawn(as_lead, rollout, wave):
    for name, hard in (("Vinterferie", False), ("Fellesferie", True)):
        BlackoutPeriod.objects.create(
            rollout=rollout, name=name, hard=hard, first_day=dt.date(2018, 2, 19), last_day=dt.date(2018, 2, 23)
        )
    html = as_lead.get(HOME).text.replace("\N{NO-BREAK SPACE}", " ")
    table = text_of(html[html.index("Puljene som tabell") :])
    assert "Pulje 1 Planlagt 7. feb. 2018 27. feb. 2018 2 500 1" in table
    assert "Vinterferie 19. feb. 2018 23. feb. 2018 myk" in table
    assert "Fellesferie 19. feb. 2018 23. feb. 2018 hard" in table
    assert html.count('fill="url(#is-hard)"') == 2  # in the drawing and in its key
    assert "i dag, 1. feb." in html


def test_a_state_is_told_by_word_and_icon(as_lead, rollout, wave):
    wave.state, wave.leaders_opened_at = WaveState.LEADERS_OPEN, make.NOW
    wave.save()
    html = as_lead.get(HOME).text
    row = html[html.index('<g class="ur-chart__wave is-leaders_open">') :].split("</g>")[0]
    assert "#key" in row
    assert "Ledere inne" in row
    assert 'fill="url(#is-half)"' in row


def test_the_curves_table_has_every_week_with_planned_and_actual(as_lead, rollout, wave):
    placement = wave.placements.get(agency__slug="bre")
    placement.leaders_access_at = placement.all_staff_access_at = at("2018-02-27 08:00")
    placement.employees_at_opening = 480
    placement.save()
    make.set_clock(at("2018-03-01 09:00"))
    html = as_lead.get(HOME).text
    table = text_of(html[html.index("Ukene som tabell") :])
    assert "Medarbeidere med tilgang, av 500 medarbeidere i kø og puljer" in table
    assert "uke 8, 2018 0 0 uke 9, 2018 500 480 uke 10, 2018 500" in table


def test_what_is_drawn_needs_no_style_of_its_own(as_lead, rollout, wave):
    html = as_lead.get(HOME).text
    assert " style=" not in html
    for drawing in re.findall(r'<svg class="ur-chart__svg".*?</desc>', html, re.DOTALL):
        labels = re.search(r'role="img" aria-labelledby="([^"]+)"', drawing).group(1).split()
        assert all(f'id="{label}"' in drawing for label in labels)


def test_what_happened_to_an_agency_and_to_the_whole_plan_is_told_with_the_name_there_is(as_lead, wave, rollout):
    for agency in (None, Agency.objects.get(slug="kli")):
        tell_of(rollout, kind=EventKind.FEED_MADE, agency=agency, before={}, after={"feed": 1})
    assert "Klimaetaten : Ny hemmelig kalenderadresse er laget" in read(as_lead)


# -- empty, and done -----------------------------------------------------------------------------------------------


def test_a_rollout_without_agencies_or_waves_says_what_is_missing(as_lead):
    make.make_rollout()
    text = read(as_lead)
    assert "Ingen virksomheter er med i utrullingen ennå." in text
    assert "Ingen puljer er laget ennå. Lag den første på tavlen" in text


def test_waves_without_agencies_are_told_with_the_date_that_is_near(as_lead, rollout):
    make.place(make.make_agency())
    text = read(as_lead)
    assert "Ingen virksomheter er lagt i pulje ennå. Pulje 1 åpner for ledere om 6 dager" in text
    assert "Ingen virksomheter er lagt i pulje ennå, så det er ingen plan å tegne." in text


def test_a_rollout_that_is_done_says_that(as_lead):
    rollout = make.make_rollout(waves=1)
    wave = rollout.waves.get()
    placement = make.make_ready(make.place(make.make_agency(employees=300), wave))
    wave.state = WaveState.ALL_OPEN
    wave.leaders_opened_at = wave.all_staff_opened_at = make.NOW
    wave.save()
    placement.leaders_access_at = placement.all_staff_access_at = make.NOW
    placement.employees_at_opening = 300
    placement.save()
    text = read(as_lead)
    assert "Alle har tilgang: 1 virksomhet, 300 medarbeidere." in text
    assert "Alle puljene er åpne for alle. Ingen åpning gjenstår." in text
