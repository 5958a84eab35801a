"""The open board: what others changed since it was shown, and what a move will do before it is done."""

import datetime as dt

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import effects, placing
from rollout.domain.recording import plan_version
from rollout.domain.refusals import Refused
from rollout.models import Placement, Wave
from rollout.permissions import Do, may
from rollout.views.board_data import QUEUE, board
from rollout.views.board_pieces import pieces, shown_version
from rollout.views.board_places import placement_of
from rollout.views.context import rollout_of
from rollout.views.numbers import whole


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def changes(request: Request, slug: str) -> HttpResponse:
    """What an open board asks every few seconds: 204, for one small query, while nothing came after event `since`."""
    version = plan_version(slug)
    if version is None:
        raise Http404
    known = shown_version(request)
    if known is not None and version <= known:
        return HttpResponse(status=204)
    rollout = rollout_of(request, slug)
    shown = board(rollout, now=clock.now())
    everything = {column.key for column in shown.columns}
    return pieces(request, rollout, shown, columns=everything if known is None else set())


@may(Do.CHANGE_PLAN)
@never_cache
@require_safe
def effect(request: Request, slug: str, agency: str) -> HttpResponse:
    """*Dette skjer*: what moving the agency to the place chosen will do, or why it will be refused. Moves nothing."""
    rollout = rollout_of(request, slug)
    placement, key = placement_of(rollout, agency), request.GET.get("to", "")
    wave = rollout.waves.filter(number=number).first() if (number := whole(key)) is not None else None
    if wave is None and key != QUEUE:
        return HttpResponse("")
    return render(request, "rollout/board/effect.html", foreseen(placement, wave, now=clock.now()))


def foreseen(placement: Placement, wave: Wave | None, *, now: dt.datetime) -> dict:
    """What `rollout/board/effect.html` shows: `effects` of the move, or why it is `refused`."""
    try:
        placing.refuse_if_fixed(placement)
        placing.wave_to_enter(placement, wave)
    except Refused as refused:
        return {"refused": str(refused), "effects": None}
    found = effects.of_move(rollout=placement.rollout, placements=[placement], to=wave, now=now)
    return {"refused": "", "effects": found}
