"""What an agency asks the leads for: another date, or a place in the queue; and where its request stands."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agencies.access import Request
from agencies.models import Agency
from rollout import clock
from rollout.domain import joining, requesting
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.asking import DateRequestForm, JoinRequestForm
from rollout.models import CAPACITY, Placement, RequestState, Wave, WaveState
from rollout.permissions import Do, can, may
from rollout.views.asking import http_status, posted
from rollout.views.context import rollout_of

SENT = gettext_lazy("Ønsket er sendt til prosjektlederen. Svaret kommer på e-post og vises her.")

page = require_http_methods(["GET", "HEAD", "POST"])


@may(Do.SEE_COURSE, post=Do.ASK_LEADS, agency="agency")
@never_cache
@page
def date(request: Request, slug: str, agency: str) -> HttpResponse:
    """Ask for another date; where the open request stands; and how earlier ones were answered."""
    placement = _placement(request, slug, agency)
    form = _date_form(request, placement)
    if form.is_valid():
        with refusals_at(form):
            requesting.ask_for_date(placement=placement, by=request.user, now=clock.now(), **form.cleaned_data)
            messages.success(request, _("Ønsket er sendt til prosjektlederen. Svaret kommer på e-post og vises her."))
            return redirect("rollout:my-date", slug, agency)
    return _show_date(request, placement, form, status=http_status(form))


@may(Do.ASK_LEADS, agency="agency")
@require_POST
def withdraw_date(request: Request, slug: str, agency: str) -> HttpResponse:
    """Take the open request back."""
    placement = _placement(request, slug, agency)
    waiting = placement.date_requests.filter(state=RequestState.OPEN).first()
    try:
        if waiting is None:
            raise Refused(_("Det er ikke noe ønske som venter på svar."))
        requesting.withdraw_date(request=waiting, by=request.user, now=clock.now())
    except Refused as refused:
        form = _date_form(request, placement, blank=True)
        return _show_date(request, placement, form, status=409, refusal=str(refused))
    messages.success(request, _("Ønsket er trukket."))
    return redirect("rollout:my-date", slug, agency)


def _placement(request: Request, slug: str, agency: str) -> Placement:
    known = rollout_of(request, slug).placements.select_related("agency", "wave", "rollout")
    return get_object_or_404(known.in_plan(), agency__slug=agency)


def _date_form(request: Request, placement: Placement, *, blank: bool = False) -> DateRequestForm:
    waves = placement.rollout.waves.filter(state=WaveState.PLANNED).exclude(pk=placement.wave_id or 0)
    labels = {wave.number: wave_label(wave, wave.taken) for wave in waves.annotate(taken=Count("placements"))}
    return DateRequestForm(None if blank else posted(request), waves=waves, labels=labels)


def wave_label(wave: Wave, taken: int) -> str:
    """ "Pulje 3, 26. april 2018: 2 ledige plasser": short, for a list on a phone."""
    free = CAPACITY - taken
    places = ngettext("%(n)s ledig plass", "%(n)s ledige plasser", free) % {"n": free} if free else _("full nå")
    return _("%(wave)s, %(day)s: %(places)s") % {
        "wave": wave,
        "day": dateformat.format(wave.leaders_on, "j. F Y"),
        "places": places,
    }


def _show_date(
    request: Request, placement: Placement, form: DateRequestForm, *, status: int, refusal: str = ""
) -> HttpResponse:
    known = placement.date_requests.select_related("wanted", "moved_to", "asked_by", "answered_by")
    requests = list(known.order_by("-pk"))
    try:
        requesting.refuse_if_too_late(placement)
        too_late = ""
    except Refused as refused:
        too_late = str(refused)
    context = {
        "agency": placement.agency,
        "placement": placement,
        "open": next((one for one in requests if one.state == RequestState.OPEN), None),
        "earlier": [one for one in requests if one.state != RequestState.OPEN],
        "too_late": too_late,
        "form": form,
        "refusal": refusal,
        "asks": can(request, Do.ASK_LEADS, agency=placement.agency.slug),
    }
    return render(request, "rollout/my_date.html", context, status=status)


@may(Do.SEE_COURSE, post=Do.ASK_LEADS, agency="agency")
@never_cache
@page
def join(request: Request, slug: str, agency: str) -> HttpResponse:
    """Ask for a place in the queue, for an agency that is not in the plan."""
    rollout, asking = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    form = JoinRequestForm(posted(request), initial=_known(asking))
    if form.is_valid():
        with refusals_at(form):
            joining.ask_to_join(rollout=rollout, agency=asking, by=request.user, now=clock.now(), **form.cleaned_data)
            messages.success(request, _("Ønsket er sendt til prosjektlederen. Svaret kommer på e-post og vises her."))
            return redirect("rollout:join", slug, agency)
    return _show_join(request, slug, asking, form, status=http_status(form))


@may(Do.ASK_LEADS, agency="agency")
@require_POST
def withdraw_join(request: Request, slug: str, agency: str) -> HttpResponse:
    """Take the open request back."""
    rollout, asking = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    waiting = joining.open_request(rollout, asking)
    try:
        if waiting is None:
            raise Refused(_("Det er ikke noe ønske som venter på svar."))
        joining.withdraw_join(request=waiting, by=request.user, now=clock.now())
    except Refused as refused:
        form = JoinRequestForm(initial=_known(asking))
        return _show_join(request, slug, asking, form, status=409, refusal=str(refused))
    messages.success(request, _("Ønsket er trukket."))
    return redirect("rollout:join", slug, agency)


def _known(agency: Agency) -> dict[str, int]:
    return {"employees": agency.employees, "licences": 0, "implementation_cost_nok": 0}


def _show_join(
    request: Request, slug: str, agency: Agency, form: JoinRequestForm, *, status: int, refusal: str = ""
) -> HttpResponse:
    rollout = rollout_of(request, slug)
    known = rollout.join_requests.filter(agency=agency).select_related("asked_by", "answered_by")
    requests = list(known.order_by("-pk"))
    try:
        joining.refuse_if_inside(joining.placement_in(rollout, agency), agency)
        inside = ""
    except Refused as refused:
        inside = str(refused)
    context = {
        "agency": agency,
        "open": next((one for one in requests if one.state == RequestState.OPEN), None),
        "earlier": [one for one in requests if one.state != RequestState.OPEN],
        "inside": inside,
        "form": form,
        "refusal": refusal,
        "asks": can(request, Do.ASK_LEADS, agency=agency.slug),
    }
    return render(request, "rollout/my_join.html", context, status=status)
