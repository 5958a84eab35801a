"""What the pages of an agency's own steps share: the step they are about, and how they answer.

A step is shown on a page of its own, or opened in its row of the course (htmx asks with the row as its target). What is
posted from the row is answered with the row, the page's heading and the other missing rows, so that the page stands as
if it were loaded anew.
"""

import datetime as dt

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django_htmx.http import trigger_client_event

from agencies.access import Request
from rollout import clock
from rollout.domain import readiness
from rollout.domain.readiness import CONFIRMATION, StepStatus
from rollout.domain.refusals import Refused
from rollout.forms import add_reasons
from rollout.models import Placement, Rollout
from rollout.permissions import Do, can
from rollout.views.context import rollout_of
from rollout.views.course_words import StepRow, heading, rows


def placements(rollout: Rollout):
    return Placement.objects.filter(rollout=rollout).select_related(
        "agency", "wave", "rollout", "licence_budget", "readiness_confirmation__confirmed_by"
    )


def own_placement(request: Request, slug: str, agency: str) -> Placement:
    """The agency's placement in queue or wave; 404 for one that follows no course."""
    return get_object_or_404(placements(rollout_of(request, slug)).in_plan(), agency__slug=agency)


def status_of(placement: Placement, *, number: int | None = None, key: str | None = None) -> StepStatus:
    """How one step stands now; 404 for one that the agency's course does not have before opening."""
    for status in readiness.course(placement, now=clock.now()):
        if status.step.number == number or status.step.key == key:
            return status
    raise Http404


def row_id(key: str) -> str:
    return f"step-{key}"


def is_in_row(request: Request, key: str) -> bool:
    """Whether the answer goes into the step's row of the course."""
    return bool(request.htmx) and request.htmx.target == row_id(key)


def course_context(request: Request, placement: Placement, *, now: dt.datetime) -> dict:
    """What the heading and the rows are drawn from."""
    course = readiness.course(placement, now=now)
    approves = can(request, Do.APPROVE_FUNDING, agency=placement.agency.slug)
    shown = rows(placement, course, now=now, approves=approves)
    where, left = heading(placement, placement.agency, course, now=now)
    return {
        "agency": placement.agency,
        "placement": placement,
        "where": where,
        "left": left,
        "rows": shown,
        "next": next((row for row in shown if row.is_next), None),
        "acts": can(request, Do.ACT_FOR_AGENCY, agency=placement.agency.slug),
        "approves": approves,
    }


def show(
    request: Request,
    template: str,
    placement: Placement,
    status: StepStatus,
    form: Form | None = None,
    *,
    part: str = "",
    code: int | None = None,
    **extra,
) -> HttpResponse:
    """The step's page, or `part` of it opened in the step's row; 422 when what was typed is not valid."""
    if code is None:
        code = 422 if form is not None and form.errors else 200
    if part and is_in_row(request, status.step.key):
        return _in_row(request, placement, status, code=code, part=part, form=form, **extra)
    [row] = rows(placement, [status], now=clock.now())
    context = _step_context(placement, row) | {
        "agency": placement.agency,
        "placement": placement,
        "form": form,
        "acts": can(request, Do.ACT_FOR_AGENCY, agency=placement.agency.slug),
    }
    return render(request, template, context | extra, status=code)


def refuse(
    request: Request, template: str, placement: Placement, status: StepStatus, form: Form, refused: Refused, **extra
) -> HttpResponse:
    """The same with the reasons, and with all that was typed; the step as it stands by now."""
    add_reasons(form, refused)
    placement = own_placement(request, placement.rollout.slug, placement.agency.slug)
    status = status_of(placement, key=status.step.key)
    return show(request, template, placement, status, form, code=409, **extra)


def done(request: Request, placement: Placement, status: StepStatus, said: str) -> HttpResponse:
    """Said, and back to the course, or its row closed."""
    if is_in_row(request, status.step.key):
        placement = own_placement(request, placement.rollout.slug, placement.agency.slug)
        answer = _in_row(request, placement, status, code=200)
        return trigger_client_event(answer, "say", {"text": said, "kind": "ok"})
    messages.success(request, said)
    return redirect("rollout:my-course", placement.rollout.slug, placement.agency.slug)


def _in_row(request: Request, placement: Placement, status: StepStatus, *, code: int, **extra) -> HttpResponse:
    context = course_context(request, placement, now=clock.now())
    row = next(row for row in context["rows"] if row.step.key == status.step.key)
    # Looking changes nothing else on the page; what was posted may have.
    others = [other for other in context["rows"] if not other.status.done and other is not row]
    context |= _step_context(placement, row) | {"others": others if request.method == "POST" else [], "is_swap": True}
    return render(request, "rollout/my_swap.html", context | extra, status=code)


def _step_context(placement: Placement, row: StepRow) -> dict:
    is_kept = row.status.evidence is not None or (row.step.key == CONFIRMATION and row.status.fulfilled)
    return {
        "row": row,
        "can_withdraw": is_kept and (placement.wave is None or placement.wave.is_planned),
    }
