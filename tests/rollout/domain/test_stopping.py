"""What stops the waves that open soon, who must act, and in which order it is told."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.models import Agency
from rollout.domain import figures, stopping
from rollout.domain.stopping import LEAD, Matter, Stop
from rollout.models import Verdict, Wave, WaveState
from tests import factories as make
from tests.factories import at

NOW = make.NOW


def found(rollout, now=NOW, *, free=45_000):
    return stopping.stops(figures.plan(rollout, now=now), free_licences=free, now=now)


def codes(stops):
    return [stop.code for stop in stops]


@pytest.fixture
def climate(rollout):
    """Klimaetaten in wave 1, which opens for leaders in six days: all is done but the guidelines."""
    agency = make.make_agency("kli", name="Klimaetaten", employees=37)
    return make.make_ready(make.place(agency, rollout.waves.get(number=1)), but_not=("guidelines_adopted",))


def test_a_problem_of_a_wave_that_opens_soon_names_the_step_who_must_act_and_how_late_it_is(rollout, climate):
    (stop,) = [stop for stop in found(rollout) if stop.agency]
    assert (stop.code, stop.actor, stop.agency, stop.wave) == (
        "guidelines_adopted",
        "virksomhetsleder",
        climate.agency,
        climate.wave,
    )
    assert (stop.due_on, stop.days_late) == (dt.date(2018, 1, 10), 22)


def test_a_wave_is_soon_six_weeks_ahead_and_not_the_day_before_that(rollout):
    wave = rollout.waves.get(number=2)  # leaders on 4 April: six weeks after 21 February
    make.make_ready(make.place(make.make_agency(), wave))
    rollout.waves.exclude(number=2).update(state=WaveState.ALL_OPEN, leaders_opened_at=NOW, all_staff_opened_at=NOW)
    assert found(rollout, at("2018-02-20 23:00")) == []
    assert Matter.UNDECIDED in codes(found(rollout, at("2018-02-21 00:30")))


def test_a_step_that_is_over_its_due_date_stops_us_however_far_ahead_its_wave_is(rollout):
    wave = rollout.waves.get(number=2)  # leaders on 4 April: its first step is due on 7 February, eight weeks before
    late = make.place(make.make_agency(), wave)
    rollout.waves.filter(number=1).delete()
    now = at("2018-02-12 09:00")
    assert [(s.code, s.agency, s.days_late) for s in found(rollout, now)] == [("sponsor", late.agency, 5)]
    assert found(rollout, at("2018-02-07 09:00")) == []


def test_a_wave_that_opened_for_nobody_is_no_empty_wave_to_fill(rollout):
    """Nobody enters an opened wave: with its go it opens for all by itself; without one the go is what is missing."""
    wave = rollout.waves.get(number=1)
    make.give_go(wave)
    Wave.objects.filter(pk=wave.pk).update(state=WaveState.LEADERS_OPEN, leaders_opened_at=at("2018-02-07 08:00"))
    rollout.waves.exclude(pk=wave.pk).delete()
    assert found(rollout, at("2018-02-08 09:00")) == []
    Wave.objects.filter(pk=wave.pk).update(plan_version=wave.plan_version + 1)
    assert codes(found(rollout, at("2018-02-08 09:00"))) == [Matter.UNDECIDED]


def opened_and_not_reviewed(rollout, climate):
    make.open_for_all(climate.wave)
    return make.make_ready(make.place(make.make_agency(), rollout.waves.get(number=2)))


def test_a_wave_that_waits_for_its_review_stops_the_next_from_its_go(rollout, climate):
    coming = opened_and_not_reviewed(rollout, climate)
    rollout.waves.filter(number=3).delete()
    stops = found(rollout, at("2018-03-20 09:00"))
    assert codes(stops) == [Matter.UNREVIEWED, Matter.UNDECIDED]
    assert (stops[0].actor, stops[0].wave, stops[0].due_on) == (LEAD, climate.wave, coming.wave.leaders_on)
    assert stops[0].detail == "pulje 2 kan ikke få klarsignal før evalueringen er avsluttet"
    assert Matter.UNREVIEWED not in codes(found(rollout, at("2018-02-20 09:00"))), (
        "the next is more than six weeks away"
    )


@pytest.mark.parametrize("settled", ["a go all the same", "closed"])
def test_a_review_that_holds_up_nobody_is_no_stop(rollout, climate, settled):
    coming = opened_and_not_reviewed(rollout, climate)
    if settled == "closed":
        rollout.waves.filter(number=1).update(state=WaveState.CLOSED)
    else:
        make.give_go(coming.wave)
    assert Matter.UNREVIEWED not in codes(found(rollout, at("2018-03-20 09:00")))


def test_where_the_leaders_are_in_it_is_the_date_for_all_staff_that_counts(rollout, climate):
    climate.wave.state, climate.wave.leaders_opened_at = WaveState.LEADERS_OPEN, NOW
    climate.wave.save()
    climate.leaders_access_at, climate.employees_at_opening = NOW, 37
    climate.save()
    stops = [stop for stop in found(rollout, at("2018-02-08 09:00")) if stop.wave == climate.wave]
    assert codes(stops) == ["guidelines_adopted", Matter.UNDECIDED]
    assert stops[-1].due_on == dt.date(2018, 2, 27)


def test_who_has_access_is_stopped_by_nothing(rollout, climate):
    climate.wave.state = WaveState.LEADERS_OPEN
    climate.wave.leaders_opened_at = NOW
    climate.wave.save()
    climate.leaders_access_at = climate.all_staff_access_at = NOW
    climate.employees_at_opening = 37
    climate.save()
    assert [stop for stop in found(rollout) if stop.agency] == []


@pytest.mark.parametrize(
    ("verdict", "now", "matter", "days_late"),
    [
        (None, "2018-02-07 07:59", Matter.UNDECIDED, 0),
        (Verdict.NO_GO, "2018-02-06 09:00", Matter.STOPPED, 0),
        (None, "2018-02-07 08:00", Matter.DATE_PASSED, 0),
        (None, "2018-02-10 08:00", Matter.DATE_PASSED, 3),
        (Verdict.NO_GO, "2018-02-10 08:00", Matter.DATE_PASSED, 3),
    ],
)
def test_a_wave_without_its_go_is_for_the_lead(rollout, climate, verdict, now, matter, days_late):
    if verdict:
        make.give_go(climate.wave, verdict=verdict)
    (stop,) = [stop for stop in found(rollout, at(now)) if stop.actor == LEAD and stop.wave == climate.wave]
    assert (stop.code, stop.days_late, stop.agency) == (matter, days_late, None)


def test_a_go_leaves_the_lead_nothing_to_settle(rollout, climate):
    make.give_go(climate.wave)
    assert [stop for stop in found(rollout) if stop.actor == LEAD] == []


def test_an_empty_wave_is_told_once_and_needs_no_go(rollout):
    assert [(stop.code, stop.wave.number) for stop in found(rollout)] == [(Matter.EMPTY, 1)]


def test_an_agency_that_is_held_stops_us_however_long_ago_its_wave_opened(rollout, climate):
    climate.wave.state = WaveState.ALL_OPEN
    climate.wave.leaders_opened_at = climate.wave.all_staff_opened_at = NOW
    climate.wave.save()
    climate.leaders_access_at = climate.held_at = NOW
    climate.employees_at_opening = 37
    climate.save()
    held = [stop for stop in found(rollout, at("2018-07-01 09:00")) if stop.agency == climate.agency]
    assert set(codes(held)) == {Matter.HELD, "guidelines_adopted"}


def test_licences_run_short_at_the_wave_where_they_no_longer_reach(rollout):
    for number, people in ((1, 100), (2, 50)):
        make.make_ready(make.place(make.make_agency(employees=people), rollout.waves.get(number=number)))
    now = at("2018-03-01 09:00")
    rollout.waves.filter(number=1).update(leaders_on=dt.date(2018, 3, 20), all_staff_on=dt.date(2018, 3, 28))
    assert Matter.POOL_SHORT not in codes(found(rollout, now, free=150))
    (short,) = [stop for stop in found(rollout, now, free=149) if stop.code == Matter.POOL_SHORT]
    assert short.wave.number == 2
    assert short.detail == "150 trengs til og med pulje 2, 149 er ledige"


# -- grouping, on stops made up ------------------------------------------------------------------------------------

ACTORS = ["virksomhetsleder", "kommunikasjonssjef", LEAD]


@st.composite
def made_up(draw):
    day = dt.date(2018, 2, 1) + dt.timedelta(days=draw(st.integers(0, 40)))
    number = draw(st.integers(1, 9))
    return Stop(
        code=draw(st.sampled_from(["a", "b", "c"])),
        what="Noe",
        actor=draw(st.sampled_from(ACTORS)),
        wave=Wave(pk=number, number=number),
        agency=Agency(pk=number, slug=f"e{draw(st.integers(1, 99))}", name_sort_key="e"),
        due_on=day,
        days_late=draw(st.integers(0, 60)),
        detail=draw(st.sampled_from(["x", "y"])),
    )


def identity(stop):
    return (stop.actor, *stop.urgency, stop.detail)


@given(st.lists(made_up(), max_size=60))
def test_grouping_loses_nothing_doubles_nothing_and_leads_with_what_is_most_urgent(stops):
    groups = stopping.grouped(stops)
    assert sorted(identity(s) for group in groups for s in group.stops) == sorted(map(identity, stops))
    assert len({group.actor for group in groups}) == len(groups)
    for group in groups:
        assert {stop.actor for stop in group.stops} == {group.actor}
        assert len({row.code for row in group.rows}) == len(group.rows)
        assert [row.urgency for row in group.rows] == sorted(row.urgency for row in group.rows)
        for row in group.rows:
            assert [stop.urgency for stop in row.stops] == sorted(stop.urgency for stop in row.stops)
    assert [group.urgency for group in groups] == sorted(group.urgency for group in groups)


@given(st.lists(made_up(), max_size=30), st.randoms(use_true_random=False))
def test_grouping_does_not_hang_on_the_order_in_which_it_was_found(stops, random):
    stops = list({identity(stop): stop for stop in stops}.values())
    shuffled = random.sample(stops, len(stops))
    assert [list(map(identity, g.stops)) for g in stopping.grouped(shuffled)] == [
        list(map(identity, g.stops)) for g in stopping.grouped(stops)
    ]
