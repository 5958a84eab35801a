"""What an opening has put beyond undoing is known before anybody presses: it is not offered, and would be refused."""

import datetime as dt

import pytest

from rollout.domain import confirming, deciding, leaving, placing, scheduling, undoing
from rollout.domain.past_undoing import past_undoing
from rollout.domain.refusals import UndoRefused
from rollout.models import PlanEvent, Wave, WaveState
from tests.factories import NOW, make_agency, make_lead, place
from tests.rollout.domain.test_undoing_in_the_way import last_of

pytestmark = pytest.mark.django_db
LATER = dt.timedelta(days=1)


@pytest.fixture
def kli(rollout):
    return place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=1))


def is_past(event: PlanEvent) -> bool:
    return PlanEvent.objects.filter(past_undoing(), pk=event.pk).exists()


def opened(wave: Wave, state: WaveState = WaveState.LEADERS_OPEN) -> None:
    moments = {"leaders_opened_at": NOW} | ({"all_staff_opened_at": NOW} if state == WaveState.ALL_OPEN else {})
    Wave.objects.filter(pk=wave.pk).update(state=state, **moments)


def moved_in(kli, lead):
    placing.move(placement=kli, to=None, by=lead, now=NOW)
    return placing.move(placement=kli, to=kli.rollout.waves.get(number=1), by=lead, now=NOW)


def moved_out(kli, lead):
    return placing.move(placement=kli, to=kli.rollout.waves.get(number=2), by=lead, now=NOW)


def withdrawn(kli, lead):
    leaving.withdraw(placement=kli, reason="Venter", by=lead, now=NOW)
    return last_of("withdrawn")


def unlocked(kli, lead):
    leaving.pin(placement=kli, reason="Avtalt", by=lead, now=NOW)
    return leaving.unpin(placement=kli, by=lead, now=NOW)


def deferral_chosen(kli, lead):
    deciding.choose_deferral(placement=kli, to=kli.rollout.waves.get(number=2), by=lead, now=NOW)
    return last_of("deferral_chosen")


def waived(kli, lead):
    step = kli.course_version.steps.get(key="sponsor")
    confirming.waive(placement=kli, step=step, reason="Avtalt", by=lead, now=NOW)
    return last_of("step_waived")


def cap_set(kli, lead):
    scheduling.set_people_cap(wave=kli.wave, cap=9000, by=lead, now=NOW)
    return last_of("cap_set")


def both_dates_set(kli, lead):
    wave = kli.wave
    scheduling.set_dates(
        wave=wave,
        leaders_on=wave.leaders_on + LATER,
        all_staff_on=wave.all_staff_on + LATER,
        reason="Ny frist",
        by=lead,
        now=NOW,
    )
    return last_of("dates_set")


def later_date_set(kli, lead):
    wave = kli.wave
    scheduling.set_dates(
        wave=wave,
        leaders_on=wave.leaders_on,
        all_staff_on=wave.all_staff_on + LATER,
        reason="Ny frist",
        by=lead,
        now=NOW,
    )
    return last_of("dates_set")


@pytest.mark.parametrize(
    "act",
    [moved_in, moved_out, withdrawn, unlocked, deferral_chosen, waived, cap_set, both_dates_set],
)
def test_after_the_leaders_opening_it_is_not_offered_and_is_refused(act, kli, lead):
    event = act(kli, lead)
    assert not is_past(event)
    opened(kli.rollout.waves.get(number=1))
    assert is_past(event)
    with pytest.raises(UndoRefused):
        undoing.undo(rollout=kli.rollout, change=event.change, by=lead, now=NOW)


def test_the_later_date_can_be_taken_back_until_all_are_let_in(kli, lead):
    event = later_date_set(kli, lead)
    opened(kli.wave)
    assert not is_past(event)
    opened(kli.wave, WaveState.ALL_OPEN)
    assert is_past(event)
    with pytest.raises(UndoRefused):
        undoing.undo(rollout=kli.rollout, change=event.change, by=lead, now=NOW)


def test_that_a_wave_was_made_is_past_undoing_once_it_has_opened(rollout, lead):
    scheduling.add_wave(
        rollout=rollout, leaders_on=dt.date(2018, 10, 16), all_staff_on=dt.date(2018, 10, 30), by=lead, now=NOW
    )
    event = last_of("wave_added")
    assert not is_past(event)
    opened(event.wave)
    assert is_past(event)


@pytest.mark.parametrize("state", [WaveState.LEADERS_OPEN, WaveState.ALL_OPEN])
def test_a_lock_comes_off_an_opened_wave_and_other_waves_changes_are_offered(state, kli, lead):
    event = leaving.pin(placement=kli, reason="Avtalt", by=lead, now=NOW)
    other = placing.move(placement=place(make_agency("vav"), rollout=kli.rollout), to=None, by=lead, now=NOW)
    opened(kli.wave, state)
    assert not is_past(event)
    assert undoing.undo(rollout=kli.rollout, change=event.change, by=make_lead(), now=NOW)
    assert other is None or not is_past(other)
