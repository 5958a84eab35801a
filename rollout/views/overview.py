"""The overview: how far the rollout is, what comes next, what stops it, and what changed since one was last here."""

import datetime as dt

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import seeing
from rollout.domain.refusals import Refused
from rollout.forms.history import SeenForm
from rollout.models import Rollout
from rollout.permissions import Do, can, may
from rollout.views import reuse
from rollout.views.announce import gathered_for, sentence
from rollout.views.context import rollout_of
from rollout.views.overview_data import overview
from rollout.views.request_data import waiting

#: How far the reader has read, the baseline, and the forecast, which is made beside the plan and may be newer.
_MADE_OF = reuse.mark(
    "'seen', (SELECT l.event_id FROM rollout_lastseen l WHERE l.person_id = p.id AND l.rollout_id = r.id)",
    "'baseline', (SELECT c.id FROM rollout_scenario c"
    " WHERE c.rollout_id = r.id AND c.purpose = 'baseline' AND c.state = 'open')",
    "'forecast', (SELECT f.id FROM rollout_forecast f"
    " WHERE f.rollout_id = r.id ORDER BY f.made_on DESC, f.plan_version DESC LIMIT 1)",
)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
@reuse.read_with_session(_MADE_OF)
def show(request: Request, slug: str) -> HttpResponse:
    return page(request, slug)


def page(request: Request, slug: str) -> HttpResponse:
    """The overview of this rollout, for whoever has been let in. Reading it changes nothing, not even what is new."""
    made_of, now = reuse.read(request, _MADE_OF, slug), clock.now()
    if made_of is None:  # nothing has happened yet by which to tell it from another
        return _page(request, rollout_of(request, slug), now=now)
    # Of the time it shows days, openings that are past (at 08:00), and for a first visit the events of seven days.
    shown_at = now if settings.DEMO_MODE else now.replace(minute=0, second=0, microsecond=0)
    return reuse.page(
        request, lambda: _page(request, rollout_of(request, slug), now=now), made_of=("overview", made_of, shown_at)
    )


def _page(
    request: Request, rollout: Rollout, *, now: dt.datetime, status: int = 200, refusal: str = ""
) -> HttpResponse:
    found = gathered_for(request, rollout)
    context = {
        "rollout": rollout,
        "page": overview(rollout, person=request.user, now=now, untold=found),
        "can_act": can(request, Do.CHANGE_PLAN),
        "asked": waiting(rollout) if can(request, Do.ANSWER_AGENCIES) else [],
        "untold": sentence(len(found.notices)),
        "now": now,
        "refusal": refusal,
    }
    return render(request, "rollout/overview.html", context, status=status)


@may(Do.SEE_PLAN)
@never_cache
@require_POST
def seen(request: Request, slug: str) -> HttpResponse:
    """*Merk som sett*: raise the reader's own mark to the last event that was on the page."""
    rollout = rollout_of(request, slug)
    form, now = SeenForm(request.POST), clock.now()
    if not form.is_valid():
        return _page(request, rollout, now=now, status=422, refusal=_("Last siden på nytt og prøv igjen."))
    try:
        seeing.mark_seen(person=request.user, rollout=rollout, event_id=form.cleaned_data["event"], now=now)
    except Refused as refused:
        return _page(request, rollout, now=now, status=409, refusal=str(refused))
    messages.success(request, _("Alt til og med nå er merket som sett."))
    return redirect("rollout:overview", rollout.slug)
