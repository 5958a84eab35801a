"""The demo's clock: it steps forward, and what falls due on the way is done in order. It never goes back."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.domain import due
from rollout.domain.forecasting import keeping
from rollout.domain.refusals import Refused
from rollout.models import OSLO, DemoClock, EmailState, OutgoingEmail, Rollout

MORNING = dt.time(9, 0)


@transaction.atomic
def step_to(*, to: dt.datetime) -> dt.datetime:
    """Run every due moment up to `to`, each with `now` = that moment, then set the clock to `to`, and forecast anew.

    One transaction under the clock's lock: two presses at once step one after the other, and a failure moves nothing.

    Raises:
        Refused: `to` is earlier than the clock.
    """
    clock = DemoClock.objects.select_for_update().get()
    if to < clock.now:
        raise Refused(_("Demoklokken går bare framover. Kjør «make demo-reset» for å begynne på nytt."))
    rollouts = list(Rollout.objects.order_by("pk"))
    due.run_through(rollouts, start=clock.now, to=to, forecasts=True)
    for rollout in rollouts:
        keeping.keep(rollout, now=to)
    held_back = OutgoingEmail.objects.filter(state=EmailState.WAITING, not_before__gt=timezone.now())
    held_back.update(not_before=F("not_before") - (to - clock.now))  # what waits has waited for as long
    clock.now = to
    clock.save(update_fields=["now"])
    return to


@transaction.atomic
def step_day() -> dt.datetime:
    """To 09:00 the next day."""
    clock = DemoClock.objects.select_for_update().get()
    tomorrow = clock.now.astimezone(OSLO).date() + dt.timedelta(days=1)
    return step_to(to=dt.datetime.combine(tomorrow, MORNING, tzinfo=OSLO))


@transaction.atomic
def step_event() -> dt.datetime:
    """To the next opening or weekly status. Reminders on the way are sent, but there is one on most working days."""
    clock = DemoClock.objects.select_for_update().get()
    moments = [due.next_event(rollout, after=clock.now) for rollout in Rollout.objects.all()]
    if not moments:
        raise Refused(_("Det er ingen flere hendelser i planen."))
    return step_to(to=min(moments)[0])


@transaction.atomic
def follow(*, to: dt.datetime) -> None:
    """Let the clock follow what was done at `to`, never back."""
    DemoClock.objects.filter(now__lt=to).update(now=to)
