"""What leads do with places, step by step, on a plan under watch; the rest is in `test_plan_machine`."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from agencies.models import Agency
from rollout.domain import (
    leaving,
    opening,
    placing,
    queueing,
    scheduling,
    signing_off,
    together,
)
from rollout.models import CAPACITY, PlacementStatus, WaveState
from tests.watched_plan import JOINED_FROM_START, LEADS, SLUGS, WatchedPlan

leads = st.sampled_from(LEADS)
slugs = st.sampled_from(SLUGS)
some = st.sets(slugs, min_size=1, max_size=4)
numbers = st.integers(1, 5)
queue_or_wave = st.one_of(st.none(), numbers)
positions = st.one_of(st.none(), st.integers(0, 7))
days_ahead = st.integers(-3, 90)

#: What may be done: the method's name and what it is called with. What stands here twice is done twice as often.
ACTIONS: list[tuple[str, dict[str, st.SearchStrategy]]] = []


def action(*, times: int = 1, **given: st.SearchStrategy):
    """As Hypothesis' `rule`; but that leaves most rules out of each example, and here it is the mix that finds."""

    def register(method):
        ACTIONS.extend([(method.__name__, given)] * times)
        return method

    return register


class Places(WatchedPlan):
    """Who stands where. What else is done is registered by who builds on it."""

    @rule(data=st.data())
    def step(self, data):
        name, given = ACTIONS[data.draw(st.integers(0, len(ACTIONS) - 1))]
        with_these = data.draw(st.fixed_dictionaries(given), label=name)
        getattr(self, name)(**with_these)

    @initialize(
        where=st.lists(queue_or_wave, min_size=JOINED_FROM_START, max_size=JOINED_FROM_START),
        gone=st.sets(slugs, max_size=2),
        pinned=st.sets(slugs, max_size=2),
        opens=st.booleans(),
    )
    def begin(self, where, gone, pinned, opens):
        """In queue and waves, some gone and some pinned; and, half the time, with the first wave open for leaders."""

        def move_all():
            for slug, number in zip(SLUGS, where, strict=False):
                to = self.to(number)
                if to is None or to.placements.count() < CAPACITY:
                    placing.move(placement=self.placement(slug), to=to, **self.acting(LEADS[0]))

        self.attempt(move_all)
        for slug in sorted(gone):
            self.withdraw(LEADS[1], slug, "Vil vente", asks=False)
        for slug in sorted(pinned):
            self.pin(LEADS[1], slug)
        if opens:
            self.time_passes(LEADS[0], 1, days=1, opens=True)

    @action(lead=leads)
    def look(self, lead):
        self.looked[lead] = self.look_around()

    @action(lead=leads, slug=slugs)
    def join(self, lead, slug):
        agency = Agency.objects.get(slug=slug)
        self.attempt(
            lambda: queueing.join(rollout=self.rollout, agency=agency, funded=90, **self.acting(lead)),
            allowed=not self.board.place_of(slug),
        )

    @action(times=2, lead=leads, slug=slugs, what=st.sampled_from(["rejoin", "unpin", "release"]), right=st.booleans())
    def let_go(self, lead, slug, what, right):
        """Mostly one whom it concerns."""
        held = {slug for slug, word in self.board.access.items() if word == "held"}
        verb, whom = {
            "rejoin": (leaving.rejoin, self.board.withdrawn),
            "unpin": (leaving.unpin, set(self.board.pins)),
            "release": (partial(opening.release, reason="Lagt til rette"), held),
        }[what]
        slug = min(whom) if whom and right else slug
        if placement := self.placement(slug):
            self.attempt(lambda: verb(placement=placement, **self.acting(lead)), allowed=slug in whom)

    @action(lead=leads, is_material=st.booleans())
    def publish(self, lead, is_material):
        """A material change makes everybody unready: who is inside is held at the next step (rules 5 and 6)."""
        text = f"Versjon etter {self.number_of_events}"
        self.attempt(
            lambda: signing_off.publish(rollout=self.rollout, text=text, is_material=is_material, **self.acting(lead)),
            allowed=True,
        )

    @action(times=3, lead=leads, slug=slugs, number=queue_or_wave, position=positions, asks=st.booleans())
    def move(self, lead, slug, number, position, asks):
        placement, to = self.placement(slug), self.to(number)
        if placement is None:
            return
        seen = self.looked[lead]
        version = seen["placements"].get(slug) if asks else None
        left = self.board.wave_of(slug)
        allowed = (
            version in (None, placement.version)
            and placement.status in (PlacementStatus.QUEUED, PlacementStatus.PLACED)
            and slug not in self.board.pins
            and (left is None or self.is_planned(left))
            and (to is None or self.is_planned(to.number))
            and (to is None or to.number == left or len(self.board.waves[to.number].agencies) < CAPACITY)
        )
        self.attempt(
            lambda: placing.move(
                placement=placement,
                to=to,
                position=position,
                version_seen=version,
                seen=seen["event"],
                **self.acting(lead),
            ),
            allowed=allowed,
        )

    def is_planned(self, number: int) -> bool:
        return self.board.waves[number].state == WaveState.PLANNED

    @action(
        times=2, lead=leads, chosen=st.sets(slugs, min_size=1, max_size=4), number=queue_or_wave, asks=st.booleans()
    )
    def move_many(self, lead, chosen, number, asks):
        seen = self.looked[lead]
        joined = [slug for slug in sorted(chosen) if self.board.place_of(slug)]
        versions = {slug: seen["placements"].get(slug) if asks else None for slug in joined}
        self.attempt(
            lambda: together.move_many(
                rollout=self.rollout, versions=versions, to=self.to(number), seen=seen["event"], **self.acting(lead)
            )
        )

    @action(times=2, lead=leads, number=queue_or_wave, index=st.integers(0, 10), position=st.integers(-1, 12))
    def reorder(self, lead, number, index, position):
        to = self.to(number)
        inside = self.board.queue if to is None else self.board.waves[to.number].agencies
        if inside:
            slug = inside[index % len(inside)]
            self.attempt(
                lambda: placing.move(placement=self.placement(slug), to=to, position=position, **self.acting(lead)),
                allowed=slug not in self.board.pins and (to is None or to.is_planned),
            )

    @action(lead=leads, slug=slugs, reason=st.sampled_from(["Vil vente", " "]), asks=st.booleans())
    def withdraw(self, lead, slug, reason, asks):
        if placement := self.placement(slug):
            version = self.looked[lead]["placements"].get(slug) if asks else None
            self.attempt(
                lambda: leaving.withdraw(placement=placement, reason=reason, version_seen=version, **self.acting(lead))
            )

    @action(lead=leads, slug=slugs)
    def pin(self, lead, slug):
        if placement := self.placement(slug):
            self.attempt(lambda: leaving.pin(placement=placement, reason="Avtalt", **self.acting(lead)))

    @action(lead=leads, number=numbers, cap=st.sampled_from([None, 0, 200, 500]))
    def cap(self, lead, number, cap):
        self.attempt(lambda: scheduling.set_people_cap(wave=self.wave(number), cap=cap, **self.acting(lead)))
