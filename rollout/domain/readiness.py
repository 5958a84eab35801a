"""Readiness: computed from the course's steps, never ticked as a whole (rule 3).

Four steps are fulfilled by facts and cannot be ticked (`FACTS`); the others by evidence. A project lead may waive any
step but the funding. What is missing is a list of `Problem`s, and that list drives badge, preview, refusal and mail.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.calendar import Calendar, calendars_of
from rollout.domain.words import long_date, thousands
from rollout.models import (
    OSLO,
    CourseStep,
    GuidelineVersion,
    LicenceBudget,
    Placement,
    PlacementStatus,
    ReadinessConfirmation,
    Rollout,
    SignOff,
    StepEvidence,
    Waiver,
    Wave,
)

FUNDING, GUIDELINES, KEY_PEOPLE, CONFIRMATION = (
    "funding",
    "guidelines_adopted",
    "key_people_named",
    "readiness_confirmed",
)
#: One key person for every hundred employees, and one for every location (course.csv, step 7).
KEY_PEOPLE_SHARE = 0.01


@dataclass(frozen=True)
class Problem:
    """One thing that is missing: what, who must act, by when, and how many days late. In the queue there is no date."""

    code: str
    step: CourseStep
    role: str
    due_on: dt.date | None
    days_late: int | None
    detail: str

    @property
    def sentence(self) -> str:
        return f"{self.step.name}: {self.detail}"


@dataclass(frozen=True)
class StepStatus:
    """How one step stands at one agency."""

    step: CourseStep
    fulfilled: bool
    waived: bool
    by_fact: bool
    due_on: dt.date | None
    days_late: int | None
    detail: str
    problem: Problem | None
    evidence: StepEvidence | None
    waiver: Waiver | None

    @property
    def done(self) -> bool:
        return self.fulfilled or self.waived


class Known(Protocol):
    """What readiness is judged by: read whole (`Facts`), or slim, for a board (`rollout.domain.glance`)."""

    @property
    def headcount(self) -> int: ...
    @property
    def locations(self) -> int: ...
    @property
    def key_people_stated(self) -> int | None: ...
    @property
    def funded(self) -> int: ...
    @property
    def required_version(self) -> int | None: ...
    @property
    def signed_version(self) -> int | None: ...
    @property
    def confirmed(self) -> bool: ...
    @property
    def evidence(self) -> Container[int]: ...
    @property
    def waivers(self) -> Container[int]: ...


class KnownStep(Protocol):
    """What of a step readiness is judged by: a `CourseStep`, or a slim row of it (`rollout.domain.glance.Step`)."""

    @property
    def pk(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def blocking(self) -> bool: ...
    @property
    def lead_time_days(self) -> int: ...


@dataclass
class Facts:
    """All that the readiness of one placement hangs on, loaded in bulk; `evidence` and `waivers` by their step's id."""

    placement: Placement
    steps: list[CourseStep]
    calendar: Calendar = field(default_factory=Calendar)
    funded: int = 0
    # Today: the oldest text whose signature counts, and the material ones whose older signatures count for a while yet.
    required_version: int | None = None
    ahead: list[GuidelineVersion] = field(default_factory=list)
    signed_version: int | None = None
    confirmed: bool = False
    evidence: dict[int, StepEvidence] = field(default_factory=dict)
    waivers: dict[int, Waiver] = field(default_factory=dict)

    @property
    def headcount(self) -> int:
        return self.placement.headcount

    @property
    def locations(self) -> int:
        return self.placement.agency.locations

    @property
    def key_people_stated(self) -> int | None:
        return self.placement.key_people_stated

    @property
    def last_material_version(self) -> int | None:
        """The text that must be signed in the end."""
        return max([self.required_version or 0, *(version.number for version in self.ahead)]) or None

    @property
    def signature_counts_until(self) -> dt.date | None:
        """The last day of a signature that a newer text overtakes; None where none does, or nobody signed."""
        if self.signed_version is None:
            return None
        overtaken = [v.old_counts_until for v in self.ahead if v.number > self.signed_version and v.old_counts_until]
        return min(overtaken, default=None)


def key_people_required(placement: Placement) -> int:
    """At least one per location and one per hundred employees, rounded up (rule 3)."""
    return _key_people_required(placement.headcount, placement.agency.locations)


def _key_people_required(headcount: int, locations: int) -> int:
    return max(locations, math.ceil(headcount * KEY_PEOPLE_SHARE), 1)


def current_guidelines(rollout: Rollout) -> GuidelineVersion | None:
    """The latest published text: the one that is signed."""
    return rollout.guideline_versions.order_by("-number").first()


def _funding_detail(known: Known) -> str:
    missing = known.headcount - known.funded
    detail = _("%(funded)s av %(needed)s lisenser er finansiert") % {
        "funded": thousands(known.funded),
        "needed": thousands(known.headcount),
    }
    if missing > 0:
        detail += _(" (%(missing)s mangler)") % {"missing": thousands(missing)}
    return detail


def _guidelines(known: Known) -> bool:
    return (
        known.required_version is not None
        and known.signed_version is not None
        and known.signed_version >= known.required_version
    )


def _guidelines_detail(facts: "Facts") -> str:
    if facts.required_version is None:
        return _("ingen kjøreregler er publisert ennå")
    if facts.signed_version is None:
        return _("kjørereglene er ikke signert")
    words: dict[str, object] = {"old": facts.signed_version, "new": facts.last_material_version}
    if not _guidelines(facts):
        return _("versjon %(old)s er signert, men versjon %(new)s må signeres på nytt") % words
    until = facts.signature_counts_until
    if until is None:
        return _("versjon %(old)s er signert") % words
    said = _("versjon %(old)s er signert og gjelder til og med %(day)s. Versjon %(new)s må signeres innen da")
    return said % (words | {"day": long_date(until)})


def _key_people(known: Known) -> bool:
    return (known.key_people_stated or 0) >= _key_people_required(known.headcount, known.locations)


def _key_people_detail(known: Known) -> str:
    stated = known.key_people_stated or 0
    said = ngettext(
        "%(stated)s nøkkelperson er oppgitt, kravet er minst %(required)s",
        "%(stated)s nøkkelpersoner er oppgitt, kravet er minst %(required)s",
        stated,
    )
    return said % {
        "stated": thousands(stated),
        "required": thousands(_key_people_required(known.headcount, known.locations)),
    }


def _confirmation_detail(known: Known) -> str:
    return _("klarmelding er gitt") if known.confirmed else _("klarmelding er ikke gitt")


class Fact(NamedTuple):
    """A step that is fulfilled by a fact: the problem's code without it, whether it holds, and a phrase about it."""

    code: str
    holds: Callable[[Known], bool]
    detail: Callable[["Facts"], str]


#: The steps fulfilled by facts, by their keys.
FACTS: dict[str, Fact] = {
    FUNDING: Fact("funding_short", lambda known: known.funded >= known.headcount, _funding_detail),
    GUIDELINES: Fact("guidelines_unsigned", _guidelines, _guidelines_detail),
    KEY_PEOPLE: Fact("key_people_short", _key_people, _key_people_detail),
    CONFIRMATION: Fact("not_confirmed", lambda known: known.confirmed, _confirmation_detail),
}


def fulfilled(known: Known, step: KnownStep) -> bool:
    """Whether the step is done: by its fact, or by evidence."""
    fact = FACTS.get(step.key)
    return fact.holds(known) if fact else step.pk in known.evidence


def waived(known: Known, step: KnownStep) -> bool:
    """Whether the agency is let off the step; never off the funding (rule 8)."""
    return step.pk in known.waivers and step.key != FUNDING


def missing[S: KnownStep](known: Known, steps: Iterable[S]) -> list[S]:
    """The steps of the problems that `problems` would list, without a word about them."""
    return [step for step in steps if step.blocking and not fulfilled(known, step) and not waived(known, step)]


def due_on(placement: Placement, step: CourseStep, calendar: Calendar) -> dt.date | None:
    """Lead time before the leaders' date, then back to a day that is not hard (rules 4 and 12); None in the queue."""
    return due_in(placement.wave if placement.status == PlacementStatus.PLACED else None, step, calendar)


def due_in(wave: Wave | None, step: KnownStep, calendar: Calendar) -> dt.date | None:
    """When the step is due in a wave: as `due_on`."""
    if wave is None:
        return None
    return calendar.due_day_on_or_before(wave.leaders_on - dt.timedelta(days=step.lead_time_days))


def _status(facts: Facts, step: CourseStep, today: dt.date) -> StepStatus:
    fact, done = FACTS.get(step.key), fulfilled(facts, step)
    if fact:
        code, detail = fact.code, fact.detail(facts)
    else:
        code, detail = "evidence_missing", _("bekreftet") if done else _("steget er ikke bekreftet")
    let_off = waived(facts, step)
    due = due_on(facts.placement, step, facts.calendar)
    missing = not (done or let_off)
    days_late = None if due is None else max(0, (today - due).days) if missing else 0
    problem = None
    if missing and step.blocking:
        problem = Problem(code, step, step.owner_role, due, days_late, detail)
    evidence, waiver = facts.evidence.get(step.pk), facts.waivers.get(step.pk)
    return StepStatus(step, done, let_off, fact is not None, due, days_late, detail, problem, evidence, waiver)


def counts_today(version: GuidelineVersion, *, today: dt.date) -> bool:
    """Whether a signature under a text older than this material one still counts: to the day set, itself included."""
    return version.old_counts_until is not None and version.old_counts_until >= today


def load_facts(placements: Iterable[Placement], *, now: dt.datetime) -> dict[int, Facts]:
    """Load what readiness hangs on for many placements in a fixed number of queries. `now`: which signatures count.

    The placements should come with `agency` and `wave` (`select_related`), or each costs queries of its own.
    """
    placements = list(placements)
    ids = [p.pk for p in placements]
    steps = defaultdict(list)
    for step in CourseStep.objects.filter(
        course_version__in={p.course_version_id for p in placements}, lead_time_days__gte=0
    ).order_by("number"):
        steps[step.course_version_id].append(step)
    required: dict[int, int] = {}
    ahead: dict[int, list[GuidelineVersion]] = defaultdict(list)
    today = now.astimezone(OSLO).date()
    for version in (
        GuidelineVersion.objects.filter(rollout__in={p.rollout_id for p in placements}, is_material=True)
        .only("rollout", "number", "old_counts_until")
        .order_by("number")
    ):
        if counts_today(version, today=today):
            ahead[version.rollout_id].append(version)
        else:
            required[version.rollout_id] = version.number

    calendars = calendars_of({p.rollout_id for p in placements})
    facts = {
        p.pk: Facts(
            p,
            steps[p.course_version_id],
            calendars[p.rollout_id],
            required_version=required.get(p.rollout_id),
            ahead=ahead[p.rollout_id],
        )
        for p in placements
    }
    for placement_id, funded in LicenceBudget.objects.filter(placement__in=ids).values_list("placement", "funded"):
        facts[placement_id].funded = funded
    for placement_id, number in SignOff.objects.filter(placement__in=ids).values_list("placement", "version__number"):
        facts[placement_id].signed_version = max(number, facts[placement_id].signed_version or 0)
    for placement_id in ReadinessConfirmation.objects.filter(placement__in=ids).values_list("placement", flat=True):
        facts[placement_id].confirmed = True
    for evidence in StepEvidence.objects.filter(placement__in=ids).told():
        facts[evidence.placement_id].evidence[evidence.step_id] = evidence
    for waiver in Waiver.objects.filter(placement__in=ids).select_related("by"):
        facts[waiver.placement_id].waivers[waiver.step_id] = waiver
    return facts


def course_of(facts: Facts, *, now: dt.datetime) -> list[StepStatus]:
    """How every step before opening stands, by facts that are loaded."""
    today = now.astimezone(OSLO).date()
    return [_status(facts, step, today) for step in facts.steps]


def courses(placements: Iterable[Placement], *, now: dt.datetime) -> dict[int, list[StepStatus]]:
    """How every step before opening stands, for many placements, in a fixed number of queries."""
    return {placement_id: course_of(facts, now=now) for placement_id, facts in load_facts(placements, now=now).items()}


def course(placement: Placement, *, now: dt.datetime) -> list[StepStatus]:
    return courses([placement], now=now)[placement.pk]


def problems_of(course: Iterable[StepStatus]) -> list[Problem]:
    return [status.problem for status in course if status.problem is not None]


def problems(placement: Placement, *, now: dt.datetime) -> list[Problem]:
    """What stands between this agency and being ready. Empty: ready (rule 3)."""
    return problems_of(course(placement, now=now))
