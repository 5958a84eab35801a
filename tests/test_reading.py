"""No GET or HEAD changes anything (rule 11): the database itself is told to refuse it while each page is read."""

import pytest
from django.db import InternalError, connection, transaction

from tests.access import ANYONE, CHIEF, LEAD, TABLE, address
from tests.access_world import visitor, world  # noqa: F401

pytestmark = pytest.mark.django_db

#: The issuer sends people back here: the code in the address is used up, by nature.
COMES_BACK = "oidc-callback"
WAYS = (("get", {}), ("head", {}), ("get", {"HX-Request": "true"}))


def read(email: str | None, method: str, path: str, headers: dict):
    client, session = visitor(email)
    client.cookies.clear()
    if session:
        client.cookies["sessionid"] = session
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        answer = getattr(client, method)(path, headers=headers)
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if line.get and name != COMES_BACK])
def test_reading_a_page_writes_nothing_and_locks_nothing(name):
    line = TABLE[name]
    people = (None,) if line.get == ANYONE else (f"{LEAD}@example.org", f"{CHIEF}@example.org")
    for email in people:
        for method, headers in WAYS:
            assert read(email, method, address(name, line), headers).status_code != 500


def test_what_writes_would_be_refused():
    with pytest.raises(InternalError, match="read-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
        cursor.execute("DELETE FROM rollout_planevent")
