"""Prints how often the forecast's quantiles held, as a table and as one JSON object. Exit code 1: they did not hold.

Usage: python -m tests.calibrate [rollouts] [futures]
"""

import json
import math
import random
import statistics
import sys
from collections import defaultdict

from rollout.domain.forecasting import futures, ranges
from rollout.domain.forecasting.data import PlanData
from tests.calibrate.worlds import DAYS, GENERATORS, Played, play

AFTER = (1, 2, 4)
LEVELS = tuple(ranges.LEVELS.values())
SEEDS = {"own": 2018, "heavy_tails": 2019, "shared_in_wave": 2020, "improving": 2021}
#: How often P80 and P50 must hold under the forecast's own model, and P80 under others.
OWN = {0.8: (75, 85), 0.5: (45, 55)}
OTHER = {0.8: (70, 90)}


def pinball(level: float, told: float, came: float) -> float:
    """What a quantile is charged for being wrong, in days."""
    return max(level * (came - told), (level - 1) * (came - told))


def forecast(data: PlanData, *, number: int, seed: int) -> list[int]:
    return ranges.quantiles(futures.draw(data, futures=number, seed=seed).finish)


def naive(played: Played, waves: int) -> dict[str, list[float]]:
    """ "Average so far": the mean lateness of the waves so far goes on. As one day, and with the spread so far."""
    late, data = played.late[waves - 1], played.known[waves - 1]
    ahead = len(data.waves) - waves
    planned = DAYS.number(max(wave.all_staff_on for wave in data.waves))
    middle = planned + statistics.mean(late) * ahead * 7 / 5  # working days to days
    spread = statistics.stdev(late) * math.sqrt(ahead) * 7 / 5 if len(late) > 1 else 0
    normal = statistics.NormalDist()
    return {
        "naive": [middle] * len(LEVELS),
        "naive_with_spread": [middle + spread * normal.inv_cdf(level) for level in LEVELS],
    }


def calibrate(generator: str, *, rollouts: int, number: int) -> dict:
    source = random.Random(SEEDS[generator])
    held = {waves: dict.fromkeys(LEVELS, 0) for waves in AFTER}
    lost: dict = {waves: defaultdict(float) for waves in AFTER}
    width: dict = {waves: [] for waves in AFTER}
    for rollout in range(rollouts):
        played = play(GENERATORS[generator](source), source)
        came = DAYS.number(played.finish)
        for waves in AFTER:
            told = {"forecast": forecast(played.known[waves - 1], number=number, seed=rollout)}
            told |= naive(played, waves)
            width[waves].append(told["forecast"][3] - told["forecast"][0])
            for place, level in enumerate(LEVELS):
                held[waves][level] += came <= told["forecast"][place]
                for name, quantiles in told.items():
                    lost[waves][name] += pinball(level, quantiles[place], came) / len(LEVELS) / rollouts
    return {
        str(waves): {
            "held_percent": {
                f"P{round(100 * level)}": round(100 * held[waves][level] / rollouts, 1) for level in LEVELS
            },
            "pinball_days": {name: round(loss, 2) for name, loss in lost[waves].items()},
            "median_width_days": statistics.median(width[waves]),
        }
        for waves in AFTER
    }


def misses(told: dict) -> list[str]:
    """Where a quantile did not hold as often as it must, or the naive forecast was better."""
    found = []
    for generator, by_waves in told.items():
        for waves, one in by_waves.items():
            for level, (least, most) in (OWN if generator == "own" else OTHER).items():
                percent = one["held_percent"][f"P{round(100 * level)}"]
                if not least <= percent <= most:
                    found.append(f"{generator}, {waves} waves: P{round(100 * level)} held in {percent} %")
            mine, *others = one["pinball_days"].values()
            if mine >= min(others):
                found.append(f"{generator}, {waves} waves: the naive forecast lost less")
    return found


def table(told: dict) -> str:
    head = "generator        waves   P10   P50   P80   P90   width  pinball: forecast  naive  naive with spread"
    lines = [head]
    for generator, by_waves in told.items():
        for waves, one in by_waves.items():
            held = "".join(f"{percent:6.1f}" for percent in one["held_percent"].values())
            mine, point, spread = one["pinball_days"].values()
            scores = f"{one['median_width_days']:7.0f} {mine:18.2f} {point:6.2f} {spread:18.2f}"
            lines.append(f"{generator:<16} {waves:>5}{held} {scores}")
    return "\n".join(lines)


def main() -> int:
    rollouts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    told = {name: calibrate(name, rollouts=rollouts, number=number) for name in GENERATORS}
    missed = misses(told)
    sys.stderr.write(table(told) + "\n" + "".join(f"MISSED {miss}\n" for miss in missed))
    answer = {"rollouts": rollouts, "futures": number, "seeds": SEEDS, "told": told, "missed": missed}
    sys.stdout.write(json.dumps(answer, indent=1) + "\n")
    # Under another model a miss is told and not hidden; under its own it is an error.
    return any(miss.startswith("own") for miss in missed)


if __name__ == "__main__":
    sys.exit(main())
