"""Whom reminders go to, of what and when."""

import datetime as dt
import itertools
from collections.abc import Iterator

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from agencies.models import Person, RoleName
from rollout.domain import (
    choosing,
    confirming,
    funding,
    reminding,
)
from rollout.domain.calendar import is_working_day, working_day_on_or_after
from rollout.models import OSLO, EmailKind, EmailState, OutgoingEmail, ReminderRun
from tests import factories as make
from tests.factories import at

pytestmark = pytest.mark.django_db
ACCOUNTS = "accounts_and_sso"
LEADERS_ON = dt.date(2018, 6, 6)  # a Wednesday: the accounts are due on Wednesday 23 May
CHIEF, HEAD = "kommunikasjonssjef.kli@example.org", "leder.kli@example.org"


@pytest.fixture
def rollout():
    make.make_lead()
    return make.make_rollout()


@pytest.fixture
def wave(rollout):
    return make.make_wave(rollout, 9, LEADERS_ON)


@pytest.fixture
def kli(wave):
    agency = make.make_agency("kli", name="Klimaetaten")
    make.make_people(agency)
    return make.make_ready(make.place(agency, wave), but_not=(ACCOUNTS,))


@pytest.fixture
def nobody_wants_the_week(kli):
    choosing.choose(person=Person.objects.get(email=CHIEF), wanted={EmailKind.AGENCY_WEEK: False}, now=make.NOW)


def step(placement, key=ACCOUNTS):
    return placement.course_version.steps.get(key=key)


def do(placement, key=ACCOUNTS, *, now):
    by = Person.objects.get(email=CHIEF)
    confirming.confirm_step(
        placement=placement, step=step(placement, key), owner_role="IKT-kontakt", text="Testet.", by=by, now=now
    )


def everything_leaves() -> None:
    OutgoingEmail.objects.filter(state=EmailState.WAITING).update(state=EmailState.SENT, settled_at=timezone.now())


def tick_each_day(rollout, first: dt.date, last: dt.date, *, delivered: bool = True) -> None:
    for number in range((last - first).days + 1):
        day = first + dt.timedelta(days=number)
        reminding.send_due(rollout=rollout, now=dt.datetime.combine(day, dt.time(8), tzinfo=OSLO))
        if delivered:
            everything_leaves()
        else:
            OutgoingEmail.objects.update(not_before=F("not_before") - dt.timedelta(days=1))


def told(**filters) -> list[tuple[str, str, str]]:
    """(day, kind, to) of what was not withdrawn, in order."""
    mails = OutgoingEmail.objects.filter(kind__in=["to_do", "agency_week"], **filters).exclude(state="withdrawn")
    return [
        (f"{mail.written_at.astimezone(OSLO):%d.%m}", mail.kind, mail.to_address)
        for mail in mails.order_by("written_at", "to_address")
    ]


def on(kind: str, to: str) -> list[str]:
    return [day for day, one, address in told() if (one, address) == (kind, to)]


# -- when


def test_the_chief_is_reminded_14_7_and_2_days_before_then_each_week_and_the_head_after_a_week(
    rollout, kli, nobody_wants_the_week
):
    tick_each_day(rollout, dt.date(2018, 5, 1), dt.date(2018, 6, 9))

    # Two days before is Whit Monday, so it comes on the 22nd.
    assert on("to_do", CHIEF) == ["09.05", "16.05", "22.05", "30.05", "06.06"]
    assert on("to_do", HEAD) == ["30.05", "06.06"]
    assert not on("agency_week", CHIEF)


def test_the_weeks_first_working_day_brings_one_mail_that_holds_that_days_reminder(rollout, kli):
    tick_each_day(rollout, dt.date(2018, 5, 14), dt.date(2018, 5, 25))

    # Monday's reminder and Whit Monday's week both come on Tuesday the 22nd, as one mail.
    assert told(to_address=CHIEF) == [
        ("14.05", "agency_week", CHIEF),
        ("16.05", "to_do", CHIEF),
        ("22.05", "agency_week", CHIEF),
    ]
    assert "Frist onsdag 23. mai 2018 (om 1 dag)" in OutgoingEmail.objects.get(subject="day:2018-05-22").text


def test_the_week_is_told_of_only_while_something_is_open_within_four_weeks(rollout, kli):
    tick_each_day(rollout, dt.date(2018, 4, 16), dt.date(2018, 4, 30))
    assert on("agency_week", CHIEF) == ["30.04"], "23 days before; on the 23rd it was 30"

    do(kli, now=at("2018-05-02 12:00"))
    tick_each_day(rollout, dt.date(2018, 5, 3), dt.date(2018, 5, 31))
    assert told() == [("30.04", "agency_week", CHIEF)]


def test_the_weeks_mail_says_what_is_done_what_remains_who_the_date_and_the_days_left(rollout, kli):
    tick_each_day(rollout, dt.date(2018, 5, 7), dt.date(2018, 5, 7))

    (mail,) = OutgoingEmail.objects.filter(kind="agency_week")
    assert mail.headline == "Klimaetaten denne uken: 1 steg gjenstår"
    for words in (
        "Pulje 9 åpner for ledere onsdag 6. juni 2018 (om 30 dager).",
        "9 av 10 steg er gjort.",
        "Brukerimport og pålogging testet",
        "onsdag 23. mai 2018",
        "om 16 dager",
        "Hvem: IKT-kontakt.",
        "Klarmelding fra kommunikasjonssjef",
    ):
        assert words in mail.text
        assert words.rstrip(").").split(" (")[0] in mail.html


def marks(due_on: dt.date) -> Iterator[dt.date]:
    """The days on which one is to be reminded of a step, for as long as it is not done."""
    yield from (due_on - dt.timedelta(days=days) for days in (14, 7, 2))
    yield from (due_on + dt.timedelta(weeks=number) for number in itertools.count(1))


@given(due_on=st.dates(dt.date(2018, 1, 1), dt.date(2019, 12, 31)), gaps=st.lists(st.integers(1, 40), max_size=60))
def test_however_the_days_are_divided_among_runs_each_mark_belongs_to_exactly_one(due_on, gaps):
    first = due_on - dt.timedelta(days=20)
    ends = [first]
    for gap in gaps:
        ends.append(ends[-1] + dt.timedelta(days=gap))
    last, expected = ends[-1], 0
    for mark in marks(due_on):
        if mark > last:
            break
        expected += mark > first
    runs = list(itertools.pairwise(ends))
    with_marks = [run for run in runs if reminding.is_due(due_on, after=run[0], until=run[1])]
    assert len(with_marks) <= expected
    every_day = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    assert expected == sum(reminding.is_due(due_on, after=a, until=b) for a, b in itertools.pairwise(every_day))
    assert bool(with_marks) == bool(expected)


@pytest.mark.parametrize("year", [2018, 2024])
def test_a_year_of_ticks_writes_on_working_days_only_and_each_of_them_once(rollout, year):
    """Through holidays and both clock changes; a tick every twelve hours."""
    make.make_agency()
    rollout.course_versions.update(made_at=at(f"{year}-01-01 00:00"))
    now, end = at(f"{year}-01-01 02:00"), at(f"{year}-12-31 23:00")
    while now < end:
        reminding.send_due(rollout=rollout, now=now)
        now = (now.astimezone(dt.UTC) + dt.timedelta(hours=12)).astimezone(OSLO)

    days = [dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(366)]
    days = [day for day in days if day.year == year]
    assert [run.day for run in rollout.reminder_runs.all()] == [day for day in days if is_working_day(day)]
    runs = list(rollout.reminder_runs.all())
    assert all(run.since == before.day for before, run in itertools.pairwise(runs)), "no day is left out"


@pytest.mark.parametrize("moment", ["2018-05-09 07:59", "2018-05-10 08:00", "2018-05-12 12:00", "2018-05-13 08:00"])
def test_before_eight_and_on_closed_days_nothing_is_written(rollout, kli, moment):
    reminding.send_due(rollout=rollout, now=at("2018-05-08 08:00"))
    assert reminding.send_due(rollout=rollout, now=at(moment)) == 0
    assert not told()


# -- once


def test_twice_is_once(rollout, kli):
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:00")) == 1
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:00")) == 0
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 16:00")) == 0


def test_a_day_late_sends_it(rollout, kli):
    reminding.send_due(rollout=rollout, now=at("2018-05-08 08:00"))
    assert reminding.send_due(rollout=rollout, now=at("2018-05-11 14:00")) == 1  # Ascension day between
    assert told() == [("11.05", "to_do", CHIEF)]


def test_three_weeks_without_beat_give_one_catch_up(rollout, kli):
    reminding.send_due(rollout=rollout, now=at("2018-05-08 08:00"))
    everything_leaves()
    tick_each_day(rollout, dt.date(2018, 5, 30), dt.date(2018, 5, 30))

    assert told() == [("30.05", "agency_week", CHIEF), ("30.05", "to_do", HEAD)]
    tick_each_day(rollout, dt.date(2018, 5, 31), dt.date(2018, 6, 6))
    assert [day for day, *_rest in told(to_address=CHIEF)] == ["30.05", "04.06", "06.06"], "and then as always"


def test_three_weeks_of_held_mail_give_one_as_well(rollout, kli):
    """What never left is taken back when the next is written, which tells of it too."""
    tick_each_day(rollout, dt.date(2018, 5, 8), dt.date(2018, 5, 29), delivered=False)

    waiting = OutgoingEmail.objects.filter(kind__in=["to_do", "agency_week"], state=EmailState.WAITING)
    assert [mail.subject for mail in waiting] == ["day:2018-05-29"], "one, as of this morning"
    tick_each_day(rollout, dt.date(2018, 5, 30), dt.date(2018, 5, 30), delivered=False)
    assert sorted(waiting.values_list("to_address", "subject")) == [
        (CHIEF, "day:2018-05-30"),
        (HEAD, "day:2018-05-30"),
    ]


# -- to whom


def test_one_person_with_several_agencies_gets_one_mail_each_morning(rollout, kli):
    agency = make.make_agency("oby", name="Omsorgsbygg")
    make.give_role(CHIEF, RoleName.AGENCY_HEAD, agency)
    make.give_role(CHIEF, RoleName.COMMUNICATION_CHIEF, agency)
    make.make_ready(make.place(agency, kli.wave), but_not=(ACCOUNTS, "groups_comms_training"))
    tick_each_day(rollout, dt.date(2018, 4, 30), dt.date(2018, 6, 6))

    days = [day for day, _kind, _to in told(to_address=CHIEF)]
    assert len(days) == len(set(days)) >= 6
    assert (
        "du er virksomhetsleder og kommunikasjonssjef i Omsorgsbygg"
        in OutgoingEmail.objects.filter(to_address=CHIEF).latest("id").text
    )


def test_where_there_is_no_chief_the_head_is_reminded_from_the_start(rollout, kli):
    kli.agency.roles.filter(role=RoleName.COMMUNICATION_CHIEF).update(until=make.NOW)
    tick_each_day(rollout, dt.date(2018, 5, 8), dt.date(2018, 5, 9))
    assert told() == [("09.05", "to_do", HEAD)]


def test_who_cannot_sign_in_any_more_is_not_reminded(rollout, kli):
    Person.objects.filter(email__in=[CHIEF, HEAD]).update(is_active=False)
    tick_each_day(rollout, dt.date(2018, 5, 7), dt.date(2018, 6, 5))
    assert not told()


def test_an_agency_that_has_stated_its_funding_is_not_asked_for_it_again_but_its_head_is(rollout, wave):
    make.make_lead()
    agency = make.make_agency("kli", name="Klimaetaten")
    people = make.make_people(agency)
    placement = make.make_ready(make.place(agency, wave, funded=0), but_not=("funding",))
    placement.licence_budget.delete()
    make.LicenceBudget.objects.create(placement=placement, funded=0)
    funding.state(
        placement=placement,
        licences=100,
        implementation_cost_nok=0,
        budget_reference="",
        by=people["chief"],
        now=make.NOW,
    )
    tick_each_day(rollout, dt.date(2018, 4, 3), dt.date(2018, 4, 4))  # due on 18 April

    assert told() == [("04.04", "to_do", HEAD)]
    assert "venter på virksomhetslederens godkjenning" in OutgoingEmail.objects.get(kind="to_do").text


def test_nobody_outside_the_agency_is_told_of_it(rollout, kli):
    other = make.make_agency("oby", name="Omsorgsbygg")
    make.make_people(other)
    make.make_ready(make.place(other, kli.wave))
    tick_each_day(rollout, dt.date(2018, 4, 30), dt.date(2018, 6, 6))

    assert {address for _day, _kind, address in told()} == {CHIEF, HEAD}


def test_an_agency_in_the_queue_has_no_dates_and_gets_no_reminders(rollout):
    agency = make.make_agency("kli")
    make.make_people(agency)
    make.place(agency, rollout=rollout)
    tick_each_day(rollout, dt.date(2018, 4, 30), dt.date(2018, 5, 31))
    assert not told()


# -- what comes


def test_the_next_moment_is_the_next_working_morning_with_a_reminder(rollout, kli):
    assert reminding.next_moment(rollout, after=make.NOW) == at("2018-05-09 08:00")
    assert reminding.next_moment(rollout, after=at("2018-05-16 08:00")) == at("2018-05-22 08:00")
    do(kli, now=make.NOW)
    assert reminding.next_moment(rollout, after=make.NOW) is None


def test_the_preview_is_what_is_then_written(rollout, kli):
    reminding.send_due(rollout=rollout, now=at("2018-05-08 08:00"))
    morning, drafts = reminding.coming(rollout=rollout, now=at("2018-05-08 12:00"))
    assert ReminderRun.objects.count() == 1

    reminding.send_due(rollout=rollout, now=at("2018-05-09 08:00"))

    assert morning == working_day_on_or_after(dt.date(2018, 5, 9))
    mail = OutgoingEmail.objects.get(kind="to_do")
    assert [(draft.person.email, draft.headline, draft.text) for draft in drafts] == [
        (mail.to_address, mail.headline, mail.text)
    ]
