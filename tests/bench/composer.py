"""How long the composer takes, and to what gap: the reference rollout, and 100 agencies over 20 waves.

    make bench-compose

`cpu_seconds` is what one core works, `seconds` what one waits; they are the same on a machine with nothing else to do.
"""

import json
import sys
import time

from rollout.domain.composing import scoring, variation
from rollout.domain.composing.answering import answer
from rollout.domain.composing.question import Question
from tests.composing import OSLO, broken, large, oslo_2018


def measure(question: Question) -> dict:
    waited, worked = time.perf_counter(), time.process_time()
    found = answer(question)
    seconds, cpu = time.perf_counter() - waited, time.process_time() - worked
    pilots = [wave.number for wave in question.waves if wave.pilot]
    return {
        "agencies": len(question.agencies),
        "waves": len(question.waves),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "state": found.state,
        "points": found.objective,
        "bound": found.bound,
        "gap": round(found.gap, 3),
        "without_a_place": sum(number is None for number in found.places.values()),
        "hard_rules_broken": len(broken(question, found.places)),
        "pilot_variation": {number: found.variation[number] for number in pilots},
    }


def main() -> None:
    reference = oslo_2018()
    positions = scoring.Scales(reference).positions
    told = {
        "oslo_2018": measure(reference),
        "variation_of_oslos_own_wave_1": variation.variation(positions[key] for key in OSLO),
        "oslo_2018_with_lead_times": measure(oslo_2018(pilots=(2,), rushed=())),
        "large": measure(large()),
    }
    json.dump(told, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
