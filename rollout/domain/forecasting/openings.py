"""When each wave opens, in thousands of futures at once: late is carried on from piece to piece."""

import math

import numpy as np
from numpy.typing import NDArray

from rollout.domain.forecasting.belief import WIDEST, Ahead, Belief, in_order, pieces, typical_of
from rollout.domain.forecasting.data import Pace, PlanData
from rollout.domain.forecasting.days import Ints

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Below this share of futures that agree with today, the piece under way starts over (see `_that_agree`).
TOO_FEW = 0.02


class Chain:
    """The openings' dates in each future, wave by wave."""

    def __init__(
        self,
        data: PlanData,
        futures: int,
        belief: Belief,
        parameters: np.random.Generator,
        luck: np.random.Generator,
        waits: np.random.Generator,
    ) -> None:
        self.data, self.days, self.futures = data, data.days, futures
        self.typical = typical_of(data)
        self.ahead_from = data.days.number(data.ahead_from)
        self.waves = in_order(data)
        self._luck = luck
        self._pace, self._spread = _parameters(belief.pace, futures, parameters)
        self._waits = None
        if belief.wait is not None:
            pace, spread = _parameters(belief.wait, futures, waits)
            logs = pace + spread * waits.standard_normal((len(self.waves), futures))
            self._waits = self.typical.distance * _taken(logs)
        ahead = list(pieces(self.waves, self.days))
        noise = self._luck.standard_normal((len(ahead), futures))
        self._start_over = self._that_agree(ahead, noise)
        self.dates = self._planned(ahead, noise)

    def _that_agree(self, ahead: list[Ahead], noise: Floats) -> bool:
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

    def _planned(self, ahead: list[Ahead], noise: Floats) -> dict[tuple[int, bool], Ints]:
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

    def _planned_day(self, piece: Ahead) -> int:
        wave = self.waves[piece.place]
        return self.days.number(wave.leaders_on if piece.leaders else wave.all_staff_on)

    def _typical(self, piece: Ahead) -> int:
        """What a lateness is a share of: a summer's pause in the plan does not make it larger."""
        typical = self.typical.gap if piece.leaders else self.typical.all_staff
        return typical if piece.after is None else min(piece.planned, typical)

    def _late(self, piece: Ahead, noise: Floats) -> Floats:
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

    def _is_firm(self, piece: Ahead) -> bool:
        """A go fixes the next step's date, while that lies ahead."""
        wave = self.waves[piece.place]
        is_next = piece.leaders or wave.leaders_in
        return wave.firm and is_next and self._planned_day(piece) >= self.ahead_from

    def _is_under_way(self, piece: Ahead) -> bool:
        return (
            self._has_happened(piece.after)
            and not self._has_happened((piece.place, piece.leaders))
            and not self._is_firm(piece)
        )

    def after(self, last: Ints) -> tuple[Ints, Ints]:
        """The dates of a new wave after one that is open for all on these days, at the plan's typical distance."""
        noise = self._luck.standard_normal((2, self.futures))
        gap, all_staff = _taken(self._pace + self._spread * noise)
        leaders = self.days.moved(last, np.maximum(1, self.typical.distance * gap))
        return leaders, self.days.moved(leaders, np.maximum(1, self.typical.all_staff * all_staff))

    def held(self, since: Ints, noise: Floats, where: Mask) -> Ints:
        """When an agency that all-staff passes over comes in, in these futures: it takes as long as that piece."""
        taken = _taken(self._pace[where] + self._spread[where] * noise)
        return self.days.moved(since, self.typical.all_staff * taken)


def _parameters(belief: Pace, futures: int, source: np.random.Generator) -> tuple[Floats, Floats]:
    spread = np.sqrt(belief.scale / source.standard_gamma(belief.shape, futures))
    return belief.mean + spread / math.sqrt(belief.weight) * source.standard_normal(futures), spread


def _taken(logs: Floats) -> Floats:
    return np.exp(np.clip(logs, -WIDEST, WIDEST))
