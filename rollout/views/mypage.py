"""`/my/`: what is missing for my agency, by when and who(journey 3).

The steps are in `my_steps` and `my_guidelines`. Key persons and leads read; the head, the chief and the deputies act.
"""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agencies.access import Request, roles_of
from agencies.models import Agency
from rollout import clock
from rollout.domain import funding, readiness
from rollout.domain.course import behind
from rollout.models import RequestState
from rollout.permissions import AT_AGENCY, Do, can, may
from rollout.views.commitments import sharing
from rollout.views.context import rollout_of
from rollout.views.course_words import heading, standing
from rollout.views.my_pieces import course_context, placements


@may(Do.SEE_COURSE)
@never_cache
@require_safe
def my(request: Request, slug: str) -> HttpResponse:
    """One's own agency at once; a choice for who has several."""
    rollout = rollout_of(request, slug)
    own = list(Agency.objects.filter(slug__in=roles_of(request).agencies(AT_AGENCY)).in_norwegian_order())
    if len(own) == 1:
        return redirect("rollout:my-course", rollout.slug, own[0].slug)
    now = clock.now()
    placed = {p.agency_id: p for p in placements(rollout).filter(agency__in=own)}
    courses = readiness.courses(placed.values(), now=now)
    choices = [
        {"agency": a, "standing": standing(p, a, courses[p.pk] if p else [], now=now)}
        for a in own
        for p in [placed.get(a.pk)]
    ]
    return render(request, "rollout/my_choose.html", {"choices": choices})


@may(Do.SEE_COURSE, agency="agency")
@never_cache
@require_safe
def course(request: Request, slug: str, agency: str) -> HttpResponse:
    """Where the agency stands, and its steps in order."""
    rollout = rollout_of(request, slug)
    shown = get_object_or_404(Agency, slug=agency)
    placement = placements(rollout).filter(agency=shown).first()
    now = clock.now()
    if placement is not None and placement.is_in_plan:
        context = course_context(request, placement, now=now)
        context |= {
            "behind": behind(placement),
            "stated": funding.in_force(placement),
            "funded": any(row.is_funding and row.status.done for row in context["rows"]),
            "date_asked": placement.date_requests.filter(state=RequestState.OPEN).first(),
        }
    else:
        where, left = heading(placement, shown, [], now=now)
        acts = can(request, Do.ACT_FOR_AGENCY, agency=agency)
        context = {"agency": shown, "placement": placement, "where": where, "left": left, "acts": acts}
    context |= {"several": len(roles_of(request).at) > 1, "sharing": sharing(rollout, shown, placement)}
    return render(request, "rollout/my.html", context)
