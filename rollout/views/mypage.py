"""`/my/`: what is missing for my agency, by when and who; and the pages where each step is done (journey 3).

Every action is a page that says what it means, then a POST (rule 11). Key persons and leads read; the head, the chief
and the deputies act.
"""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request, roles_of
from agencies.models import Agency
from rollout import clock
from rollout.domain import confirming, readiness
from rollout.domain.course import behind
from rollout.domain.readiness import FUNDING, KEY_PEOPLE, StepStatus
from rollout.domain.refusals import Refused
from rollout.forms import EvidenceForm, KeyPeopleForm, ReadyForm, add_reasons
from rollout.models import Placement, PlacementStatus
from rollout.permissions import AT_AGENCY, Do, can, may
from rollout.views.context import rollout_of
from rollout.views.course_words import FACT_PAGES, rows, standing

page = require_http_methods(["GET", "HEAD", "POST"])


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
    placements = {p.agency_id: p for p in _placements(rollout).filter(agency__in=own)}
    courses = readiness.courses(placements.values(), now=now)
    choices = [
        {"agency": a, "standing": standing(p, a, courses[p.pk] if p else [], now=now)}
        for a in own
        for p in [placements.get(a.pk)]
    ]
    return render(request, "rollout/my_choose.html", {"choices": choices})


@may(Do.SEE_COURSE, agency="agency")
@never_cache
@require_safe
def course(request: Request, slug: str, agency: str) -> HttpResponse:
    """Where the agency stands, and its steps in order."""
    rollout = rollout_of(request, slug)
    shown = get_object_or_404(Agency, slug=agency)
    placement = _placements(rollout).filter(agency=shown).first()
    now = clock.now()
    in_plan = placement is not None and placement.status in (PlacementStatus.QUEUED, PlacementStatus.PLACED)
    steps = readiness.course(placement, now=now) if placement and in_plan else []
    shown_rows = rows(placement, steps, now=now) if placement else []
    return render(
        request,
        "rollout/my.html",
        {
            "agency": shown,
            "placement": placement,
            "standing": standing(placement, shown, steps, now=now),
            "rows": shown_rows,
            "behind": behind(placement) if placement and in_plan else None,
            "next": next((row for row in shown_rows if not row.status.done and not row.is_funding), None),
            "acts": can(request, Do.ACT_FOR_AGENCY, agency=agency),
            "several": len(roles_of(request).at) > 1,
        },
    )


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def step(request: Request, slug: str, agency: str, number: int) -> HttpResponse:
    """A step confirmed by evidence. Steps fulfilled by facts have pages of their own; the funding is only shown."""
    placement = _own_placement(request, slug, agency)
    status = _status(placement, number=number)
    if status.step.key in FACT_PAGES:
        return redirect(FACT_PAGES[status.step.key], slug, agency)
    form = EvidenceForm(request.POST or None, initial={"owner_role": status.step.owner_role})
    if request.method == "POST" and form.is_valid():
        try:
            confirming.confirm_step(
                placement=placement, step=status.step, by=request.user, now=clock.now(), **form.cleaned_data
            )
        except Refused as refused:
            return _refuse(request, "rollout/my_step.html", placement, status, form, refused)
        return _done(request, placement, _("«%(step)s» er bekreftet.") % {"step": status.step.name})
    return _show(request, "rollout/my_step.html", placement, status, form)


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def key_people(request: Request, slug: str, agency: str) -> HttpResponse:
    """State how many key people the agency has named (step 7)."""
    placement = _own_placement(request, slug, agency)
    status = _status(placement, key=KEY_PEOPLE)
    extra = {"required": readiness.key_people_required(placement)}
    form = KeyPeopleForm(request.POST or None, initial={"number": placement.key_people_stated})
    if request.method == "POST" and form.is_valid():
        try:
            confirming.state_key_people(
                placement=placement, number=form.cleaned_data["number"], by=request.user, now=clock.now()
            )
        except Refused as refused:
            return _refuse(request, "rollout/my_key_people.html", placement, status, form, refused, **extra)
        return _done(request, placement, _("Antall nøkkelpersoner er lagret."))
    return _show(request, "rollout/my_key_people.html", placement, status, form, **extra)


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def ready(request: Request, slug: str, agency: str) -> HttpResponse:
    """Confirm, for the agency, that it is ready (step 10). What is still missing is shown first."""
    placement = _own_placement(request, slug, agency)
    steps = readiness.course(placement, now=clock.now())
    status = next((s for s in steps if s.step.key == readiness.CONFIRMATION), None)
    if status is None:
        raise Http404
    missing = [s for s in steps if not s.done and s is not status]
    confirmation = getattr(placement, "readiness_confirmation", None)
    extra: dict[str, Any] = {"missing": rows(placement, missing, now=clock.now()), "confirmation": confirmation}
    form = ReadyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirming.confirm_readiness(placement=placement, by=request.user, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            return _refuse(request, "rollout/my_ready.html", placement, status, form, refused, **extra)
        return _done(request, placement, _("%(agency)s er meldt klar.") % {"agency": placement.agency})
    return _show(request, "rollout/my_ready.html", placement, status, form, **extra)


def _placements(rollout):
    return Placement.objects.filter(rollout=rollout).select_related(
        "agency", "wave", "rollout", "licence_budget", "readiness_confirmation__confirmed_by"
    )


def _own_placement(request: Request, slug: str, agency: str) -> Placement:
    """The agency's placement in queue or wave; 404 for one that follows no course."""
    return get_object_or_404(_placements(rollout_of(request, slug)).in_plan(), agency__slug=agency)


def _status(placement: Placement, *, number: int | None = None, key: str | None = None) -> StepStatus:
    for status in readiness.course(placement, now=clock.now()):
        if status.step.number == number or status.step.key == key:
            return status
    raise Http404


def _show(
    request: Request,
    template: str,
    placement: Placement,
    status: StepStatus,
    form: Form | None = None,
    *,
    code: int | None = None,
    **extra,
) -> HttpResponse:
    """The step's page; 422 when what was typed is not valid."""
    if code is None:
        code = 422 if form is not None and form.errors else 200
    [row] = rows(placement, [status], now=clock.now())
    context = {
        "agency": placement.agency,
        "placement": placement,
        "row": row,
        "form": form,
        "acts": can(request, Do.ACT_FOR_AGENCY, agency=placement.agency.slug),
        "is_funding": status.step.key == FUNDING,
    }
    return render(request, template, context | extra, status=code)


def _refuse(
    request: Request, template: str, placement: Placement, status: StepStatus, form: Form, refused: Refused, **extra
) -> HttpResponse:
    """The same page with the reasons, and with all that was typed."""
    add_reasons(form, refused)
    return _show(request, template, placement, status, form, code=409, **extra)


def _done(request: Request, placement: Placement, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("rollout:my-course", placement.rollout.slug, placement.agency.slug)
