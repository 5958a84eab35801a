"""Asking the composer: one question at a time for each rollout, answered by a worker, ended in a scenario.

Nothing in the plan follows from it, so no event is written. The core (`domain.composing`) is plain data; its solver is
imported where it is needed alone: in the worker.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import composition_words, readiness, scenarios
from rollout.domain.calendar import calendar_of
from rollout.domain.composing.question import AIMS, CAPACITY, Agency, Question, Weights, effort_for
from rollout.domain.composing.question import Wave as OpenWave
from rollout.domain.composing.scoring import Scales
from rollout.domain.locks import lock_plan
from rollout.domain.recording import plan_version
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.models import (
    OSLO,
    UNDER_WAY,
    Composition,
    CompositionState,
    LicencePool,
    Placement,
    Purpose,
    Rollout,
    Wave,
    opening_moment,
)

if TYPE_CHECKING:
    from rollout.domain.composing.question import Answer

#: Real time without a word from the worker after which it is taken for dead. It speaks about once a second.
SILENCE = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class Wishes:
    """What the lead asks for: `weights` 0 to 5 by aim, the waves that are pilots, those whose lead times are set aside,
    and whether everybody must have a place."""

    weights: Mapping[str, int]
    pilots: tuple[int, ...] = ()
    rushed: tuple[int, ...] = ()
    everyone: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"weights": dict(self.weights), "pilots": list(self.pilots), "rushed": list(self.rushed)}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Wishes":
        return cls(kept["weights"], tuple(kept["pilots"]), tuple(kept["rushed"]), kept["everyone"])


def open_waves(rollout: Rollout, *, now: dt.datetime) -> list[Wave]:
    """The waves that may still change: planned and ahead, on days that are open, and without a go."""
    calendar = calendar_of(rollout)
    return [
        wave
        for wave in rollout.waves.with_latest_decision().order_by("leaders_on", "number")
        if wave.is_planned
        and opening_moment(wave.leaders_on) > now
        and not wave.has_go
        and calendar.is_open(wave.leaders_on)
        and calendar.is_open(wave.all_staff_on)
    ]


def question_of(rollout: Rollout, wishes: Wishes, *, now: dt.datetime) -> Question:
    """The plan as the composer is asked about it, in a fixed number of queries."""
    waves = open_waves(rollout, now=now)
    numbers = {wave.pk: wave.number for wave in waves}
    placements = list(rollout.placements.in_plan().select_related("agency", "wave").order_by("pk"))
    waiting = [p for p in placements if p.wave_id is None or p.wave_id in numbers]
    waiting.sort(key=_turn)
    ready_from = _ready_from(waiting, now=now)
    return Question(
        agencies=tuple(
            Agency(
                key=p.agency.slug,
                headcount=p.headcount,
                locations=p.agency.locations,
                maturity=p.agency.maturity,
                anchoring=p.agency.leadership_anchoring,
                order=order,
                stands_in=numbers.get(p.wave_id or 0),
                pinned=p.is_pinned,
                ready_from=ready_from[p.pk],
            )
            for order, p in enumerate(waiting, 1)
        ),
        waves=tuple(
            OpenWave(
                number=wave.number,
                leaders_on=wave.leaders_on,
                all_staff_on=wave.all_staff_on,
                cap=wave.people_cap,
                pilot=wave.number in wishes.pilots,
                rushed=wave.number in wishes.rushed,
            )
            for wave in waves
        ),
        weights=Weights(**{name: wishes.weights.get(name, 0) for name in AIMS}),
        free_licences=_free_licences(rollout, [p for p in placements if p not in waiting]),
        everyone=wishes.everyone,
        effort=effort_for(agencies=len(waiting), waves=len(waves)),
    )


def _turn(placement: Placement) -> tuple:
    """Today's order: the waves' agencies first, as they stand, then the queue."""
    if placement.wave is None:
        return (1, placement.queue_position or 0, placement.pk)
    return (0, placement.wave.leaders_on, placement.wave.number, placement.slot or 0)


def _ready_from(placements: list[Placement], *, now: dt.datetime) -> dict[int, dt.date]:
    """The first leaders' date for which no missing step would be overdue today: by the longest of their lead times.

    Funding is such a step: an agency that has not funded its licences has its lead time ahead of it.
    """
    today = now.astimezone(OSLO).date()
    found = {}
    for pk, facts in readiness.load_facts(placements, now=now).items():
        missing = [
            step.lead_time_days
            for step in facts.steps
            if step.blocking and not readiness.fulfilled(facts, step) and not readiness.waived(facts, step)
        ]
        start = facts.calendar.open_day_on_or_after(today)
        found[pk] = start + dt.timedelta(days=max(missing)) if missing else today
    return found


def _free_licences(rollout: Rollout, others: Iterable[Placement]) -> int | None:
    """What is left for those who wait: neither reserved nor needed by waves that are not to change."""
    pool = LicencePool.objects.filter(rollout=rollout).first()
    if pool is None:
        return None
    return max(0, pool.free - sum(p.headcount for p in others if p.leaders_access_at is None))


# -- asking and cancelling -----------------------------------------------------------------------------------------


def latest(rollout: Rollout) -> Composition | None:
    return rollout.compositions.select_related("asked_by", "scenario").first()


def is_lost(composition: Composition) -> bool:
    """Whether a search is said to go on, but nobody has heard of its worker for `SILENCE`."""
    return composition.is_under_way and composition.alive_at < timezone.now() - SILENCE


@transaction.atomic
def ask(*, rollout: Rollout, wishes: Wishes, by: Person, now: dt.datetime) -> Composition:
    """Ask for a proposal. The caller hands the composition to a worker once this is committed.

    Raises:
        Refused: a search goes on already, nothing is weighed, no wave can change, or nobody waits.
    """
    rollout = lock_plan(rollout.pk)
    going = rollout.compositions.filter(state__in=UNDER_WAY).select_related("asked_by").first()
    if going is not None and is_lost(going):
        fail(composition=going, now=now, code="lost")
        going = None
    if going is not None:
        raise Refused(
            _("%(who)s ba om et forslag %(when)s, og det regnes på ennå. Vent på det, eller avbryt det.")
            % {"who": going.asked_by, "when": clock_time(going.asked_at)}
        )
    if not any(wishes.weights.values()):
        raise Refused(_("La minst ett hensyn telle."))
    question = question_of(rollout, wishes, now=now)
    if not question.waves:
        raise Refused(_("Ingen pulje kan endres: alle er åpnet, har klarsignal eller har datoer som er passert."))
    if not question.agencies:
        raise Refused(_("Ingen virksomheter venter, så det er ingenting å foreslå."))
    unknown = sorted({*wishes.pilots, *wishes.rushed} - {wave.number for wave in question.waves})
    if unknown:
        raise Refused(_("Pulje %(n)s kan ikke endres lenger. Se over valgene.") % {"n": unknown[0]})
    return Composition.objects.create(
        rollout=rollout,
        wishes=wishes.as_json(),
        plan_version=plan_version(rollout.slug) or 0,
        asked_by=by,
        asked_at=now,
        alive_at=timezone.now(),
    )


@transaction.atomic
def cancel(*, composition: Composition, now: dt.datetime) -> None:
    """Stop the search: its worker sees it within seconds.

    Raises:
        Refused: it has ended.
    """
    if not _end(composition, CompositionState.CANCELLED, now=now):
        raise Refused(_("Forslaget var alt ferdig, så det er ingenting å avbryte."))


def fail(*, composition: Composition, now: dt.datetime, code: str) -> bool:
    """Say that the search came to nothing. `code`: why (`composition_words.FAILED`). False: it had ended."""
    return _end(composition, CompositionState.FAILED, now=now, findings={"failed": code})


def _end(composition: Composition, state: CompositionState, *, now: dt.datetime, **fields: Any) -> bool:
    going = Composition.objects.filter(pk=composition.pk, state__in=UNDER_WAY)
    return bool(going.update(state=state, ended_at=now, **fields))


# -- the worker's part ---------------------------------------------------------------------------------------------


def run(*, composition_id: int, now: dt.datetime) -> None:
    """Search, and write down what is found. Twice is once: only a composition that nobody has begun is begun."""
    begun = Composition.objects.filter(pk=composition_id, state=CompositionState.QUEUED)
    if not begun.update(state=CompositionState.RUNNING, alive_at=timezone.now()):
        return
    composition = Composition.objects.select_related("rollout", "asked_by").get(pk=composition_id)
    try:
        # The solver is large, and only the worker needs it.
        from rollout.domain.composing.answering import answer

        question = question_of(composition.rollout, Wishes.read(composition.wishes), now=composition.asked_at)
        found = answer(question, tick=lambda best, bound: _tell(composition, best, bound))
        if found.state != "stopped":
            _finish(composition, question, found, now=now)
    except Exception:
        fail(composition=composition, now=now, code="error")
        raise


def _tell(composition: Composition, best: int | None, bound: int | None) -> bool:
    """Write down how far the search has come. False: it is not to go on."""
    going = Composition.objects.filter(pk=composition.pk, state=CompositionState.RUNNING)
    told = {} if best is None else {"best": best, "bound": bound}
    return bool(going.update(alive_at=timezone.now(), **told))


@transaction.atomic
def _finish(composition: Composition, question: Question, found: "Answer", *, now: dt.datetime) -> None:
    """Make the scenario and end, or nothing where it was cancelled meanwhile."""
    rollout = lock_plan(composition.rollout_id)
    if not _still_wanted(composition):
        return
    if question_of(rollout, Wishes.read(composition.wishes), now=composition.asked_at) != question:
        fail(composition=composition, now=now, code="changed")
        return
    if found.state == "unknown":
        fail(composition=composition, now=now, code="unknown")
        return
    findings = _findings(question, found)
    if found.state == "infeasible":
        _end(composition, CompositionState.INFEASIBLE, now=now, findings=findings)
        return
    names = dict(rollout.placements.values_list("agency__slug", "agency__name"))
    scenario = scenarios.make(
        rollout=rollout,
        name=_("Forslag %(when)s") % {"when": clock_time(composition.asked_at)},
        purpose=Purpose.PROPOSAL,
        by=composition.asked_by,
        now=now,
        places=_places(question, found),
        explanation=composition_words.explanation(findings, names),
    )
    best = {"best": found.objective, "bound": found.bound, "scenario": scenario}
    _end(composition, CompositionState.DONE, now=now, findings=findings, **best)


def _still_wanted(composition: Composition) -> bool:
    """Whether nobody has cancelled it; nobody can until the transaction ends."""
    going = Composition.objects.select_for_update().filter(pk=composition.pk, state=CompositionState.RUNNING)
    return going.first() is not None


def _places(question: Question, found: "Answer") -> dict[str, dict[str, Any]]:
    """In each wave by their turn; who stays where it stands says nothing of its position."""
    return {
        agency.key: {"wave": found.places[agency.key]}
        for agency in question.agencies
        if found.places[agency.key] != agency.stands_in
    }


def _findings(question: Question, found: "Answer") -> dict[str, Any]:
    """What was found, as it is kept."""
    scales = Scales(question)
    people = {wave.number: 0 for wave in question.waves}
    for agency in question.agencies:
        if (number := found.places.get(agency.key)) is not None:
            people[number] += agency.headcount
    return {
        "proved": found.state == "optimal",
        "objective": found.objective,
        "bound": found.bound,
        "level": scales.level,
        "aims": [asdict(aim) for aim in found.aims],
        "today": [asdict(aim) for aim in found.today],
        "moves": [
            {
                "key": move.key,
                "before": move.before,
                "after": move.after,
                "code": move.reason.code,
                "facts": dict(move.reason.facts),
            }
            for move in found.moves
        ],
        "waves": [
            {
                "number": wave.number,
                "people": people[wave.number],
                "agencies": sum(number == wave.number for number in found.places.values()),
                "variation": found.variation.get(wave.number, 0),
                "pilot": wave.pilot,
                "cap": wave.cap,
            }
            for wave in question.waves
        ],
        "clash": [asdict(rule) for rule in found.clash],
        "relax": [asdict(one) for one in found.relax],
        "people": {agency.key: agency.headcount for agency in question.agencies},
        "waiting_today": sum(agency.stands_in is None for agency in question.agencies),
        "places": CAPACITY * len(question.waves),
    }
