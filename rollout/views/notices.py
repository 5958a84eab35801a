"""*Varsler*: which mail comes to the one who asks, which of it is a duty, and a switch for each that is not."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request, roles_of
from rollout import clock
from rollout.domain import choosing
from rollout.domain.previewing import KINDS
from rollout.emails.choosing import CHOICES, DUTIES, wants
from rollout.models import EmailKind
from rollout.permissions import Do, may

#: Of what one may leave, what there is to know before doing so; the rest is said as on the page of previews.
ABOUT: dict[EmailKind, str | Promise] = {
    EmailKind.TO_DO: gettext_lazy(
        "14, 7 og 2 dager før en frist, og hver uke etter den. Stopper når steget er gjort. "
        "Kommunikasjonssjefen får dem først, virksomhetslederen når steget er en uke over fristen."
    ),
    EmailKind.AGENCY_WEEK: gettext_lazy(
        "Mandag klokken 8, når noe må gjøres de neste fire ukene: "
        "hva som er gjort, hva som gjenstår, og datoen deres. Dagens påminnelser er med i den."
    ),
    EmailKind.WEEKLY_STATUS: gettext_lazy("Mandag klokken 8: hvor langt utrullingen er kommet, og hva som stopper."),
}


@may(Do.ENTER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Request) -> HttpResponse:
    """The kinds that come to this person. A POST says, of each that was `shown`, whether it is `wanted`."""
    if request.method == "POST":
        shown = {EmailKind(kind) for kind in request.POST.getlist("shown") if kind in CHOICES}
        wanted = request.POST.getlist("wanted")
        choosing.choose(person=request.user, wanted={kind: kind in wanted for kind in shown}, now=clock.now())
        messages.success(request, _("Valgene er lagret."))
        return redirect("rollout:notices")
    held = roles_of(request)
    offered = [kind for kind in ABOUT if held.any_of(CHOICES[kind].may_get)]
    chosen = [_told(kind, ABOUT[kind]) | {"is_on": wants(request.user, kind)} for kind in offered]
    duties = [_told(kind, KINDS[kind].when) for kind in KINDS if kind in DUTIES and held.any_of(DUTIES[kind])]
    return render(request, "rollout/notices.html", {"chosen": chosen, "duties": duties})


def _told(kind: EmailKind, about: str | Promise) -> dict[str, Any]:
    return {"kind": kind.value, "name": kind.label, "about": about}
