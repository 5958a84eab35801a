"""Reusing what has not changed: a page under the plan's version, a part of it under its content.

The plan's version is the id of its last event: every change writes one in its own transaction (rule 9). Both caches are
the process's own, since what they hold is found under what it was made of: nothing in them can be stale, nothing is
lost with them, and a new release begins with none.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils.safestring import SafeString, mark_safe

from agencies.access import Request, roles_of

_TOKEN = re.compile(rb'(?<=csrfmiddlewaretoken" value=")\w{64}(?=")|(?<=data-csrf=")\w{64}(?=")')


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
