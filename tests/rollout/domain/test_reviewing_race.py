"""Two at once on one review: figures are frozen or refused, never between; a wave ends in one decision.

Each guard has its control: with the guard taken away the same race ends badly.
"""

import datetime as dt
from functools import partial

import pytest

from rollout.domain import deciding, opening, reviewing
from rollout.models import Decision, Pace, Placement, Review, Rollout, UsageFigures, Verdict, Wave
from tests.factories import GOOD_FIGURES, at, make_agency, make_lead, make_rollout, open_for_all, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

GATE = at("2018-03-22 10:00")


@pytest.fixture
def wave():
    rollout = make_rollout(waves=2)
    place(make_agency("bre"), rollout.waves.get(number=2))
    place(make_agency("kli"), rollout.waves.get(number=1))
    return open_for_all(rollout.waves.get(number=1))


@pytest.fixture
def close(wave):
    return partial(reviewing.close, wave=wave, reason="Bra", by=make_lead(), now=GATE)


@pytest.fixture
def enter(wave):
    said = {"measured_on": dt.date(2018, 3, 21), "definition": "Logget inn", "source": "Innsikt"}
    placement = Placement.objects.get(wave=wave)
    return partial(reviewing.enter_figures, placement=placement, numbers=GOOD_FIGURES, by=make_lead(), now=GATE, **said)


def is_frozen() -> bool:
    return Review.objects.get().figures[0]["figures"] is not None


def test_figures_that_come_as_the_review_ends_are_frozen_with_it_or_refused(close, enter):
    outcomes = at_once(partial(close, pace=Pace.SAME), enter)
    assert outcomes[0][0] == "done"
    assert is_frozen() == UsageFigures.objects.exists()
    assert count(outcomes, "Refused") == (not is_frozen())


def test_without_the_plans_lock_figures_land_after_the_freeze_unfrozen(monkeypatch, close, enter):
    """The control: both have read an open wave when either writes."""
    monkeypatch.setattr(reviewing, "lock_plan", lambda rollout_id: Rollout.objects.get(pk=rollout_id))
    monkeypatch.setattr(
        reviewing, "lock_placement", lambda pk: Placement.objects.select_related("wave", "agency", "rollout").get(pk=pk)
    )
    stands = meeting_after(lambda result: result, parties=2)
    standing, refused_fields = reviewing.standing, reviewing.refused_fields
    monkeypatch.setattr(reviewing, "standing", lambda *args, **kwargs: stands(standing(*args, **kwargs)))
    monkeypatch.setattr(reviewing, "refused_fields", lambda *args, **kwargs: stands(refused_fields(*args, **kwargs)))
    outcomes = at_once(partial(close, pace=Pace.SAME), enter)
    assert count(outcomes, "done") == 2, outcomes
    assert UsageFigures.objects.exists() and not is_frozen()


@pytest.fixture
def take_in(wave, enter):
    """The same as a list from the tool: of two dates, all or nothing."""
    entry = {name: enter.keywords[name] for name in ("placement", "numbers", "definition", "source")}
    entries = [entry | {"measured_on": dt.date(2018, 3, day)} for day in (14, 21)]
    return partial(reviewing.enter_many, wave=wave, entries=entries, by=make_lead(), now=GATE)


def test_a_list_that_is_taken_in_as_the_review_ends_is_frozen_whole_or_not_taken_in(close, take_in):
    outcomes = at_once(partial(close, pace=Pace.SAME), take_in)
    assert outcomes[0][0] == "done"
    assert UsageFigures.objects.count() == (2 if is_frozen() else 0)
    assert count(outcomes, "Refused") == (not is_frozen())


def test_without_the_plans_lock_a_list_lands_after_the_freeze(monkeypatch, close, take_in):
    """The control."""
    monkeypatch.setattr(reviewing, "lock_plan", lambda rollout_id: Rollout.objects.get(pk=rollout_id))
    monkeypatch.setattr(
        reviewing, "lock_placement", lambda pk: Placement.objects.select_related("wave", "agency", "rollout").get(pk=pk)
    )
    stands = meeting_after(lambda result: result, parties=2)
    standing, enter_figures = reviewing.standing, reviewing.enter_figures

    def entered(*, measured_on, **kwargs):
        row = enter_figures(measured_on=measured_on, **kwargs)
        return stands(row) if measured_on.day == 21 else row

    monkeypatch.setattr(reviewing, "standing", lambda *args, **kwargs: stands(standing(*args, **kwargs)))
    monkeypatch.setattr(reviewing, "enter_figures", entered)
    outcomes = at_once(partial(close, pace=Pace.SAME), take_in)
    assert count(outcomes, "done") == 2, outcomes
    assert UsageFigures.objects.count() == 2
    assert not is_frozen()


def test_two_who_end_one_review_at_once_make_one_decision_and_the_other_hears_a_sentence(close):
    outcomes = at_once(partial(close, pace=Pace.SAME), partial(close, pace=Pace.HOLD))
    assert count(outcomes, "done") == 1
    assert any("alt avsluttet" in words for _outcome, words in outcomes)
    assert Review.objects.count() == 1


def test_without_the_locks_it_is_still_one_but_the_other_gets_an_error(monkeypatch, close):
    """The control of the sentence: the database's own constraint is what is left."""
    monkeypatch.setattr(reviewing, "lock_plan", lambda rollout_id: Rollout.objects.get(pk=rollout_id))
    monkeypatch.setattr(
        reviewing, "lock_wave", meeting_after(lambda pk: Wave.objects.select_related("rollout").get(pk=pk), parties=2)
    )
    outcomes = at_once(partial(close, pace=Pace.SAME), partial(close, pace=Pace.HOLD))
    assert (count(outcomes, "done"), count(outcomes, "IntegrityError")) == (1, 1), outcomes
    assert Review.objects.count() == 1


@pytest.fixture
def release(wave):
    """One agency of the wave was held when it opened for all."""
    held = {"leaders_access_at": GATE, "employees_at_opening": 100, "held_at": GATE}
    bns = place(make_agency("bns"), wave, **held)
    return partial(opening.release, placement=bns, reason="Har signert", by=make_lead(), now=GATE)


def decided_on() -> list[str]:
    return [told["slug"] for told in Review.objects.get().figures]


def test_an_agency_let_in_as_the_review_ends_comes_after_the_decision_or_the_decision_is_refused(wave, close, release):
    seen = reviewing.standing(wave, now=GATE).as_seen
    outcomes = at_once(partial(close, pace=Pace.SAME, **seen), release)
    assert outcomes[1][0] == "done"
    if outcomes[0][0] == "Refused":
        assert "Tallene er endret" in outcomes[0][1] and not Review.objects.exists()
    else:
        assert decided_on() == ["kli"]
        assert wave.events.get(kind="released").pk > wave.events.get(kind="review_closed").pk


def test_without_the_plans_lock_a_decision_leaves_out_who_was_let_in_before_it(monkeypatch, wave, close, release):
    """The control: the decision has looked at the agencies when one is let in."""
    monkeypatch.setattr(reviewing, "lock_plan", lambda rollout_id: Rollout.objects.get(pk=rollout_id))
    seen, standing = reviewing.standing(wave, now=GATE).as_seen, reviewing.standing
    meet = meeting_after(lambda: None, parties=2)

    def read(*args, **kwargs):
        found = standing(*args, **kwargs)
        meet()  # now one may be let in
        meet()  # and has been
        return found

    def let_in():
        meet()
        release()
        meet()

    monkeypatch.setattr(reviewing, "standing", read)
    outcomes = at_once(partial(close, pace=Pace.SAME, **seen), let_in)
    assert count(outcomes, "done") == 2, outcomes
    assert decided_on() == ["kli"]
    assert wave.events.get(kind="released").pk < wave.events.get(kind="review_closed").pk


@pytest.fixture
def go(wave):
    next_wave = wave.rollout.waves.get(number=2)
    return partial(deciding.decide, wave=next_wave, verdict=Verdict.GO, reason="Klare", by=make_lead(), now=GATE)


@pytest.mark.parametrize("pace", [Pace.SAME, Pace.HOLD])
def test_a_go_for_the_next_wave_as_the_review_ends_is_given_only_after_a_decision_that_lets_it(wave, close, go, pace):
    outcomes = at_once(partial(close, pace=pace), go)
    assert outcomes[0][0] == "done"
    decision = Decision.objects.first()
    if pace == Pace.HOLD:
        assert decision is None
    assert (outcomes[1][0] == "done") == (decision is not None)
    if decision:
        given = decision.wave.events.get(kind="decided")
        assert given.pk > wave.events.get(kind="review_closed").pk


def test_without_asking_what_stands_before_a_go_is_given_beside_a_review_that_says_to_wait(monkeypatch, close, go):
    """The control."""
    monkeypatch.setattr(reviewing, "what_stands_before", lambda wave: "")
    outcomes = at_once(partial(close, pace=Pace.HOLD), go)
    assert count(outcomes, "done") == 2, outcomes
    assert Decision.objects.get().override == ""
