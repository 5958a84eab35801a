"""Licences and money, from the agency's side: what it states it has set aside, and its head's approval (step 2)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agencies.access import Request
from rollout import clock
from rollout.domain import funding, licensing, readiness
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.asking import StatementForm, WhichStatementForm
from rollout.models import FundingState, LicenceBudget, Placement
from rollout.permissions import Do, can, may
from rollout.views.asking import http_status, posted
from rollout.views.context import rollout_of
from rollout.views.course_words import rows

EARLIER_IN_SIGHT = 10


@may(Do.SEE_COURSE, post=Do.STATE_FUNDING, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Request, slug: str, agency: str) -> HttpResponse:
    """What counts, what waits, what UKE wonders about; and the form to state it (anew)."""
    placement = _placement(request, slug, agency)
    form = StatementForm(posted(request), initial=_as_stated(placement))
    if form.is_valid():
        with refusals_at(form):
            stated = funding.state(placement=placement, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("Finansieringen er oppgitt. Den teller når virksomhetslederen har godkjent den.")
            if stated.state == FundingState.APPROVED:
                said = _("Finansieringen er oppgitt og godkjent.")
            messages.success(request, said)
            return redirect("rollout:my-funding", slug, agency)
        # What was typed stays, and the next press is for what is shown now.
        stands = funding.in_force(placement)
        form.data = dict(form.data.items()) | {"seen": stands.pk if stands else ""}
    return _show(request, placement, form, status=http_status(form))


@may(Do.APPROVE_FUNDING, agency="agency")
@require_POST
def approve(request: Request, slug: str, agency: str) -> HttpResponse:
    """Approve exactly the statement that was on the page."""
    placement = _placement(request, slug, agency)
    form, refusal, status = WhichStatementForm(request.POST), "", 409
    if not form.is_valid():
        refusal, status = _("Last siden på nytt og prøv igjen."), 422
    else:
        statement = get_object_or_404(placement.funding_statements, pk=form.cleaned_data["statement"])
        try:
            funding.approve(statement=statement, by=request.user, now=clock.now())
        except Refused as refused:
            refusal = str(refused)
        else:
            messages.success(request, _("Finansieringen er godkjent."))
            return redirect("rollout:my-funding", slug, agency)
    placement = _placement(request, slug, agency)
    return _show(request, placement, StatementForm(initial=_as_stated(placement)), status=status, refusal=refusal)


def _placement(request: Request, slug: str, agency: str) -> Placement:
    """In queue or wave; 404 for one that has nothing to fund."""
    known = rollout_of(request, slug).placements.select_related("agency", "wave", "rollout", "licence_budget")
    return get_object_or_404(known.in_plan(), agency__slug=agency)


def _budget(placement: Placement) -> LicenceBudget:
    return getattr(placement, "licence_budget", None) or LicenceBudget(placement=placement)


def _as_stated(placement: Placement) -> dict[str, Any]:
    """What the form holds to begin with: what was stated last, or else what counts."""
    stands, budget = funding.in_force(placement), _budget(placement)
    return {
        "licences": stands.licences if stands else budget.funded or placement.headcount,
        "implementation_cost_nok": stands.implementation_cost_nok if stands else budget.implementation_cost_nok,
        "budget_reference": stands.budget_reference if stands else budget.budget_reference,
        "seen": stands.pk if stands else None,
    }


def _show(
    request: Request, placement: Placement, form: StatementForm, *, status: int, refusal: str = ""
) -> HttpResponse:
    budget, stands, now = _budget(placement), funding.in_force(placement), clock.now()
    agency = placement.agency
    course = [one for one in readiness.course(placement, now=now) if one.step.key == readiness.FUNDING]
    earlier = placement.funding_statements.filter(state=FundingState.REPLACED).select_related("stated_by")
    context = {
        "agency": agency,
        "placement": placement,
        "row": next(iter(rows(placement, course, now=now)), None),
        "budget": budget,
        "missing": licensing.shortfall(headcount=placement.headcount, funded=budget.funded),
        "stands": stands,
        "waits": stands is not None and stands.state == FundingState.STATED,
        "comment": funding.comments_on([stands]).get(stands.pk, "") if stands else "",
        "short": licensing.shortfall(headcount=placement.headcount, funded=stands.licences) if stands else 0,
        "earlier": earlier.order_by("-pk")[:EARLIER_IN_SIGHT],
        "form": form,
        "refusal": refusal,
        "states": can(request, Do.STATE_FUNDING, agency=agency.slug),
        "approves": can(request, Do.APPROVE_FUNDING, agency=agency.slug),
    }
    return render(request, "rollout/my_funding.html", context, status=status)
