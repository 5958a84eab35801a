"""The demo clock's two buttons. Outside the demo they do not exist."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from agencies.access import Request, page_here
from rollout.domain import stepping
from rollout.domain.refusals import Refused
from rollout.permissions import Do, may

#: What the buttons mean.
STEPS = {"day": stepping.step_day, "event": stepping.step_event}


@may(Do.ENTER)
@require_POST
def demo_step(request: Request) -> HttpResponse:
    """Step the demo clock; all that falls due on the way is done before the page answers."""
    if not settings.DEMO_MODE:
        raise Http404
    step = STEPS.get(request.POST.get("to", ""))
    if step is None:
        raise Http404
    try:
        step()
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect(page_here(request.POST.get("next")) or "/")
