"""What stands in the way of a scenario, in words: the hard rules, and what the plan has moved meanwhile."""

import datetime as dt
from collections import Counter
from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext as _

from rollout.domain import placing, scheduling, shifting
from rollout.domain.calendar import Calendar
from rollout.domain.rearranging import too_many
from rollout.domain.refusals import Refused
from rollout.domain.scenarios import Dates, Places, Today, merge
from rollout.domain.words import clock_time
from rollout.models import CAPACITY, EventKind, PlanEvent, Scenario, Wave

#: What changes a wave's dates or state.
WAVE_CHANGES = (
    EventKind.WAVE_ADDED,
    EventKind.DATES_SET,
    EventKind.LEADERS_OPENED,
    EventKind.ALL_STAFF_OPENED,
    EventKind.REVIEW_CLOSED,
)


def wave_name(number: int | str) -> str:
    return str(Wave(number=int(number)))


def problems(now: Today, moves: Places, dates: Dates, *, calendar: Calendar, at: dt.datetime) -> list[str]:
    """The hard rules that today's plan would break with these moves and dates: nothing is read or written.

    Five places, opened waves and pinned agencies untouched, every date ahead, in order and open in the calendar.
    """
    places, all_dates = merge(now, moves, dates)
    counts = Counter(place["wave"] for place in places.values() if place["wave"] is not None)
    said = [too_many(wave_name(n), counts[n]) for n in sorted(counts) if counts[n] > CAPACITY]
    for slug, place in moves.items():
        if (placement := now.placements.get(slug)) is None:
            continue
        said += _refusals(lambda placement=placement: placing.refuse_if_fixed(placement))
        wave = now.waves.get(place["wave"])
        if wave is not None:
            said += _refusals(lambda wave=wave: placing.refuse_opened(wave))
        elif place["wave"] is not None and str(place["wave"]) not in all_dates:
            said.append(
                _("%(agency)s går til %(wave)s, som ikke finnes. Ta med den nye puljen også.")
                % {"agency": placement.agency, "wave": wave_name(place["wave"])}
            )
    numbers = sorted(map(int, all_dates))
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        said.append(_("Nye puljer kan ikke hoppe over et nummer. Ta med dem som kommer før, også."))
    for n, days in dates.items():
        said += _date_problems(now.waves.get(int(n)), int(n), days, calendar=calendar, at=at)
    return list(dict.fromkeys(said))


def _date_problems(
    wave: Wave | None, number: int, days: dict[str, str], *, calendar: Calendar, at: dt.datetime
) -> list[str]:
    leaders_on, all_staff_on = (dt.date.fromisoformat(days[name]) for name in scheduling.DATES)

    def ask() -> None:
        if wave is None:
            scheduling.refuse_bad_new(leaders_on, all_staff_on, calendar=calendar, now=at)
        else:
            scheduling.refuse_bad([shifting.Shift(wave, leaders_on, all_staff_on)], calendar=calendar, now=at)

    return [f"{wave_name(number)}: {reason}" for reason in _refusals(ask)]


def _refusals(ask) -> list[str]:
    try:
        ask()
    except Refused as refused:
        return refused.reasons
    return []


def moved_since(scenario: Scenario, now: Today, moves: Places, dates: Dates) -> list[str]:
    """Where the plan has moved, since the scenario was made, on what these moves and dates touch: by whom and when.

    They touch the agencies, the waves these leave and enter, and the waves that get dates. One query, or none.
    """
    base, places, today = scenario.base_places, now.places, now.dates
    agencies = [s for s in moves if s not in places or places[s]["wave"] != base[s]["wave"]]
    waves = {str(n) for s, place in moves.items() for n in (base[s]["wave"], place["wave"]) if n is not None}
    changed = sorted((n for n in waves | set(dates) if scenario.base_dates.get(n) != today.get(n)), key=int)
    if not agencies and not changed:
        return []
    events = (
        PlanEvent.objects.filter(rollout=scenario.rollout_id, pk__gt=scenario.base_version)
        .filter(
            Q(kind__in=placing.PLACING, agency__slug__in=agencies)
            | Q(kind__in=WAVE_CHANGES, agency=None, wave__number__in=map(int, changed))
        )
        .select_related("agency", "wave", "by")
        .order_by("pk")
    )
    last = {_about(event): event for event in events}
    return [_agency_moved(slug, now, last.get(slug)) for slug in agencies] + [
        _wave_changed(n, last.get(n)) for n in changed
    ]


def given_since(now: Today, moves: Places, dates: Dates, *, seen: Collection[int]) -> list[str]:
    """The waves that would lose a go that whoever decides has not `seen` (their numbers), and who gave it."""
    stood = now.places
    touched = {n for s, place in moves.items() if s in stood for n in (stood[s]["wave"], place["wave"])}
    touched |= set(map(int, dates))
    lost = [wave for n, wave in now.waves.items() if n in touched and n not in seen and wave.has_go]
    given = {wave: wave.events.filter(kind=EventKind.DECIDED).select_related("by").last() for wave in lost}
    said = _("%(wave)s har klarsignal, som faller bort om du tar dette i bruk: gitt av %(who)s%(when)s. Vil du det?")
    return [said % ({"wave": wave} | _by_whom(event)) for wave, event in given.items()]


def _about(event: PlanEvent) -> str:
    if event.agency is not None:
        return event.agency.slug
    return str(event.wave.number) if event.wave else ""


def _agency_moved(slug: str, now: Today, event: PlanEvent | None) -> str:
    placement = now.placements.get(slug)
    words = {
        "agency": event.agency if event else placement.agency if placement else slug,
        "place": placing.place_name(placement) if placement else _("de trukne"),
    } | _by_whom(event)
    return _("%(agency)s er flyttet siden scenarioet ble laget: %(who)s flyttet den til %(place)s%(when)s.") % words


def _wave_changed(number: str, event: PlanEvent | None) -> str:
    words = {"wave": wave_name(number), "kind": event.get_kind_display().capitalize() if event else _("Endret")}
    said = _("%(wave)s er endret siden scenarioet ble laget: «%(kind)s» av %(who)s%(when)s.")
    return said % (words | _by_whom(event))


def _by_whom(event: PlanEvent | None) -> dict[str, object]:
    who = event.by if event and event.by else _("systemet")
    return {"who": who, "when": f" {clock_time(event.at)}" if event else ""}
