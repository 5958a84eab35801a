"""What the frame around every page needs: which rollout, the menu, who is here, and in the demo the clock."""

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agencies.access import Request, roles_of
from rollout.domain import rows
from rollout.domain.holding import why_held
from rollout.models import DateRequest, DemoClock, RequestState, Rollout
from rollout.permissions import Do, can

KNOWN = "_rollout"  # where a request keeps the rollout it has read
OVERVIEW = "rollout:overview"
REQUESTS = "rollout:requests"
#: The menu: label, the page's name, who sees it. Pages of the plan take the rollout's slug.
MENU = (
    (_("Oversikt"), OVERVIEW, Do.SEE_PLAN),
    (_("Tavle"), "rollout:board", Do.SEE_PLAN),
    (_("Kalender"), "rollout:calendar", Do.SEE_PLAN),
    (_("Virksomheter"), "agencies:list", Do.SEE_PLAN),
    (_("Lisenser"), "rollout:licences", Do.SEE_PLAN),
    (_("Ønsker"), REQUESTS, Do.ANSWER_AGENCIES),
    (_("Historikk"), "rollout:history", Do.SEE_PLAN),
    (_("Min virksomhet"), "rollout:my", Do.SEE_COURSE),
    (_("Status"), "rollout:status-index", Do.SEE_STATUS),
    (_("E-post"), "rollout:mail", Do.SEE_MAIL),
)
#: What one needs more seldom: in the user's menu, under headings.
PANEL = (
    (
        _("Planlegging"),
        (
            (_("Når er vi ferdige?"), "rollout:forecast", Do.SEE_PLAN),
            (_("Scenarioer"), "rollout:scenarios", Do.SEE_PLAN),
            (_("Foreslå puljer"), "rollout:compose", Do.CHANGE_PLAN),
            (_("Generalprøve"), "rollout:rehearsal", Do.SEE_PLAN),
            (_("Erfaringer og evaluering"), "rollout:lessons", Do.SEE_PLAN),
        ),
    ),
    (
        _("Regler og løp"),
        (
            (_("Kjøreregler"), "rollout:guidelines", Do.SEE_PLAN),
            (_("Implementeringsløp"), "rollout:course", Do.SEE_PLAN),
            (_("Medarbeidernes forpliktelser"), "rollout:commitments", Do.SEE_PLAN),
        ),
    ),
    (
        _("Oppsett"),
        (
            (_("Utrullinger"), "rollout:rollouts", Do.SEE_PLAN),
            (_("Import"), "rollout:import", Do.IMPORT),
        ),
    ),
)
#: What is there whether or not there is a rollout, for whoever has signed in.
ALWAYS = ((_("Varsler"), "rollout:notices"), (_("Mine opplysninger"), "rollout:my-data"))
ABOUT_NO_ROLLOUT = ("agencies:list", "rollout:rollouts")


_ROLLOUT = f"SELECT {rows.columns(Rollout, 'r')} FROM rollout_rollout r WHERE r.slug = %s"  # noqa: S608


def rollout_of(request: HttpRequest, slug: str) -> Rollout:
    """The rollout with this slug (404 if there is none), read once for each request."""
    known = vars(request).get(KNOWN)
    if known is None or known.slug != slug:
        found = rows.read(_ROLLOUT, [slug], Rollout)
        if not found:
            raise Http404
        ((known,),) = found
        vars(request)[KNOWN] = known
    return known


def hide(request: HttpRequest) -> Http404:
    """To be raised where the rollout read is not there for the visitor: the page around it names it no more than if
    there were none."""
    vars(request)[KNOWN] = Rollout.objects.active()
    return Http404()


def undo_address(rollout: Rollout, change: uuid.UUID) -> str:
    """Where a change is taken back: as a message's `extra_tags` it puts *Angre* beside the message."""
    return reverse("rollout:undo", args=[rollout.slug, change])


def rollout_shown(request: Request) -> Rollout | None:
    """The rollout a page is about: the one its address names, else the active one."""
    known = vars(request).get(KNOWN)
    if known is not None:
        return known
    match = request.resolver_match
    slug = match.kwargs.get("slug") if match and match.namespace == "rollout" else None
    named = Rollout.objects.filter(slug=slug).first() if slug else None
    known = vars(request)[KNOWN] = named or Rollout.objects.active()
    return known


def menu(request: Request, rollout: Rollout | None, pages: tuple = MENU) -> list[dict[str, Any]]:
    """Those of the `pages` that this person sees, with the current one marked."""
    items = []
    for label, name, do in pages:
        # A lead reads an agency's course on the agency's page; "my agency" is for those who have one.
        if rollout is None or not can(request, do) or (name == "rollout:my" and not roles_of(request).at):
            continue
        url = reverse(name, args=[] if name in ABOUT_NO_ROLLOUT else [rollout.slug])
        item = {"label": label, "url": url, "current": _is_current(request.path, name, url)}
        items.append(item | {"count": waiting(rollout) if name == REQUESTS else 0})
    return items


def own_pages(request: Request) -> list[dict[str, Any]]:
    if not roles_of(request):
        return []
    return [
        {"label": label, "url": reverse(name), "current": request.path.startswith(reverse(name))}
        for label, name in ALWAYS
    ]


def _panel(request: Request, rollout: Rollout | None) -> list[tuple[Any, list[dict[str, Any]]]]:
    groups = [(heading, menu(request, rollout, pages)) for heading, pages in PANEL]
    return [*groups, (_("Deg"), own_pages(request))]


def waiting(rollout: Rollout) -> int:
    """How many requests from agencies wait for an answer. One small query."""
    dates = DateRequest.objects.filter(placement__rollout=rollout, state=RequestState.OPEN).values("pk")
    joins = rollout.join_requests.filter(state=RequestState.OPEN).values("pk")
    return dates.order_by().union(joins.order_by(), all=True).count()


def _is_current(path: str, name: str, url: str) -> bool:
    """Whether the page belongs to the menu's entry. Every page of a plan begins with its overview's address."""
    return path in (url, reverse("rollout:home")) if name == OVERVIEW else path.startswith(url)


def shell(request: Request) -> dict[str, Any]:
    """The context of every template: `rollout`, `nav_items` and `panel_groups`, `is_demo`, `demo_clock`, `roles`
    (`agencies.access.Held`), and for leads `mail_held`: why no mail leaves, if so.

    Nobody is told anything of the plan before signing in but its name.
    """
    if not hasattr(request, "user"):  # refused by a middleware before anybody was looked up
        return {}
    rollout = rollout_shown(request)
    clock = DemoClock.objects.first() if settings.DEMO_MODE else None
    return {
        "rollout": rollout,
        "nav_items": menu(request, rollout),
        "panel_groups": [(heading, items) for heading, items in _panel(request, rollout) if items],
        "is_demo": settings.DEMO_MODE,
        "demo_clock": clock.now if clock else None,
        "roles": roles_of(request),
        # Asked only where the frame is shown.
        "mail_held": lambda: why_held(rollout) if rollout and can(request, Do.MANAGE_MAIL) else "",
    }
