"""How far a visitor without an account has come in committing: a signed cookie, and nothing on our side.

41 000 employees on one morning are 41 000 rows less than a session each. What is in it can be read by the visitor alone
and changed by nobody; it holds the address until the commitment is counted, and then only what became of it. It is gone
when the browser closes, and of no use after half an hour.
"""

import json
from dataclasses import asdict, dataclass, replace

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

COOKIE = "commit-{agency}"
SALT = "rollout.views.commit"
LIFETIME = 1800  # seconds, from each step


@dataclass(frozen=True)
class Progress:
    """`flow`: where the code is typed (`rollout.codes`). `outcome`: counted, before, or nothing yet."""

    agency: str
    address: str = ""
    flow: str = ""
    proof: str = ""
    outcome: str = ""

    def proved(self, proof: str) -> "Progress":
        return replace(self, proof=proof)

    def done(self, *, counted: bool) -> "Progress":
        return Progress(self.agency, outcome="counted" if counted else "before")


def read(request: HttpRequest, agency: str) -> Progress:
    """How far this browser has come for this agency; the beginning, where the cookie is old, changed or another's."""
    try:
        text = signing.loads(request.COOKIES.get(COOKIE.format(agency=agency), ""), salt=SALT, max_age=LIFETIME)
        progress = Progress(**json.loads(text))
    except (signing.BadSignature, ValueError, TypeError):
        return Progress(agency)
    return progress if progress.agency == agency else Progress(agency)


def write(response: HttpResponse, slug: str, progress: Progress) -> HttpResponse:
    """Send it along, to come back with this agency's pages of the flow alone: two tabs may be about two agencies."""
    response.set_cookie(
        COOKIE.format(agency=progress.agency),
        signing.dumps(json.dumps(asdict(progress)), salt=SALT),
        path=reverse("rollout:commit-address", args=[slug, progress.agency]),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response
