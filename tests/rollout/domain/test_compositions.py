"""Asking the composer about a real plan: what it is told, one search at a time, and what each search ends in."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from rollout.domain import compositions, leaving, opening, scheduling
from rollout.domain.compositions import Wishes
from rollout.domain.refusals import Refused
from rollout.models import Composition, CompositionState, PlanEvent, Purpose
from tests.factories import NOW, at, give_go, make_agency, make_ready, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db

WEIGHTS = {"order": 3, "even": 3, "variation": 3, "moves": 2, "early": 1}


@pytest.fixture
def rollout():
    """Two in wave 2, three in the queue; all ready but "sen", which has done nothing."""
    rollout = make_rollout(waves=4)
    for slug, wave in (("a", 2), ("b", 2), ("c", None), ("d", None)):
        standing = rollout.waves.get(number=wave) if wave else None
        make_ready(place(make_agency(slug, employees=300), standing, rollout=rollout))
    place(make_agency("sen", employees=200), rollout=rollout)
    return rollout


def wishes(**fields) -> Wishes:
    return Wishes(**{"weights": WEIGHTS} | fields)


def ask(rollout, lead, **fields) -> Composition:
    return compositions.ask(rollout=rollout, wishes=wishes(**fields), by=lead, now=NOW)


def run(composition: Composition, *, now: dt.datetime = NOW) -> Composition:
    compositions.run(composition_id=composition.pk, now=now)
    composition.refresh_from_db()
    return composition


def question(rollout, **fields):
    return compositions.question_of(rollout, wishes(**fields), now=NOW)


# -- what it is told -----------------------------------------------------------------------------------------------


def test_the_order_is_todays_plan_wave_by_wave_and_then_the_queue(rollout):
    assert [one.key for one in question(rollout).agencies] == ["a", "b", "c", "d", "sen"]


def test_the_earliest_date_is_that_for_which_no_missing_step_is_overdue_today(rollout):
    """NOW is 1 February, and the longest lead time of all is 56 days."""
    ready_from = {one.key: one.ready_from for one in question(rollout).agencies}
    assert ready_from["a"] == dt.date(2018, 2, 1)
    assert ready_from["sen"] == dt.date(2018, 3, 29)
    unfunded = make_ready(place(make_agency("u"), rollout=rollout, funded=0), but_not=("funding",))
    assert question(rollout).agencies[-1].key == unfunded.agency.slug
    assert question(rollout).agencies[-1].ready_from == dt.date(2018, 2, 1) + dt.timedelta(days=49)


def test_waves_that_are_decided_opened_or_cannot_open_are_left_alone(rollout, lead):
    give_go(rollout.waves.get(number=1), by=lead)
    make_wave(rollout, 5, dt.date(2018, 1, 10), dt.date(2018, 1, 24))  # its date has passed
    make_wave(rollout, 6, dt.date(2018, 12, 1), dt.date(2018, 12, 11))  # a Saturday
    assert [wave.number for wave in question(rollout).waves] == [2, 3, 4]


def test_who_stands_in_a_wave_that_is_left_alone_is_not_asked_about_but_its_licences_are_kept(rollout, lead):
    before = question(rollout).free_licences
    give_go(rollout.waves.get(number=2), by=lead)
    after = question(rollout)
    assert [one.key for one in after.agencies] == ["c", "d", "sen"]
    assert after.free_licences == before - 600


def test_an_opened_wave_has_reserved_its_licences_and_is_not_counted_twice(rollout, lead):
    give_go(rollout.waves.get(number=2), by=lead)
    opening.open_due(now=at("2018-04-04 08:00"))
    assert compositions.question_of(rollout, wishes(), now=at("2018-04-04 09:00")).free_licences == 45_000 - 600


# -- asking --------------------------------------------------------------------------------------------------------


def test_a_proposal_becomes_a_scenario_and_the_plan_is_as_before(rollout, lead):
    events = PlanEvent.objects.count()
    done = run(ask(rollout, lead, pilots=(2,)))
    assert done.state == CompositionState.DONE
    assert done.scenario.purpose == Purpose.PROPOSAL
    waves = {slug: found["wave"] for slug, found in done.scenario.places.items()}
    assert None not in waves.values()
    assert waves["sen"] in (2, 3, 4)
    assert set(done.scenario.explanation) >= {"c", "d", "sen"}
    assert "Virksomhet sen får plass i pulje" in done.scenario.explanation["sen"]
    assert rollout.placements.queued().count() == 3
    assert PlanEvent.objects.count() == events


def test_what_is_proposed_is_told_with_its_points_and_its_gap(rollout, lead):
    findings = run(ask(rollout, lead)).findings
    assert findings["proved"]
    assert findings["objective"] == findings["bound"] == sum(aim["points"] for aim in findings["aims"])


def test_one_search_at_a_time_whatever_writes_it(rollout, lead):
    ask(rollout, lead)
    with pytest.raises(Refused, match="det regnes på ennå"):
        ask(rollout, lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        Composition.objects.create(
            rollout=rollout, wishes={}, plan_version=0, asked_by=lead, asked_at=NOW, alive_at=NOW
        )


def test_after_one_has_ended_another_may_be_asked_for(rollout, lead):
    run(ask(rollout, lead))
    assert run(ask(rollout, lead)).state == CompositionState.DONE


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"weights": dict.fromkeys(WEIGHTS, 0)}, "minst ett hensyn"),
        ({"pilots": (9,)}, "Pulje 9 kan ikke endres"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(rollout, lead, fields, said):
    with pytest.raises(Refused, match=said):
        ask(rollout, lead, **fields)
    assert not Composition.objects.exists()


def test_without_anybody_to_place_or_a_wave_to_place_them_in_nothing_is_asked(rollout, lead):
    rollout.waves.exclude(number=2).delete()
    give_go(rollout.waves.get(number=2), by=lead)
    with pytest.raises(Refused, match="Ingen pulje kan endres"):
        ask(rollout, lead)
    empty = make_rollout(slug="tom", waves=1)
    with pytest.raises(Refused, match="Ingen virksomheter venter"):
        ask(empty, lead)


# -- how it ends ---------------------------------------------------------------------------------------------------


def test_what_is_in_the_way_is_told_with_the_smallest_thing_to_relax(rollout, lead):
    for wave in rollout.waves.all():
        scheduling.set_people_cap(wave=wave, cap=250, by=lead, now=NOW)
    ended = run(ask(rollout, lead, everyone=True))
    assert ended.state == CompositionState.INFEASIBLE
    assert ended.scenario is None
    assert {one["kind"] for one in ended.findings["relax"]} <= {"cap", "wave"}
    assert ended.findings["clash"]


def test_a_cancelled_search_ends_without_a_scenario(rollout, lead):
    composition = ask(rollout, lead)
    compositions.cancel(composition=composition, now=NOW)
    assert run(composition).state == CompositionState.CANCELLED
    with pytest.raises(Refused, match="alt ferdig"):
        compositions.cancel(composition=composition, now=NOW)


def test_a_cancel_during_the_search_stops_it(rollout, lead, monkeypatch):
    composition = ask(rollout, lead)
    from rollout.domain.composing import solving

    monkeypatch.setattr(solving, "EVERY", 0.0)
    told = compositions._tell

    def cancel_first(*args):
        compositions._end(composition, CompositionState.CANCELLED, now=NOW)
        return told(*args)

    monkeypatch.setattr(compositions, "_tell", cancel_first)
    ended = run(composition)
    assert ended.state == CompositionState.CANCELLED
    assert ended.scenario is None


def test_a_plan_that_changed_meanwhile_gets_no_proposal_from_what_it_was(rollout, lead, monkeypatch):
    composition = ask(rollout, lead)
    finish = compositions._finish

    def somebody_else_first(*args, **kwargs):
        leaving.withdraw(placement=rollout.placements.get(agency__slug="c"), reason="Nei.", by=lead, now=NOW)
        return finish(*args, **kwargs)

    monkeypatch.setattr(compositions, "_finish", somebody_else_first)
    ended = run(composition)
    assert (ended.state, ended.findings) == (CompositionState.FAILED, {"failed": "changed"})


def test_a_task_that_comes_twice_searches_once(rollout, lead):
    composition = run(ask(rollout, lead))
    scenario = composition.scenario
    assert run(composition).scenario == scenario
    assert rollout.scenarios.count() == 1


def test_a_search_that_breaks_is_failed_and_told_of(rollout, lead, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("rollout.domain.composing.answering.answer", broken)
    composition = ask(rollout, lead)
    with pytest.raises(RuntimeError):
        run(composition)
    composition.refresh_from_db()
    assert (composition.state, composition.findings) == (CompositionState.FAILED, {"failed": "error"})


def test_a_worker_nobody_hears_of_is_taken_for_dead_and_its_search_may_be_asked_for_again(rollout, lead):
    composition = ask(rollout, lead)
    long_ago = timezone.now() - 2 * compositions.SILENCE
    Composition.objects.update(state=CompositionState.RUNNING, alive_at=long_ago)
    composition.refresh_from_db()
    assert compositions.is_lost(composition)
    again = ask(rollout, lead)
    composition.refresh_from_db()
    assert (composition.state, composition.findings) == (CompositionState.FAILED, {"failed": "lost"})
    assert run(again).state == CompositionState.DONE


def test_the_dead_workers_late_word_does_not_wake_its_search(rollout, lead):
    composition = ask(rollout, lead)
    assert not compositions._tell(composition, 10, 5)  # nobody has begun it
    Composition.objects.update(state=CompositionState.RUNNING)
    assert compositions._tell(composition, 10, 5)
    compositions.fail(composition=composition, now=NOW, code="lost")
    assert not compositions._tell(composition, 8, 6)
    composition.refresh_from_db()
    assert (composition.best, composition.bound) == (10, 5)
