"""The composer's core: it keeps every hard rule, finds the best plan, and says why or what stands in the way."""

import ast
import datetime as dt
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollout.domain.composing import relaxing, scoring, variation
from rollout.domain.composing.answering import answer
from rollout.domain.composing.question import Agency, Question, Relaxation, Rule, Wave, Weights
from tests.composing import OSLO, best_by_trying, broken, large, oslo_2018

DAY = dt.date(2018, 3, 1)
CORE = Path(scoring.__file__).parent


def agency(key: str, *, headcount: int = 100, order: int = 1, ready: int = 0, **fields) -> Agency:
    """`ready`: days after `DAY`."""
    known = {"locations": 1, "maturity": 3, "anchoring": 3, "stands_in": None, "pinned": False} | fields
    return Agency(key=key, headcount=headcount, order=order, ready_from=DAY + dt.timedelta(days=ready), **known)


def wave(number: int, **fields) -> Wave:
    """Every fourth week from `DAY`."""
    leaders_on = DAY + dt.timedelta(weeks=4 * (number - 1))
    return Wave(number, leaders_on, leaders_on + dt.timedelta(days=14), **fields)


def ask(agencies, waves, **fields) -> Question:
    return Question(tuple(agencies), tuple(waves), **{"effort": 1.0} | fields)


agencies = st.builds(
    agency,
    key=st.just(""),
    headcount=st.one_of(st.integers(1, 400), st.just(5_000)),
    ready=st.sampled_from([0, 20, 60, 200]),
    locations=st.integers(1, 60),
    maturity=st.none() | st.integers(1, 5),
    anchoring=st.integers(1, 5),
    stands_in=st.none() | st.integers(1, 3),
    pinned=st.booleans(),
)
waves = st.fixed_dictionaries(
    {"cap": st.none() | st.integers(100, 6_000), "pilot": st.booleans(), "rushed": st.booleans()}
)
weights = st.builds(Weights, *[st.integers(0, 5)] * 5)


@st.composite
def questions(draw, *, most_agencies: int, most_waves: int) -> Question:
    numbers = range(1, draw(st.integers(1, most_waves)) + 1)
    known = draw(st.lists(agencies, min_size=1, max_size=most_agencies))
    return ask(
        # Who stands in a wave that is not there, stands in the queue.
        [
            replace(one, key=f"a{n}", order=n, stands_in=one.stands_in if one.stands_in in numbers else None)
            for n, one in enumerate(known)
        ],
        [wave(n, **draw(waves)) for n in numbers],
        weights=draw(weights),
        free_licences=draw(st.none() | st.integers(0, 8_000)),
        everyone=draw(st.booleans()),
        effort=0.4,
    )


calmly = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@calmly
@given(questions(most_agencies=14, most_waves=3))
def test_no_answer_breaks_a_hard_rule_and_its_points_are_those_of_the_plan(question):
    found = answer(question)
    if found.state == "infeasible":
        # Each rule of the clash is needed for it, and what it says to relax is something.
        assert found.clash
        assert found.relax
        return
    assert broken(question, found.places) == []
    assert found.objective == scoring.points(scoring.Scales(question), found.places)
    assert found.bound <= found.objective
    assert {move.key for move in found.moves} >= {
        one.key for one in question.agencies if found.places[one.key] != one.stands_in
    }


@calmly
@given(questions(most_agencies=5, most_waves=2))
def test_a_small_case_gets_the_best_plan_there_is(question):
    found, best = answer(question), best_by_trying(question)
    if best is None:
        assert found.state == "infeasible"
    else:
        assert found.state == "optimal"
        assert (scoring.left_out(question, found.places), found.objective) == best


def test_the_checker_finds_each_rule_that_is_broken():
    crowd = [agency(f"a{n}", headcount=100, order=n) for n in range(6)]
    late = agency("late", ready=30, order=7)
    locked = agency("locked", pinned=True, order=8)
    question = ask([*crowd, late, locked], [wave(1, cap=400)], free_licences=700, everyone=True)
    places = {one.key: 1 for one in crowd} | {"late": 1, "locked": 1}
    assert broken(question, places) == [
        "late cannot be ready by wave 1",
        "locked is locked and was moved",
        "wave 1 has 8 agencies",
        "wave 1 has 800 people",
        "800 licences are needed",
    ]
    assert broken(question, places | {"late": None, "a1": 9}) == [
        "a1 stands in a wave that may not change",
        "late has no place",
        "locked is locked and was moved",
        "wave 1 has 6 agencies",
        "wave 1 has 600 people",
    ]


# -- the reference rollout -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def oslo():
    question = oslo_2018()
    return question, answer(question)


def test_the_reference_rollout_is_solved_to_proof(oslo):
    question, found = oslo
    assert found.state == "optimal"
    assert found.gap == 0
    assert broken(question, found.places) == []


def test_the_pilot_wave_is_at_least_as_varied_as_the_one_that_oslo_chose(oslo):
    question, found = oslo
    positions = scoring.Scales(question).positions
    by_oslo = variation.variation(positions[key] for key in OSLO)
    assert found.variation[1] >= by_oslo > 0


def test_a_pilot_within_the_lead_times_is_as_varied_too():
    """Nobody rushed: the first wave that anybody can be ready for is wave 2."""
    question = oslo_2018(pilots=(2,), rushed=())
    by_oslo = variation.variation(scoring.Scales(question).positions[key] for key in OSLO)
    assert answer(question).variation[2] >= by_oslo


def test_the_one_that_is_larger_than_all_others_stands_alone(oslo):
    _question, found = oslo
    assert [key for key, number in found.places.items() if number == found.places["ude"]] == ["ude"]


def test_the_same_question_has_the_same_answer(oslo):
    question, found = oslo
    shuffled = replace(question, agencies=question.agencies[::-1], waves=question.waves[::-1])
    assert answer(shuffled) == found


def test_a_search_that_is_cut_short_gives_the_same_answer_too():
    question = oslo_2018(effort=0.15)
    first = answer(question)
    assert first.state == "feasible"
    assert answer(question) == first


# -- the measures --------------------------------------------------------------------------------------------------


def test_five_alike_do_not_vary_and_five_at_the_ends_vary_most():
    low, high = (0, 0, 0, 0), (1000, 1000, 1000, 1000)
    assert variation.variation([low] * 5) == 0
    assert variation.variation([low, low, high, high, high]) == 1000
    assert variation.variation([low, high]) < 1000
    assert variation.variation([low, (None, None, None, None)]) == 0


positions = st.tuples(*[st.none() | st.integers(0, 1000)] * 4)


@given(st.lists(positions, max_size=5), positions)
def test_another_agency_never_makes_a_wave_less_varied(members, other):
    assert variation.variation(members) <= variation.variation([*members, other]) or len(members) == 5


def test_a_giant_does_not_hide_the_unevenness_of_the_others():
    question = oslo_2018()
    scales = scoring.Scales(question)
    assert scales.level == 4000
    alone = {one.key: 7 if one.key == "ude" else 1 + n % 6 for n, one in enumerate(question.agencies)}
    lopsided = alone | dict.fromkeys(("bos", "bga", "bsn"), 1)
    assert scoring.measures(scales, lopsided)["even"] > scoring.measures(scales, alone)["even"]
    assert scoring.measures(scales, alone | {"bos": 7})["even"] > scoring.measures(scales, alone)["even"]


def test_nobody_is_left_out_to_make_a_plan_look_better():
    """Alone in the queue it would cost no order, no unevenness and no days."""
    found = answer(ask([agency("a"), agency("b", headcount=9_000, order=2)], [wave(1), wave(2)]))
    assert None not in found.places.values()


def test_where_only_some_have_room_as_many_as_can_be_have_it():
    found = answer(ask([agency(f"a{n}", order=n) for n in range(7)], [wave(1)]))
    assert list(found.places.values()).count(None) == 2
    assert found.relax == (Relaxation("wave", amount=1),)
    assert found.clash == (Rule("everyone"),)


# -- why, and what stands in the way -------------------------------------------------------------------------------


def reasons(question: Question) -> dict[str, tuple]:
    return {move.key: (move.before, move.after, move.reason.code) for move in answer(question).moves}


def test_a_move_is_explained_by_what_would_be_wrong_with_staying():
    late = agency("late", ready=20, stands_in=1)
    assert reasons(ask([late], [wave(1), wave(2)])) == {"late": (1, 2, "not_ready")}

    big, small = agency("big", headcount=900, stands_in=1), agency("small", headcount=200, stands_in=1, order=2)
    capped = ask([big, small], [wave(1, cap=1_000), wave(2)], weights=Weights(5, 0, 0, 1, 0))
    assert reasons(capped) == {"small": (1, 2, "cap")}

    uneven = ask([big, replace(small, headcount=800)], [wave(1), wave(2)])
    assert [why for *_places, why in reasons(uneven).values()] == ["even"]


def test_what_is_left_out_is_told_why():
    assert reasons(ask([agency("a", ready=300)], [wave(1)])) == {"a": (None, None, "never_ready")}
    assert reasons(ask([agency("a", headcount=900)], [wave(1, cap=500)])) == {"a": (None, None, "larger_than_caps")}
    assert reasons(ask([agency("a")], [wave(1)], free_licences=50)) == {"a": (None, None, "licences")}


def what_to_relax(*args, **fields) -> tuple[Relaxation, ...]:
    return answer(ask(*args, everyone=True, **fields)).relax


def test_the_smallest_thing_to_relax_is_named():
    two = [agency("a", headcount=700), agency("b", headcount=600, order=2)]
    assert what_to_relax(two, [wave(1, cap=1_000)]) == (Relaxation("cap", wave=1, amount=1_300),)
    assert what_to_relax(two, [wave(1)], free_licences=1_000) == (Relaxation("licences", amount=300),)
    assert what_to_relax([agency("a", ready=9)], [wave(1)]) == (Relaxation("hurry", wave=1, key="a", amount=9),)
    assert what_to_relax([agency(f"a{n}", order=n) for n in range(11)], [wave(1)]) == (Relaxation("wave", amount=2),)
    locked = [replace(one, pinned=True, stands_in=1) for one in two]
    assert what_to_relax(locked, [wave(1, cap=1_200), wave(2)]) in (
        (Relaxation("unlock", key="a"),),
        (Relaxation("unlock", key="b"),),
        (Relaxation("cap", wave=1, amount=1_300),),
    )


def test_the_rules_that_clash_are_named_and_no_others():
    locked = [agency(key, headcount=700, pinned=True, stands_in=1, order=n) for n, key in enumerate("ab")]
    found = answer(ask([*locked, agency("c", order=3)], [wave(1, cap=1_000), wave(2, cap=1_000)], free_licences=9_000))
    assert found.state == "infeasible"
    assert found.clash == (Rule("cap", wave=1), Rule("pinned", wave=1, key="a"), Rule("pinned", wave=1, key="b"))


@calmly
@given(questions(most_agencies=8, most_waves=3))
def test_rules_clash_exactly_where_there_is_no_plan(question):
    found = relaxing.clash(question, effort=0.2, tick=lambda _best, _bound: True)
    assert bool(found) == (answer(question).state == "infeasible")


# -- the search ----------------------------------------------------------------------------------------------------


def test_a_search_that_is_told_to_stop_stops():
    assert answer(replace(large(), effort=600.0), tick=lambda _best, _bound: False).state == "stopped"


def test_the_core_knows_neither_django_nor_the_tables():
    foreign = set()
    for path in CORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign |= {n for n in names if n.startswith(("django", "rollout", "agencies"))}
    assert {name for name in foreign if not name.startswith("rollout.domain.composing")} == set()


def test_the_web_process_does_not_load_the_solver():
    script = "import sys, django; django.setup(); import rollout.urls, rollout.tasks; print('ortools' in sys.modules)"
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
