"""Changes of the plan that people have not been told of: who believes what, and the one message that puts it right.

Nothing is kept about what is to be announced: it is the difference between what each person was last told and the plan
as it is. So a move and back again leaves nothing, and many moves leave one message to a person.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max

from agencies.models import Agency, Person
from rollout.emails.calendar import calendar_for
from rollout.emails.told import Overtaken, overtaken, readers_with_calendar, told_so_far
from rollout.emails.writing import Draft, Place, frame_of, link_to, names_of, place_of, render
from rollout.models import EmailKind, EventKind, Rollout, Wave


@dataclass(frozen=True)
class Change:
    """One agency's change for one reader. `before`: as told; `wave`: the one it is in now, None: the queue, or out."""

    agency: Agency
    roles: str
    before: Place
    wave: Wave | None
    is_out: bool

    @property
    def now(self) -> Place:
        return place_of(self.wave)

    @property
    def moved(self) -> bool:
        return self.before["wave"] != self.now["wave"]

    @property
    def leaders_before(self) -> dt.date | None:
        return _day(self.before["leaders_on"])

    @property
    def all_staff_before(self) -> dt.date | None:
        return _day(self.before["all_staff_on"])

    @property
    def leaders_are_in(self) -> bool:
        return self.wave is not None and not self.wave.is_planned

    @property
    def days(self) -> list[dt.date]:
        """Every opening that is on another day than told: the days told, and those that hold."""
        told, now = self.before, self.now
        moved = [name for name in ("leaders_on", "all_staff_on") if told[name] != now[name]]
        return [day for name in moved for day in (_day(told[name]), _day(now[name])) if day is not None]


@dataclass(frozen=True)
class Notice:
    """What one person is to be told. `thread`: the message that it corrects, or the first of those."""

    person: Person
    changes: Sequence[Change]
    thread: str


@dataclass(frozen=True)
class Gathered:
    """All that is not announced, as it is at this moment. `mark` tells it from what it was or will be."""

    notices: Sequence[Notice]
    mark: str

    @property
    def agencies(self) -> list[Agency]:
        """Each once, in Norwegian order."""
        named = {change.agency for notice in self.notices for change in notice.changes}
        return sorted(named, key=lambda agency: (agency.name_sort_key, agency.slug))


def people_to_tell(rollout: Rollout) -> int:
    """How many there are to be told, for who shows only that."""
    return len({one.person for one in overtaken(rollout)})


def gathered(rollout: Rollout) -> Gathered:
    """Who is to be told what, by address; in a number of queries that does not grow with the plan."""
    announced = rollout.events.filter(kind=EventKind.CHANGES_ANNOUNCED).aggregate(last=Max("pk"))["last"]
    found = overtaken(rollout)
    by_person: dict[Person, list[Overtaken]] = {}
    for one in found:
        by_person.setdefault(one.person, []).append(one)
    marked = [(one.person.pk, one.agency.slug, one.said.message, place_of(one.now)) for one in found]
    return Gathered(
        notices=[_notice(person, theirs) for person, theirs in by_person.items()],
        mark=hashlib.blake2b(json.dumps([announced, marked], sort_keys=True).encode(), digest_size=16).hexdigest(),
    )


def _notice(person: Person, theirs: Sequence[Overtaken]) -> Notice:
    changes = [Change(one.agency, one.roles, one.said.place, one.now, one.is_out) for one in theirs]
    return Notice(person, changes, max(theirs, key=lambda one: one.said.message).said.thread)


def drafts(rollout: Rollout, found: Gathered, *, note: str, now: dt.datetime) -> list[Draft]:
    """One message to each, with the lead's common `note` if there is one."""
    people = [notice.person for notice in found.notices]
    so_far = told_so_far(rollout.pk, [person.pk for person in people])
    had_calendar = readers_with_calendar(rollout.pk, people)
    frame = frame_of(rollout) | {"note": note, "link": link_to(rollout, "my/")}
    undecided = {wave.pk for wave in rollout.waves.with_latest_decision() if wave.next_step and not wave.has_go}
    written = []
    for notice in found.notices:
        told = {change.agency.slug: change.now for change in notice.changes}
        context = frame | {
            "person": notice.person,
            "changes": notice.changes,
            "only": notice.changes[0] if len(notice.changes) == 1 else None,
            "names": names_of([change.agency.name for change in notice.changes]),
            "is_undecided": any(change.wave is not None and change.wave.pk in undecided for change in notice.changes),
        }
        calendar = ""
        if notice.person.pk in had_calendar:
            believed = {slug: said.place for slug, said in so_far[notice.person.pk].items()}
            calendar = calendar_for(rollout, told, believed=believed, now=now)
        context["has_calendar"] = bool(calendar)
        kind = EmailKind.DATE_CHANGED
        written.append(
            Draft(
                kind,
                "plan",
                notice.person,
                *render(kind, context),
                in_reply_to=notice.thread,
                told=told,
                calendar=calendar,
            )
        )
    return written


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
