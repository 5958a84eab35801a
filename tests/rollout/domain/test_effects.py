"""What is said of a change before it is done is what then happens, and saying it does nothing."""

import datetime as dt
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rollout.domain import effects, glance, placing, readiness, scheduling, together
from rollout.domain.calendar import add_working_days
from rollout.domain.refusals import Refused
from rollout.models import EventKind
from tests.factories import NOW, give_go, make_agency, make_lead, make_ready, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db
WAVES = 3
SIZE = 100
#: The database is rolled back by hand between examples.
random_plans = settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

agencies = st.fixed_dictionaries(
    {"wave": st.sampled_from([None, 1, 2, 3]), "ready": st.booleans(), "funded": st.sampled_from([0, SIZE])}
)
#: Working days from today to the leaders' date of wave 1, and from each wave's date to the next.
gaps = st.lists(st.integers(2, 40), min_size=WAVES, max_size=WAVES)
plans = st.fixed_dictionaries(
    {
        "gaps": gaps,
        "agencies": st.lists(agencies, min_size=2, max_size=5),
        "goes": st.sets(st.integers(1, WAVES)),
        "cap": st.sampled_from([None, 150, 1_000]),
    }
)


@contextmanager
def planned(plan):
    """A rollout made so, forgotten afterwards."""
    with transaction.atomic():
        rollout, day = make_rollout(), NOW.date()
        for number, gap in enumerate(plan["gaps"], 1):
            day = add_working_days(day, gap)
            make_wave(rollout, number, day, add_working_days(day, 8), people_cap=plan["cap"])
        for number, agency in enumerate(plan["agencies"]):
            wave = agency["wave"] and rollout.waves.get(number=agency["wave"])
            placement = place(make_agency(f"a{number}", employees=SIZE), wave, rollout=rollout, funded=agency["funded"])
            if agency["ready"]:
                make_ready(placement, but_not=("funding",))
        for number in plan["goes"]:
            give_go(rollout.waves.get(number=number))
        yield rollout
        transaction.set_rollback(True)


def standing(rollout):
    return list(rollout.placements.select_related("rollout", "agency", "wave", "licence_budget").order_by("pk"))


def overdue(rollout):
    placements = standing(rollout)
    slugs = {placement.pk: placement.agency.slug for placement in placements}
    courses = readiness.courses(placements, now=NOW).items()
    found = [(slugs[pk], problem) for pk, course in courses for problem in readiness.problems_of(course)]
    return {(slug, problem.step.key) for slug, problem in found if problem.days_late}


def goes(rollout):
    return {wave.number for wave in rollout.waves.all() if wave.has_go}


def foretold_overdue(foretold):
    return {(one.placement.agency.slug, problem.step.key) for one in foretold.overdue for problem in one.problems}


def reads_only(queries):
    return all(query["sql"].lstrip().startswith("SELECT") for query in queries.captured_queries)


@random_plans
@given(plan=plans, chosen=st.sets(st.integers(0, 4), min_size=1), to=st.sampled_from([None, 1, 2, 3]))
def test_what_is_said_of_a_move_is_what_then_happens(plan, chosen, to):
    with planned(plan) as rollout:
        movers = [p for number, p in enumerate(standing(rollout)) if number in chosen]
        assume(movers)
        wave = rollout.waves.get(number=to) if to else None
        with CaptureQueriesContext(connection) as queries:
            foretold = effects.of_move(rollout=rollout, placements=movers, to=wave, now=NOW)
        assert reads_only(queries)
        overdue_before, goes_before = overdue(rollout), goes(rollout)

        moved = together.move_many(
            rollout=rollout, versions={p.agency.slug: p.version for p in movers}, to=wave, by=make_lead(), now=NOW
        )

        assert foretold_overdue(foretold) == overdue(rollout) - overdue_before
        assert {lost.number for lost in foretold.loses_go} == goes_before - goes(rollout)
        over = (
            wave is not None
            and bool(moved)
            and placing.over_cap(wave, sum(p.headcount for p in wave.placements.all())) > 0
        )
        assert bool(foretold.over_cap) == over


@random_plans
@given(plan=plans, number=st.integers(0, 4), to=st.sampled_from([None, 1, 2, 3]))
def test_the_few_words_after_a_move_are_those_that_were_said_before_it(plan, number, to):
    with planned(plan) as rollout:
        placements, waves = standing(rollout), {wave.number: wave for wave in glance.waves(rollout)}
        assume(number < len(placements))
        mover = placements[number]
        left, entered = waves.get(mover.wave.number if mover.wave else None), waves.get(to)
        foretold = effects.of_move(rollout=rollout, placements=[mover], to=entered, now=NOW).brief

        placing.move(placement=mover, to=entered, by=make_lead(), now=NOW)

        now_in = glance.read(rollout, now=NOW)[entered.pk if entered else None]
        seen = next(seen for seen in now_in if seen.slug == mover.agency.slug)
        with CaptureQueriesContext(connection) as queries:
            said = effects.brief_of_move(
                missing=seen.missing, people=sum(s.headcount for s in now_in), left=left, entered=entered, now=NOW
            )
        assert said == foretold
        assert reads_only(queries)
        assert len(queries) <= 1


@random_plans
@given(
    plan=plans,
    number=st.integers(1, WAVES),
    ahead=st.integers(1, 90),
    after=st.integers(1, 20),
    carry_on=st.booleans(),
    earlier=st.booleans(),
)
def test_what_is_said_of_new_dates_is_what_then_happens(plan, number, ahead, after, carry_on, earlier):
    leaders_on = add_working_days(NOW.date(), ahead)
    new = {"leaders_on": leaders_on, "all_staff_on": add_working_days(leaders_on, after)}
    new |= {"carry_on": carry_on, "earlier": earlier}
    with planned(plan) as rollout:
        wave = rollout.waves.get(number=number)
        with CaptureQueriesContext(connection) as queries:
            foretold = effects.of_dates(wave=wave, now=NOW, **new)
        assert reads_only(queries)
        overdue_before, goes_before = overdue(rollout), goes(rollout)

        try:
            scheduling.set_dates(wave=wave, by=make_lead(), now=NOW, **new)
        except Refused:  # carried on into the past: the preview has said where to
            assert any(shift.leaders_on <= NOW.date() for shift in foretold.shifts)
            assume(False)

        written = {
            event.wave.number: (event.after["leaders_on"], event.after["all_staff_on"])
            for event in rollout.events.filter(kind=EventKind.DATES_SET)
        }
        assert written == {
            shift.wave.number: (shift.leaders_on.isoformat(), shift.all_staff_on.isoformat())
            for shift in foretold.shifts
        }
        assert foretold_overdue(foretold) == overdue(rollout) - overdue_before
        assert {lost.number for lost in foretold.loses_go} == goes_before - goes(rollout)


def test_more_than_there_is_room_for_is_said_beforehand():
    rollout = make_rollout(waves=1)
    (wave,) = rollout.waves.all()
    for number in range(4):
        place(make_agency(f"in{number}"), wave)
    for number in range(2):
        place(make_agency(f"out{number}"), rollout=rollout)
    movers = [placement for placement in standing(rollout) if placement.wave is None]
    assert (
        "Pulje 1 har bare 1 ledig plass."
        in effects.of_move(rollout=rollout, placements=movers, to=wave, now=NOW).warnings
    )


def queries_of(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def full_waves(count):
    """So many full waves, each with its go."""
    rollout = make_rollout(slug=f"plan-{count}", waves=count + 1)
    for wave in list(rollout.waves.all())[:count]:
        for _number in range(5):
            place(make_agency(), wave)
        give_go(wave)
    return rollout


def test_what_is_said_costs_the_same_for_five_and_for_fifty():
    few, many = full_waves(1), full_waves(10)

    def move(rollout):
        to = rollout.waves.last()
        placements = standing(rollout)
        return queries_of(lambda: effects.of_move(rollout=rollout, placements=placements, to=to, now=NOW))

    def dates(rollout):
        wave = rollout.waves.first()
        new = {"leaders_on": dt.date(2018, 2, 14), "all_staff_on": dt.date(2018, 3, 6), "carry_on": True}
        return queries_of(lambda: effects.of_dates(wave=wave, now=NOW, **new))

    assert move(few) == move(many)
    assert dates(few) == dates(many)


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_overdue_steps_are_told_in_a_sentence_whose_quotes_close(steps):
    rollout = make_rollout()
    wave = make_wave(rollout, 1, NOW.date() + dt.timedelta(days=1), NOW.date() + dt.timedelta(days=15))
    placement = place(make_agency("bsa", name="Bydel Sagene"), rollout=rollout)
    [one] = effects.overdue_after([placement], {placement.pk: wave}, now=NOW)
    said = effects.late_words(replace(one, problems=one.problems[:steps]))
    assert said.startswith(f"Bydel Sagene: {steps} steg går over fristen (inntil ")
    assert said.count("«") == said.count("»") == min(steps, effects.STEPS_NAMED)
    assert said.endswith("og 4 til." if steps == 7 else "».")
