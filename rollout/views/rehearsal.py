"""The dress rehearsal: played by a worker while the page waits, shown day by day."""

import datetime as dt
from dataclasses import asdict
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from agencies.access import Request
from rollout import rehearsals
from rollout.domain.recording import plan_version
from rollout.domain.rehearsing import Assumptions, Rehearsal
from rollout.forms.rehearsal import AssumptionsForm
from rollout.permissions import Do, can, may
from rollout.views.context import rollout_of
from rollout.views.event_words import step_names
from rollout.views.rehearsal_data import opens_nothing_undecided, stretches_of, sums_of


@may(Do.SEE_PLAN, post=Do.CHANGE_PLAN)
@never_cache
@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Request, slug: str) -> HttpResponse:
    """GET: the newest rehearsal under the assumptions in the address. POST: have it played, and come back to wait."""
    rollout = rollout_of(request, slug)
    form = AssumptionsForm(request.POST if request.method == "POST" else request.GET, rollout=rollout)
    context = {"rollout": rollout, "form": form, "may_play": can(request, Do.CHANGE_PLAN)}
    if not form.is_valid():
        return render(request, "rollout/rehearsal.html", context, status=422)
    chosen = form.cleaned_data["scenario"]
    assuming = Assumptions(
        go=form.cleaned_data["go"], ready=form.cleaned_data["ready"], scenario=chosen.pk if chosen else None
    )
    here = reverse("rollout:rehearsal", args=[slug])
    if query := urlencode({name: int(value) for name, value in asdict(assuming).items() if value}):
        here += f"?{query}"
    if request.method == "POST":
        rehearsals.ask(rollout=rollout, assuming=assuming)
        return redirect(here)
    kept = rehearsals.latest(rollout=rollout, assuming=assuming)
    played = kept["rehearsal"] if kept else None
    context |= {
        "here": here,
        "is_playing": rehearsals.is_playing(rollout=rollout, assuming=assuming),
        "reasons": kept["reasons"] if kept else [],
        "broke_off": kept is not None and played is None and not kept["reasons"],
        "played": played,
        "is_old": played is not None and _played_of(played) != (plan_version(slug), chosen and chosen.version),
        "start": dt.datetime.fromisoformat(played["start"]) if played else None,
        "until": dt.date.fromisoformat(played["until"]) if played else None,
        "days": stretches_of(played, step_names(rollout)) if played else [],
        "asks_for_go": played is not None and not assuming.go and opens_nothing_undecided(played),
        "sums": sums_of(played) if played else [],
    }
    in_place = request.htmx and not request.htmx.history_restore_request
    return render(request, "rollout/rehearsal.html#result" if in_place else "rollout/rehearsal.html", context)


def _played_of(played: Rehearsal) -> tuple[int, int | None]:
    """The versions of the plan and the scenario that were played."""
    return played["plan_version"], played["scenario_version"]
