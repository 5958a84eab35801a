"""New dates for a wave, seen before they are set, and the cap on its people (rules 4, 6 and 12)."""

import json
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from agencies.access import Request
from rollout import clock
from rollout.domain import effects, scheduling, shifting
from rollout.domain.recording import new_change
from rollout.domain.refusals import Refused
from rollout.domain.words import thousands
from rollout.forms import add_reasons, refusals_at
from rollout.forms.waves import CapForm, WaveDatesForm
from rollout.models import EventKind, PlanEvent, Wave
from rollout.permissions import Do, may
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of, undo_address

ASKED = ("leaders_on", "all_staff_on", "carry_on", "earlier")


@dataclass(frozen=True)
class Preview:
    """What the dates asked for will do. `moved`: working days that the waves after it shift; `later`: how many do."""

    effects: effects.Effects
    seen: dict
    moved: int
    later: int

    @property
    def seen_json(self) -> str:
        return json.dumps(self.seen)

    @property
    def days(self) -> int:
        return abs(self.moved)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dates(request: Request, slug: str, number: int) -> HttpResponse:
    """Set the wave's two dates: one sees what they will do, and sets them. Only what was seen is done."""
    wave = _wave(request, slug, number)
    form = _form(request, wave)
    if request.method != "POST":
        return _answer(request, wave, form)
    if not form.is_valid():
        return _answer(request, wave, form, status=422)
    preview = _preview(form, wave)
    if preview is None:
        return _answer(request, wave, form, status=409)
    seen = form.cleaned_data["seen"]
    if "preview" in request.POST or seen["asked"] != preview.seen["asked"]:
        return _answer(request, wave, form, preview=preview)
    change = new_change()
    try:
        scheduling.set_dates(
            wave=wave,
            **{name: form.cleaned_data[name] for name in ("leaders_on", "all_staff_on", "carry_on", "earlier")},
            reason=form.cleaned_data["reason"],
            seen=seen["marks"],
            by=request.user,
            now=clock.now(),
            change=change,
        )
    except Refused as refused:
        add_reasons(form, refused)
        return _answer(request, wave, form, preview=_preview(form, wave), status=409)
    others = PlanEvent.objects.filter(change=change, kind=EventKind.DATES_SET).exclude(wave=wave).count()
    said = _("Datoene for %(wave)s er satt.") % {"wave": wave}
    if others:
        said += " " + ngettext("%(n)s pulje til er flyttet.", "%(n)s puljer til er flyttet.", others) % {"n": others}
    messages.success(request, said, extra_tags=undo_address(wave.rollout, change))
    return HttpResponseClientRedirect(_address(wave)) if request.htmx else redirect(_address(wave))


def _wave(request: Request, slug: str, number: int) -> Wave:
    waves = rollout_of(request, slug).waves.with_latest_decision().select_related("rollout")
    return get_object_or_404(waves, number=number)


def _form(request: Request, wave: Wave) -> WaveDatesForm:
    shown = {"leaders_on": wave.leaders_on, "all_staff_on": wave.all_staff_on}
    # The page beneath the dialog has fields of the same names.
    form = WaveDatesForm(posted(request), initial=shown, auto_id="dates-%s")
    if not wave.is_planned:
        # That date has been; what stands in the field is never read.
        form.fields["leaders_on"].disabled = True
    later = sorted(other.number for other in shifting.unopened_after(wave))
    if later:
        form.fields["carry_on"].label = _("Flytt pulje %(numbers)s like mange arbeidsdager") % {
            "numbers": _numbers(later)
        }
        form.fields["earlier"].label = _("Flytt pulje %(numbers)s også når det blir tidligere") % {
            "numbers": _numbers(later)
        }
    else:
        del form.fields["carry_on"], form.fields["earlier"]
    return form


def _numbers(numbers: list[int]) -> str:
    """ "3", "3–7", "3, 5 og 7"."""
    if len(numbers) == 1:
        return str(numbers[0])
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    return _("%(first)s og %(last)s") % {"first": ", ".join(map(str, numbers[:-1])), "last": numbers[-1]}


def _preview(form: WaveDatesForm, wave: Wave) -> Preview | None:
    """What the valid form asks for will do. None: it will be refused, and the form says why."""
    wave = Wave.objects.with_latest_decision().select_related("rollout").get(pk=wave.pk)
    asked = {name: form.cleaned_data.get(name, False) for name in ASKED}
    form.cleaned_data |= asked
    try:
        found = effects.of_dates(wave=wave, **asked, now=clock.now())
    except Refused as refused:
        add_reasons(form, refused)
        return None
    seen = {"asked": {name: str(value) for name, value in asked.items()}, "marks": shifting.marks(found.planned)}
    moved = shifting.days_moved(wave, asked["leaders_on"], asked["all_staff_on"])
    return Preview(found, seen, moved, sum(shift.wave.pk != wave.pk for shift in found.shifts))


def _answer(
    request: Request, wave: Wave, form: WaveDatesForm, *, preview: Preview | None = None, status: int = 200
) -> HttpResponse:
    """The page, the dialog, or while one is choosing the part that says what the dates will do."""
    context = {
        "rollout": wave.rollout,
        "wave": wave,
        "form": form,
        "preview": preview,
        "is_live": request.htmx.target == "effect",
        "in_dialog": bool(request.htmx),
    }
    if context["is_live"]:
        return render(request, "rollout/wave_dates.html#effect", context)
    return render(request, "rollout/wave_dates.html" + ("#form" if request.htmx else ""), context, status=status)


def _address(wave: Wave) -> str:
    return reverse("rollout:wave", args=[wave.rollout.slug, wave.number])


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cap(request: Request, slug: str, number: int) -> HttpResponse:
    """Set how many people the wave should hold at most."""
    wave = _wave(request, slug, number)
    form = CapForm(posted(request), initial={"cap": wave.people_cap})
    if form.is_valid():
        wanted = form.cleaned_data["cap"]
        with refusals_at(form):
            event = scheduling.set_people_cap(wave=wave, cap=wanted, by=request.user, now=clock.now())
            said = (
                _("Taket for %(wave)s er %(cap)s medarbeidere.") % {"wave": wave, "cap": thousands(wanted)}
                if wanted
                else _("%(wave)s har ikke noe tak for medarbeidere.") % {"wave": wave}
            )
            return leave(request, _address(wave), said, event=event)
    return ask(request, form, template="rollout/wave_cap.html", rollout=wave.rollout, wave=wave)
