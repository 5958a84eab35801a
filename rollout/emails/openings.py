"""What the openings of a wave tell, as they happen: who got access, who was held, and that nobody had decided."""

import datetime as dt
from collections.abc import Sequence

from agencies.models import Person
from rollout.emails.writing import (
    ANSWERS_FOR_AGENCY,
    Draft,
    day_of,
    frame_of,
    link_to,
    names_of,
    place_of,
    readers_at,
    render,
    subject_of,
    to_leads,
)
from rollout.models import EmailKind, Lesson, Placement, Step, Wave


def leaders_open(*, wave: Wave, placements: Sequence[Placement], now: dt.datetime) -> list[Draft]:
    """To the head, the chief and the key people of each agency whose leaders get access (rule 6)."""
    opened = wave.leaders_opened_at or now
    return _to_agencies(
        EmailKind.LEADERS_OPEN,
        step=Step.LEADERS,
        wave=wave,
        placements=placements,
        opened_on=max(day_of(opened), wave.leaders_on),
        lessons=list(Lesson.objects.for_wave(wave)) if placements else [],
    )


def all_staff_open(*, wave: Wave, placements: Sequence[Placement], now: dt.datetime) -> list[Draft]:
    """To the same people, for each agency where everyone gets access; later for one that was held (rule 6)."""
    return _to_agencies(
        EmailKind.ALL_STAFF_OPEN,
        step=Step.ALL_STAFF,
        wave=wave,
        placements=placements,
        opened_on=max(day_of(now), wave.all_staff_on),
    )


def held(*, wave: Wave, held: Sequence[tuple[Placement, Sequence[str]]], now: dt.datetime) -> list[Draft]:
    """These were passed over at the all-staff opening, each with its problems in sentences: all of them to the leads,
    and to the head and the chief of each their own. A lead who is one of those hears of all at once.
    """
    if not held:
        return []
    reasons = {placement.agency_id: list(why) for placement, why in held}
    shared = {"wave": wave, "opened_on": max(day_of(now), wave.all_staff_on)}
    everyone = [{"agency": placement.agency, "reasons": reasons[placement.agency_id]} for placement, _why in held]
    for_leads = shared | {"held": everyone, "to_lead": True, "link": link_to(wave.rollout, f"waves/{wave.number}/")}
    for_leads["names"] = names_of([placement.agency.name for placement, _why in held])
    subject = subject_of(wave, Step.ALL_STAFF)
    drafts = to_leads(EmailKind.HELD, subject, wave.rollout, for_leads)
    leads = {draft.person for draft in drafts}
    told = readers_at([placement for placement, _why in held], roles=ANSWERS_FOR_AGENCY)
    for person, places in told.items():
        if person in leads:
            continue
        context = frame_of(wave.rollout) | shared | {"person": person, "link": link_to(wave.rollout, "my/")}
        context["held"] = [
            {"agency": place.agency, "roles": place.roles, "reasons": reasons[place.agency.pk]} for place in places
        ]
        context["names"] = names_of([place.agency.name for place in places])
        drafts.append(Draft(EmailKind.HELD, subject, person, *render(EmailKind.HELD, context)))
    return drafts


def no_decision(*, wave: Wave, step: Step, now: dt.datetime) -> list[Draft]:
    """To the leads: the date came without a go, so nothing opened (rule 6)."""
    context = {
        "wave": wave,
        "step": step,
        "day": wave.day_of(step),
        "agencies": [placement.agency for placement in wave.placements.placed().select_related("agency")],
        "link": link_to(wave.rollout, f"waves/{wave.number}/"),
    }
    return to_leads(EmailKind.NO_DECISION, subject_of(wave, step), wave.rollout, context)


def leaders_open_to(people: Sequence[Person], wave: Wave, *, now: dt.datetime) -> list[Draft]:
    placements = list(wave.placements.filter(leaders_access_at__isnull=False).select_related("agency"))
    return [draft for draft in leaders_open(wave=wave, placements=placements, now=now) if draft.person in people]


def _to_agencies(
    kind: EmailKind,
    *,
    step: Step,
    wave: Wave,
    placements: Sequence[Placement],
    opened_on: dt.date,
    lessons: Sequence[Lesson] = (),
) -> list[Draft]:
    shared = {
        **frame_of(wave.rollout),
        "wave": wave,
        "opened_on": opened_on,
        "lessons": lessons,
    }
    drafts = []
    for person, places in readers_at(placements).items():
        context = {
            **shared,
            "person": person,
            "places": places,
            "names": names_of([place.agency.name for place in places]),
            "link": link_to(wave.rollout, "my/"),
            "only_key": all(place.only_key for place in places),
            "commit_link": link_to(wave.rollout, f"commit/{places[0].agency.slug}/" if len(places) == 1 else "commit/"),
        }
        told = {place.agency.slug: place_of(wave) for place in places}
        drafts.append(Draft(kind, subject_of(wave, step), person, *render(kind, context), told=told))
    return drafts
