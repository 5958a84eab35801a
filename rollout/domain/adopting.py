"""Adopting a scenario, whole or in part: one change with the events of every move and date, and one undo (rule 9)."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterator

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import scenarios, scheduling, shifting
from rollout.domain.calendar import calendar_of
from rollout.domain.locks import lock_plan, lock_wave
from rollout.domain.rearranging import Step, rearrange
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.domain.scenario_rules import given_since, moved_since, problems
from rollout.domain.scenarios import Dates, Places, Today, in_lists
from rollout.models import EventKind, PlanEvent, Rollout, Scenario, ScenarioState


@transaction.atomic
def adopt(
    *,
    scenario: Scenario,
    by: Person | None,
    now: dt.datetime,
    version_seen: int | None = None,
    moves: Collection[str] | None = None,
    waves: Collection[int] | None = None,
    goes_seen: Collection[int] | None = None,
    reason: str = "",
) -> PlanEvent:
    """Let the plan become what the scenario says: new waves, dates and moves, all or nothing.

    `moves`: the agencies (slugs) whose moves are taken, `waves`: the waves (numbers) whose dates are; None: all of
    them. `goes_seen`: the waves that were shown to lose their go (None: not asked). What the plan says already is left.
    Other people's changes elsewhere stand. Returns the event that tells of the whole; its `change` is what to undo.

    Raises:
        Refused: the scenario has ended, is a baseline, or was changed since `version_seen` was shown; nothing was
            chosen; the plan has moved on what is touched; a wave would lose a go that was not seen; or a hard rule
            would be broken. With every reason.
    """
    rollout = lock_plan(scenario.rollout_id)
    scenario = scenarios.lock_open(scenario, version_seen=version_seen)
    if scenario.is_baseline:
        raise Refused(_("En referanseplan er til å måle mot. Lag et nytt scenario fra den, og ta det i bruk."))
    plan = scenarios.today(rollout)
    places, dates = scenarios.outstanding(scenario, plan)
    places = {slug: place for slug, place in places.items() if moves is None or slug in moves}
    dates = {n: days for n, days in dates.items() if waves is None or int(n) in waves}
    if not places and not dates:
        raise Refused(_("Det er ingenting å ta i bruk: velg minst én flytting eller dato som er en annen enn i dag."))
    reasons = moved_since(scenario, plan, places, dates)
    if goes_seen is not None:
        reasons += given_since(plan, places, dates, seen=goes_seen)
    reasons += problems(plan, places, dates, calendar=calendar_of(rollout), at=now)
    if reasons:
        raise Refused(reasons)
    change = new_change()
    _set_dates(rollout, plan, dates, by=by, now=now, reason=reason, change=change)
    _make_moves(rollout, plan, places, by=by, now=now, reason=reason, change=change)
    scenarios.end(scenario, ScenarioState.ADOPTED, by=by, now=now)
    told = {"moves": len(places), "dates": sum(int(n) in plan.waves for n in dates)}
    told |= {"waves": len(dates) - told["dates"]}
    whole = len(scenarios.moves_of(scenario)) + len(scenarios.dates_of(scenario))
    return record(
        rollout=rollout,
        kind=EventKind.SCENARIO_ADOPTED,
        by=by,
        at=now,
        before={"state": ScenarioState.OPEN},
        after={"scenario": scenario.pk, "version": scenario.version, "name": scenario.name, **told, "of": whole},
        reason=reason,
        change=change,
    )


def _set_dates(rollout: Rollout, plan: Today, dates: Dates, *, by, now: dt.datetime, reason: str, change: uuid.UUID):
    calendar = calendar_of(rollout)
    for n in sorted(dates, key=int):
        days = {name: dt.date.fromisoformat(dates[n][name]) for name in scheduling.DATES}
        if int(n) not in plan.waves:
            scheduling.add_wave(rollout=rollout, **days, by=by, now=now, number_seen=int(n), change=change)
            continue
        shift = shifting.Shift(lock_wave(plan.waves[int(n)].pk), **days)
        scheduling.apply_shift(shift, calendar=calendar, by=by, now=now, reason=reason, change=change)


def _make_moves(rollout: Rollout, plan: Today, places: Places, *, by, now: dt.datetime, reason: str, change: uuid.UUID):
    if not places:
        return
    waves = {wave.number: wave for wave in rollout.waves.all()}
    steps = [
        Step(plan.placements[slug], waves.get(places[slug]["wave"]), position)
        for slug, position in _one_by_one(plan, places)
    ]
    rearrange(rollout=rollout, steps=steps, by=by, now=now, change=change, reason=reason)


def _one_by_one(plan: Today, places: Places) -> Iterator[tuple[str, int]]:
    """The moves one after the other, each with its position among those who stand there just then."""
    lists, final = in_lists(plan.places), in_lists(scenarios.merge(plan, places, {})[0])
    stood = plan.places
    for wave, ones in final.items():
        for place, slug in enumerate(ones):
            if slug not in places:
                continue
            lists[stood[slug]["wave"]].remove(slug)
            entered, ahead = lists[wave], set(ones[:place])
            at = max((n for n, other in enumerate(entered, 1) if other in ahead), default=0)
            entered.insert(at, slug)
            yield slug, at + 1


@transaction.atomic
def take_back(*, by: Person | None, now: dt.datetime, undoes: PlanEvent, change: uuid.UUID) -> PlanEvent:
    """Undo what the event says of its scenario: one that was adopted is open again, and the other way.

    Raises:
        Refused: the scenario has been changed, dropped or adopted anew meanwhile.
    """
    was_adopted = "state" in undoes.before
    about = undoes.after if was_adopted else undoes.before
    scenario = Scenario.objects.select_for_update().get(pk=about["scenario"])
    if scenario.is_open == was_adopted or scenario.version != about["version"]:
        raise Refused(_("«%(name)s» er endret, forkastet eller tatt i bruk etterpå.") % {"name": scenario.name})
    open_again = {"state": ScenarioState.OPEN}
    if was_adopted:
        scenarios.reopen(scenario)
    else:
        scenarios.end(scenario, ScenarioState.ADOPTED, by=by, now=now)
    return record(
        rollout=undoes.rollout,
        kind=EventKind.SCENARIO_ADOPTED,
        by=by,
        at=now,
        before=about if was_adopted else open_again,
        after=open_again if was_adopted else about,
        change=change,
        undoes=undoes,
    )
