"""The plan at a glance: what a card shows of an agency, read in one query and without model instances.

For the board alone, which is asked for most. What is missing is judged by the same functions as everywhere
(`rollout.domain.readiness`), only counted and not told.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from rollout.domain import readiness, rows
from rollout.domain.rows import columns
from rollout.models import OSLO, Rollout, Wave

_READ = """
SELECT p.wave_id, p.version, p.slot, p.queue_position, p.pin_reason, p.leaders_access_at IS NOT NULL,
       p.all_staff_access_at IS NOT NULL, p.held_at IS NOT NULL AND p.all_staff_access_at IS NULL,
       a.slug, a.name, a.name_sort_key, a.kind, a.sector, COALESCE(p.employees_at_opening, a.employees), a.locations,
       p.course_version_id, p.key_people_stated, COALESCE(b.funded, 0), g.number,
       (SELECT max(v.number) FROM rollout_signoff s JOIN rollout_guidelineversion v ON v.id = s.version_id
        WHERE s.placement_id = p.id),
       EXISTS (SELECT FROM rollout_readinessconfirmation c WHERE c.placement_id = p.id),
       ARRAY(SELECT e.step_id FROM rollout_stepevidence e WHERE e.placement_id = p.id),
       ARRAY(SELECT w.step_id FROM rollout_waiver w WHERE w.placement_id = p.id)
FROM rollout_placement p
JOIN agencies_agency a ON a.id = p.agency_id
LEFT JOIN rollout_licencebudget b ON b.placement_id = p.id
CROSS JOIN (SELECT max(number) AS number FROM rollout_guidelineversion
            WHERE rollout_id = %(rollout)s AND is_material
              AND (old_counts_until IS NULL OR old_counts_until < %(today)s)) g
WHERE p.rollout_id = %(rollout)s AND p.status IN ('queued', 'placed')
  AND (%(all)s OR p.wave_id = ANY(%(waves)s) OR (%(queue)s AND p.wave_id IS NULL))
ORDER BY p.queue_position, p.slot
"""
_WAVES = f"""
SELECT {columns(Wave, "w")}, d.verdict, d.plan_version,
       (SELECT count(*) FROM rollout_placement p WHERE p.wave_id = w.id)
FROM rollout_wave w
LEFT JOIN LATERAL (SELECT verdict, plan_version FROM rollout_decision WHERE wave_id = w.id ORDER BY id DESC LIMIT 1) d
       ON true
WHERE w.rollout_id = %s AND w.removed_at IS NULL ORDER BY w.number
"""  # noqa: S608 (the names of our own columns)
_STEPS = """
SELECT s.course_version_id, s.id, s.key, s.blocking, s.lead_time_days
FROM rollout_coursestep s JOIN rollout_courseversion v ON v.id = s.course_version_id
WHERE v.rollout_id = %s AND s.lead_time_days >= 0 ORDER BY s.number
"""


class Step(NamedTuple):
    """A step before opening: what readiness is judged by, and the days before the leaders' date that it is due."""

    pk: int
    key: str
    blocking: bool
    lead_time_days: int


@dataclass(slots=True)
class Glance:
    """One agency where it stands. A `readiness.Known`: `missing` are the steps it lacks (rule 3)."""

    wave_id: int | None
    version: int
    slot: int | None
    queue_position: int | None
    pin_reason: str
    leaders_in: bool
    has_access: bool
    held: bool
    slug: str
    name: str
    sort_key: str
    kind: str
    sector: str
    headcount: int
    locations: int
    course_version_id: int
    key_people_stated: int | None
    funded: int
    required_version: int | None
    signed_version: int | None
    confirmed: bool
    evidence: list[int]
    waivers: list[int]
    missing: list[Step] = field(default_factory=list, init=False)

    @property
    def problems(self) -> int:
        return len(self.missing)

    @property
    def licences_missing(self) -> int:
        return max(0, self.headcount - self.funded)


def waves(rollout: Rollout) -> list[Wave]:
    """The waves by number, as `with_latest_decision` gives them, and with `places_taken`. One query."""
    found = []
    for wave, verdict, decided_for, taken in rows.read(_WAVES, [rollout.pk], Wave):
        wave.latest_verdict, wave.latest_decided_for, wave.places_taken = verdict, decided_for, taken
        found.append(wave)
    return found


def read(
    rollout: Rollout, *, now: dt.datetime, waves: Collection[int] | None = None, queue: bool = True
) -> dict[int | None, list[Glance]]:
    """Who stands where, in order: by the wave's id, None for the queue. Two queries whatever the size.

    `now`: whether a signature under an older text still counts is a matter of the day.

    With `waves` only those waves are read, and the queue if `queue`.
    """
    steps: dict[int, list[Step]] = defaultdict(list)
    by_wave: dict[int | None, list[Glance]] = defaultdict(list)
    wanted: dict[str, Any] = {
        "rollout": rollout.pk,
        "today": now.astimezone(OSLO).date(),
        "all": waves is None,
        "waves": list(waves or ()),
        "queue": queue,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [rollout.pk])
        for course_version, *step in cursor.fetchall():
            steps[course_version].append(Step(*step))
        cursor.execute(_READ, wanted)
        for row in cursor.fetchall():
            seen = Glance(*row)
            seen.missing = readiness.missing(seen, steps[seen.course_version_id])
            by_wave[seen.wave_id].append(seen)
    return by_wave
