"""What the overview shows, as plain values: built in a constant number of queries, whatever the size of the plan."""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Person
from rollout.domain import announcing, comparing, coverage, figures, stopping
from rollout.domain.comparing import Drift
from rollout.domain.coverage import WeekPoint
from rollout.domain.figures import Plan, Totals, WaveEntry
from rollout.domain.forecasting import keeping
from rollout.domain.forecasting.keeping import Kept
from rollout.domain.forecasting.words import finish as when_finished
from rollout.domain.readiness import FUNDING
from rollout.domain.scenarios import Today
from rollout.domain.stopping import Group, Matter, Row, Stop
from rollout.domain.words import long_date, thousands
from rollout.emails.announcing import Gathered
from rollout.models import OSLO, BlackoutPeriod, Rollout, Step, Verdict, Wave, WaveState, opening_moment
from rollout.views import charts
from rollout.views.board_data import STATE_ICONS
from rollout.views.course_words import Tag
from rollout.views.overview_changes import Changes, changes_for

WAVES_AHEAD = 2
ROWS_IN_SIGHT, PLACES_IN_SIGHT = 4, 6


@dataclass(frozen=True)
class Ahead:
    """A wave that has not opened for all: its next step, and how far off it is."""

    entry: WaveEntry
    step: Step
    on: dt.date
    days: int
    passed: bool
    soon: bool

    @property
    def wave(self) -> Wave:
        return self.entry.wave

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.wave.state]

    @property
    def when(self) -> str:
        return in_days(self.days)

    @property
    def decision(self) -> Tag:
        """The decision that counts, as icon and word. A go for a plan that has changed is gone (rule 6)."""
        if self.wave.has_go:
            return Tag("ok", "check-circle", _("Klarsignal gitt"))
        if self.wave.decision == Verdict.NO_GO:
            return Tag("stop", "prohibited", _("Stopp"))
        if self.passed:
            return Tag("stop", "exclamation-mark-circle", _("Datoen er passert"))
        if self.wave.latest_verdict == Verdict.GO:
            return Tag("warn", "alert-warning", _("Klarsignalet er falt bort"))
        return Tag("warn" if self.soon else "quiet", "clock", _("Ikke besluttet"))


@dataclass(frozen=True)
class Place:
    """Where one stop is done away with."""

    stop: Stop
    url: str

    @property
    def name(self) -> str:
        return str(self.stop.agency or self.stop.wave)


@dataclass(frozen=True)
class RowShown:
    """What is missing, and where; of many places the first are in sight and the rest is folded away."""

    row: Row
    places: list[Place]

    @property
    def in_sight(self) -> list[Place]:
        return self.places if len(self.places) <= PLACES_IN_SIGHT + 1 else self.places[:PLACES_IN_SIGHT]

    @property
    def more(self) -> int:
        return len(self.places) - len(self.in_sight)

    @property
    def wave(self) -> Wave | None:
        """The wave, where it is the same for all the agencies."""
        waves = {place.stop.wave for place in self.places if place.stop.agency}
        return waves.pop() if len(waves) == 1 else None

    @property
    def differ(self) -> bool:
        """Whether there is more to tell of each than its name."""
        return bool(self.more) or len({(place.stop.due_on, place.stop.detail) for place in self.places}) > 1


@dataclass(frozen=True)
class GroupShown:
    group: Group
    rows: list[RowShown]

    @property
    def in_sight(self) -> list[RowShown]:
        return self.rows if len(self.rows) <= ROWS_IN_SIGHT + 1 else self.rows[:ROWS_IN_SIGHT]

    @property
    def folded(self) -> list[RowShown]:
        return self.rows[len(self.in_sight) :]


@dataclass(frozen=True)
class WaveLine:
    """A wave in the timeline and in its table."""

    entry: WaveEntry
    row: charts.Row

    @property
    def wave(self) -> Wave:
        return self.entry.wave

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.wave.state]


@dataclass(frozen=True)
class Period:
    """A blackout that can be seen in the timeline."""

    period: BlackoutPeriod
    band: charts.Band


@dataclass(frozen=True)
class Overview:
    totals: Totals
    headline: str
    groups: list[GroupShown]
    ahead: list[Ahead]
    next_decision: Ahead | None
    to_review: list[Wave]
    changes: Changes
    timeline: charts.Timeline | None
    lines: list[WaveLine]
    periods: list[Period]
    weeks: list[WeekPoint]
    curves: charts.Curves | None
    today: dt.date
    drift: Drift | None
    forecast: Kept | None
    forecast_said: str

    @property
    def stops(self) -> int:
        return sum(len(shown.group.stops) for shown in self.groups)

    @property
    def late(self) -> int:
        return sum(shown.group.late for shown in self.groups)

    @property
    def has_access_percent(self):
        return figures.percent(self.totals.with_access, self.totals.employees)

    @property
    def planned_people(self) -> int:
        return self.weeks[-1].planned if self.weeks else 0

    @property
    def last_week(self) -> int | None:
        """The week in which the last planned wave opens for all."""
        return next((week.number for week in self.weeks if week.planned == self.planned_people), None)

    @property
    def shows_hard(self) -> bool:
        return any(shown.period.hard for shown in self.periods)

    @property
    def shows_soft(self) -> bool:
        return any(not shown.period.hard for shown in self.periods)


def overview(rollout: Rollout, *, person: Person, now: dt.datetime, untold: Gathered) -> Overview:
    """`untold`: what the reader may announce (`views.announce`)."""
    today = now.astimezone(OSLO).date()
    plan, totals = figures.plan(rollout, now=now), figures.totals(rollout)
    found = stopping.stops(
        plan,
        free_licences=figures.licences(rollout).free,
        now=now,
        untold=announcing.urgent(rollout, untold, now=now),
    )
    ahead = waves_ahead(plan, now=now)
    periods = list(rollout.blackouts.all())
    drawn = charts.timeline(
        [(entry.wave.leaders_on, entry.wave.all_staff_on) for entry in plan.waves],
        [(period.first_day, period.last_day) for period in periods],
        today=today,
    )
    weeks = coverage.of_plan(plan, now=now)
    kept = keeping.latest(rollout, now=now)
    return Overview(
        totals=totals,
        headline=headline(plan, totals, ahead),
        groups=[_shown(rollout, group) for group in stopping.grouped(found)],
        ahead=ahead[:WAVES_AHEAD],
        next_decision=next((one for one in ahead if one.entry.entries and not one.wave.has_go), None),
        to_review=[entry.wave for entry in plan.waves if entry.wave.state == WaveState.ALL_OPEN and entry.entries],
        changes=changes_for(rollout, person, now=now),
        timeline=drawn,
        lines=[WaveLine(entry, row) for entry, row in zip(plan.waves, drawn.rows, strict=True)] if drawn else [],
        periods=[
            Period(period, band) for period, band in zip(periods, drawn.periods if drawn else [], strict=False) if band
        ],
        weeks=weeks,
        curves=charts.curves(weeks, base=totals.employees, today=today),
        today=today,
        drift=comparing.drift(rollout, _as_it_stands(plan), now=now),
        forecast=kept,
        forecast_said=when_finished(kept.forecast.figures) if kept else "",
    )


def _as_it_stands(plan: Plan) -> Today:
    placements = {entry.placement.agency.slug: entry.placement for entry in plan.entries}
    return Today(placements, {entry.wave.number: entry.wave for entry in plan.waves})


def _shown(rollout: Rollout, group: Group) -> GroupShown:
    rows = [RowShown(row, [Place(stop, where_solved(rollout, stop)) for stop in row.stops]) for row in group.rows]
    return GroupShown(group, rows)


def waves_ahead(plan: Plan, *, now: dt.datetime) -> list[Ahead]:
    """Every wave with a step left, by when that step is: one whose date has passed comes first."""
    today = now.astimezone(OSLO).date()
    found = []
    for entry in plan.waves:
        step = entry.wave.next_step
        if step is not None:
            on = entry.wave.day_of(step)
            found.append(
                Ahead(
                    entry, step, on, (on - today).days, opening_moment(on) <= now, stopping.opens_soon(entry.wave, now)
                )
            )
    return sorted(found, key=lambda one: (one.on, one.wave.number))


def in_days(days: int) -> str:
    if days == 0:
        return _("i dag")
    if days == 1:
        return _("i morgen")
    if days < 0:
        return ngettext("for %(n)s dag siden", "for %(n)s dager siden", -days) % {"n": -days}
    return _("om %(n)s dager") % {"n": days}


def headline(plan: Plan, totals: Totals, ahead: list[Ahead]) -> str:
    """Where the rollout stands and what comes next, in a sentence or two: the page's answer."""
    if not totals.agencies:
        return _("Ingen virksomheter er med i utrullingen ennå.")
    if not plan.waves:
        return _("Ingen puljer er laget ennå. %(n)s virksomheter venter i køen.") % {"n": totals.agencies}
    if not totals.places_used:
        return _("Ingen virksomheter er lagt i pulje ennå. %(next)s") % {"next": _opening(ahead)}
    if totals.agencies_with_access == totals.agencies:
        return ngettext(
            "Alle har tilgang: %(n)s virksomhet, %(people)s medarbeidere.",
            "Alle har tilgang: %(n)s virksomheter, %(people)s medarbeidere.",
            totals.agencies,
        ) % {"n": totals.agencies, "people": thousands(totals.employees)}
    return _opening(ahead)


def _opening(ahead: list[Ahead]) -> str:
    """The next opening that is to come, with who is ready for it; before that, one whose date has gone by."""
    coming = next((one for one in ahead if not one.passed and one.entry.entries), None)
    coming = coming or next((one for one in ahead if not one.passed), None)
    late = next((one for one in ahead if one.passed and one.entry.entries and not one.wave.has_go), None)
    sentences = []
    if late:
        sentences.append(
            _("%(wave)s skulle ha åpnet for %(who)s %(when)s.")
            % {"wave": late.wave, "who": to_whom(late.step), "when": late.when}
        )
    if coming:
        said = _("%(wave)s åpner for %(who)s %(when)s, %(day)s.")
        if coming.wave.decision == Verdict.NO_GO:
            said = _("%(wave)s har fått stopp. Den skulle åpne for %(who)s %(when)s, %(day)s.")
        sentences.append(
            said % {"wave": coming.wave, "who": to_whom(coming.step), "when": coming.when, "day": long_date(coming.on)}
        )
        agencies = len(coming.entry.entries)
        if agencies:
            sentences.append(
                _("%(ready)s av %(all)s virksomheter er klare.") % {"ready": coming.entry.ready, "all": agencies}
            )
    return " ".join(sentences) or _("Ingen åpning er planlagt.")


def to_whom(step: Step) -> str:
    return _("ledere") if step == Step.LEADERS else _("alle")


#: Where on a wave's page a matter is settled. An empty wave is filled on the board, a review and the pool have pages.
MATTER_ANCHORS = {
    Matter.DATE_PASSED: "dates",
    Matter.UNDECIDED: "decision",
    Matter.STOPPED: "decision",
    Matter.HELD: "held",
}


def where_solved(rollout: Rollout, stop: Stop) -> str:
    """The page, and the place on it, where the stop is done away with."""
    if stop.code == Matter.EMPTY:
        return f"{reverse('rollout:board', args=[rollout.slug])}#column-{stop.wave.number}"
    if stop.code == Matter.UNREVIEWED:
        return reverse("rollout:wave-review", args=[rollout.slug, stop.wave.number])
    if stop.code == Matter.POOL_SHORT:
        return reverse("rollout:licences", args=[rollout.slug])
    if stop.code == Matter.UNTOLD:
        return reverse("rollout:announce", args=[rollout.slug])
    if stop.code in MATTER_ANCHORS:
        wave = reverse("rollout:wave", args=[rollout.slug, stop.wave.number])
        return f"{wave}#{MATTER_ANCHORS[Matter(stop.code)]}"
    assert stop.agency is not None  # noqa: S101 (a step is always an agency's)
    agency = reverse("rollout:agency-plan", args=[rollout.slug, stop.agency.slug])
    return f"{agency}#{'funding' if stop.code == FUNDING else f'step-{stop.code}'}"
