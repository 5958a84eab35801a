"""The rollouts: a list of them, which one is active, and a new one after the pattern of another."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Max, Min
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import creating, drafting, figures
from rollout.domain.figures import Totals
from rollout.domain.words import long_date
from rollout.forms import refusals_at
from rollout.forms.rollouts import NewRolloutForm
from rollout.models import CAPACITY, PlanEvent, Rollout, Wave
from rollout.permissions import Do, can, may
from rollout.views.asking import http_status, posted
from rollout.views.context import rollout_of


@dataclass(frozen=True)
class Row:
    """`dates`: the first leaders' date and the last all-staff date; `last_change`: the newest event."""

    rollout: Rollout
    totals: Totals
    dates: tuple[dt.date, dt.date] | None
    last_change: PlanEvent | None

    @property
    def number_of_waves(self) -> int:
        return self.totals.places // CAPACITY


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """Every rollout, the active one first. The number of queries does not grow with them."""
    rollouts = list(Rollout.objects.order_by("-is_active", "-pk"))
    totals = figures.totals_of(rollouts)
    spans = Wave.objects.order_by().values_list("rollout").annotate(Min("leaders_on"), Max("all_staff_on"))
    dates = {rollout: (first, last) for rollout, first, last in spans}
    newest = PlanEvent.objects.order_by().values("rollout").annotate(newest=Max("id")).values("newest")
    last = {event.rollout_id: event for event in PlanEvent.objects.filter(pk__in=newest).select_related("by")}
    rows = [Row(rollout, totals[rollout.pk], dates.get(rollout.pk), last.get(rollout.pk)) for rollout in rollouts]
    return render(request, "rollout/rollouts.html", {"rows": rows, "may_change": can(request, Do.CHANGE_PLAN)})


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: Request, slug: str) -> HttpResponse:
    """A page that says what it means, then a POST."""
    rollout = rollout_of(request, slug)
    if request.method != "POST":
        context = {"rollout": rollout, "active": Rollout.objects.active()}
        return render(request, "rollout/rollout_activate.html", context)
    if creating.activate(rollout=rollout, by=request.user, now=clock.now()):
        messages.success(request, _("%(rollout)s er nå den aktive utrullingen.") % {"rollout": rollout})
    else:
        messages.info(request, _("%(rollout)s er alt den aktive utrullingen.") % {"rollout": rollout})
    return redirect("rollout:rollouts")


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: Request, slug: str) -> HttpResponse:
    """A new rollout after the pattern of this one."""
    template = rollout_of(request, slug)
    waves = template.waves.count()
    form = NewRolloutForm(posted(request), template=template, has_waves=bool(waves))
    if form.is_valid():
        with refusals_at(form):
            made = creating.create_from(template=template, by=request.user, now=clock.now(), **form.cleaned_data)
            messages.success(
                request,
                _("%(rollout)s er opprettet etter malen av %(template)s. Den er ikke aktiv ennå.")
                % {"rollout": made, "template": template},
            )
            _warn_draft(request, made, template)
            _warn_past_end(request, made)
            return redirect("rollout:board", made.slug)
    context = {"rollout": template, "form": form, "number_of_waves": waves}
    return render(request, "rollout/rollout_copy.html", context, status=http_status(form))


def _warn_draft(request: Request, rollout: Rollout, template: Rollout) -> None:
    if drafting.draft_of(rollout) is not None:
        said = _(
            "Kjørereglene er ikke publisert ennå: de er et utkast der %(new)s står for %(old)s. Les det og publiser."
        )
        messages.warning(request, said % {"new": rollout.tool_name, "old": template.tool_name})


def _warn_past_end(request: Request, rollout: Rollout) -> None:
    last = rollout.waves.order_by("all_staff_on").last()
    if last is not None and rollout.ends_on is not None and last.all_staff_on > rollout.ends_on:
        messages.warning(
            request,
            _("%(wave)s åpner for alle %(day)s. Det er etter utrullingens siste dag, %(end)s.")
            % {"wave": last, "day": long_date(last.all_staff_on), "end": long_date(rollout.ends_on)},
        )
