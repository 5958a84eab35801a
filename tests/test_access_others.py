"""Every route x role x method at agencies and rollouts that are not one's own, and for those who have no role left."""

from itertools import product

import pytest

from tests.access import ANYONE, LEAD, OWN, TABLE, WAYS
from tests.access_world import send, world  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if line.agency])
def test_another_agencys_pages_are_not_there(name):
    line, wrong = TABLE[name], []
    for role, other, (method, htmx) in product(sorted(OWN), ("vav", "kul", "finnes-ikke"), WAYS):
        response = send(f"{role}@example.org", method, name, line, htmx=htmx, agency=other)
        # Where nobody but leads comes, and where the method is missing, it is 404 all the same.
        if response.status_code != 404:
            wrong.append((role, other, method, htmx, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if "slug" in line.args])
def test_a_rollout_that_does_not_exist_has_no_pages(name):
    line = TABLE[name]
    for method, htmx in WAYS:
        if LEAD in (line.who(method) or ()):
            response = send(f"{LEAD}@example.org", method, name, line, htmx=htmx, slug="finnes-ikke")
            assert response.status_code == 404


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if ANYONE not in (line.get, line.post)])
def test_who_lost_every_role_passes_nowhere(name):
    for method, htmx in WAYS:
        response = send("uten.rolle@example.org", method, name, TABLE[name], htmx=htmx)
        assert response.status_code == 403
        assert method == "head" or "ingen rolle i Puljeplan" in response.content.decode()
