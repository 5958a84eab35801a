"""The calendar's page, and the periods and the last day that a lead sets on it (rule 12)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import RoleName
from rollout import reference
from rollout.models import BlackoutPeriod, PlanEvent
from tests import factories as make
from tests.pages import text_of
from tests.rollout.views.waves.conftest import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february", "rollout")]
CALENDAR = "/r/workplace-2018/calendar/"
OWN_WEEK = {
    "name": "Valguken",
    "first_day": "2018-05-28",
    "last_day": "2018-06-01",
    "hard": "hard",
    "source": "Valgstyret",
    "confirmed": "on",
}


@pytest.fixture
def rollout():
    rollout = make.make_rollout(waves=5)
    BlackoutPeriod.objects.bulk_create(
        BlackoutPeriod(rollout=rollout, **row._asdict()) for row in reference.default_blackouts()
    )
    return rollout


def period(rollout, name, year=2018):
    return rollout.blackouts.get(name=name, first_day__year=year)


def test_the_years_periods_holidays_and_openings_are_shown(as_lead):
    words = text_of(as_lead.get(CALENDAR).text)
    assert "Vinterferie 19. feb. – 23. feb. 8 Varsles Skoleruten for Oslo (osloskolen.no)" in words
    assert (
        "Fellesferie 9. juli – 29. juli 28–30 Nektes Siste tre hele uker i juli; ikke bekreftet Ikke bekreftet" in words
    )
    assert "17. Grunnlovsdag (helligdag)" in words
    assert "26. Påskeferie, til 2. apr. (varsles)" in words
    assert "16. Pulje 5 åpner for ledere i «Skolens sommerferie»" in words
    assert "4. Pulje 2 åpner for ledere 17." in words, "an opening on a day that is open is told without a warning"


def test_another_year_is_chosen_by_its_link_and_an_unknown_one_is_this_year(as_lead):
    words = text_of(as_lead.get(CALENDAR, {"year": "2027"}).text)
    assert "Sperreperioder i 2027" in words
    assert words.count("Ikke bekreftet") == 6
    for unknown in ("1999", "x", "²", "99999999"):
        assert "Sperreperioder i 2018" in text_of(as_lead.get(CALENDAR, {"year": unknown}).text)


def test_who_only_reads_is_offered_nothing_to_change(client, rollout):
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    page = client.get(CALENDAR).text
    assert "Fellesferie" in page
    assert "Ny periode" not in page
    assert "Fjern" not in page


def test_a_lead_adds_a_week_of_their_own(as_lead, rollout):
    response = as_lead.post(f"{CALENDAR}new/", OWN_WEEK)
    assert response["Location"] == f"{CALENDAR}?year=2018"
    added = period(rollout, "Valguken")
    assert (added.hard, added.source, added.confirmed) == (True, "Valgstyret", True)
    assert "«Valguken» står i kalenderen, mandag 28. mai 2018 til fredag 1. juni 2018." in as_lead.get(CALENDAR).text


@pytest.mark.parametrize(
    ("wrong", "status", "field", "why"),
    [
        ({"name": ""}, 422, "name", "Feltet er påkrevet"),
        ({"last_day": "2018-05-01"}, 409, "last_day", "Siste dag må være lik eller etter første dag."),
        ({"last_day": "i sommer"}, 422, "last_day", "gyldig dato"),
        ({"name": "Fellesferie", "first_day": "2018-07-09", "last_day": "2018-07-29"}, 409, "name", "finnes alt"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(as_lead, rollout, wrong, status, field, why):
    response = as_lead.post(f"{CALENDAR}new/", OWN_WEEK | wrong)
    assert response.status_code == status
    assert why in re.search(rf'id="id_{field}_error".*?</p>', response.text, re.S).group()
    assert 'value="Valgstyret"' in response.text
    assert not PlanEvent.objects.exists()


def test_a_hard_week_over_an_opening_is_refused_with_what_to_do(as_lead, rollout):
    response = as_lead.post(f"{CALENDAR}new/", OWN_WEEK | {"last_day": "2018-06-05"})
    assert response.status_code == 409
    assert "Pulje 4 åpner tirsdag 5. juni 2018. Gi puljen en annen dato først" in response.text


def test_an_unconfirmed_period_is_confirmed(as_lead, rollout):
    old = period(rollout, "Høstferie", 2026)
    page = as_lead.get(f"{CALENDAR}{old.pk}/").text
    assert 'value="2026-09-28"' in page
    data = {"name": old.name, "first_day": "2026-09-28", "last_day": "2026-10-02", "hard": "soft"}
    as_lead.post(f"{CALENDAR}{old.pk}/", data | {"source": "Skoleruten", "confirmed": "on"})
    assert period(rollout, "Høstferie", 2026).confirmed


def test_a_period_is_removed_after_it_was_asked(as_lead, rollout):
    gone = period(rollout, "Høstferie")
    assert "Fjerne Høstferie?" in text_of(as_lead.get(f"{CALENDAR}{gone.pk}/remove/", headers=HTMX).text)
    assert rollout.blackouts.filter(pk=gone.pk).exists()
    response = as_lead.post(f"{CALENDAR}{gone.pk}/remove/", headers=HTMX)
    assert response["HX-Redirect"] == f"{CALENDAR}?year=2018"
    assert not rollout.blackouts.filter(pk=gone.pk).exists()


@pytest.mark.parametrize("what", ["", "remove/"])
def test_a_period_that_another_has_removed_is_told_of(as_lead, rollout, what):
    gone = period(rollout, "Høstferie")
    gone_id = gone.pk
    gone.delete()
    response = as_lead.post(f"{CALENDAR}{gone_id}/{what}", OWN_WEEK, follow=True)
    assert "Perioden er fjernet eller endret siden du så den." in response.text


def test_the_last_day_is_set_and_openings_after_it_are_told(as_lead, rollout):
    as_lead.post(f"{CALENDAR}last-day/", {"ends_on": "2018-08-20"})
    words = text_of(as_lead.get(CALENDAR).text)
    assert "Mandag 20. august 2018 ." in words
    assert "Pulje 5 åpner tirsdag 28. august 2018, etter utrullingens siste dag (mandag 20. august 2018)." in words
    as_lead.post(f"{CALENDAR}last-day/", {"ends_on": ""})
    assert "Ikke bestemt." in as_lead.get(CALENDAR).text


def test_its_queries_do_not_grow_with_waves_and_periods(as_lead, rollout):
    as_lead.get(CALENDAR)
    with CaptureQueriesContext(
        connection,
    ) as few:
        as_lead.get(CALENDAR)
    for number in range(6, 31):
        make.make_wave(rollout, number)
        BlackoutPeriod.objects.create(
            rollout=rollout, name=f"Uke {number}", first_day="2018-11-05", last_day="2018-11-09"
        )
    with CaptureQueriesContext(connection) as many:
        as_lead.get(CALENDAR)
    assert len(many) == len(few)
