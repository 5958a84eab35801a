"""Calendar feeds: secret addresses where dates and names of agencies are read, of the whole plan or of one agency.

Whoever has the address can read it, so it says nothing else, and it can be taken back at once. What it says is told as
`Opening`s. Each keeps its name (`uid`) for good, and its `sequence` rises whenever it says something new, so that a
calendar which has it already moves it.
"""

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from agencies.models import Agency, Person
from rollout.domain.locks import lock_plan
from rollout.domain.placing import PLACING
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import CalendarFeed, EventKind, Placement, PlanEvent, Rollout, Step, Wave

_SECRET_BYTES = 32
_UID_STEP = {Step.LEADERS: "leaders", Step.ALL_STAFF: "all-staff"}
#: An event's id is the sequence; calendars keep it in 32 bits.
_LARGEST = 2**31 - 1


@transaction.atomic
def make(*, rollout: Rollout, agency: Agency | None, by: Person, now: dt.datetime) -> CalendarFeed:
    """Make the secret address of the plan (`agency` None) or of one agency in it. The event does not hold the secret.

    Raises:
        Refused: there is one already, or the agency takes no part in the rollout.
    """
    rollout = lock_plan(rollout.pk)
    if agency is not None and not rollout.placements.filter(agency=agency).exists():
        raise Refused(_("%(agency)s er ikke med i utrullingen.") % {"agency": agency}, field="agency")
    if rollout.feeds.filter(agency=agency, revoked_at__isnull=True).exists():
        raise Refused(
            _("%(what)s har alt en kalenderadresse. Trekk den tilbake først om du vil ha en ny.")
            % {"what": agency or _("Hele planen")},
            field="agency" if agency else "",
        )
    feed = CalendarFeed.objects.create(
        rollout=rollout, agency=agency, secret=secrets.token_urlsafe(_SECRET_BYTES), made_by=by, made_at=now
    )
    record(rollout=rollout, kind=EventKind.FEED_MADE, by=by, at=now, agency=agency, after={"feed": feed.pk})
    return feed


@transaction.atomic
def revoke(*, feed: CalendarFeed, by: Person | None, now: dt.datetime) -> CalendarFeed:
    """Take the address back: from now on nothing is there. A new one is another secret.

    Raises:
        Refused: it is taken back already.
    """
    rollout = lock_plan(feed.rollout_id)
    feed = CalendarFeed.objects.select_related("rollout", "agency").get(pk=feed.pk)
    if feed.revoked_at is not None:
        raise Refused(_("Adressen er alt trukket tilbake."))
    feed.revoked_at = now
    feed.save(update_fields=["revoked_at"])
    record(rollout=rollout, kind=EventKind.FEED_REVOKED, by=by, at=now, agency=feed.agency, before={"feed": feed.pk})
    return feed


# -- what an address shows -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opening:
    """One step opening on one day. `agencies`: names of those it is for. `cancelled`: it was planned, and is not."""

    uid: str
    what: str
    wave: Wave
    step: Step
    on: dt.date
    agencies: tuple[str, ...]
    sequence: int
    changed_at: dt.datetime
    cancelled: bool = False


def openings(feed: CalendarFeed) -> list[Opening]:
    """All that the feed tells, in a number of queries that does not grow with the plan."""
    return _of_the_plan(feed) if feed.agency is None else _of_an_agency(feed, feed.agency)


def _of_the_plan(feed: CalendarFeed) -> list[Opening]:
    events = feed.rollout.events.order_by()
    waves = list(feed.rollout.waves.all())
    placed: dict[int | None, list[Placement]] = {}
    for placement in feed.rollout.placements.placed().select_related("agency"):
        placed.setdefault(placement.wave_id, []).append(placement)
    dated = _last(events.filter(kind__in=(EventKind.WAVE_ADDED, EventKind.DATES_SET)), "wave__number")
    entered = _last(events.filter(kind__in=PLACING), "after__wave")
    left = _last(events.filter(kind__in=PLACING), "before__wave")
    named = _named(events)
    last = {
        wave.number: max(
            *(found.get(wave.number, 0) for found in (dated, entered, left)),
            *(named.get(placement.agency_id, 0) for placement in placed.get(wave.pk, [])),
            named.get(None, 0),
        )
        for wave in waves
    }
    moments = _moments(last.values())
    return [
        Opening(
            uid=wave.opening_uid(step),
            what=str(wave),
            wave=wave,
            step=step,
            on=wave.day_of(step),
            agencies=tuple(placement.agency.name for placement in placed.get(wave.pk, [])),
            sequence=min(last[wave.number], _LARGEST),
            changed_at=moments.get(last[wave.number], feed.made_at),
        )
        for wave in waves
        for step in Step
    ]


def _of_an_agency(feed: CalendarFeed, agency: Agency) -> list[Opening]:
    """The dates of the wave it stands in, or cancelled those of the wave it stood in last."""
    events = feed.rollout.events.order_by()
    placing = events.filter(kind__in=PLACING, agency=agency)
    placement = feed.rollout.placements.select_related("wave").filter(agency=agency).first()
    wave = placement.wave if placement else None
    cancelled = wave is None
    if cancelled:
        number = (
            placing.filter(before__wave__isnull=False).order_by("-pk").values_list("before__wave", flat=True).first()
        )
        wave = feed.rollout.waves.filter(number=number).first() if number else None
    if wave is None:
        return []
    dated = events.filter(kind__in=(EventKind.WAVE_ADDED, EventKind.DATES_SET), wave=wave)
    named = _named(events.filter(Q(agency=agency) | Q(agency__isnull=True)))
    # The rest of a wave's agencies come and go without this one's dates being touched.
    last = max(_newest(placing), _newest(dated), *named.values(), 0)
    moments = _moments([last])
    return [
        Opening(
            uid=f"agency-{agency.pk}-rollout-{feed.rollout_id}-{_UID_STEP[step]}@puljeplan",
            what=agency.name,
            wave=wave,
            step=step,
            on=wave.day_of(step),
            agencies=(),
            sequence=min(last, _LARGEST),
            changed_at=moments.get(last, feed.made_at),
            cancelled=cancelled,
        )
        for step in Step
    ]


def _last(events, by: str) -> dict:
    """The id of the last event for each value of `by`."""
    return dict(events.values_list(by).annotate(last=Max("pk")))


def _newest(events) -> int:
    return events.aggregate(last=Max("pk"))["last"] or 0


def _named(events) -> dict[int | None, int]:
    """The last event that changed a name: of each agency, and (None) of the rollout itself."""
    of_agencies = Q(kind__in=(EventKind.AGENCY_EDITED, EventKind.AGENCY_IMPORTED), after__has_key="name")
    return _last(events.filter(of_agencies | Q(kind=EventKind.ROLLOUT_EDITED)), "agency")


def _moments(ids: Iterable[int]) -> dict[int, dt.datetime]:
    return dict(PlanEvent.objects.filter(pk__in=set(ids)).values_list("pk", "at"))
