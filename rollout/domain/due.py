"""What is due, asked of the data: openings first, then the weekly status, then reminders (rule 15)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from operator import itemgetter

from django.utils.translation import gettext as _

from rollout.domain import opening, reminding, reporting
from rollout.domain.forecasting import keeping
from rollout.models import Rollout, Step, Wave, WaveState, opening_moment


def next_event(rollout: Rollout, *, after: dt.datetime) -> tuple[dt.datetime, str]:
    """The first opening or weekly status after `after`, and a phrase for it."""
    _year, week, sending = reporting.next_sending(after=after)
    openings = [(moment, wave, step) for moment, wave, step in _openings(rollout) if after < moment <= sending]
    if not openings:
        return sending, _("ukestatus for uke %(week)s") % {"week": week}
    moment, wave, step = min(openings, key=itemgetter(0))
    said = _("%(wave)s åpner for ledere") if step == Step.LEADERS else _("%(wave)s åpner for alle")
    return moment, said % {"wave": wave}


def _openings(rollout: Rollout) -> Iterator[tuple[dt.datetime, Wave, Step]]:
    """All that are left, also those whose moment has gone by."""
    for wave in rollout.waves.exclude(state__in=[WaveState.ALL_OPEN, WaveState.CLOSED]):
        for step in list(Step) if wave.is_planned else [Step.ALL_STAFF]:
            yield opening_moment(wave.day_of(step)), wave, step


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
