"""Several leads change one plan in any order; after each step the domain's rules hold (`tests/watched_plan.py`)."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from rollout.domain import (
    adopting,
    calendar,
    confirming,
    deciding,
    licensing,
    opening,
    profiles,
    reviewing,
    scenarios,
    scheduling,
    undoing,
)
from rollout.models import Pace, Purpose, Verdict, WaveState, opening_moment
from tests.plan_places import Places, action, days_ahead, leads, numbers, queue_or_wave, slugs, some
from tests.watched_plan import base

pytestmark = pytest.mark.django_db


class Plan(Places):
    """All that leads do, and the clock."""

    @action(
        times=2,
        lead=leads,
        number=numbers,
        ahead=days_ahead,
        after=st.integers(0, 30),
        carry_on=st.booleans(),
        earlier=st.booleans(),
        asks=st.booleans(),
        sensible=st.booleans(),
    )
    def set_dates(self, lead, number, ahead, after, carry_on, earlier, asks, sensible):
        wave = self.wave(number)
        leaders_on, all_staff_on = self.day(ahead), self.day(ahead + after)
        if sensible:
            days = calendar.calendar_of(self.rollout)
            leaders_on = days.open_day_on_or_after(leaders_on)
            all_staff_on = days.open_day_on_or_after(max(all_staff_on, leaders_on + dt.timedelta(days=1)))
        if not wave.is_planned:
            leaders_on = wave.leaders_on
        order = [row for __, row in sorted(self.board.waves.items())]
        self.attempt(
            lambda: scheduling.set_dates(
                wave=wave,
                leaders_on=leaders_on,
                all_staff_on=all_staff_on,
                carry_on=carry_on,
                earlier=earlier,
                version_seen=self.looked[lead]["waves"].get(wave.number) if asks else None,
                **self.acting(lead),
            )
        )
        later = [n for n, row in enumerate(order, 1) if row.leaders_on > order[wave.number - 1].leaders_on]
        if carry_on and not earlier:
            for n in later:
                assert self.board.waves[n].leaders_on >= order[n - 1].leaders_on, "never earlier unless asked"

    @action(lead=leads, ahead=days_ahead, after=st.integers(0, 20))
    def add_wave(self, lead, ahead, after):
        if len(self.board.waves) < 5:
            self.attempt(
                lambda: scheduling.add_wave(
                    rollout=self.rollout,
                    leaders_on=self.day(ahead),
                    all_staff_on=self.day(ahead + after),
                    **self.acting(lead),
                )
            )

    @action(
        lead=leads,
        ahead=st.integers(-400, 90),
        length=st.one_of(st.integers(-1, 10), st.just(450)),
        hard=st.booleans(),
        name=st.sampled_from(["Flytting", "Stengt", " "]),
    )
    def add_blackout(self, lead, ahead, length, hard, name):
        self.attempt(
            lambda: calendar.add_blackout(
                rollout=self.rollout,
                name=name,
                first_day=self.day(ahead),
                last_day=self.day(ahead + length),
                hard=hard,
                **self.acting(lead),
            )
        )

    @action(lead=leads, index=st.integers(0, 3))
    def remove_blackout(self, lead, index):
        periods = list(self.rollout.blackouts.all())
        if periods:
            period = periods[index % len(periods)]
            self.attempt(lambda: calendar.remove_blackout(period=period, **self.acting(lead)), allowed=True)

    @action(lead=leads, number=numbers, verdict=st.sampled_from([Verdict.GO, Verdict.NO_GO]), asks=st.booleans())
    def decide(self, lead, number, verdict, asks):
        wave = self.wave(number)
        version = self.looked[lead]["waves"].get(wave.number) if asks else None
        self.attempt(
            lambda: deciding.decide(
                wave=wave,
                verdict=verdict,
                reason="Slik",
                override="Uten evaluering",
                plan_version_seen=version,
                **self.acting(lead),
            )
        )

    @action(lead=leads, number=numbers, pace=st.sampled_from(list(Pace)))
    def review(self, lead, number, pace):
        wave = self.wave(number)
        self.attempt(
            lambda: reviewing.close(wave=wave, pace=pace, reason="Lært", **self.acting(lead)),
            allowed=wave.state == WaveState.ALL_OPEN,
        )

    @action(lead=leads, slug=slugs, number=queue_or_wave)
    def choose_deferral(self, lead, slug, number):
        if placement := self.placement(slug):
            self.attempt(lambda: deciding.choose_deferral(placement=placement, to=self.to(number), **self.acting(lead)))

    @action(
        times=2,
        lead=leads,
        moves=st.dictionaries(slugs, queue_or_wave, max_size=6),
        number=st.one_of(st.none(), numbers),
        ahead=st.integers(1, 90),
        after=st.integers(1, 20),
        adds=st.booleans(),
        adopts=st.booleans(),
    )
    def imagine(self, lead, moves, number, ahead, after, adds, adopts):
        """Another plan; half the time it is adopted at once, before others have moved what it touches."""
        days, stands = calendar.calendar_of(self.rollout), scenarios.today(self.rollout).places
        leaders_on = days.open_day_on_or_after(self.day(ahead))
        all_staff_on = days.open_day_on_or_after(leaders_on + dt.timedelta(days=after))
        new = {"leaders_on": leaders_on, "all_staff_on": all_staff_on}
        dates = {} if number is None else {self.wave(number).number: new}
        if adds and (last := len(self.board.waves)) < 5:
            dates[last + 1] = new
        places = {slug: {"wave": to and self.wave(to).number} for slug, to in moves.items() if slug in stands}
        if adds and places and last < 5:
            places[min(places)] = {"wave": last + 1}
        said = {"name": "Hva om", "purpose": Purpose.WHAT_IF, "places": places, "dates": dates}
        self.attempt(lambda: scenarios.make(rollout=self.rollout, **said, **self.acting(lead)), allowed=True)
        if adopts:
            self.adopt(lead, index=0, part=None, waves=None)

    @action(times=2, lead=leads, index=st.integers(0, 6), part=st.one_of(st.none(), some), waves=st.sets(numbers))
    def adopt(self, lead, index, part, waves):
        """One of the latest scenarios; whole, or `part` of the moves and the dates of some `waves`."""
        made = list(self.rollout.scenarios.all()[:7])
        if made:
            chosen = {"moves": part, "waves": None if part is None else waves}
            self.attempt(
                lambda: adopting.adopt(scenario=made[index % len(made)], **chosen, **self.acting(lead)),
            )

    @action(lead=leads, index=st.integers(0, 6))
    def catch_up(self, lead, index):
        made = list(self.rollout.scenarios.all()[:7])
        if made:
            scenario = made[index % len(made)]
            self.attempt(lambda: scenarios.catch_up(scenario=scenario, version_seen=scenario.version))

    @action(times=3, lead=leads, back=st.integers(1, 12))
    def undo(self, lead, back):
        if len(self.changes) >= back:
            change = self.changes[-back]
            self.attempt(lambda: undoing.undo(rollout=self.rollout, change=change, **self.acting(lead)))

    @action(lead=leads, back=st.integers(1, 12))
    def undo_what_is_undone(self, lead, back):
        undone = list(self.rollout.events.filter(undone_by__isnull=False).values_list("change", flat=True))
        if len(undone) >= back:
            self.attempt(
                lambda: undoing.undo(rollout=self.rollout, change=undone[-back], **self.acting(lead)), allowed=False
            )

    @action(lead=leads, slug=slugs, number=st.sampled_from([-1, 0, 100, 500]))
    def figures(self, lead, slug, number):
        placement = self.placement(slug)
        if number == 0 and placement:
            # The pool and the funding too small for some; then large enough again.
            size = {1_500: 700, 700: 3_000, 3_000: 1_500}[self.here["pool"]]
            self.attempt(lambda: licensing.set_pool(rollout=self.rollout, size=size, **self.acting(lead)))
            funding = {"funded": number, "implementation_cost_nok": 1, "budget_reference": ""}
            self.attempt(lambda: licensing.set_funding(placement=placement, **funding, **self.acting(lead)))
        elif placement:
            fields = {"employees": number}
            self.attempt(
                lambda: profiles.edit(
                    rollout=self.rollout, agency=placement.agency, fields=fields, **self.acting(lead)
                ),
                allowed=None if number > 0 else False,
            )

    @action(times=2, lead=leads, slug=slugs, more=st.integers(0, 100))
    def fund(self, lead, slug, more):
        if placement := self.placement(slug):
            funding = {"funded": placement.agency.employees + more, "implementation_cost_nok": 1}
            self.attempt(
                lambda: licensing.set_funding(placement=placement, budget_reference="", **funding, **self.acting(lead))
            )

    @action(lead=leads, slug=slugs, key=st.sampled_from(["sponsor", "key_people_named"]), takes_back=st.booleans())
    def waive(self, lead, slug, key, takes_back):
        if (placement := self.placement(slug)) is None:
            return
        if takes_back:
            self.attempt(lambda: confirming.take_back_waiver(placement=placement, step_key=key, **self.acting(lead)))
        else:
            step = placement.course_version.steps.get(key=key)
            self.attempt(lambda: confirming.waive(placement=placement, step=step, reason="Liten", **self.acting(lead)))

    @action(times=2, lead=leads, number=numbers, days=st.integers(1, 10), opens=st.booleans())
    def time_passes(self, lead, number, days, opens):
        """Some days; or to the day of a wave whose go is given first: without this, few examples get so far."""
        wave = self.wave(number)
        if not opens or wave.next_step is None or opening_moment(wave.day_of(wave.next_step)) <= self.now:
            self.now += dt.timedelta(days=days)
            self.attempt(lambda: opening.open_due(rollout=self.rollout, now=self.now), allowed=True)
            return
        self.decide(lead, wave.number, Verdict.GO, asks=False)
        self.now = opening_moment(wave.day_of(wave.next_step))
        given = self.board.waves[wave.number].decision == "go"
        self.attempt(lambda: opening.open_due(rollout=self.rollout, now=self.now), allowed=True)
        assert (self.board.waves[wave.number].state != wave.state) == given


def test_whatever_the_leads_do_in_any_order_the_rules_hold_and_the_events_tell_it_all():
    rollout = base()
    run_state_machine_as_test(
        lambda: Plan(rollout),
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
