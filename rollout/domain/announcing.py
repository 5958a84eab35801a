"""Announcing the plan's changes: one press, one message to each person, whatever the number of moves (rule 10)."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Agency, Person
from rollout import emails
from rollout.domain.calendar import add_working_days, when_not_urgent
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.emails.announcing import Gathered
from rollout.models import OSLO, EventKind, PlanEvent, Rollout, Wave

#: Working days before an opening in which a change that nobody has been told of is urgent.
URGENT_WITHIN = 3


@transaction.atomic
def announce(*, rollout: Rollout, seen: str, by: Person, now: dt.datetime, note: str = "") -> PlanEvent:
    """Tell everyone who was told otherwise: at once, or, from a closed day and with nothing urgent, the next working
    morning (the event's `not_before`). `seen`: the mark of what the lead was shown.

    Raises:
        Refused: there is nothing to announce, or it is something else than what was seen.
    """
    rollout = lock_plan(rollout.pk)
    found = emails.announcing.gathered(rollout)
    if not found.notices:
        raise Refused(_nothing(rollout))
    if found.mark != seen:
        raise Refused(_("Endringene er andre enn da du åpnet siden. Se over det som står her nå, og kunngjør på nytt."))
    may_leave = now if urgent(rollout, found, now=now) else when_not_urgent(now)
    event = record(
        rollout=rollout,
        kind=EventKind.CHANGES_ANNOUNCED,
        by=by,
        at=now,
        after={"people": len(found.notices), "agencies": [agency.slug for agency in found.agencies]}
        | ({"not_before": may_leave.isoformat()} if may_leave > now else {}),
        reason=note.strip(),
        # A mark never comes again: it names the announcement before. So what it marks is told once.
        once=f"announced:{rollout.pk}:{found.mark}",
    )
    drafts = emails.announcing.drafts(rollout, found, note=note.strip(), now=now)
    emails.write_of(event, drafts, now=now, not_before=may_leave)
    return event


def _nothing(rollout: Rollout) -> str:
    last = rollout.events.filter(kind=EventKind.CHANGES_ANNOUNCED).select_related("by").last()
    if last is None:
        return _("Det er ingenting å kunngjøre.")
    return _("Det er ingenting å kunngjøre. %(who)s kunngjorde endringene %(when)s.") % {
        "who": last.by,
        "when": clock_time(last.at),
    }


@dataclass(frozen=True)
class Urgent:
    """An agency whose people believe in a day that is near, or do not know of one. `day`: the first such opening."""

    agency: Agency
    wave: Wave
    day: dt.date


def urgent(rollout: Rollout, found: Gathered, *, now: dt.datetime) -> list[Urgent]:
    """The agencies with an opening within three working days, as told or as it is, that their people do not know of."""
    today = now.astimezone(OSLO).date()
    last = add_working_days(today, URGENT_WITHIN)
    waves = {wave.number: wave for wave in rollout.waves.all()} if found.notices else {}
    near: dict[Agency, Urgent] = {}
    for notice in found.notices:
        for change in notice.changes:
            days = [day for day in change.days if today <= day <= last]
            wave = change.wave or waves.get(change.before["wave"] or 0)
            if days and wave is not None:
                day = min(days)
                if change.agency not in near or day < near[change.agency].day:
                    near[change.agency] = Urgent(change.agency, wave, day)
    return sorted(near.values(), key=lambda one: (one.day, one.agency.name_sort_key, one.agency.slug))
