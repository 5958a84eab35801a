"""Scenarios: another plan, made from today's, changed freely and dropped; adopting one is `adopting`.

They are no part of the plan: making, changing and dropping one writes no event. What a scenario changes is its
difference from the plan it was made from, so that what others have done since stands beside it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import scheduling
from rollout.domain.locks import lock_plan
from rollout.domain.recording import plan_version
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.models import Placement, Purpose, Rollout, Scenario, ScenarioState, Wave

Places = dict[str, dict[str, Any]]
Dates = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Today:
    """The plan as it stands: queue and waves in their order, by the agencies' slugs and the waves' numbers."""

    placements: dict[str, Placement]
    waves: dict[int, Wave]

    @property
    def places(self) -> Places:
        return {
            slug: {"wave": placement.wave.number if placement.wave else None, "position": placement.position}
            for slug, placement in self.placements.items()
        }

    @property
    def dates(self) -> Dates:
        """With each wave's state."""
        return {str(n): scheduling.dates_of(wave) | {"state": wave.state} for n, wave in self.waves.items()}


def today(rollout: Rollout) -> Today:
    """Two queries."""
    found = rollout.placements.in_plan().select_related("rollout", "agency", "wave", "deferral_wave", "licence_budget")
    placements = sorted(found, key=lambda p: (p.wave is None, p.wave.number if p.wave else 0, p.position or 0))
    waves = rollout.waves.with_latest_decision()
    return Today({p.agency.slug: p for p in placements}, {wave.number: wave for wave in waves})


# -- what a scenario changes ---------------------------------------------------------------------------------------


def moves_of(scenario: Scenario) -> Places:
    """The agencies that it has in another wave than the plan had, with their places. An order within is no move."""
    base = scenario.base_places
    return {slug: place for slug, place in scenario.places.items() if place["wave"] != base[slug]["wave"]}


def dates_of(scenario: Scenario) -> Dates:
    """The waves that it gives other dates than the plan had, or makes."""
    base = {n: {name: dates[name] for name in scheduling.DATES} for n, dates in scenario.base_dates.items()}
    return {n: dates for n, dates in scenario.dates.items() if dates != base.get(n)}


def outstanding(scenario: Scenario, now: Today) -> tuple[Places, Dates]:
    """Its moves and dates, without those that today's plan has already."""
    stood = now.places
    dated = {str(n): scheduling.dates_of(wave) for n, wave in now.waves.items()}
    return (
        {s: place for s, place in moves_of(scenario).items() if stood.get(s, {}).get("wave", ...) != place["wave"]},
        {n: days for n, days in dates_of(scenario).items() if dated.get(n) != days},
    )


def merge(now: Today, moves: Places, dates: Dates) -> tuple[Places, Dates]:
    """Today's plan with these moves and dates; an agency that has left the plan since is not there."""
    kept = {n: scheduling.dates_of(wave) for n, wave in now.waves.items()}
    after = kept | {int(n): days for n, days in dates.items()}
    known = {slug: place for slug, place in moves.items() if slug in now.placements}
    return _placed(now.places, known), {str(n): after[n] for n in sorted(after)}


# -- making and changing -------------------------------------------------------------------------------------------


@transaction.atomic
def make(
    *,
    rollout: Rollout,
    name: str,
    purpose: Purpose,
    by: Person | None,
    now: dt.datetime,
    places: Mapping[str, Mapping[str, Any]] | None = None,
    dates: Mapping[int, Mapping[str, dt.date]] | None = None,
    explanation: Mapping[str, Any] | None = None,
) -> Scenario:
    """Make a scenario from today's plan, with other places and dates where they are given; the rest is as today.

    `places`: agency's slug -> {"wave": number or None} and, if it matters, {"position": from 1}. `dates`: the wave's
    number -> {"leaders_on", "all_staff_on"}; a number after the plan's last is a new wave. Hard rules may be broken:
    `scenario_rules.problems` tells of them, and they stand in the way of adopting. `explanation` must be JSON.

    Raises:
        Refused: it has no name, an agency or wave is not in the plan, a new wave leaves out a number, or it is a
            baseline and there is one.
    """
    rollout = lock_plan(rollout.pk)
    name = name.strip()
    if not name:
        raise Refused(_("Gi scenarioet et navn."), field="name")
    if purpose == Purpose.BASELINE:
        _refuse_second_baseline(rollout)
    plan = today(rollout)
    base_places, base_dates = plan.places, plan.dates
    wanted_dates = _merged_dates(base_dates, dates or {})
    return Scenario.objects.create(
        rollout=rollout,
        name=name,
        purpose=purpose,
        base_version=plan_version(rollout.slug) or 0,
        places=_merged_places(base_places, places or {}, wanted_dates),
        dates=wanted_dates,
        base_places=base_places,
        base_dates=base_dates,
        explanation=dict(explanation or {}),
        made_by=by,
        made_at=now,
    )


def baselines(rollout: Rollout) -> QuerySet[Scenario]:
    """The rollout's baseline, or none: the database lets there be one."""
    return rollout.scenarios.filter(purpose=Purpose.BASELINE, state=ScenarioState.OPEN)


def _refuse_second_baseline(rollout: Rollout) -> None:
    other = baselines(rollout).first()
    if other is not None:
        raise Refused(
            _("«%(name)s» er referanseplan alt. Forkast den først, så kan dagens plan bli den nye.")
            % {"name": other.name},
            field="purpose",
        )


def _merged_dates(base: Dates, given: Mapping[int, Mapping[str, dt.date]]) -> Dates:
    """The base's dates with those given instead, and the waves that are new, in the order of their numbers."""
    merged = {int(n): {name: dates[name] for name in scheduling.DATES} for n, dates in base.items()}
    merged |= {int(n): {name: days[name].isoformat() for name in scheduling.DATES} for n, days in given.items()}
    last = max(map(int, base), default=0)
    added = sorted(n for n in merged if str(n) not in base)
    if added != [last + place for place in range(1, len(added) + 1)]:
        raise Refused(
            _("Nye puljer kommer etter den siste, uten hull i nummereringen: neste er pulje %(n)s.") % {"n": last + 1}
        )
    return {str(n): merged[n] for n in sorted(merged)}


def _merged_places(base: Places, given: Mapping[str, Mapping[str, Any]], dates: Dates) -> Places:
    """The base's places with those given instead; who is moved without a position comes last where it goes."""
    reasons = [_("%(slug)s er ikke i kø eller pulje.") % {"slug": slug} for slug in sorted(set(given) - set(base))]
    numbers = {given.get(slug, stood)["wave"] for slug, stood in base.items()} - {None, *map(int, dates)}
    reasons += [_("Pulje %(n)s finnes ikke. Velg en annen til dem som går dit.") % {"n": n} for n in sorted(numbers)]
    if reasons:
        raise Refused(reasons)
    return _placed(base, given)


def in_lists(places: Places) -> dict[int | None, list[str]]:
    """The slugs of each wave, and (None) of the queue, in their order."""
    lists: dict[int | None, list[str]] = defaultdict(list)
    for slug in sorted(places, key=lambda slug: places[slug]["position"]):
        lists[places[slug]["wave"]].append(slug)
    return lists


def _placed(base: Places, given: Mapping[str, Mapping[str, Any]]) -> Places:
    """Who is not named keeps the order; then each comes in at the position it is to have, or last if it has none."""
    lists = in_lists({slug: place for slug, place in base.items() if slug not in given})
    arrivals = [(given[slug].get("position"), slug) for slug in base if slug in given]
    for position, slug in sorted(arrivals, key=lambda one: (one[0] is None, one[0] or 0)):
        ones = lists[given[slug]["wave"]]
        ones.insert(len(ones) if position is None else max(0, position - 1), slug)
    found = {
        slug: {"wave": wave, "position": position}
        for wave, ones in lists.items()
        for position, slug in enumerate(ones, 1)
    }
    return {slug: found[slug] for slug in base}


@transaction.atomic
def copy(*, source: Scenario, name: str, purpose: Purpose, by: Person | None, now: dt.datetime) -> Scenario:
    """Make a scenario of today's plan that has the places and dates of another, as far as they are still ahead.

    What has opened stays as it is, and so does who is no longer in queue or wave.

    Raises:
        Refused: as `make`.
    """
    rollout = lock_plan(source.rollout_id)
    plan = today(rollout)
    opened = {n for n, wave in plan.waves.items() if not wave.is_planned}
    last = max(plan.waves, default=0)
    # A wave that was taken away meanwhile is made again, where no number would be left out.
    numbers = {int(n) for n in source.dates if int(n) not in opened}
    days = {
        n: {name: dt.date.fromisoformat(day) for name, day in source.dates[str(n)].items()}
        for n in sorted(numbers)
        if n in plan.waves or set(range(last + 1, n)) <= numbers
    }
    places = {
        slug: place
        for slug, place in source.places.items()
        if slug in plan.places
        and plan.places[slug]["wave"] not in opened
        and (place["wave"] is None or place["wave"] in days)
    }
    return make(rollout=rollout, name=name, purpose=purpose, by=by, now=now, places=places, dates=days)


@transaction.atomic
def change(
    *,
    scenario: Scenario,
    version_seen: int,
    name: str,
    places: Mapping[str, Mapping[str, Any]],
    dates: Mapping[int, Mapping[str, dt.date]],
) -> Scenario:
    """Give an open scenario another name, and other places and dates where they are given. As `make` takes them.

    The new waves are those in `dates`, and no others: one that is left out is gone from the scenario.

    Raises:
        Refused: as `make`; it has ended, is a baseline, or somebody has changed it since `version_seen` was shown.
    """
    scenario = lock_open(scenario, version_seen=version_seen)
    if scenario.is_baseline:
        raise Refused(_("En referanseplan står som den ble laget. Lag et nytt scenario fra den i stedet."))
    if not (name := name.strip()):
        raise Refused(_("Gi scenarioet et navn."), field="name")
    base = {n: days for n, days in scenario.dates.items() if n in scenario.base_dates}
    scenario.name, scenario.dates = name, _merged_dates(base, dates)
    scenario.places = _merged_places(scenario.places, places, scenario.dates)
    return _saved(scenario, "name", "places", "dates")


@transaction.atomic
def catch_up(*, scenario: Scenario, version_seen: int) -> Scenario:
    """Take in what the plan has become: its own changes stand, but where the plan has moved too, the plan's stands.

    Raises:
        Refused: it has ended, is a baseline, or somebody has changed it since.
    """
    rollout = lock_plan(scenario.rollout_id)
    scenario = lock_open(scenario, version_seen=version_seen)
    if scenario.is_baseline:
        raise Refused(_("En referanseplan står som den ble laget. Lag et nytt scenario fra den i stedet."))
    plan = today(rollout)
    base_places, base_dates = scenario.base_places, scenario.base_dates
    stayed = {n for n, days in plan.dates.items() if base_dates.get(n) == days}
    dates = {n: days for n, days in dates_of(scenario).items() if n in stayed or n not in plan.dates}
    moves = {
        slug: place
        for slug, place in moves_of(scenario).items()
        if plan.places.get(slug, {}).get("wave", ...) == base_places[slug]["wave"]
        and (place["wave"] is None or str(place["wave"]) in {*plan.dates, *dates})
    }
    scenario.places, scenario.dates = merge(plan, moves, dates)
    scenario.base_places, scenario.base_dates = plan.places, plan.dates
    scenario.base_version = plan_version(rollout.slug) or 0
    return _saved(scenario, "places", "dates", "base_places", "base_dates", "base_version")


def _saved(scenario: Scenario, *fields: str) -> Scenario:
    scenario.version += 1
    scenario.save(update_fields=[*fields, "version"])
    return scenario


@transaction.atomic
def drop(*, scenario: Scenario, by: Person | None, now: dt.datetime) -> Scenario:
    """Put an open scenario away. It can still be read.

    Raises:
        Refused: it has ended.
    """
    scenario = lock_open(scenario)
    return end(scenario, ScenarioState.DROPPED, by=by, now=now)


def end(scenario: Scenario, state: ScenarioState, *, by: Person | None, now: dt.datetime) -> Scenario:
    """For the verbs, which hold its lock."""
    scenario.state, scenario.ended_by, scenario.ended_at = state, by, now
    scenario.save(update_fields=["state", "ended_by", "ended_at"])
    return scenario


def reopen(scenario: Scenario) -> None:
    """For the undoing of its adoption, which holds its lock."""
    scenario.state, scenario.ended_by, scenario.ended_at = ScenarioState.OPEN, None, None
    scenario.save(update_fields=["state", "ended_by", "ended_at"])


def lock_open(scenario: Scenario, *, version_seen: int | None = None) -> Scenario:
    """Lock the scenario's row, after the plan's where both are locked, and return it as it is now.

    Raises:
        Refused: it has been adopted or dropped, or changed since `version_seen` was shown.
    """
    scenario = (
        Scenario.objects.select_for_update(of=("self",)).select_related("rollout", "ended_by").get(pk=scenario.pk)
    )
    if not scenario.is_open:
        said = {
            ScenarioState.ADOPTED: _("«%(name)s» er alt tatt i bruk av %(who)s %(when)s."),
            ScenarioState.DROPPED: _("«%(name)s» er forkastet av %(who)s %(when)s."),
        }[ScenarioState(scenario.state)]
        who, when = scenario.ended_by or _("systemet"), scenario.ended_at
        raise Refused(said % {"name": scenario.name, "who": who, "when": clock_time(when) if when else ""})
    if version_seen is not None and version_seen != scenario.version:
        raise Refused(_("«%(name)s» er endret siden du så det. Se på det og prøv igjen.") % {"name": scenario.name})
    return scenario
