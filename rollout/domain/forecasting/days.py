"""The calendar as arrays: steps over days on which nothing may open (rule 12), for thousands of futures at once."""

import datetime as dt
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
#: How many days a forecast looks over; a date past them is told as the last of them.
SPAN = 3650


class Days:
    """`SPAN` days from `first`, each a number from 0. *Working*: no weekend, no public holiday. *Open*: nor a hard
    period of the rollout's. Every open day is a working day.

    Later is counted in open days, earlier in working days and then on to the first open one: so a day more that is
    closed can never bring anything forward.
    """

    def __init__(self, first: dt.date, *, working: NDArray[np.bool_], is_open: NDArray[np.bool_]) -> None:
        self.first = first
        self._working, self._open = _Ranked(working), _Ranked(is_open & working)

    @classmethod
    def of(cls, first: dt.date, *, is_working: Callable[[dt.date], bool], is_open: Callable[[dt.date], bool]) -> "Days":
        dates = [first + dt.timedelta(days=n) for n in range(SPAN)]
        return cls(
            first,
            working=np.fromiter(map(is_working, dates), bool, SPAN),
            is_open=np.fromiter(map(is_open, dates), bool, SPAN),
        )

    def number(self, day: dt.date) -> int:
        return min(max((day - self.first).days, 0), SPAN - 1)

    def date(self, number: int) -> dt.date:
        return self.first + dt.timedelta(days=int(number))

    def working_between(self, start: int, end: int) -> int:
        """Working days after `start` up to and with `end`."""
        return int(self._working.until[end] - self._working.until[start])

    def late_by(self, planned: int, actual: int) -> int:
        """Open days that `actual` came after `planned`, or, negative, working days before it."""
        ranked = self._open if actual >= planned else self._working
        return int(ranked.until[actual] - ranked.until[planned])

    def moved(self, days: Ints | int, by: NDArray[np.float64]) -> Ints:
        """The open days `by` days after (negative: before) each of `days`."""
        whole = np.rint(by).astype(np.int64)
        later = self._open.place(self._open.rank_from(days) + np.maximum(whole, 0))
        if whole.size and whole.min() < 0:
            earlier = self._working.place(self._working.rank_from(days) + np.minimum(whole, 0))
            return np.where(whole < 0, self._open.place(self._open.rank_from(earlier)), later)
        return later


class _Ranked:
    """The good ones among the days: which place each has, and which day has a place."""

    def __init__(self, good: NDArray[np.bool_]) -> None:
        self.numbers = np.flatnonzero(good)
        if not self.numbers.size:  # a table that bans every day is a mistake elsewhere; one must still be told of it
            self.numbers = np.array([SPAN - 1])
        self.until = np.cumsum(good)  # good days up to and with each
        self._before = self.until - good

    def rank_from(self, days: Ints | int) -> Ints:
        """The place of the first good day on or after each."""
        return self._before[days]

    def place(self, ranks: Ints) -> Ints:
        return self.numbers[np.clip(ranks, 0, len(self.numbers) - 1)]
