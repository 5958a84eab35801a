"""The board: the whole plan on one page, and the actions on it (rules 1, 2, 3, 8 and 16)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from agencies.access import Request
from agencies.models import Agency
from rollout import clock, reference
from rollout.domain import placing, queueing, scheduling
from rollout.domain.refusals import Refused
from rollout.forms import JoinForm, MoveForm, NewWaveForm
from rollout.models import CAPACITY, Placement, Rollout, Wave
from rollout.permissions import Do, can, may
from rollout.views.board_data import QUEUE, Board, Column, board
from rollout.views.context import rollout_of


@dataclass(frozen=True)
class Refusal:
    """Why a move was refused, shown in the column it was meant for."""

    column: str
    text: str


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    """Queue and waves, the overview strip, and for a project lead the means to move."""
    rollout = rollout_of(request, slug)
    shown = board(rollout, now=clock.now())
    return render(request, "rollout/board.html", _context(request, rollout, shown))


def _context(request: Request, rollout: Rollout, shown: Board) -> dict:
    return {
        "rollout": rollout,
        "board": shown,
        "can_move": can(request, Do.CHANGE_PLAN),
        "proposal_size": len(_proposal(rollout, shown)),
        "capacity": CAPACITY,
    }


def _proposal(rollout: Rollout, shown: Board) -> dict[str, int]:
    """The reference rollout's proposed places that can be taken as the plan stands: none unless every wave is empty."""
    if not rollout.is_example or not shown.waves_are_empty:
        return {}
    waves = {column.wave.number for column in shown.columns if column.wave and column.wave.is_planned}
    queued = {card.slug for card in shown.cards}
    return {slug: number for slug, number in reference.proposed_plan().items() if slug in queued and number in waves}


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: Request, slug: str, agency: str) -> HttpResponse:
    """Move one agency: GET shows the form, as a page or in the board's dialog; POST moves it."""
    rollout = rollout_of(request, slug)
    placement = get_object_or_404(rollout.placements.select_related("agency", "wave", "rollout"), agency__slug=agency)
    if request.method != "POST":
        return _move_form(request, rollout, placement, _new_move_form(request, rollout, placement))
    form = _bound_move_form(request, rollout, placement)
    if not form.is_valid():
        return _move_form(request, rollout, placement, form, status=422)
    to, wanted = form.cleaned_data["to"], form.cleaned_data
    try:
        placing.move(
            placement=placement,
            to=_wave(rollout, to),
            by=request.user,
            now=clock.now(),
            version_seen=wanted["version"],
            position=_position(rollout, placement, wanted) if to == QUEUE else None,
        )
    except Refused as refused:
        return _refused(request, rollout, placement, form, str(refused))
    return _moved(request, rollout, placement, form)


def _wave(rollout: Rollout, key: str) -> Wave | None:
    return None if key == QUEUE else rollout.waves.get(number=key)


def _position(rollout: Rollout, placement: Placement, wanted: dict) -> int | None:
    """The place in the queue that was asked for: by number, or beside the neighbours a card was dropped between."""
    if wanted["position"]:
        return wanted["position"]
    others = [slug for slug, _name in _queue_without(rollout, placement)]
    if wanted["before"] in others:
        return others.index(wanted["before"]) + 1
    if wanted["after"] in others:
        return others.index(wanted["after"]) + 2
    return None


def _queue_without(rollout: Rollout, placement: Placement) -> list[tuple[str, str]]:
    queue = rollout.placements.queued().exclude(pk=placement.pk)
    return list(queue.values_list("agency__slug", "agency__name"))


def _choices(rollout: Rollout, placement: Placement, origin: str) -> dict:
    """Where a card may be asked to go: everywhere but the wave it was shown in. The verb says what it may do."""
    free: list[tuple[str, str]] = []
    full: list[tuple[str, str]] = []
    opened: list[tuple[str, str]] = []
    for wave in rollout.waves.annotate(places_taken=Count("placements")):
        if str(wave.number) != origin:
            group = opened if not wave.is_planned else full if wave.places_taken >= CAPACITY else free
            group.append((str(wave.number), str(wave)))
    groups = [(_("Ledig plass"), free), (_("Full"), full), (_("Åpnet"), opened)]
    return {
        "destinations": [(QUEUE, _("Kø")), *(group for group in groups if group[1])],
        "queue": [name for _slug, name in _queue_without(rollout, placement)],
    }


def _place_key(placement: Placement) -> str:
    return str(placement.wave.number) if placement.wave else QUEUE


def _new_move_form(request: Request, rollout: Rollout, placement: Placement) -> MoveForm:
    """A form that remembers the card as it was shown, so that a card moved since is refused and not moved twice."""
    version = request.GET.get("version", "")
    origin = request.GET.get("origin") or _place_key(placement)
    initial = {"version": int(version) if version.isdecimal() else placement.version, "origin": origin}
    return MoveForm(initial=initial, **_choices(rollout, placement, origin))


def _bound_move_form(request: Request, rollout: Rollout, placement: Placement) -> MoveForm:
    # Every column may be asked for, the one it stands in too: a drag within the queue reorders it.
    return MoveForm(request.POST, **_choices(rollout, placement, origin=""))


def _move_form(
    request: Request,
    rollout: Rollout,
    placement: Placement,
    form: MoveForm,
    *,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    template = "rollout/board/move.html" + ("#form" if request.htmx else "")
    context = {
        "rollout": rollout,
        "placement": placement,
        "form": form,
        "refusal": refusal,
        "in_dialog": bool(request.htmx),
    }
    return render(request, template, context, status=status)


def _moved(request: Request, rollout: Rollout, placement: Placement, form: MoveForm) -> HttpResponse:
    shown = board(rollout, now=clock.now())
    said = _said(placement, shown.column_of(placement.agency.slug))
    if not request.htmx:
        messages.success(request, said)
        return redirect(f"{reverse('rollout:board', args=[rollout.slug])}#card-{placement.agency.slug}")
    return _pieces(request, rollout, shown, placement, form, say={"text": said, "kind": "ok"})


def _said(placement: Placement, column: Column | None) -> str:
    """What a move came to, in words: for the toast, the live region and the message on the next page."""
    if column is None:  # taken out of the plan by somebody else since
        return _("%(agency)s er flyttet.") % {"agency": placement.agency}
    if column.wave is None:
        place = 1 + next(i for i, card in enumerate(column.cards) if card.slug == placement.agency.slug)
        return _("%(agency)s er flyttet til plass %(place)s i køen.") % {"agency": placement.agency, "place": place}
    return _("%(agency)s er flyttet til %(wave)s. %(taken)s av %(capacity)s plasser er brukt.") % {
        "agency": placement.agency,
        "wave": column.wave,
        "taken": len(column.cards),
        "capacity": CAPACITY,
    }


def _refused(request: Request, rollout: Rollout, placement: Placement, form: MoveForm, text: str) -> HttpResponse:
    if not request.htmx:
        placement.refresh_from_db()
        again = MoveForm(
            initial={"version": placement.version, "origin": _place_key(placement), "to": form.cleaned_data["to"]},
            **_choices(rollout, placement, origin=_place_key(placement)),
        )
        return _move_form(request, rollout, placement, again, status=409, refusal=text)
    shown = board(rollout, now=clock.now())
    refusal = Refusal(form.cleaned_data["to"], text)
    return _pieces(request, rollout, shown, placement, form, say={"text": text, "kind": "stop"}, refusal=refusal)


def _pieces(
    request: Request,
    rollout: Rollout,
    shown: Board,
    placement: Placement,
    form: MoveForm,
    *,
    say: dict[str, str],
    refusal: Refusal | None = None,
) -> HttpResponse:
    """What a move changes on an open board, out of band: the columns left, come to and stood in, and the sums."""
    now_in = shown.column_of(placement.agency.slug)
    keys = {form.cleaned_data["origin"], form.cleaned_data["to"], now_in.key if now_in else ""}
    context = _context(request, rollout, shown) | {"oob": True, "refusal": refusal}
    parts = [
        render_to_string("rollout/board.html#wave-column", context | {"column": column}, request)
        for column in shown.columns
        if column.key in keys
    ]
    parts += [
        render_to_string(f"rollout/board.html#{part}", context, request) for part in ("strip", "filters", "proposal")
    ]
    response = HttpResponse("".join(parts), status=409 if refusal else 200)
    trigger_client_event(response, "say", say)
    return trigger_client_event(response, "moved", {"agency": placement.agency.slug}, after="settle")


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: Request, slug: str) -> HttpResponse:
    """*Legg i kø*: take in an agency that has joined, with the licences it has funded."""
    rollout = rollout_of(request, slug)
    outside = Agency.objects.exclude(placements__rollout=rollout).in_norwegian_order()
    form = JoinForm(request.POST or None, agencies=outside)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            placement = queueing.join(
                rollout=rollout,
                agency=wanted["agency"],
                by=request.user,
                now=clock.now(),
                funded=wanted["funded"],
                implementation_cost_nok=wanted["implementation_cost_nok"] or 0,
                budget_reference=wanted["budget_reference"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request,
                _("%(agency)s står nå i køen på plass %(position)s.")
                % {"agency": placement.agency, "position": placement.queue_position},
            )
            return _to_board(request, rollout, anchor=f"card-{placement.agency.slug}")
    return _side_form(request, rollout, "rollout/board/join.html", form)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_wave(request: Request, slug: str) -> HttpResponse:
    """*Ny pulje*: a wave with the next number and two dates."""
    rollout = rollout_of(request, slug)
    form = NewWaveForm(request.POST or None, initial={"number_seen": scheduling.next_number(rollout)})
    if request.method == "POST" and form.is_valid():
        try:
            wave = scheduling.add_wave(rollout=rollout, by=request.user, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(wave)s er laget.") % {"wave": wave})
            return _to_board(request, rollout, anchor=f"column-{wave.number}")
    return _side_form(request, rollout, "rollout/board/new_wave.html", form)


def _side_form(request: Request, rollout: Rollout, template: str, form) -> HttpResponse:
    """A form of the board: a page of its own, or in the board's dialog."""
    context = {"rollout": rollout, "form": form, "in_dialog": bool(request.htmx)}
    return render(request, template + ("#form" if request.htmx else ""), context, status=422 if form.errors else 200)


def _to_board(request: Request, rollout: Rollout, *, anchor: str = "") -> HttpResponse:
    address = reverse("rollout:board", args=[rollout.slug])
    if request.htmx:
        # The query makes it another address, so that the browser loads the page and does not only jump to the anchor.
        return HttpResponseClientRedirect(f"{address}?{urlencode({'new': anchor})}#{anchor}")
    return redirect(f"{address}#{anchor}" if anchor else address)


@may(Do.CHANGE_PLAN)
@require_POST
def apply_proposed_plan(request: Request, slug: str) -> HttpResponse:
    """Put the reference rollout's proposed plan into the empty waves, all or nothing."""
    rollout = rollout_of(request, slug)
    now = clock.now()
    places = _proposal(rollout, board(rollout, now=now))
    try:
        moved = placing.apply_plan(rollout=rollout, places=places, by=request.user, now=now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            ngettext("%(n)s virksomhet er lagt i pulje.", "%(n)s virksomheter er lagt i puljer.", moved) % {"n": moved},
        )
    return _to_board(request, rollout)
