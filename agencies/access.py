"""Which roles the person behind a request holds now, and the decorator that lets only some roles in.

Roles are read on every request, so who loses a role loses the access at once, in open sessions too.
What each role may do stands in `rollout.permissions`; here are only the means, and the two pages of this package.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from agencies.models import Person, Role, RoleName
from agencies.sessions import SessionStore

#: Who reads about every agency, and who reads about the one where they hold the role.
SEES_AGENCIES = frozenset({RoleName.PROJECT_LEAD, RoleName.SPONSOR, RoleName.READER})
SEES_OWN_AGENCY = frozenset({RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY})
HELD = "_held_roles"  # where a request keeps the roles it has read
UNREAD = object()


class Request(HttpRequest):
    """What a view behind `only_for` is given: somebody has signed in. For the type checker; nobody makes one."""

    user: Person
    session: SessionStore
    htmx: HtmxDetails


@dataclass(frozen=True)
class Held:
    """The roles one person holds now: for the whole municipality, and at each agency by its slug."""

    central: frozenset[str] = frozenset()
    at: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.central or self.at)

    def at_agency(self, slug: str) -> frozenset[str]:
        return self.at.get(slug, frozenset())

    def agencies(self, roles: Collection[str]) -> list[str]:
        """Slugs of the agencies where one of these roles is held."""
        return sorted(slug for slug, held in self.at.items() if held & frozenset(roles))

    def any_of(self, roles: Collection[str], *, agency: str | None = None) -> bool:
        """Whether one of `roles` is held: centrally, or at `agency` (None: at any)."""
        if self.central & frozenset(roles):
            return True
        return bool(self.agencies(roles)) if agency is None else bool(self.at_agency(agency) & frozenset(roles))


def held_by(person) -> Held:
    """The person's current roles: read with the person behind a session (`agencies.sessions`), else by one query."""
    if not person.is_authenticated:
        return Held()
    central: set[str] = set()
    at: dict[str, set[str]] = {}
    rows: Any = getattr(person, "roles_held", UNREAD)  # `request.user` is lazy: its own `vars` are not the person's
    if rows is UNREAD:
        rows = Role.objects.current().filter(person=person).values_list("role", "agency__slug")
    for role, slug in rows:
        if slug is None:
            central.add(role)
        else:
            at.setdefault(slug, set()).add(role)
    return Held(frozenset(central), {slug: frozenset(roles) for slug, roles in at.items()})


def roles_of(request: HttpRequest) -> Held:
    """The roles behind this request, read once for each request."""
    known = vars(request).get(HELD)
    if known is None:
        known = vars(request)[HELD] = held_by(request.user)
    return known


def ask_to_sign_in(request: Request) -> HttpResponse:
    """Lead to the sign-in page, and from there back to the page that was asked for, or that a form was sent from (never
    to the target of a POST). Whoever sent a form is told that nothing was saved."""
    if request.htmx:
        wanted = _ours(request, request.htmx.current_url or "")
    elif request.method in ("GET", "HEAD"):
        wanted = request.get_full_path()
    else:
        messages.warning(
            request, _("Du var logget ut, så det du sendte, er ikke lagret. Logg inn, og send det på nytt.")
        )
        wanted = sent_from(request)
    return redirect_to_login(wanted) if wanted else redirect(settings.LOGIN_URL)


def sent_from(request: HttpRequest) -> str:
    """The page of ours that a form was sent from, as path and query; empty where the browser does not say."""
    return _ours(request, request.headers.get("Referer", ""))


def _ours(request: HttpRequest, address: str) -> str:
    """An address of this site without the site; empty for any other, for what is none, and for a path that a browser
    would take for another site's address."""
    try:
        page = urlsplit(address)
    except ValueError:
        return ""
    is_ours = page.netloc == request.get_host() and not page.path.startswith("//")
    return page._replace(scheme="", netloc="").geturl() if is_ours else ""


def page_here(wanted: str | None) -> str:
    """What a form or an address names as the page to go on to, where that is a path on this site; else empty."""
    path = wanted or ""
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


def only_for(roles: Collection[str], *, agency: str | None = None, otherwise: str | Promise = ""):
    """Let in those who hold one of `roles`; `agency` names the URL argument with the slug of the agency it is about.

    Anonymous: sign in. Somebody else's agency: 404, as if it were not there. The wrong role: 403 with `otherwise`,
    a sentence that says who may. Put it outermost, so that a visitor learns nothing before signing in.
    """

    def decorator(view):
        @wraps(view)
        def checked(request: Request, *args, **kwargs):
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            held = roles_of(request)
            about = kwargs[agency] if agency else None
            if held.any_of(roles, agency=about):
                return view(request, *args, **kwargs)
            if held and about is not None and not held.central and not held.at_agency(about):
                raise Http404
            raise PermissionDenied(str(otherwise) if held else no_role())

        return checked

    return decorator


def no_role() -> str:
    return _("Du har ingen rolle i Puljeplan nå. Spør prosjektlederen hvis du skal ha tilgang.")
