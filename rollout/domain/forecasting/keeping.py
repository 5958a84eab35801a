"""Making a forecast and keeping it: by a worker (`rollout.tasks`), so that a page only ever reads what is kept."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from rollout.domain.forecasting import causes, ranges, reading
from rollout.domain.recording import plan_version
from rollout.domain.refusals import Refused
from rollout.domain.words import thousands
from rollout.models import OSLO, Forecast, Rollout


def told(rollout: Rollout, *, now: dt.datetime, futures: int | None = None, seed: int = ranges.SEED) -> dict[str, Any]:
    """The forecast of the plan as it stands, with what would help and what moved it. Reads only. `futures` None: as
    many as a plan of its size gets.

    Beside what `ranges.forecast` says: `helps` (`causes.helps`, with `step_name`), and `moved` (`causes.moved`, with
    `since`: the weekly status it is held against), null before the first status.

    Raises:
        Refused: more futures than a plan of its size may be asked for.
    """
    data = reading.read(rollout, now=now)
    futures, most = futures or ranges.enough(data), ranges.most(data)
    if futures > most:
        raise Refused(_("Høyst %(n)s forløp beregnes av en plan av denne størrelsen.") % {"n": thousands(most)})
    fewer = min(futures, causes.FUTURES)
    found = ranges.forecast(data, futures=futures, seed=seed)
    names = reading.step_names(rollout)
    helps = causes.helps(data, futures=fewer, seed=seed)
    found["helps"] = [one | {"step_name": names.get(one["step"], "")} for one in helps]
    found["known"]["why"] = [[names.get(step, step), number] for step, number in data.observed.why]
    found["moved"] = None
    report = rollout.status_reports.order_by("year", "week").last()
    before = report.figures.get("forecast") if report else None
    if report and before and before["schema"] == found["schema"]:
        moved = causes.moved(data, found, before, futures=fewer, seed=seed)
        found["moved"] = moved and {"since": report.label, **moved}
    return found


def keep(rollout: Rollout, *, now: dt.datetime, futures: int | None = None) -> Forecast | None:
    """Make and keep the forecast of this plan and this day. None: it is there already.

    Two that make it at once keep one: the database's rule. Of a day only the latest plan's is kept.
    """
    # The version first: the plan that is read afterwards has at least all that it counts.
    version, today = plan_version(rollout.slug) or 0, now.astimezone(OSLO).date()
    of_today = rollout.forecasts.filter(made_on=today)
    if of_today.filter(plan_version__gte=version).exists():
        return None
    figures = told(rollout, now=now, futures=futures)
    made = Forecast(rollout=rollout, made_on=today, plan_version=version, made_at=now, figures=figures)
    with transaction.atomic():
        Forecast.objects.bulk_create([made], ignore_conflicts=True)
        of_today.filter(plan_version__lt=version).delete()
    return of_today.filter(plan_version=version).first()


@dataclass(frozen=True)
class Kept:
    """The last forecast there is. `is_old`: the plan has changed since, or the day has."""

    forecast: Forecast
    is_old: bool


def latest(rollout: Rollout, *, now: dt.datetime) -> Kept | None:
    """What a page shows; None: none has been made yet. Two small queries."""
    forecast = rollout.forecasts.last()
    if forecast is None:
        return None
    today = now.astimezone(OSLO).date()
    is_old = (forecast.made_on, forecast.plan_version) != (today, plan_version(rollout.slug) or 0)
    return Kept(forecast, is_old)
