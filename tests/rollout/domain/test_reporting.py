"""The weekly status: when it is due, and that each week gets exactly one (rules 10 and 15)."""

import datetime as dt
import itertools

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rollout.domain import reporting
from rollout.domain.reporting import Week, latest_week, next_sending, sending_moment
from rollout.models import OSLO, CourseVersion, EmailKind, OutgoingEmail, Rollout, StatusReport
from tests import factories as make
from tests.factories import at

MONDAYS = [dt.date(2018, 1, 1) + dt.timedelta(weeks=n) for n in range(679)]
assert MONDAYS[-1] == dt.date(2030, 12, 30)


@pytest.fixture
def rollout(db) -> Rollout:
    """Under way since 1 February 2018, with a lead and a sponsor who read the status."""
    rollout = make.make_rollout(waves=1)
    make.make_lead()
    make.give_role("sponsor@example.org", "sponsor")
    return rollout


def mail(week: str) -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(subject=f"week:{week}").order_by("to_address"))


# -- when ----------------------------------------------------------------------------------------------------------


def test_the_status_is_sent_at_eight_on_monday_in_oslo():
    assert sending_moment(2018, 7) == at("2018-02-12 08:00")


@pytest.mark.parametrize(
    ("year", "week", "day"),
    [(2018, 14, "2018-04-03"), (2018, 21, "2018-05-22"), (2018, 1, "2018-01-02"), (2023, 52, "2023-12-27")],
    ids=["2. påskedag", "2. pinsedag", "nyttårsdag", "1. og 2. juledag"],
)
def test_on_a_public_holiday_it_waits_for_the_next_working_day(year, week, day):
    assert sending_moment(year, week) == at(f"{day} 08:00")


@pytest.mark.parametrize(
    ("day", "utc_hour"), [("2018-03-19", 7), ("2018-03-26", 6), ("2018-10-22", 6), ("2018-10-29", 7)]
)
def test_eight_is_oslos_eight_on_both_sides_of_the_clock_changes(day, utc_hour):
    year, week, _ = dt.date.fromisoformat(day).isocalendar()
    assert sending_moment(year, week).astimezone(dt.UTC).hour == utc_hour


def test_every_monday_from_2018_to_2030_gives_exactly_one_status():
    """Asked every hour of thirteen years, the weeks that come due are those of the Mondays, each once, each on time."""
    due, now = [], at("2017-12-28 08:00").astimezone(dt.UTC)
    while now.astimezone(OSLO).date() < dt.date(2031, 1, 1):
        week = latest_week(now)
        if not due or due[-1][0] != week:
            due.append((week, now))
        now += dt.timedelta(hours=1)

    assert [week.monday for week, _ in due[1:]] == MONDAYS
    assert all(moment == sending_moment(*week) for week, moment in due[1:])
    assert all(moment.astimezone(OSLO).weekday() < 5 for _, moment in due[1:])


def test_the_next_sending_is_always_the_one_after_this():
    moments = list(itertools.islice(_sendings(after=at("2018-01-03 00:00")), 600))
    assert len(set(moments)) == 600
    assert all(Week.of(b.date()) == Week.of(a.date()).next for a, b in itertools.pairwise(moments))


def _sendings(*, after: dt.datetime):
    while True:
        *_week, after = next_sending(after=after)
        yield after


def test_the_year_of_a_week_is_the_iso_year():
    assert Week.of(dt.date(2018, 12, 31)).label == "2019-W01"
    assert Week.of(dt.date(2021, 1, 3)).label == "2020-W53"
    assert Week.parse("2020-W53").next == Week.parse("2021-W01")
    assert Week.parse("2021-W01").previous == Week.parse("2020-W53")


@pytest.mark.parametrize("text", ["2019-W53", "2018-W00", "2018-W54", "2018-7", "2018W07", "uke 7", "", "0000-W01"])
def test_what_is_no_week_is_refused(text):
    with pytest.raises(ValueError):
        Week.parse(text)


# -- what is due ---------------------------------------------------------------------------------------------------


def test_the_first_status_comes_on_the_first_monday_after_the_rollout_began(rollout):
    assert reporting.due_week(rollout, at("2018-02-01 09:00")) is None
    assert reporting.due_week(rollout, at("2018-02-05 07:59")) is None
    assert reporting.due_week(rollout, at("2018-02-05 08:00")) == Week(2018, 6)


def test_a_rollout_that_begins_on_a_monday_at_nine_waits_a_week(db):
    rollout = make.make_rollout()
    rollout.course_versions.update(made_at=at("2018-02-05 09:00"))
    assert reporting.due_week(rollout, at("2018-02-05 12:00")) is None
    assert reporting.due_week(rollout, at("2018-02-12 08:00")) == Week(2018, 7)


def test_a_rollout_that_has_not_begun_has_no_status(db):
    rollout = Rollout.objects.create(slug="tom", name="Tom", tool_name="Verktøy")
    assert reporting.due_week(rollout, at("2018-02-05 08:00")) is None
    assert reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00")) is None


def test_the_status_goes_to_leads_and_sponsor_once(rollout):
    make.give_role("leser@example.org", "reader")
    now = at("2018-02-05 08:00")

    report = reporting.send_due(rollout=rollout, now=now)

    assert (report.label, report.made_at) == ("2018-W06", now)
    assert [m.to_address for m in mail("2018-W06")] == ["prosjektleder@example.org", "sponsor@example.org"]
    assert {m.kind for m in mail("2018-W06")} == {EmailKind.WEEKLY_STATUS}
    assert reporting.send_due(rollout=rollout, now=now) is None
    assert reporting.send_due(rollout=rollout, now=at("2018-02-11 23:59")) is None
    assert len(mail("2018-W06")) == 2


def test_late_is_the_same_status(rollout):
    report = reporting.send_due(rollout=rollout, now=at("2018-02-08 15:12"))
    assert report.label == "2018-W06"
    assert reporting.send_due(rollout=rollout, now=at("2018-02-12 08:00")).label == "2018-W07"


def test_after_three_silent_weeks_one_status_catches_up(rollout):
    reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00"))
    now = at("2018-02-27 10:00")

    assert reporting.send_due(rollout=rollout, now=now).label == "2018-W09"
    assert reporting.send_due(rollout=rollout, now=now) is None
    assert [r.label for r in rollout.status_reports.all()] == ["2018-W06", "2018-W09"]
    assert StatusReport.objects.last().figures["since"]["week"] == "2018-W06"


def test_a_day_late_after_an_outage_one_is_sent_and_the_next_comes_on_its_monday(rollout):
    assert reporting.send_due(rollout=rollout, now=at("2018-02-06 09:13")).label == "2018-W06"
    assert reporting.send_due(rollout=rollout, now=at("2018-02-06 09:14")) is None
    assert reporting.send_due(rollout=rollout, now=at("2018-02-12 07:59")) is None
    assert reporting.send_due(rollout=rollout, now=at("2018-02-12 08:00")).label == "2018-W07"
    assert len(mail("2018-W06")) == len(mail("2018-W07")) == 2


def clock_changes() -> list[dt.date]:
    """The Sundays of thirteen years on which Oslo's clocks are set."""
    noons = [dt.datetime.combine(monday, dt.time(12, tzinfo=OSLO)) for monday in MONDAYS]
    return [
        after.date() - dt.timedelta(days=1)
        for before, after in itertools.pairwise(noons)
        if before.utcoffset() != after.utcoffset()
    ]


def test_round_each_clock_change_a_week_sends_one_at_eight_and_none_a_minute_before_or_after(rollout):
    assert len(clock_changes()) == 26
    minute, sent, expected = dt.timedelta(minutes=1), [], []
    for sunday in clock_changes():
        for day in (sunday, sunday + dt.timedelta(days=1)):
            moment = sending_moment(*Week.of(day)).astimezone(dt.UTC)
            for tick in (moment, moment + minute, moment + dt.timedelta(hours=1), moment + dt.timedelta(days=2)):
                if report := reporting.send_due(rollout=rollout, now=tick):
                    sent.append((report.label, tick))
            assert reporting.due_week(rollout, sending_moment(*Week.of(day).next) - minute) is None
            expected.append((Week.of(day).label, moment))

    assert sent == expected
    assert OutgoingEmail.objects.count() == 2 * len(expected)


MOMENTS = st.lists(st.integers(0, 24 * 7 * 40), min_size=1, max_size=25).map(sorted)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=MOMENTS)
def test_whenever_beat_is_up_each_week_it_sees_gets_one_and_those_it_slept_through_none(db, hours):
    """Hours after New Year's Eve at which beat ticks: forty weeks with both clock changes, and any outage."""
    with transaction.atomic():
        rollout = make.make_rollout()
        CourseVersion.objects.update(made_at=at("2017-01-01 09:00"))
        ticks = [at("2017-12-31 12:00").astimezone(dt.UTC) + dt.timedelta(hours=hour) for hour in hours]
        made = [report.label for tick in ticks if (report := reporting.send_due(rollout=rollout, now=tick))]
        transaction.set_rollback(True)

    assert made == sorted({latest_week(tick).label for tick in ticks})


def test_two_rollouts_have_a_status_each(rollout):
    other = make.make_rollout(slug="annen")
    now = at("2018-02-05 08:00")
    assert reporting.send_due(rollout=rollout, now=now)
    assert reporting.send_due(rollout=other, now=now)
    assert len(mail("2018-W06")) == 4


def test_a_report_that_fails_leaves_neither_report_nor_mail(rollout, monkeypatch):
    def break_down(*args, **kwargs):
        raise OSError

    monkeypatch.setattr("rollout.emails.write", break_down)
    with pytest.raises(OSError):
        reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00"))
    assert not StatusReport.objects.exists()


# -- asked for by name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("week", "why"),
    [
        ("2018-W06", "er alt sendt, mandag 5. februar 2018"),
        ("2018-W10", "sendes først mandag 5. mars 2018"),
        ("2018-W03", "før utrullingen begynte"),
        ("2018-W07", "tallene fra da finnes ikke"),
    ],
)
def test_a_week_that_cannot_be_sent_is_refused_with_the_reason(rollout, week, why):
    reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00"))
    assert why in reporting.why_not(rollout=rollout, week=Week.parse(week), now=at("2018-02-28 10:00"))


def test_the_week_that_is_due_is_not_refused(rollout):
    assert reporting.why_not(rollout=rollout, week=Week(2018, 9), now=at("2018-02-28 10:00")) == ""


def test_the_coming_week_is_the_one_due_and_else_the_next(rollout):
    assert reporting.coming_week(rollout, at("2018-02-05 08:00")) == Week(2018, 6)
    reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00"))
    assert reporting.coming_week(rollout, at("2018-02-05 08:00")) == Week(2018, 7)


def test_a_draft_writes_nothing(rollout):
    report = reporting.draft(rollout=rollout, week=Week(2018, 6), now=at("2018-02-02 10:00"))
    assert report.figures["week"] == "2018-W06"
    assert not StatusReport.objects.exists()
    assert not OutgoingEmail.objects.exists()
