"""Wave 1 with one ready agency and one that is not, on the demo's first morning; and the gestures of its page."""

import html
import re

import pytest

from agencies.models import RoleName
from rollout.domain import opening
from tests import factories as make
from tests.factories import at

WAVE = "/r/workplace-2018/waves/1/"
HTMX = {"HX-Request": "true"}
REASON = "Alt er på plass."


@pytest.fixture(autouse=True)
def in_february(february):
    """Every page of a wave is seen on that morning."""


@pytest.fixture
def wave(rollout):
    """Wave 1 with one ready agency and one that has not signed."""
    wave = rollout.waves.get(number=1)
    brann = make.make_agency("bre", name="Brann- og redningsetaten", employees=480)
    make.make_people(brann)
    make.make_ready(make.place(brann, wave))
    climate = make.make_agency("kli", name="Klimaetaten", employees=37)
    make.make_people(climate)
    make.make_ready(make.place(climate, wave), but_not=("guidelines_adopted",))
    return wave


@pytest.fixture
def as_reader(client):
    client.force_login(make.give_role("leser@example.org", RoleName.READER))
    return client


def part(page: str) -> str:
    """What the page's actions swap, without what differs from one request to the next."""
    found = page[page.index('<div class="ur-page" id="wave">') :].split("</main>")[0].rstrip()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", found)


def decide(client, what="go", *, version=1, reason=REASON, headers=None):
    return client.post(f"{WAVE}{what}/", {"reason": reason, "version": version}, headers=headers)


def defer(client, to, agency="kli", **extra):
    return client.post(f"{WAVE}defer/{agency}/", {"to": to}, **extra)


def see_dates(client, leaders_on="2018-02-08", all_staff_on="2018-02-27", *, wave=1, headers=None, **more):
    """What the dates will do, before they are set. Returns the answer, and what the form carries on to setting them."""
    data = {"leaders_on": leaders_on, "all_staff_on": all_staff_on, "reason": "Ny frist"} | more
    shown = client.post(f"/r/workplace-2018/waves/{wave}/dates/", data | {"preview": "1"}, headers=headers)
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    return shown, data | {"seen": html.unescape(seen.group(1))} if seen else None


def set_dates(client, *dates, wave=1, headers=None, **more):
    """See what the dates will do, and set them; or the answer where they cannot be."""
    shown, data = see_dates(client, *dates, wave=wave, headers=headers, **more)
    return client.post(f"/r/workplace-2018/waves/{wave}/dates/", data, headers=headers) if data else shown


def open_for_leaders_and_then_one_lacks_a_signature(wave):
    """Both were let in with the leaders; then a new text is signed by one."""
    make.sign(wave.placements.get(agency__slug="kli"))
    make.give_go(wave)
    opening.open_due(now=at("2018-02-07 08:00"))
    version = make.make_guidelines(wave.rollout, number=2, text="Ny tekst")
    make.sign(wave.placements.get(agency__slug="bre"), version=version)


def open_for_all_with_one_held(wave):
    open_for_leaders_and_then_one_lacks_a_signature(wave)
    opening.open_due(now=at("2018-02-27 08:00"))
    make.set_clock(at("2018-02-27 09:00"))
