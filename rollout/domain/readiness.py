"""Readiness: computed from the course's steps, never ticked as a whole (rule 3).

Four steps are fulfilled by facts and cannot be ticked (`FACTS`); the others by evidence. A project lead may waive any
step but the funding. What is missing is a list of `Problem`s, and that list drives badge, preview, refusal and mail.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from rollout.domain.calendar import Calendar, calendars_of
from rollout.domain.words import thousands
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


@dataclass
class Facts:
    """All that the readiness of one placement hangs on, loaded in bulk."""

    placement: Placement
    steps: list[CourseStep]
    calendar: Calendar = field(default_factory=Calendar)
    funded: int = 0
    last_material_version: int | None = None
    signed_version: int | None = None
    confirmed: bool = False
    evidence: dict[int, StepEvidence] = field(default_factory=dict)
    waivers: dict[int, Waiver] = field(default_factory=dict)


def key_people_required(placement: Placement) -> int:
    """At least one per location and one per hundred employees, rounded up (rule 3)."""
    return max(placement.agency.locations, math.ceil(placement.headcount * KEY_PEOPLE_SHARE), 1)


def current_guidelines(rollout: Rollout) -> GuidelineVersion | None:
    """The latest published text: the one that is signed."""
    return rollout.guideline_versions.order_by("-number").first()


def _funding(facts: Facts) -> tuple[bool, str]:
    missing = facts.placement.headcount - facts.funded
    detail = _("%(funded)s av %(needed)s lisenser er finansiert") % {
        "funded": thousands(facts.funded),
        "needed": thousands(facts.placement.headcount),
    }
    if missing > 0:
        detail += _(" (%(missing)s mangler)") % {"missing": thousands(missing)}
    return missing <= 0, detail


def _guidelines(facts: Facts) -> tuple[bool, str]:
    if facts.last_material_version is None:
        return False, _("ingen kjøreregler er publisert ennå")
    if facts.signed_version is None:
        return False, _("kjørereglene er ikke signert")
    if facts.signed_version < facts.last_material_version:
        return False, _("versjon %(old)s er signert, men versjon %(new)s må signeres på nytt") % {
            "old": facts.signed_version,
            "new": facts.last_material_version,
        }
    return True, _("versjon %(number)s er signert") % {"number": facts.signed_version}


def _key_people(facts: Facts) -> tuple[bool, str]:
    stated, required = facts.placement.key_people_stated or 0, key_people_required(facts.placement)
    return stated >= required, _("%(stated)s av minst %(required)s nøkkelpersoner er oppgitt") % {
        "stated": thousands(stated),
        "required": thousands(required),
    }


def _confirmation(facts: Facts) -> tuple[bool, str]:
    return facts.confirmed, _("klarmelding er gitt") if facts.confirmed else _("klarmelding er ikke gitt")


#: The steps fulfilled by facts: key -> (problem code, the fact and a phrase about it).
FACTS: dict[str, tuple[str, Callable[[Facts], tuple[bool, str]]]] = {
    FUNDING: ("funding_short", _funding),
    GUIDELINES: ("guidelines_unsigned", _guidelines),
    KEY_PEOPLE: ("key_people_short", _key_people),
    CONFIRMATION: ("not_confirmed", _confirmation),
}


def due_on(placement: Placement, step: CourseStep, calendar: Calendar) -> dt.date | None:
    """Lead time before the leaders' date, then back to a day that is not hard (rules 4 and 12); None in the queue."""
    if placement.status != PlacementStatus.PLACED or placement.wave is None:
        return None
    return calendar.due_day_on_or_before(placement.wave.leaders_on - dt.timedelta(days=step.lead_time_days))


def _status(facts: Facts, step: CourseStep, today: dt.date) -> StepStatus:
    evidence, waiver = facts.evidence.get(step.pk), facts.waivers.get(step.pk)
    if step.key in FACTS:
        code, fact = FACTS[step.key]
        fulfilled, detail = fact(facts)
    else:
        code, fulfilled = "evidence_missing", evidence is not None
        detail = _("bekreftet") if fulfilled else _("steget er ikke bekreftet")
    waived = waiver is not None and step.key != FUNDING
    due = due_on(facts.placement, step, facts.calendar)
    missing = not (fulfilled or waived)
    days_late = None if due is None else max(0, (today - due).days) if missing else 0
    problem = None
    if missing and step.blocking:
        problem = Problem(code, step, step.owner_role, due, days_late, detail)
    return StepStatus(step, fulfilled, waived, step.key in FACTS, due, days_late, detail, problem, evidence, waiver)


def load_facts(placements: Iterable[Placement]) -> dict[int, Facts]:
    """Load what readiness hangs on for many placements in a fixed number of queries.

    The placements should come with `agency` and `wave` (`select_related`), or each costs queries of its own.
    """
    placements = list(placements)
    ids = [p.pk for p in placements]
    steps = defaultdict(list)
    for step in CourseStep.objects.filter(
        course_version__in={p.course_version_id for p in placements}, lead_time_days__gte=0
    ).order_by("number"):
        steps[step.course_version_id].append(step)
    last_material: dict[int, int] = {}
    for rollout_id, number in GuidelineVersion.objects.filter(
        rollout__in={p.rollout_id for p in placements}, is_material=True
    ).values_list("rollout_id", "number"):
        last_material[rollout_id] = max(number, last_material.get(rollout_id, 0))

    calendars = calendars_of({p.rollout_id for p in placements})
    facts = {
        p.pk: Facts(
            p,
            steps[p.course_version_id],
            calendars[p.rollout_id],
            last_material_version=last_material.get(p.rollout_id),
        )
        for p in placements
    }
    for placement_id, funded in LicenceBudget.objects.filter(placement__in=ids).values_list("placement", "funded"):
        facts[placement_id].funded = funded
    for placement_id, number in SignOff.objects.filter(placement__in=ids).values_list("placement", "version__number"):
        facts[placement_id].signed_version = max(number, facts[placement_id].signed_version or 0)
    for placement_id in ReadinessConfirmation.objects.filter(placement__in=ids).values_list("placement", flat=True):
        facts[placement_id].confirmed = True
    for evidence in StepEvidence.objects.filter(placement__in=ids).select_related("confirmed_by"):
        facts[evidence.placement_id].evidence[evidence.step_id] = evidence
    for waiver in Waiver.objects.filter(placement__in=ids).select_related("by"):
        facts[waiver.placement_id].waivers[waiver.step_id] = waiver
    return facts


def courses(placements: Iterable[Placement], *, now: dt.datetime) -> dict[int, list[StepStatus]]:
    """How every step before opening stands, for many placements, in a fixed number of queries."""
    today = now.astimezone(OSLO).date()
    return {
        placement_id: [_status(facts, step, today) for step in facts.steps]
        for placement_id, facts in load_facts(placements).items()
    }


def course(placement: Placement, *, now: dt.datetime) -> list[StepStatus]:
    return courses([placement], now=now)[placement.pk]


def problems_of(course: Iterable[StepStatus]) -> list[Problem]:
    return [status.problem for status in course if status.problem is not None]


def problems_by_placement(placements: Iterable[Placement], *, now: dt.datetime) -> dict[int, list[Problem]]:
    return {placement_id: problems_of(course) for placement_id, course in courses(placements, now=now).items()}


def problems(placement: Placement, *, now: dt.datetime) -> list[Problem]:
    """What stands between this agency and being ready. Empty: ready (rule 3)."""
    return problems_of(course(placement, now=now))
