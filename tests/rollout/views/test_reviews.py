"""The pages of a review: what is shown and what is not, and that every action answers in words."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from agencies.models import RoleName
from rollout.domain import learning, opening, reviewing, usage_lists
from rollout.models import Criteria, Decision, Lesson, Pace, Review, UsageFigures, WaveState
from tests.factories import (
    GOOD_FIGURES,
    at,
    give_role,
    make_agency,
    make_figures,
    make_pilot,
    make_ready,
    make_review,
    make_rollout,
    open_for_all,
    place,
    set_clock,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kli")]

R = "/r/workplace-2018/"
REVIEW = f"{R}waves/1/review/"
HTMX = {"HX-Request": "true"}
MEASURED = dt.date(2018, 3, 21)
TYPED = {name: str(value) for name, value in GOOD_FIGURES.items()} | {
    "measured_on": "2018-03-21",
    "definition": "Har logget inn",
    "source": "Innsikt",
}


@pytest.fixture(autouse=True)
def gate(settings):
    settings.DEMO_MODE = True
    set_clock(at("2018-03-22 10:00"))


@pytest.fixture
def kli():
    rollout = make_rollout(waves=3)
    make_ready(place(make_agency("bre", name="Brann- og redningsetaten"), rollout.waves.get(number=2)))
    kli = place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=1))
    open_for_all(rollout.waves.get(number=1))
    return kli


def words(response) -> str:
    return words_of(response.content.decode())


def words_of(html: str) -> str:
    main = html.replace("\N{SOFT HYPHEN}", "").replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def close(client, pace="same", reason="Det gikk bra.", seen=0, **extra):
    return client.post(f"{REVIEW}close/", {"pace": pace, "reason": reason, "seen": seen}, **extra)


# -- the page ------------------------------------------------------------------------------------------------------


def test_each_criterion_says_its_value_threshold_base_source_and_date(as_lead, kli):
    make_figures(kli, MEASURED)
    told = words(as_lead.get(REVIEW))
    assert (
        "Medarbeidere med aktivert konto 80 av 100 inviterte · målt 21. mars 2018 · Innsikt 80,0 % minst 50 % Oppfylt"
        in told
    )
    assert "Ukentlig aktive 50 av 80 aktiverte · målt 21. mars 2018 · Innsikt 62,5 % minst 40 % Oppfylt" in told
    assert "Etterslep i brukerstøtten det lengste hos noen virksomhet" in told and "1,5 dager under 2 dager" in told
    assert "Definisjon: Aktivert: har logget inn. · Kilde: Innsikt" in told
    assert "Puljeplan foreslår: samme tempo (klarsignal: alt er oppfylt)" in told


def test_the_proposal_to_wait_says_which_of_its_two_reasons_it_is(as_lead, kli):
    make_figures(kli, MEASURED, activated=40, weekly_active=10, on_mobile=5, backlog_days="1.0")
    told = words(as_lead.get(REVIEW))
    assert "vent med neste pulje (stopp: 2 av 9 krav er ikke oppfylt)" in told
    assert "det lengste hos noen virksomhet · målt 21. mars 2018 · Innsikt 1 dag under 2 dager" in told
    make_figures(kli, MEASURED, severe_incidents=1)
    assert "vent med neste pulje (stopp: en alvorlig hendelse er åpen)" in words(as_lead.get(REVIEW))


def test_a_group_under_ten_is_not_shown_in_table_criteria_or_chart(as_lead, kli):
    few = {"leaders_invited": 9, "leaders_activated": 8, "activated": 9, "weekly_active": 7, "on_mobile": 5}
    make_figures(kli, MEASURED, support_requests=40, **few)
    html = as_lead.get(REVIEW).text
    told = words(as_lead.get(REVIEW))
    assert "ingen tall, eller færre enn ti ikke målt minst 80 % Ikke målt" in told
    assert "Grupper under ti vises ikke." in told
    table = html[html.index('id="figures"') :]
    assert "8 / 9" not in table and ">7<" not in table and ">5<" not in table and "77,8" not in html


def test_every_measurement_is_drawn_and_stands_in_the_table(as_lead, kli):
    for day, activated in ((6, 40), (13, 60), (20, 80)):
        make_figures(kli, dt.date(2018, 3, day), activated=activated, weekly_active=30, on_mobile=None)
    html = as_lead.get(REVIEW).text
    assert html.count("ur-plot__dot") == 1 + 2 * 3, "the key, and three dots for the wave and for the agency"
    assert "13. mars 2018 60,0 % 50,0 %" in words(as_lead.get(REVIEW))
    assert 'style="' not in html


def test_a_wave_that_is_not_open_for_all_says_so(as_lead):
    assert "Pulje 2 er ikke åpnet for alle ennå." in words(as_lead.get(f"{R}waves/2/review/"))
    assert as_lead.get(f"{R}waves/9/review/").status_code == 404
    assert as_lead.get(f"{R}waves/2/review/import/").status_code == 404


def test_a_reader_sees_the_review_and_no_form(client, kli):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    response = client.get(REVIEW)
    assert "Avslutt evalueringen" not in words(response) and f"{REVIEW}close/" not in response.text


# -- figures -------------------------------------------------------------------------------------------------------


def test_figures_are_typed_on_a_page_or_in_a_dialog(as_lead, kli):
    page = f"{REVIEW}kli/figures/"
    assert 'id="dialog-heading"' in as_lead.get(page, headers=HTMX).text
    response = as_lead.post(page, TYPED, follow=True)
    assert "Tallene for Klimaetaten er lagt inn." in words(response)
    assert UsageFigures.objects.get().activated == 80
    html = as_lead.get(page).text
    assert 'value="Innsikt"' in html and "Har logget inn" in html, "the next time begins with the same words"


def test_the_next_agency_of_the_wave_begins_with_the_words_of_the_one_before(as_lead, kli):
    bre = make_ready(place(make_agency("oby", name="Omsorgsbygg"), kli.wave))
    type(bre).objects.filter(pk=bre.pk).update(all_staff_access_at=kli.wave.all_staff_opened_at)
    as_lead.post(f"{REVIEW}kli/figures/", TYPED)
    html = as_lead.get(f"{REVIEW}oby/figures/").text
    assert 'value="Innsikt"' in html and "Har logget inn" in html


def test_a_review_that_has_ended_leads_on_to_the_next_wave(as_lead, kli):
    close(as_lead)
    assert re.search(r'href="/r/workplace-2018/waves/2/">Videre til pulje 2<', as_lead.get(REVIEW).text)


def test_figures_that_do_not_add_up_are_told_at_the_field_and_what_was_typed_stays(as_lead):
    response = as_lead.post(f"{REVIEW}kli/figures/", TYPED | {"invited": "1650", "activated": "1651"})
    assert response.status_code == 409
    assert "Kan ikke være flere enn inviterte (1 650)." in words(response)
    assert 'value="1651"' in response.text
    assert as_lead.post(f"{REVIEW}kli/figures/", TYPED | {"activated": ""}).status_code == 422
    assert not UsageFigures.objects.exists()


def upload(client, *rows, **more):
    content = "\r\n".join([";".join(usage_lists.COLUMNS), *rows]).encode()
    return client.post(f"{REVIEW}import/", {"file": SimpleUploadedFile("tall.csv", content)} | more)


GOOD_ROW = "kli;2018-03-21;100;80;12;11;50;30;7;0;1,5;Har logget inn;Innsikt"
BAD_ROW = "bre;i går;100;80;12;11;50;30;7;0;1,5;Har logget inn;Innsikt"


def test_a_file_is_tried_without_writing_and_carried_along_to_be_taken_in(as_lead):
    tried = upload(as_lead, GOOD_ROW)
    assert "tall.csv er prøvd. Ingenting er skrevet ennå. 1 linje er ny, 0 står her fra før." in words(tried)
    assert not UsageFigures.objects.exists()
    kept = re.search(r'name="kept" value="([^"]+)"', tried.text).group(1)
    done = as_lead.post(f"{REVIEW}import/", {"kept": kept, "name": "tall.csv", "run": "1"}, follow=True)
    assert "1 linje er lagt inn fra tall.csv." in words(done)
    assert UsageFigures.objects.get().source == "Innsikt"


def test_of_a_file_with_a_bad_line_nothing_is_written_and_each_fault_is_shown(as_lead):
    response = upload(as_lead, GOOD_ROW, BAD_ROW, run="1")
    assert response.status_code == 422
    assert "Ingenting er lest inn fra tall.csv. 1 linje må rettes." in words(response)
    assert "3 measured_on en dato, for eksempel 2018-03-20 i går" in words(response)
    assert not UsageFigures.objects.exists()
    assert as_lead.post(f"{REVIEW}import/", {}).status_code == 422


def test_a_file_for_a_review_that_has_ended_is_refused_in_words(as_lead, kli):
    make_review(kli.wave)
    response = upload(as_lead, GOOD_ROW, run="1")
    assert (response.status_code, UsageFigures.objects.count()) == (422, 0)
    assert "tallene for denne står fast" in words(response)


# -- lessons and criteria ------------------------------------------------------------------------------------------


def test_lessons_are_written_and_listed_by_pilot_and_wave_with_where_they_are_from(as_lead, lead):
    pilot = make_pilot(make_agency("bal", name="Bydel Alna"))
    said = {"texts": ["Logg inn sammen."], "source": "oppdiktet eksempel", "by": lead, "now": at("2018-02-01 10:00")}
    learning.write_lessons(placement=pilot, **said)
    response = as_lead.post(f"{R}lessons/agencies/kli/", {"text_1": "Begynn i tide."}, follow=True)
    assert response.redirect_chain[-1][0] == REVIEW
    told = words(as_lead.get(f"{R}lessons/"))
    assert "Pilotene Bydel Alna Logg inn sammen. (oppdiktet eksempel)" in told
    assert "Pulje 1 Evalueringen venter på en beslutning. Se evalueringen av pulje 1 Klimaetaten Begynn i tide." in told
    assert "Erfaringer fra pulje 1 Klimaetaten Begynn i tide." in words(as_lead.get(f"{R}waves/2/"))
    assert "Erfaringer fra pilotene Bydel Alna Logg inn sammen." in words(as_lead.get(f"{R}waves/1/"))


def test_lessons_of_an_agency_that_is_not_there_yet_are_refused(as_lead):
    response = as_lead.post(f"{R}lessons/agencies/bre/", {"text_1": "For tidlig."})
    assert response.status_code == 409 and not Lesson.objects.exists()


def as_shown(page: str) -> dict[str, str]:
    """What an untouched form sends along: how each field was shown."""
    return dict(re.findall(r'type="hidden" name="(initial-[^"]+)"(?: value="([^"]*)")?', page))


def test_two_pages_open_at_once_take_nothing_from_each_other(as_lead, kli):
    lessons, thresholds = f"{R}lessons/agencies/kli/", f"{R}lessons/criteria/"
    shown = {page: as_shown(as_lead.get(page).text) for page in (lessons, thresholds)}
    as_lead.post(lessons, shown[lessons] | {"text_1": "Begynn i tide."})
    as_lead.post(lessons, shown[lessons] | {"text_2": "Øv først."})
    assert list(kli.lessons.order_by("number").values_list("text", flat=True)) == ["Begynn i tide.", "Øv først."]
    refused = as_lead.post(lessons, shown[lessons] | {"text_1": "Vent."})
    assert refused.status_code == 409 and "er nå «Begynn i tide.»" in refused.text

    before = {name.removeprefix("initial-"): value for name, value in shown[thresholds].items()}
    as_lead.post(thresholds, shown[thresholds] | before | {"activated": "60"})
    as_lead.post(thresholds, shown[thresholds] | before | {"weekly_active": "30"})
    kept = Criteria.objects.get()
    assert (kept.activated, kept.weekly_active) == (60, 30)


def test_thresholds_are_set_within_what_a_percentage_can_be(as_lead):
    page, shown = f"{R}lessons/criteria/", {name: str(getattr(Criteria(), name)) for name in reviewing.CRITERIA}
    assert as_lead.post(page, shown | {"activated": "101"}).status_code == 422
    assert as_lead.post(page, shown | {"activated": "60"}).status_code == 302
    assert Criteria.objects.get().activated == 60


# -- the decision --------------------------------------------------------------------------------------------------


def test_the_decision_freezes_the_page_and_lets_the_next_wave_go(as_lead, kli, lead):
    row = make_figures(kli, MEASURED)
    response = close(as_lead, "slower", seen=row.pk, follow=True)
    told = words(response)
    assert "Pulje 1 er evaluert og lukket. Tempoet videre: saktere." in told
    assert "Beslutning Saktere Det gikk bra." in told and "Forslaget var: samme tempo" in told
    kli.wave.refresh_from_db()
    assert kli.wave.state == WaveState.CLOSED
    reviewing.set_criteria(rollout=kli.rollout, by=lead, now=at("2018-03-22 11:00"), activated=95)
    assert "80,0 % minst 50 % Oppfylt" in words(as_lead.get(REVIEW)), "held against what it was held against then"
    as_lead.post(f"{R}waves/2/go/", {"reason": "Klare", "version": 1})
    assert Decision.objects.get().override == ""


def test_the_page_tells_of_how_many_agencies_the_decision_is(as_lead, kli):
    page = as_lead.get(REVIEW).text
    assert 'name="agencies_seen" value="1"' in page
    refused = as_lead.post(f"{REVIEW}close/", {"pace": "same", "reason": "Bra", "seen": 0, "agencies_seen": 0})
    assert refused.status_code == 409
    assert "Tallene er endret siden du så dem" in words(refused)
    assert 'name="agencies_seen" value="1"' in refused.text and "Bra" in refused.text


def test_a_decision_on_other_criteria_than_those_shown_is_refused_and_the_next_press_is_for_the_new_ones(
    as_lead, kli, lead
):
    def decide(page):
        seen = dict(re.findall(r'name="(\w*seen)" value="([^"]*)"', page.text))
        return as_lead.post(f"{REVIEW}close/", seen | {"pace": "same", "reason": "Bra"})

    shown = as_lead.get(REVIEW)
    reviewing.set_criteria(rollout=kli.rollout, by=lead, now=at("2018-03-22 11:00"), activated=95)
    refused = decide(shown)
    assert refused.status_code == 409
    assert "Kriteriene er endret siden du så dem" in words(refused)
    assert (decide(refused).status_code, Review.objects.count()) == (302, 1)


def test_without_pace_or_reason_or_on_other_figures_nothing_is_decided(as_lead, kli):
    assert close(as_lead, pace="", headers=HTMX).status_code == 422
    assert "Skriv en begrunnelse" in words(close(as_lead, reason=""))
    row = make_figures(kli, MEASURED)
    refused = close(as_lead, headers=HTMX)
    assert refused.status_code == 409 and "Tallene er endret siden du så dem" in words(refused)
    assert f'name="seen" value="{row.pk}"' in refused.text and "Det gikk bra." in refused.text
    assert not Review.objects.exists()


def test_a_go_before_the_review_is_offered_as_an_exception_with_a_reason_of_its_own(as_lead):
    page = f"{R}waves/2/"
    assert "Klarsignal nå er et unntak, og må begrunnes." in words(as_lead.get(page))
    refused = as_lead.post(f"{page}go/", {"reason": "Klare", "version": 1})
    assert refused.status_code == 409 and "skriv hvorfor puljen skal få klarsignal likevel" in words(refused)
    done = as_lead.post(f"{page}go/", {"reason": "Klare", "version": 1, "override": "Tallene kommer."}, follow=True)
    assert "Unntak fra evalueringen av puljen før: Tallene kommer." in words(done)


def test_a_wave_whose_review_is_decided_asks_for_no_exception(as_lead, kli):
    make_review(kli.wave, pace=Pace.FASTER)
    assert "unntak" not in words(as_lead.get(f"{R}waves/2/"))
    assert "Pulje 1 er lukket." in words(as_lead.get(f"{R}waves/1/"))


def test_the_overview_names_the_reviews_that_wait_until_they_have_ended(as_lead, kli):
    assert "Venter på evaluering: Pulje 1" in words(as_lead.get(R))
    close(as_lead)
    assert "Venter på evaluering" not in words(as_lead.get(R))


# -- who is let in when the review has ended ---------------------------------------------------------------------------


@pytest.fixture
def bns(kli, lead):
    """Held at all staff, and let in after wave 1's review had ended with Klimaetaten's figures."""
    at_gate = at("2018-03-22 10:00")
    make_figures(kli, MEASURED)
    held = {"leaders_access_at": at_gate, "employees_at_opening": 100, "held_at": at_gate}
    bns = place(make_agency("bns", name="Bydel Nordstrand"), kli.wave, **held)
    reviewing.close(wave=kli.wave, pace=Pace.SAME, reason="Det gikk bra.", by=lead, now=at_gate)
    opening.release(placement=bns, reason="Har signert", by=lead, now=at_gate)
    return bns


def test_who_came_after_the_review_stands_apart_from_what_is_frozen(as_lead, bns):
    page = as_lead.get(REVIEW)
    frozen, later = page.text.split('id="later"')
    assert "Bydel Nordstrand" not in words(page).split("Sluppet inn etter evalueringen")[0]
    assert "bns/figures/" in later and "lessons/agencies/bns/" in later
    assert "kli/figures/" not in page.text, "what is frozen is not offered"
    charts = frozen.count("ur-plot__svg")

    as_lead.post(f"{REVIEW}bns/figures/", TYPED | {"measured_on": "2018-03-22"})
    as_lead.post(f"{R}lessons/agencies/bns/", {"text_1": "Sjekk signaturen."})

    frozen, later = as_lead.get(REVIEW).text.split('id="later"')
    assert "80 / 100" in words_of(later) and "Sjekk signaturen." in later
    assert "Definisjon: Har logget inn · Kilde: Innsikt" in words_of(later)
    assert frozen.count("ur-plot__svg") == charts and "Sjekk signaturen." not in frozen
    assert [one["slug"] for one in Review.objects.get().figures] == ["kli"]
    assert "Sjekk signaturen." in words(as_lead.get(f"{R}lessons/"))


def test_a_file_after_the_review_takes_in_who_came_later_and_nothing_that_is_frozen(as_lead, bns):
    assert "Les inn tall fra fil" in as_lead.get(REVIEW).text
    template = as_lead.get(f"{REVIEW}template.csv").content.decode("utf-8-sig")
    assert template.splitlines()[1].startswith("bns;") and "kli" not in template
    row = GOOD_ROW.replace("kli", "bns").replace("03-21", "03-22")
    refused = upload(as_lead, row, GOOD_ROW.replace(";80;", ";81;"))
    assert refused.status_code == 422 and "tallene for denne står fast" in words(refused)
    done = upload(as_lead, row, run="1")
    assert (done.status_code, UsageFigures.objects.filter(placement=bns).count()) == (302, 1)


def test_a_reader_sees_who_came_later_and_no_way_to_enter(client, bns):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    page = client.get(REVIEW)
    assert "Sluppet inn etter evalueringen" in words(page)
    assert "bns/figures/" not in page.text and "Les inn tall fra fil" not in page.text
