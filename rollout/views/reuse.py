"""Reusing what has not changed: a page under the plan's mark, a part of it under its content.

The plan's mark is its last event: every change writes one in its own transaction (rule 9). Both caches are the
process's own, since what they hold is found under what it was made of: nothing in them can be stale, nothing is
lost with them, and a new release begins with none.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils.safestring import SafeString, mark_safe

from agencies.access import Request, roles_of

_TOKEN = re.compile(rb'(?<=csrfmiddlewaretoken" value=")\w{64}(?=")|(?<=data-csrf=")\w{64}(?=")')


def mark(*more: str) -> str:
    """SQL of one text, given a plan's slug, that tells the plan from all that it has been: by its last event, its id
    and its change, for a restored database counts ids anew. Null: no such plan, or nothing has happened in it.

    `more`: expressions of what a page shows besides and that comes without an event; `r` is the rollout.
    """
    return f"""
    SELECT concat_ws(' ', {", ".join(("e.id", "e.change", *more))})
    FROM rollout_planevent e JOIN rollout_rollout r ON r.id = e.rollout_id
    WHERE r.slug = %s ORDER BY e.id DESC LIMIT 1
    """  # noqa: S608 (our own expressions)


def read_with_session(sql: str) -> Callable[[Any], Any]:
    """For a view of a plan that begins with `read(request, sql, slug)`: the session's query answers that too."""

    def decorator(view: Any) -> Any:
        view.read_with_session = sql
        return view

    return decorator


class ReadWithSession:
    """Tells the session what to read along, before anybody asks it who is there."""

    def __init__(self, get_response: Callable[[Request], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Request, view: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        sql = getattr(view, "read_with_session", "")
        if sql:
            request.session.also = _also(sql, kwargs["slug"])


def _also(sql: str, slug: str) -> tuple[str, tuple]:
    return f"({sql})", (slug,)


def read(request: Request, sql: str, slug: str) -> str | None:
    """One value about the plan, which may speak of the person behind the request as `p`; as the session's query found
    it together with the person, else by a query of its own."""
    wanted, along = _also(sql, slug), request.session.along
    if along is not None and along[0] == wanted and request.session.person is not None:
        return along[1]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {wanted[0]} FROM agencies_person p WHERE p.id = %s", [slug, request.user.pk])  # noqa: S608
        return cursor.fetchone()[0]


def _key(*parts: Any) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def page(request: Request, make: Callable[[], HttpResponse], *, made_of: tuple) -> HttpResponse:
    """The page as it was made for this person of `made_of` and the same address; else as `make` makes it now, kept.

    A page with a message to tell is made and not kept. Each visitor gets their own CSRF token.
    """
    if _has_messages(request):
        return make()
    held = roles_of(request)
    person = (request.user.pk, str(request.user), sorted(held.central), sorted(held.at))
    key = _key(made_of, person, request.get_full_path(), bool(request.htmx))
    kept = caches["pages"].get(key)
    if kept is not None:
        return HttpResponse(get_token(request).encode().join(kept))
    response = make()
    if response.status_code == 200:
        caches["pages"].set(key, _TOKEN.split(response.content))
    return response


def _has_messages(request: Request) -> bool:
    # Asking the storage would mark them as told.
    return "messages" in request.COOKIES or "_messages" in request.session


def part(make: Callable[[], str], *, made_of: tuple) -> SafeString:
    """A part of a page, safe markup without a token in it, found under what it is made of; else made, and kept."""
    key = _key(made_of)
    kept = caches["markup"].get(key)
    if kept is None:
        kept = make()
        caches["markup"].set(key, str(kept))
    return mark_safe(kept)  # noqa: S308 (what `make` rendered)
