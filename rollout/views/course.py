"""The course as a template: its steps in each version, what a version changed, and how many agencies follow it."""

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agencies.access import Request
from rollout.domain import course
from rollout.permissions import Do, can, may
from rollout.views.context import rollout_of


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str, number: int | None = None) -> HttpResponse:
    """The newest version, or the one named."""
    rollout = rollout_of(request, slug)
    versions = list(rollout.course_versions.select_related("made_by").order_by("-number"))
    follow = dict(rollout.placements.in_plan().values_list("course_version").annotate(Count("pk")))
    at = next((place for place, one in enumerate(versions) if number in (None, one.number)), None)
    if at is None:
        raise Http404
    shown, before = versions[at], versions[at + 1] if at + 1 < len(versions) else None
    steps = list(shown.steps.all())
    context = {
        "version": shown,
        "is_newest": at == 0,
        "before": before,
        "changes": course.compare(before.steps.all(), steps) if before else [],
        "steps": [{"step": step, "lead": course.lead_time(step.lead_time_days)} for step in steps],
        "versions": [{"version": one, "follow": follow.get(one.pk, 0)} for one in versions],
        "follow": follow.get(shown.pk, 0),
        "agencies": sum(follow.values()),
        "may_edit": can(request, Do.CHANGE_PLAN),
    }
    return render(request, "rollout/course.html", context)
