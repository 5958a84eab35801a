"""The licences: what the contract has, who has funded what, who is short, and what it costs (rule 8)."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import figures, licensing, past_undoing
from rollout.domain.undoing import can_be_undone
from rollout.domain.words import long_date, thousands
from rollout.forms import refusals_at
from rollout.forms.agency import PoolForm, PriceForm
from rollout.models import EventKind, Rollout
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of
from rollout.views.event_words import step_names, tell
from rollout.views.licence_data import licence_page

CHANGES = (EventKind.POOL_SET, EventKind.PRICE_SET, EventKind.FUNDING_SET)
CHANGES_IN_SIGHT = 8


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    rollout = rollout_of(request, slug)
    names = step_names(rollout)
    changes = list(rollout.events.filter(kind__in=CHANGES).for_telling().order_by("-id")[:CHANGES_IN_SIGHT])
    counted = past_undoing.counted(rollout, changes)
    context = {
        "rollout": rollout,
        "page": licence_page(rollout, now=clock.now()),
        "can_change": can(request, Do.CHANGE_PLAN),
        "changes": [
            {
                "event": event,
                "text": tell(event, names),
                "can_undo": not counted[event.change].barred and can_be_undone(event),
            }
            for event in changes
        ],
    }
    return render(request, "rollout/licences.html", context)


def _words(rollout: Rollout, heading: str, button: str) -> dict[str, Any]:
    address = _address(rollout)
    return {
        "rollout": rollout,
        "back": address,
        "back_label": _("Lisenser"),
        "heading": heading,
        "button": button,
    }


def _address(rollout: Rollout) -> str:
    return reverse("rollout:licences", args=[rollout.slug])


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pool(request: Request, slug: str) -> HttpResponse:
    """Set how many licences the contract has."""
    rollout = rollout_of(request, slug)
    words = _words(rollout, _("Lisenser i avtalen"), _("Lagre"))
    stands = figures.licences(rollout)
    form = PoolForm(posted(request), initial={"size": stands.pool})
    if stands.reserved:
        words["intro"] = [_("%(n)s er reservert, så tallet kan ikke bli lavere.") % {"n": thousands(stands.reserved)}]
    if form.is_valid():
        with refusals_at(form):
            event = licensing.set_pool(rollout=rollout, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("Avtalen har %(n)s lisenser.") % {"n": thousands(form.cleaned_data["size"])}
            return leave(request, _address(rollout), said, event=event)
    return ask(request, form, **words)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def price(request: Request, slug: str) -> HttpResponse:
    """Set what a licence costs a month from a date on."""
    rollout = rollout_of(request, slug)
    words = _words(rollout, _("Ny pris"), _("Lagre prisen"))
    form = PriceForm(posted(request))
    if form.is_valid():
        wanted = form.cleaned_data
        with refusals_at(form):
            event = licensing.set_price(rollout=rollout, by=request.user, now=clock.now(), **wanted)
            said = _("Ny pris gjelder fra %(day)s.") % {"day": long_date(wanted["valid_from"])}
            return leave(request, _address(rollout), said, event=event)
    return ask(request, form, **words)


@may(Do.CHANGE_PLAN)
@require_POST
def remove_price(request: Request, slug: str, valid_from: str) -> HttpResponse:
    """Take a price out of the table: the one before it goes on. Easily undone, so it is not asked first."""
    rollout = rollout_of(request, slug)
    try:
        day = dt.date.fromisoformat(valid_from)
    except ValueError:
        raise Http404 from None
    event = licensing.set_price(rollout=rollout, valid_from=day, price_nok=None, by=request.user, now=clock.now())
    said = _("Prisen fra %(day)s er fjernet.") if event else _("Prisen fra %(day)s var alt fjernet.")
    return leave(request, _address(rollout), said % {"day": long_date(day)}, event=event)
