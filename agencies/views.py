"""Signing in, the list of agencies, and each agency's own page."""

from allauth.account.views import RequestLoginCodeView
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies import oidc
from agencies.access import SEES_AGENCIES, SEES_OWN_AGENCY, Request, only_for, page_here, roles_of, sent_from
from agencies.models import Agency, AgencyKind, RoleName
from agencies.people import people_of
from agencies.sign_in import DEMO_ROLES, enter_demo_role, not_invited

ONLY_CENTRAL = gettext_lazy("Listen over virksomheter er for prosjektlederen, sponsoren og lesere.")
ONLY_LEADERS = gettext_lazy("Denne siden er for virksomhetens leder, kommunikasjonssjef og stedfortreder.")


class SignInView(RequestLoginCodeView):
    """Ask for a one-time code; in the demo also: choose a role."""

    def get_context_data(self, **kwargs):
        roles = DEMO_ROLES if settings.DEMO_MODE else ()
        issuer = settings.OIDC_NAME if oidc.is_offered() else ""
        return super().get_context_data(**kwargs) | {"demo_roles": roles, "issuer": issuer}


sign_in = SignInView.as_view()


def open_for_too_long(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is no longer good: most often somebody signed in anew in another tab (Django's own hook)."""
    return render(request, "403_csrf.html", {"back": sent_from(request)}, status=403)


@never_cache
@require_POST
def oidc_start(request: Request) -> HttpResponse:
    """Lead to the municipality's own sign-in. Without one configured the page does not exist."""
    if not oidc.is_offered():
        raise Http404
    try:
        return oidc.leave(request, next_url=request.POST.get("next", ""))
    except oidc.OidcFailed:
        messages.error(request, _("Innloggingstjenesten svarer ikke. Prøv igjen om litt, eller bruk en engangskode."))
        return redirect("account_login")


@never_cache
@require_http_methods(["GET"])
def oidc_callback(request: Request) -> HttpResponse:
    """Where the issuer sends people back: the invited are signed in, everybody else is told whom to ask."""
    if not oidc.is_offered():
        raise Http404
    try:
        state, claims = oidc.came_back(request)
    except oidc.OidcFailed as failed:
        [state] = failed.args
        proving = state.get("process") == oidc.PROVE
        messages.error(request, _("Innloggingen ble avbrutt eller varte for lenge. Prøv igjen."))
        return redirect((state.get("next") or "/") if proving else "account_login")
    if state["process"] == oidc.PROVE:
        if not oidc.remember_proven(request, claims):
            messages.error(request, _("Innloggingstjenesten bekreftet ingen e-postadresse. Bruk en engangskode."))
        return redirect(state.get("next") or "/")
    person = oidc.person_behind(claims)
    if person is None:
        request.session.flush()  # nothing is kept of those who are not invited
        messages.error(request, not_invited())
        return redirect("account_login")
    return oidc.sign_in(request, person, next_url=state.get("next"))


@never_cache
@require_POST
def demo_sign_in(request: Request) -> HttpResponse:
    """One press in the demo; everywhere else the page does not exist."""
    if not settings.DEMO_MODE:
        raise Http404
    if enter_demo_role(request, request.POST.get("role", "")) is None:
        messages.error(request, _("Ingen har denne rollen i dataene. Velg en annen rolle."))
        return redirect("account_login")
    return redirect(page_here(request.POST.get("next")) or "/")


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
