"""The pages of scenarios: made, changed, seen beside today's plan, adopted in part or whole, and dropped."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from rollout.domain import comparing, placing, scenarios, scheduling
from rollout.models import PlanEvent, Purpose, Scenario
from tests import factories
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]

JUNE = {"leaders_on": dt.date(2018, 6, 7), "all_staff_on": dt.date(2018, 6, 19)}


@pytest.fixture
def plan():
    rollout = factories.make_rollout(waves=3)
    for slug, number, people in (("bre", 2, 1_000), ("vav", 2, 500), ("ude", None, 17_000)):
        wave = rollout.waves.get(number=number) if number else None
        factories.place(factories.make_agency(slug, employees=people), wave, rollout=rollout)
    return rollout


@pytest.fixture
def lead(client, plan):
    lead = factories.make_lead()
    client.force_login(lead)
    return lead


def make(rollout, **fields) -> Scenario:
    return scenarios.make(
        **{"rollout": rollout, "name": "Rolig høst", "purpose": Purpose.WHAT_IF, "by": None, "now": NOW} | fields
    )


def url(name, rollout, scenario=None, **more):
    pk = {"pk": scenario.pk} if scenario else {}
    return reverse(f"rollout:{name}", kwargs={"slug": rollout.slug} | pk | more)


def where(rollout, slug):
    placement = rollout.placements.get(agency__slug=slug)
    return placement.wave.number if placement.wave else None


def edited(scenario, **changes):
    """What the form sends as it stands, with some fields otherwise."""
    places = {f"to-{s}": str(p["wave"]) if p["wave"] else "queue" for s, p in scenario.places.items()}
    dates = {f"{name}-{n}": day for n, days in scenario.dates.items() for name, day in days.items()}
    return {"name": scenario.name, "version": scenario.version} | places | dates | changes


def test_a_new_one_is_made_of_todays_plan_and_leads_on_to_changing_it(client, lead, plan):
    response = client.post(url("scenario-new", plan), {"name": "Rolig høst", "purpose": "what_if", "source": ""})

    made = Scenario.objects.get()
    assert response.url == url("scenario-edit", plan, made)
    assert (made.name, made.made_by, made.places) == ("Rolig høst", lead, made.base_places)
    assert not PlanEvent.objects.exists()


def test_a_new_one_of_another_has_its_moves(client, lead, plan):
    source = make(plan, places={"ude": {"wave": 4}, "bre": {"wave": None}}, dates={4: JUNE}, name="Grunnlag")

    client.post(url("scenario-new", plan), {"name": "Videre", "purpose": "what_if", "source": source.pk})

    made = Scenario.objects.get(name="Videre")
    assert (made.places, made.dates) == (source.places, source.dates)


def test_a_second_baseline_is_refused_in_words(client, lead, plan):
    make(plan, purpose=Purpose.BASELINE, name="Planen i januar")

    response = client.post(url("scenario-new", plan), {"name": "Til", "purpose": "baseline", "source": ""})

    assert response.status_code == 409
    assert "«Planen i januar» er referanseplan alt" in response.content.decode()


def test_moves_dates_and_a_new_wave_are_saved_and_the_plan_is_as_it_was(client, lead, plan):
    made = make(plan)
    new = {"leaders_on-4": "2018-06-07", "all_staff_on-4": "2018-06-19"}

    other = {"to-ude": "4", "to-bre": "front", "leaders_on-3": "2018-04-30"}
    response = client.post(url("scenario-edit", plan, made), edited(made, **other | new))

    assert response.url == url("scenario", plan, made)
    made.refresh_from_db()
    assert made.places["ude"] == {"wave": 4, "position": 1}
    assert made.places["bre"] == {"wave": None, "position": 1}
    assert (made.dates["3"]["leaders_on"], made.dates["4"]["leaders_on"]) == ("2018-04-30", "2018-06-07")
    assert (where(plan, "ude"), plan.waves.count(), PlanEvent.objects.count()) == (None, 3, 0)


def test_a_new_wave_is_gone_again_when_its_dates_are_emptied(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 4}}, dates={4: JUNE})

    refused = client.post(url("scenario-edit", plan, made), edited(made, **{"leaders_on-4": "", "all_staff_on-4": ""}))
    assert refused.status_code == 409
    assert "Pulje 4 finnes ikke. Velg en annen" in refused.content.decode()
    client.post(
        url("scenario-edit", plan, made), edited(made, **{"leaders_on-4": "", "all_staff_on-4": "", "to-ude": "queue"})
    )

    made.refresh_from_db()
    assert list(made.dates) == ["1", "2", "3"]


def test_a_new_wave_needs_both_dates(client, lead, plan):
    made = make(plan)
    response = client.post(url("scenario-edit", plan, made), edited(made, **{"leaders_on-4": "2018-06-07"}))
    assert response.status_code == 422
    assert "En ny pulje trenger begge datoene." in response.content.decode()


@pytest.mark.parametrize("mistyped", ["9999-12-31", "0018-06-07"])
def test_a_mistyped_year_is_told_at_its_date_and_not_drawn_week_by_week(client, lead, plan, mistyped):
    made = make(plan)
    response = client.post(url("scenario-edit", plan, made), edited(made, **{"all_staff_on-3": mistyped}))
    assert response.status_code == 422
    assert "Se over årstallet: det må være fra 2000 til 2099." in response.content.decode()
    made.refresh_from_db()
    assert made.version == 1


def test_a_change_over_anothers_is_refused(client, lead, plan):
    made = make(plan)
    old = edited(made, name="Min")
    client.post(url("scenario-edit", plan, made), edited(made, name="Din"))

    response = client.post(url("scenario-edit", plan, made), old)

    assert response.status_code == 409
    assert "«Din» er endret siden du så det" in response.content.decode()


def test_a_broken_rule_is_said_at_once_and_kept(client, lead, plan):
    for number in range(5):
        factories.place(factories.make_agency(f"etat{number}"), plan.waves.get(number=3))
    made = make(plan)

    response = client.post(
        url("scenario-edit", plan, made), edited(made, **{"to-ude": "3", "leaders_on-2": "2018-04-01"}), follow=True
    )

    page = response.content.decode()
    assert "Pulje 3 ville få 6 virksomheter, og har plass til 5. Flytt ut 1." in page
    assert "Pulje 2: Søndag 1. april 2018 kan ingenting åpne" in page
    assert client.post(url("scenario-adopt", plan, made), {"version": 2, "moves": ["ude"]}).status_code == 409
    assert where(plan, "ude") is None


def test_the_page_shows_both_plans_and_what_the_scenario_leads_to(client, lead, plan):
    factories.give_go(plan.waves.get(number=2))
    made = make(
        plan,
        places={"ude": {"wave": 2}},
        dates={2: {"leaders_on": dt.date(2018, 2, 12), "all_staff_on": dt.date(2018, 2, 26)}},
    )

    page = client.get(url("scenario", plan, made)).content.decode()

    for words in ("Virksomhet ude", "50 dager tidligere", "Klarsignalet for Pulje 2 faller bort.", "går over fristen"):
        assert words in page, words
    compared = client.get(url("scenario", plan, made)).context["page"].compared
    second = next(line for line in compared.waves if line.number == 2)
    assert (second.before.people, second.after.people) == (1_500, 18_500)
    assert (compared.weeks[-1].before, compared.weeks[-1].after) == (1_500, 18_500)


def test_a_new_wave_is_shown_beside_a_plan_that_has_it_not(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 4}}, dates={4: JUNE})

    page = " ".join(client.get(url("scenario", plan, made)).content.decode().split())

    assert "– → 19. juni 2018" in page
    assert "finnes ikke" in page


def test_what_is_ticked_is_adopted_and_one_press_takes_it_back(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 3}, "bre": {"wave": 3}}, dates={3: JUNE})

    chosen = {"version": 1, "moves": ["ude"], "waves": ["3"], "reason": "Roligere"}
    response = client.post(url("scenario-adopt", plan, made), chosen, follow=True)

    said = "En del av scenarioet «Rolig høst» er tatt i bruk: 1 flytting, 1 pulje med nye datoer."
    assert said in response.content.decode()
    assert (where(plan, "ude"), where(plan, "bre")) == (3, 2)
    change = PlanEvent.objects.latest("pk").change
    assert reverse("rollout:undo", args=[plan.slug, change]) in response.content.decode()
    history = client.get(reverse("rollout:history", args=[plan.slug])).content.decode()
    assert "Scenarioet «Rolig høst» er tatt i bruk" in history
    response = client.post(reverse("rollout:undo", args=[plan.slug, change]), follow=True)
    assert "Angret: 2 endringer er tatt tilbake." in response.content.decode(), "one move, one wave's dates"
    assert where(plan, "ude") is None
    assert plan.waves.get(number=3).leaders_on == dt.date(2018, 4, 26)
    made.refresh_from_db()
    assert made.is_open
    history = client.get(reverse("rollout:history", args=[plan.slug])).content.decode()
    assert "Angret: Scenarioet «Rolig høst»" in history


def test_a_go_that_came_after_the_page_was_shown_is_told_of_before_it_falls(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 2}})
    press = {"version": 1, "moves": ["ude"]}
    factories.give_go(plan.waves.get(number=2))

    refused = client.post(url("scenario-adopt", plan, made), press)

    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Pulje 2 har klarsignal, som faller bort om du tar dette i bruk" in page
    assert '<input type="hidden" name="goes" value="2">' in page
    assert client.post(url("scenario-adopt", plan, made), press | {"goes": ["2"]}).status_code == 302
    assert where(plan, "ude") == 2


def test_what_the_plan_moved_is_told_and_taken_in_with_one_press(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 3}, "bre": {"wave": 3}})
    kari = factories.make_lead("kari@example.org")
    placing.move(placement=plan.placements.get(agency__slug="bre"), to=plan.waves.get(number=1), by=kari, now=NOW)

    page = client.get(url("scenario", plan, made)).content.decode()
    assert "Virksomhet bre er flyttet siden scenarioet ble laget: kari@example.org flyttet den til Pulje 1" in page

    client.post(url("scenario-catch-up", plan, made), {"version": 1})

    made.refresh_from_db()
    assert (made.places["bre"]["wave"], made.places["ude"]["wave"]) == (1, 3)
    assert "flyttet siden" not in client.get(url("scenario", plan, made)).content.decode()
    assert client.post(url("scenario-adopt", plan, made), {"version": 2, "moves": ["ude"]}).status_code == 302


def test_a_dropped_one_can_be_read_and_not_adopted(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 3}})

    client.post(url("scenario-drop", plan, made))

    page = client.get(url("scenario", plan, made)).content.decode()
    assert "Forkastet av" in page
    assert "Ta i bruk det som er krysset av" not in page
    assert client.post(url("scenario-adopt", plan, made), {"version": 1, "moves": ["ude"]}).status_code == 409
    assert client.get(url("scenario-edit", plan, made)).url == url("scenario", plan, made)


def test_a_baseline_shows_the_drift_in_days_and_people(client, lead, plan):
    kept = make(plan, purpose=Purpose.BASELINE, name="Januar")
    wave = plan.waves.get(number=2)
    days = {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on + dt.timedelta(days=7)}
    scheduling.set_dates(wave=wave, **days, by=lead, now=NOW)
    placing.move(placement=plan.placements.get(agency__slug="ude"), to=wave, by=lead, now=NOW)

    response = client.get(url("scenario", plan, kept))

    assert "7 dager senere" in response.content.decode()
    compared = response.context["page"].compared
    assert (compared.weeks[-1].before, compared.weeks[-1].after) == (1_500, 18_500)
    assert [move.slug for move in compared.moves] == ["ude"]


def test_the_overview_says_how_far_the_plan_has_drifted_from_the_baseline(client, lead, plan):
    address = reverse("rollout:overview", args=[plan.slug])
    assert "Referanseplan" not in client.get(address).content.decode()
    kept = make(plan, purpose=Purpose.BASELINE, name="Januar")
    assert "Planen er som i referanseplanen" in client.get(address).content.decode()
    wave = plan.waves.get(number=2)
    days = {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on + dt.timedelta(days=7)}

    scheduling.set_dates(wave=wave, **days, by=lead, now=NOW)

    page = " ".join(client.get(address).content.decode().split())
    assert "7 dager senere enn i referanseplanen" in page
    assert url("scenario", plan, kept) in page


def test_people_of_an_agency_that_joined_since_do_not_hide_who_is_late(plan):
    make(plan, purpose=Purpose.BASELINE, name="Januar")
    wave = plan.waves.get(number=1)
    factories.place(factories.make_agency("ny", employees=700), wave)
    placing.move(placement=plan.placements.get(agency__slug="vav"), to=None, by=None, now=NOW)
    after_wave_2 = factories.at("2018-04-18 12:00")

    found = comparing.drift(plan, scenarios.today(plan), now=after_wave_2)

    assert (found.should_have, found.has) == (1_500, 1_000)


def test_the_comparison_can_be_taken_out(client, lead, plan):
    made = make(plan, places={"ude": {"wave": 3}})

    response = client.get(url("scenario-export", plan, made, suffix="csv"))

    lines = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";")
    rows = {next(iter(row.values())): row for row in lines}
    assert (rows["ude"]["I dag: pulje"], rows["ude"]["Scenario: pulje"]) == ("", "3")
    assert rows["ude"]["Scenario: alle"]


def test_another_rollouts_scenario_is_not_there(client, lead, plan):
    other = make(factories.make_rollout(slug="neste", waves=1))
    assert client.get(url("scenario", plan, other)).status_code == 404


# -- its forecast --------------------------------------------------------------------------------------------------


def test_a_later_scenario_is_forecast_to_end_later_than_today(client, plan, lead):
    scenario = make(plan, dates={3: JUNE}, places={"ude": {"wave": 3}, "vav": {"wave": 3}})
    text = client.get(url("scenario-forecast", plan, scenario)).text
    assert "Scenarioet blir i snitt ferdig" in text
    assert "dager senere" in text
    assert text.count('data-label="P80"') == 2
    assert f'hx-get="{url("scenario-forecast", plan, scenario)}"' in client.get(url("scenario", plan, scenario)).text


def test_the_forecast_is_a_part_of_the_page_where_that_asks_for_it(client, plan, lead):
    scenario = make(plan)
    text = client.get(url("scenario-forecast", plan, scenario), headers={"HX-Request": "true"}).text
    assert text.lstrip().startswith("<section")
    assert "De to blir i snitt ferdig samtidig." in text


def test_a_baseline_comes_first_and_todays_plan_is_held_against_it(client, plan, lead):
    baseline = make(plan, purpose=Purpose.BASELINE)
    scheduling.set_dates(wave=plan.waves.get(number=3), by=lead, now=NOW, **JUNE)
    placing.move(placement=plan.placements.get(agency__slug="vav"), to=plan.waves.get(number=3), by=lead, now=NOW)
    text = client.get(url("scenario-forecast", plan, baseline)).text
    assert "Dagens plan blir i snitt ferdig" in text
    assert text.index("Referanseplanen") < text.index("I dag")
