"""What a change will do before it is done: overdue steps, licences short, a go that is void (rules 4-8).

Nothing is written. The facts are read as they are; the new place or date is only thought.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain import glance, placing, readiness, scheduling, shifting
from rollout.domain.calendar import Calendar, calendar_of
from rollout.domain.readiness import Problem
from rollout.domain.words import long_date, thousands
from rollout.models import CAPACITY, OSLO, CourseStep, LicencePool, Placement, PlacementStatus, Rollout, Wave

#: Of an agency's overdue steps: so many are named, the others counted.
STEPS_NAMED = 3


@dataclass(frozen=True)
class Overdue:
    """The steps of one agency that the change makes overdue: they are not now."""

    placement: Placement
    problems: list[Problem]


@dataclass(frozen=True)
class DueMove:
    """A step of a wave's course whose due date moves with the leaders' date (rule 4). `passed`: the new one has."""

    step: CourseStep
    before: dt.date
    after: dt.date
    passed: bool


@dataclass(frozen=True)
class Effects:
    """What a change brings. `warnings` are sentences; `loses_go` the waves whose go is void by it.

    `over_cap`: a sentence if the wave comes to hold more people than its cap. `planned`: the dates as they are to be,
    of every wave that was asked about; `shifts`: those of them that get other dates than they have. `due`: the due
    dates that move in the first wave.
    """

    overdue: list[Overdue] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    loses_go: list[Wave] = field(default_factory=list)
    over_cap: str = ""
    planned: list[shifting.Shift] = field(default_factory=list)
    due: list[DueMove] = field(default_factory=list)

    @property
    def shifts(self) -> list[shifting.Shift]:
        return [shift for shift in self.planned if shift.changes]

    @property
    def gravest(self) -> list[str]:
        """Which go is void, and a cap that is passed."""
        said = [_("Klarsignalet for %(wave)s faller bort.") % {"wave": wave} for wave in self.loses_go]
        return said + list(filter(None, [self.over_cap]))

    @property
    def late(self) -> list[str]:
        return [late_words(one) for one in self.overdue]

    @property
    def sentences(self) -> list[str]:
        """All of it in words, the gravest first."""
        return self.gravest + self.warnings + self.late

    @property
    def brief(self) -> list[str]:
        """What there is room for right after the change: the gravest, and how many steps went over their date."""
        return self.gravest + _late(sum(len(one.problems) for one in self.overdue))

    @property
    def none(self) -> bool:
        return not self.sentences


def _late(steps: int) -> list[str]:
    if not steps:
        return []
    return [ngettext("%(n)s steg går over fristen.", "%(n)s steg går over fristen.", steps) % {"n": steps}]


def late_words(one: Overdue) -> str:
    """Which of the agency's steps go over their date, the first three by name, and by how much at most."""
    named, number = one.problems[:STEPS_NAMED], len(one.problems)
    worst = max(problem.days_late or 0 for problem in one.problems)
    said = ngettext(
        "%(agency)s: %(number)s steg går over fristen (inntil %(days)s dag): %(steps)s.",
        "%(agency)s: %(number)s steg går over fristen (inntil %(days)s dager): %(steps)s.",
        worst,
    )
    steps = ", ".join(f"«{problem.step.name}»" for problem in named)
    if number > len(named):
        steps = _("%(steps)s og %(n)s til") % {"steps": steps, "n": number - len(named)}
    return said % {"agency": one.placement.agency, "number": number, "days": worst, "steps": steps}


def overdue_after(placements: list[Placement], waves: dict[int, Wave | None], *, now: dt.datetime) -> list[Overdue]:
    """The steps that are overdue with the placements in `waves` (by placement's id), and are not overdue today."""
    facts, found = readiness.load_facts(placements, now=now), []
    for placement in placements:
        known = facts[placement.pk]
        before = readiness.problems_of(readiness.course_of(known, now=now))
        after = readiness.problems_of(
            readiness.course_of(replace(known, placement=_thought_in(placement, waves[placement.pk])), now=now)
        )
        late_now = {problem.step.key for problem in before if problem.days_late}
        newly = [problem for problem in after if problem.days_late and problem.step.key not in late_now]
        if newly:
            found.append(Overdue(placement, newly))
    return found


def _thought_in(placement: Placement, wave: Wave | None) -> Placement:
    """A copy that stands in the wave, or the queue, and is never saved."""
    moved = Placement(**{f.attname: getattr(placement, f.attname) for f in Placement._meta.concrete_fields})
    moved.agency, moved.rollout, moved.wave = placement.agency, placement.rollout, wave
    moved.status = PlacementStatus.PLACED if wave else PlacementStatus.QUEUED
    return moved


def _with_go(wave_ids: Iterable[int | None]) -> list[Wave]:
    """Those of the waves that have their go, in one query."""
    return [wave for wave in Wave.objects.filter(pk__in=set(wave_ids)).with_latest_decision() if wave.has_go]


def of_move(*, rollout: Rollout, placements: Iterable[Placement], to: Wave | None, now: dt.datetime) -> Effects:
    """What moving these agencies to a wave, or (None) to the queue, will do.

    The placements come with `rollout`, `agency`, `wave` and `licence_budget`. A full wave is a warning here; the move
    itself refuses it.
    """
    movers = [p for p in placements if p.wave_id != (to.pk if to else None)]
    touched = {p.wave_id for p in movers} | ({to.pk} if to is not None and movers else set())
    warnings: list[str] = []
    overdue: list[Overdue] = []
    over_cap = ""
    if to is not None and movers:
        standing = list(to.placements.select_related("agency"))
        free = CAPACITY - len(standing)
        if len(movers) > free:
            warnings.append(
                ngettext("%(wave)s har bare %(n)s ledig plass.", "%(wave)s har bare %(n)s ledige plasser.", free)
                % {"wave": to, "n": free}
                if free
                else _("%(wave)s er full.") % {"wave": to}
            )
        over_cap = placing.cap_warning(to, [*standing, *movers])
        warnings += _licences_short(rollout, movers)
        overdue = overdue_after(movers, {p.pk: to for p in movers}, now=now)
    warnings += [
        _("%(agency)s er låst: %(reason)s") % {"agency": p.agency, "reason": p.pin_reason}
        for p in movers
        if p.is_pinned
    ]
    return Effects(overdue, warnings, _with_go(touched), over_cap=over_cap)


def brief_of_move(
    *, missing: Iterable[glance.Step], people: int, left: Wave | None, entered: Wave | None, now: dt.datetime
) -> list[str]:
    """`of_move(…).brief` of one move that was made, by what its board has read already: one query, or none.

    `missing`: the agency's steps; `people`: how many `entered` holds now. The waves as they were before the move, with
    their latest decision.
    """
    if left == entered:
        return []
    lost = [wave for wave in (left, entered) if wave is not None and wave.has_go]
    said = Effects(loses_go=sorted(lost, key=lambda wave: wave.number))
    missing = list(missing)
    if entered is None or not (missing or entered.people_cap):
        return said.gravest
    calendar, today = calendar_of(entered.rollout_id), now.astimezone(OSLO).date()

    def is_late(step: glance.Step, wave: Wave | None) -> bool:
        due = readiness.due_in(wave, step, calendar)
        return due is not None and due < today

    late = sum(is_late(step, entered) and not is_late(step, left) for step in missing)
    return [*replace(said, over_cap=placing.over_cap_words(entered, people)).gravest, *_late(late)]


def _licences_short(rollout: Rollout, movers: list[Placement]) -> list[str]:
    said = []
    for placement in movers:
        budget = getattr(placement, "licence_budget", None)
        short = placement.headcount - (budget.funded if budget else 0)
        if short > 0:
            said.append(
                ngettext(
                    "%(agency)s mangler %(n)s lisens og slippes ikke inn før den er finansiert.",
                    "%(agency)s mangler %(n)s lisenser og slippes ikke inn før de er finansiert.",
                    short,
                )
                % {"agency": placement.agency, "n": thousands(short)}
            )
    pool = LicencePool.objects.filter(rollout=rollout).first()
    people = sum(p.headcount for p in movers)
    if pool is not None and people > pool.free:
        said.append(
            _("Avtalen har %(free)s ledige lisenser, og disse trenger %(n)s.")
            % {"free": thousands(pool.free), "n": thousands(people)}
        )
    return said


def of_dates(
    *,
    wave: Wave,
    leaders_on: dt.date,
    all_staff_on: dt.date,
    now: dt.datetime,
    carry_on: bool = False,
    earlier: bool = False,
) -> Effects:
    """What new dates for a wave will do, with the shifts of the waves after it where they are carried on.

    Raises:
        Refused: as `scheduling.set_dates` will.
    """
    rollout = Rollout.objects.get(pk=wave.rollout_id)
    calendar = calendar_of(rollout)
    scheduling.refuse_bad([shifting.Shift(wave, leaders_on, all_staff_on)], calendar=calendar, now=now)
    planned = shifting.planned_shifts(
        wave, leaders_on=leaders_on, all_staff_on=all_staff_on, calendar=calendar, carry_on=carry_on, earlier=earlier
    )
    scheduling.refuse_bad(planned, calendar=calendar, now=now)
    shifts = [shift for shift in planned if shift.changes]
    placements = list(
        Placement.objects.filter(wave__in=[s.wave for s in shifts], leaders_access_at__isnull=True)
        .select_related("rollout", "agency", "wave")
        .order_by("wave__number", "slot")
    )
    thought = {shift.wave.pk: with_dates(shift) for shift in shifts}
    overdue = overdue_after(placements, {p.pk: thought[p.wave_id or 0] for p in placements}, now=now)
    warnings = [sentence for shift in shifts for sentence in _warned(shift, rollout, calendar)]
    own = [p for p in placements if p.wave_id == wave.pk]
    return Effects(
        overdue,
        warnings,
        loses_go=_with_go(shift.wave.pk for shift in shifts),
        planned=planned,
        due=_due_moves(planned[0], own, calendar, today=now.astimezone(OSLO).date()),
    )


def with_dates(shift: shifting.Shift) -> Wave:
    wave = Wave(**{f.attname: getattr(shift.wave, f.attname) for f in Wave._meta.concrete_fields})
    wave.leaders_on, wave.all_staff_on = shift.leaders_on, shift.all_staff_on
    return wave


def _due_moves(
    shift: shifting.Shift, placements: list[Placement], calendar: Calendar, *, today: dt.date
) -> list[DueMove]:
    """By the courses that the wave's agencies follow; nothing where the leaders' date stays or the wave is empty."""
    if shift.leaders_on == shift.wave.leaders_on or not placements:
        return []
    steps = CourseStep.objects.filter(
        course_version__in={p.course_version_id for p in placements}, lead_time_days__gte=0
    ).order_by("number", "-course_version")
    moves = []
    for step in {(step.key, step.lead_time_days): step for step in steps}.values():
        lead = dt.timedelta(days=step.lead_time_days)
        before, after = (calendar.due_day_on_or_before(day - lead) for day in (shift.wave.leaders_on, shift.leaders_on))
        moves.append(DueMove(step, before, after, after < today))
    return moves


def _warned(shift: shifting.Shift, rollout: Rollout, calendar: Calendar) -> list[str]:
    changed = [getattr(shift, name) for name in scheduling.DATES if getattr(shift, name) != getattr(shift.wave, name)]
    return date_warnings(shift.wave, changed, rollout=rollout, calendar=calendar)


def date_warnings(wave: Wave, days: Iterable[dt.date], *, rollout: Rollout, calendar: Calendar) -> list[str]:
    """What is said of openings on these days, though nothing refuses them: soft periods, and past the last day."""
    said = []
    for day in days:
        if (why := calendar.warned_because(day)) is not None:
            said.append(
                _("%(wave)s åpner %(day)s, i perioden «%(period)s».")
                % {"wave": wave, "day": long_date(day), "period": why}
            )
        if rollout.ends_on is not None and day > rollout.ends_on:
            said.append(
                _("%(wave)s åpner %(day)s, etter utrullingens siste dag (%(last)s).")
                % {"wave": wave, "day": long_date(day), "last": long_date(rollout.ends_on)}
            )
    return said
