"""*Når er vi ferdige?*: the forecast that a worker has made, with its reasons. The page computes none itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rollout import clock
from rollout.domain.forecasting import keeping
from rollout.models import OSLO
from rollout.permissions import Do, may
from rollout.views.context import rollout_of
from rollout.views.forecast_data import forecast_page


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    rollout, now = rollout_of(request, slug), clock.now()
    kept = keeping.latest(rollout, now=now)
    today = now.astimezone(OSLO).date()
    page = forecast_page(kept, today=today) if kept else None
    return render(request, "rollout/forecast.html", {"rollout": rollout, "page": page, "today": today})
