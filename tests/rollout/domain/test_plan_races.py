"""Two leads change one plan at the same instant: one lands, the other hears a sentence, and the events tell the truth.

Each guard has its control: with the guard taken away the same race ends badly.
"""

import datetime as dt
from functools import partial

import pytest
from django.db import connection

from rollout.domain import calendar, leaving, placing, profiles, scheduling, together, undoing
from rollout.domain.locks import lock_plan
from rollout.models import PlanEvent, Rollout
from tests.factories import NOW, make_agency, make_lead, make_rollout
from tests.plan_replay import Mismatch, as_it_stands, replay
from tests.races import at_once, count, meeting_after
from tests.watched_plan import LEADS, base

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rollout():
    """Three waves and eleven agencies in the queue, made by the verbs, so that the events tell of all of it."""
    return base()


@pytest.fixture
def leads(rollout):
    return [make_lead(email) for email in LEADS]


def wave(rollout, number):
    return rollout.waves.get(number=number)


def placement(rollout, slug):
    return rollout.placements.get(agency__slug=slug)


def move(rollout, slug, to, by, **more):
    to = wave(rollout, to) if to else None
    return placing.move(placement=placement(rollout, slug), to=to, by=by, now=NOW, **more)


def history(rollout):
    return rollout.events.select_related("agency", "wave").order_by("pk")


def events_tell_the_board(rollout):
    return replay(history(rollout)) == as_it_stands(rollout)


def loser(outcomes, kind="MoveRefused"):
    """The words of the one who came second."""
    assert count(outcomes, "done") == len(outcomes) - 1, outcomes
    return next(words for outcome, words in outcomes if outcome == kind)


def meeting(*functions):
    """The functions, whose callers in two processes wait for each other after them."""
    meet = meeting_after(lambda result: result, parties=2)

    def stops(function):
        return lambda *args, **kwargs: meet(function(*args, **kwargs))

    return [stops(function) for function in functions]


def reads_only(rollout_id):
    return Rollout.objects.get(pk=rollout_id)


# -- the last places -----------------------------------------------------------------------------------------------


@pytest.fixture
def last_place(rollout, leads):
    """One place is left in wave 1: a bulk and a single move want it."""
    for slug in ("a00", "a01", "a02", "a03"):
        move(rollout, slug, 1, leads[0])
    bulk = partial(together.move_many, rollout=rollout, versions={"a04": 1}, to=wave(rollout, 1), by=leads[0], now=NOW)
    return bulk, partial(move, rollout, "a05", 1, leads[1])


def test_bulk_and_single_moves_into_the_last_places_never_make_a_sixth_and_a_bulk_is_whole(rollout, leads):
    for slug in ("a00", "a01"):
        move(rollout, slug, 1, leads[0])
    bulks = [
        partial(
            together.move_many, rollout=rollout, versions=dict.fromkeys(chosen), to=wave(rollout, 1), by=by, now=NOW
        )
        for chosen, by in ((("a02", "a03"), leads[0]), (("a04", "a05"), leads[1]))
    ]
    singles = [partial(move, rollout, slug, 1, leads[2]) for slug in ("a06", "a07", "a08")]

    outcomes = at_once(*bulks, *singles)

    inside = set(as_it_stands(rollout).waves[1].agencies)
    assert len(inside) <= 5
    assert {outcome for outcome, _words in outcomes} == {"done", "MoveRefused"}
    assert all("full" in words or "ledig" in words for outcome, words in outcomes if outcome == "MoveRefused")
    for chosen, (outcome, _words) in zip(({"a02", "a03"}, {"a04", "a05"}), outcomes, strict=False):
        assert inside & chosen == (chosen if outcome == "done" else set())
    assert events_tell_the_board(rollout)


def test_a_bulk_and_a_single_move_into_the_last_place_one_lands(rollout, last_place):
    assert "full" in loser(at_once(*last_place))


def test_control_without_the_lock_the_second_into_the_last_place_gets_an_error(rollout, last_place, monkeypatch):
    monkeypatch.setattr(placing, "hold_plan", reads_only)
    monkeypatch.setattr(placing, "free_slot", meeting_after(placing.free_slot, parties=2))
    outcomes = at_once(*last_place)
    assert (count(outcomes, "done"), count(outcomes, "MoveRefused")) == (1, 0), outcomes


# -- undoing -------------------------------------------------------------------------------------------------------


@pytest.fixture
def undos(rollout, leads):
    """Two leads undo the same move."""
    event = move(rollout, "a03", 1, leads[0])
    return [partial(undoing.undo, rollout=rollout, change=event.change, by=lead, now=NOW) for lead in leads[:2]]


def without_lock_on_undo(monkeypatch):
    monkeypatch.setattr(undoing, "lock_plans", lambda ids: {pk: reads_only(pk) for pk in ids})
    monkeypatch.setattr(undoing, "_in_the_way", meeting_after(undoing._in_the_way, parties=2))


def test_of_two_who_undo_one_change_one_does_and_the_other_is_told_by_whom(rollout, undos):
    words = loser(at_once(*undos), "UndoRefused")
    assert f"Endringen er alt angret av {PlanEvent.objects.last().by}" in words
    assert events_tell_the_board(rollout)


def test_control_without_the_lock_the_second_undo_gets_an_error(undos, monkeypatch):
    without_lock_on_undo(monkeypatch)
    assert "undoes_id" in loser(at_once(*undos), "IntegrityError")


@pytest.fixture
def undone_as_often_as_one_likes():
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "rollout_planevent")
        (name,) = [n for n, c in constraints.items() if c["columns"] == ["undoes_id"] and c["unique"]]
        cursor.execute(f'ALTER TABLE rollout_planevent DROP CONSTRAINT "{name}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE rollout_planevent CASCADE")
        cursor.execute(f'ALTER TABLE rollout_planevent ADD CONSTRAINT "{name}" UNIQUE (undoes_id)')


def test_control_without_lock_and_constraint_one_change_is_undone_twice(
    rollout, undos, monkeypatch, undone_as_often_as_one_likes
):
    without_lock_on_undo(monkeypatch)
    assert count(at_once(*undos), "done") == 2
    with pytest.raises(Mismatch):
        replay(history(rollout))


# -- one card, two leads -------------------------------------------------------------------------------------------


@pytest.fixture
def card(rollout, leads):
    """A card in wave 1, as both leads see it."""
    move(rollout, "a03", 1, leads[2])
    return placement(rollout, "a03")


def at_the_same_card(rollout, card, lead):
    """What the other lead may be doing while the first moves the card to wave 2."""
    seen = {"placement": card, "version_seen": card.version, "by": lead, "now": NOW}
    return {
        "undo": partial(undoing.undo, rollout=rollout, change=PlanEvent.objects.latest("pk").change, by=lead, now=NOW),
        "withdraw": partial(leaving.withdraw, reason="Vil vente", **seen),
        "pin": partial(leaving.pin, reason="Avtalt", **seen),
        "move": partial(placing.move, to=wave(rollout, 3), **seen),
    }


@pytest.mark.parametrize("what", ["undo", "withdraw", "pin", "move"])
def test_of_two_at_the_same_card_one_lands_and_the_other_is_told(rollout, card, leads, what):
    other = at_the_same_card(rollout, card, leads[1])[what]
    outcomes = at_once(partial(move, rollout, "a03", 2, leads[0], version_seen=card.version), other)

    assert count(outcomes, "done") == 1, outcomes
    refused = next(words for outcome, words in outcomes if outcome != "done")
    assert any(said in refused for said in ("er flyttet siden du så kortet", "er endret på nytt", "utenfor", "er låst"))
    assert events_tell_the_board(rollout)


@pytest.mark.parametrize("what", ["undo", "withdraw", "pin", "move"])
def test_control_without_the_lock_both_land_on_the_same_card(rollout, card, leads, what, monkeypatch):
    other = at_the_same_card(rollout, card, leads[1])[what]
    fresh = placing.fresh
    monkeypatch.setattr(placing, "hold_plan", reads_only)
    monkeypatch.setattr(undoing, "lock_plans", lambda ids: {pk: reads_only(pk) for pk in ids})
    monkeypatch.setattr(leaving, "lock_placement", lambda pk: fresh(placement(rollout, "a03")))
    # Both have asked what stands in the way before either writes.
    monkeypatch.setattr(placing, "refuse_if_fixed", meeting_after(placing.refuse_if_fixed, parties=2))
    outcomes = at_once(partial(move, rollout, "a03", 2, leads[0], version_seen=card.version), other)

    assert count(outcomes, "done") == 2, "a pinned card has moved, or one is pinned where nobody meant it"
    if what != "pin":
        with pytest.raises(Mismatch):
            replay(history(rollout))


def test_two_who_order_one_wave_at_once_both_land_and_the_order_has_no_gaps(rollout, leads):
    for slug in ("a00", "a01", "a02", "a03", "a04"):
        move(rollout, slug, 1, leads[2])
    outcomes = at_once(
        *(partial(move, rollout, slug, 1, by, position=1) for slug, by in (("a04", leads[0]), ("a03", leads[1])))
    )
    assert count(outcomes, "done") == 2, outcomes
    assert set(as_it_stands(rollout).waves[1].agencies[:2]) == {"a03", "a04"}
    assert events_tell_the_board(rollout)


# -- dates ---------------------------------------------------------------------------------------------------------


def set_dates(rollout, number, leaders_on, by, **more):
    one = wave(rollout, number)
    day = dt.date.fromisoformat(leaders_on)
    return partial(
        scheduling.set_dates,
        wave=one,
        leaders_on=day,
        all_staff_on=max(one.all_staff_on, day + dt.timedelta(days=7)),
        by=by,
        now=NOW,
        **more,
    )


def test_of_two_who_carry_on_one_waves_dates_one_lands_and_the_other_is_told(rollout, leads):
    seen = {"carry_on": True, "version_seen": wave(rollout, 1).plan_version}
    outcomes = at_once(
        set_dates(rollout, 1, "2018-02-13", leads[0], **seen), set_dates(rollout, 1, "2018-02-15", leads[1], **seen)
    )
    assert "Pulje 1 er endret siden du så den" in loser(outcomes, "Refused")
    assert len({event.change for event in PlanEvent.objects.filter(kind="dates_set")}) == 1
    assert events_tell_the_board(rollout)


def test_dates_that_are_carried_on_to_a_wave_refuse_who_had_seen_it_with_its_old_ones(rollout, leads):
    outcomes = at_once(
        set_dates(rollout, 1, "2018-02-13", leads[0], carry_on=True, version_seen=wave(rollout, 1).plan_version),
        set_dates(rollout, 2, "2018-04-10", leads[1], version_seen=wave(rollout, 2).plan_version),
    )
    # Wave 2's own change may come first: then it is carried on from there.
    assert outcomes[0][0] == "done" and outcomes[1][0] in ("done", "Refused"), outcomes
    days = [row.leaders_on for row in as_it_stands(rollout).waves.values()]
    assert days == sorted(days)
    assert events_tell_the_board(rollout)


@pytest.fixture
def one_closes_what_the_other_opens(rollout, leads):
    """One lead closes a week; the other lets wave 1 open in it."""
    first = dt.date(2018, 2, 12)
    closes = partial(
        calendar.add_blackout,
        rollout=rollout,
        name="Flytting",
        first_day=first,
        last_day=first + dt.timedelta(days=4),
        hard=True,
        by=leads[0],
        now=NOW,
    )
    return closes, set_dates(rollout, 1, "2018-02-14", leads[1])


def opens_on_a_closed_day(rollout):
    return calendar.calendar_of(rollout).closed_because(wave(rollout, 1).leaders_on) is not None


def test_of_one_who_closes_a_day_and_one_who_opens_on_it_one_is_refused(rollout, one_closes_what_the_other_opens):
    words = loser(at_once(*one_closes_what_the_other_opens), "Refused")
    assert "Pulje 1 åpner onsdag 14. februar 2018" in words or "kan ingenting åpne (Flytting)" in words
    assert not opens_on_a_closed_day(rollout)


def test_control_without_the_lock_a_wave_opens_on_a_closed_day(rollout, one_closes_what_the_other_opens, monkeypatch):
    monkeypatch.setattr(calendar, "lock_plan", reads_only)
    monkeypatch.setattr(scheduling, "lock_plan", reads_only)
    read, asked = meeting(scheduling.calendar_of, calendar._refuse_over_openings)
    monkeypatch.setattr(scheduling, "calendar_of", read)
    monkeypatch.setattr(calendar, "_refuse_over_openings", asked)
    assert count(at_once(*one_closes_what_the_other_opens), "done") == 2
    assert opens_on_a_closed_day(rollout)


# -- an agency in two rollouts -------------------------------------------------------------------------------------


@pytest.fixture
def edited_in_two(leads):
    """An agency edited from the newer of its two rollouts: that edit is undone there, while the older one edits."""
    older, newer = make_rollout(slug="eldre"), make_rollout(slug="nyere")
    agency = make_agency("kli", employees=100)
    for one in (older, newer):
        placing.queueing.join(rollout=one, agency=agency, by=leads[0], now=NOW)
    event = profiles.edit(rollout=newer, agency=agency, fields={"employees": 200}, by=leads[0], now=NOW)
    undo = partial(undoing.undo, rollout=newer, change=event.change, by=leads[0], now=NOW)
    edit = partial(profiles.edit, rollout=older, agency=agency, fields={"employees": 300}, by=leads[1], now=NOW)
    return older, newer, undo, edit


def test_an_undone_edit_and_another_edit_of_the_agency_do_not_wait_for_each_other(edited_in_two):
    _older, _newer, undo, edit = edited_in_two
    outcomes = at_once(undo, edit)
    assert {outcome for outcome, _words in outcomes} <= {"done", "UndoRefused"}, outcomes


def test_control_locked_in_another_order_they_do(edited_in_two, monkeypatch):
    older, newer, undo, edit = edited_in_two
    holds_newer, holds_older = meeting(partial(lock_plan, newer.pk), partial(lock_plan, older.pk))
    monkeypatch.setattr(undoing, "lock_plans", lambda ids: {newer.pk: holds_newer()})
    in_order = profiles.lock_plans

    def edits_from_the_older():
        monkeypatch.setattr(profiles, "lock_plans", lambda ids: holds_older() and in_order(ids))
        return edit()

    outcomes = at_once(undo, edits_from_the_older)
    assert count(outcomes, "OperationalError") == 1, outcomes
