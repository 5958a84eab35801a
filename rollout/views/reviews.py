"""A wave's review: figures, criteria, lessons, and the decision that it ends in (rules 13 and 14)."""

import base64

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.access import Request
from agencies.list_files import CONTENT_TYPES
from rollout import clock
from rollout.domain import reviewing, usage_lists
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.reviews import CloseForm, CriteriaForm, FiguresForm, UsageListForm
from rollout.models import OSLO, WAVE_CLOSING, Placement, Rollout, UsageFigures, Wave
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, http_status, leave, posted
from rollout.views.context import rollout_of
from rollout.views.review_data import review_page

COLUMN_WORDS = {
    "slug": gettext_lazy("Virksomhetens kode"),
    "measured_on": gettext_lazy("Målt dato, for eksempel 2018-03-20"),
    "invited": gettext_lazy("Inviterte"),
    "activated": gettext_lazy("Aktiverte kontoer, også ledere og nøkkelpersoner"),
    "leaders_invited": gettext_lazy("Inviterte ledere og nøkkelpersoner"),
    "leaders_activated": gettext_lazy("Aktiverte ledere og nøkkelpersoner"),
    "weekly_active": gettext_lazy("Ukentlig aktive av de aktiverte"),
    "on_mobile": gettext_lazy("Av dem på mobil, kan være tom"),
    "support_requests": gettext_lazy("Henvendelser til brukerstøtte siden forrige måling"),
    "severe_incidents": gettext_lazy("Åpne alvorlige hendelser for personvern eller sikkerhet"),
    "backlog_days": gettext_lazy("Etterslep i brukerstøtten i dager, for eksempel 1,5"),
    "definition": gettext_lazy("Hva verktøyet teller som aktivert og aktiv"),
    "source": gettext_lazy("Hvor tallene er hentet"),
}


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str, number: int) -> HttpResponse:
    return _show(request, rollout_of(request, slug), number)


def _show(request: Request, rollout: Rollout, number: int, *, form: CloseForm | None = None) -> HttpResponse:
    wave = _wave(rollout, number)
    context = {"rollout": rollout, "wave": wave, "can_act": can(request, Do.CHANGE_PLAN)}
    form = form or CloseForm()
    if wave.state in WAVE_CLOSING:
        standing = reviewing.standing(wave, now=clock.now())
        page = review_page(standing)
        form.initial.update(standing.as_seen)
        context |= {"page": page, "form": form, "can_enter": context["can_act"] and page.review is None}
    template = "rollout/review.html" + ("#review" if request.htmx else "")
    return render(request, template, context, status=http_status(form))


def _wave(rollout: Rollout, number: int) -> Wave:
    return get_object_or_404(rollout.waves.select_related("rollout"), number=number)


@may(Do.CHANGE_PLAN)
@require_POST
def close(request: Request, slug: str, number: int) -> HttpResponse:
    """End the review in a decision: everything on the page is frozen."""
    rollout = rollout_of(request, slug)
    wave, form = _wave(rollout, number), CloseForm(request.POST)
    if form.is_valid():
        with refusals_at(form):
            review = reviewing.close(wave=wave, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("%(wave)s er evaluert og lukket. Tempoet videre: %(pace)s.")
            said %= {"wave": wave, "pace": review.get_pace_display().lower()}
            return leave(request, _address(rollout, number), said)
        if wave.state in WAVE_CLOSING:
            # What was typed stays; the next press is for the figures that are shown now.
            form.data = dict(form.data.items()) | reviewing.standing(wave, now=clock.now()).as_seen
    return _show(request, rollout, number, form=form)


def _address(rollout: Rollout, number: int) -> str:
    return reverse("rollout:wave-review", args=[rollout.slug, number])


@may(Do.CHANGE_PLAN, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def figures(request: Request, slug: str, number: int, agency: str) -> HttpResponse:
    """Type an agency's figures of one date. Definition and source begin as the agency's, or else the wave's, last."""
    rollout = rollout_of(request, slug)
    wave = _wave(rollout, number)
    placement = _placement(wave, agency)
    latest = placement.usage_figures.last() or UsageFigures.objects.filter(placement__wave=wave).order_by("pk").last()
    shown: dict[str, object] = {"measured_on": clock.now().astimezone(OSLO).date()}
    if latest:
        shown |= {"definition": latest.definition, "source": latest.source}
    form = FiguresForm(posted(request), initial=shown, auto_id="figures-%s")
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("measured_on", "definition", "source")}
        with refusals_at(form):
            reviewing.enter_figures(placement=placement, numbers=form.numbers, by=request.user, now=clock.now(), **said)
            done = _("Tallene for %(agency)s er lagt inn.") % {"agency": placement.agency}
            return leave(request, _address(rollout, number), done)
    return ask(request, form, template="rollout/review_figures.html", wave=wave, placement=placement)


def _placement(wave: Wave, agency: str) -> Placement:
    return get_object_or_404(wave.placements.select_related("agency", "wave", "rollout"), agency__slug=agency)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def take_in(request: Request, slug: str, number: int) -> HttpResponse:
    """Figures from a file: tried first, or (`run`) taken in. Nothing is written from a list with a bad line."""
    rollout = rollout_of(request, slug)
    wave = _wave(rollout, number)
    if wave.state not in WAVE_CLOSING:
        raise Http404
    form = UsageListForm(posted(request), request.FILES or None)
    context: dict[str, object] = {"rollout": rollout, "wave": wave, "columns": _columns()}
    if request.method != "POST":
        return render(request, "rollout/review_import.html", context | {"form": form})
    if not form.is_valid():
        return render(request, "rollout/review_import.html", context | {"form": form}, status=422)
    content, name = form.cleaned_data["content"], form.cleaned_data["name"]
    found = usage_lists.read(content, wave=wave, now=clock.now())
    context |= {"form": UsageListForm(), "name": name, "found": found}
    if found.problems:
        return render(request, "rollout/review_import.html", context, status=422)
    if "run" in request.POST:
        try:
            new = reviewing.enter_many(wave=wave, entries=found.entries, by=request.user, now=clock.now())
        except Refused as refused:
            context["refused"] = refused.reasons
            return render(request, "rollout/review_import.html", context, status=409)
        said = ngettext("%(n)s linje er lagt inn fra %(file)s.", "%(n)s linjer er lagt inn fra %(file)s.", new)
        return leave(request, _address(rollout, number), said % {"n": new, "file": name})
    # The form carries the list along: it need not be chosen again.
    context["form"] = UsageListForm(initial={"kept": base64.b64encode(content).decode(), "name": name})
    return render(request, "rollout/review_import.html", context)


def _columns() -> list[tuple[str, str]]:
    return [(name, str(COLUMN_WORDS[name])) for name in usage_lists.COLUMNS]


@may(Do.CHANGE_PLAN)
@never_cache
@require_safe
def template(request: Request, slug: str, number: int) -> HttpResponse:
    """The headings, and a line for each agency of the wave."""
    wave = _wave(rollout_of(request, slug), number)
    return HttpResponse(
        usage_lists.template(wave),
        content_type=CONTENT_TYPES["csv"],
        headers={"Content-Disposition": f'attachment; filename="{slug}-pulje-{number}.csv"'},
    )


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def criteria(request: Request, slug: str) -> HttpResponse:
    """The thresholds that a wave's figures are held against."""
    rollout = rollout_of(request, slug)
    form = CriteriaForm(posted(request), instance=reviewing.criteria_of(rollout))
    if form.is_valid():
        reviewing.set_criteria(rollout=rollout, by=request.user, now=clock.now(), **form.changed)
        messages.success(request, _("Kriteriene er lagret. Evalueringer som er avsluttet, står som de var."))
        return redirect("rollout:lessons", rollout.slug)
    return render(request, "rollout/criteria.html", {"rollout": rollout, "form": form}, status=http_status(form))
