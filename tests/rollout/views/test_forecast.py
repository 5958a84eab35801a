"""*Når er vi ferdige?* over HTTP: what a worker has made is shown with its reasons; the page computes nothing."""

import json

import pytest
from django.core.management import CommandError, call_command

from rollout import tasks
from rollout.domain import scheduling
from rollout.domain.forecasting import keeping, ranges
from rollout.models import Forecast
from tests import factories as make
from tests.factories import at
from tests.pages import text_of
from tests.shell import Ended, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
OVERVIEW = "/r/workplace-2018/"
PAGE = f"{OVERVIEW}forecast/"


@pytest.fixture
def rollout():
    rollout = make.make_rollout(waves=3)
    for number in (1, 2, 3):
        make.make_ready(make.place(make.make_agency(f"a{number}", employees=400), rollout.waves.get(number=number)))
    late = make.place(make.make_agency("kli", name="Klimaetaten", employees=20), rollout.waves.get(number=1))
    make.make_ready(late, but_not=("sponsor",))
    return rollout


def read(client, address=PAGE) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return text_of(response.text.split("<main")[1].split("</main>")[0]).replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_shows_what_is_kept_with_ranges_fan_reasons_and_where_it_is_from(as_lead, rollout):
    made = keeping.keep(rollout, now=make.NOW, futures=400)
    text = read(as_lead)
    assert "Alle har trolig tilgang mellom" in text
    assert "Ingen pulje er fullført ennå" in text
    for heading in (
        "Når alle i puljen har tilgang",
        "Medarbeidere med tilgang, uke for uke",
        "Hva ville hjelpe mest?",
        "Hva bygger det på?",
        "Slik regner vi",
    ):
        assert heading in text
    assert "med 400 forløp og frø 2018" in text
    # Each drawing has its table: a row for every wave and the whole, and for every week.
    html = as_lead.get(PAGE).text
    assert html.count("<caption>") == 2
    assert text.count("uke ") >= len(made.figures["weeks"])
    assert "Hele køen" in text
    assert Forecast.objects.count() == 1


def test_the_page_says_that_the_contract_has_too_few_licences_and_for_whom(as_lead, rollout):
    rollout.licence_pool.size = 900
    rollout.licence_pool.save()
    keeping.keep(rollout, now=make.NOW, futures=400)
    text = read(as_lead)
    assert "Avtalen har 320 lisenser for lite, og fra pulje 3 rekker de ikke." in text
    assert "Virksomheter som avtalen har for få lisenser til: koster" in text
    assert "Avtalen har 900 ledige, og det er 320 for lite." in text


def test_a_forecast_kept_before_licences_and_holds_were_counted_is_still_shown(as_lead, rollout):
    kept = keeping.keep(rollout, now=make.NOW, futures=60)
    figures = kept.figures
    del figures["licences"], figures["known"]["held"], figures["believed"]["held_percent"]
    Forecast.objects.filter(pk=kept.pk).update(figures=figures)
    assert "Alle har trolig tilgang mellom" in read(as_lead)


def test_the_page_says_that_the_plan_has_changed_since(as_lead, rollout):
    keeping.keep(rollout, now=make.NOW, futures=50)
    assert "planen eller dagen er en annen nå" not in read(as_lead)
    wave = rollout.waves.get(number=3)
    scheduling.set_people_cap(wave=wave, cap=500, by=make.make_lead(), now=make.NOW)
    assert "planen eller dagen er en annen nå" in read(as_lead)
    assert "før siste endring i planen" in read(as_lead, OVERVIEW)


def test_before_any_is_made_the_page_says_so_and_makes_none(as_lead, rollout):
    assert "Ingen prognose er laget ennå" in read(as_lead)
    assert "Når er vi ferdige?" not in read(as_lead, OVERVIEW)
    assert not Forecast.objects.exists()


def test_the_pages_never_draw_a_future(as_lead, rollout, monkeypatch):
    keeping.keep(rollout, now=make.NOW, futures=50)

    def drawn(*args, **kwargs):
        raise AssertionError("a page drew futures")

    monkeypatch.setattr(ranges, "draw", drawn)
    for address in (PAGE, OVERVIEW, f"{OVERVIEW}status/coming/"):
        assert as_lead.get(address).status_code == 200, address


def test_the_overview_answers_when_we_are_done_and_takes_a_newer_forecast_at_once(as_lead, rollout):
    wave = rollout.waves.get(number=3)
    scheduling.set_people_cap(wave=wave, cap=500, by=make.make_lead(), now=make.NOW)
    assert "Alle har trolig tilgang" not in read(as_lead, OVERVIEW)
    tasks.make_forecasts()
    text = read(as_lead, OVERVIEW)
    assert "Når er vi ferdige? Alle har trolig tilgang mellom" in text
    assert f'href="{PAGE}"' in as_lead.get(OVERVIEW).text


def test_when_everybody_has_access_there_is_nothing_left_to_foretell(as_lead, rollout):
    opened = at("2018-03-01 08:00")
    rollout.waves.update(state="all_open", leaders_opened_at=opened, all_staff_opened_at=opened)
    rollout.placements.update(leaders_access_at=opened, all_staff_access_at=opened, employees_at_opening=10)
    keeping.keep(rollout, now=make.NOW, futures=50)
    text = read(as_lead)
    assert "Alle har tilgang. Den siste fikk det 1. mars 2018." in text
    assert "Hva ville hjelpe mest?" not in text


def test_a_rollout_without_agencies_says_that_there_is_nothing_to_foretell(as_lead):
    rollout = make.make_rollout(slug="tom")
    keeping.keep(rollout, now=make.NOW, futures=50)
    assert "det er ingenting å anslå" in read(as_lead, "/r/tom/forecast/")


def test_the_worker_makes_one_for_each_plan_as_it_changes(rollout):
    tasks.make_forecasts()
    tasks.make_forecasts()
    assert Forecast.objects.count() == 1
    assert Forecast.objects.get().figures["futures"] == 10_000


def test_the_command_says_the_same_as_json_and_in_words_and_repeats_itself(rollout, capsys):
    def told(*options: str) -> str:
        call_command("forecast", "--futures=200", *options)
        return capsys.readouterr().out

    as_json = json.loads(told("--json"))
    assert (as_json["futures"], as_json["seed"], as_json["rollout"]) == (200, 2018, "workplace-2018")
    assert [wave["number"] for wave in as_json["waves"]] == [1, 2, 3]
    assert told("--json") == told("--json")
    assert json.loads(told("--json", "--seed=7"))["finish"] != as_json["finish"]
    words = told()
    assert "Pulje 3:" in words
    assert "200 beregnede forløp, frø 2018." in words
    assert not Forecast.objects.exists()


@pytest.mark.parametrize("option", ["--futures=0", "--seed=-1"])
def test_the_command_refuses_numbers_that_make_no_sense(rollout, option):
    with pytest.raises(CommandError, match="minst 1"):
        call_command("forecast", option)


def test_the_command_refuses_more_futures_than_there_is_memory_for(rollout):
    """Ten times what a plan of this size gets; nothing is drawn first."""
    ended = run("forecast", "--futures=1000000000000")
    assert ended == Ended(1, "", "Høyst 100\N{NO-BREAK SPACE}000 forløp beregnes av en plan av denne størrelsen.\n")


def test_the_command_draws_the_fewest_that_are_asked_for(rollout):
    assert "1 beregnede forløp, frø 2018." in run("forecast", "--futures=1").out
