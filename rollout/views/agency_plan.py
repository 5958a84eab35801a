"""The plan's part of an agency's page: place, course, signatures, funding and history; for leads also what they set."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from agencies.access import Request
from agencies.models import Agency
from agencies.people import people_of
from rollout import clock
from rollout.domain import confirming, licensing, past_undoing, readiness
from rollout.domain import funding as stated
from rollout.domain.course import behind
from rollout.domain.undoing import can_be_undone
from rollout.domain.words import thousands
from rollout.forms import refusals_at
from rollout.forms.asking import QuestionForm
from rollout.forms.steps import FundingForm, WaiveForm
from rollout.models import EventKind, LicenceBudget, Placement, PlacementStatus, Rollout
from rollout.permissions import Do, can, may
from rollout.views.agency_edit import agency_address
from rollout.views.asking import ask, http_status, leave, posted
from rollout.views.commitments import sharing
from rollout.views.context import rollout_of
from rollout.views.course_words import rows, standing
from rollout.views.event_words import step_names, tell
from rollout.views.request_data import waiting_of

EVENTS_IN_SIGHT = 6  # the rest is folded away
EVENTS_AT_MOST = 200
#: The form stands on a page where dialogs with fields of the same names open.
FUNDING_IDS = "funding_%s"


@may(Do.SEE_AGENCY_PLAN, agency="agency")
@never_cache
@vary_on_headers("HX-Request")
@require_safe
def agency_plan(request: Request, slug: str, agency: str) -> HttpResponse:
    """The whole page, or just the part when the agency's page fetches it."""
    rollout = rollout_of(request, slug)
    shown = get_object_or_404(Agency, slug=agency)
    template = "rollout/agency_plan.html"
    return render(request, f"{template}#plan" if request.htmx else template, _plan_context(request, rollout, shown))


@may(Do.SET_FUNDING, agency="agency")
@require_POST
def funding(request: Request, slug: str, agency: str) -> HttpResponse:
    """Set what the agency has set aside; the form stands on the agency's page."""
    placement = _placement_or_404(rollout_of(request, slug), agency)
    form = FundingForm(request.POST, auto_id=FUNDING_IDS)
    if form.is_valid():
        with refusals_at(form):
            event = licensing.set_funding(placement=placement, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("Finansieringen for %(agency)s er lagret.") % {"agency": placement.agency}
            return leave(request, agency_address(placement.rollout, placement.agency), said, event=event)
    context = _plan_context(request, placement.rollout, placement.agency) | {"funding_form": form}
    return render(request, "rollout/agency_plan.html", context, status=http_status(form))


@may(Do.ANSWER_AGENCIES, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: Request, slug: str, agency: str) -> HttpResponse:
    """Ask the agency about what it has stated it has funded."""
    placement = _placement_or_404(rollout_of(request, slug), agency)
    stands = stated.in_force(placement)
    form = QuestionForm(posted(request), initial={"statement": stands.pk if stands else None})
    if form.is_valid():
        asked = get_object_or_404(placement.funding_statements, pk=form.cleaned_data["statement"])
        with refusals_at(form):
            stated.question(statement=asked, text=form.cleaned_data["text"], by=request.user, now=clock.now())
            said = _("Spørsmålet er sendt til %(agency)s.") % {"agency": placement.agency}
            return leave(request, agency_address(placement.rollout, placement.agency), said)
    intro = [_("Virksomhetslederen og kommunikasjonssjefen får spørsmålet på e-post. Svaret er nye tall.")]
    if stands:
        intro.append(_("Oppgitt: %(n)s lisenser.") % {"n": thousands(stands.licences)})
    return ask(
        request,
        form,
        rollout=placement.rollout,
        back=agency_address(placement.rollout, placement.agency),
        back_label=placement.agency.name,
        heading=_("Spør om finansieringen for %(agency)s") % {"agency": placement.agency},
        button=_("Send spørsmålet"),
        intro=intro,
    )


@may(Do.WAIVE, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: Request, slug: str, agency: str, number: int) -> HttpResponse:
    """Let the agency off a step, with a reason: a page that says what it means, then a POST."""
    placement = _placement_or_404(rollout_of(request, slug), agency)
    step = get_object_or_404(placement.course_version.steps, number=number, lead_time_days__gte=0)
    form = WaiveForm(posted(request), initial={"key_seen": step.key})
    if form.is_valid():
        with refusals_at(form):
            confirming.waive(placement=placement, step=step, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("%(agency)s er fritatt fra «%(step)s».") % {"agency": placement.agency, "step": step.name}
            return leave(request, agency_address(placement.rollout, placement.agency), said)
    context = {"agency": placement.agency, "step": step, "form": form}
    return render(request, "rollout/agency_waive.html", context, status=http_status(form))


def _placements(rollout: Rollout):
    return rollout.placements.select_related("agency", "wave", "rollout", "licence_budget", "course_version")


def _placement_or_404(rollout: Rollout, agency: str) -> Placement:
    """A placement in queue or wave: others have no funding to set and no course to be let off."""
    return get_object_or_404(_placements(rollout).in_plan(), agency__slug=agency)


def _plan_context(request: Request, rollout: Rollout, agency: Agency) -> dict:
    now = clock.now()
    placement = _placements(rollout).filter(agency=agency).first()
    in_plan = placement is not None and placement.is_in_plan
    events = _history(rollout, agency)
    may_change = can(request, Do.CHANGE_PLAN)
    context = {
        "agency": agency,
        "placement": placement if in_plan else None,
        "is_withdrawn": placement is not None and placement.status == PlacementStatus.WITHDRAWN,
        "may_ask_to_join": placement is None or placement.status == PlacementStatus.WITHDRAWN,
        "withdrawn": next((event for event in events if event["event"].kind == EventKind.WITHDRAWN), None),
        "can_be_moved": in_plan and (placement.wave is None or placement.wave.is_planned),
        "undo_back": agency_address(rollout, agency),
        "may_change": may_change,
        "sharing": sharing(rollout, agency, placement),
        "may_edit": can(request, Do.EDIT_AGENCY),
        "people": [] if request.htmx else people_of(agency),
        "events": events[:EVENTS_IN_SIGHT],
        "older_events": events[EVENTS_IN_SIGHT:],
        "may_set_funding": can(request, Do.SET_FUNDING, agency=agency.slug),
        "sees_archive": can(request, Do.SEE_ARCHIVE, agency=agency.slug),
        "may_waive": can(request, Do.WAIVE, agency=agency.slug),
        "sees_course": can(request, Do.SEE_COURSE, agency=agency.slug),
        "asked": waiting_of(rollout, agency),
        "may_answer": can(request, Do.ANSWER_AGENCIES),
    }
    if placement is None or not in_plan:
        return context | {"standing": standing(placement, agency, [], now=now)}
    course = readiness.course(placement, now=now)
    problems = readiness.problems_of(course)
    budget = getattr(placement, "licence_budget", None) or LicenceBudget(placement=placement)
    stands = stated.in_force(placement)
    return context | {
        "standing": standing(placement, agency, course, now=now),
        "rows": rows(placement, course, now=now),
        "problems": problems,
        "behind": behind(placement),
        "stated": stands,
        "comment": stated.comments_on([stands]).get(stands.pk, "") if stands else "",
        "budget": budget,
        "missing_licences": licensing.shortfall(headcount=placement.headcount, funded=budget.funded),
        "sign_offs": placement.sign_offs.select_related("person", "version").order_by("-signed_at"),
        "funding_form": FundingForm(
            auto_id=FUNDING_IDS,
            initial={
                "funded": budget.funded,
                "implementation_cost_nok": budget.implementation_cost_nok,
                "budget_reference": budget.budget_reference,
            },
        ),
    }


def _history(rollout: Rollout, agency: Agency) -> list[dict]:
    """Newest first: the agency's own events, and the openings of its wave."""
    events = list(rollout.events.about_agency(agency).for_telling().order_by("-id")[:EVENTS_AT_MOST])
    counted, names = past_undoing.counted(rollout, events), step_names(rollout)
    return [
        {
            "event": event,
            "text": tell(event, names) if event.agency_id else f"{event.wave}: {tell(event, names)}",
            "can_undo": not counted[event.change].barred and can_be_undone(event),
            "size": counted[event.change].size,
        }
        for event in events
    ]
