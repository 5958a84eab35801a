"""Importing a list of agencies: try it out first, then take it in. Nothing is written from a list with a bad line."""

import base64

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agencies import lists
from agencies.access import Request
from agencies.list_files import CONTENT_TYPES
from agencies.lists import AgencyList, AgencyRow
from agencies.models import Agency, AgencyKind
from rollout import clock
from rollout.domain.importing import ImportPlan, ImportRefused, import_list, plan_import, read_list
from rollout.forms.lists import ListForm
from rollout.models import Rollout
from rollout.permissions import Do, may
from rollout.views.context import rollout_of

#: How the list is written, by the suffix of its name.
FORMATS = {
    "csv": lambda rows: lists.write(rows, separator=";"),
    "xlsx": lists.write_workbook,
}


@may(Do.IMPORT)
@never_cache
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    """Choose a list, and read how it should look."""
    return _page(request, rollout_of(request, slug), ListForm())


@may(Do.IMPORT)
@never_cache
@require_POST
def try_out(request: Request, slug: str) -> HttpResponse:
    """Say what the list would change, or all that is wrong with it. Writes nothing."""
    rollout, form = rollout_of(request, slug), ListForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, rollout, form)
    try:
        plan = plan_import(rollout=rollout, agency_list=_read(form))
    except ImportRefused as refused:
        return _page(request, rollout, form, refused=refused)
    return _page(request, rollout, form, plan=plan)


@may(Do.IMPORT)
@never_cache
@require_POST
def run(request: Request, slug: str) -> HttpResponse:
    """Take the list in."""
    rollout, form = rollout_of(request, slug), ListForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, rollout, form)
    try:
        plan = import_list(rollout=rollout, agency_list=_read(form), by=request.user, now=clock.now())
    except ImportRefused as refused:
        return _page(request, rollout, form, refused=refused)
    messages.success(
        request, _("%(file)s er importert. %(summary)s") % {"file": form.cleaned_data["name"], "summary": plan.summary}
    )
    return redirect("rollout:import", rollout.slug)


@may(Do.IMPORT)
@never_cache
@require_safe
def download(request: Request, slug: str, suffix: str) -> HttpResponse:
    """The agencies as they are now, as a list that can be changed and imported: where there are none, a template."""
    if suffix not in FORMATS:
        raise Http404
    rollout = rollout_of(request, slug)
    return HttpResponse(
        FORMATS[suffix](_current(rollout)),
        content_type=CONTENT_TYPES[suffix],
        headers={"Content-Disposition": f'attachment; filename="{rollout.slug}.{suffix}"'},
    )


def _read(form: ListForm) -> AgencyList:
    return read_list(form.cleaned_data["content"])


def _current(rollout: Rollout) -> list[AgencyRow]:
    positions = dict(rollout.placements.queued().values_list("agency", "queue_position"))
    agencies = Agency.objects.in_norwegian_order()
    rows = [
        AgencyRow(
            line=0,
            slug=agency.slug,
            kind=AgencyKind(agency.kind),
            queue_position=positions.get(agency.pk),
            **{name: getattr(agency, name) for name in lists.COLUMNS if name not in ("slug", "kind", "queue_position")},
        )
        for agency in agencies
    ]
    return sorted(rows, key=lambda row: (row.queue_position is None, row.queue_position))


def _page(
    request: Request,
    rollout: Rollout,
    form: ListForm,
    *,
    plan: ImportPlan | None = None,
    refused: ImportRefused | None = None,
) -> HttpResponse:
    """The page, with what was found. After a try its form carries the list along: it need not be chosen again."""
    context = {"rollout": rollout, "form": form, "plan": plan, "refused": refused}
    wrong = form.is_bound and not form.is_valid()
    if form.is_bound and not wrong:
        context["name"] = form.cleaned_data["name"]
        kept = {"kept": base64.b64encode(form.cleaned_data["content"]).decode(), "name": context["name"]}
        context["form"] = ListForm(initial=kept if plan else None)
    if refused:
        context["bad_lines"] = len({problem.line for problem in refused.problems})
    return render(request, "rollout/import.html", context, status=422 if wrong or refused else 200)
