"""Reminders: one mail a person a day about what is to be done, and the week's mail, which holds that day's reminder.

An unsent one never outlives a change of what it tells of: the event withdraws it (`withdraw_unsent`, called where
events are recorded), and the next tick writes what is still true.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import dateformat, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Agency, Person
from rollout.emails.writing import LANGUAGE, Draft, frame_of, link_to, names_of, render
from rollout.models import EmailKind, OutgoingEmail, Rollout, Wave

REMINDERS = (EmailKind.TO_DO, EmailKind.AGENCY_WEEK)
#: By the rollout's clock or by the real one; outside the demo they are the same.
A_WHILE = dt.timedelta(hours=12)


@dataclass(frozen=True)
class OpenStep:
    """A step that is not done. `days_left` is negative when it is late."""

    name: str
    owner: str
    detail: str
    due_on: dt.date
    days_left: int

    @property
    def days_late(self) -> int:
        return max(0, -self.days_left)


@dataclass(frozen=True)
class Place:
    """One of the reader's agencies. `done` and `total` are only told where `is_whole`: all its steps are listed."""

    agency: Agency
    wave: Wave
    roles: str
    days_left: int  # to the leaders' opening
    steps: Sequence[OpenStep]
    done: Sequence[str] = field(default=())
    is_whole: bool = False

    @property
    def total(self) -> int:
        return len(self.done) + len(self.steps)


def frame(rollout: Rollout) -> dict[str, Any]:
    """What all reminders written together have in common."""
    return frame_of(rollout)


def reminder(*, kind: EmailKind, person: Person, places: Sequence[Place], day: dt.date, frame: dict[str, Any]) -> Draft:
    """One person's mail for the morning of `day`, with all their agencies."""
    steps = [step for place in places for step in place.steps]
    context = frame | {
        "person": person,
        "places": places,
        "said": _said(kind, names_of([place.agency.name for place in places]), steps),
        "link": link_to(frame["rollout"], f"my/{places[0].agency.slug}/" if len(places) == 1 else "my/"),
    }
    return Draft(kind, f"day:{day.isoformat()}", person, *render(kind, context))


def _said(kind: EmailKind, names: str, steps: Sequence[OpenStep]) -> str:
    """The headline: what is late, else when the next thing is due."""
    late = sum(step.days_late > 0 for step in steps)
    with translation.override(LANGUAGE):
        if kind == EmailKind.AGENCY_WEEK:
            said = _("%(names)s denne uken: %(count)s steg gjenstår") % {"names": names, "count": len(steps)}
            return said + (_(", %(late)s over fristen") % {"late": late} if late else "")
        if late:
            said = ngettext(
                "%(names)s: %(late)s steg er over fristen", "%(names)s: %(late)s steg er over fristen", late
            )
            return said % {"names": names, "late": late}
        day = dateformat.format(min(step.due_on for step in steps), "l j. F")
        return _("%(names)s: neste frist er %(day)s") % {"names": names, "day": day}


def reminders_of(rollout: Rollout) -> QuerySet[OutgoingEmail]:
    return OutgoingEmail.objects.filter(rollout=rollout, kind__in=REMINDERS)


# Plain SQL: every change asks it. Not handed over: as `OutgoingEmail.can_be_taken_back` says it. Where the demo or a
# rehearsal steps over days in a second, older mail has had no time to leave: it would have.
_TAKE_BACK = """
UPDATE rollout_outgoingemail SET state = 'withdrawn', claim = NULL, settled_at = %(real_now)s
WHERE (state = 'waiting' OR (state = 'claimed' AND data_at IS NULL)) AND kind = ANY(%(kinds)s)
  AND (attempts > 0 OR not_before < %(real_now)s - %(a_while)s OR written_at > %(now)s - %(a_while)s)
  AND """


def withdraw_unsent(*, rollout: Rollout, agency: Agency | None, now: dt.datetime) -> int:
    """Take back the reminders that have not been handed over: of who has, or had, a role at the agency; None: of all.

    One conditional statement: a worker that has claimed one finds it gone when it is about to hand it over. Returns how
    many. `now` is the rollout's time.
    """
    if agency is None:
        return _take_back("rollout_id = %(whose)s", rollout.pk, now=now)
    return _take_back(
        "person_id IN (SELECT person_id FROM agencies_role WHERE agency_id = %(whose)s)", agency.pk, now=now
    )


def withdraw_unsent_of(person: Person, kinds: Sequence[EmailKind], *, now: dt.datetime) -> int:
    """Of one person, who wants these kinds no longer."""
    return _take_back("person_id = %(whose)s", person.pk, now=now, kinds=[kind for kind in kinds if kind in REMINDERS])


def _take_back(which: str, whose: int, *, now: dt.datetime, kinds: Sequence[EmailKind] = REMINDERS) -> int:
    known: dict[str, Any] = {
        "whose": whose,
        "kinds": list(kinds),
        "now": now,
        "real_now": timezone.now(),
        "a_while": A_WHILE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK + which, known)
        return cursor.rowcount
