"""What is due, asked of the data: openings first, then the weekly status, then reminders (rule 15)."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from rollout.domain import opening, reminding, reporting
from rollout.domain.forecasting import keeping
from rollout.models import Rollout, Step, WaveState, opening_moment


def next_event(rollout: Rollout, *, after: dt.datetime) -> tuple[dt.datetime, str]:
    """The first opening or weekly status after `after`, and a phrase for it."""
    moments = [(moment, phrase) for moment, phrase in _openings(rollout) if moment > after]
    _year, week, moment = reporting.next_sending(after=after)
    moments.append((moment, _("ukestatus for uke %(week)s") % {"week": week}))
    return min(moments)


def _openings(rollout: Rollout):
    for wave in rollout.waves.exclude(state__in=[WaveState.ALL_OPEN, WaveState.CLOSED]):
        if wave.is_planned:
            yield (
                opening_moment(wave.day_of(Step.LEADERS)),
                _("%(wave)s åpner for ledere") % {"wave": wave},
            )
        yield opening_moment(wave.day_of(Step.ALL_STAFF)), _("%(wave)s åpner for alle") % {"wave": wave}


def run_due(
    *, rollout: Rollout, now: dt.datetime, memory: reminding.Memory | None = None, forecasts: bool = False
) -> None:
    """Do all that is due at `now`. Late, twice and at once are the same (rule 15). With `forecasts` a status that is
    due gets one of its own morning.
    """
    opening.open_due(rollout=rollout, now=now)
    if forecasts and reporting.due_week(rollout, now) is not None:
        keeping.keep(rollout, now=now)
    reporting.send_due(rollout=rollout, now=now)
    reminding.send_due(rollout=rollout, now=now, memory=memory)


def run_through(rollouts: Sequence[Rollout], *, start: dt.datetime, to: dt.datetime, forecasts: bool = False) -> None:
    """Run every due moment after `start` up to `to`, each with `now` = that moment; last, what was late already.
    `forecasts`: as `run_due` takes it.

    Must be called inside a transaction.
    """
    memory: reminding.Memory = {}
    moment = start
    while rollouts and (moment := min(_next_moment(rollout, after=moment) for rollout in rollouts)) <= to:
        for rollout in rollouts:
            run_due(rollout=rollout, now=moment, memory=memory, forecasts=forecasts)
    for rollout in rollouts:
        run_due(rollout=rollout, now=to, memory=memory, forecasts=forecasts)


def _next_moment(rollout: Rollout, *, after: dt.datetime) -> dt.datetime:
    """Reminders look for what is due every working morning; to ask which of them has some would cost as much."""
    return min(next_event(rollout, after=after)[0], reminding.next_morning(after=after))
