"""What beat ticks (`rollout.celery`): read the clock, ask the data what is due, do it. Late and twice are the same."""

import logging
import os
import socket
from typing import Any

from celery import shared_task

from agencies.models import Agency
from rollout import clock, codes, delivery, rehearsals
from rollout.domain import compositions, opening, rehearsing, reminding, reporting, retention
from rollout.domain.forecasting import keeping
from rollout.domain.refusals import Refused
from rollout.domain.rehearsing import Assumptions
from rollout.models import Rollout

log = logging.getLogger(__name__)


@shared_task
def open_due_waves() -> None:
    opening.open_due(now=clock.now())


@shared_task
def send_weekly_status() -> None:
    now = clock.now()
    for rollout in Rollout.objects.order_by("pk"):
        if reporting.due_week(rollout, now) is not None:
            try:
                keeping.keep(rollout, now=now)  # the status freezes the forecast that is kept
            except Exception:
                log.exception("No forecast of today: the status has the last one that was kept")
        reporting.send_due(rollout=rollout, now=now)


@shared_task
def make_forecasts() -> None:
    now = clock.now()
    for rollout in Rollout.objects.order_by("pk"):
        keeping.keep(rollout, now=now)


@shared_task
def send_reminders() -> None:
    now = clock.now()
    for rollout in Rollout.objects.order_by("pk"):
        reminding.send_due(rollout=rollout, now=now)


@shared_task
def enforce_retention() -> None:
    retention.enforce_all(now=clock.now())


@shared_task
def deliver_outgoing() -> None:
    # A worker's processes die together.
    delivery.deliver_waiting(group=f"{socket.gethostname()}:{os.getppid()}", now=clock.now())


@shared_task(autoretry_for=(OSError,), max_retries=4, retry_backoff=5, retry_backoff_max=60)
def send_commitment_code(rollout: int, agency: int, address: str, code: str) -> None:
    codes.mail(
        rollout=Rollout.objects.get(pk=rollout), agency=Agency.objects.get(pk=agency), address=address, code=code
    )


@shared_task
def compose(composition: int) -> None:
    compositions.run(composition_id=composition, now=clock.now())


@shared_task
def rehearse(rollout: int, **assumptions: Any) -> None:
    about, assuming, played, reasons = Rollout.objects.get(pk=rollout), Assumptions(**assumptions), None, []
    try:
        played = rehearsing.rehearse(rollout=about, now=clock.now(), assuming=assuming)
    except Refused as refused:
        reasons = refused.reasons
    finally:  # who waits for it is told, also that it broke off
        rehearsals.keep(played, rollout=about, assuming=assuming, reasons=reasons)
