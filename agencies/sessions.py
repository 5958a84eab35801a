"""Sessions in the database, each read together with the person behind it and the roles held now: one query a request.

What a session holds is Django's own, signed; before it stands the person's id, so that the query can find the person.
"""

import functools
import json
import time
from collections.abc import Sequence
from typing import Any, cast

import psycopg
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends import db
from django.core import signing
from django.db import OperationalError, connection
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from agencies.models import Person

# Plain SQL, prepared once for each connection: this runs for every request, an open board's few seconds included, and
# building and planning it cost more than the asking. The other columns of a person are read where they are used.
_READ = """
SELECT %s, s.session_data, (
    SELECT json_agg(json_build_array(r.role, a.slug))::text
    FROM agencies_role r LEFT JOIN agencies_agency a ON a.id = r.agency_id
    WHERE r.person_id = p.id AND r.until IS NULL
), p.id, p.password, p.email, p.name
FROM django_session s
LEFT JOIN agencies_person p ON p.id = substring(s.session_data from '^[0-9]+')::bigint AND p.is_active
WHERE s.session_key = %%s AND s.expire_date > to_timestamp(%%s)
"""
_FIELDS = ("id", "password", "email", "name", "is_active", "erased_at")
_ACTIVE = (True, None)  # and so not erased: a constraint on the table


def read(key: str, *, also: str = "NULL", params: Sequence[Any] = ()) -> tuple[Any, tuple] | None:
    """What `also` is in SQL, and all that decides whom the session lets in where: what it holds, the roles, the person.

    `also` is one value, and may speak of the person as `p` and of the session as `s`.
    None: no such session, or it is over. The first query of nearly every request, and so also the check whether the
    connection still lives: Django's own would be a query more. One that has died since is opened anew, once.
    """
    if not key.isalnum():  # nobody's, and may hold what the database takes for no text
        return None
    sql, values, django = _READ % also, [*params, key, time.time()], cast(Any, connection)
    if django.in_atomic_block or django.health_check_done:
        found = _ask(sql, values)
    else:
        django.health_check_done = True
        try:
            found = _ask(sql, values)
        except OperationalError:
            connection.close()
            found = _ask(sql, values)
    return (found[0], found[1:]) if found else None


def _ask(sql: str, values: list[Any]) -> tuple | None:
    connection.ensure_connection()
    wrap: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    # psycopg's own kind of cursor, which prepares; Django's puts the values into the text.
    with wrap(psycopg.Cursor(connection.connection)) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


class SessionStore(db.SessionStore):
    """Django's own, in the database. Once something has been asked of it: `row`, what `read` found, `person`, who was
    found by it and passed the checks, and `along`: the SQL and values of `also` as they were set by then, and what they
    came to.
    """

    also: tuple[str, tuple] = ("NULL", ())
    along: tuple[tuple[str, tuple], Any] | None = None
    row: tuple | None = None
    person: Person | None = None

    def load(self) -> dict[str, Any]:
        sql, params = self.also
        found = read(self.session_key or "", also=sql, params=params)
        if found is None:
            self._session_key = None
            return {}
        self.along, self.row = (self.also, found[0]), found[1]
        return self.decode(self.row[0])

    def encode(self, session_dict: dict[str, Any]) -> str:
        return f"{session_dict.get(auth.SESSION_KEY, '')} {super().encode(session_dict)}"

    def decode(self, session_data: Any) -> dict[str, Any]:
        signed = session_data.rpartition(" ")[2]
        try:
            return self.serializer().loads(_unsigned(signed, self.key_salt))
        except signing.BadSignature:
            return super().decode(signed)  # says so in the log


class _AsItIs:
    def dumps(self, obj: bytes) -> bytes:
        return obj

    def loads(self, data: bytes) -> bytes:
        return data


# Of those at work at once, so that what ended sessions held is soon gone from memory; another's costs 0.05 ms more.
@functools.lru_cache(maxsize=500)
def _unsigned(signed: str, salt: str) -> bytes:
    """What was signed. The same text always says the same, so it is looked through once in a process."""
    return signing.loads(signed, salt=salt, serializer=_AsItIs)


class PersonMiddleware(AuthenticationMiddleware):
    """Django's, without a query of its own for the person that came with the session."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person_behind(request))


def _person_behind(request: Any) -> Any:
    """The person, by the checks of Django's `get_user`; whoever does not pass them at once is left to it."""
    if not hasattr(request, "_cached_user"):
        request._cached_user = _read_along(request.session) or auth.get_user(request)
    return request._cached_user


def _read_along(session: SessionStore) -> Person | None:
    key, backend = session.get(auth.SESSION_KEY), session.get(auth.BACKEND_SESSION_KEY)
    if key is None or session.row is None or backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    _data, roles, *values = session.row
    if str(values[0]) != key:
        return None
    person = Person.from_db(connection.alias, _FIELDS, [*values, *_ACTIVE])
    if not constant_time_compare(session.get(auth.HASH_SESSION_KEY, ""), person.get_session_auth_hash()):
        return None
    person.roles_held = json.loads(roles or "[]")
    session.person = person
    return person


def decided_by(request: Any) -> tuple | None:
    """The session's `row`, where the person behind the request was found by it; else None."""
    person = vars(request).get("_cached_user")
    return request.session.row if person is not None and person is request.session.person else None
