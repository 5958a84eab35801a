"""The question as a CP-SAT model: who may stand where, what a plan must keep to, and what it is weighed by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ortools.sat.python import cp_model

from rollout.domain.composing.question import CAPACITY, Agency, Places, Question, Wave, in_time
from rollout.domain.composing.scoring import Scales
from rollout.domain.composing.variation import PAIRS, SCALE


@dataclass
class Plan:
    """The model's variables: `placed[key, wave]` and `queued[key]`, each 0 or 1; what cannot be has none."""

    question: Question
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    placed: dict[tuple[str, int], cp_model.IntVar] = field(default_factory=dict)
    queued: dict[str, cp_model.IntVar] = field(default_factory=dict)

    def standing_in(self, wave: Wave) -> list[tuple[Agency, cp_model.IntVar]]:
        pairs = ((agency, self.placed.get((agency.key, wave.number))) for agency in self.question.agencies)
        return [(agency, variable) for agency, variable in pairs if variable is not None]

    def options(self, agency: Agency) -> Iterator[tuple[int | None, cp_model.IntVar]]:
        """Each wave the agency may stand in, and the queue, with its variable."""
        yield None, self.queued[agency.key]
        for wave in self.question.waves:
            if (variable := self.placed.get((agency.key, wave.number))) is not None:
                yield wave.number, variable

    def people(self, wave: Wave) -> cp_model.LinearExprT:
        return sum(agency.headcount * variable for agency, variable in self.standing_in(wave))

    def number(self, wave: Wave) -> cp_model.LinearExprT:
        return sum(variable for _agency, variable in self.standing_in(wave))

    def places_of(self, value) -> dict[str, int | None]:
        """Where everybody stands, by `value`: what a variable is."""
        found: dict[str, int | None] = {agency.key: None for agency in self.question.agencies}
        found |= {key: number for (key, number), variable in self.placed.items() if value(variable)}
        return found

    def hint(self, places: Places) -> None:
        """Where to begin the search."""
        self.model.clear_hints()
        for (key, number), variable in self.placed.items():
            self.model.add_hint(variable, places[key] == number)
        for key, variable in self.queued.items():
            self.model.add_hint(variable, places[key] is None)


def hard_rules(question: Question) -> Plan:
    """The rules that no plan breaks: five places, caps, licences, earliest dates and locks."""
    plan = Plan(question)
    model = plan.model
    for agency in question.agencies:
        for wave in question.waves:
            if _may_stand(agency, wave):
                plan.placed[agency.key, wave.number] = model.new_bool_var(f"{agency.key} in {wave.number}")
        plan.queued[agency.key] = model.new_bool_var(f"{agency.key} in the queue")
        model.add_exactly_one(variable for _number, variable in plan.options(agency))
        if agency.pinned:
            model.add(plan.queued[agency.key] == (agency.stands_in is None))
        elif question.everyone:
            model.add(plan.queued[agency.key] == 0)
    for wave in question.waves:
        model.add(plan.number(wave) <= CAPACITY)
        if wave.cap is not None:
            model.add(plan.people(wave) <= wave.cap)
    if question.free_licences is not None:
        model.add(sum(plan.people(wave) for wave in question.waves) <= question.free_licences)
    return plan


def _may_stand(agency: Agency, wave: Wave) -> bool:
    if agency.pinned and agency.stands_in != wave.number:
        return False
    return in_time(agency, wave) and (wave.cap is None or agency.headcount <= wave.cap)


def left_out(plan: Plan) -> cp_model.LinearExprT:
    """As `scoring.left_out`."""
    people = max(1, sum(agency.headcount for agency in plan.question.agencies))
    return sum((10 + 10 * a.headcount // people) * plan.queued[a.key] for a in plan.question.agencies)


def points(plan: Plan, scales: Scales) -> cp_model.LinearExprT:
    """As `scoring.points`: what is minimised. An aim of weight nought adds nothing to the model."""
    measures = {"order": _order, "even": _even, "variation": _variation, "moves": _moves, "early": _early}
    return sum(factor * measures[name](plan, scales) for name, factor in scales.factor.items() if factor)


def _order(plan: Plan, scales: Scales) -> cp_model.LinearExprT:
    return sum(
        scales.from_turn(agency, number) * variable
        for agency in plan.question.agencies
        for number, variable in plan.options(agency)
    )


def _even(plan: Plan, scales: Scales) -> cp_model.LinearExprT:
    over = []
    for wave in plan.question.waves:
        most = sum(agency.headcount for agency, _variable in plan.standing_in(wave))
        if most > scales.level:
            above = plan.model.new_int_var(0, most - scales.level, f"over {wave.number}")
            plan.model.add(above >= plan.people(wave) - scales.level)
            over.append(above)
    alone = sum(over * (1 - plan.queued[key]) for key, over in scales.unavoidable.items())
    return sum(over) - alone


def _moves(plan: Plan, scales: Scales) -> cp_model.LinearExprT:
    return sum(
        1 - plan.placed.get((agency.key, agency.stands_in), 0)
        for agency in plan.question.agencies
        if agency.stands_in is not None
    )


def _early(plan: Plan, scales: Scales) -> cp_model.LinearExprT:
    """Days to the end, from one "it goes on to this wave" for each: where it goes on, it has come so far."""
    days: list[Any] = []
    later = None
    for place in reversed(range(len(plan.question.waves))):
        wave = plan.question.waves[place]
        on = plan.model.new_bool_var(f"on to {wave.number}")
        for _agency, variable in plan.standing_in(wave):
            plan.model.add_implication(variable, on)
        if later is not None:
            plan.model.add_implication(later, on)
        step = scales.days[place] - (scales.days[place - 1] if place else 0)
        days.append(step * on)
        later = on
    return sum(days)


def _variation(plan: Plan, scales: Scales) -> cp_model.LinearExprT:
    return sum(_varied(plan, scales, wave, dimension) for wave in scales.pilots for dimension in range(4))


def _varied(plan: Plan, scales: Scales, wave: Wave, dimension: int) -> cp_model.LinearExprT:
    """What the wave lacks of the most on one dimension.

    Sorted along it, the pairs' distances are the sum over the gaps between neighbours of (those below) x (those above)
    x (the gap): far tighter for the solver than a variable for each pair.
    """
    standing = [
        (place, variable)
        for agency, variable in plan.standing_in(wave)
        if (place := scales.positions[agency.key][dimension]) is not None
    ]
    steps = sorted({place for place, _variable in standing})
    lacks: list[Any] = []
    for low, high in pairwise(steps):
        below = plan.model.new_int_var(0, CAPACITY, f"below {high} on {dimension} in {wave.number}")
        above = plan.model.new_int_var(0, CAPACITY, f"above {low} on {dimension} in {wave.number}")
        plan.model.add(below == sum(v for place, v in standing if place <= low))
        plan.model.add(above == sum(v for place, v in standing if place >= high))
        lack = plan.model.new_int_var(0, PAIRS, f"lack at {high} on {dimension} in {wave.number}")
        plan.model.add_allowed_assignments([below, above, lack], _LACK)
        # What the table means, in lines that the linear relaxation sees.
        for side in (below, above):
            plan.model.add(lack >= PAIRS - 4 * side)
            plan.model.add(lack >= PAIRS - 2 - 2 * side)
        lacks.append((high - low) * lack)
    unreached = SCALE - (steps[-1] - steps[0] if steps else 0)
    return sum(lacks) + PAIRS * unreached


#: Of so many below a gap and so many above it, how many pairs it lacks of the most.
_LACK = [
    (below, above, PAIRS - below * above)
    for below in range(CAPACITY + 1)
    for above in range(CAPACITY + 1)
    if below + above <= CAPACITY
]
