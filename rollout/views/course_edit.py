"""Making the next version of the course: the steps in a form, what differs and whom it applies to, then the press."""

import hashlib
from collections.abc import Iterator

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request
from rollout import clock
from rollout.domain import course
from rollout.domain.readiness import FACTS
from rollout.domain.refusals import Refused
from rollout.forms.course import MOST_STEPS, VersionForm, in_order, of_version, typed, with_one_more
from rollout.models import PlacementStatus, Rollout
from rollout.permissions import Do, may
from rollout.views.context import rollout_of


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, slug: str) -> HttpResponse:
    """`do`: one more step, see what differs, or publish. Nothing is published but what was shown as it is."""
    rollout = rollout_of(request, slug)
    last = course.newest(rollout)
    if request.method != "POST":
        form = VersionForm(initial={"based_on": last.number})
        return _page(request, rollout, form, of_version(last.steps.all()))
    form, steps, do = VersionForm(request.POST), typed(request.POST), request.POST.get("do")
    if do == "add" and steps.management_form.is_valid():
        shown = VersionForm(initial={name: form[name].value() for name in form.fields})
        return _page(request, rollout, shown, with_one_more(steps))
    if not (form.is_valid() and steps.is_valid()):
        return _page(request, rollout, form, steps, status=422)
    drafts = [one.draft() for one in in_order(steps)]
    try:
        course.check(rollout, drafts)
    except course.StepsRefused as refused:
        return _page(request, rollout, form, _told(steps, refused), status=409, refused=refused.whole)
    mark = _mark(form.cleaned_data["based_on"], drafts)
    if do != "publish" or form.cleaned_data["seen"] != mark:
        return _page(request, rollout, _with(form, seen=mark), steps, drafts=drafts)
    try:
        version = course.publish(
            rollout=rollout,
            based_on=form.cleaned_data["based_on"],
            steps=drafts,
            note=form.cleaned_data["note"],
            by=request.user,
            now=clock.now(),
        )
    except Refused as refused:  # somebody was first: what differs from theirs is shown before the next press
        base = course.newest(rollout).number
        again = _with(form, based_on=base, seen=_mark(base, drafts))
        return _page(request, rollout, again, steps, drafts=drafts, status=409, refused=refused.reasons)
    messages.success(request, _("Versjon %(number)s av løpet er publisert.") % {"number": version.number})
    return redirect("rollout:course", slug)


def _mark(based_on: int, drafts: list[course.StepDraft]) -> str:
    """What tells one difference from another."""
    return hashlib.sha256(repr((based_on, drafts)).encode()).hexdigest()


def _with(form: VersionForm, **values: object) -> VersionForm:
    return VersionForm(initial={name: form[name].value() for name in form.fields} | values)


def _told(steps: BaseFormSet, refused: course.StepsRefused) -> BaseFormSet:
    """The verb's reasons at the fields they are about."""
    kept = in_order(steps)
    for place, fields in refused.by_step.items():
        for name, reasons in fields.items():
            for reason in reasons:
                kept[place].add_error(name or None, reason)
    return steps


def _errors(steps: BaseFormSet) -> Iterator[dict[str, str]]:
    """Every field's error with the way to it, for the top of the form."""
    for number, form in enumerate(steps.forms, 1):
        for name, reasons in form.errors.items():
            bound = form[name] if name in form.fields else None
            for reason in reasons:
                yield {
                    "to": bound.auto_id if bound else f"step-{number}",
                    "what": _("Steg %(number)s, %(field)s") % {"number": number, "field": bound.label if bound else ""},
                    "why": str(reason),
                }


def _page(
    request: Request,
    rollout: Rollout,
    form: VersionForm,
    steps: BaseFormSet,
    *,
    drafts: list[course.StepDraft] | None = None,
    refused: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    last = course.newest(rollout)
    context = {
        "form": form,
        "steps": steps,
        "facts": FACTS,
        "last": last,
        "number": last.number + 1,
        "refused": refused or [],
        "errors": list(_errors(steps)) if steps.is_bound and status != 200 else [],
        "whole_errors": list(steps.non_form_errors()) if steps.is_bound else [],
        "most": MOST_STEPS,
    }
    if drafts is not None:
        moved = list(course.not_started(rollout).values_list("status", flat=True))
        moved_in_plan = sum(status != PlacementStatus.WITHDRAWN for status in moved)
        stay = rollout.placements.in_plan().count() - moved_in_plan
        context |= {
            "seen": True,
            "changes": course.compare(last.steps.all(), drafts),
            "applies": _applies(moved_in_plan, stay),
        }
    return render(request, "rollout/course_edit.html", context, status=status)


def _applies(moved: int, stay: int) -> list[str]:
    """Whom the version applies to, in sentences."""
    return [
        ngettext(
            "%(n)s virksomhet har ikke begynt, og går over til den nye versjonen.",
            "%(n)s virksomheter har ikke begynt, og går over til den nye versjonen.",
            moved,
        )
        % {"n": moved},
        ngettext(
            "%(n)s virksomhet har begynt, og beholder versjonen den følger.",
            "%(n)s virksomheter har begynt, og beholder versjonen de følger.",
            stay,
        )
        % {"n": stay},
        _("De som blir med senere, følger den nye."),
    ]
