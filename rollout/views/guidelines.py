"""The guidelines: every version that was published, who signed it, and who is to sign (rule 5)."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from agencies import oidc
from agencies.access import Request
from rollout import clock
from rollout.domain import differences, signing_off
from rollout.domain.drafting import draft_of
from rollout.forms.guidelines import SigningForm
from rollout.models import IN_PLAN
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of

NOBODY_COULD = gettext_lazy(
    "Personlig innlogging er ikke satt opp her. Krever du det for å signere, kan ingen signere før det er på plass."
)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    """All versions, the newest first; for a lead also the draft and the rules of signing."""
    rollout = rollout_of(request, slug)
    signed = Count("sign_offs", filter=Q(sign_offs__placement__status__in=IN_PLAN))
    versions = rollout.guideline_versions.select_related("published_by").annotate(signed=signed).order_by("-number")
    context = {
        "versions": versions,
        "agencies": rollout.placements.in_plan().count(),
        "draft": draft_of(rollout),
        "may_write": can(request, Do.CHANGE_PLAN),
    }
    return render(request, "rollout/guidelines.html", context)


@may(Do.ENTER)
@never_cache
@require_safe
def version(request: Request, slug: str, number: int) -> HttpResponse:
    """One version's exact text, for everybody who has a role: it is what they commit to."""
    rollout = rollout_of(request, slug)
    shown = get_object_or_404(rollout.guideline_versions.select_related("published_by"), number=number)
    before = rollout.guideline_versions.filter(number__lt=number).order_by("-number").first()
    sees_all = can(request, Do.SEE_PLAN)
    sign_offs = shown.sign_offs.select_related("placement__agency", "person").order_by(
        "placement__agency__name_sort_key"
    )
    context = {
        "version": shown,
        "before": before,
        "lines": differences.compare(before.text, shown.text) if before else [],
        "newest": rollout.guideline_versions.order_by("-number").values_list("number", flat=True).first(),
        "sees_all": sees_all,
        "sign_offs": sign_offs if sees_all else [],
    }
    return render(request, "rollout/guidelines_version.html", context)


@may(Do.CHANGE_PLAN)
@never_cache
@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request, slug: str) -> HttpResponse:
    """Who signs for an agency, and whether they must have signed in with an account of their own."""
    rollout = rollout_of(request, slug)
    shown = {"signers": rollout.signers, "signing_needs_oidc": rollout.signing_needs_oidc}
    form, back = SigningForm(posted(request), initial=shown), reverse("rollout:guidelines", args=[slug])
    if form.is_valid():
        event = signing_off.set_signing(rollout=rollout, by=request.user, now=clock.now(), **form.cleaned_data)
        said = _("Reglene for signering er endret.") if event else _("Reglene for signering er som de var.")
        return leave(request, back, said)
    return ask(
        request,
        form,
        status=422 if form.errors else 200,
        back=back,
        back_label=_("Kjøreregler"),
        heading=_("Hvem som signerer"),
        button=_("Lagre"),
        intro=[_("Gjelder signaturer som kommer. De som er gitt, står.")],
        warnings=[] if oidc.is_offered() else [NOBODY_COULD],
    )
