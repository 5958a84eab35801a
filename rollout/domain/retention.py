"""Personal data is kept for as long as it is needed and no longer: what is due, and removing it.

An agency's course is closed when all its staff have access, or when it withdrew (domain.md, P4). From then on its
personal data is kept `Rollout.retention_months`. What is due is counted as of the latest night, 03:00 in Oslo: a tick
that comes late, twice, or from two hosts finds the same, and the second finds nothing.
"""

import calendar
import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.db import transaction
from django.db.models import Q, QuerySet

from agencies.models import Agency, Person, Role
from agencies.people import forget_ended_sessions
from rollout.domain.committing import keep_only_counts
from rollout.domain.erasing import erase, forget_in_other_apps
from rollout.domain.locks import lock_plans, lock_table
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import (
    OSLO,
    Commitment,
    EmailState,
    EventKind,
    EvidenceFile,
    GuidelineVersion,
    KeptCommitments,
    OutgoingEmail,
    Placement,
    PlacementStatus,
    PlanEvent,
    Rollout,
)

log = logging.getLogger(__name__)
NIGHT = dt.time(3, 0)
LEFT = (EmailState.SENT, EmailState.FAILED, EmailState.WITHDRAWN)


@dataclass(frozen=True)
class Removed:
    """How much is due, or was removed. Numbers only: the log says no more."""

    people: int = 0
    files: int = 0
    commitments: int = 0
    messages: int = 0

    def __bool__(self) -> bool:
        return any(self.counts().values())

    def counts(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def latest_night(now: dt.datetime) -> dt.datetime:
    """The last 03:00 in Oslo that has come at `now`."""
    here = now.astimezone(OSLO)
    day = here.date() if here.time() >= NIGHT else here.date() - dt.timedelta(days=1)
    return dt.datetime.combine(day, NIGHT, tzinfo=OSLO)


def months_after(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day and hour so many months on, or the month's last day where it has no such day."""
    here = moment.astimezone(OSLO)
    year, month = divmod(here.year * 12 + here.month - 1 + months, 12)
    day = min(here.day, calendar.monthrange(year, month + 1)[1])
    return here.replace(year=year, month=month + 1, day=day)


# -- what is due -----------------------------------------------------------------------------------------------------


def _with_end(placements: Iterable[Placement]) -> list[tuple[Placement, dt.datetime | None]]:
    """Each with when the agency's course was closed; None: it is not."""
    withdrawn = PlanEvent.objects.filter(kind=EventKind.WITHDRAWN).order_by("pk")
    moments = {(rollout, agency): at for rollout, agency, at in withdrawn.values_list("rollout", "agency", "at")}
    return [
        (
            found,
            moments.get((found.rollout_id, found.agency_id))
            if found.status == PlacementStatus.WITHDRAWN
            else found.all_staff_access_at,
        )
        for found in placements
    ]


def _placements_due(rollout: Rollout, night: dt.datetime) -> list[Placement]:
    return [
        found
        for found, ended_at in _with_end(rollout.placements.select_related("agency").order_by("agency"))
        if ended_at is not None and months_after(ended_at, rollout.retention_months) <= night
    ]


def people_due(night: dt.datetime) -> list[Person]:
    """Those whom no role needs any more, wherever they have held one."""
    kept_until: dict[int, dt.datetime | None] = {}
    longest = max(Rollout.objects.values_list("retention_months", flat=True), default=0)
    courses = _courses()
    for role in Role.objects.filter(person__erased_at__isnull=True).select_related("person").order_by("person"):
        needed = _role_needed_until(role, courses, longest)
        before = kept_until.get(role.person_id, role.since)
        kept_until[role.person_id] = max(before, needed) if before is not None and needed is not None else None
    due = [pk for pk, until in kept_until.items() if until is not None and until <= night]
    return list(Person.objects.filter(pk__in=due).order_by("pk"))


def _courses() -> dict[int, list[tuple[dt.datetime | None, int]]]:
    """By agency: when its course closed in each rollout (None: it has not), and that rollout's months."""
    found: dict[int, list[tuple[dt.datetime | None, int]]] = {}
    for placement, ended_at in _with_end(Placement.objects.select_related("rollout")):
        found.setdefault(placement.agency_id, []).append((ended_at, placement.rollout.retention_months))
    return found


def _role_needed_until(role: Role, courses: dict, longest: int) -> dt.datetime | None:
    """None: the role is still needed. A role given after the course closed is counted from when it was given."""
    of_its_agency = courses.get(role.agency_id) if role.agency_id else None
    if not of_its_agency:
        return None if role.until is None else months_after(role.until, longest)
    if any(ended_at is None for ended_at, _months in of_its_agency):
        return None
    return max(months_after(max(ended_at, role.since), months) for ended_at, months in of_its_agency)


def _files_due(placements: Iterable[Placement]) -> QuerySet[EvidenceFile]:
    return EvidenceFile.objects.filter(evidence__placement__in=placements)


def _messages_due(rollout: Rollout, night: dt.datetime) -> QuerySet[OutgoingEmail]:
    """Mail whose words are older than the rollout keeps them. That it was sent, and when, stays."""
    oldest = months_after(night, -rollout.retention_months)
    written = OutgoingEmail.objects.filter(rollout=rollout, written_at__lte=oldest, state__in=LEFT)
    return written.exclude(text="", html="")


def _counts_due(
    rollout: Rollout, placements: Iterable[Placement], night: dt.datetime
) -> list[tuple[Agency, list[GuidelineVersion]]]:
    """Whose hashes go, under which versions. A version published since the course closed is kept as long from then."""
    old = [
        version
        for version in rollout.guideline_versions.order_by("pk").defer("text")
        if months_after(version.published_at, rollout.retention_months) <= night
    ]
    kept = set(KeptCommitments.objects.filter(version__rollout=rollout).values_list("version", "agency"))
    found = [
        (placement.agency, [version for version in old if (version.pk, placement.agency_id) not in kept])
        for placement in placements
    ]
    return [(agency, versions) for agency, versions in found if versions]


def due(*, rollout: Rollout, now: dt.datetime) -> Removed:
    """What `enforce` would remove now. Changes nothing."""
    night = latest_night(now)
    placements = _placements_due(rollout, night)
    hashes = Q(pk__in=[])
    for agency, versions in _counts_due(rollout, placements, night):
        hashes |= Q(version__in=versions, agency=agency)
    return Removed(
        people=len(people_due(night)) if _tells_of_people(rollout) else 0,
        files=_files_due(placements).count(),
        commitments=Commitment.objects.filter(hashes).count(),
        messages=_messages_due(rollout, night).count(),
    )


def _tells_of_people(rollout: Rollout) -> bool:
    """People belong to no rollout: the active one's history tells of them, or the first one's where none is active."""
    told = Rollout.objects.active() or Rollout.objects.order_by("pk").first()
    return told is not None and told.pk == rollout.pk


# -- removing it -----------------------------------------------------------------------------------------------------


def enforce_all(*, now: dt.datetime) -> None:
    """Every rollout in turn, each in its own transaction; and what ended sign-ins left behind, of those erased all."""
    for rollout in Rollout.objects.order_by("pk"):
        enforce(rollout=rollout, now=now)
    with transaction.atomic():
        for person in Person.objects.filter(erased_at__isnull=False):
            forget_in_other_apps(person)
    forget_ended_sessions()


@transaction.atomic
def enforce(*, rollout: Rollout, now: dt.datetime) -> Removed:
    """Remove what is due in one rollout, write one event with the numbers, and one line in the log.

    Who cannot be erased this minute (a message is being sent) is left for the next tick.
    """
    active = Rollout.objects.active()
    lock_plans({rollout.pk} | ({active.pk} if active else set()))
    lock_table(Role)
    night = latest_night(now)
    placements = _placements_due(rollout, night)
    messages = _messages_due(rollout, night).update(text="", html="", calendar="", last_error="")
    removed = Removed(
        people=_erase_people(night, now=now) if _tells_of_people(rollout) else 0,
        files=_files_due(placements).delete()[0],
        commitments=sum(
            keep_only_counts(rollout=rollout, agency=agency, versions=versions, now=now)
            for agency, versions in _counts_due(rollout, placements, night)
        ),
        messages=messages,
    )
    if removed:
        record(rollout=rollout, kind=EventKind.RETENTION_ENFORCED, by=None, at=now, after=removed.counts())
        log.info("retention in %s: %s", rollout.slug, removed.counts())
    return removed


def _erase_people(night: dt.datetime, *, now: dt.datetime) -> int:
    erased = 0
    for person in people_due(night):
        try:
            erase(person=person, by=None, now=now)
        except Refused:
            log.info("retention: one person is left for the next time")
        else:
            erased += 1
    return erased
