"""Every route x role x method: who passes, and who is told what (tests.access holds the table)."""

from itertools import product

import pytest

from tests.access import ANYONE, EVERYONE, PASSED, TABLE, WAYS, asks_to_sign_in, right, routes
from tests.access_world import send, world  # noqa: F401

pytestmark = pytest.mark.django_db


def test_every_route_has_its_line_and_every_line_its_route():
    assert routes() == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_each_role_passes_where_the_table_says_and_nowhere_else(name):
    line, wrong = TABLE[name], []
    for role, (method, htmx) in product(sorted(EVERYONE), WAYS):
        response = send(f"{role}@example.org", method, name, line, htmx=htmx)
        if not right(response, role, line.who(method), method):
            wrong.append((role, method, htmx, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("name", TABLE)
def test_before_signing_in_one_is_asked_to_and_told_nothing(name):
    line, wrong = TABLE[name], []
    for method, htmx in WAYS:
        response = send(None, method, name, line, htmx=htmx)
        if ANYONE in (line.get, line.post):
            fine = response.status_code in (PASSED if line.who(method) == ANYONE else (302, 405))
        else:
            fine = asks_to_sign_in(response) and response.content == b""
        if not fine:
            wrong.append((method, htmx, response.status_code))
    assert wrong == []
