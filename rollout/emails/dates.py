"""An agency's wave and dates as its people hear of them: with the go, with a deferral; and kept true until sent.

What names a date or a wave that no longer holds is withdrawn before it is sent, in the transaction that changed it,
and written anew where it tells of something that has happened. What was sent is corrected when a lead announces it
(`emails.announcing`).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import Q

from agencies.models import Agency, Role, RoleName
from rollout.emails.asking import date_answered_anew
from rollout.emails.calendar import calendar_for
from rollout.emails.openings import leaders_open_to
from rollout.emails.told import COUNTS, Said, places_now, readers_with_calendar, still_holds, told_so_far
from rollout.emails.writing import (
    ANSWERS_FOR_AGENCY,
    AgencyRoles,
    Draft,
    Place,
    day_of,
    frame_of,
    link_to,
    names_of,
    place_of,
    readers_at,
    render,
    subject_of,
    to_leads,
    withdraw,
    write,
)
from rollout.models import (
    DateRequest,
    EmailKind,
    EventKind,
    Lesson,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Rollout,
    Step,
    Wave,
)

# -- the go ----------------------------------------------------------------------------------------------------------


def your_dates(*, wave: Wave, now: dt.datetime) -> list[Draft]:
    """To the head and the chief of each agency in a wave that has its go, with both openings for the calendar.

    Who has been told of the same by an earlier go of the wave, and of nothing else since, is not told again.
    """
    placements = list(wave.placements.select_related("agency").order_by("slot"))
    told = readers_at(placements, roles=ANSWERS_FOR_AGENCY)
    so_far = told_so_far(wave.rollout_id, [person.pk for person in told])
    had_it = _told_by_a_go(wave)
    place, lessons = place_of(wave), list(Lesson.objects.for_wave(wave)) if told else []
    frame = frame_of(wave.rollout) | {"lessons": lessons}
    drafts = []
    for person, places in told.items():
        slugs = [one.agency.slug for one in places]
        said = [so_far.get(person.pk, {}).get(slug) for slug in slugs]
        if all(one is not None and one.place == place for one in said) and had_it.get(person.pk, set()) >= set(slugs):
            continue
        replaced = [one for one in said if one is not None and one.place not in (place, place_of(None))]
        context = frame | {
            "wave": wave,
            "person": person,
            "places": places,
            "names": names_of([one.agency.name for one in places]),
            "replaces": bool(replaced),
            "link": link_to(wave.rollout, "my/"),
        }
        new = dict.fromkeys(slugs, place)
        drafts.append(
            Draft(
                EmailKind.YOUR_DATES,
                subject_of(wave, Step.LEADERS),
                person,
                *render(EmailKind.YOUR_DATES, context),
                in_reply_to=max(replaced, key=lambda one: one.message).thread if replaced else "",
                told=new,
                calendar=calendar_for(wave.rollout, new, believed=_places(so_far.get(person.pk, {})), now=now),
            )
        )
    return drafts


def _told_by_a_go(wave: Wave) -> dict[int, set[str]]:
    """For which agencies each person has had this wave's dates with a go: slugs by the person's id."""
    had: dict[int, set[str]] = {}
    earlier = OutgoingEmail.objects.filter(
        rollout=wave.rollout_id,
        kind=EmailKind.YOUR_DATES,
        subject=subject_of(wave, Step.LEADERS),
        state__in=COUNTS,
    )
    for person, told in earlier.values_list("person_id", "told"):
        had.setdefault(person, set()).update(told)
    return had


def withdraw_your_dates(wave: Wave) -> None:
    """The go is taken back, or the wave has opened: what tells of the go is not sent any more."""
    withdraw(
        OutgoingEmail.objects.select_for_update(no_key=True).filter(
            rollout=wave.rollout_id, kind=EmailKind.YOUR_DATES, subject=subject_of(wave, Step.LEADERS)
        )
    )


def _places(said: Mapping[str, Said]) -> dict[str, Place]:
    return {slug: one.place for slug, one in said.items()}


# -- deferred --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deferral:
    """An agency that its wave's opening passed over: why, in sentences, and the wave it goes to; None: the queue,
    at its front unless others have come before it since."""

    placement: Placement
    reasons: Sequence[str]
    to: Wave | None
    in_front: bool = True


@dataclass(frozen=True)
class _Away:
    """A deferral as a mail shows it. `roles`: what the reader is there, if anything."""

    agency: Agency
    roles: str
    reasons: Sequence[str]
    to: Wave | None
    in_front: bool


def deferred(*, wave: Wave, deferrals: Sequence[Deferral], now: dt.datetime) -> list[Draft]:
    """To the head and the chief of each agency that was deferred when the wave opened, and all of them to the leads."""
    if not deferrals:
        return []
    by_agency = {deferral.placement.agency_id: deferral for deferral in deferrals}
    everyone = [_Away(one.placement.agency, "", one.reasons, one.to, one.in_front) for one in deferrals]
    opened_on = max(day_of(wave.leaders_opened_at or now), wave.leaders_on)
    told = readers_at([one.placement for one in deferrals], roles=ANSWERS_FOR_AGENCY)
    shared = frame_of(wave.rollout) | {"wave": wave, "opened_on": opened_on}
    leads = {
        draft.person: draft
        for draft in to_leads(
            EmailKind.DEFERRED,
            subject_of(wave, Step.LEADERS),
            wave.rollout,
            shared | _in_words(everyone, to_lead=True) | {"link": link_to(wave.rollout, f"waves/{wave.number}/")},
        )
    }
    so_far = told_so_far(wave.rollout_id, [person.pk for person in told])
    had_calendar = readers_with_calendar(wave.rollout_id, told)
    drafts = []
    for person, places in told.items():
        if person in leads:  # hears of all of them at once
            continue
        away = [_of(place, by_agency[place.agency.pk]) for place in places]
        context = shared | _in_words(away, to_lead=False) | {"person": person}
        context["link"] = link_to(wave.rollout, "my/")
        new = {one.agency.slug: place_of(one.to) for one in away}
        calendar = ""
        if person.pk in had_calendar:
            believed = _places(so_far.get(person.pk, {}))
            calendar = calendar_for(wave.rollout, new, believed=believed, now=now)
        drafts.append(
            Draft(
                EmailKind.DEFERRED,
                subject_of(wave, Step.LEADERS),
                person,
                *render(EmailKind.DEFERRED, context),
                told=new,
                calendar=calendar,
            )
        )
    everywhere = {one.agency.slug: place_of(one.to) for one in everyone}
    return drafts + [replace(draft, told=everywhere) for draft in leads.values()]


def _of(place: AgencyRoles, deferral: Deferral) -> _Away:
    return _Away(place.agency, place.roles, deferral.reasons, deferral.to, deferral.in_front)


def _in_words(away: Sequence[_Away], *, to_lead: bool) -> dict[str, Any]:
    return {"away": away, "names": names_of([one.agency.name for one in away]), "to_lead": to_lead}


def _deferrals_of(wave: Wave) -> list[Deferral]:
    """Who was deferred when the wave opened, with the reasons given then, and where they stand now."""
    events = wave.rollout.events.filter(kind=EventKind.DEFERRED, before__wave=wave.number).order_by("pk")
    reasons = {event.agency_id: event.reason.split("; ") for event in events}
    placements = wave.rollout.placements.in_plan().filter(agency__in=reasons).select_related("agency", "wave")
    by_agency = {placement.agency_id: placement for placement in placements}
    return [
        Deferral(by_agency[agency], why, by_agency[agency].wave, in_front=by_agency[agency].queue_position == 1)
        for agency, why in reasons.items()
        if agency in by_agency
    ]


# -- kept true until sent --------------------------------------------------------------------------------------------


def dates_set(*, wave: Wave, before: dict[str, dt.date], event: PlanEvent, now: dt.datetime) -> None:
    """A wave's dates are others. `before`: as they were."""
    moved = [step for step in Step if wave.day_of(step) != before[f"{step}_on"]]
    overtaken = OutgoingEmail.objects.filter(
        rollout=wave.rollout,
        kind=EmailKind.NO_DECISION,
        subject__in=[subject_of(wave, step) for step in moved],
    )
    withdraw(overtaken.select_for_update(no_key=True))  # the new date is the answer it asked for
    mend(event=event, now=now)


# Plain SQL: every change of place asks it, and there are seldom any.
_UNSENT = """
SELECT id FROM rollout_outgoingemail
WHERE rollout_id = %s AND state IN ('waiting', 'claimed') AND told <> '{}' ORDER BY id FOR NO KEY UPDATE
"""


def mend(*, event: PlanEvent, now: dt.datetime) -> None:
    """After a change of the plan: withdraw what is not sent and no longer holds, and write it anew under `event`.

    A lead's announcement is not written anew: what it told of is to be announced as it is now.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNSENT, [event.rollout_id])
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:
        return
    messages = list(OutgoingEmail.objects.filter(pk__in=ids).select_related("person").order_by("id"))
    now_at = places_now(event.rollout_id, {slug for message in messages for slug in message.told})
    theirs = _agencies_of([message.person_id for message in messages])
    gone = withdraw(message for message in messages if not _is_true(message, now_at, theirs))
    for message in gone:
        _write_again(message, occurrence=f"event:{event.pk}", now=now)


def mend_returned(message: OutgoingEmail, *, now: dt.datetime) -> None:
    """The server has sent back a message that nobody could withdraw while it was on its way: see that it still holds.

    To be called with its row locked.
    """
    if not message.told or holds(message):
        return
    withdraw([message])
    _write_again(message, occurrence=f"email:{message.pk}", now=now)


def write_anew(message: OutgoingEmail, *, event: PlanEvent, now: dt.datetime) -> bool:
    """Replace a message that turned out not to be sent, if it no longer holds or its reader has been told since.

    False: it may be sent as it is. Its corrections that still wait are withdrawn, since what is written now is right.
    The caller withdraws the message itself.
    """
    if not message.told:
        return False
    later = OutgoingEmail.objects.filter(
        person=message.person, pk__gt=message.pk, told__has_any_keys=list(message.told), state__in=COUNTS
    )
    places, theirs = places_now(message.rollout_id, set(message.told)), _agencies_of([message.person_id])
    if _is_true(message, places, theirs) and not later.exists():
        return False
    corrections = later.filter(kind=EmailKind.DATE_CHANGED, told__contained_by=places)
    if message.kind in _WRITTEN_ANEW:
        withdraw(corrections.select_for_update(no_key=True))
    _write_again(message, occurrence=f"event:{event.pk}", now=now)
    return True


def holds(message: OutgoingEmail) -> bool:
    """Whether what it tells of its agencies is so and they are its reader's; of a go, whether there still is one."""
    places = places_now(message.rollout_id, set(message.told))
    return _is_true(message, places, _agencies_of([message.person_id]))


#: What is told with the dates of today, to who is still to be told. An announcement that does not hold is no news.
_WRITTEN_ANEW = (EmailKind.YOUR_DATES, EmailKind.LEADERS_OPEN, EmailKind.DEFERRED, EmailKind.ANSWER)


#: By reader: the agencies at which they have a role. None among them: they lead the whole.
type _Theirs = dict[int, set[str | None]]


def _is_true(message: OutgoingEmail, now_at: dict[str, Place], theirs: _Theirs) -> bool:
    if message.kind == EmailKind.YOUR_DATES:
        wave = wave_of(message)
        if wave is None or not wave.is_planned or not wave.has_go:
            return False
    reader = theirs.get(message.person_id, set())
    return still_holds(message, now_at) and (None in reader or set(message.told) <= reader)


def _agencies_of(people: Collection[int]) -> _Theirs:
    """In one query."""
    theirs: _Theirs = {}
    held = Role.objects.current().filter(Q(agency__isnull=False) | Q(role=RoleName.PROJECT_LEAD), person__in=people)
    for person, role, slug in held.values_list("person", "role", "agency__slug"):
        theirs.setdefault(person, set()).add(None if role == RoleName.PROJECT_LEAD else slug)
    return theirs


def _write_again(message: OutgoingEmail, *, occurrence: str, now: dt.datetime) -> None:
    rollout = Rollout.objects.get(pk=message.rollout_id)
    write(drafts_for(message, now=now), rollout=rollout, occurrence=occurrence, now=now)


def drafts_for(message: OutgoingEmail, *, now: dt.datetime) -> list[Draft]:
    """The message to its reader with the places and dates of today; none where it is not to be told any more."""
    person = message.person
    if message.kind == EmailKind.ANSWER:
        request = DateRequest.objects.filter(pk=message.subject.partition(":")[2]).first()
        drafts = date_answered_anew(request) if request else []
        return [draft for draft in drafts if draft.person == person]
    wave = wave_of(message)
    if wave is None or message.kind not in _WRITTEN_ANEW:
        return []
    if message.kind == EmailKind.LEADERS_OPEN:
        return leaders_open_to([person], wave, now=now)
    if message.kind == EmailKind.YOUR_DATES:
        drafts = your_dates(wave=wave, now=now) if wave.is_planned and wave.has_go else []
        return [draft for draft in drafts if draft.person == person]
    return [draft for draft in deferred(wave=wave, deferrals=_deferrals_of(wave), now=now) if draft.person == person]


def wave_of(message: OutgoingEmail) -> Wave | None:
    """The wave it tells of, by its key ("wave:3:leaders")."""
    thing, _colon, rest = message.subject.partition(":")
    number = rest.partition(":")[0]
    if thing != "wave" or not number.isdecimal():
        return None
    return Wave.objects.select_related("rollout").filter(rollout=message.rollout_id, number=int(number)).first()
