"""Scenarios: another plan, made from today's, changed freely and dropped; adopting one is `adopting`.

They are no part of the plan: making, changing and dropping one writes no event. What it holds is read with `places_of`
and `dates_of`, so that nobody else needs to know how it is stored.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import scheduling
from rollout.domain.locks import lock_plan
from rollout.domain.recording import plan_version
from rollout.domain.refusals import Refused
from rollout.models import Purpose, Rollout, Scenario, ScenarioState

Places = dict[str, dict[str, Any]]
Dates = dict[str, dict[str, str]]


def today(rollout: Rollout) -> tuple[Places, Dates]:
    """The plan as it stands, as scenarios keep it: queue and waves; each wave's dates with its state. Two queries."""
    placements = rollout.placements.in_plan().select_related("agency", "wave")
    places = {
        p.agency.slug: {"wave": p.wave.number if p.wave else None, "position": p.position}
        for p in sorted(placements, key=lambda p: (p.wave.number if p.wave else 0, p.position or 0))
    }
    dates = {str(wave.number): scheduling.dates_of(wave) | {"state": wave.state} for wave in rollout.waves.all()}
    return places, dates


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
    base_places, base_dates = today(rollout)
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


def _refuse_second_baseline(rollout: Rollout) -> None:
    other = rollout.scenarios.filter(purpose=Purpose.BASELINE, state=ScenarioState.OPEN).first()
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
    if added != list(range(last + 1, last + 1 + len(added))):
        raise Refused(
            _("Nye puljer kommer etter den siste, uten hull i nummereringen: neste er pulje %(n)s.") % {"n": last + 1}
        )
    return {str(n): merged[n] for n in sorted(merged)}


def _merged_places(base: Places, given: Mapping[str, Mapping[str, Any]], dates: Dates) -> Places:
    """The base's places with those given instead; who is moved without a position comes last where it goes."""
    reasons = [_("%(slug)s er ikke i kø eller pulje.") % {"slug": slug} for slug in sorted(set(given) - set(base))]
    numbers = sorted({place["wave"] for place in given.values() if place["wave"] is not None})
    reasons += [_("Pulje %(n)s finnes ikke.") % {"n": n} for n in numbers if str(n) not in dates]
    if reasons:
        raise Refused(reasons)
    wave_of = {slug: given.get(slug, stood)["wave"] for slug, stood in base.items()}
    ranks = {}
    for slug, stood in base.items():
        position = given.get(slug, {}).get("position")
        stays = wave_of[slug] == stood["wave"]
        if position is None:
            position = stood["position"] if stays else None
        # Who comes to the place that another has, stands before it; who comes to none in particular, last.
        ranks[slug] = (position is None, position or 0, stays)
    return numbered(wave_of, ranks)


def numbered(wave_of: Mapping[str, int | None], ranks: Mapping[str, tuple]) -> Places:
    """Places with positions from 1 and without gaps, in each wave and the queue in the order of `ranks`."""
    counts: dict[int | None, int] = {}
    found: Places = {}
    for slug in sorted(wave_of, key=lambda slug: ranks[slug]):
        wave = wave_of[slug]
        counts[wave] = counts.get(wave, 0) + 1
        found[slug] = {"wave": wave, "position": counts[wave]}
    return {slug: found[slug] for slug in wave_of}
