"""Scenarios: the list, a new one, changing it, seeing it beside today's plan, adopting and dropping it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.access import Request
from agencies.models import Agency
from rollout import clock
from rollout.domain import adopting, scenarios
from rollout.domain.forecasting.beside import beside
from rollout.forms import refusals_at
from rollout.forms.scenarios import AdoptForm, EditScenarioForm, NewScenarioForm
from rollout.models import Purpose, Scenario, ScenarioState
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, http_status, leave, posted
from rollout.views.context import rollout_of
from rollout.views.event_words import tell
from rollout.views.scenario_data import scenario_page


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def index(request: Request, slug: str) -> HttpResponse:
    rollout = rollout_of(request, slug)
    found = list(rollout.scenarios.select_related("made_by", "ended_by"))
    context = {
        "rollout": rollout,
        "open": [scenario for scenario in found if scenario.is_open],
        "ended": [scenario for scenario in found if not scenario.is_open],
        "can_act": can(request, Do.CHANGE_PLAN),
    }
    return render(request, "rollout/scenarios.html", context)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str, pk: int) -> HttpResponse:
    """The scenario beside today's plan."""
    scenario = _scenario(request, slug, pk)
    return _page(request, scenario, AdoptForm(scenario=scenario))


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def forecast(request: Request, slug: str, pk: int) -> HttpResponse:
    """When the scenario and today's plan are done: a page of its own, and a part that the scenario's asks for."""
    scenario = _scenario(request, slug, pk)
    found = beside(scenario, now=clock.now())
    today, other = _("I dag"), _("Scenarioet")
    names = (_("Referanseplanen"), today) if scenario.is_baseline else (today, other)
    context = {
        "rollout": scenario.rollout,
        "scenario": scenario,
        "beside": found,
        "earlier": -found.days_later if found else 0,
        "other": _("Dagens plan") if scenario.is_baseline else other,
        "sides": [*zip(names, (found.before, found.after), strict=True)] if found else [],
    }
    template = "rollout/scenario_forecast.html"
    return render(request, f"{template}#beside" if request.htmx else template, context)


def _scenario(request: Request, slug: str, pk: int) -> Scenario:
    rollout = rollout_of(request, slug)
    found = get_object_or_404(Scenario.objects.select_related("made_by", "ended_by"), rollout=rollout, pk=pk)
    found.rollout = rollout
    return found


def _page(request: Request, scenario: Scenario, form: AdoptForm) -> HttpResponse:
    context = {
        "rollout": scenario.rollout,
        "scenario": scenario,
        "page": scenario_page(scenario, now=clock.now()),
        "form": form,
        "can_act": can(request, Do.CHANGE_PLAN) and scenario.is_open,
    }
    return render(request, "rollout/scenario.html", context, status=http_status(form))


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request, slug: str) -> HttpResponse:
    """Make one of today's plan, or of today's plan with what another scenario has."""
    rollout = rollout_of(request, slug)
    sources = rollout.scenarios.exclude(state=ScenarioState.DROPPED)
    form = NewScenarioForm(posted(request), sources=sources, initial={"source": request.GET.get("from")})
    if form.is_valid():
        source = form.cleaned_data.pop("source")
        wanted = {**form.cleaned_data, "by": request.user, "now": clock.now()}
        with refusals_at(form):
            if source is None:
                made = scenarios.make(rollout=rollout, **wanted)
            else:
                made = scenarios.copy(source=source, **wanted)
            said = _("«%(name)s» er laget. Planen er ikke endret.") % {"name": made.name}
            page = "scenario" if made.purpose == Purpose.BASELINE else "scenario-edit"
            return leave(request, reverse(f"rollout:{page}", args=[slug, made.pk]), said)
    return ask(
        request,
        form,
        rollout=rollout,
        back=reverse("rollout:scenarios", args=[slug]),
        back_label=_("Scenarioer"),
        heading=_("Nytt scenario"),
        button=_("Lag scenario"),
        intro=[_("Et scenario er en kopi av planen som du kan endre fritt. Planen endres først om du tar det i bruk.")],
    )


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, slug: str, pk: int) -> HttpResponse:
    """Where each agency goes and when each wave opens. Hard rules may be broken; the page says which."""
    scenario = _scenario(request, slug, pk)
    address = reverse("rollout:scenario", args=[slug, pk])
    if not scenario.is_open or scenario.is_baseline:
        return redirect(address)
    agencies = list(Agency.objects.in_norwegian_order().filter(slug__in=scenario.places))
    form = EditScenarioForm(posted(request), scenario=scenario, agencies=agencies)
    if form.is_valid():
        with refusals_at(form):
            scenarios.change(
                scenario=scenario,
                version_seen=form.cleaned_data["version"],
                name=form.cleaned_data["name"],
                places=form.places,
                dates=form.dates,
            )
            return leave(request, address, _("«%(name)s» er lagret. Planen er ikke endret.") % {"name": scenario.name})
    context = {"rollout": scenario.rollout, "scenario": scenario, "form": form}
    return render(request, "rollout/scenario_edit.html", context, status=http_status(form))


@may(Do.CHANGE_PLAN)
@never_cache
@require_POST
def adopt(request: Request, slug: str, pk: int) -> HttpResponse:
    """Let the plan become what was chosen of the scenario, in one change that can be taken back."""
    scenario = _scenario(request, slug, pk)
    form = AdoptForm(request.POST, scenario=scenario)
    if form.is_valid():
        wanted = form.cleaned_data
        with refusals_at(form):
            event = adopting.adopt(
                scenario=scenario,
                by=request.user,
                now=clock.now(),
                version_seen=wanted["version"],
                moves=wanted["moves"],
                waves=wanted["waves"],
                goes_seen=wanted["goes"],
                reason=wanted["reason"],
            )
            return leave(request, reverse("rollout:board", args=[slug]), f"{tell(event, {})}.", event=event)
    return _page(request, scenario, form)


@may(Do.CHANGE_PLAN)
@never_cache
@require_POST
def catch_up(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take in what the plan has become since; where both have moved, the plan's stands."""
    scenario = _scenario(request, slug, pk)
    form = AdoptForm(request.POST, scenario=scenario)
    if form.is_valid():
        with refusals_at(form):
            scenarios.catch_up(scenario=scenario, version_seen=form.cleaned_data["version"])
            said = _("«%(name)s» bygger nå på planen slik den er.") % {"name": scenario.name}
            return leave(request, reverse("rollout:scenario", args=[slug, pk]), said)
    return _page(request, scenario, form)


@may(Do.CHANGE_PLAN)
@never_cache
@require_POST
def drop(request: Request, slug: str, pk: int) -> HttpResponse:
    """Put it away: it can still be read, and another made from it while it was open is untouched."""
    scenario = _scenario(request, slug, pk)
    form = AdoptForm(request.POST, scenario=scenario)
    form.full_clean()  # what it was sent with does not matter, and a refusal has to stand somewhere
    with refusals_at(form):
        scenarios.drop(scenario=scenario, by=request.user, now=clock.now())
        said = _("«%(name)s» er forkastet. Planen er ikke endret.") % {"name": scenario.name}
        return leave(request, reverse("rollout:scenarios", args=[slug]), said)
    return _page(request, scenario, form)
