"""Undoing that a wave was made, and undoing that again (rule 9).

Events refer to the wave, so its row stays; `Wave.objects` no longer finds it.
"""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import scheduling
from rollout.domain.calendar import calendar_of
from rollout.domain.locks import lock_plan, lock_wave
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import DateRequest, EventKind, Placement, PlanEvent, RequestState, Wave, opening_moment


@transaction.atomic
def take_away(*, wave: Wave, by: Person | None, now: dt.datetime, undoes: PlanEvent, change: uuid.UUID) -> PlanEvent:
    """Undo the making of a wave: it is out of the plan, and its number free for another.

    Raises:
        Refused: somebody stands in it or is to be deferred to it, an agency asks for it, or its day has come.
    """
    lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    last = scheduling.next_number(wave.rollout) - 1
    if last != wave.number:
        raise Refused(_("Pulje %(last)s er laget etter %(wave)s. Angre den først.") % {"last": last, "wave": wave})
    if wave.placements.exists():
        raise Refused(_("%(wave)s er ikke tom. Flytt ut dem som står der, først.") % {"wave": wave})
    if Placement.objects.filter(deferral_wave=wave).exists():
        raise Refused(_("%(wave)s er valgt som pulje å utsette til. Velg en annen først.") % {"wave": wave})
    if DateRequest.objects.filter(wanted=wave, state=RequestState.OPEN).exists():
        raise Refused(_("En virksomhet ønsker seg til %(wave)s. Svar på ønsket først.") % {"wave": wave})
    if opening_moment(wave.leaders_on) <= now:
        raise Refused(_("Dagen for %(wave)s er kommet. Den kan ikke tas bort lenger.") % {"wave": wave})
    wave.removed_at = now
    wave.save(update_fields=["removed_at"])
    return _record(wave, by=by, now=now, before=scheduling.dates_of(wave), undoes=undoes, change=change)


@transaction.atomic
def bring_back(*, wave: Wave, by: Person | None, now: dt.datetime, undoes: PlanEvent, change: uuid.UUID) -> PlanEvent:
    """Undo that a wave was taken away.

    Raises:
        Refused: its number is another's by now, or its dates are no longer ahead or open.
    """
    rollout = lock_plan(wave.rollout_id)
    if (number := scheduling.next_number(rollout)) != wave.number:
        raise Refused(
            _("%(wave)s kan ikke hentes tilbake: neste pulje er nummer %(number)s.") % {"wave": wave, "number": number}
        )
    scheduling.refuse_bad_new(wave.leaders_on, wave.all_staff_on, calendar=calendar_of(rollout), now=now)
    wave.removed_at = None
    wave.save(update_fields=["removed_at"])
    return _record(wave, by=by, now=now, after=scheduling.dates_of(wave), undoes=undoes, change=change)


def _record(wave: Wave, *, now: dt.datetime, **event: Any) -> PlanEvent:
    return record(rollout=wave.rollout, kind=EventKind.WAVE_ADDED, at=now, wave=wave, **event)
