"""Making a rollout, new or after the pattern of another, and choosing which one is active."""

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import drafting, scheduling, shifting, signing_off
from rollout.domain.calendar import Calendar, add_working_days, calendar_of, working_days_between
from rollout.domain.locks import lock_rollouts, lock_table
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.domain.words import plain_slug
from rollout.models import (
    BlackoutPeriod,
    CourseStep,
    CourseVersion,
    Criteria,
    EventKind,
    LicencePool,
    MailSwitch,
    Rollout,
    Wave,
)
from rollout.reference import default_blackouts, default_course, default_guidelines

#: Shorter than the longest slug, so that a number finds room.
SLUG_SUGGESTED = 50


@transaction.atomic
def create_rollout(
    *,
    slug: str,
    name: str,
    by: Person | None,
    now: dt.datetime,
    tool_name: str = "",
    pool: int = 0,
    price_nok: Decimal = Decimal(0),
    activate: bool = False,
    **fields: Any,
) -> Rollout:
    """Make a rollout with the default course, guidelines and blackout periods. The first one becomes the active one.

    `pool` is the number of licences in the contract, `price_nok` the price of one for a month; `activate` makes this
    the active one instead of another; `fields` are other fields of `Rollout`.

    Raises:
        Refused: the slug is taken.
    """
    rollout = _new(slug=slug, name=name, tool_name=tool_name, activate=activate, **fields)
    LicencePool.objects.create(rollout=rollout, size=pool, price_nok=price_nok)
    BlackoutPeriod.objects.bulk_create(BlackoutPeriod(rollout=rollout, **row._asdict()) for row in default_blackouts())
    course = CourseVersion.objects.create(rollout=rollout, number=1, made_at=now)
    CourseStep.objects.bulk_create(CourseStep(course_version=course, **row._asdict()) for row in default_course())
    _record_created(rollout, by=by, now=now)
    signing_off.publish(rollout=rollout, text=default_guidelines(rollout.tool_name), by=by, now=now)
    return rollout


def _new(*, slug: str, name: str, tool_name: str, activate: bool = False, **fields: Any) -> Rollout:
    """The row, active if it is to be or is the first. Raises Refused where the slug is taken."""
    _one_at_a_time()
    if Rollout.objects.filter(slug=slug).exists():
        raise Refused(_("Utrullingen «%(slug)s» finnes fra før. Velg en annen kode.") % {"slug": slug}, field="slug")
    active = Rollout.objects.active()
    if active is not None and activate:
        Rollout.objects.filter(pk=active.pk).update(is_active=False)
    rollout = Rollout.objects.create(
        slug=slug, name=name, tool_name=tool_name or name, is_active=activate or active is None, **fields
    )
    MailSwitch.objects.create(rollout=rollout, home=MailSwitch.here())
    return rollout


def _one_at_a_time() -> None:
    """Two at once would both be the first, and both active. Rows before the table, as every verb that sets a row."""
    lock_rollouts()
    lock_table(Rollout)


def _record_created(rollout: Rollout, *, by: Person | None, now: dt.datetime, **more: str) -> None:
    record(
        rollout=rollout,
        kind=EventKind.ROLLOUT_CREATED,
        by=by,
        at=now,
        after={"slug": rollout.slug, "name": rollout.name, "is_active": rollout.is_active} | more,
    )


# -- after the pattern of another ----------------------------------------------------------------------------------


def suggest_slug(name: str) -> str:
    """A slug of the name that no rollout has; empty where the name has no letter to make it of."""
    plain = plain_slug(name)[:SLUG_SUGGESTED].strip("-")
    taken = set(Rollout.objects.filter(slug__startswith=plain).values_list("slug", flat=True))
    numbered = (f"{plain}-{number}" for number in count(2))
    return plain if not plain or plain not in taken else next(slug for slug in numbered if slug not in taken)


@transaction.atomic
def create_from(
    *,
    template: Rollout,
    slug: str,
    name: str,
    by: Person,
    now: dt.datetime,
    leaders_on: dt.date | None = None,
    tool_name: str = "",
    pool: int = 0,
    price_nok: Decimal = Decimal(0),
    **fields: Any,
) -> Rollout:
    """Make a rollout with another's waves, course, guidelines and blackout periods, and none of its agencies or people.

    Guidelines that name the template's tool get the new one's name, and wait as a draft: what nobody has read is not
    published.

    The first wave opens for leaders on `leaders_on` (None: the template has no waves); the others keep their distance
    from it in working days, and go forward past days on which nothing may open. It is not made active.

    Raises:
        Refused: the slug is taken, or that day is missing, has passed or is closed; `field` names which.
    """
    waves = list(template.waves.order_by("number"))
    if waves and leaders_on is None:
        raise Refused(_("Velg dagen da den første puljen åpner for ledere."), field="leaders_on")
    rollout = _new(slug=slug, name=name, tool_name=tool_name, **fields)
    LicencePool.objects.create(rollout=rollout, size=pool, price_nok=price_nok)
    BlackoutPeriod.objects.bulk_create(_copies(template.blackouts.all(), rollout=rollout))
    Criteria.objects.bulk_create(_copies(Criteria.objects.filter(rollout=template), rollout=rollout))
    course = CourseVersion.objects.create(rollout=rollout, number=1, made_at=now)
    steps = CourseStep.objects.filter(course_version=template.course_versions.latest("number"))
    CourseStep.objects.bulk_create(_copies(steps, course_version=course))
    _record_created(rollout, by=by, now=now, template=template.name)
    guidelines = template.guideline_versions.order_by("number").last()
    text = guidelines.text if guidelines else default_guidelines(rollout.tool_name)
    renamed = _with_tool(text, rollout.tool_name, instead_of=template.tool_name)
    if renamed == text:
        signing_off.publish(rollout=rollout, text=text, by=by, now=now)
    else:
        drafting.save(rollout=rollout, text=renamed, revision_seen=0, by=by, now=now)
    if leaders_on is not None:
        _add_waves(rollout, waves, leaders_on=leaders_on, by=by, now=now)
    return rollout


def _with_tool(text: str, tool_name: str, *, instead_of: str) -> str:
    """With one tool's name for another's, also in the genitive and before a hyphen; not inside other words."""
    genitive = "’" if tool_name[-1:].lower() in ("s", "x", "z") else "s"
    named = rf"(?<!\w){re.escape(instead_of)}(s?)(?!\w)"
    return re.sub(named, lambda found: tool_name + (genitive if found[1] else ""), text)


def _copies[M: Model](rows: Iterable[M], **other: Any) -> list[M]:
    """New rows with the same values, but for their key and what `other` gives."""
    return [
        type(row)(
            **other,
            **{
                field.attname: getattr(row, field.attname)
                for field in row._meta.concrete_fields
                if not field.primary_key and field.name not in other
            },
        )
        for row in rows
    ]


def _add_waves(
    rollout: Rollout, waves: list[Wave], *, leaders_on: dt.date, by: Person | None, now: dt.datetime
) -> None:
    change = new_change()
    for shift in shifted(waves, leaders_on=leaders_on, calendar=calendar_of(rollout)):
        wave = scheduling.add_wave(
            rollout=rollout,
            leaders_on=shift.leaders_on,
            all_staff_on=shift.all_staff_on,
            by=by,
            now=now,
            change=change,
        )
        if shift.wave.people_cap:
            scheduling.set_people_cap(wave=wave, cap=shift.wave.people_cap, by=by, now=now)


def shifted(waves: list[Wave], *, leaders_on: dt.date, calendar: Calendar) -> list[shifting.Shift]:
    """The dates of a plan like this one whose first wave opens for leaders on `leaders_on`, by the waves' numbers.

    Pure. A wave's own dates are kept where nothing moves it.
    """
    if not waves:
        return []
    first = min(waves, key=lambda wave: (wave.leaders_on, wave.number))
    gap = max(1, working_days_between(first.leaders_on, first.all_staff_on))
    all_staff_on = calendar.open_day_on_or_after(add_working_days(leaders_on, gap))
    later = shifting.cascade(
        first, waves, leaders_on=leaders_on, all_staff_on=all_staff_on, calendar=calendar, earlier=True
    )
    by_wave = {shift.wave.pk: shift for shift in [shifting.Shift(first, leaders_on, all_staff_on), *later]}
    return [by_wave.get(wave.pk) or shifting.Shift(wave, wave.leaders_on, wave.all_staff_on) for wave in waves]


# -- which one is active -------------------------------------------------------------------------------------------


@transaction.atomic
def activate(*, rollout: Rollout, by: Person | None, now: dt.datetime) -> bool:
    """Make this the one that short addresses and commands mean, instead of the one that was. False: it was already."""
    _one_at_a_time()
    rollout, before = Rollout.objects.get(pk=rollout.pk), Rollout.objects.active()
    if rollout == before:
        return False
    change = new_change()
    if before is not None:
        Rollout.objects.filter(pk=before.pk).update(is_active=False)
        record(
            rollout=before,
            kind=EventKind.ROLLOUT_ACTIVATED,
            by=by,
            at=now,
            before={"active": before.name},
            after={"active": rollout.name, "is_active": False},
            change=change,
        )
    Rollout.objects.filter(pk=rollout.pk).update(is_active=True)
    record(
        rollout=rollout,
        kind=EventKind.ROLLOUT_ACTIVATED,
        by=by,
        at=now,
        before={"active": before.name if before else None},
        after={"active": rollout.name, "is_active": True},
        change=change,
    )
    return True
