"""A rollout of any size, written in bulk: agencies in waves and queue, half of them well on their way."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from agencies.models import Agency, AgencyKind
from agencies.norwegian import sort_key
from agencies.sessions import SessionStore
from rollout.models import (
    LicenceBudget,
    LicencePool,
    Placement,
    PlacementStatus,
    PlanEvent,
    Rollout,
    StepEvidence,
    Wave,
)
from tests import factories as make

SLUG = "bench"
#: The reference rollout's: 26 agencies, seven waves, 25 of them placed.
AGENCIES, WAVES, PLACED_PER_WAVE = 26, 7, 4


def build(agencies: int) -> Rollout:
    """A rollout of `agencies`, with the reference rollout's number of waves in proportion, four agencies in each."""
    rollout = make.make_rollout(slug=SLUG, pool=agencies * 2_000)
    number_of_waves = agencies * WAVES // AGENCIES
    first = make.BASELINE[1][0]
    waves = Wave.objects.bulk_create(
        Wave(
            rollout=rollout,
            number=number,
            leaders_on=first.replace(year=2018 + number // 40, month=1 + number % 12),
            all_staff_on=first.replace(year=2018 + number // 40, month=1 + number % 12, day=20),
        )
        for number in range(1, number_of_waves + 1)
    )
    rows = Agency.objects.bulk_create(
        Agency(
            slug=f"v{n}",
            name=f"Virksomhet nummer {n} etaten",
            name_sort_key=sort_key(f"Virksomhet nummer {n} etaten"),
            kind=AgencyKind.ETAT,
            sector="Byrådsavdeling for finans",
            employees=100 + n % 900,
            locations=1 + n % 9,
        )
        for n in range(agencies)
    )
    course = rollout.course_versions.get()
    placements, queue = [], 0
    for n, agency in enumerate(rows):
        wave = waves[n // PLACED_PER_WAVE] if n // PLACED_PER_WAVE < len(waves) and n % 26 != 25 else None
        queue += wave is None
        placements.append(
            Placement(
                rollout=rollout,
                agency=agency,
                course_version=course,
                joined_at=make.NOW,
                status=PlacementStatus.PLACED if wave else PlacementStatus.QUEUED,
                wave=wave,
                slot=1 + n % PLACED_PER_WAVE if wave else None,
                queue_position=None if wave else queue,
            )
        )
    Placement.objects.bulk_create(placements)
    LicenceBudget.objects.bulk_create(
        LicenceBudget(placement=p, funded=p.agency.employees - (p.agency.employees % 5 == 0)) for p in placements
    )
    chief = make.make_person("kommunikasjonssjef@example.org")
    steps = [step for step in course.steps.filter(number__lte=10) if step.key not in make.FACT_STEPS]
    StepEvidence.objects.bulk_create(
        StepEvidence(
            placement=p,
            step=step,
            owner_role=step.owner_role,
            text="Utført.",
            confirmed_by=chief,
            confirmed_at=make.NOW,
        )
        for p in placements[: agencies // 2]
        for step in steps
    )
    PlanEvent.objects.bulk_create(
        PlanEvent(rollout=rollout, kind="joined", at=make.NOW, agency=agency, after={"queue_position": 1})
        for agency in rows
    )
    LicencePool.objects.filter(rollout=rollout).update(price_nok=25)
    return rollout


def signed_in_lead() -> str:
    """A session of a project lead's; its key is the cookie's value."""
    lead = make.make_lead()
    session = SessionStore()
    session[SESSION_KEY] = str(lead.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = lead.get_session_auth_hash()
    session.create()
    return session.session_key
