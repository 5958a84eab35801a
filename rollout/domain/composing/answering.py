"""From a question to its answer: the fewest without a place, then the fewest points, then why."""

from dataclasses import replace

from rollout.domain.composing import explaining, model, relaxing, scoring, variation
from rollout.domain.composing.question import Answer, Places, Question
from rollout.domain.composing.solving import Stopped, Tick, solve

#: Shares of the effort: for who gets a place, and for each thing asked of what stands in the way.
PLACING, RELAXING, CLASHING = 0.15, 0.2, 0.02


def answer(question: Question, *, tick: Tick = lambda _best, _bound: True) -> Answer:
    """The best plan that the effort finds. `tick` is told of the progress about once a second, and may stop it."""
    effort = question.effort
    scales = scoring.Scales(question)
    today = scoring.score(scales, scoring.today(question))
    silent: Tick = lambda _best, _bound: tick(None, None)  # noqa: E731 (its points are not those of a plan)
    try:
        plan = model.hard_rules(question)
        plan.model.minimize(model.left_out(plan))
        plan.hint(scales.turns)
        found = solve(plan.model, effort=effort * PLACING, tick=silent)
        if not found.solved:
            if found.state != "infeasible":
                return Answer("unknown", today=today)
            return _with_what_to_relax(Answer("infeasible", today=today), question, tick=silent)
        sure, places = found.state == "optimal", plan.places_of(found.value)
        plan.model.add(model.left_out(plan) <= scoring.left_out(question, places))
        plan.model.minimize(model.points(plan, scales))
        plan.hint(places)
        found = solve(plan.model, effort=effort, tick=tick)
        if found.solved:
            sure, places = sure and found.state == "optimal", plan.places_of(found.value)
            bound = max(0, found.bound)
        else:
            sure, bound = False, 0
        done = _answer(scales, places, sure=sure, bound=bound, today=today)
        if _somebody_waits(question, places):
            return _with_what_to_relax(done, replace(question, everyone=True), tick=silent)
        return done
    except Stopped:
        return Answer("stopped", today=today)


def _answer(scales: scoring.Scales, places: Places, *, sure: bool, bound: int, today) -> Answer:
    aims = scoring.score(scales, places)
    objective = sum(aim.points for aim in aims)
    return Answer(
        state="optimal" if sure else "feasible",
        places=places,
        aims=aims,
        today=today,
        objective=objective,
        bound=objective if sure else min(bound, objective),
        moves=explaining.moves(scales, places),
        variation={
            wave.number: variation.variation(
                scales.positions[k] for k, number in places.items() if number == wave.number
            )
            for wave in scales.question.waves
        },
    )


def _somebody_waits(question: Question, places: Places) -> bool:
    return any(places[agency.key] is None and not agency.pinned for agency in question.agencies)


def _with_what_to_relax(answer: Answer, question: Question, *, tick: Tick) -> Answer:
    return replace(
        answer,
        clash=relaxing.clash(question, effort=question.effort * CLASHING, tick=tick),
        relax=relaxing.smallest(question, effort=question.effort * RELAXING, tick=tick),
    )
