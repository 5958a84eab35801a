"""Making a rollout: the row itself, its licence pool, the default course, guidelines and blackout periods."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import signing_off
from rollout.domain.locks import lock_table
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import BlackoutPeriod, CourseStep, CourseVersion, EventKind, LicencePool, Rollout
from rollout.reference import default_blackouts, default_course, default_guidelines


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
    # One at a time: two at once would both be the first, and both active.
    lock_table(Rollout)
    if Rollout.objects.filter(slug=slug).exists():
        raise Refused(_("Utrullingen «%(slug)s» finnes fra før. Velg en annen kode.") % {"slug": slug})
    active = Rollout.objects.active()
    if active is not None and activate:
        Rollout.objects.filter(pk=active.pk).update(is_active=False)
    rollout = Rollout.objects.create(
        slug=slug, name=name, tool_name=tool_name or name, is_active=activate or active is None, **fields
    )
    LicencePool.objects.create(rollout=rollout, size=pool, price_nok=price_nok)
    BlackoutPeriod.objects.bulk_create(BlackoutPeriod(rollout=rollout, **row._asdict()) for row in default_blackouts())
    course = CourseVersion.objects.create(rollout=rollout, number=1, made_at=now)
    CourseStep.objects.bulk_create(CourseStep(course_version=course, **row._asdict()) for row in default_course())
    record(
        rollout=rollout,
        kind=EventKind.ROLLOUT_CREATED,
        by=by,
        at=now,
        after={"slug": slug, "name": name, "is_active": rollout.is_active},
    )
    signing_off.publish(rollout=rollout, text=default_guidelines(rollout.tool_name), by=by, now=now)
    return rollout
