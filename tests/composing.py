"""Questions to the composer, an independent reading of its hard rules, and the best answer by trying everything."""

import csv
import datetime as dt
import itertools
import random
from collections import defaultdict

from rollout import reference
from rollout.domain.composing import scoring
from rollout.domain.composing.question import Agency, Places, Question, Wave, Weights, effort_for
from tests.baseline import BASELINE

#: The wave 1 that Oslo chose, for variation.
OSLO = ("bre", "bns", "kli", "oby", "vav")


def broken(question: Question, places: Places) -> list[str]:
    """Every hard rule that the places break. Written anew, from the words of docs/composer.md."""
    found = []
    waves = {wave.number: wave for wave in question.waves}
    standing = defaultdict(list)
    if set(places) != {agency.key for agency in question.agencies}:
        found.append("not everybody stands in one place")
    for agency in question.agencies:
        where = places.get(agency.key)
        if agency.pinned and where != agency.stands_in:
            found.append(f"{agency.key} is locked and was moved")
        if where is None:
            if question.everyone and not agency.pinned:
                found.append(f"{agency.key} has no place")
            continue
        if where not in waves:
            found.append(f"{agency.key} stands in a wave that may not change")
            continue
        standing[where].append(agency)
        if waves[where].leaders_on < agency.ready_from and not waves[where].rushed:
            found.append(f"{agency.key} cannot be ready by wave {where}")
    for number, there in standing.items():
        people = sum(agency.headcount for agency in there)
        if len(there) > 5:
            found.append(f"wave {number} has {len(there)} agencies")
        if waves[number].cap is not None and people > waves[number].cap:
            found.append(f"wave {number} has {people} people")
    placed = sum(agency.headcount for there in standing.values() for agency in there)
    if question.free_licences is not None and placed > question.free_licences:
        found.append(f"{placed} licences are needed")
    return found


def best_by_trying(question: Question) -> tuple[int, int] | None:
    """(what those left out weigh, the points) of the best plan there is; None: no plan keeps the rules."""
    scales = scoring.Scales(question)
    numbers = [None, *(wave.number for wave in question.waves)]
    keys = [agency.key for agency in question.agencies]
    found = [
        (scoring.left_out(question, places), scoring.points(scales, places))
        for choice in itertools.product(numbers, repeat=len(keys))
        if not broken(question, places := dict(zip(keys, choice, strict=True)))
    ]
    return min(found, default=None)


def oslo_2018(*, pilots: tuple[int, ...] = (1,), rushed: tuple[int, ...] = (1,), **fields) -> Question:
    """The reference rollout's queue before anybody had done a step. Wave 1 came days after the signing: rushed."""
    with reference.AGENCIES_FILE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["queue_position"]]
    agencies = tuple(
        Agency(
            key=row["slug"],
            headcount=int(row["employees"]),
            locations=int(row["locations"]),
            maturity=int(row["maturity"]),
            anchoring=int(row["leadership_anchoring"]),
            order=int(row["queue_position"]),
            stands_in=None,
            pinned=False,
            ready_from=dt.date(2018, 3, 29),
        )
        for row in rows
    )
    waves = tuple(
        Wave(number, leaders_on, all_staff_on, pilot=number in pilots, rushed=number in rushed)
        for number, (leaders_on, all_staff_on) in BASELINE.items()
    )
    effort = effort_for(agencies=len(agencies), waves=len(waves))
    return Question(agencies, waves, **{"free_licences": 45_000, "effort": effort} | fields)


def large(*, agencies: int = 100, waves: int = 20, seed: int = 2018) -> Question:
    """As many agencies as it takes, with sizes as uneven as a municipality's and one of 17 000."""
    chance = random.Random(seed)
    sizes = [int(chance.lognormvariate(6, 1.3)) + 10 for _n in range(agencies)]
    sizes[agencies // 2] = 17_000
    start = dt.date(2018, 2, 7)
    return Question(
        agencies=tuple(
            Agency(
                key=f"a{number:03}",
                headcount=size,
                locations=max(1, size // chance.randint(20, 60)),
                maturity=chance.randint(1, 5),
                anchoring=chance.choice([None, 1, 2, 3, 4, 5]),
                order=number,
                stands_in=None,
                pinned=False,
                ready_from=start + dt.timedelta(days=chance.choice([0, 0, 28, 56])),
            )
            for number, size in enumerate(sizes, 1)
        ),
        waves=tuple(
            Wave(n, start + dt.timedelta(weeks=3 * n), start + dt.timedelta(weeks=3 * n + 2), pilot=n == 1)
            for n in range(1, waves + 1)
        ),
        weights=Weights(),
        effort=effort_for(agencies=agencies, waves=waves),
    )
