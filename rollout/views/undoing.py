"""*Angre*: taking back a change, from the toast on the board, a message's button or the history (rule 9)."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from agencies.access import Request, page_here
from rollout import clock
from rollout.domain import placing, undoing
from rollout.domain.refusals import Refused
from rollout.models import EventKind, PlanEvent, Rollout
from rollout.permissions import Do, may
from rollout.views.board_data import Board, board
from rollout.views.board_pieces import pieces
from rollout.views.board_since import touched, where_it_stands
from rollout.views.context import rollout_of
from rollout.views.event_words import step_names, tell


@may(Do.CHANGE_PLAN)
@never_cache
@require_POST
def undo(request: Request, slug: str, change: uuid.UUID) -> HttpResponse:
    """Take back a whole change. An open board gets what changed, out of band; a form is led to `next` or the board."""
    rollout, now = rollout_of(request, slug), clock.now()
    try:
        events = undoing.undo(rollout=rollout, change=change, by=request.user, now=now)
    except Refused as refused:
        if request.htmx:
            shown = board(rollout, now=now)
            return pieces(request, rollout, shown, say={"text": str(refused), "kind": "stop"}, status=409)
        messages.error(request, str(refused))
        return redirect(_next(request, rollout))
    shown = board(rollout, now=now)
    said = _said(rollout, events, shown)
    if not request.htmx:
        messages.success(request, said)
        return redirect(_next(request, rollout))
    columns = set().union(*(touched(event, shown) for event in events))
    agency = next((event.agency.slug for event in events if event.agency), "")
    return pieces(request, rollout, shown, say={"text": said, "kind": "ok"}, columns=columns, agency=agency)


def _next(request: Request, rollout: Rollout) -> str:
    return page_here(request.POST.get("next")) or reverse("rollout:board", args=[rollout.slug])


def _said(rollout: Rollout, events: list[PlanEvent], shown: Board) -> str:
    """ "Angret: Klimaetaten står i køen på plass 3." """
    # That a scenario was adopted is told by an event of its own, beside the changes it made.
    events = [event for event in events if event.kind != EventKind.SCENARIO_ADOPTED] or events
    if len(events) != 1:
        return ngettext(
            "Angret: %(n)s endring er tatt tilbake.", "Angret: %(n)s endringer er tatt tilbake.", len(events)
        ) % {"n": len(events)}
    event = events[0]
    if EventKind(event.kind) in placing.PLACING and (where := where_it_stands(event, shown)):
        return _("Angret: %(agency)s er tilbake: %(place)s.") % {"agency": event.agency, "place": where}
    return _("%(told)s (%(what)s).") % {
        "what": event.agency or event.wave or rollout,
        "told": tell(event, step_names(rollout)),
    }
