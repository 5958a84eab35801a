"""The weekly status: every week that was sent, one of them as it was sent, and for a lead the coming one."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from rollout import clock
from rollout.domain import reporting
from rollout.domain.reporting import Week
from rollout.models import OSLO, EmailKind, OutgoingEmail, Rollout, StatusReport
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
    wanted = _wanted(week)
    report = rollout.status_reports.filter(year=wanted.year, week=wanted.week).first()
    if report is None:
        return _weeks(request, rollout, missing=reporting.why_not(rollout=rollout, week=wanted, now=clock.now()))
    return _page(request, rollout, report, is_preview=False)


def _wanted(week: str) -> Week:
    try:
        return Week.parse(week)
    except ValueError:
        raise Http404 from None


@may(Do.SEE_STATUS)
@never_cache
@require_safe
def mail(request: HttpRequest, slug: str, week: str) -> HttpResponse:
    """The mail of that week, as it was written: the same words to everybody who got it."""
    rollout, wanted = rollout_of(request, slug), _wanted(week)
    report = rollout.status_reports.filter(year=wanted.year, week=wanted.week).first()
    message = _mails(rollout, wanted.label).defer("html").first()
    if report is None or message is None:
        return _weeks(request, rollout, missing=_why_no_mail(rollout, report, wanted))
    number = rollout.emails.filter(kind=EmailKind.WEEKLY_STATUS, subject=message.subject, resends=None).count()
    context = {"rollout": rollout, "report": report, "message": message, "number": number}
    return render(request, "rollout/status_mail.html", context | _beside(rollout, report))


def _mails(rollout: Rollout, label: str) -> QuerySet[OutgoingEmail]:
    """Those of that week whose words are still kept (retention and erasure empty them), the first one first."""
    kept = rollout.emails.exclude(text="", html="")
    return kept.filter(kind=EmailKind.WEEKLY_STATUS, subject=f"week:{label}").order_by("id")


def _why_no_mail(rollout: Rollout, report: StatusReport | None, week: Week) -> str:
    if report is None:
        return reporting.why_not(rollout=rollout, week=week, now=clock.now())
    return _("E-posten for uke %(week)s finnes ikke: den hadde ingen mottaker, eller er slettet. Tallene står her.") % {
        "week": week.week
    }


@may(Do.SEE_STATUS)
@never_cache
@require_safe
@csp_override({"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE]})
def mail_html(request: HttpRequest, slug: str, week: str) -> HttpResponse:
    """Its HTML by itself, for the sandboxed frame: it may style itself and nothing else."""
    message = _mails(rollout_of(request, slug), _wanted(week).label).first()
    if message is None:
        raise Http404
    return HttpResponse(message.html)


@may(Do.CHANGE_PLAN)
@never_cache
@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The coming status with the figures of this moment. Nothing is kept or sent."""
    rollout, now = rollout_of(request, slug), clock.now()
    report = reporting.draft(rollout=rollout, week=reporting.coming_week(rollout, now), now=now)
    return _page(request, rollout, report, is_preview=True)


def _page(request: HttpRequest, rollout: Rollout, report: StatusReport, *, is_preview: bool) -> HttpResponse:
    context = {
        "rollout": rollout,
        "report": report,
        "figures": report.figures,
        "made_on": report.made_at.astimezone(OSLO).date(),
        "mail": not is_preview and _mails(rollout, report.label).exists(),
        "is_preview": is_preview,
        "may_preview": can(request, Do.CHANGE_PLAN),
        "sent_at": reporting.sending_moment(report.year, report.week) if is_preview else report.made_at,
    }
    return render(request, "rollout/status.html", context | _beside(rollout, report))


def _beside(rollout: Rollout, report: StatusReport) -> dict[str, Any]:
    """The weeks that were sent before and after this one."""
    others = list(rollout.status_reports.only("year", "week", "rollout"))
    return {
        "previous": max((other for other in others if other.label < report.label), key=_label, default=None),
        "next": min((other for other in others if other.label > report.label), key=_label, default=None),
    }


def _label(report: StatusReport) -> str:
    return report.label
