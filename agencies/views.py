"""Signing in, the list of agencies, and each agency's own page."""

from allauth.account.views import RequestLoginCodeView
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agencies.access import SEES_AGENCIES, SEES_OWN_AGENCY, Request, only_for, roles_of
from agencies.models import Agency, AgencyKind, RoleName
from agencies.people import people_of
from agencies.sign_in import DEMO_ROLES, enter_demo_role

ONLY_CENTRAL = gettext_lazy("Listen over virksomheter er for prosjektlederen, sponsoren og lesere.")
ONLY_LEADERS = gettext_lazy("Denne siden er for virksomhetens leder, kommunikasjonssjef og stedfortreder.")


class SignInView(RequestLoginCodeView):
    """Ask for a one-time code; in the demo also: choose a role."""

    def get_context_data(self, **kwargs):
        roles = DEMO_ROLES if settings.DEMO_MODE else ()
        return super().get_context_data(**kwargs) | {"demo_roles": roles}


sign_in = SignInView.as_view()


@never_cache
@require_POST
def demo_sign_in(request: Request) -> HttpResponse:
    """One press in the demo; everywhere else the page does not exist."""
    if not settings.DEMO_MODE:
        raise Http404
    if enter_demo_role(request, request.POST.get("role", "")) is None:
        messages.error(request, _("Ingen har denne rollen i dataene. Velg en annen rolle."))
        return redirect("account_login")
    wanted = request.POST.get("next", "")
    return redirect(wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}) else "/")


@only_for(SEES_AGENCIES, otherwise=ONLY_CENTRAL)
@require_safe
def agency_list(request: Request) -> HttpResponse:
    """Every agency in Norwegian order, by kind when one is chosen."""
    kind = request.GET.get("kind", "")
    agencies = Agency.objects.in_norwegian_order()
    counts = dict.fromkeys(AgencyKind.values, 0)
    for agency in agencies:
        counts[agency.kind] += 1
    shown = [agency for agency in agencies if kind not in counts or agency.kind == kind]
    kinds = [(key, label, counts[key]) for key, label in AgencyKind.choices if counts[key]]
    return render(
        request,
        "agencies/list.html",
        {"agencies": shown, "kinds": kinds, "kind": kind if kind in counts else "", "total": len(agencies)},
    )


@only_for(SEES_AGENCIES | SEES_OWN_AGENCY, agency="agency", otherwise=ONLY_LEADERS)
@require_safe
def agency_page(request: Request, agency: str) -> HttpResponse:
    """What is true of an agency without any plan: its figures and its people. The plan part is fetched by the page."""
    agency_ = get_object_or_404(Agency, slug=agency)
    held = roles_of(request)
    return render(
        request,
        "agencies/agency.html",
        {
            "agency": agency_,
            "people": people_of(agency_),
            "sees_all": held.any_of(SEES_AGENCIES),
            "may_edit": held.any_of([RoleName.PROJECT_LEAD]),
        },
    )
