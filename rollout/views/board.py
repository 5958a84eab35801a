"""The board: the whole plan on one page, and the actions on it (rules 1, 2, 3, 8 and 16)."""

import datetime as dt
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from agencies.access import Request
from agencies.models import Agency
from rollout import clock
from rollout.domain import effects, glance, placing, queueing, scheduling, together
from rollout.domain.calendar import calendar_of
from rollout.domain.recording import new_change, plan_version
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.board import JoinForm, MoveForm
from rollout.forms.waves import NewWaveForm
from rollout.models import CAPACITY, OSLO, Placement, PlanEvent, Rollout, Wave, last_opening_day
from rollout.permissions import Do, may
from rollout.views import board_find, reuse
from rollout.views.asking import ask, posted
from rollout.views.board_data import QUEUE, Board, Column, board
from rollout.views.board_pieces import Refusal, column_html, context_of, pieces, proposal, shown_version
from rollout.views.board_places import column_key, destinations, others_in, placement_of, position
from rollout.views.context import rollout_of, undo_address
from rollout.views.numbers import whole

_MADE_OF = reuse.mark()


@may(Do.SEE_PLAN)
@never_cache
@require_safe
@reuse.read_with_session(_MADE_OF)
def show(request: Request, slug: str) -> HttpResponse:
    """Queue and waves, the overview strip, and for a project lead the means to move."""
    mark, now = reuse.read(request, _MADE_OF, slug), clock.now()
    if mark is None:  # nothing has happened yet by which to tell it from another
        return _show(request, rollout_of(request, slug), now)
    # Of the time only this shows: which opening is next, by the day whether a date needs its year and an older
    # signature still counts, and in the demo the clock.
    made_of = (mark, now if settings.DEMO_MODE else (last_opening_day(now), now.astimezone(OSLO).date()))
    return reuse.page(request, lambda: _show(request, rollout_of(request, slug), now), made_of=made_of)


def _show(request: Request, rollout: Rollout, now: dt.datetime) -> HttpResponse:
    shown, wanted = board(rollout, now=now), board_find.finding(request.GET)
    context = context_of(request, rollout, board_find.narrowed(shown, wanted))
    context |= {"finding": wanted, "choices": board_find.choices(shown)}
    context["columns"] = [column_html(context, column) for column in context["board"].columns]
    return render(request, "rollout/board.html", context)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: Request, slug: str, agency: str) -> HttpResponse:
    """Move one agency: GET shows the form, as a page or in the board's dialog; POST moves it."""
    rollout = rollout_of(request, slug)
    placement, waves = placement_of(rollout, agency), glance.waves(rollout)
    left = placement.wave = next((wave for wave in waves if wave.pk == placement.wave_id), None)
    if request.method != "POST":
        return _move_form(request, rollout, placement, _new_move_form(request, rollout, placement, waves))
    form = MoveForm(request.POST, **_choices(rollout, placement, waves))
    if not form.is_valid():
        return _move_form(request, rollout, placement, form, status=422)
    wanted, now = form.cleaned_data, clock.now()
    wave = next((wave for wave in waves if str(wave.number) == wanted["to"]), None)
    try:
        event = placing.move(
            placement=placement,
            to=wave,
            by=request.user,
            now=now,
            version_seen=wanted["version"],
            seen=shown_version(request) if wanted["seen"] is None else wanted["seen"],
            position=position(rollout, placement, wanted),
        )
    except Refused as refused:
        return _refused(request, rollout, placement, form, str(refused))
    return _moved(request, rollout, placement, form, event, left=left, entered=wave)


def _choices(rollout: Rollout, placement: Placement, waves: list[Wave]) -> dict:
    return {
        "destinations": destinations(waves, here=column_key(placement)),
        "queue": lambda: [name for _slug, name in others_in(rollout, placement, QUEUE)],
    }


def _new_move_form(request: Request, rollout: Rollout, placement: Placement, waves: list[Wave]) -> MoveForm:
    """A form that remembers the card as it was shown, so that a card moved since is refused and not moved twice."""
    version, known = whole(request.GET.get("version", "")), shown_version(request)
    origin = request.GET.get("origin") or column_key(placement)
    initial = {
        "version": placement.version if version is None else version,
        "origin": origin,
        "seen": plan_version(rollout.slug) if known is None else known,
    }
    return MoveForm(initial=initial, **_choices(rollout, placement, waves))


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
        "pinned_title": _("Låst i %(place)s") % {"place": placing.place_name(placement)},
        "form": form,
        "refusal": refusal,
        "in_dialog": bool(request.htmx),
    }
    return render(request, template, context, status=status)


def _moved(
    request: Request,
    rollout: Rollout,
    placement: Placement,
    form: MoveForm,
    event: PlanEvent | None,
    *,
    left: Wave | None,
    entered: Wave | None,
) -> HttpResponse:
    """What moved and what came of it, with the means to take it back. No event: it stood there already."""
    now = clock.now()
    shown = board(rollout, now=now)
    column = shown.column_of(placement.agency.slug)
    stayed = column is not None and column.key == form.cleaned_data["origin"]
    brief = _came_of_it(shown, placement, left=left, entered=entered, now=now) if event else []
    said = " ".join([_said(placement, column, stayed=stayed), *brief])
    undo = reverse("rollout:undo", args=[rollout.slug, event.change]) if event else ""
    if not request.htmx:
        messages.success(request, said, extra_tags=undo)
        return redirect(f"{reverse('rollout:board', args=[rollout.slug])}#card-{placement.agency.slug}")
    say = {"text": said, "kind": "warn" if brief else "ok", "undo": undo}
    written = [event] if event else []
    return pieces(
        request, rollout, shown, say=say, columns=_columns_of(form), agency=placement.agency.slug, written=written
    )


def _came_of_it(
    shown: Board, placement: Placement, *, left: Wave | None, entered: Wave | None, now: dt.datetime
) -> list[str]:
    column = shown.column(str(entered.number)) if entered else None
    return effects.brief_of_move(
        missing=shown.lacks.get(placement.agency.slug, []),
        people=column.people if column else 0,
        left=left,
        entered=entered,
        now=now,
    )


def _columns_of(form: MoveForm) -> set[str]:
    return {form.cleaned_data["origin"], form.cleaned_data["to"]}


def _said(placement: Placement, column: Column | None, *, stayed: bool = False) -> str:
    """What a move came to, in words: for the toast, the live region and the message on the next page."""
    if column is None:  # taken out of the plan by somebody else since
        return _("%(agency)s er flyttet.") % {"agency": placement.agency}
    if column.wave is None:
        place = next(card.place for card in column.cards if card.slug == placement.agency.slug)
        return _("%(agency)s er flyttet til plass %(place)s i køen.") % {"agency": placement.agency, "place": place}
    if stayed:
        place = next(card.place for card in column.cards if card.slug == placement.agency.slug)
        return _("%(agency)s har nå plass %(place)s i %(wave)s.") % {
            "agency": placement.agency,
            "place": place,
            "wave": column.wave,
        }
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
            initial={
                "version": placement.version,
                "origin": column_key(placement),
                "to": form.cleaned_data["to"],
                "seen": plan_version(rollout.slug),
            },
            **_choices(rollout, placement, glance.waves(rollout)),
        )
        return _move_form(request, rollout, placement, again, status=409, refusal=text)
    shown = board(rollout, now=clock.now())
    refusal = Refusal(form.cleaned_data["to"], text)
    return pieces(
        request,
        rollout,
        shown,
        say={"text": text, "kind": "stop"},
        columns=_columns_of(form),
        agency=placement.agency.slug,
        refusal=refusal,
        status=409,
    )


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: Request, slug: str) -> HttpResponse:
    """*Legg i kø*: take in an agency that has joined, with the licences it has funded."""
    rollout = rollout_of(request, slug)
    outside = Agency.objects.exclude(placements__rollout=rollout).in_norwegian_order()
    form = JoinForm(posted(request), agencies=outside)
    if form.is_valid():
        wanted = form.cleaned_data
        with refusals_at(form):
            placement = queueing.join(
                rollout=rollout,
                agency=wanted["agency"],
                by=request.user,
                now=clock.now(),
                funded=wanted["funded"],
                implementation_cost_nok=wanted["implementation_cost_nok"] or 0,
                budget_reference=wanted["budget_reference"],
            )
            messages.success(
                request,
                _("%(agency)s står nå i køen på plass %(position)s.")
                % {"agency": placement.agency, "position": placement.queue_position},
            )
            return _to_board(request, rollout, anchor=f"card-{placement.agency.slug}")
    return ask(request, form, template="rollout/board/join.html", rollout=rollout)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_wave(request: Request, slug: str) -> HttpResponse:
    """*Ny pulje*: a wave with the next number and two dates."""
    rollout = rollout_of(request, slug)
    proposed = scheduling.proposed_dates(rollout, now=clock.now())
    form = NewWaveForm(posted(request), initial=proposed | {"number_seen": scheduling.next_number(rollout)})
    if form.is_valid():
        with refusals_at(form):
            wave = scheduling.add_wave(rollout=rollout, by=request.user, now=clock.now(), **form.cleaned_data)
            said = [_("%(wave)s er laget.") % {"wave": wave}]
            said += effects.date_warnings(
                wave, [wave.leaders_on, wave.all_staff_on], rollout=rollout, calendar=calendar_of(rollout)
            )
            (messages.warning if said[1:] else messages.success)(request, " ".join(said))
            return _to_board(request, rollout, anchor=f"column-{wave.number}")
    return ask(request, form, template="rollout/board/new_wave.html", rollout=rollout, is_proposed=bool(proposed))


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
    places, change = proposal(rollout, board(rollout, now=now)), new_change()
    try:
        moved = together.apply_plan(rollout=rollout, places=places, by=request.user, now=now, change=change)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            ngettext("%(n)s virksomhet er lagt i pulje.", "%(n)s virksomheter er lagt i puljer.", moved) % {"n": moved},
            extra_tags=undo_address(rollout, change) if moved else "",
        )
    return _to_board(request, rollout)
