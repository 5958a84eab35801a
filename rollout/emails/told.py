"""Who was told that an agency stands where, and whether it still does (rule 10).

A message keeps in `told` where its agencies stand as it tells it. The last one a person has, or may have, is what that
person believes; what is not sent yet counts, for it is withdrawn the moment it no longer holds (`emails.dates.mend`).
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from agencies.models import Agency, Person, Role
from rollout.emails.writing import LANGUAGE, TOLD, Place, place_of
from rollout.models import EmailState, OutgoingEmail, Placement, PlacementStatus, Rollout, Wave

#: What the reader has, may have, or is about to have.
COUNTS = (*TOLD, EmailState.WAITING)


@dataclass(frozen=True)
class Said:
    """The last message that told a person where an agency stands."""

    place: Place
    message: int
    thread: str


@dataclass(frozen=True)
class Overtaken:
    """A person believes that an agency stands where it no longer does. `now`: the wave it is in, if any."""

    person: Person
    agency: Agency
    roles: str
    said: Said
    placement: Placement

    @property
    def now(self) -> Wave | None:
        return self.placement.wave

    @property
    def is_out(self) -> bool:
        """It takes no part any more."""
        return self.placement.status == PlacementStatus.WITHDRAWN


def places_now(rollout: int, slugs: Collection[str]) -> dict[str, Place]:
    """Where these agencies stand. One that has left the rollout is in no wave."""
    found = Placement.objects.filter(rollout=rollout, agency__slug__in=slugs).select_related("agency", "wave")
    places = {placement.agency.slug: place_of(placement.wave) for placement in found}
    return {slug: places.get(slug) or place_of(None) for slug in slugs}


# Plain SQL: every answer of an open board asks it.
_TOLD = """
SELECT person_id, told, id, COALESCE(NULLIF(in_reply_to, ''), message_id) FROM rollout_outgoingemail
WHERE rollout_id = %s AND state = ANY(%s) AND told <> '{}' AND (%s::bigint[] IS NULL OR person_id = ANY(%s::bigint[]))
ORDER BY id
"""


def told_so_far(rollout: int, people: Collection[int] | None = None) -> dict[int, dict[str, Said]]:
    """What each person believes of each agency: by the person's id and the agency's slug. One query."""
    whose = None if people is None else list(people)
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, [rollout, list(COUNTS), whose, whose])
        rows = cursor.fetchall()
    so_far: dict[int, dict[str, Said]] = {}
    for person, told, pk, thread in rows:
        so_far.setdefault(person, {}).update(
            {slug: Said(place, pk, thread) for slug, place in json.loads(told).items()}
        )
    return so_far


def overtaken(rollout: Rollout) -> list[Overtaken]:
    """Everyone who still answers for an agency and was last told of a place or a date that it no longer has.

    By the person's address, then by the agency's name. A number of queries that does not grow with the plan.
    """
    so_far = told_so_far(rollout.pk)
    if not so_far:
        return []
    placements = {
        placement.agency.slug: placement
        for placement in rollout.placements.filter(all_staff_access_at__isnull=True).select_related("agency", "wave")
    }
    beliefs = {
        (person, slug): said
        for person, told in so_far.items()
        for slug, said in told.items()
        if slug in placements and said.place != place_of(placements[slug].wave)
    }
    if not beliefs:
        return []
    held = (
        Role.objects.current()
        .filter(
            person__in={person for person, _slug in beliefs},
            agency__slug__in={slug for _person, slug in beliefs},
            person__is_active=True,
        )
        .select_related("person", "agency")
        .order_by("person__email", "agency__name_sort_key", "pk")
    )
    roles: dict[tuple[int, str], list[Role]] = {}
    for role in held:
        if role.agency is not None and (key := (role.person_id, role.agency.slug)) in beliefs:
            roles.setdefault(key, []).append(role)
    return [
        Overtaken(
            person=theirs[0].person,
            agency=placements[key[1]].agency,
            roles=_names(theirs),
            said=beliefs[key],
            placement=placements[key[1]],
        )
        for key, theirs in roles.items()
    ]


def _names(roles: Iterable[Role]) -> str:
    with translation.override(LANGUAGE):
        return get_text_list([str(role.get_role_display()) for role in roles], _("og"))


def still_holds(message: OutgoingEmail, now: dict[str, Place]) -> bool:
    """Whether each of its agencies stands where the message says. `now`: at least those places."""
    return all(now[slug] == place for slug, place in message.told.items())


def readers_with_calendar(rollout: int, people: Iterable[Person]) -> set[int]:
    """The ids of those who have had a calendar file, and so may have openings of ours in their calendar."""
    had: Any = OutgoingEmail.objects.filter(rollout=rollout, person__in=list(people), state__in=COUNTS)
    return set(had.exclude(told={}).exclude(calendar="").values_list("person_id", flat=True))
