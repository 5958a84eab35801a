"""Drawing futures: thousands of ways that the rest of the plan may go, all at once, each an array's column.

In each future the rollout has a pace of its own, drawn from what is believed of it after what was observed. Every piece
ahead is then late by the typical length of such a piece times (taken : planned - 1), what is late carries on to the
waves after it, and at each leaders' opening some agencies are deferred and wait for the first wave with room (rule 7),
or for a new one after the last. So does who finds no licences left (rule 8), and some are held at all staff (rule 6).

One seed gives one answer. What is drawn does not hang on the dates, so that two plans are compared under the same luck.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from rollout.domain.forecasting.belief import Belief, believe
from rollout.domain.forecasting.data import AgencyPlan, PlanData, WavePlan
from rollout.domain.forecasting.days import Ints
from rollout.domain.forecasting.openings import Chain, Floats, Mask

#: New waves beyond those that all who wait would fill: from the last of them on nobody is deferred any more.
SPARE_WAVES = 4


@dataclass(frozen=True)
class DrawnWave:
    """When a wave opens in each future, as day numbers; `number` None: a new one after the last of the plan."""

    number: int | None
    leaders: Ints
    all_staff: Ints
    used: Mask


@dataclass(frozen=True)
class Futures:
    """`access`: the day number on which each agency gets access in each future, a row for each agency. `deferrals`: how
    many deferrals lie ahead in each. `finish`: when the last of them has access; empty where nobody is in the plan.
    """

    waves: list[DrawnWave]
    access: Ints
    finish: Ints
    deferrals: Ints


def draw(data: PlanData, *, futures: int, seed: int, belief: Belief | None = None) -> Futures:
    """So many futures of the plan, the same for the same seed. `belief`: another than the observations give."""
    belief = belief or believe(data)
    streams = np.random.default_rng(seed).spawn(5)
    chain = Chain(data, futures, belief, streams[0], streams[1], streams[2])
    return _Filling(data, futures, belief, chain, streams[3], streams[4]).run()


class _Filling:
    """Who goes in which wave in each future: deferrals, room, and new waves for those who are left."""

    def __init__(
        self,
        data: PlanData,
        futures: int,
        belief: Belief,
        chain: Chain,
        source: np.random.Generator,
        holds: np.random.Generator,
    ) -> None:
        self.data, self.futures, self.chain = data, futures, chain
        self._tries = source
        # The rollout's own share of deferred, in each future.
        self._share = source.beta(belief.share.deferred, belief.share.let_in, futures)
        # The luck first, so that it is the same whatever is believed of the share.
        each = len(data.agencies), futures
        self._holding, tries = holds.standard_normal(each, np.float32), holds.random(each, np.float32)
        self._is_held = tries < holds.beta(belief.hold.deferred, belief.hold.let_in, futures)
        self._free = None if data.licences is None else np.full(futures, data.licences)
        self._unlicensed: dict[int, Mask] = {}
        self.access = np.full((len(data.agencies), futures), -1, np.int64)
        self.deferrals = np.zeros(futures, np.int64)
        self._unopened = {wave.number for wave in chain.waves if not wave.leaders_in}
        self._waiting: dict[int, Mask] = {}
        self._sent_to: dict[int, dict[int, Mask]] = {}
        # Who is deferred stands in front of the queue.
        self._queue = sorted(range(len(data.agencies)), key=lambda place: data.agencies[place].wave is None)
        self.drawn: list[DrawnWave] = []

    def run(self) -> Futures:
        everybody = np.ones(self.futures, bool)
        for place, agency in enumerate(self.data.agencies):
            if agency.wave is None:
                self._waiting[place] = everybody
        for place, wave in enumerate(self.chain.waves):
            dates = self.chain.dates[place, True], self.chain.dates[place, False]
            used = self._known(wave, dates[1]) if wave.leaders_in else self._open(wave, dates[1], defers=True)
            self.drawn.append(DrawnWave(wave.number, *dates, used))
        self._new_waves()
        finish = self.access.max(axis=0) if len(self.access) else np.zeros(0, np.int64)
        return Futures(self.drawn, self.access, finish, self.deferrals)

    def _known(self, wave: WavePlan, all_staff: Ints) -> Mask:
        """A wave whose leaders are in: its agencies stay, and get access with it, if they have it not already."""
        everybody = np.ones(self.futures, bool)
        for place, agency in enumerate(self.data.agencies):
            if agency.wave == wave.number:
                if agency.access_on is not None:
                    self.access[place] = self.data.days.number(agency.access_on)
                elif wave.all_in:
                    # Held already, and for how much longer: as if that piece began today.
                    since = np.full(self.futures, self.chain.ahead_from)
                    self.access[place] = self.chain.held(since, self._holding[place], everybody)
                else:
                    self._comes_in(place, everybody, all_staff)
        return everybody

    def _comes_in(self, place: int, where: Mask, all_staff: Ints) -> None:
        """With its wave, or later in the futures in which it is held then."""
        self.access[place][where] = all_staff[where]
        held = where & self._is_held[place]
        if held.any():
            self.access[place][held] = self.chain.held(all_staff[held], self._holding[place][held], held)

    def _new_waves(self) -> None:
        """For all who are left. By then there are licences for those who found none."""
        for place, mask in self._unlicensed.items():
            self._wait(place, mask)
        left = sum(bool(mask.any()) for mask in self._waiting.values())
        enough = math.ceil(left / self.data.assumptions.places) + SPARE_WAVES
        last = np.full(self.futures, self.chain.ahead_from)
        for wave in self.drawn:
            last = np.maximum(last, wave.all_staff)
        for number in itertools.count(1):
            if not any(mask.any() for mask in self._waiting.values()):
                return
            leaders, all_staff = self.chain.after(last)
            used = self._open(None, all_staff, defers=number < enough)
            self.drawn.append(DrawnWave(None, leaders, all_staff, used))
            last = all_staff

    def _open(self, wave: WavePlan | None, all_staff: Ints, *, defers: bool) -> Mask:
        """Fill the wave, and open it: who is let in, and, if it `defers` anybody, who is deferred and where to."""
        luck = self._tries.random((len(self.data.agencies), self.futures), np.float32)
        inside = self._members(wave)
        if wave is not None:
            self._unopened.discard(wave.number)
        used = np.zeros(self.futures, bool)
        for place, members in inside.items():
            agency = self.data.agencies[place]
            first_try = wave is not None and agency.wave == wave.number
            deferred = members & (luck[place] < self._risk(agency, first_try)) & defers
            let_in = members & ~deferred
            if wave is not None:
                let_in = self._licensed(place, let_in)
            used |= let_in
            self._comes_in(place, let_in, all_staff)
            self.deferrals += deferred
            target = agency.defer_to if first_try else None
            if target in self._unopened:
                self._sent_to.setdefault(target, {})[place] = deferred
            else:
                self._wait(place, deferred)
        return used

    def _licensed(self, place: int, let_in: Mask) -> Mask:
        """Those of these futures in which the pool has enough for the agency: it takes them, all or none (rule 8)."""
        if self._free is None:
            return let_in
        people = self.data.agencies[place].people
        enough = let_in & (self._free >= people)
        self._free = self._free - people * enough
        self._unlicensed[place] = self._unlicensed.get(place, False) | (let_in & ~enough)
        return enough

    def _wait(self, place: int, mask: Mask) -> None:
        self._waiting[place] = self._waiting[place] | mask if place in self._waiting else mask

    def _members(self, wave: WavePlan | None) -> dict[int, Mask]:
        """Who stands in the wave when it opens: its own, those deferred to it, then the queue while there is room."""
        agencies = self.data.agencies
        everybody = np.ones(self.futures, bool)
        planned = {place: everybody for place, one in enumerate(agencies) if wave and one.wave == wave.number}
        cap = None if wave is None else wave.people_cap
        taken = np.full(self.futures, len(planned))
        people = np.full(self.futures, sum(agencies[place].people for place in planned))
        chosen = {} if wave is None else self._sent_to.pop(wave.number, {})
        for place, mask in chosen.items():
            self._wait(place, mask)
        inside = dict(planned)
        for place in sorted(self._queue, key=lambda place: place not in chosen):
            waiting = self._waiting.get(place)
            if waiting is None or not waiting.any() or not self._may_enter(agencies[place], wave):
                continue
            enters = waiting & (taken < self.data.assumptions.places)
            if cap is not None:
                enters = enters & ((people + agencies[place].people <= cap) | (taken == 0))
            self._waiting[place] = waiting & ~enters
            inside[place] = inside[place] | enters if place in inside else enters
            taken = taken + enters
            people = people + agencies[place].people * enters
        return inside

    def _may_enter(self, agency: AgencyPlan, wave: WavePlan | None) -> bool:
        return wave is None or agency.earliest is None or agency.earliest <= wave.leaders_on

    def _risk(self, agency: AgencyPlan, first_try: bool) -> Floats:
        """The chance of being deferred, in each future."""
        if not first_try:
            return self._share
        assumed = self.data.assumptions
        odds = assumed.ready_odds if agency.ready else assumed.late_odds ** min(len(agency.late), assumed.late_steps)
        weighted = odds * self._share
        return weighted / (1 - self._share + weighted)
