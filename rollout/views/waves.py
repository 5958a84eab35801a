"""A wave's page: its dates, its agencies, the preview of its next opening, and the decisions (rules 6, 7 and 10)."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from agencies.access import Request
from rollout import clock
from rollout.domain import deciding, figures, opening
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.waves import DecisionForm, DeferralForm, ReleaseForm
from rollout.models import Placement, Rollout, Verdict, Wave
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, http_status, leave, posted
from rollout.views.board_data import QUEUE
from rollout.views.context import rollout_of
from rollout.views.numbers import place_among
from rollout.views.wave_data import WavePage, destinations, wave_page


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str, number: int) -> HttpResponse:
    return _show(request, rollout_of(request, slug), number)


def _show(
    request: Request, rollout: Rollout, number: int, *, form: DecisionForm | None = None, status: int = 200
) -> HttpResponse:
    """The whole page, or for HTMX the part of it that an action changes."""
    page = wave_page(rollout, number, now=clock.now())
    if page is None:
        raise Http404
    form = form or DecisionForm(initial={"version": page.wave.plan_version}, use_required_attribute=False)
    form.fields["override"].required = bool(page.stands_before)  # of a go: what is shown, not what a stop needs
    context = {
        "rollout": rollout,
        "page": page,
        "wave": page.wave,
        "form": form,
        "can_act": can(request, Do.CHANGE_PLAN),
        "sees_mail": can(request, Do.SEE_MAIL),
        "chosen": _chosen(page, request.GET.get("mail", "")),
    }
    return render(request, "rollout/wave.html" + ("#wave" if request.htmx else ""), context, status=status)


def _chosen(page: WavePage, key: str) -> dict | None:
    """The place, from 1, and the draft that `?mail=` asks for; else the first."""
    drafts = page.preview.messages
    place = place_among(key, drafts)
    return {"place": place, "draft": drafts[place - 1]} if drafts else None


def _wave(rollout: Rollout, number: int) -> Wave:
    return get_object_or_404(rollout.waves.select_related("rollout"), number=number)


def _done(request: Request, rollout: Rollout, number: int, said: str) -> HttpResponse:
    """After an action on the page itself: the page as it is now, with what was done."""
    if request.htmx:
        return trigger_client_event(_show(request, rollout, number), "say", {"text": said, "kind": "ok"})
    messages.success(request, said)
    return redirect("rollout:wave", rollout.slug, number)


# -- go and no-go --------------------------------------------------------------------------------------------------


@may(Do.CHANGE_PLAN)
@require_POST
def go(request: Request, slug: str, number: int) -> HttpResponse:
    return _decide(request, rollout_of(request, slug), number, Verdict.GO, _("%(wave)s har fått klarsignal."))


@may(Do.CHANGE_PLAN)
@require_POST
def stop(request: Request, slug: str, number: int) -> HttpResponse:
    said = _("%(wave)s har fått stopp. Den åpner ikke før den får nytt klarsignal.")
    return _decide(request, rollout_of(request, slug), number, Verdict.NO_GO, said)


def _decide(request: Request, rollout: Rollout, number: int, verdict: Verdict, said: str) -> HttpResponse:
    wave = _wave(rollout, number)
    form = DecisionForm(request.POST)
    if form.is_valid():
        with refusals_at(form):
            deciding.decide(
                wave=wave,
                verdict=verdict,
                reason=form.cleaned_data["reason"],
                override=form.cleaned_data["override"],
                by=request.user,
                now=clock.now(),
                plan_version_seen=form.cleaned_data["version"],
            )
            return _done(request, rollout, number, said % {"wave": wave})
        # What was typed stays, with the reasons; the next press is for the plan that is shown now.
        wave.refresh_from_db()
        form.data = dict(form.data.items()) | {"version": wave.plan_version}
    return _show(request, rollout, number, form=form, status=http_status(form))


@may(Do.CHANGE_PLAN)
@require_POST
def defer(request: Request, slug: str, number: int, agency: str) -> HttpResponse:
    """Choose where an agency goes if it is not ready when the wave opens."""
    rollout = rollout_of(request, slug)
    wave = _wave(rollout, number)
    placement = _placement(wave, agency)
    plan = figures.plan(rollout, now=clock.now())
    form = DeferralForm(request.POST, destinations=destinations(plan, wave, chosen=placement.deferral_wave))
    if not form.is_valid():
        return _not_done(request, rollout, number, _("Velg køen eller en pulje som har plass."), status=422)
    to = form.cleaned_data["to"]
    where = None if to == QUEUE else _wave(rollout, int(to))
    try:
        deciding.choose_deferral(placement=placement, to=where, by=request.user, now=clock.now())
    except Refused as refused:
        return _not_done(request, rollout, number, str(refused), status=409)
    words = {"agency": placement.agency, "where": where or _("fremst i køen")}
    said = _("Er %(agency)s ikke klar, går den til: %(where)s.") % words
    return _done(request, rollout, number, said)


def _not_done(request: Request, rollout: Rollout, number: int, why: str, *, status: int) -> HttpResponse:
    if request.htmx:
        response = _show(request, rollout, number, status=status)
        return trigger_client_event(response, "say", {"text": why, "kind": "stop"})
    messages.error(request, why)
    return redirect("rollout:wave", rollout.slug, number)


def _placement(wave: Wave, agency: str) -> Placement:
    found = wave.placements.select_related("agency", "wave", "rollout", "deferral_wave")
    return get_object_or_404(found, agency__slug=agency)


# -- a form of its own, as a page or in the dialog ----------------------------------------------------------------


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: Request, slug: str, number: int, agency: str) -> HttpResponse:
    """*Slipp inn*: let in the staff of an agency that was held, whatever it lacks."""
    wave = _wave(rollout_of(request, slug), number)
    placement = _placement(wave, agency)
    form = ReleaseForm(posted(request), auto_id="release-%s")
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        with refusals_at(form):
            opening.release(placement=placement, reason=reason, by=request.user, now=clock.now())
            said = _("%(agency)s er sluppet inn. Alle der har nå tilgang.") % {"agency": placement.agency}
            return leave(request, reverse("rollout:wave", args=[slug, number]), said)
    shown = {"rollout": wave.rollout, "wave": wave, "placement": placement}
    return ask(request, form, template="rollout/wave_release.html", **shown)


# -- mail that is not written yet ----------------------------------------------------------------------------------


@may(Do.SEE_MAIL)
@never_cache
@require_safe
@csp_override({"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE]})
def mail_html(request: Request, slug: str, number: int, place: int) -> HttpResponse:
    """One previewed message's HTML by itself, for the sandboxed frame: it may style itself and nothing else."""
    preview = opening.preview(_wave(rollout_of(request, slug), number), now=clock.now())
    if not 0 < place <= len(preview.messages):
        raise Http404
    return HttpResponse(preview.messages[place - 1].html)
