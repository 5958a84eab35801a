"""Each agency's turn: the wave it comes to when the queue is dealt out from its front, evenly."""

from collections import Counter

from rollout.domain.composing.question import CAPACITY, Agency, Question, Wave, in_time


def deal(question: Question, *, level: int) -> dict[str, int | None]:
    """Everybody in order in the wave that is being filled: it is full at five, or when most of the next one would be
    above its share of the people, `level`. One that is larger than that alone has a wave of its own.

    Who cannot be ready by then comes to the first wave it can, and who is pinned to its own; without room, to none.
    """
    waves = question.waves
    number: Counter[int] = Counter()
    people: Counter[int] = Counter()
    alone: set[int] = set()  # the waves of those who are larger than the level
    turns: dict[str, int | None] = {}
    free = question.free_licences
    filling = dealt = 0

    def room(agency: Agency, wave: Wave) -> bool:
        return (
            in_time(agency, wave)
            and number[wave.number] < CAPACITY
            and (wave.cap is None or people[wave.number] + agency.headcount <= wave.cap)
            and (free is None or agency.headcount <= free)
        )

    def full(agency: Agency, place: int) -> bool:
        wave = waves[place]
        if agency.headcount > level or wave.number in alone:
            return number[wave.number] > 0
        share = level * (place + 1 - sum(other.number in alone for other in waves[:place]))
        return number[wave.number] == CAPACITY or dealt + agency.headcount / 2 > share

    def stand(agency: Agency, wave: int | None) -> None:
        nonlocal free
        turns[agency.key] = wave
        if wave is not None:
            number[wave] += 1
            people[wave] += agency.headcount
            free = None if free is None else free - agency.headcount
            if agency.headcount > level:
                alone.add(wave)

    for agency in question.agencies:
        if agency.pinned:
            stand(agency, agency.stands_in)
    for agency in question.agencies:
        if agency.pinned:
            continue
        while filling < len(waves) - 1 and full(agency, filling):
            filling += 1
        with_room = [wave for wave in (*waves[filling:], *reversed(waves[:filling])) if room(agency, wave)]
        quiet = [wave for wave in with_room if wave.number not in alone] or with_room
        stand(agency, quiet[0].number if quiet else None)
        dealt += agency.headcount if agency.headcount <= level else 0
    return turns
