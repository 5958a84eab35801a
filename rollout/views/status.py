"""The weekly status: every week that was sent, one of them as it was sent, and for a lead the coming one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rollout import clock
from rollout.domain import reporting
from rollout.domain.reporting import Week
from rollout.models import OSLO, Rollout, StatusReport
from rollout.permissions import Do, can, may
from rollout.views.context import rollout_of


@may(Do.SEE_STATUS)
@never_cache
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The weeks, the newest first, and when the next one comes."""
    return _weeks(request, rollout_of(request, slug))


def _weeks(request: HttpRequest, rollout: Rollout, *, missing: str = "") -> HttpResponse:
    """`missing`: why the week that was asked for is not there."""
    now = clock.now()
    coming = reporting.coming_week(rollout, now)
    context = {
        "rollout": rollout,
        "reports": rollout.status_reports.order_by("-year", "-week"),
        "coming": coming,
        "coming_at": reporting.sending_moment(*coming),
        "may_preview": can(request, Do.CHANGE_PLAN),
        "missing": missing,
    }
    return render(request, "rollout/status_index.html", context, status=404 if missing else 200)


@may(Do.SEE_STATUS)
@never_cache
@require_safe
def show(request: HttpRequest, slug: str, week: str) -> HttpResponse:
    """One week's status from its frozen figures. A week that was not sent is not found, with the reason."""
    rollout = rollout_of(request, slug)
    try:
        wanted = Week.parse(week)
    except ValueError:
        raise Http404 from None
    report = rollout.status_reports.filter(year=wanted.year, week=wanted.week).first()
    if report is None:
        return _weeks(request, rollout, missing=reporting.why_not(rollout=rollout, week=wanted, now=clock.now()))
    return _page(request, rollout, report, is_preview=False)


@may(Do.CHANGE_PLAN)
@never_cache
@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The coming status with the figures of this moment. Nothing is kept or sent."""
    rollout, now = rollout_of(request, slug), clock.now()
    report = reporting.draft(rollout=rollout, week=reporting.coming_week(rollout, now), now=now)
    return _page(request, rollout, report, is_preview=True)


def _page(request: HttpRequest, rollout: Rollout, report: StatusReport, *, is_preview: bool) -> HttpResponse:
    labels = [other.label for other in rollout.status_reports.only("year", "week", "rollout")]
    context = {
        "rollout": rollout,
        "report": report,
        "figures": report.figures,
        "made_on": report.made_at.astimezone(OSLO).date(),
        "previous": max((label for label in labels if label < report.label), default=None),
        "next": min((label for label in labels if label > report.label), default=None),
        "is_preview": is_preview,
        "may_preview": can(request, Do.CHANGE_PLAN),
        "sent_at": reporting.sending_moment(report.year, report.week) if is_preview else report.made_at,
    }
    return render(request, "rollout/status.html", context)
