"""Reminders (*to do*, and *my agency this week*): whom to remind of what, once each morning.

A step is told of 14, 7 and 2 days before it is due, and then every week that it is late, to the communication chief
(where there is none, to the head); from the first of those weeks to the head as well. What falls on a weekend or a
public holiday comes at 08:00 the next working day, with that day's own. On the week's first working day the chief gets
the week's mail instead, which holds the day's reminders.

What is due is asked of the data: a `ReminderRun` says that a morning has been written. A tick that comes late, twice,
or from two hosts finds it, and after an outage one run, on a working day after 08:00, covers all the days since the one
before.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from agencies.models import Person, Role, RoleName
from rollout import emails
from rollout.domain import readiness, reporting
from rollout.domain.calendar import is_working_day, working_day_on_or_after, working_day_on_or_before
from rollout.domain.locks import lock_plans
from rollout.domain.readiness import FUNDING, StepStatus
from rollout.domain.recording import plan_version
from rollout.emails.choosing import wanted_by
from rollout.emails.reminding import OpenStep, Place
from rollout.models import (
    OSLO,
    EmailKind,
    EmailState,
    FundingState,
    FundingStatement,
    OwnerRole,
    Placement,
    ReminderRun,
    Rollout,
    WaveState,
    last_opening_day,
    opening_moment,
)

DAY = dt.timedelta(days=1)
#: Days before the due date on which one is reminded.
BEFORE = (14, 7, 2)
WEEK = dt.timedelta(days=7)
#: The week's mail comes when something is due within so many days, or late.
LOOKS_AHEAD = dt.timedelta(days=28)
#: In how many mornings with a reminder, or weeks, a preview looks for something to show.
TRIED_AHEAD = 6
CHIEF, HEAD = RoleName.COMMUNICATION_CHIEF, RoleName.AGENCY_HEAD


# -- when --------------------------------------------------------------------------------------------------------------


def next_mark(due_on: dt.date, *, after: dt.date) -> dt.date:
    """The first day after `after`, working day or not, on which one is reminded of a step that is still not done."""
    for days in BEFORE:
        if (day := due_on - dt.timedelta(days=days)) > after:
            return day
    return due_on + WEEK * (max(0, (after - due_on) // WEEK) + 1)


def is_due(due_on: dt.date, *, after: dt.date, until: dt.date) -> bool:
    """Whether a mark of the step lies after `after` and up to and with `until`."""
    return next_mark(due_on, after=after) <= until


def this_morning(now: dt.datetime) -> dt.date | None:
    """Today in Oslo, where it is a working day and its 08:00 has come. None: nothing is written now."""
    day = last_opening_day(now)
    return day if day == _today(now) and is_working_day(day) else None


def _today(now: dt.datetime) -> dt.date:
    return now.astimezone(OSLO).date()


def next_morning(*, after: dt.datetime) -> dt.datetime:
    """The first 08:00 of a working day after `after`."""
    return opening_moment(working_day_on_or_after(last_opening_day(after) + DAY))


def next_moment(rollout: Rollout, *, after: dt.datetime) -> dt.datetime | None:
    """When the next reminder falls due by the plan as it stands; None: nothing is ahead."""
    done_until = working_day_on_or_before(last_opening_day(after))
    placements = _placements(rollout)
    told = {role.agency_id for role in _roles(placements)}
    courses = readiness.courses([one for one in placements if one.agency_id in told], now=after)
    days = [
        working_day_on_or_after(next_mark(status.due_on, after=done_until))
        for course in courses.values()
        for status in course
        if not status.done and status.due_on is not None
    ]
    return opening_moment(min(days)) if days else None


# -- once --------------------------------------------------------------------------------------------------------------


def send_due(*, rollout: Rollout, now: dt.datetime, memory: "Memory | None" = None) -> int:
    """Write the reminders due at `now`, and anew those of the morning that a change has withdrawn. Returns how many.

    The plan's lock makes the second of two see the first one's run; one run a morning is the database's own rule.
    `memory`: for who writes one morning after the other in one transaction.
    """
    # Asked before locking: most ticks find nothing.
    if (day := this_morning(now)) is None or not _anything_due(rollout, rollout.reminder_runs.last(), day):
        return 0
    return _send_due(rollout=rollout, day=day, now=now, memory=memory)


def _anything_due(rollout: Rollout, run: ReminderRun | None, day: dt.date) -> bool:
    """`run`: the last there is."""
    if run is not None:
        return run.day < day or bool(_to_write_anew(run))
    start = reporting.began(rollout)
    return start is not None and start <= opening_moment(day)


@transaction.atomic
def _send_due(*, rollout: Rollout, day: dt.date, now: dt.datetime, memory: "Memory | None") -> int:
    active = Rollout.objects.active()  # whose lock is held where a role is given or ended
    rollout = lock_plans({rollout.pk, active.pk if active else rollout.pk})[rollout.pk]
    run, number = rollout.reminder_runs.last(), 0
    if not _anything_due(rollout, run, day):
        return 0
    if run is None or run.day < day:
        run = ReminderRun.objects.create(rollout=rollout, day=day, since=_covered_until(run, day), made_at=now)
        # Those of earlier mornings that never left: this morning's tell of those days too.
        emails.reminding.withdraw_unsent(rollout=rollout, agency=None, now=now)
        drafts = drafts_of(run, now=now, memory=memory)
    else:
        again = _to_write_anew(run)
        drafts = [draft for draft in drafts_of(run, now=now, memory=memory) if draft.person.pk in again]
        number = emails.reminding.reminders_of(rollout).filter(occurrence__startswith=_occurrence(run)).count()
    occurrence = f"{_occurrence(run)}{number}"
    emails.write(drafts, rollout=rollout, occurrence=occurrence, now=now)
    return len(drafts)


def _covered_until(run: ReminderRun | None, day: dt.date) -> dt.date:
    return run.day if run else working_day_on_or_before(day - DAY)


def _occurrence(run: ReminderRun) -> str:
    return f"reminders:{run.pk}:"


def _to_write_anew(run: ReminderRun) -> set[int]:
    """Whose mail of this morning was withdrawn, with none in its place."""
    mails = emails.reminding.reminders_of(run.rollout).filter(occurrence__startswith=_occurrence(run))
    states = list(mails.values_list("person", "state"))
    standing = {person for person, state in states if state != EmailState.WITHDRAWN}
    return {person for person, _state in states} - standing


def _untold_since(run: ReminderRun) -> dict[int, dt.date]:
    """By person: from when nothing has reached them, where earlier mornings' mail was withdrawn unsent."""
    mails = emails.reminding.reminders_of(run.rollout)
    told_since = mails.exclude(state=EmailState.WITHDRAWN).filter(person=OuterRef("person"), pk__gt=OuterRef("pk"))
    untold = mails.filter(~Exists(told_since), state=EmailState.WITHDRAWN).order_by("-pk")
    found = list(untold.values_list("person", "occurrence"))
    if not found:
        return {}
    days = {f"reminders:{pk}": since for pk, since in run.rollout.reminder_runs.values_list("pk", "since")}
    return {person: days.get(occurrence.rpartition(":")[0], run.since) for person, occurrence in found}


# -- whom, and of what -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Left:
    """A step that is not done, in the words of the mail. `awaits_head`: the chief has done their part of it."""

    name: str
    owner: str
    detail: str
    due_on: dt.date
    awaits_head: bool

    def told(self, today: dt.date) -> OpenStep:
        return OpenStep(self.name, self.owner, self.detail, self.due_on, days_left=(self.due_on - today).days)


@dataclass(frozen=True)
class _Course:
    """An agency's steps before its opening. `done` are their names."""

    placement: Placement
    done: list[str]
    left: list[_Left]
    has_chief: bool

    def reminds(self, roles: Iterable[Role], *, since: dt.date, day: dt.date) -> list[_Left]:
        """The steps with a mark after `since` up to and with `day`, for who holds these roles at the agency."""
        return [
            step
            for step in self.left
            if is_due(step.due_on, after=since, until=day) and any(self._is_for(role.role, step, day) for role in roles)
        ]

    def _is_for(self, role: str, step: _Left, day: dt.date) -> bool:
        if step.awaits_head:
            return role == HEAD
        return role == CHIEF or not self.has_chief or day >= step.due_on + WEEK


def _placements(rollout: Rollout) -> list[Placement]:
    placed = rollout.placements.placed().filter(wave__state=WaveState.PLANNED)
    return list(placed.select_related("agency", "wave", "rollout"))


def _roles(placements: Iterable[Placement]) -> list[Role]:
    held = Role.objects.current().filter(
        role__in=[CHIEF, HEAD], agency__in=[one.agency_id for one in placements], person__is_active=True
    )
    return list(held.select_related("person").order_by("person__email", "agency__name_sort_key", "pk"))


def _course(placement: Placement, statuses: list[StepStatus], *, has_chief: bool, stated: int) -> _Course:
    """`stated`: for how many licences funding is stated and not yet approved."""
    left = []
    for status in statuses:
        if not status.done and status.due_on is not None:
            awaits_head = status.step.key == FUNDING and stated >= placement.headcount
            owner, detail = str(OwnerRole(status.step.owner_role).label), status.detail
            if awaits_head:
                owner, detail = str(HEAD.label), _("oppgitt, og venter på virksomhetslederens godkjenning")
            left.append(_Left(status.step.name, owner, detail, status.due_on, awaits_head))
    return _Course(placement, [status.step.name for status in statuses if status.done], left, has_chief)


@dataclass(frozen=True)
class _Reading:
    """What a morning's mail hangs on besides the day: the courses by agency, who holds which roles where, who wants
    what. The plan unchanged, it holds up to and with the day `until`, the last of a signature under an older text.
    """

    courses: dict[int, _Course]
    held: dict[Person, dict[int, list[Role]]]
    to_do: set[int]
    weekly: set[int]
    frame: dict[str, Any]
    until: dt.date


#: By rollout: what was read, and the plan's version then. Whatever changes it takes the plan's lock; so it serves a
#: transaction that reads under that lock and keeps it, and what the transaction itself changes writes an event.
type Memory = dict[int, tuple[int, _Reading]]


def _reading(rollout: Rollout, *, now: dt.datetime, memory: Memory | None) -> _Reading:
    if memory is None:
        return _read(rollout, now=now)
    version = plan_version(rollout.slug) or 0
    then, known = memory.get(rollout.pk, (None, None))
    if known is None or then != version or known.until < _today(now):
        known = _read(rollout, now=now)
        memory[rollout.pk] = version, known
    return known


def _read(rollout: Rollout, *, now: dt.datetime) -> _Reading:
    placements = _placements(rollout)
    roles = _roles(placements)
    facts = readiness.load_facts(placements, now=now)
    chiefs = {role.agency_id for role in roles if role.role == CHIEF}
    statements = FundingStatement.objects.filter(placement__in=placements, state=FundingState.STATED, question="")
    stated = dict(statements.values_list("placement", "licences"))
    with translation.override(emails.LANGUAGE):
        courses = {
            one.agency_id: _course(
                one,
                readiness.course_of(facts[one.pk], now=now),
                has_chief=one.agency_id in chiefs,
                stated=stated.get(one.pk, -1),
            )
            for one in placements
        }
    held: dict[Person, dict[int, list[Role]]] = {}
    for role in roles:
        if role.agency_id is not None:
            held.setdefault(role.person, {}).setdefault(role.agency_id, []).append(role)
    to_do, weekly = (set(wanted_by(kind).values_list("pk", flat=True)) for kind in emails.reminding.REMINDERS)
    ends = {version.old_counts_until for known in facts.values() for version in known.ahead}
    until = min((day for day in ends if day is not None), default=dt.date.max)
    return _Reading(courses, held, to_do, weekly, emails.reminding.frame(rollout), until)


def drafts_of(run: ReminderRun, *, now: dt.datetime, memory: Memory | None = None) -> list[emails.Draft]:
    """The mail of one morning, written at `now`: at most one for each person. `run` need not be saved."""
    known, today = _reading(run.rollout, now=now, memory=memory), _today(now)
    untold = _untold_since(run) if known.held else {}
    drafts = []
    for person, theirs in known.held.items():
        since = min(untold.get(person.pk, run.since), run.since)
        is_weekly = person.pk in known.weekly and _opens_week(run.day, since)
        places, is_week = [], False
        for agency, here in theirs.items():
            course = known.courses[agency]
            is_whole = is_weekly and _is_open(course, today) and any(role.role == CHIEF for role in here)
            reminded = course.reminds(here, since=since, day=run.day) if person.pk in known.to_do else []
            if is_whole or reminded:
                places.append(_place(course, here, reminded, is_whole=is_whole, today=today))
                is_week = is_week or is_whole
        if places:
            kind = EmailKind.AGENCY_WEEK if is_week else EmailKind.TO_DO
            draft = emails.reminding.reminder(kind=kind, person=person, places=places, day=run.day, frame=known.frame)
            drafts.append(draft)
    return drafts


def _opens_week(day: dt.date, since: dt.date) -> bool:
    """Whether the first working day of the week lies among the days that are covered."""
    monday = day - dt.timedelta(days=day.weekday())
    return since < working_day_on_or_after(monday) <= day


def _is_open(course: _Course, today: dt.date) -> bool:
    """Whether something is late, or due before long, that the chief has not answered for."""
    return any(step.due_on <= today + LOOKS_AHEAD and not step.awaits_head for step in course.left)


def _place(course: _Course, roles: list[Role], reminded: list[_Left], *, is_whole: bool, today: dt.date) -> Place:
    placement = course.placement
    wave = placement.wave
    if wave is None:
        raise ValueError("not in a wave")
    with translation.override(emails.LANGUAGE):
        names = [str(RoleName(role.role).label) for role in roles]
        return Place(
            agency=placement.agency,
            wave=wave,
            roles=get_text_list(names, _("og")),
            days_left=(wave.leaders_on - today).days,
            steps=[step.told(today) for step in (course.left if is_whole else reminded)],
            done=course.done if is_whole else (),
            is_whole=is_whole,
        )


# -- ahead -------------------------------------------------------------------------------------------------------------


def coming(*, rollout: Rollout, now: dt.datetime) -> tuple[dt.date, list[emails.Draft]]:
    """The next morning, this one if it is not written yet, and its mail as it stands now."""
    run, today = rollout.reminder_runs.last(), _today(now)
    day = working_day_on_or_after(today + DAY if run is not None and run.day >= today else today)
    return day, _drafts_ahead(rollout, day, since=_covered_until(run, day), now=now)


def next_of_kind(kind: EmailKind, *, rollout: Rollout, now: dt.datetime) -> tuple[dt.date, list[emails.Draft]] | None:
    """The first morning ahead that brings such mail, and the mail as it stands now. None: nothing is near."""
    after = now
    for _n in range(TRIED_AHEAD):
        weeks = reporting.next_sending(after=after)[2]
        moment = next_moment(rollout, after=after) if kind == EmailKind.TO_DO else weeks
        if moment is None:
            return None
        after, day = moment, _today(moment)
        drafts = _drafts_ahead(rollout, day, since=working_day_on_or_before(day - DAY), now=now)
        if found := [draft for draft in drafts if draft.kind == kind]:
            return day, found
    return None


def _drafts_ahead(rollout: Rollout, day: dt.date, *, since: dt.date, now: dt.datetime) -> list[emails.Draft]:
    run = ReminderRun(rollout=rollout, day=day, since=since, made_at=now)
    return drafts_of(run, now=max(now, opening_moment(day)))
