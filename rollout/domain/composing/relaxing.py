"""Where a plan cannot be made: which rules clash, and the smallest thing to relax."""

from collections.abc import Iterator

from ortools.sat.python import cp_model

from rollout.domain.composing.question import CAPACITY, Question, Relaxation, Rule, in_time
from rollout.domain.composing.solving import Found, Tick, solve

#: What it costs to relax each kind of rule: fewest first, and a date or a lock before a contract or a whole wave.
COST = {"cap": 2, "unlock": 2, "hurry": 2, "licences": 3, "wave": 3}
#: People and days count only between plans that relax as much.
KIND = 10_000_000


def smallest(question: Question, *, effort: float, tick: Tick) -> tuple[Relaxation, ...]:
    """The least to relax so that there is a plan; empty where the effort was not enough to find any."""
    model = cp_model.CpModel()
    cost: list[cp_model.LinearExprT] = []
    told: list[tuple[Relaxation, cp_model.IntVar, cp_model.IntVar | int]] = []
    placed: dict[tuple[str, int], cp_model.IntVar] = {}
    people = sum(agency.headcount for agency in question.agencies)
    new: list[cp_model.IntVar] = []

    def relax(relaxation: Relaxation, *, most: int | None = None, amount: int = 0) -> cp_model.IntVar:
        """A rule that may be relaxed: 0 or 1, or with `most` by how much."""
        name = f"{relaxation.kind} {relaxation.wave} {relaxation.key}"
        used = model.new_bool_var(name)
        much: cp_model.IntVar | int = amount
        if most is not None:
            much = model.new_int_var(0, most, f"{name}: how much")
            model.add(much == 0).only_enforce_if(~used)
        cost.extend([KIND * COST[relaxation.kind] * used, much if most is not None else amount * used])
        told.append((relaxation, used, much))
        return used if most is None else much  # type: ignore[return-value]

    for agency in question.agencies:
        options = []
        unlocked = relax(Relaxation("unlock", key=agency.key)) if agency.pinned and agency.stands_in else None
        for wave in question.waves:
            here = placed[agency.key, wave.number] = model.new_bool_var(f"{agency.key} in {wave.number}")
            options.append(here)
            if not in_time(agency, wave):
                days = (agency.ready_from - wave.leaders_on).days
                hurried = Relaxation("hurry", wave=wave.number, key=agency.key)
                model.add_implication(here, relax(hurried, amount=days))
            if agency.pinned and agency.stands_in != wave.number:
                model.add_implication(here, unlocked) if unlocked is not None else model.add(here == 0)
        added = model.new_bool_var(f"{agency.key} in a new wave")
        new.append(added)
        queued = model.new_bool_var(f"{agency.key} in the queue")
        model.add_exactly_one([*options, added, queued])
        if agency.pinned:
            _pinned(model, queued, added, unlocked, in_queue=agency.stands_in is None)
        if question.everyone and not (agency.pinned and agency.stands_in is None):
            model.add(queued == 0)
    for wave in question.waves:
        standing = [(agency.headcount, placed[agency.key, wave.number]) for agency in question.agencies]
        model.add(sum(here for _people, here in standing) <= CAPACITY)
        if wave.cap is not None:
            raised = relax(Relaxation("cap", wave=wave.number), most=people)
            model.add(sum(size * here for size, here in standing) <= wave.cap + raised)
    if question.free_licences is not None:
        more = relax(Relaxation("licences"), most=people)
        outside = sum(
            a.headcount * (1 - sum(placed[a.key, w.number] for w in question.waves) - n)
            for a, n in zip(question.agencies, new, strict=True)
        )
        model.add(people - outside <= question.free_licences + more)
    waves = model.new_int_var(0, len(question.agencies), "new waves")
    model.add(sum(new) <= CAPACITY * waves)
    cost.append(KIND * COST["wave"] * waves)
    model.minimize(sum(cost))
    found = solve(model, effort=effort, tick=tick)
    return tuple(_told(question, found, told, waves)) if found.solved else ()


def _pinned(model, queued, added, unlocked, *, in_queue: bool) -> None:
    if in_queue:
        model.add(queued == 1)
    else:
        model.add_implication(queued, unlocked)
        model.add_implication(added, unlocked)


def _told(question: Question, found: Found, told, waves) -> Iterator[Relaxation]:
    caps = {wave.number: wave.cap or 0 for wave in question.waves}
    for relaxation, used, much in told:
        if found.value(used):
            amount = much if isinstance(much, int) else found.value(much)
            amount += caps[relaxation.wave] if relaxation.kind == "cap" else 0
            yield Relaxation(relaxation.kind, relaxation.wave, relaxation.key, amount or None)
    if number := found.value(waves):
        yield Relaxation("wave", amount=number)


def clash(question: Question, *, effort: float, tick: Tick) -> tuple[Rule, ...]:
    """Rules that cannot all be kept, none of which can be left out: an explanation, not all there is to say.

    Five places in a wave, and that each stands in one, are always kept, and are not among them.
    """
    rules = list(_rules(question))
    if _possible(question, rules, effort=effort, tick=tick):
        return ()
    for rule in list(rules):
        without = [other for other in rules if other != rule]
        if not _possible(question, without, effort=effort, tick=tick):
            rules = without
    return tuple(rules)


def _rules(question: Question) -> Iterator[Rule]:
    for wave in question.waves:
        if wave.cap is not None:
            yield Rule("cap", wave=wave.number)
    if question.free_licences is not None:
        yield Rule("licences")
    for agency in question.agencies:
        if not all(in_time(agency, wave) for wave in question.waves):
            yield Rule("ready", key=agency.key)
        if agency.pinned:
            yield Rule("pinned", wave=agency.stands_in, key=agency.key)
    if question.everyone:
        yield Rule("everyone")


def _possible(question: Question, rules: list[Rule], *, effort: float, tick: Tick) -> bool:
    """Whether there is a plan by these rules. Where the effort does not tell, there may be."""
    kept = set(rules)
    model = cp_model.CpModel()
    number: dict[int, list[cp_model.IntVar]] = {wave.number: [] for wave in question.waves}
    people: dict[int, list[cp_model.LinearExprT]] = {wave.number: [] for wave in question.waves}
    for agency in question.agencies:
        pinned = Rule("pinned", wave=agency.stands_in, key=agency.key) in kept
        options = []
        for wave in question.waves:
            late = Rule("ready", key=agency.key) in kept and not in_time(agency, wave)
            if late or (pinned and agency.stands_in != wave.number):
                continue
            here = model.new_bool_var("")
            options.append(here)
            number[wave.number].append(here)
            people[wave.number].append(agency.headcount * here)
        queued = model.new_bool_var("")
        model.add_exactly_one([*options, queued])
        if pinned:
            model.add(queued == (agency.stands_in is None))
        elif Rule("everyone") in kept:
            model.add(queued == 0)
    for wave in question.waves:
        model.add(sum(number[wave.number]) <= CAPACITY)
        if Rule("cap", wave=wave.number) in kept and wave.cap is not None:
            model.add(sum(people[wave.number]) <= wave.cap)
    if Rule("licences") in kept and question.free_licences is not None:
        model.add(sum(sum(each) for each in people.values()) <= question.free_licences)
    return solve(model, effort=effort, tick=tick).state != "infeasible"
