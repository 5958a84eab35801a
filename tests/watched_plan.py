"""A plan under watch: whatever is attempted, each step is looked through for all that must hold (product.md, 1 to 12).

A step may be refused, in words, and then nothing has changed. Each change that can be undone is, at once, in a
savepoint: the plan is as it was before, and undoing the undoing makes it as it was after.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine

from agencies.models import Person
from rollout.domain import calendar, placing, queueing, readiness, scheduling, undoing
from rollout.domain.refusals import Refused
from rollout.models import (
    CAPACITY,
    OSLO,
    EventKind,
    LicenceBudget,
    LicencePool,
    OutgoingEmail,
    PlacementStatus,
    PlanEvent,
    Rollout,
    Wave,
    WaveState,
    opening_moment,
)
from tests.factories import BASELINE, NOW, make_agency, make_lead, make_people, make_ready, make_rollout
from tests.plan_replay import Board, as_it_stands, replay

SLUGS = [f"a{number:02}" for number in range(13)]
#: The last two are not in the rollout from the start.
JOINED_FROM_START = 11
MOVES_DUE_DATES = {
    *placing.PLACING,
    EventKind.DATES_SET,
    EventKind.WAVE_ADDED,
    EventKind.BLACKOUT_ADDED,
    EventKind.BLACKOUT_REMOVED,
}
LEADS = ["lead1@example.org", "lead2@example.org", "lead3@example.org"]


def base() -> Rollout:
    """Three waves, eleven agencies in the queue, every other one ready; all by the verbs, so that events tell of it."""
    rollout = make_rollout(pool=1_500)
    lead = make_lead(LEADS[0])
    for email in LEADS[1:]:
        make_lead(email)
    for leaders_on, all_staff_on in list(BASELINE.values())[:3]:
        scheduling.add_wave(rollout=rollout, leaders_on=leaders_on, all_staff_on=all_staff_on, by=lead, now=NOW)
    for number, slug in enumerate(SLUGS):
        agency = make_agency(slug, employees=100 + 30 * number)
        make_people(agency, key_people=1)
        if number < JOINED_FROM_START:
            placement = queueing.join(
                rollout=rollout, agency=agency, funded=agency.employees if number % 3 else 0, by=lead, now=NOW
            )
            if number % 2:
                make_ready(placement, but_not=("funding",))
    queueing.mark_pilot(rollout=rollout, agency=make_agency("pilot"), by=lead, now=NOW)
    return rollout


class WatchedPlan(RuleBasedStateMachine):
    def __init__(self, rollout: Rollout):
        super().__init__()
        self.rollout, self.now = rollout, NOW
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.people = {person.email: person for person in Person.objects.filter(email__in=LEADS)}
        self.changes: list[Any] = []
        self.frozen: dict[tuple[int, str], str] = {}
        self.number_of_events = PlanEvent.objects.count()
        self.looked = {email: self.look_around() for email in LEADS}
        self.here = self.everything()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    # -- what is seen --------------------------------------------------------------------------------------------

    def look_around(self) -> dict[str, Any]:
        """What a page shows a lead, and sends back with the next press."""
        return {
            "placements": dict(self.rollout.placements.values_list("agency__slug", "version")),
            "waves": dict(self.rollout.waves.values_list("number", "plan_version")),
            "event": self.rollout.events.values_list("pk", flat=True).last(),
        }

    @property
    def board(self) -> Board:
        return self.here["board"]

    def everything(self) -> dict[str, Any]:
        """All that a change can change."""
        standing = self.rollout.placements.values_list("agency__slug", "agency__employees", "version", "waivers__step")
        return {
            "board": as_it_stands(self.rollout),
            "periods": [(p.pk, calendar.period_of(p)) for p in self.rollout.blackouts.order_by("pk")],
            "pool": LicencePool.objects.values_list("size", flat=True).get(rollout=self.rollout),
            "facts": sorted((slug, employees, step or 0) for slug, employees, _version, step in standing),
            "versions": sorted((slug, version) for slug, _employees, version, _step in standing),
            "plan_versions": list(self.rollout.waves.values_list("plan_version", flat=True)),
        }

    def placement(self, slug: str):
        return self.rollout.placements.select_related("agency").filter(agency__slug=slug).first()

    def wave(self, number: int) -> Wave:
        return self.rollout.waves.get(number=1 + (number - 1) % len(self.board.waves))

    def to(self, number: int | None) -> Wave | None:
        return None if number is None else self.wave(number)

    def day(self, ahead: int) -> dt.date:
        return self.now.astimezone(OSLO).date() + dt.timedelta(days=ahead)

    # -- one step ------------------------------------------------------------------------------------------------

    def attempt(self, verb: Callable[[], Any], *, allowed: bool | None = None) -> None:
        """Do it, and look. `allowed`: whether it must be done (True) or refused (False), where that is known."""
        before = self.here
        try:
            verb()
        except Refused as refused:
            assert refused.reasons and all(refused.reasons), "a refusal says why"
            assert allowed is not True, f"refused for nothing: {refused}"
            assert self.everything() == before, "a refusal changes nothing"
            assert PlanEvent.objects.count() == self.number_of_events, "and tells of nothing"
            return
        assert allowed is not False, "this should have been refused"
        self.here = self.everything()
        self.look_through(before)

    def acting(self, lead: str) -> dict[str, Any]:
        return {"by": self.people[lead], "now": self.now}

    def look_through(self, before: dict[str, Any]) -> None:
        events = list(self.rollout.events.select_related("agency", "wave", "rollout").order_by("pk"))
        new = events[self.number_of_events :]
        self.number_of_events = len(events)
        assert replay(events) == self.board, "the events tell all of it (rule 9)"
        assert bool(new) or self.here == before, "every change writes an event (rule 9)"
        for event in new:
            assert event.undoes_id or event.before != event.after or not event.before, f"nothing changed: {event}"
        self.five_places_and_one_each()
        self.dates_hold(new)
        if {event.kind for event in new} & MOVES_DUE_DATES:
            self.due_dates_follow()
        self.licences_add_up()
        self.pins_hold(before["board"], new)
        keys = list(OutgoingEmail.objects.values_list("kind", "subject", "occurrence", "person"))
        assert len(keys) == len(set(keys)), "one message, once (rule 10)"
        connection.check_constraints()
        for change in dict.fromkeys(event.change for event in new):
            self.changes.append(change)
            self.is_undone([event for event in new if event.change == change], before, alone=len(new))

    def five_places_and_one_each(self) -> None:
        queue = list(self.rollout.placements.queued().values_list("queue_position", flat=True))
        assert queue == list(range(1, len(queue) + 1)), "the queue has no gaps (rule 2)"
        for number in self.board.waves:
            slots = list(
                self.rollout.placements.filter(wave__number=number).order_by("slot").values_list("slot", flat=True)
            )
            assert slots == list(range(1, len(slots) + 1)) and len(slots) <= CAPACITY, "five places, no gaps (rule 1)"
        everybody = [*self.board.queue, *self.board.withdrawn, *self.board.pilots]
        everybody += [slug for wave in self.board.waves.values() for slug in wave.agencies]
        assert len(everybody) == len(set(everybody)) == self.rollout.placements.count(), "one place each (rule 2)"

    def dates_hold(self, new: list[PlanEvent]) -> None:
        days = calendar.calendar_of(self.rollout)
        for wave in self.rollout.waves.all():
            opened = {"leaders_on": wave.leaders_opened_at, "all_staff_on": wave.all_staff_opened_at}
            for name, opened_at in opened.items():
                day = getattr(wave, name)
                if opened_at is not None:
                    assert day == self.frozen.setdefault((wave.number, name), day), "what has opened has its date"
                elif opening_moment(day) > self.now:
                    assert days.closed_because(day) is None, f"{wave} opens on a closed day (rule 12)"

    def due_dates_follow(self) -> None:
        days = calendar.calendar_of(self.rollout)
        placements = list(self.rollout.placements.in_plan().select_related("agency", "wave"))
        for pk, course in readiness.courses(placements, now=self.now).items():
            wave = next(p.wave for p in placements if p.pk == pk)
            for status in course:
                if wave is None:
                    assert status.due_on is None
                    continue
                due = wave.leaders_on - dt.timedelta(days=status.step.lead_time_days)
                while days.closed_because(due) is not None:
                    due -= dt.timedelta(days=1)
                assert status.due_on == due, "due dates follow the wave (rule 4)"

    def licences_add_up(self) -> None:
        pool = LicencePool.objects.get(rollout=self.rollout)
        budgets = LicenceBudget.objects.filter(placement__rollout=self.rollout).select_related("placement")
        for budget in budgets:
            inside = budget.placement.leaders_access_at is not None
            assert budget.reserved == (budget.placement.employees_at_opening if inside else 0)
            assert budget.reserved <= budget.funded, "never more than it funded (rule 8)"
        assert sum(budget.reserved for budget in budgets) == pool.reserved <= pool.size, "nor than the pool (rule 8)"

    def pins_hold(self, before: Board, new: list[PlanEvent]) -> None:
        for slug in before.pins:
            if EventKind.DEFERRED in {event.kind for event in new if event.agency and event.agency.slug == slug}:
                continue  # the opening goes before a pin
            assert before.wave_of(slug) == self.board.wave_of(slug), "who is pinned stays"
            assert (slug in before.queue) == (slug in self.board.queue), "who is pinned stays"

    def is_undone(self, events: list[PlanEvent], before: dict[str, Any], *, alone: int) -> None:
        """The change just made is taken back and made again, and the savepoint forgets both."""
        if alone != len(events) or not all(EventKind(event.kind) in undoing.UNDO for event in events):
            return
        after = self.here
        with transaction.atomic():
            try:
                back = undoing.undo(rollout=self.rollout, change=events[0].change, **self.acting(LEADS[2]))
            except Refused as refused:
                assert self.cannot_come_back(events), f"its undo is refused for nothing: {refused}"
            else:
                assert {event.undoes_id for event in back} == {event.pk for event in events}
                if events[0].kind == EventKind.JOINED:
                    assert self.placement(events[0].agency.slug).status == PlacementStatus.WITHDRAWN
                else:
                    assert as_put_back(self.everything()) == as_put_back(before), "undone is as before"
                undoing.undo(rollout=self.rollout, change=back[0].change, **self.acting(LEADS[0]))
                assert as_put_back(self.everything()) == as_put_back(after), "redone is as after"
                replayed = replay(self.rollout.events.select_related("agency", "wave").order_by("pk"))
                assert replayed == as_it_stands(self.rollout)
            transaction.set_rollback(True)

    def cannot_come_back(self, events: list[PlanEvent]) -> bool:
        """What time has made impossible: a date that has passed, a deferral to an opened wave or a pin in one."""
        for event in events:
            if event.kind == EventKind.DATES_SET:
                days = [dt.date.fromisoformat(event.before[name]) for name in scheduling.DATES]
                if any(opening_moment(day) <= self.now for day in days):
                    return True
            if event.kind == EventKind.UNPINNED and event.wave and not event.wave.is_planned:
                return True
            number = event.before.get("wave") if event.kind == EventKind.DEFERRAL_CHOSEN else None
            if number and self.board.waves[number].state != WaveState.PLANNED:
                return True
        return False


def as_put_back(everything: dict[str, Any]) -> dict[str, Any]:
    """What an undoing puts back: versions only grow, and a go that a change made void stays void (rule 6)."""
    board = everything["board"]
    waves = {number: dataclasses.replace(wave, decision=None) for number, wave in board.waves.items()}
    put_back = everything | {"board": dataclasses.replace(board, waves=waves)}
    return {name: value for name, value in put_back.items() if name not in ("versions", "plan_versions")}
