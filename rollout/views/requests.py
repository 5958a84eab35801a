"""What agencies ask for and wait for, all in one place for the leads; and the answers."""

from typing import Any

from django.db.models import Count
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import effects, joining, placing, requesting
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.asking import AcceptDateForm, AcceptJoinForm, DeclineForm
from rollout.models import DateRequest, JoinRequest, Placement, PlacementStatus, Rollout, WaveState
from rollout.permissions import Do, may
from rollout.views.agency_edit import agency_address
from rollout.views.asking import ask, http_status, leave, posted
from rollout.views.board_data import QUEUE
from rollout.views.board_live import foreseen
from rollout.views.board_places import column_key, wave_of
from rollout.views.context import rollout_of
from rollout.views.my_requests import wave_label
from rollout.views.request_data import all_requests

page = require_http_methods(["GET", "HEAD", "POST"])


@may(Do.ANSWER_AGENCIES)
@never_cache
@require_safe
def index(request: Request, slug: str) -> HttpResponse:
    """Open requests, the oldest first; then those answered lately."""
    rollout = rollout_of(request, slug)
    return render(request, "rollout/requests.html", {"rollout": rollout, "page": all_requests(rollout)})


# -- another date ----------------------------------------------------------------------------------------------------


@may(Do.ANSWER_AGENCIES)
@never_cache
@page
def date(request: Request, slug: str, pk: int) -> HttpResponse:
    """Accept by moving: to which wave, what that will do, and a word to the agency."""
    rollout = rollout_of(request, slug)
    asked = _date_request(rollout, pk)
    placement = asked.placement
    destinations = _destinations(rollout, placement)
    form = AcceptDateForm(posted(request), destinations=destinations, initial=_wished(asked))
    if form.is_valid():
        wanted, now = form.cleaned_data, clock.now()
        to = wave_of(rollout, wanted["to"])
        brief = effects.of_move(rollout=rollout, placements=[placement], to=to, now=now).brief
        with refusals_at(form):
            __, moved = requesting.accept_date(
                request=asked,
                to=to,
                answer=wanted["answer"],
                version_seen=wanted["version"],
                by=request.user,
                now=now,
            )
            placement.refresh_from_db()
            said = _("Ønsket er godtatt. %(agency)s står i %(place)s. Virksomheten får svaret på e-post.")
            said %= {"agency": placement.agency, "place": placing.place_name(placement)}
            return leave(request, _address(rollout), " ".join([said, *(brief if moved else [])]), event=moved)
        asked = _date_request(rollout, pk)
        form.data = dict(form.data.items()) | {"version": asked.placement.version}
    return _show_date(request, asked, form)


def _show_date(request: Request, asked: DateRequest, form: AcceptDateForm) -> HttpResponse:
    placement = asked.placement
    context: dict[str, Any] = {"placement": placement}
    chosen = form["to"].value()
    if chosen in dict(_destinations(placement.rollout, placement)) and chosen != column_key(placement):
        context |= foreseen(placement, wave_of(placement.rollout, chosen), now=clock.now())
    return _show(request, placement.rollout, "date", asked, form, **context)


def _show(
    request: Request, rollout: Rollout, kind: str, asked: DateRequest | JoinRequest, form: Form, **context
) -> HttpResponse:
    """What was asked, and the form that answers it or how it was answered. `kind`: "date" or "join"."""
    try:
        requesting.refuse_if_answered(asked)
        answered = ""
    except Refused as refused:
        answered = str(refused)
    decline_url = reverse(f"rollout:request-{kind}-decline", args=[rollout.slug, asked.pk])
    context |= {"rollout": rollout, "asked": asked, "form": form, "answered": answered, "decline_url": decline_url}
    return render(request, f"rollout/request_{kind}.html", context, status=http_status(form))


def _date_request(rollout: Rollout, pk: int) -> DateRequest:
    known = DateRequest.objects.select_related(
        "placement__agency", "placement__wave", "placement__rollout", "wanted", "asked_by", "answered_by"
    )
    return get_object_or_404(known, pk=pk, placement__rollout=rollout)


def _wished(asked: DateRequest) -> dict:
    """What the agency wished is chosen to begin with, while it can be had."""
    to = str(asked.wanted.number) if asked.wanted and asked.wanted.is_planned else ""
    return {"to": to, "version": asked.placement.version}


def _destinations(rollout: Rollout, placement: Placement) -> list[tuple[str, str]]:
    """The waves that have not opened and the queue, with where the agency stands already among them."""
    here = column_key(placement) if placement.status != PlacementStatus.WITHDRAWN else ""
    waves = rollout.waves.filter(state=WaveState.PLANNED).annotate(taken=Count("placements"))
    found = [(str(wave.number), wave_label(wave, wave.taken)) for wave in waves] + [(QUEUE, _("Kø"))]
    return [(key, _("%(place)s (står her nå)") % {"place": label} if key == here else label) for key, label in found]


@may(Do.ANSWER_AGENCIES)
@never_cache
@page
def decline_date(request: Request, slug: str, pk: int) -> HttpResponse:
    """Say no, with a reason."""
    rollout = rollout_of(request, slug)
    asked = _date_request(rollout, pk)
    return _decline(
        request,
        rollout,
        heading=_("Avslå ønsket fra %(agency)s") % {"agency": asked.placement.agency},
        back=reverse("rollout:request-date", args=[rollout.slug, pk]),
        decline=lambda answer: requesting.decline_date(request=asked, answer=answer, by=request.user, now=clock.now()),
    )


# -- joining ---------------------------------------------------------------------------------------------------------


@may(Do.ANSWER_AGENCIES)
@never_cache
@page
def join(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take the agency into the queue, with the funding it stated."""
    rollout = rollout_of(request, slug)
    asked = _join_request(rollout, pk)
    differs = asked.employees != asked.agency.employees
    form = AcceptJoinForm(posted(request), initial={"use_headcount": differs})
    if form.is_valid():
        with refusals_at(form):
            placement = joining.accept_join(request=asked, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("%(agency)s står nå i køen på plass %(place)s. Virksomheten får svaret på e-post.")
            said %= {"agency": placement.agency, "place": placement.queue_position}
            return leave(request, _address(rollout), said)
        asked = _join_request(rollout, pk)
    return _show(
        request, rollout, "join", asked, form, differs=differs, agency_url=agency_address(rollout, asked.agency)
    )


def _join_request(rollout: Rollout, pk: int) -> JoinRequest:
    return get_object_or_404(rollout.join_requests.select_related("agency", "asked_by", "answered_by"), pk=pk)


@may(Do.ANSWER_AGENCIES)
@never_cache
@page
def decline_join(request: Request, slug: str, pk: int) -> HttpResponse:
    """Say no, with a reason."""
    rollout = rollout_of(request, slug)
    asked = _join_request(rollout, pk)
    return _decline(
        request,
        rollout,
        heading=_("Avslå ønsket fra %(agency)s") % {"agency": asked.agency},
        back=reverse("rollout:request-join", args=[rollout.slug, pk]),
        decline=lambda answer: joining.decline_join(request=asked, answer=answer, by=request.user, now=clock.now()),
    )


def _decline(request: Request, rollout: Rollout, *, heading: str, back: str, decline) -> HttpResponse:
    form = DeclineForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            decline(form.cleaned_data["answer"])
            return leave(request, _address(rollout), _("Ønsket er avslått. Virksomheten får svaret på e-post."))
    return ask(
        request,
        form,
        rollout=rollout,
        back=back,
        back_label=_("Ønsket"),
        heading=heading,
        button=_("Avslå"),
        danger=True,
        intro=[_("Virksomheten får begrunnelsen på e-post, og ser den på sin side.")],
    )


def _address(rollout: Rollout) -> str:
    return reverse("rollout:requests", args=[rollout.slug])
