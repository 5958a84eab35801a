"""A wave is reviewed: figures in, criteria held against them, lessons on, a decision, and only then the next go."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from agencies.models import Agency
from rollout.domain import together
from rollout.models import Placement, Review, Rollout, Wave
from rollout.reference import proposed_plan
from tests.factories import NOW, at, make_figures, make_lead, make_ready, open_for_all, set_clock

pytestmark = pytest.mark.browser
LEAD = "Prosjektleder"


@pytest.fixture
def at_the_gate(demo) -> Wave:
    """22 March: wave 1 has been open for all for three weeks; three weeks' figures from all but Klimaetaten."""
    rollout = Rollout.objects.active()
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=make_lead(), now=NOW)
    wave = open_for_all(rollout.waves.get(number=1))
    for placement in wave.placements.exclude(agency__slug="kli").select_related("agency"):
        invited = placement.headcount
        for week, share in enumerate((0.35, 0.52, 0.66)):
            active = int(invited * share)
            make_figures(
                placement,
                dt.date(2018, 3, 7) + dt.timedelta(weeks=week),
                invited=invited,
                activated=active,
                weekly_active=int(active * (0.7 - 0.1 * week)),
                on_mobile=None,
            )
    for placement in rollout.waves.get(number=2).placements.select_related("agency", "course_version"):
        make_ready(placement)
    set_clock(at("2018-03-22 09:00"))
    return wave


def test_a_wave_is_reviewed_and_the_next_gets_its_go(visitor, at_the_gate):
    visitor.sign_in(LEAD)
    page = visitor.visit("/")
    page.get_by_role("link", name="Pulje 1").last.click()
    expect(page.get_by_role("heading", name="Evaluering av pulje 1", level=1)).to_be_visible()
    expect(page.get_by_text("Tall mangler for Klimaetaten.")).to_be_visible()
    visitor.check("the review before its figures are whole")

    page.get_by_role("link", name="Tall for Klimaetaten").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Tall for Klimaetaten")).to_be_visible()
    headcount = Agency.objects.get(slug="kli").employees
    for label, number in {
        "Inviterte": headcount,
        "Aktiverte kontoer": headcount + 1,
        "Inviterte ledere og nøkkelpersoner": 4,
        "Aktiverte ledere og nøkkelpersoner": 4,
        "Ukentlig aktive": 20,
        "Henvendelser til brukerstøtte": 3,
        "Etterslep i brukerstøtten (dager)": 1,
        "Åpne alvorlige hendelser": 0,
        "Definisjon": "Aktivert: har logget inn. Aktiv: har lest eller skrevet siste sju dager.",
        "Kilde": "Innsikt, uke 12",
    }.items():
        dialog.get_by_label(label, exact=True).fill(str(number))
    visitor.check("the figures")
    dialog.get_by_role("button", name="Legg inn tallene").click()
    expect(dialog.get_by_text(f"Kan ikke være flere enn inviterte ({headcount}).").first).to_be_visible()
    dialog.get_by_label("Aktiverte kontoer", exact=True).fill(str(headcount - 5))
    dialog.get_by_role("button", name="Legg inn tallene").click()
    expect(page.get_by_text("Tallene for Klimaetaten er lagt inn.")).to_be_visible()
    expect(page.get_by_text("under ti").first).to_be_visible()

    page.get_by_role("link", name="Erfaringer fra Klimaetaten").click()
    dialog.get_by_label("Erfaring 1").fill("Sett av tid i avdelingsmøtet til å logge inn sammen.")
    dialog.get_by_role("button", name="Lagre erfaringene").click()
    expect(page.get_by_text("Sett av tid i avdelingsmøtet til å logge inn sammen.")).to_be_visible()
    expect(page.get_by_text("klarsignal: alt er oppfylt")).to_be_visible()
    for one in page.locator(".ur-plot summary").all():
        one.click()
    visitor.check("the review with all its figures")

    visitor.visit("/waves/2/")
    expect(page.get_by_text("Evalueringen av pulje 1 har ikke endt i en beslutning.")).to_be_visible()
    page.get_by_label("Begrunnelse", exact=True).fill("Alle er klare")
    page.get_by_role("button", name="Gi klarsignal").click()
    expect(page.get_by_text("skriv hvorfor puljen skal få klarsignal likevel").first).to_be_visible()
    visitor.check("a go refused before the review")
    assert not Wave.objects.get(number=2).has_go

    visitor.visit("/r/workplace-2018/waves/1/review/")
    page.get_by_label("Samme tempo").check()
    page.get_by_label("Begrunnelse").fill("Tallene er gode, og brukerstøtten holder følge.")
    page.get_by_role("button", name="Avslutt evalueringen").click()
    expect(page.get_by_text("Pulje 1 er evaluert og lukket. Tempoet videre: samme tempo.")).to_be_visible()
    assert Review.objects.get().reason.startswith("Tallene er gode")
    visitor.check("the review when it has ended")

    visitor.visit("/waves/2/")
    expect(page.get_by_text("Sett av tid i avdelingsmøtet til å logge inn sammen.", exact=True)).to_be_visible()
    page.get_by_label("Begrunnelse", exact=True).fill("Alle er klare")
    page.get_by_role("button", name="Gi klarsignal").click()
    expect(page.get_by_text("Klarsignal gitt").first).to_be_visible()
    visitor.check("the next wave with its go")


def test_figures_come_from_a_file_and_the_pilots_lessons_are_there_from_the_start(at_laptop, at_the_gate):
    at_laptop.sign_in(LEAD)
    page = at_laptop.visit("/r/workplace-2018/waves/1/review/import/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Last ned en mal (CSV)").click()
    headings, *lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert any(line.startswith("kli;") for line in lines)
    row = "kli;2018-03-21;30;25;4;4;20;;3;0;1;Har logget inn;Innsikt"
    chosen = {"name": "tall.csv", "mimeType": "text/csv", "buffer": f"{headings}\n{row}".encode()}
    page.get_by_label("Tall fra verktøyet").set_input_files(chosen)
    page.get_by_role("button", name="Prøv først").click()
    expect(page.get_by_text("tall.csv er prøvd. Ingenting er skrevet ennå.")).to_be_visible()
    at_laptop.check("the file when it was tried")
    page.get_by_role("button", name="Les inn").click()
    expect(page.get_by_text("1 linje er lagt inn fra tall.csv.")).to_be_visible()
    assert Placement.objects.get(agency__slug="kli").usage_figures.get().activated == 25

    at_laptop.visit("/lessons/")
    expect(page.get_by_role("heading", name="Pilotene")).to_be_visible()
    expect(page.get_by_text("(oppdiktet eksempel)").first).to_be_visible()
    at_laptop.check("the lessons")
