"""What 10 000 futures of the reference rollout cost on one core, and of a hundred agencies over twenty waves."""

import statistics
import time
from dataclasses import replace

from rollout.domain.forecasting import forecast
from rollout.domain.forecasting.causes import helps
from rollout.domain.forecasting.data import PlanData
from tests.calibrate.worlds import AGENCIES, DAYS, WAVES, later

TIMES = 7


def measure() -> dict:
    """CPU seconds of this process, median of seven: drawing and telling the ranges; and the causes on top."""
    reference = PlanData(DAYS.date(31), DAYS, tuple(WAVES), tuple(AGENCIES))
    return {
        "reference_26_agencies_7_waves": _cost(reference),
        "100_agencies_20_waves": _cost(_large(reference)),
    }


def _large(plan: PlanData) -> PlanData:
    waves = [
        replace(
            WAVES[0],
            number=number + 1,
            leaders_on=later(WAVES[0].leaders_on, 18 * number),
            all_staff_on=later(WAVES[0].all_staff_on, 18 * number),
        )
        for number in range(20)
    ]
    agencies = [replace(AGENCIES[n % 26], slug=f"a{n}", wave=n // 5 + 1) for n in range(100)]
    return replace(plan, waves=tuple(waves), agencies=tuple(agencies))


def _cost(plan: PlanData) -> dict:
    futures, causes = [], []
    for _time in range(TIMES):
        begun = time.process_time()
        forecast(plan, futures=10_000)
        drawn = time.process_time()
        helps(plan)
        futures.append(drawn - begun)
        causes.append(time.process_time() - drawn)
    return {
        "10000_futures_cpu_s": round(statistics.median(futures), 3),
        "causes_cpu_s": round(statistics.median(causes), 3),
    }
