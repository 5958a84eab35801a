"""The year of 2018 day by day, with changes of all kinds on the way: what reaches a reader is told once, true, not of
what is done, and of their own agencies (rules 3, 10 and 15)."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agencies.models import Role, RoleName
from rollout.domain import confirming, due, readiness, recording
from rollout.emails.reminding import REMINDERS
from rollout.models import EmailState, OutgoingEmail, opening_moment
from tests.factories import give_role, make_agency, make_lead, make_people, make_ready, make_rollout, place
from tests.rollout.domain.test_told_machine import SLUGS, World, numbers, slugs

pytestmark = pytest.mark.django_db

YEAR_ENDS = dt.date(2018, 12, 31)
AN_HOUR = dt.timedelta(hours=1)
#: What the agencies have not done when the year begins.
LEFT = {
    "kli": ("sponsor", "agreement_joined"),
    "oby": ("funding",),
    "bym": ("readiness_confirmed",),
    "vav": ("risk_and_dpia",),
}
CHANGES = st.one_of(
    st.tuples(st.just("go"), numbers),
    st.tuples(st.just("stop"), numbers),
    st.tuples(st.just("move"), slugs, st.one_of(st.none(), numbers)),
    st.tuples(st.just("shift"), numbers, st.integers(-3, 14), st.integers(1, 20)),
    st.tuples(st.just("waive"), slugs, st.integers(1, 10)),
    st.tuples(st.just("waive"), slugs, st.integers(1, 10)),
    st.tuples(st.just("take_back"), slugs, st.integers(1, 10)),
    st.tuples(st.just("leave"), slugs),
    st.tuples(st.just("end_role"), slugs, st.integers(0, 3)),
    st.tuples(st.just("announce")),
    st.tuples(st.just("mail_waits"), st.integers(1, 9)),
)


class Year(World):
    """Every morning what is due is done, and the mail leaves, unless the server is away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0  # for so many days yet
        self.reached: set[tuple] = set()
        self.reminded: set[tuple] = set()

    def step(self, placement, number):
        return placement.course_version.steps.get(number=number)

    def waive(self, slug, number):
        placement = self.placement(slug)
        self.attempt(confirming.waive, placement=placement, step=self.step(placement, number), reason="Gjort før.")

    def take_back(self, slug, number):
        placement = self.placement(slug)
        key = self.step(placement, number).key
        self.attempt(confirming.take_back_waiver, placement=placement, step_key=key)

    def mail_waits(self, days):
        self.away = days

    def morning(self, changes=()):
        """To 08:00 the next day; the changes come at nine. The machine's clock follows."""
        at_eight = opening_moment(self.now.date() + dt.timedelta(days=1))
        with time_machine.travel(at_eight, tick=False):
            due.run_through([self.rollout], start=self.now, to=at_eight)
            self.now = at_eight
            self.mail_leaves()
        self.now += AN_HOUR
        with time_machine.travel(self.now, tick=False):
            for name, *what in changes:
                getattr(self, name)(*what)
            self.mail_leaves()
        self.away = max(0, self.away - 1)

    def mail_leaves(self):
        if not self.away:
            self.deliver(10_000, EmailState.SENT)

    def check(self, message):
        super().check(message)
        key = (message.kind, message.subject, message.occurrence, message.person_id)
        assert key not in self.reached, f"{message}: twice"
        self.reached.add(key)
        if message.kind in REMINDERS:
            self.check_reminder(message)

    def check_reminder(self, message):
        today = (message.person_id, self.now.date())
        assert today not in self.reminded, f"{message}: the second today"
        self.reminded.add(today)
        held = Role.objects.current().filter(person=message.person, agency__isnull=False)
        theirs = set(held.values_list("agency__slug", flat=True))
        for slug in set(SLUGS) - theirs:
            assert self.placement(slug).agency.name not in message.text, f"{message}: {slug} is not theirs"
        left = re.sub(r"(?m)^Gjort\n(- .*\n)*", "", message.text)
        placements = [self.placement(slug) for slug in theirs]
        courses = readiness.courses(placements, now=self.now)
        undone = [status.step.name for course in courses.values() for status in course if not status.done]
        for name in {status.step.name for course in courses.values() for status in course}:
            assert left.count(f"- {name}\n") <= undone.count(name), f"{message}: {name} is done"


@pytest.fixture
def world():
    rollout = make_rollout(waves=4)
    make_lead()
    for slug, number in zip(SLUGS, (1, 2, 2, 3), strict=True):
        agency = make_agency(slug, name=f"Etaten {slug}", employees=40)
        make_people(agency, key_people=1)
        make_ready(place(agency, rollout.waves.get(number=number)), but_not=LEFT[slug])
        if slug in ("kli", "bym"):
            give_role("leder.to@example.org", RoleName.AGENCY_HEAD, agency)
    return rollout


# A year takes its time: what fails is told as it was found, without searching for a shorter one.
@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(st.tuples(st.integers(0, 300), CHANGES), min_size=12, max_size=40))
def test_through_the_year_no_reader_gets_what_is_void_done_doubled_or_anothers(world, changes):
    with transaction.atomic():
        year, days = Year(), 0
        while year.now.date() < YEAR_ENDS:
            year.morning([change for on, change in changes if on == days])
            days += 1
        assert {message[0] for message in year.reached} >= {"weekly_status", *REMINDERS}
        transaction.set_rollback(True)


def until_a_reminder_waits(year: Year) -> OutgoingEmail:
    year.mail_waits(400)
    for _day in range(60):
        year.morning()
        waiting = OutgoingEmail.objects.filter(
            kind__in=REMINDERS, state=EmailState.WAITING, person__email__contains="kli"
        )
        if (message := waiting.first()) is not None:
            return message
    raise AssertionError("no reminder in sixty days")


def done_while_it_waits(year: Year) -> None:
    until_a_reminder_waits(year)
    with time_machine.travel(year.now, tick=False):
        for number in range(1, 11):
            year.waive("kli", number)
        year.away = 0
        year.mail_leaves()


def test_what_is_done_while_its_reminder_waits_is_not_told(world):
    done_while_it_waits(Year())


def test_control_without_the_withdrawal_it_would_be_told(world, monkeypatch):
    monkeypatch.setattr(recording, "withdraw_unsent", lambda **what: None)
    with pytest.raises(AssertionError, match="is done"):
        done_while_it_waits(Year())
