"""A calendar feed as iCalendar (RFC 5545): openings of half an hour at 08:00 Europe/Oslo."""

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _
from icalendar import Event

from rollout.domain.feeds import Opening
from rollout.emails.calendar import LASTS, OSLO_ZONE, empty
from rollout.models import CalendarFeed, Step, opening_moment

#: How often a calendar should ask again.
ASK_AGAIN = dt.timedelta(hours=1)


def written(feed: CalendarFeed, openings: Iterable[Opening]) -> bytes:
    """The same openings give the same bytes."""
    name = str(feed)
    calendar = empty()
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "Europe/Oslo")
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add_component(OSLO_ZONE)
    for opening in openings:
        calendar.add_component(_event(feed, opening))
    return calendar.to_ical()


def _event(feed: CalendarFeed, opening: Opening) -> Event:
    begins = opening_moment(opening.on)
    event = Event()
    event.add("uid", opening.uid)
    event.add("dtstamp", opening.changed_at.astimezone(dt.UTC))
    event.add("last-modified", opening.changed_at.astimezone(dt.UTC))
    event.add("sequence", opening.sequence)
    event.add("status", "CANCELLED" if opening.cancelled else "CONFIRMED")
    event.add("summary", _said(feed, opening))
    event.add("description", "\n".join(opening.agencies) if feed.agency is None else str(opening.wave))
    event.add("dtstart", begins)
    event.add("dtend", begins + LASTS)
    event.add("transp", "TRANSPARENT")
    return event


def _said(feed: CalendarFeed, opening: Opening) -> str:
    said = (
        _("%(tool)s: %(what)s åpner for ledere")
        if opening.step == Step.LEADERS
        else _("%(tool)s: %(what)s åpner for alle")
    )
    return said % {"tool": feed.rollout.tool_name, "what": opening.what}
