"""The front door: each role's own home, and the short addresses."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agencies.access import Request
from rollout.models import Rollout
from rollout.permissions import Do, can, may
from rollout.views import overview


@may(Do.ENTER)
@never_cache
@require_safe
def home(request: Request) -> HttpResponse:
    """What the person comes for: the active rollout's overview, or their own agency."""
    rollout = Rollout.objects.active()
    if rollout is None:
        return render(request, "rollout/no_rollout.html", status=404)
    if not can(request, Do.SEE_PLAN):
        return redirect("rollout:my", rollout.slug)
    return overview.page(request, rollout.slug)


@may(Do.ENTER)
@never_cache
@require_safe
def short(request: Request) -> HttpResponse:
    """`/board/` and the like: the same page of the active rollout."""
    rollout = Rollout.objects.active()
    if rollout is None:
        return render(request, "rollout/no_rollout.html", status=404)
    return redirect(f"/r/{rollout.slug}{request.get_full_path()}")
