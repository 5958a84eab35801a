"""The overview for those who are no leads, of a rollout that is not the active one, and how much it asks."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import RoleName
from rollout.domain import placing
from tests import factories as make
from tests.rollout.views.test_overview import HOME, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]


@pytest.mark.parametrize("role", [RoleName.SPONSOR, RoleName.READER])
def test_others_who_see_the_plan_see_it_without_what_only_a_lead_does(client, rollout, role):
    client.force_login(make.give_role("sentral@example.org", role))
    html = client.get(HOME).text.split("<main")[1]
    assert "Hva stopper oss nå?" in html
    for address in re.findall(r'href="(/[^"#]*)', html):
        assert client.get(address).status_code == 200, address
    assert "Legg dem inn på tavlen" not in html


def test_the_named_rollout_is_shown_and_not_the_active_one(as_lead, rollout):
    make.make_rollout(slug="neste", name="Neste utrulling", is_active=False)
    assert "Ingen puljer er laget ennå." in read(as_lead, reverse("rollout:overview", args=["neste"]))


def test_the_number_of_queries_does_not_grow_with_agencies_waves_or_history(as_lead):
    def queries():
        as_lead.get(HOME)
        with CaptureQueriesContext(connection) as seen:
            assert as_lead.get(HOME).status_code == 200
        return len(seen)

    rollout = make.make_rollout(waves=3)
    fill(rollout, 26)
    few = queries()
    for number in range(4, 31):
        make.make_wave(rollout, number)
    fill(rollout, 234)
    assert rollout.placements.count() == 260
    assert queries() == few


def fill(rollout, count):
    agencies = [make.make_agency() for _ in range(count)]
    waves = list(rollout.waves.order_by("-number"))
    for place, agency in enumerate(agencies):
        wave = waves[place // 5] if place < 5 * (len(waves) - 3) or (len(waves) == 3 and place < 13) else None
        placement = make.place(agency, wave)
        if place % 3 == 0:
            placing.move(placement=placement, to=None, by=None, now=make.NOW)
