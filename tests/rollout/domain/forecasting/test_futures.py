"""The forecast as pure functions: what must hold whatever the plan is."""

import ast
import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout.domain.forecasting import causes, forecast
from rollout.domain.forecasting.belief import believe
from rollout.domain.forecasting.data import (
    AgencyPlan,
    Assumptions,
    Observed,
    Pace,
    Piece,
    Place,
    PlanData,
    Share,
    WavePlan,
)
from rollout.domain.forecasting.days import Days
from rollout.domain.forecasting.futures import draw
from rollout.domain.forecasting.ranges import quantiles
from tests.calibrate import worlds

LEVELS = ("p10", "p50", "p80", "p90")
TODAY = dt.date(2018, 2, 1)
PURE = ("data", "days", "belief", "openings", "futures", "ranges", "causes")


NOBODY_HELD = Assumptions(hold=Share(deferred=1e-9, let_in=1.0))


def days_but(*closed: tuple[dt.date, dt.date]) -> Days:
    return Days.of(
        dt.date(2018, 1, 1),
        is_working=worlds.is_working_day,
        is_open=lambda day: worlds.is_working_day(day) and not any(first <= day <= last for first, last in closed),
    )


DAYS = days_but(worlds.SUMMER)


def reference(**changes) -> PlanData:
    """The reference rollout's plan before anything has opened, everybody in their wave."""
    plan = PlanData(TODAY, DAYS, tuple(worlds.WAVES), tuple(worlds.AGENCIES))
    return replace(plan, **changes)


def after_waves(number: int, *, late: int = 0) -> PlanData:
    """The reference plan when so many waves have opened for all, each piece so many days late."""
    plan = reference()
    waves = tuple(replace(wave, leaders_in=wave.number <= number, all_in=wave.number <= number) for wave in plan.waves)
    access = {wave.number: wave.all_staff_on for wave in waves if wave.all_in}
    agencies = tuple(
        replace(one, has_leaders=one.wave in access, access_on=access.get(one.wave or 0)) for one in plan.agencies
    )
    ahead_from = waves[number - 1].all_staff_on + dt.timedelta(days=1)
    steps = [(n, step) for n in range(1, number + 1) for step in ("leaders", "all_staff")][1:]
    pieces = tuple(Piece(wave, step, 9, late) for wave, step in steps)
    let_in = sum(one.access_on is not None for one in agencies)
    return replace(
        plan, ahead_from=ahead_from, waves=waves, agencies=agencies, observed=Observed(pieces=pieces, let_in=let_in)
    )


def width(told: dict) -> int:
    return (dt.date.fromisoformat(told["finish"]["p90"]) - dt.date.fromisoformat(told["finish"]["p10"])).days


@st.composite
def plans(draw_one):
    """A plan with waves in order, some of the agencies in the queue, and something observed."""
    gaps = draw_one(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 30)), min_size=0, max_size=6))
    day, waves = TODAY, []
    for number, (gap, all_staff) in enumerate(gaps, 1):
        leaders = worlds.later(day + dt.timedelta(days=gap), 0)
        day = worlds.later(leaders + dt.timedelta(days=all_staff), 0)
        cap = draw_one(st.none() | st.integers(1, 5000))
        waves.append(WavePlan(number, leaders, day, firm=draw_one(st.booleans()), people_cap=cap))
    agencies: list[AgencyPlan] = []
    for place in range(draw_one(st.integers(1, 14))):
        free = [w.number for w in waves if sum(one.wave == w.number for one in agencies) < 5]
        wave = draw_one(st.sampled_from([None, *free]))
        late = draw_one(st.sampled_from([(), ("accounts_and_sso",), ("funding", "accounts_and_sso")])) if wave else ()
        to = draw_one(st.sampled_from([None, *(w.number for w in waves)]))
        people = draw_one(st.integers(0, 20_000))
        agencies.append(AgencyPlan(f"a{place}", f"A{place}", people, wave=wave, late=late, defer_to=to))
    pieces = tuple(
        Piece(1, "all_staff", planned, late)
        for planned, late in draw_one(st.lists(st.tuples(st.integers(0, 20), st.integers(-20, 60)), max_size=4))
    )
    observed = Observed(pieces=pieces, let_in=draw_one(st.integers(0, 9)), deferred=draw_one(st.integers(0, 9)))
    return PlanData(TODAY, DAYS, tuple(waves), tuple(agencies), observed)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_the_ranges_are_in_order_and_nobody_is_left_without_access(plan):
    told = forecast(plan, futures=60, seed=1)
    for one in [told["finish"], *told["waves"]]:
        assert [one[level] for level in LEVELS] == sorted(one[level] for level in LEVELS)
    for week in told["weeks"]:
        assert [week[level] for level in LEVELS] == sorted(week[level] for level in LEVELS)
    drawn = draw(plan, futures=60, seed=1)
    assert (drawn.access >= DAYS.number(TODAY)).all()
    assert (drawn.finish == drawn.access.max(axis=0)).all()


@settings(max_examples=60, deadline=None)
@given(plans())
def test_no_wave_lets_in_more_than_five_in_any_future(plan):
    no_wave_is_too_full(plan)


def test_no_wave_lets_in_more_than_five_when_nearly_all_are_deferred_time_and_again():
    queue = tuple(AgencyPlan(f"a{place}", f"A{place}", 100) for place in range(14))
    no_wave_is_too_full(PlanData(TODAY, DAYS, (), queue, Observed(deferred=50)))


def no_wave_is_too_full(plan: PlanData) -> None:
    drawn = draw(replace(plan, assumptions=NOBODY_HELD), futures=60, seed=2)
    for future in range(60):
        opened: dict[int, int] = {}
        for day in drawn.access[:, future]:
            opened[int(day)] = opened.get(int(day), 0) + 1
        # Two waves may open on one day, but not more agencies than both hold.
        waves_on = [sum(int(wave.all_staff[future]) == day for wave in drawn.waves) for day in opened]
        assert all(number <= 5 * waves for number, waves in zip(opened.values(), waves_on, strict=True))


@settings(max_examples=60, deadline=None)
@given(plans(), st.dates(TODAY, dt.date(2018, 12, 1)), st.integers(0, 40))
def test_a_closed_period_more_never_makes_anything_earlier(plan, first, length):
    closed = days_but(worlds.SUMMER, (first, first + dt.timedelta(days=length)))
    before = draw(plan, futures=60, seed=3)
    after = draw(replace(plan, days=closed), futures=60, seed=3)
    assert (after.access >= before.access).all()


def test_the_same_seed_gives_the_same_answer_and_another_seed_another():
    plan = reference()
    assert forecast(plan, futures=300, seed=5) == forecast(plan, futures=300, seed=5)
    assert forecast(plan, futures=300, seed=5)["finish"] != forecast(plan, futures=300, seed=6)["finish"]


def test_a_finished_rollout_is_certain():
    told = forecast(after_waves(7), futures=200, seed=1)
    assert {told["finish"][level] for level in LEVELS} == {"2018-10-16"}
    assert told["more_waves_percent"] == 0
    assert causes.helps(after_waves(7)) == []


def test_an_empty_plan_has_no_finish():
    told = forecast(PlanData(TODAY, DAYS, (), ()), futures=50, seed=1)
    assert told["finish"] is None
    assert told["weeks"] == []


def test_a_queue_without_waves_gets_waves_of_five():
    queue = tuple(AgencyPlan(f"a{n}", f"A{n}", 100) for n in range(11))
    drawn = draw(PlanData(TODAY, DAYS, (), queue), futures=50, seed=1)
    assert all(wave.number is None for wave in drawn.waves)
    assert min(len(set(drawn.access[:, future])) for future in range(50)) >= 3


def test_one_finished_wave_is_a_wide_range_and_more_of_them_on_time_narrow_it():
    """Of the pieces ahead, the same in all: what is known of the pace alone."""
    spreads = []
    for number in (0, 1, 2, 4, 8):
        belief = believe(reference(observed=Observed(pieces=(Piece(1, "all_staff", 9, 0),) * number)))
        spreads.append(belief.pace.scale / (belief.pace.shape - 1) * (1 + 1 / belief.pace.weight))
    assert spreads == sorted(spreads, reverse=True)
    one, four = (forecast(after_waves(n), futures=4000, seed=1) for n in (1, 4))
    assert width(one) > 60
    assert width(four) < width(one)


def test_late_pieces_make_the_waves_to_come_later():
    on_time, late = (forecast(after_waves(2, late=n), futures=2000, seed=1) for n in (0, 6))
    assert late["finish"]["p50"] > on_time["finish"]["p50"]
    assert late["believed"]["pace_percent"] > on_time["believed"]["pace_percent"]


def test_the_belief_after_two_observations_is_that_after_one_and_then_the_other():
    prior = Pace(mean=0.0, weight=1.0, shape=4.0, scale=0.27)
    together, stepwise = prior.seen([0.4, -0.1]), prior.seen([0.4]).seen([-0.1])
    for name in ("mean", "weight", "shape", "scale"):
        assert getattr(together, name) == pytest.approx(getattr(stepwise, name))


def test_a_step_with_its_go_comes_on_its_date_in_every_future():
    firm = replace(worlds.WAVES[0], firm=True)
    drawn = draw(reference(waves=(firm, *worlds.WAVES[1:])), futures=200, seed=1)
    assert set(drawn.waves[0].leaders) == {DAYS.number(firm.leaders_on)}
    assert len(set(drawn.waves[0].all_staff)) > 1


def test_nothing_opens_before_today_however_late_the_plan_is():
    plan = reference(ahead_from=dt.date(2018, 6, 1))
    drawn = draw(plan, futures=200, seed=1)
    assert (drawn.waves[0].leaders >= DAYS.number(dt.date(2018, 6, 1))).all()


def test_an_agency_deferred_to_a_chosen_wave_waits_for_that_wave():
    first = replace(worlds.AGENCIES[0], defer_to=4, late=("a", "b", "c"))
    plan = reference(agencies=(first, *worlds.AGENCIES[1:]), assumptions=NOBODY_HELD)
    drawn = draw(plan, futures=500, seed=1)
    in_first, deferred = drawn.access[0] == drawn.waves[0].all_staff, drawn.access[0] > drawn.waves[0].all_staff
    assert in_first.any()
    assert deferred.any()
    assert (drawn.access[0][deferred] >= drawn.waves[3].all_staff[deferred]).all()


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(0, 60_000))
def test_the_plans_waves_take_no_more_licences_than_the_pool_has_in_any_future(plan, licences):
    plan = replace(plan, licences=licences, assumptions=NOBODY_HELD)
    drawn = draw(plan, futures=60, seed=4)
    planned = [wave.all_staff for wave in drawn.waves if wave.number is not None]
    last = np.maximum.reduce(planned) if planned else np.full(60, DAYS.number(TODAY))
    people = np.array([one.people for one in plan.agencies])[:, np.newaxis]
    # Whoever comes in after the plan's last wave found none, or no place.
    assert ((people * (drawn.access <= last)).sum(axis=0) <= licences).all()
    missing = sum(one.people for one in plan.agencies) > licences
    assert bool(plan.unlicensed()) == bool(plan.licences_missing) == missing


def test_who_finds_too_few_licences_comes_in_after_the_plans_last_wave_and_is_named_as_a_cause():
    enough = sum(one.people for one in worlds.AGENCIES)
    plan = reference(licences=enough - 10_000)
    drawn = draw(plan, futures=300, seed=1)
    assert drawn.waves[6].number == 7
    # Utdanningsetaten alone, in the last wave, needs more than what is left, but where many others are deferred.
    assert (drawn.access[-1] > drawn.waves[6].all_staff).mean() > 0.9
    assert forecast(plan, futures=300)["licences"] == {
        "free": enough - 10_000,
        "missing": 10_000,
        "wave": 7,
        "agencies": [worlds.AGENCIES[-1].name],
    }
    cause = next(one for one in causes.helps(plan) if one["cause"] == causes.POOL)
    assert (cause["agencies"], cause["days"] > 10) == ([worlds.AGENCIES[-1].name], True)
    with_enough = reference(licences=enough)
    assert causes.POOL not in {one["cause"] for one in causes.helps(with_enough)}
    assert (draw(with_enough, futures=300, seed=1).access == draw(reference(), futures=300, seed=1).access).all()


def test_the_more_are_held_at_all_staff_the_later_people_get_access_though_the_waves_open_as_before():
    seldom = replace(after_waves(3), observed=Observed(let_in=13, let_in_all=13))
    often = replace(seldom, observed=Observed(let_in=13, let_in_all=5, held=8))
    few, many = (draw(plan, futures=2000, seed=1) for plan in (seldom, often))
    assert all((one.all_staff == other.all_staff).all() for one, other in zip(few.waves, many.waves, strict=True))
    assert many.access.mean() > few.access.mean() + 2
    assert causes.HOLDS in {one["cause"] for one in causes.helps(often)}


def test_an_agency_that_is_held_now_is_named_as_a_cause_while_it_holds_up_the_finish():
    done = after_waves(7)
    held = replace(done.agencies[-1], access_on=None)
    plan = replace(done, agencies=(*done.agencies[:-1], held))
    assert [one.name for one in plan.held()] == [held.name]
    (cause,) = [one for one in causes.helps(plan) if one["cause"] == causes.HOLDS]
    assert cause["agencies"] == [held.name]
    assert cause["days"] > 5
    assert plan.without_held().held() == []


def test_a_step_that_nobody_is_late_with_any_more_costs_no_days_and_is_named_while_it_does():
    late = tuple(
        replace(one, late=("accounts_and_sso", "funding")) if one.wave in (6, 7) else one for one in worlds.AGENCIES
    )
    plan = reference(agencies=late)
    step = next(one for one in causes.helps(plan) if one["step"] == "accounts_and_sso")
    assert step["days"] >= 1
    assert step["agencies"] == [one.name for one in late if one.late]
    assert all(one["step"] != "accounts_and_sso" for one in causes.helps(plan.with_done("accounts_and_sso")))


def test_the_last_step_that_is_missing_is_a_cause_before_it_is_late_and_one_of_several_is_none():
    missing = {6: ("accounts_and_sso",), 7: ("accounts_and_sso",), 1: ("funding", "sponsor")}
    agencies = tuple(
        replace(one, missing=missing.get(one.wave or 0, ()), ready=one.wave not in missing) for one in worlds.AGENCIES
    )
    steps = [one for one in causes.helps(reference(agencies=agencies)) if one["cause"] == causes.STEP]
    assert [one["step"] for one in steps] == ["accounts_and_sso"]
    assert steps[0]["agencies"] == [one.name for one in agencies if one.wave in (6, 7)]
    assert all(one.ready for one in reference(agencies=agencies).with_done("accounts_and_sso").agencies[-5:])


def test_a_wait_for_decisions_that_is_longer_than_the_plan_makes_it_later_and_is_a_cause():
    slow = after_waves(1)
    slow = replace(slow, observed=replace(slow.observed, waits=(40,)))
    assert (
        forecast(slow, futures=2000, seed=1)["finish"]["p50"]
        > forecast(after_waves(1), futures=2000, seed=1)["finish"]["p50"]
    )
    assert causes.DECISIONS in {one["cause"] for one in causes.helps(slow)}


def test_what_moved_the_forecast_is_told_in_parts_that_add_up():
    before = forecast(after_waves(1), futures=4000, seed=1)
    plan = after_waves(2, late=8)
    told = forecast(plan, futures=4000, seed=1)
    moved = causes.moved(plan, told, before, seed=1)
    assert moved["days"] > 0
    assert next(part for part in moved["parts"] if part["what"] == "pace")["days"] > 0
    assert sum(part["days"] for part in moved["parts"]) == pytest.approx(moved["days"], abs=2)


def test_another_plan_is_forecast_by_the_same_luck_as_todays():
    today = reference(waves=(replace(worlds.WAVES[0], firm=True), *worlds.WAVES[1:]))
    later = {"7": {"leaders_on": "2018-10-18", "all_staff_on": "2018-11-06"}}
    eighth = {"8": {"leaders_on": "2018-11-19", "all_staff_on": "2018-12-03"}}
    slower = today.otherwise(places={}, dates=later)
    assert forecast(slower, futures=500)["finish"]["mean"] > forecast(today, futures=500)["finish"]["mean"]
    places: dict[str, Place] = {"1-0": {"wave": 8, "position": 1}, "2-1": {"wave": None, "position": 1}}
    moved = today.otherwise(places=places, dates=eighth)
    where = {one.slug: one.wave for one in moved.agencies}
    assert (where["1-0"], where["2-1"], where["1-1"]) == (8, None, 1)
    assert [wave.number for wave in moved.waves] == [1, 2, 3, 4, 5, 6, 7, 8]
    # The go was for wave 1 with the agency in it.
    assert not moved.waves[0].firm
    assert slower.waves[0].firm
    assert today.otherwise(places={}, dates={}) == today


def test_a_last_wave_planned_four_weeks_later_is_forecast_about_four_weeks_later():
    """One long gap more is a pause, and does not make every piece ahead look longer."""
    today = reference()
    later = today.otherwise(places={}, dates={"7": {"leaders_on": "2018-10-25", "all_staff_on": "2018-11-13"}})
    days = (forecast(plan, futures=4000)["finish"]["mean"] for plan in (today, later))
    assert 21 <= -(next(days) - next(days)) <= 42


def test_another_plan_changes_nothing_that_has_opened():
    today = after_waves(1)
    other = today.otherwise(
        places={"1-0": {"wave": 5, "position": 1}},
        dates={"1": {"leaders_on": "2018-03-01", "all_staff_on": "2018-03-20"}},
    )
    assert other.waves == today.waves
    assert {one.slug: one.wave for one in other.agencies} == {one.slug: one.wave for one in today.agencies}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_a_quantile_is_a_day_that_was_drawn_and_the_nearest_to_its_level(values):
    for day, level in zip(quantiles(np.array(values)), (0.1, 0.5, 0.8, 0.9), strict=True):
        assert day in values
        share = {one: sum(value <= one for value in values) / len(values) for one in values}
        assert abs(share[day] - level) == pytest.approx(min(abs(one - level) for one in share.values()))


def test_the_model_knows_nothing_of_django():
    folder = Path(causes.__file__).parent
    for name in PURE:
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [one for one in names if one.startswith("django")]
            inside = [one for one in names if one.startswith(("rollout", "agencies"))]
            assert all(one.rpartition(".")[2] in PURE for one in inside), (name, inside)
