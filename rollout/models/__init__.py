"""The plan's tables. Every change goes through a verb of `rollout.domain`; queries read as sentences on QuerySets."""

from rollout.models.calendar import BlackoutPeriod, CalendarFeed
from rollout.models.course import CourseStep, CourseVersion, OwnerRole, ReadinessConfirmation, StepEvidence, Waiver
from rollout.models.guidelines import GuidelineVersion, SignOff, text_hash
from rollout.models.history import EventKind, LastSeen, PlanEvent
from rollout.models.outbox import EmailKind, EmailState, OutgoingEmail
from rollout.models.placements import LicenceBudget, Placement, PlacementStatus
from rollout.models.rollouts import DemoClock, LicencePool, LicencePrice, Rollout
from rollout.models.status import StatusReport
from rollout.models.waves import (
    CAPACITY,
    OSLO,
    WAVE_TRANSITIONS,
    Decision,
    Step,
    Verdict,
    Wave,
    WaveState,
    last_opening_day,
    opening_moment,
)

__all__ = [
    "CAPACITY",
    "OSLO",
    "WAVE_TRANSITIONS",
    "BlackoutPeriod",
    "CalendarFeed",
    "CourseStep",
    "CourseVersion",
    "Decision",
    "DemoClock",
    "EmailKind",
    "EmailState",
    "EventKind",
    "GuidelineVersion",
    "LastSeen",
    "LicenceBudget",
    "LicencePool",
    "LicencePrice",
    "OutgoingEmail",
    "OwnerRole",
    "Placement",
    "PlacementStatus",
    "PlanEvent",
    "ReadinessConfirmation",
    "Rollout",
    "SignOff",
    "StatusReport",
    "Step",
    "StepEvidence",
    "Verdict",
    "Waiver",
    "Wave",
    "WaveState",
    "last_opening_day",
    "opening_moment",
    "text_hash",
]
