"""Plain functions that make what a test needs. They write models directly: the verbs have tests of their own."""

import datetime as dt
import hashlib
import itertools
import math
from decimal import Decimal

from agencies.models import Agency, AgencyKind, Person, Role, RoleName
from rollout.models import (
    CAPACITY,
    OSLO,
    CourseStep,
    CourseVersion,
    Decision,
    DemoClock,
    EvidenceFile,
    GuidelineVersion,
    LicenceBudget,
    LicencePool,
    MailSwitch,
    Pace,
    Placement,
    PlacementStatus,
    ReadinessConfirmation,
    Review,
    Rollout,
    SignOff,
    StepEvidence,
    UsageFigures,
    Verdict,
    Wave,
    WaveState,
    opening_moment,
    text_hash,
)
from rollout.reference import default_course
from tests.baseline import BASELINE

#: The morning on which the reference rollout starts; a Thursday.
NOW = dt.datetime(2018, 2, 1, 9, 0, tzinfo=OSLO)
#: Steps fulfilled by facts and not by evidence (rule 3).
FACT_STEPS = ("funding", "guidelines_adopted", "key_people_named", "readiness_confirmed")
_numbers = itertools.count(1)


def at(text: str) -> dt.datetime:
    """A moment in Oslo: `at("2018-02-07 08:00")`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=OSLO)


def set_clock(now: dt.datetime) -> DemoClock:
    return DemoClock.objects.update_or_create(id=1, defaults={"now": now})[0]


def make_rollout(
    *, slug: str = "workplace-2018", pool: int = 45_000, waves: int = 0, guidelines: bool = True, **fields
) -> Rollout:
    """A rollout with the default course, a licence pool, guidelines and the first `waves` waves; active if first."""
    defaults = {
        "name": "Workplace i Oslo kommune",
        "tool_name": "Workplace",
        "is_active": not Rollout.objects.filter(is_active=True).exists(),
        "municipality_employees": 55_400,
        "municipality_employees_source": "Eksempel",
        "contact_email": "prosjektleder@example.org",
    }
    rollout = Rollout.objects.create(slug=slug, **defaults | fields)
    MailSwitch.objects.create(rollout=rollout, home=MailSwitch.here())
    LicencePool.objects.create(rollout=rollout, size=pool, price_nok=25)
    course = CourseVersion.objects.create(rollout=rollout, number=1, made_at=NOW)
    CourseStep.objects.bulk_create(CourseStep(course_version=course, **row._asdict()) for row in default_course())
    if guidelines:
        make_guidelines(rollout)
    for number in range(1, waves + 1):
        make_wave(rollout, number)
    return rollout


def make_guidelines(
    rollout: Rollout, *, number: int = 1, text: str = "Vær saklig. Del aldri taushetsbelagte opplysninger.", **fields
):
    return GuidelineVersion.objects.create(
        rollout=rollout, number=number, text=text, text_hash=text_hash(text), **{"published_at": NOW} | fields
    )


def make_agency(slug: str = "", *, employees: int = 100, **fields) -> Agency:
    slug = slug or f"etat-{next(_numbers)}"
    defaults = {
        "name": f"Virksomhet {slug}",
        "kind": AgencyKind.ETAT,
        "sector": "Byrådsavdeling for finans",
        "email_domains": [f"{slug}.example.org"],
    }
    return Agency.objects.create(slug=slug, employees=employees, **defaults | fields)


def make_person(email: str = "", **fields) -> Person:
    """The person with this address, made if there is none."""
    email = (email or f"person{next(_numbers)}@example.org").lower()
    return Person.objects.filter(email=email).first() or Person.objects.create_user(email, **fields)


def give_role(person: Person | str, role: str, agency: Agency | None = None, *, since: dt.datetime = NOW) -> Person:
    person = make_person(person) if isinstance(person, str) else person
    Role.objects.create(person=person, role=role, agency=agency, since=since)
    return person


def make_lead(email: str = "prosjektleder@example.org") -> Person:
    person = make_person(email)
    if not person.roles.current().filter(role=RoleName.PROJECT_LEAD).exists():
        give_role(person, RoleName.PROJECT_LEAD)
    return person


def make_people(agency: Agency, *, key_people: int = 3) -> dict[str, Person]:
    """The role mailboxes of an agency: `head`, `chief`, `key1`, `key2`, …"""
    people = {
        "head": give_role(f"leder.{agency.slug}@example.org", RoleName.AGENCY_HEAD, agency),
        "chief": give_role(f"kommunikasjonssjef.{agency.slug}@example.org", RoleName.COMMUNICATION_CHIEF, agency),
    }
    for number in range(1, key_people + 1):
        address = f"nokkelperson{number}.{agency.slug}@example.org"
        people[f"key{number}"] = give_role(address, RoleName.KEY_PERSON, agency)
    return people


def make_wave(
    rollout: Rollout, number: int, leaders_on: dt.date | None = None, all_staff_on: dt.date | None = None, **fields
) -> Wave:
    """A wave on the reference rollout's dates, unless others are given."""
    baseline = BASELINE.get(number, (dt.date(2018, 11, 1) + dt.timedelta(weeks=number), None))
    leaders_on = leaders_on or baseline[0]
    all_staff_on = all_staff_on or baseline[1] or leaders_on + dt.timedelta(days=14)
    return Wave.objects.create(
        rollout=rollout, number=number, leaders_on=leaders_on, all_staff_on=all_staff_on, **fields
    )


def place(
    agency: Agency, wave: Wave | None = None, *, rollout: Rollout | None = None, funded: int | None = None, **fields
) -> Placement:
    """In the wave's first free slot, or last in the queue; funded for its headcount unless told otherwise."""
    rollout = rollout or (wave.rollout if wave else Rollout.objects.active())
    where = dict(_slot(wave) if wave else _end_of_queue(rollout))
    course = rollout.course_versions.latest("number")
    placement = Placement.objects.create(
        rollout=rollout, agency=agency, course_version=course, **{"joined_at": NOW} | where | fields
    )
    LicenceBudget.objects.create(placement=placement, funded=agency.employees if funded is None else funded)
    return placement


def make_pilot(agency: Agency, *, rollout: Rollout | None = None) -> Placement:
    rollout = rollout or Rollout.objects.active()
    return Placement.objects.create(
        rollout=rollout,
        agency=agency,
        course_version=rollout.course_versions.latest("number"),
        status=PlacementStatus.PILOT,
        joined_at=NOW,
    )


def make_ready(
    placement: Placement, *, by: Person | None = None, at: dt.datetime = NOW, but_not: tuple[str, ...] = ()
) -> Placement:
    """Fulfil steps 1 to 10, except those whose key stands in `but_not`."""
    by = by or make_person(f"kommunikasjonssjef.{placement.agency.slug}@example.org")
    if "funding" not in but_not:
        LicenceBudget.objects.update_or_create(placement=placement, defaults={"funded": placement.headcount})
    if "key_people_named" not in but_not:
        placement.key_people_stated = max(placement.agency.locations, math.ceil(placement.headcount / 100))
        placement.save(update_fields=["key_people_stated"])
    if "guidelines_adopted" not in but_not:
        sign(placement, by=by, at=at)
    if "readiness_confirmed" not in but_not:
        ReadinessConfirmation.objects.create(placement=placement, confirmed_by=by, confirmed_at=at)
    for step in placement.course_version.steps.filter(number__lte=10):
        if step.key not in FACT_STEPS and step.key not in but_not:
            StepEvidence.objects.create(
                placement=placement,
                step=step,
                owner_role=step.owner_role,
                text="Utført.",
                confirmed_by=by,
                confirmed_at=at,
            )
    return placement


def attach(evidence: StepEvidence, *, name: str = "ros.pdf", content: bytes = b"%PDF-1.4\n%%EOF\n") -> EvidenceFile:
    """A file to a step that is confirmed."""
    evidence.by_file = True
    evidence.save(update_fields=["by_file"])
    return EvidenceFile.objects.create(
        evidence=evidence,
        name=name,
        content_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        uploaded_by=evidence.confirmed_by,
        uploaded_at=evidence.confirmed_at,
    )


def sign(
    placement: Placement, *, by: Person | None = None, at: dt.datetime = NOW, version: GuidelineVersion | None = None
) -> SignOff:
    version = version or placement.rollout.guideline_versions.latest("number")
    return SignOff.objects.create(
        placement=placement,
        version=version,
        text_hash=version.text_hash,
        person=by or make_person(f"kommunikasjonssjef.{placement.agency.slug}@example.org"),
        role=RoleName.COMMUNICATION_CHIEF,
        signed_in_by="code",
        signed_at=at,
    )


def give_go(wave: Wave, *, by: Person | None = None, at: dt.datetime = NOW, verdict: str = Verdict.GO) -> Decision:
    return Decision.objects.create(
        wave=wave,
        verdict=verdict,
        reason="Alt er på plass.",
        plan_version=wave.plan_version,
        by=by or make_lead(),
        decided_at=at,
    )


def open_for_all(wave: Wave, *, at: dt.datetime | None = None) -> Wave:
    """Opened in both steps, on its dates unless told otherwise, with everybody in it let in."""
    leaders = opening_moment(wave.leaders_on)
    everybody = at or opening_moment(wave.all_staff_on)
    wave.state, wave.leaders_opened_at, wave.all_staff_opened_at = WaveState.ALL_OPEN, leaders, everybody
    wave.save()
    for placement in wave.placements.select_related("agency"):
        placement.employees_at_opening = placement.agency.employees
        placement.leaders_access_at, placement.all_staff_access_at = leaders, everybody
        placement.save()
    return wave


#: Figures that meet every criterion, for an agency of a hundred.
GOOD_FIGURES = {
    "invited": 100,
    "activated": 80,
    "leaders_invited": 12,
    "leaders_activated": 11,
    "weekly_active": 50,
    "on_mobile": 30,
    "support_requests": 7,
    "severe_incidents": 0,
    "backlog_days": Decimal("1.5"),
}


def make_figures(placement: Placement, on: dt.date, **numbers) -> UsageFigures:
    return UsageFigures.objects.create(
        placement=placement,
        measured_on=on,
        definition="Aktivert: har logget inn.",
        source="Innsikt",
        entered_by=make_lead(),
        entered_at=NOW,
        **GOOD_FIGURES | numbers,
    )


def make_review(wave: Wave, *, pace: str = Pace.SAME, at: dt.datetime = NOW) -> Review:
    """The wave, open for all or not yet, with its review ended: so that the next may get its go (rule 13)."""
    if wave.state != WaveState.ALL_OPEN:
        open_for_all(wave)
    Wave.objects.filter(pk=wave.pk).update(state=WaveState.CLOSED)
    decided = {"pace": pace, "proposal": Pace.SAME, "reason": "Det gikk bra."}
    figures = [
        {"slug": found.agency.slug, "name": found.agency.name, "employees": 0, "figures": None, "lessons": []}
        for found in wave.placements.filter(all_staff_access_at__isnull=False).select_related("agency")
    ]
    return Review.objects.create(
        wave=wave, figures=figures, criteria=[], closed_by=make_lead(), closed_at=at, **decided
    )


def _slot(wave: Wave) -> dict:
    taken = set(wave.placements.values_list("slot", flat=True))
    free = next(slot for slot in range(1, CAPACITY + 2) if slot not in taken)
    return {"status": PlacementStatus.PLACED, "wave": wave, "slot": free}


def _end_of_queue(rollout: Rollout) -> dict:
    last = max(rollout.placements.queued().values_list("queue_position", flat=True), default=0)
    return {"status": PlacementStatus.QUEUED, "queue_position": last + 1}
