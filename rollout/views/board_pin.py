"""Locking an agency to its place, and letting it be moved again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agencies.access import Request
from rollout import clock
from rollout.domain import leaving
from rollout.domain.placing import place_name
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.board import PinForm
from rollout.models import Placement, PlanEvent, Rollout
from rollout.permissions import Do, may
from rollout.views.asking import ask, posted
from rollout.views.board_data import board
from rollout.views.board_pieces import pieces
from rollout.views.board_places import column_key, placement_of
from rollout.views.context import rollout_of


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: Request, slug: str, agency: str) -> HttpResponse:
    """*Lås plasseringen*: GET asks why, POST locks the place that was shown."""
    rollout = rollout_of(request, slug)
    placement = placement_of(rollout, agency)
    form = PinForm(posted(request), initial={"version": placement.version})
    if form.is_valid():
        with refusals_at(form):
            event = leaving.pin(
                placement=placement,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=clock.now(),
                version_seen=form.cleaned_data["version"],
            )
            said = _("%(agency)s er låst i %(place)s.")
            return _done(request, rollout, placement, said, event)
        # As it stands now, so that one may look and try again; the reason typed stays.
        form.data = {"reason": form.cleaned_data["reason"], "version": placement_of(rollout, agency).version}
    shown = {"rollout": rollout, "placement": placement, "place": place_name(placement)}
    return ask(request, form, template="rollout/board/pin.html", **shown)


@may(Do.CHANGE_PLAN)
@require_POST
def unpin(request: Request, slug: str, agency: str) -> HttpResponse:
    """*Lås opp*: it may be moved again."""
    rollout = rollout_of(request, slug)
    placement = placement_of(rollout, agency)
    try:
        event = leaving.unpin(placement=placement, by=request.user, now=clock.now())
    except Refused as refused:
        return _done(request, rollout, placement, str(refused))
    return _done(request, rollout, placement, _("%(agency)s er låst opp og kan flyttes."), event)


def _done(
    request: Request, rollout: Rollout, placement: Placement, said: str, event: PlanEvent | None = None
) -> HttpResponse:
    """Back on the board, the column put right. No event: it was refused, for the page showed what no longer is."""
    text = said % {"agency": placement.agency, "place": place_name(placement)} if event else said
    undo = reverse("rollout:undo", args=[rollout.slug, event.change]) if event else ""
    if not request.htmx:
        messages.add_message(request, messages.SUCCESS if event else messages.ERROR, text, extra_tags=undo)
        return redirect(f"{reverse('rollout:board', args=[rollout.slug])}#card-{placement.agency.slug}")
    shown = board(rollout, now=clock.now())
    return pieces(
        request,
        rollout,
        shown,
        say={"text": text, "kind": "ok" if event else "stop", "undo": undo},
        columns={column_key(placement)},
        agency=placement.agency.slug,
        status=200 if event else 409,
    )
