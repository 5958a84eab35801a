"""`/my/`: what is missing for my agency, by when and who; and signing the guidelines (journey 3).

The other steps are in `my_steps`. Key persons and leads read; the head, the chief and the deputies act.
"""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request, roles_of
from agencies.models import Agency, RoleName
from agencies.sign_in import signed_in_by
from rollout import clock
from rollout.domain import funding, readiness, signing_off
from rollout.domain.readiness import GUIDELINES
from rollout.domain.refusals import Refused
from rollout.forms import SignForm
from rollout.models import Placement, PlacementStatus, RequestState
from rollout.permissions import AT_AGENCY, Do, can, may
from rollout.views.context import rollout_of
from rollout.views.course_words import heading, standing
from rollout.views.my_pieces import course_context, done, own_placement, placements, show, status_of

#: In which role a person signs who holds several at the agency.
SIGNS_AS = (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY)

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
    if placement is not None and placement.status in (PlacementStatus.QUEUED, PlacementStatus.PLACED):
        context = course_context(request, placement, now=now)
        context |= {
            "stated": funding.in_force(placement),
            "date_asked": placement.date_requests.filter(state=RequestState.OPEN).first(),
        }
    else:
        where, left = heading(placement, shown, [], now=now)
        acts = can(request, Do.ACT_FOR_AGENCY, agency=agency)
        context = {"agency": shown, "placement": placement, "where": where, "left": left, "acts": acts}
    return render(request, "rollout/my.html", context | {"several": len(roles_of(request).at) > 1})


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@page
def guidelines(request: Request, slug: str, agency: str) -> HttpResponse:
    """Read the current guidelines and sign exactly the text that was read (rule 5)."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, key=GUIDELINES)
    shown = "rollout/my_guidelines.html"
    if request.method != "POST":
        return show(request, shown, placement, status, **_guidelines_now(placement))
    form = SignForm(request.POST)
    version = None
    if form.is_valid():
        version = placement.rollout.guideline_versions.filter(number=form.cleaned_data["version"]).first()
    try:
        if version is None:
            raise Refused(_("Siden manglet teksten som skulle signeres. Les teksten her og signer på nytt."))
        signing_off.sign(
            placement=placement,
            version=version,
            hash_seen=form.cleaned_data["hash_seen"],
            by=request.user,
            role=next(role for role in SIGNS_AS if role in roles_of(request).at_agency(agency)),
            signed_in_by=signed_in_by(request),
            now=clock.now(),
        )
    except Refused as refused:
        extra = _guidelines_now(placement) | {"refusal": refused.reasons}
        return show(request, shown, placement, status, code=409, **extra)
    return done(
        request, placement, status, _("Kjørereglene, versjon %(number)s, er signert.") % {"number": version.number}
    )


def _guidelines_now(placement: Placement) -> dict:
    version = readiness.current_guidelines(placement.rollout)
    signed = placement.sign_offs.filter(version=version).select_related("person").first() if version else None
    return {"version": version, "signed": signed}
