"""Whatever leads do in whatever order: what leaves is true when it leaves, and its reader's; and what was told and does
not hold is what there is to announce (rule 10)."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import dateformat, timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.models import Role, RoleName
from rollout import emails
from rollout.domain import announcing, deciding, inviting, leaving, opening, placing, scheduling, settling
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, OutgoingEmail, Rollout, Verdict
from tests.factories import (
    NOW,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    place,
)

pytestmark = pytest.mark.django_db

SLUGS = ("kli", "oby", "bym", "vav")
slugs, numbers = st.sampled_from(SLUGS), st.integers(1, 4)
STEPS = st.one_of(
    st.tuples(st.just("go"), numbers),
    st.tuples(st.just("go"), numbers),
    st.tuples(st.just("stop"), numbers),
    st.tuples(st.just("move"), slugs, st.one_of(st.none(), numbers)),
    st.tuples(st.just("move"), slugs, st.one_of(st.none(), numbers)),
    st.tuples(st.just("shift"), numbers, st.integers(-3, 14), st.integers(1, 20)),
    st.tuples(st.just("leave"), slugs),
    st.tuples(st.just("end_role"), slugs, st.integers(0, 3)),
    st.tuples(st.just("days_pass"), st.integers(1, 40)),
    st.tuples(st.just("deliver"), st.integers(1, 12), st.sampled_from(["sent", "sent", "unknown", "failed"])),
    st.tuples(st.just("settle"), st.booleans()),
    st.tuples(st.just("announce")),
)


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.rollout = Rollout.objects.get()
        self.lead = make_lead()
        #: What each reader was last told of each agency, by the messages that reached them.
        self.inbox: dict[tuple[int, str], dict] = {}

    def wave(self, number):
        return self.rollout.waves.get(number=number)

    def placement(self, slug):
        return self.rollout.placements.get(agency__slug=slug)

    def attempt(self, verb, **what):
        try:
            with transaction.atomic():
                return verb(by=self.lead, now=self.now, **what)
        except Refused:
            return None

    def go(self, number, verdict=Verdict.GO):
        self.attempt(deciding.decide, wave=self.wave(number), verdict=verdict, reason="Klare.", override="Haster.")

    def stop(self, number):
        self.go(number, Verdict.NO_GO)

    def move(self, slug, number):
        self.attempt(placing.move, placement=self.placement(slug), to=self.wave(number) if number else None)

    def shift(self, number, days, apart):
        wave = self.wave(number)
        leaders_on = wave.leaders_on if not wave.is_planned else wave.leaders_on + dt.timedelta(days=days)
        dates = {"leaders_on": leaders_on, "all_staff_on": leaders_on + dt.timedelta(days=apart)}
        self.attempt(scheduling.set_dates, wave=wave, reason="Ny dato.", **dates)

    def leave(self, slug):
        placement = self.placement(slug)
        if placement.status == "withdrawn":
            self.attempt(leaving.rejoin, placement=placement)
        else:
            self.attempt(leaving.withdraw, placement=placement, reason="Vil vente.")

    def end_role(self, slug, which):
        roles = list(Role.objects.current().filter(agency__slug=slug).order_by("pk"))
        if which < len(roles):
            self.attempt(inviting.end_role, role=roles[which])

    def days_pass(self, days):
        self.now += dt.timedelta(days=days)
        opening.open_due(now=self.now)

    def announce(self):
        self.attempt(announcing.announce, rollout=self.rollout, seen=emails.announcing.gathered(self.rollout).mark)

    def deliver(self, number, outcome):
        for message in OutgoingEmail.objects.to_send(timezone.now()).select_related("person")[:number]:
            self.check(message)
            message.state, message.settled_at = outcome, timezone.now() if outcome != EmailState.UNKNOWN else None
            message.save(update_fields=["state", "settled_at"])
            if outcome == EmailState.SENT:
                self.received(message)

    def settle(self, was_sent):
        message = OutgoingEmail.objects.filter(state=EmailState.UNKNOWN).order_by("pk").first()
        if message is not None:
            self.attempt(settling.settle, message=message, was_sent=was_sent)
            if was_sent:
                self.received(message)

    def received(self, message):
        for slug, place_told in message.told.items():
            self.inbox[message.person_id, slug] = place_told

    def check(self, message):
        theirs = set(
            Role.objects.current()
            .filter(person=message.person, agency__isnull=False)
            .values_list("agency__slug", flat=True)
        )
        is_lead = message.person == self.lead
        for slug, place_told in message.told.items():
            wave = self.placement(slug).wave
            assert slug in theirs or is_lead, f"{message}: {slug} is not theirs"
            assert place_told["wave"] == (wave.number if wave else None), f"{message}: {slug} stands elsewhere"
            if wave is None:
                continue
            assert place_told["all_staff_on"] == wave.all_staff_on.isoformat(), f"{message}: a void date"
            if message.kind in (EmailKind.YOUR_DATES, EmailKind.DATE_CHANGED, EmailKind.DEFERRED):
                with translation.override("nb"):
                    assert dateformat.format(wave.all_staff_on, "l j. F Y") in message.text
        if message.kind == EmailKind.YOUR_DATES:
            wave = self.wave(int(message.subject.split(":")[1]))
            assert wave.is_planned
            assert wave.has_go, f"{message}: the go is void"


@pytest.fixture
def world():
    rollout = make_rollout(waves=4)
    make_lead()
    for slug, number in zip(SLUGS, (1, 1, 2, 3), strict=True):
        agency = make_agency(slug, employees=40)
        make_people(agency, key_people=1)
        # One agency is never ready, and is deferred whenever its wave opens.
        make_ready(place(agency, rollout.waves.get(number=number)), but_not=("guidelines_adopted",) * (slug == "oby"))
        if slug in ("kli", "bym"):
            give_role("leder.to@example.org", RoleName.AGENCY_HEAD, agency)
    return rollout


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
def test_what_leaves_is_true_when_it_leaves_and_what_is_told_at_last_is_the_plan(world, steps):
    with transaction.atomic():
        there = World()
        for name, *what in steps:
            getattr(there, name)(*what)
        while OutgoingEmail.objects.filter(state=EmailState.UNKNOWN).exists():
            there.settle(True)
        there.announce()
        there.deliver(1_000, EmailState.SENT)

        assert emails.announcing.gathered(there.rollout).notices == []
        for (person, slug), place_told in there.inbox.items():
            placement = there.placement(slug)
            if placement.all_staff_access_at or not Role.objects.current().filter(person=person, agency__slug=slug):
                continue
            assert place_told["wave"] == (placement.wave.number if placement.wave else None)
            if placement.wave:
                assert place_told["all_staff_on"] == placement.wave.all_staff_on.isoformat()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("guard", "steps"),
    [
        ("mend", [("go", 1), ("move", "kli", 2)]),
        ("withdraw_your_dates", [("go", 1), ("stop", 1)]),
        ("write_anew", [("go", 1), ("deliver", 1, EmailState.UNKNOWN), ("shift", 1, 5, 7), ("settle", False)]),
    ],
)
def test_control_without_its_guard_something_void_leaves(world, guard, steps, monkeypatch):
    monkeypatch.setattr(emails.dates, guard, lambda *_what, **_more: False)
    there = World()
    for name, *what in steps:
        getattr(there, name)(*what)
    with pytest.raises(AssertionError):
        there.deliver(1_000, EmailState.SENT)
