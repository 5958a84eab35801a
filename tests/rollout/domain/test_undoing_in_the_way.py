"""What stands in the way of an undoing and what does not, and that an undoing brings all of it back (rule 9)."""

import datetime as dt
from decimal import Decimal

import pytest

from rollout.domain import calendar, confirming, deciding, leaving, licensing, opening, placing, profiles, undoing
from rollout.domain.refusals import UndoRefused
from rollout.models import OSLO, EventKind, LicencePrice, PlanEvent, Waiver
from tests.factories import NOW, give_go, make_agency, place

pytestmark = pytest.mark.django_db
EASTER = {"name": "Påske", "first_day": dt.date(2018, 3, 26), "last_day": dt.date(2018, 4, 2)}


def undo(event, lead):
    return undoing.undo(rollout=event.rollout, change=event.change, by=lead, now=NOW)


def last_of(kind):
    return PlanEvent.objects.filter(kind=kind).last()


def test_an_undone_move_brings_back_where_the_agency_was_deferred_to(rollout, lead):
    one, two, three = rollout.waves.all()
    placement = place(make_agency("kli"), one)
    deciding.choose_deferral(placement=placement, to=three, by=lead, now=NOW)
    chosen = last_of(EventKind.DEFERRAL_CHOSEN)
    moved = placing.move(placement=placement, to=two, by=lead, now=NOW)

    undo(moved, lead)

    placement.refresh_from_db()
    assert placement.deferral_wave == three
    assert undo(chosen, lead), "and the choice itself can be undone"
    placement.refresh_from_db()
    assert placement.deferral_wave is None


def test_a_pin_that_was_taken_off_again_is_not_in_the_way_of_an_older_move(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    moved = placing.move(placement=placement, to=rollout.waves.get(number=2), by=lead, now=NOW)
    leaving.pin(placement=placement, reason="Avtalt", by=lead, now=NOW)
    with pytest.raises(UndoRefused, match="er låst i Pulje 2: Avtalt. Lås opp plasseringen først"):
        undo(moved, lead)
    leaving.unpin(placement=placement, by=lead, now=NOW)
    undo(moved, lead)
    placement.refresh_from_db()
    assert placement.wave is None


def test_what_cannot_be_undone_is_not_asked_to_be_undone_first(rollout, lead):
    one = rollout.waves.get(number=1)
    placement = place(make_agency("kli"), rollout=rollout, funded=0)
    moved = placing.move(placement=placement, to=one, by=lead, now=NOW)
    one.refresh_from_db()
    give_go(one, by=lead)
    opening.open_due(now=dt.datetime(2018, 2, 7, 8, 0, tzinfo=OSLO))
    with pytest.raises(UndoRefused, match="«Utsatt» av systemet") as refused:
        undo(moved, lead)
    assert "Angre det først" not in str(refused.value)


def test_a_period_that_was_added_removed_and_brought_back_can_still_be_undone(rollout, lead):
    period = calendar.add_blackout(rollout=rollout, hard=True, by=lead, now=NOW, **EASTER)
    added = last_of(EventKind.BLACKOUT_ADDED)
    undo(calendar.remove_blackout(period=period, by=lead, now=NOW), lead)
    assert rollout.blackouts.get() == period, "the very same one"
    undo(added, lead)
    assert not rollout.blackouts.exists()


def test_a_price_from_another_day_is_not_in_the_way(rollout, lead):
    def price(day, price_nok):
        licensing.set_price(rollout=rollout, valid_from=day, price_nok=Decimal(price_nok), by=lead, now=NOW)
        return last_of(EventKind.PRICE_SET)

    first = price(dt.date(2018, 7, 1), 30)
    price(dt.date(2019, 1, 1), 35)
    undo(first, lead)
    assert LicencePrice.objects.get().price_nok == 35
    second = price(dt.date(2018, 7, 1), 31)
    price(dt.date(2018, 7, 1), 32)
    with pytest.raises(UndoRefused, match="Angre det først"):
        undo(second, lead)


def test_an_older_exemption_does_not_take_back_a_newer_one(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    step = placement.course_version.steps.get(key="sponsor")
    confirming.waive(placement=placement, step=step, reason="Liten", by=lead, now=NOW)
    first = last_of(EventKind.STEP_WAIVED)
    confirming.take_back_waiver(placement=placement, step_key="sponsor", by=lead, now=NOW)
    confirming.waive(placement=placement, step=step, reason="Avtalt med byråden", by=lead, now=NOW)
    with pytest.raises(UndoRefused, match="endret på nytt etterpå: «Steg fritatt»"):
        undo(first, lead)
    assert Waiver.objects.get().reason == "Avtalt med byråden"


def test_an_exemption_taken_back_is_given_again_with_its_reason(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    step = placement.course_version.steps.get(key="sponsor")
    confirming.waive(placement=placement, step=step, reason="Liten", by=lead, now=NOW)
    (taken_back,) = undo(last_of(EventKind.STEP_WAIVED), lead)
    assert not Waiver.objects.exists()
    undo(taken_back, lead)
    assert Waiver.objects.get().reason == "Liten"


def test_an_undoing_that_would_do_nothing_is_refused(rollout, lead):
    """Without an event of its own it would not be undone, and could be pressed for ever."""
    agency = make_agency("kli", employees=100)
    place(agency, rollout=rollout)
    profiles.edit(rollout=rollout, agency=agency, fields={"employees": 200}, by=lead, now=NOW)
    event = last_of(EventKind.AGENCY_EDITED)
    type(agency).objects.filter(pk=agency.pk).update(employees=100)
    with pytest.raises(UndoRefused, match="står alt slik"):
        undo(event, lead)
