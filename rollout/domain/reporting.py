"""The weekly status: when it is due, the report that freezes its figures, and its mail (rules 10, 14, 15 and 16).

A report is named after the ISO week in which it is sent: 08:00 Europe/Oslo on Monday, or on the next working day when
Monday is a public holiday. What is due is asked of the data, so a tick that comes late, twice or from two hosts sends
the same one report. After an outage of several weeks one report catches up, for the latest week; its changes are told
since the last report there is. Weeks that went by cannot be made afterwards: their figures were never frozen.
"""

import datetime as dt
import re
from typing import NamedTuple

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from rollout import emails
from rollout.domain import weekly
from rollout.domain.calendar import working_day_on_or_after
from rollout.domain.locks import lock_plan
from rollout.domain.words import long_date
from rollout.models import OSLO, Rollout, StatusReport, opening_moment


class Week(NamedTuple):
    """An ISO week. Its year is the ISO year: 31 December 2018 lies in 2019-W01."""

    year: int
    week: int

    @classmethod
    def of(cls, day: dt.date) -> "Week":
        return cls(*day.isocalendar()[:2])

    @classmethod
    def parse(cls, text: str) -> "Week":
        """Read "2018-W07".

        Raises:
            ValueError: it is not an ISO week, or the year has no such week.
        """
        match = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text)
        if match is None:
            raise ValueError(text)
        week = cls(int(match[1]), int(match[2]))
        week.monday  # noqa: B018 (raises for a week 53 that the year does not have)
        return week

    @property
    def monday(self) -> dt.date:
        return dt.date.fromisocalendar(self.year, self.week, 1)

    @property
    def label(self) -> str:
        return f"{self.year}-W{self.week:02d}"

    @property
    def next(self) -> "Week":
        return Week.of(self.monday + dt.timedelta(days=7))

    @property
    def previous(self) -> "Week":
        return Week.of(self.monday - dt.timedelta(days=7))


def sending_moment(year: int, week: int) -> dt.datetime:
    """When the status of that ISO week is sent."""
    return opening_moment(working_day_on_or_after(Week(year, week).monday))


def latest_week(now: dt.datetime) -> Week:
    """The latest week whose moment has come at `now`."""
    week = Week.of(now.astimezone(OSLO).date())
    return week if sending_moment(*week) <= now else week.previous


def next_sending(*, after: dt.datetime) -> tuple[int, int, dt.datetime]:
    """Year, week and moment of the first sending after `after`."""
    week = latest_week(after).next
    return (*week, sending_moment(*week))


def began(rollout: Rollout) -> dt.datetime | None:
    """The rollout's first event, or its making. No status is due for the time before; None: it is not under way."""
    moments = [
        rollout.events.order_by("at").values_list("at", flat=True).first(),
        rollout.course_versions.order_by("made_at").values_list("made_at", flat=True).first(),
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def due_week(rollout: Rollout, now: dt.datetime) -> Week | None:
    """The week whose status is due and not yet made, or None. Never more than one, however long nothing ran."""
    week, last = latest_week(now), rollout.status_reports.order_by("year", "week").values_list("year", "week").last()
    if last is not None:
        return week if week > last else None
    start = began(rollout)
    return None if start is None or sending_moment(*week) < start else week


def coming_week(rollout: Rollout, now: dt.datetime) -> Week:
    """The week of the next status to be made: the one that is due, else the first ahead."""
    return due_week(rollout, now) or latest_week(now).next


def send_due(*, rollout: Rollout, now: dt.datetime) -> StatusReport | None:
    """Make the report that is due and write its mail, in one transaction. None: nothing is due.

    The plan's lock makes the second of two see the first one's report; one report a week is the database's own rule.
    """
    # Asked before locking: most ticks find nothing.
    return _send_due(rollout=rollout, now=now) if due_week(rollout, now) else None


@transaction.atomic
def _send_due(*, rollout: Rollout, now: dt.datetime) -> StatusReport | None:
    rollout = lock_plan(rollout.pk)
    week = due_week(rollout, now)
    if week is None:
        return None
    report = draft(rollout=rollout, week=week, now=now)
    report.save(force_insert=True)
    drafts = emails.weekly_status(report=report, now=now)
    emails.write(drafts, rollout=rollout, occurrence=f"status:{report.pk}", now=now)
    return report


def draft(*, rollout: Rollout, week: Week, now: dt.datetime) -> StatusReport:
    """The report of that week with the figures of `now`, not saved: what is sent, or a preview of it."""
    previous = rollout.status_reports.order_by("year", "week").last()
    with translation.override(emails.LANGUAGE):
        figures = weekly.make_figures(rollout, week_label=week.label, now=now, previous=previous)
    return StatusReport(rollout=rollout, year=week.year, week=week.week, made_at=now, figures=figures)


def why_not(*, rollout: Rollout, week: Week, now: dt.datetime) -> str:
    """Why the status of that week cannot be sent now: it was sent, its moment is ahead, its time went by, or it lies
    before the rollout. Empty: it is the one that is due.
    """
    words = {"week": week.label, "day": long_date(sending_moment(*week).date())}
    report = rollout.status_reports.filter(year=week.year, week=week.week).first()
    start = began(rollout)
    if report is not None:
        words["day"] = long_date(report.made_at.astimezone(OSLO).date())
        return _("Ukestatusen for %(week)s er alt sendt, %(day)s. Den sendes bare én gang.") % words
    if sending_moment(*week) > now:
        return _("Ukestatusen for %(week)s sendes først %(day)s klokken 8.") % words
    if start is None or sending_moment(*week) < start:
        return _("Ukestatusen for %(week)s gjelder en tid før utrullingen begynte.") % words
    if week != latest_week(now):
        return _("Ukestatusen for %(week)s ble ikke sendt, og tallene fra da finnes ikke. Se en senere uke.") % words
    return ""
