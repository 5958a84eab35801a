"""The steps that an agency confirms, each on a page or in its row of the course, and taking a confirmation back.

Every action is a page that says what it means, then a POST (rule 11). Key persons and leads read; the head, the chief
and the deputies act, and they alone take back what they said: a lead has other means (a no-go, another date).
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request
from rollout import clock
from rollout.domain import confirming, readiness
from rollout.domain.readiness import CONFIRMATION, KEY_PEOPLE
from rollout.domain.refusals import Refused
from rollout.forms.steps import EvidenceForm, KeyPeopleForm, ReadyForm, WithdrawConfirmationForm
from rollout.permissions import Do, may
from rollout.views.asking import posted
from rollout.views.course_words import FACT_PAGES, rows
from rollout.views.my_pieces import done, own_placement, refuse, show, status_of

page = require_http_methods(["GET", "HEAD", "POST"])


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def step(request: Request, slug: str, agency: str, number: int) -> HttpResponse:
    """A step confirmed by evidence. Steps fulfilled by facts have pages of their own."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, number=number)
    if status.step.key in FACT_PAGES:
        return redirect(FACT_PAGES[status.step.key], slug, agency)
    shown = "rollout/my_step.html"
    # A browser forgets a chosen file when its form is shown anew.
    extra: dict[str, Any] = {"had_file": bool(request.FILES), "part": "rollout/my_step_part.html"}
    form = EvidenceForm(
        posted(request),
        request.FILES or None,
        initial={"owner_role": status.step.owner_role, "key_seen": status.step.key},
        auto_id=f"step{number}_%s",
    )
    if request.method == "POST" and form.is_valid():
        try:
            confirming.confirm_step(
                placement=placement, step=status.step, by=request.user, now=clock.now(), **form.cleaned_data
            )
        except Refused as refused:
            return refuse(request, shown, placement, status, form, refused, **extra)
        return done(request, placement, status, _("«%(step)s» er bekreftet.") % {"step": status.step.name})
    return show(request, shown, placement, status, form, **extra)


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def key_people(request: Request, slug: str, agency: str) -> HttpResponse:
    """State how many key people the agency has named (step 7)."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, key=KEY_PEOPLE)
    shown = "rollout/my_key_people.html"
    extra: dict[str, Any] = {
        "required": readiness.key_people_required(placement),
        "part": "rollout/my_key_people_part.html",
    }
    form = KeyPeopleForm(posted(request), initial={"number": placement.key_people_stated}, auto_id="key_people_%s")
    if request.method == "POST" and form.is_valid():
        try:
            confirming.state_key_people(
                placement=placement, number=form.cleaned_data["number"], by=request.user, now=clock.now()
            )
        except Refused as refused:
            return refuse(request, shown, placement, status, form, refused, **extra)
        return done(request, placement, status, _("Antall nøkkelpersoner er lagret."))
    return show(request, shown, placement, status, form, **extra)


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def ready(request: Request, slug: str, agency: str) -> HttpResponse:
    """Confirm, for the agency, that it is ready (step 10). What is still missing is shown first."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, key=CONFIRMATION)
    course = readiness.course(placement, now=clock.now())
    missing = [s for s in course if not s.done and s.step.key != CONFIRMATION]
    shown = "rollout/my_ready.html"
    extra: dict[str, Any] = {
        "missing": rows(placement, missing, now=clock.now()),
        "part": "rollout/my_ready_part.html",
    }
    form = ReadyForm(posted(request), auto_id="ready_%s")
    if request.method == "POST" and form.is_valid():
        try:
            confirming.confirm_readiness(placement=placement, by=request.user, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            return refuse(request, shown, placement, status, form, refused, **extra)
        return done(request, placement, status, _("%(agency)s er meldt klar.") % {"agency": placement.agency})
    return show(request, shown, placement, status, form, **extra)


@may(Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def withdraw_step(request: Request, slug: str, agency: str, number: int) -> HttpResponse:
    """Take back that a step is done, with a reason, while the wave has not opened."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, number=number)
    if status.by_fact:
        raise Http404
    said = _("Bekreftelsen av «%(step)s» er trukket.") % {"step": status.step.name}
    return _withdraw(request, placement, status, confirming.withdraw_step, said, step=status.step)


@may(Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def withdraw_ready(request: Request, slug: str, agency: str) -> HttpResponse:
    """Take back that the agency is ready, with a reason, while the wave has not opened."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, key=CONFIRMATION)
    said = _("Klarmeldingen for %(agency)s er trukket.") % {"agency": placement.agency}
    return _withdraw(request, placement, status, confirming.withdraw_readiness, said)


def _withdraw(request: Request, placement, status, verb, said: str, **about) -> HttpResponse:
    shown, part = "rollout/my_withdraw.html", "rollout/my_withdraw_part.html"
    form = WithdrawConfirmationForm(posted(request), auto_id=f"withdraw{status.step.number}_%s")
    if request.method == "POST" and form.is_valid():
        try:
            verb(placement=placement, by=request.user, now=clock.now(), **about, **form.cleaned_data)
        except Refused as refused:
            return refuse(request, shown, placement, status, form, refused, part=part)
        return done(request, placement, status, said)
    return show(request, shown, placement, status, form, part=part)
