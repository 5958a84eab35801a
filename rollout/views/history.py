"""The history of the plan: every event, newest first, filtered by what stands in the address (rule 9)."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from agencies.access import Request
from agencies.models import Person
from rollout.forms.history import SYSTEM, HistoryForm
from rollout.models import OSLO, PlanEvent, Rollout
from rollout.permissions import Do, can, may
from rollout.views.context import rollout_of
from rollout.views.history_data import GROUPS, history_page
from rollout.views.numbers import whole


@may(Do.SEE_PLAN)
@never_cache
@vary_on_headers("HX-Request")
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    """The page; or, when a filter was changed in it, the list alone."""
    rollout = rollout_of(request, slug)
    form = history_form(request, rollout)
    asked = {name: value for name in form.fields if (value := request.GET.get(name))}
    context: dict[str, Any] = {
        "rollout": rollout,
        "form": form,
        "is_filtered": bool(asked),
        "may_undo": can(request, Do.CHANGE_PLAN),
        "older_query": "",
    }
    before = _mark(request)
    query = urlencode(asked | ({} if before is None else {"before": str(before)}))
    # Where an undo leads back to, and what the address becomes when the list is swapped.
    context["here"] = reverse("rollout:history", args=[slug]) + (f"?{query}" if query else "")
    if form.is_valid():
        page = history_page(rollout, filtered(rollout, form.cleaned_data), before=before)
        context |= {"page": page, "is_newest": before is None, "newest_query": urlencode(asked)}
        if page.older:
            context["older_query"] = urlencode(asked | {"before": page.older})
    in_place = request.htmx and not request.htmx.history_restore_request
    template = "rollout/history.html#list" if in_place else "rollout/history.html"
    response = render(request, template, context, status=200 if form.is_valid() else 422)
    if in_place:
        response["HX-Push-Url"] = context["here"]
    return response


def history_form(request: Request, rollout: Rollout) -> HistoryForm:
    """The filters as they stand in the address."""
    people = Person.objects.filter(pk__in=rollout.events.values("by")).order_by("email")
    return HistoryForm(
        request.GET,
        auto_id="history-%s",
        waves=list(rollout.waves.values_list("number", flat=True)),
        people=[(str(person.pk), str(person)) for person in people],
        kinds=[(group, label) for group, (label, _kinds) in GROUPS.items()],
    )


def _mark(request: Request) -> int | None:
    """The event before which the page begins; None, the newest page, also for what is no number."""
    return whole(request.GET.get("before", ""))


def filtered(rollout: Rollout, wanted: dict[str, Any]) -> QuerySet[PlanEvent]:
    """The events that a valid form's filters ask for."""
    events = rollout.events.all()
    if wanted["agency"]:
        events = events.about_agency(wanted["agency"])
    if wanted["wave"]:
        events = events.about_wave(rollout.waves.get(number=wanted["wave"]))
    if wanted["person"]:
        events = events.filter(by=None if wanted["person"] == SYSTEM else wanted["person"])
    if wanted["kind"]:
        events = events.filter(kind__in=GROUPS[wanted["kind"]][1])
    if wanted["first_day"]:
        events = events.filter(at__gte=_midnight(wanted["first_day"]))
    if wanted["last_day"] and wanted["last_day"] < dt.date.max:
        events = events.filter(at__lt=_midnight(wanted["last_day"] + dt.timedelta(days=1)))
    return events


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=OSLO)
