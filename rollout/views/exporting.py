"""*Last ned*: what is on screen as CSV or XLSX, with the filters of its address."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agencies.access import Request
from agencies.list_files import CONTENT_TYPES, write_csv, write_xlsx
from agencies.models import Agency, AgencyKind
from rollout import clock
from rollout.domain import committing, comparing, figures
from rollout.models import OSLO, Rollout, Scenario
from rollout.permissions import Do, may
from rollout.views import board_data, board_find, export_tables
from rollout.views.commitments import chosen_version
from rollout.views.context import rollout_of
from rollout.views.event_words import step_names
from rollout.views.export_tables import Table
from rollout.views.history import filtered, history_form
from rollout.views.licence_data import licence_page

#: How a table is written, by the suffix of the address.
FORMATS = {
    "csv": lambda table: write_csv(table.rows, separator=";"),
    "xlsx": lambda table: write_xlsx(table.rows, title=table.title),
}


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def board(request: Request, slug: str, suffix: str) -> HttpResponse:
    """Queue and waves, as they are looked for on the board."""
    rollout, wanted = rollout_of(request, slug), board_find.finding(request.GET)
    now = clock.now()
    entries = {entry.placement.agency.slug: entry for entry in figures.plan(rollout, now=now).entries}
    slugs = board_find.found(board_data.board(rollout, now=now), wanted)
    return _file(rollout, export_tables.board([entries[slug] for slug in slugs if slug in entries]), suffix)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def agencies(request: Request, slug: str, suffix: str) -> HttpResponse:
    """Every agency in Norwegian order, or those of the kind that was chosen in the list."""
    rollout, kind = rollout_of(request, slug), request.GET.get("kind", "")
    chosen = Agency.objects.in_norwegian_order()
    if kind in AgencyKind.values:
        chosen = chosen.filter(kind=kind)
    return _file(rollout, export_tables.agencies(chosen, rollout.placements.select_related("wave")), suffix)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def licences(request: Request, slug: str, suffix: str) -> HttpResponse:
    rollout = rollout_of(request, slug)
    return _file(rollout, export_tables.licences(licence_page(rollout, now=clock.now()).lines), suffix)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def commitments(request: Request, slug: str, suffix: str) -> HttpResponse:
    """What the page tells, under the version that was chosen there, and no more."""
    rollout = rollout_of(request, slug)
    coverage = committing.coverage(rollout, version=chosen_version(request, rollout))
    return _file(rollout, export_tables.commitments(coverage), suffix)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def history(request: Request, slug: str, suffix: str) -> HttpResponse:
    """Every event that the page's filters ask for, newest first, however many pages they fill."""
    rollout = rollout_of(request, slug)
    form = history_form(request, rollout)
    if not form.is_valid():  # the page says what is wrong with the address
        return redirect(f"{reverse('rollout:history', args=[slug])}?{request.GET.urlencode()}")
    events = rollout.events.for_telling().filter(pk__in=filtered(rollout, form.cleaned_data)).order_by("-id")
    return _file(rollout, export_tables.history(events, step_names(rollout)), suffix)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def wave(request: Request, slug: str, number: int, suffix: str) -> HttpResponse:
    """The readiness of the wave's agencies, step by step."""
    rollout, now = rollout_of(request, slug), clock.now()
    plan = figures.plan(rollout, now=now)
    entry = next((found for found in plan.waves if found.wave.number == number), None)
    if entry is None:
        raise Http404
    return _file(rollout, export_tables.wave(entry, today=now.astimezone(OSLO).date()), suffix)


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def scenario(request: Request, slug: str, pk: int, suffix: str) -> HttpResponse:
    """The scenario and today's plan, agency by agency."""
    rollout = rollout_of(request, slug)
    found = get_object_or_404(Scenario, rollout=rollout, pk=pk)
    return _file(rollout, export_tables.scenario(comparing.places(found), is_baseline=found.is_baseline), suffix)


def _file(rollout: Rollout, table: Table, suffix: str) -> HttpResponse:
    if suffix not in FORMATS:
        raise Http404
    name = f"{table.name}-{rollout.slug}-{clock.now().astimezone(OSLO):%Y-%m-%d}.{suffix}"
    return HttpResponse(
        FORMATS[suffix](table),
        content_type=CONTENT_TYPES[suffix],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
