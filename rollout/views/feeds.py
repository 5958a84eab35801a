"""Calendar feeds: where leads make and take back secret addresses, and what is read there without signing in."""

import hashlib

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agencies.access import Request
from agencies.models import Agency
from rollout import clock
from rollout.domain import feeds
from rollout.domain.refusals import Refused
from rollout.forms.calendar import FeedForm
from rollout.models import CalendarFeed, Rollout
from rollout.permissions import Do, may
from rollout.views import ics
from rollout.views.context import rollout_of

_KEPT_FOR = 300  # seconds


@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The feed itself, for calendars: nobody signs in, and an address taken back is not there."""
    live = CalendarFeed.objects.select_related("rollout", "agency").filter(revoked_at__isnull=True)
    feed = get_object_or_404(live, secret=secret)
    content = ics.written(feed, feeds.openings(feed))
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response: HttpResponse = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["ETag"] = etag
    response = get_conditional_response(request, etag=etag, response=response) or response
    patch_cache_control(response, private=True, max_age=_KEPT_FOR)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


@may(Do.CHANGE_PLAN)
@never_cache
@require_safe
def index(request: Request, slug: str) -> HttpResponse:
    """The addresses there are, and a new one for each that has none."""
    return _page(request, rollout_of(request, slug))


@may(Do.CHANGE_PLAN)
@require_POST
def make(request: Request, slug: str) -> HttpResponse:
    """*Lag adresse*, for one agency or, with `whole`, for the whole plan."""
    rollout = rollout_of(request, slug)
    form = FeedForm(request.POST, agencies=_agencies(rollout))
    agency = None
    if "whole" not in request.POST:
        if not form.is_valid():
            return _page(request, rollout, form=form, status=422)
        agency = form.cleaned_data["agency"]
    try:
        feeds.make(rollout=rollout, agency=agency, by=request.user, now=clock.now())
    except Refused as refused:
        return _page(request, rollout, why=str(refused), status=409)
    messages.success(request, _("Kalenderadressen for %(what)s er laget.") % {"what": agency or _("hele planen")})
    return redirect("rollout:feeds", rollout.slug)


@may(Do.CHANGE_PLAN)
@require_POST
def revoke(request: Request, slug: str, pk: int) -> HttpResponse:
    """*Trekk tilbake*: nothing is at the address any more."""
    rollout = rollout_of(request, slug)
    feed = get_object_or_404(rollout.feeds.select_related("agency"), pk=pk)
    try:
        feeds.revoke(feed=feed, by=request.user, now=clock.now())
    except Refused as refused:
        return _page(request, rollout, why=str(refused), status=409)
    messages.success(
        request,
        _("Kalenderadressen for %(what)s er trukket tilbake. Ingenting kan leses der lenger.")
        % {"what": feed.agency or _("hele planen")},
    )
    return redirect("rollout:feeds", rollout.slug)


def _agencies(rollout: Rollout):
    return Agency.objects.filter(placements__rollout=rollout).in_norwegian_order()


def _page(
    request: Request, rollout: Rollout, *, form: FeedForm | None = None, why: str = "", status: int = 200
) -> HttpResponse:
    unrevoked = rollout.feeds.filter(revoked_at__isnull=True).select_related("agency", "made_by")
    live = list(unrevoked.order_by("agency__name_sort_key"))
    having = [feed.agency_id for feed in live if feed.agency_id]
    shown = [(feed, settings.SITE_URL + reverse("rollout:calendar-feed", args=[feed.secret])) for feed in live]
    context = {
        "rollout": rollout,
        "of_the_plan": next((found for found in shown if found[0].agency_id is None), None),
        "of_agencies": [found for found in shown if found[0].agency_id is not None],
        "form": form or FeedForm(agencies=_agencies(rollout).exclude(pk__in=having)),
        "why": why,
    }
    return render(request, "rollout/feeds.html", context, status=status)
