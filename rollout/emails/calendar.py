"""The openings as a calendar file in a mail (RFC 5545), under the names the feeds use (`Wave.opening_uid`).

A later file with the same name and a higher sequence moves what the reader has put into their calendar, or says that
it is cancelled. The method is PUBLISH, which may hold several events and cancel some of them; CANCEL is for a meeting
that people were asked to, and may speak of one event only.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone

from agencies.models import Agency
from rollout.emails.writing import LANGUAGE, Place
from rollout.models import Rollout, Step, Wave, opening_moment

METHOD = "PUBLISH"
LASTS = dt.timedelta(minutes=30)
#: The rule for the clock changes, which has held since 1996. By rule and not by a list of days, since Outlook reads it.
OSLO_ZONE = Timezone.from_ical("""\
BEGIN:VTIMEZONE
TZID:Europe/Oslo
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
""")
#: An event's id is the sequence; calendars keep it in 32 bits.
_LARGEST = 2**31 - 1


def empty() -> Calendar:
    """A calendar that says who made it and which clock it keeps."""
    calendar = Calendar()
    calendar.add("prodid", "-//Puljeplan//puljeplan//NO")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", METHOD)
    return calendar


def calendar_for(
    rollout: Rollout, told: Mapping[str, Place], *, believed: Mapping[str, Place], now: dt.datetime
) -> str:
    """What a mail does to its reader's calendar: both openings of each wave it tells of, with the reader's agencies in
    it, and those of the waves where the reader has no agency any more cancelled.

    `believed`: where the reader's agencies stood by what they were told before. Sequences are the id of the plan's last
    event, which only grows.
    """
    after = {**believed, **told}
    # One that was taken away again may stand in the reader's calendar; where its number is another's, that one counts.
    known = Wave._base_manager.filter(rollout=rollout).order_by(F("removed_at").asc(nulls_last=True))
    waves = {wave.number: wave for wave in known}
    names = dict(Agency.objects.filter(slug__in=after).in_norwegian_order().values_list("slug", "name"))
    sequence = min(rollout.events.order_by("-pk").values_list("pk", flat=True).first() or 0, _LARGEST)
    calendar = empty()
    calendar.add_component(OSLO_ZONE)
    for number in sorted(_numbers(told)):
        theirs = [name for slug, name in names.items() if after[slug]["wave"] == number]
        for step in Step:
            calendar.add_component(_event(rollout, waves[number], step, theirs, sequence=sequence, now=now))
    for number in sorted(_numbers(believed) - _numbers(after)):
        for step in Step:
            event = _event(rollout, waves[number], step, (), sequence=sequence, now=now)
            event["status"] = "CANCELLED"
            calendar.add_component(event)
    return calendar.to_ical().decode()


def _numbers(places: Mapping[str, Place]) -> set[int]:
    return {place["wave"] for place in places.values() if place["wave"] is not None}


def _event(
    rollout: Rollout, wave: Wave, step: Step, agencies: Sequence[str], *, sequence: int, now: dt.datetime
) -> Event:
    begins = opening_moment(wave.day_of(step))
    with translation.override(LANGUAGE):
        words = {"tool": rollout.tool_name, "what": str(wave)}
        said = (
            _("%(tool)s: %(what)s åpner for ledere") if step == Step.LEADERS else _("%(tool)s: %(what)s åpner for alle")
        )
    event = Event()
    event.add("uid", wave.opening_uid(step))
    event.add("dtstamp", now.astimezone(dt.UTC))
    event.add("sequence", sequence)
    event.add("status", "CONFIRMED")
    event.add("summary", said % words)
    if agencies:
        event.add("description", "\n".join(agencies))
    event.add("dtstart", begins)
    event.add("dtend", begins + LASTS)
    event.add("transp", "TRANSPARENT")
    return event
