"""The calendar: blackout periods, public holidays and the waves' dates, by year (rule 12)."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from agencies.access import Request
from rollout import clock
from rollout.domain import calendar as days
from rollout.domain import effects, scheduling
from rollout.domain.recording import new_change
from rollout.domain.refusals import Refused
from rollout.domain.words import long_date
from rollout.forms import refusals_at
from rollout.forms.calendar import BlackoutForm, LastDayForm
from rollout.models import OSLO, BlackoutPeriod, Rollout, Step, Wave
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, posted
from rollout.views.context import rollout_of, undo_address
from rollout.views.numbers import whole


@dataclass(frozen=True)
class Line:
    """Something in the year's overview. `kind`: opening, holiday, hard, soft or last.

    `closed`, `soft`: what the calendar has against an opening that is still ahead.
    """

    first: dt.date
    last: dt.date
    kind: str
    text: str
    wave: Wave | None = None
    closed: str | None = None
    soft: str | None = None


@dataclass(frozen=True)
class Year:
    number: int
    years: list[int]
    periods: list[BlackoutPeriod]
    months: list[tuple[str, list[Line]]]
    warnings: list[str]


def year_page(rollout: Rollout, year: int | None, *, today: dt.date) -> Year:
    """A year of the rollout's calendar, in two queries."""
    calendar, waves = days.calendar_of(rollout), list(rollout.waves.all())
    known = {today.year, *(day.year for wave in waves for day in (wave.leaders_on, wave.all_staff_on))}
    known |= {period.first_day.year for period in calendar.periods}
    if rollout.ends_on is not None:
        known.add(rollout.ends_on.year)
    year = year if year in known else today.year
    lines = sorted(
        (line for line in _lines(rollout, calendar, waves, year) if line.first.year == year or line.last.year == year),
        key=lambda line: (line.first, line.kind != "opening"),
    )
    by_month: list[list[Line]] = [[] for _month in range(12)]
    for line in lines:
        by_month[max(line.first, dt.date(year, 1, 1)).month - 1].append(line)
    return Year(
        number=year,
        years=sorted(known),
        periods=[p for p in calendar.periods if year in (p.first_day.year, p.last_day.year)],
        months=[
            (date_format(dt.date(year, month, 1), "F").capitalize(), found) for month, found in enumerate(by_month, 1)
        ],
        warnings=[] if rollout.ends_on is None else _after_the_last_day(rollout, waves),
    )


def _lines(rollout: Rollout, calendar: days.Calendar, waves: list[Wave], year: int) -> list[Line]:
    said = {Step.LEADERS: _("%(wave)s åpner for ledere"), Step.ALL_STAFF: _("%(wave)s åpner for alle")}
    lines = []
    for wave in waves:
        for step, words in said.items():
            day, ahead = wave.day_of(step), step == Step.ALL_STAFF or wave.is_planned
            against = (calendar.closed_because(day), calendar.warned_because(day)) if ahead and wave.next_step else ()
            lines.append(Line(day, day, "opening", words % {"wave": wave}, wave, *against))
    lines += [Line(day, day, "holiday", name) for day, name in days.public_holidays(year)]
    lines += [Line(p.first_day, p.last_day, "hard" if p.hard else "soft", p.name) for p in calendar.periods]
    if rollout.ends_on is not None:
        lines.append(Line(rollout.ends_on, rollout.ends_on, "last", _("Siste dag i utrullingen")))
    return lines


def _after_the_last_day(rollout: Rollout, waves: list[Wave]) -> list[str]:
    bare = days.Calendar()  # only the last day is asked about
    return [
        sentence
        for wave in waves
        for sentence in effects.date_warnings(
            wave, [wave.leaders_on, wave.all_staff_on], rollout=rollout, calendar=bare
        )
    ]


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    rollout = rollout_of(request, slug)
    today = clock.now().astimezone(OSLO).date()
    page = year_page(rollout, whole(request.GET.get("year", "")), today=today)
    context = {"rollout": rollout, "page": page, "can_act": can(request, Do.CHANGE_PLAN)}
    return render(request, "rollout/calendar.html", context)


# -- a period ------------------------------------------------------------------------------------------------------


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request, slug: str) -> HttpResponse:
    """Add a period, such as weeks that the rollout itself wants free."""
    rollout = rollout_of(request, slug)
    return _period(request, rollout, None, BlackoutForm(posted(request), initial={"confirmed": True}))


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, slug: str, pk: int) -> HttpResponse:
    """Confirm a period, or give it other days or words."""
    rollout = rollout_of(request, slug)
    period = rollout.blackouts.filter(pk=pk).first()
    if period is None:
        return _gone(request, rollout)
    shown = {name: getattr(period, name) for name in days.PERIOD}
    shown |= {"hard": "hard" if period.hard else "soft", "confirmed": True}  # whoever writes it down has asked
    return _period(request, rollout, period, BlackoutForm(posted(request), initial=shown))


def _period(request: Request, rollout: Rollout, period: BlackoutPeriod | None, form: BlackoutForm) -> HttpResponse:
    if form.is_valid():
        wanted = form.cleaned_data | {"by": request.user, "now": clock.now(), "change": new_change()}
        with refusals_at(form):
            if period is None:
                kept = days.add_blackout(rollout=rollout, **wanted)
            else:
                kept = days.change_blackout(period=period, **wanted)
            messages.success(
                request,
                _("«%(name)s» står i kalenderen, %(first)s til %(last)s.")
                % {"name": kept.name, "first": long_date(kept.first_day), "last": long_date(kept.last_day)},
                extra_tags=undo_address(rollout, wanted["change"]),
            )
            return _leave(request, rollout, kept.first_day.year)
    return ask(request, form, template="rollout/calendar_period.html", rollout=rollout, period=period)


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take a period out: a page that asks, then a POST."""
    rollout = rollout_of(request, slug)
    period = rollout.blackouts.filter(pk=pk).first()
    if period is None:
        return _gone(request, rollout)
    if request.method != "POST":
        return ask(request, Form(), template="rollout/calendar_remove.html", rollout=rollout, period=period)
    try:
        event = days.remove_blackout(period=period, by=request.user, now=clock.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        said = _("«%(name)s» er fjernet fra kalenderen.") % {"name": period.name}
        messages.success(request, said, extra_tags=undo_address(rollout, event.change))
    return _leave(request, rollout, period.first_day.year)


def _gone(request: Request, rollout: Rollout) -> HttpResponse:
    messages.error(request, _("Perioden er fjernet eller endret siden du så den. Dette er kalenderen slik den er nå."))
    return _leave(request, rollout)


# -- the last day --------------------------------------------------------------------------------------------------


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def last_day(request: Request, slug: str) -> HttpResponse:
    """Set the rollout's last day: dates after it are warned of."""
    rollout = rollout_of(request, slug)
    form = LastDayForm(posted(request), initial={"ends_on": rollout.ends_on})
    if form.is_valid():
        ends_on = form.cleaned_data["ends_on"]
        scheduling.set_last_day(rollout=rollout, ends_on=ends_on, by=request.user, now=clock.now())
        said = (
            _("Siste dag i utrullingen er %(day)s.") % {"day": long_date(ends_on)}
            if ends_on
            else _("Utrullingen har ingen siste dag.")
        )
        messages.success(request, said)
        return _leave(request, rollout, ends_on.year if ends_on else None)
    return ask(request, form, template="rollout/calendar_last_day.html", rollout=rollout)


def _leave(request: Request, rollout: Rollout, year: int | None = None) -> HttpResponse:
    address = reverse("rollout:calendar", args=[rollout.slug]) + (f"?year={year}" if year else "")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
