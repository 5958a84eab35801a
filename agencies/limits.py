"""How often: codes by account and by who asks, forms by person. Nothing an outsider does uses up the owner's share.

A limit on an account alone would be a lock that anybody could turn from outside. So the requests for a code to one
address are counted by where they come from, and a browser that has signed in with the address before, which carries a
signed mark of it, has a share of its own. Guesses are counted in the session that asked for the code (allauth: three).
"""

import hashlib
import time

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

KNOWN_BROWSER = "known_browser"
KNOWN_LASTS = 180 * 24 * 60 * 60  # seconds
SALT = "agencies.limits.known-browser"


def share_of(request: HttpRequest, email: str) -> str:
    """Whose share of an address's codes this request draws on."""
    return f"{email} {_mark(request, email) or ratelimit.get_ip(request)}"


def remember_browser(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """After a sign-in by code: next time this browser draws on a share of its own. The mark tells no address."""
    mark = signing.dumps([_print(email), signing.b62_encode(time.time_ns())], salt=SALT)
    response.set_cookie(
        KNOWN_BROWSER,
        mark,
        max_age=KNOWN_LASTS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _mark(request: HttpRequest, email: str) -> str | None:
    mark = request.COOKIES.get(KNOWN_BROWSER, "")
    try:
        whose, number = signing.loads(mark, salt=SALT, max_age=KNOWN_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return f"browser {number}" if whose == _print(email) else None


def _print(email: str) -> str:
    return hashlib.blake2b(email.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=16).hexdigest()


class FormLimitMiddleware:
    """Each person has `FORMS_PER_MINUTE` forms to send. After that: 429, until the minute is over."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs) -> HttpResponse | None:
        if request.method in ("GET", "HEAD", "OPTIONS") or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if not request.user.is_authenticated or request.resolver_match.view_name == "account_logout":
            return None
        key = f"forms:{request.user.pk}:{int(time.time() // 60)}"
        cache.add(key, 0, timeout=120)
        if cache.incr(key) <= settings.FORMS_PER_MINUTE:
            return None
        return render(request, "429.html", status=429)
