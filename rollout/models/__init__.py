"""The plan's tables. Every change goes through a verb of `rollout.domain`; queries read as sentences on QuerySets."""

from rollout.models.calendar import BlackoutPeriod, CalendarFeed
from rollout.models.commitments import Commitment, CommitmentProof, KeptCommitments
from rollout.models.compositions import UNDER_WAY, Composition, CompositionState
from rollout.models.course import (
    CourseStep,
    CourseVersion,
    EvidenceFile,
    OwnerRole,
    ReadinessConfirmation,
    StepEvidence,
    Waiver,
)
from rollout.models.forecasts import Forecast
from rollout.models.guidelines import GuidelineDraft, GuidelineVersion, SignOff, text_hash
from rollout.models.history import EventKind, LastSeen, PlanEvent
from rollout.models.outbox import EmailKind, EmailState, MailSwitch, OutgoingEmail
from rollout.models.placements import (
    IN_PLAN,
    FundingState,
    FundingStatement,
    LicenceBudget,
    Placement,
    PlacementStatus,
)
from rollout.models.reminders import CHOSEN_KINDS, MailChoice, ReminderRun
from rollout.models.requests import DateRequest, JoinRequest, RequestState
from rollout.models.reviews import LESSONS, Criteria, Lesson, Pace, Review, UsageFigures
from rollout.models.rollouts import DemoClock, LicencePool, LicencePrice, Rollout, Signers
from rollout.models.scenarios import Purpose, Scenario, ScenarioState
from rollout.models.status import StatusReport
from rollout.models.waves import (
    CAPACITY,
    OSLO,
    WAVE_CLOSING,
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
    "CHOSEN_KINDS",
    "IN_PLAN",
    "LESSONS",
    "OSLO",
    "UNDER_WAY",
    "WAVE_CLOSING",
    "WAVE_TRANSITIONS",
    "BlackoutPeriod",
    "CalendarFeed",
    "Commitment",
    "CommitmentProof",
    "Composition",
    "CompositionState",
    "CourseStep",
    "CourseVersion",
    "Criteria",
    "DateRequest",
    "Decision",
    "DemoClock",
    "EmailKind",
    "EmailState",
    "EventKind",
    "EvidenceFile",
    "Forecast",
    "FundingState",
    "FundingStatement",
    "GuidelineDraft",
    "GuidelineVersion",
    "JoinRequest",
    "KeptCommitments",
    "LastSeen",
    "Lesson",
    "LicenceBudget",
    "LicencePool",
    "LicencePrice",
    "MailChoice",
    "MailSwitch",
    "OutgoingEmail",
    "OwnerRole",
    "Pace",
    "Placement",
    "PlacementStatus",
    "PlanEvent",
    "Purpose",
    "ReadinessConfirmation",
    "ReminderRun",
    "RequestState",
    "Review",
    "Rollout",
    "Scenario",
    "ScenarioState",
    "SignOff",
    "Signers",
    "StatusReport",
    "Step",
    "StepEvidence",
    "UsageFigures",
    "Verdict",
    "Waiver",
    "Wave",
    "WaveState",
    "last_opening_day",
    "opening_moment",
    "text_hash",
]
