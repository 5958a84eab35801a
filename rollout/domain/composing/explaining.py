"""Why each agency is to stand elsewhere than today: by what would be wrong with the other place."""

import datetime as dt
from collections.abc import Iterable

from rollout.domain.composing import scoring, variation
from rollout.domain.composing.question import CAPACITY, Agency, Move, Places, Question, Reason, in_time
from rollout.domain.composing.scoring import Scales


def moves(scales: Scales, places: Places) -> tuple[Move, ...]:
    """Everybody who is to stand elsewhere than today, and everybody who waits and stays without a place."""
    return tuple(
        Move(agency.key, agency.stands_in, places[agency.key], _reason(scales, places, agency))
        for agency in scales.question.agencies
        if places[agency.key] != agency.stands_in or (places[agency.key] is None and not agency.pinned)
    )


def _reason(scales: Scales, places: Places, agency: Agency) -> Reason:
    """By the wave it stands in today, or by its turn where it stands in none."""
    if places[agency.key] is None and agency.stands_in is None:
        return _left_out(scales.question, agency)
    other = agency.stands_in if agency.stands_in is not None else scales.turns[agency.key]
    if other == places[agency.key]:
        return Reason("turn")
    if other is None:
        return Reason("room")
    if (forbidden := _forbidden(scales.question, places, agency, other)) is not None:
        return forbidden
    there = _members(scales.question, places, other)
    if len(there) < CAPACITY:
        return _worse(scales, places, {**places, agency.key: other}, agency, other)
    swaps = [
        {**places, agency.key: other, one.key: places[agency.key]}
        for one in there
        if _may_swap(scales.question, one, places[agency.key])
    ]
    if not swaps:
        return Reason("full", {"wave": other})
    best = min(swaps, key=lambda swapped: scoring.points(scales, swapped))
    return _worse(scales, places, best, agency, other)


def _may_swap(question: Question, agency: Agency, number: int | None) -> bool:
    return not agency.pinned and any(wave.number == number and in_time(agency, wave) for wave in question.waves)


def _left_out(question: Question, agency: Agency) -> Reason:
    in_time_for = [wave for wave in question.waves if in_time(agency, wave)]
    if not in_time_for:
        return Reason("never_ready", {"day": _number(agency.ready_from)})
    if all(wave.cap is not None and wave.cap < agency.headcount for wave in in_time_for):
        return Reason("larger_than_caps", {"people": agency.headcount, "cap": max(w.cap or 0 for w in in_time_for)})
    if question.free_licences is not None and question.free_licences < agency.headcount:
        return Reason("licences", {"free": question.free_licences, "people": agency.headcount})
    return Reason("no_room")


def _members(question: Question, places: Places, number: int) -> list[Agency]:
    return [agency for agency in question.agencies if places[agency.key] == number]


def _people(agencies: Iterable[Agency]) -> int:
    return sum(agency.headcount for agency in agencies)


def _number(day: dt.date) -> str:
    return day.isoformat()


def _forbidden(question: Question, places: Places, agency: Agency, number: int) -> Reason | None:
    """The hard rule that the agency would break there, with the rest as proposed."""
    wave = next(wave for wave in question.waves if wave.number == number)
    there = [*_members(question, places, number), agency]
    if not in_time(agency, wave):
        return Reason("not_ready", {"wave": number, "day": _number(agency.ready_from)})
    if wave.cap is not None and _people(there) > wave.cap:
        return Reason("cap", {"wave": number, "people": _people(there), "cap": wave.cap})
    return None


def _worse(scales: Scales, places: Places, instead: Places, agency: Agency, number: int) -> Reason:
    """The aim that would lose the most by the plan `instead`, where the agency stands in wave `number`."""
    proposed = {aim.name: aim.points for aim in scoring.score(scales, places)}
    lost = {aim.name: aim.points - proposed[aim.name] for aim in scoring.score(scales, instead) if aim.name != "moves"}
    worst = max(lost, key=lambda name: lost[name])
    swapped = [key for key, stands in instead.items() if stands != places[key] and key != agency.key]
    facts: dict[str, int | str] = {"other": swapped[0]} if swapped else {}
    if lost[worst] <= 0:
        return Reason("together")
    if worst == "even":
        both = [wave for wave in (number, places[agency.key]) if wave is not None]
        uneven = max(both, key=lambda n: _over(scales, instead, n) - _over(scales, places, n))
        people = _people(_members(scales.question, instead, uneven))
        return Reason("even", facts | {"wave": uneven, "people": people, "level": scales.level})
    if worst == "variation":
        wave = max(scales.pilots, key=lambda w: _varied(scales, places, w.number) - _varied(scales, instead, w.number))
        varied = {"with": _varied(scales, places, wave.number), "without": _varied(scales, instead, wave.number)}
        return Reason("variation", facts | {"wave": wave.number} | varied)
    return Reason(worst, facts)


def _over(scales: Scales, places: Places, number: int) -> int:
    return max(0, _people(_members(scales.question, places, number)) - scales.level)


def _varied(scales: Scales, places: Places, number: int) -> int:
    return variation.variation(scales.positions[agency.key] for agency in _members(scales.question, places, number))
