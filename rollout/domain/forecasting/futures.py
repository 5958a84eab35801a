"""Drawing futures: thousands of ways that the rest of the plan may go, all at once, each an array's column.

In each future the rollout has a pace of its own, drawn from what is believed of it after what was observed. Every piece
ahead is then late by the typical length of such a piece times (taken : planned - 1), what is late carries on to the
waves after it, and at each leaders' opening some agencies are deferred and wait for the first wave with room (rule 7),
or for a new one after the last.

One seed gives one answer. What is drawn does not hang on the dates, so that two plans are compared under the same luck.
"""

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rollout.domain.forecasting.data import AgencyPlan, Pace, PlanData, Share, WavePlan
from rollout.domain.forecasting.days import Days, Ints

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: The logarithm of taken : planned is kept within this: twenty times as long as planned is long enough.
WIDEST = 3.0
#: Below this share of futures that agree with today, the piece under way starts over (see `_that_agree`).
TOO_FEW = 0.02
#: New waves beyond those that all who wait would fill: who is still deferred after them is let in.
SPARE_WAVES = 4


@dataclass(frozen=True)
class Belief:
    """What is believed after the observations: the pace of pieces, the wait for a decision, the share deferred.

    `wait` None: no review has ended yet, and the pace of the pieces says it all.
    """

    pace: Pace
    share: Share
    wait: Pace | None


@dataclass(frozen=True)
class Typical:
    """The plan's own typical lengths in working days: from leaders to all staff, and from there to the next leaders.

    `distance` is that gap as it is. `gap` counts none as longer than the stretch to all staff: what is longer is a
    pause in the plan, and no work that can slip.
    """

    all_staff: int
    gap: int
    distance: int


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


def believe(data: PlanData) -> Belief:
    """The assumptions, and what was observed added to them."""
    assumed, seen, typical = data.assumptions, data.observed, typical_of(data)
    logs = []
    for piece in seen.pieces:
        length = min(piece.planned, typical.all_staff if piece.step == "all_staff" else typical.gap)
        if length > 0:
            logs.append(_log(1 + piece.late / length, 0.5 / length))
    waits = [_log(wait / typical.distance, 0.5 / typical.distance) for wait in seen.waits]
    return Belief(
        pace=assumed.pace.seen(logs),
        share=assumed.deferral.seen(deferred=seen.deferred, let_in=seen.let_in),
        wait=assumed.pace.seen(waits) if waits else None,
    )


def _log(ratio: float, least: float) -> float:
    return max(-WIDEST, min(WIDEST, math.log(max(ratio, least))))


def in_order(data: PlanData) -> list[WavePlan]:
    return sorted(data.waves, key=lambda wave: (wave.leaders_on, wave.number))


def typical_of(data: PlanData) -> Typical:
    pieces = list(_pieces(in_order(data), data.days))
    all_staff = [piece.planned for piece in pieces if not piece.leaders]
    gaps = [piece.planned for piece in pieces if piece.leaders and piece.after is not None and piece.planned > 0]
    assumed = data.assumptions
    to_all_staff = _middle(all_staff, assumed.all_staff_days)
    return Typical(
        all_staff=to_all_staff,
        gap=_middle([min(gap, to_all_staff) for gap in gaps], assumed.gap_days),
        distance=_middle(gaps, assumed.gap_days),
    )


def _middle(lengths: list[int], otherwise: int) -> int:
    return max(1, round(statistics.median(lengths))) if lengths else otherwise


@dataclass(frozen=True)
class _Ahead:
    """A piece of the plan: it ends with wave `place`'s leaders' date or all-staff date, and begins with the opening
    `after` (the same, of an earlier one), or, None, before the first. `planned`: working days.
    """

    place: int
    leaders: bool
    after: "tuple[int, bool] | None"
    planned: int


def _pieces(waves: list[WavePlan], days: Days) -> Iterator[_Ahead]:
    """Each wave's two pieces, in order. The one to its leaders begins with the latest opening not after them."""
    for place, wave in enumerate(waves):
        leaders, all_staff = days.number(wave.leaders_on), days.number(wave.all_staff_on)
        before = [
            (days.number(day), earlier, step)
            for earlier, other in enumerate(waves[:place])
            for day, step in ((other.leaders_on, True), (other.all_staff_on, False))
            if day <= wave.leaders_on
        ]
        start, earlier, step = max(before, default=(leaders, None, True))
        after = None if earlier is None else (earlier, step)
        yield _Ahead(place, True, after, days.working_between(start, leaders))
        yield _Ahead(place, False, (place, True), days.working_between(leaders, all_staff))


def draw(data: PlanData, *, futures: int, seed: int, belief: Belief | None = None) -> Futures:
    """So many futures of the plan, the same for the same seed. `belief`: another than the observations give."""
    belief = belief or believe(data)
    streams = np.random.default_rng(seed).spawn(4)
    chain = _Chain(data, futures, belief, streams[0], streams[1], streams[2])
    return _Filling(data, futures, belief, chain, streams[3]).run()


class _Chain:
    """The openings' dates in each future, wave by wave."""

    def __init__(
        self,
        data: PlanData,
        futures: int,
        belief: Belief,
        parameters: np.random.Generator,
        pieces: np.random.Generator,
        waits: np.random.Generator,
    ) -> None:
        self.data, self.days, self.futures = data, data.days, futures
        self.typical = typical_of(data)
        self.ahead_from = data.days.number(data.ahead_from)
        self.waves = in_order(data)
        self._pieces = pieces
        self._pace, self._spread = _parameters(belief.pace, futures, parameters)
        self._waits = None
        if belief.wait is not None:
            pace, spread = _parameters(belief.wait, futures, waits)
            logs = pace + spread * waits.standard_normal((len(self.waves), futures))
            self._waits = self.typical.distance * _taken(logs)
        ahead = list(_pieces(self.waves, self.days))
        noise = self._pieces.standard_normal((len(ahead), futures))
        self._start_over = self._that_agree(ahead, noise)
        self.dates = self._planned(ahead, noise)

    def _that_agree(self, ahead: list[_Ahead], noise: Floats) -> bool:
        """Keep the futures in which what has not happened yet lies ahead: what is late already is learnt from too.

        True: hardly any such future is left, so late is it, and the piece under way starts over today.
        """
        agree = np.ones(self.futures, bool)
        under_way = []
        for row, piece in enumerate(ahead):
            if self._is_under_way(piece):
                under_way.append(row)
                late = self._late(piece, noise[row])
                agree &= self.days.moved(self._planned_day(piece), late) >= self.ahead_from
        if agree.all():
            return False
        if agree.mean() < TOO_FEW:
            return True
        kept = np.resize(np.flatnonzero(agree), self.futures)
        self._pace, self._spread = self._pace[kept], self._spread[kept]
        noise[under_way] = noise[under_way][:, kept]
        return False

    def _planned(self, ahead: list[_Ahead], noise: Floats) -> dict[tuple[int, bool], Ints]:
        late: dict[tuple[int, bool], Floats] = {}
        dates: dict[tuple[int, bool], Ints] = {}
        nothing = np.zeros(self.futures)
        for row, piece in enumerate(ahead):
            wave, key, planned = self.waves[piece.place], (piece.place, piece.leaders), self._planned_day(piece)
            if wave.all_in or (piece.leaders and wave.leaders_in):
                late[key], dates[key] = nothing, np.full(self.futures, planned)
                continue
            if self._is_firm(piece):
                late[key] = nothing
            else:
                before = late[piece.after] if piece.after else nothing
                late[key] = before + self._late(piece, noise[row])
            dates[key] = self.days.moved(planned, late[key])
            if self._start_over and self._is_under_way(piece):
                over = self._typical(piece) * _taken(self._pace + self._spread * noise[row])
                dates[key] = self.days.moved(self.ahead_from, over)
                late[key] = np.maximum(0, over + self.days.late_by(planned, self.ahead_from))
            dates[key] = np.maximum(dates[key], self.days.moved(self.ahead_from, nothing))
        return dates

    def _planned_day(self, piece: _Ahead) -> int:
        wave = self.waves[piece.place]
        return self.days.number(wave.leaders_on if piece.leaders else wave.all_staff_on)

    def _typical(self, piece: _Ahead) -> int:
        """What a lateness is a share of: a summer's pause in the plan does not make it larger."""
        typical = self.typical.gap if piece.leaders else self.typical.all_staff
        return typical if piece.after is None else min(piece.planned, typical)

    def _late(self, piece: _Ahead, noise: Floats) -> Floats:
        late = self._typical(piece) * (_taken(self._pace + self._spread * noise) - 1)
        if self._waits is not None and piece.leaders and piece.after and not piece.after[1]:
            before = piece.after[0]
            if not self.waves[before].decided:
                late = np.maximum(late, self._waits[before] + 1 - piece.planned)
        return late

    def _has_happened(self, key: "tuple[int, bool] | None") -> bool:
        if key is None:
            return True
        wave = self.waves[key[0]]
        return wave.all_in or (key[1] and wave.leaders_in)

    def _is_firm(self, piece: _Ahead) -> bool:
        """A go fixes the next step's date, while that lies ahead."""
        wave = self.waves[piece.place]
        is_next = piece.leaders or wave.leaders_in
        return wave.firm and is_next and self._planned_day(piece) >= self.ahead_from

    def _is_under_way(self, piece: _Ahead) -> bool:
        return (
            self._has_happened(piece.after)
            and not self._has_happened((piece.place, piece.leaders))
            and not self._is_firm(piece)
        )

    def after(self, last: Ints) -> tuple[Ints, Ints]:
        """The dates of a new wave after one that is open for all on these days, at the plan's typical distance."""
        noise = self._pieces.standard_normal((2, self.futures))
        gap, all_staff = _taken(self._pace + self._spread * noise)
        leaders = self.days.moved(last, np.maximum(1, self.typical.distance * gap))
        return leaders, self.days.moved(leaders, np.maximum(1, self.typical.all_staff * all_staff))

    def held(self) -> Ints:
        """When an agency that all-staff passed over comes in: as if that piece began today."""
        noise = self._pieces.standard_normal(self.futures)
        return self.days.moved(self.ahead_from, self.typical.all_staff * _taken(self._pace + self._spread * noise))


def _parameters(belief: Pace, futures: int, source: np.random.Generator) -> tuple[Floats, Floats]:
    spread = np.sqrt(belief.scale / source.standard_gamma(belief.shape, futures))
    return belief.mean + spread / math.sqrt(belief.weight) * source.standard_normal(futures), spread


def _taken(logs: Floats) -> Floats:
    return np.exp(np.clip(logs, -WIDEST, WIDEST))


class _Filling:
    """Who goes in which wave in each future: deferrals, room, and new waves for those who are left."""

    def __init__(
        self, data: PlanData, futures: int, belief: Belief, chain: _Chain, source: np.random.Generator
    ) -> None:
        self.data, self.futures, self.chain = data, futures, chain
        self._tries = source
        # The rollout's own share of deferred, in each future.
        self._share = source.beta(belief.share.deferred, belief.share.let_in, futures)
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
            used = self._known(wave, dates[1]) if wave.leaders_in else self._open(wave, dates[1], last=False)
            self.drawn.append(DrawnWave(wave.number, *dates, used))
        self._new_waves()
        finish = self.access.max(axis=0) if len(self.access) else np.zeros(0, np.int64)
        return Futures(self.drawn, self.access, finish, self.deferrals)

    def _known(self, wave: WavePlan, all_staff: Ints) -> Mask:
        """A wave whose leaders are in: its agencies stay, and get access with it, if they have it not already."""
        for place, agency in enumerate(self.data.agencies):
            if agency.wave == wave.number:
                if agency.access_on is not None:
                    self.access[place] = self.data.days.number(agency.access_on)
                else:
                    self.access[place] = self.chain.held() if wave.all_in else all_staff
        return np.ones(self.futures, bool)

    def _new_waves(self) -> None:
        left = sum(bool(mask.any()) for mask in self._waiting.values())
        at_most = math.ceil(left / self.data.assumptions.places) + SPARE_WAVES
        last = np.full(self.futures, self.chain.ahead_from)
        for wave in self.drawn:
            last = np.maximum(last, wave.all_staff)
        for number in range(1, at_most + 1):
            if not any(mask.any() for mask in self._waiting.values()):
                return
            leaders, all_staff = self.chain.after(last)
            used = self._open(None, all_staff, last=number == at_most)
            self.drawn.append(DrawnWave(None, leaders, all_staff, used))
            last = all_staff

    def _open(self, wave: WavePlan | None, all_staff: Ints, *, last: bool) -> Mask:
        """Fill the wave, and open it: who is let in, and who is deferred and where to. `last`: all are let in."""
        luck = self._tries.random((len(self.data.agencies), self.futures), np.float32)
        inside = self._members(wave, last=last)
        if wave is not None:
            self._unopened.discard(wave.number)
        used = np.zeros(self.futures, bool)
        for place, members in inside.items():
            agency = self.data.agencies[place]
            first_try = wave is not None and agency.wave == wave.number
            deferred = members & (luck[place] < self._risk(agency, first_try)) & (not last)
            let_in = members & ~deferred
            used |= let_in
            self.access[place][let_in] = all_staff[let_in]
            self.deferrals += deferred
            target = agency.defer_to if first_try else None
            if target in self._unopened:
                self._sent_to.setdefault(target, {})[place] = deferred
            else:
                self._wait(place, deferred)
        return used

    def _wait(self, place: int, mask: Mask) -> None:
        self._waiting[place] = self._waiting[place] | mask if place in self._waiting else mask

    def _members(self, wave: WavePlan | None, *, last: bool) -> dict[int, Mask]:
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
            if waiting is None or not waiting.any() or not (last or self._may_enter(agencies[place], wave)):
                continue
            enters = waiting
            if not last:
                enters = enters & (taken < self.data.assumptions.places)
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
