"""`/healthz`: is this process alive? `/readyz`: does all that it needs work? Nobody signs in to ask."""

import datetime as dt
import logging
from collections.abc import Callable

from celery import current_app
from django.db import connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rollout import heartbeat
from rollout.models import EmailState, OutgoingEmail

log = logging.getLogger(__name__)

#: Beat ticks every few seconds, and mail that may be sent leaves within one of its runs.
BEAT_AT_MOST = dt.timedelta(minutes=1)
MAIL_AT_MOST = dt.timedelta(minutes=10)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Touch nothing: a database that is away for a moment is no reason to end the web server."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 where all is well, else 503; either way what was found, in words that give nothing away."""
    found = {name: _asked(name, check) for name, check in CHECKS.items()}
    return JsonResponse(found, status=200 if all(answer == "ok" for answer in found.values()) else 503)


def _asked(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception:  # whatever is wrong with it, it is not ready
        log.exception("readyz: %s cannot be reached", name)
        return "unreachable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker() -> str:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    return "ok"


def _beat() -> str:
    seconds = heartbeat.seconds_since_beat()
    if seconds is None:
        return "never seen"
    return "ok" if seconds <= BEAT_AT_MOST.total_seconds() else f"last seen {seconds:.0f} seconds ago"


def _mail() -> str:
    """How long the oldest message that may be sent has waited, or stood as being sent. What is put off, or held, does
    not wait for us.
    """
    now = timezone.now()
    waiting = OutgoingEmail.objects.to_send(now).values_list("not_before", flat=True).first()
    # Its worker is gone, and no other has come to see.
    claimed = OutgoingEmail.objects.filter(state=EmailState.CLAIMED).aggregate(Min("claimed_at"))["claimed_at__min"]
    oldest = min(filter(None, (waiting, claimed)), default=None)
    if oldest is None or now - oldest <= MAIL_AT_MOST:
        return "ok"
    return f"oldest unsent message has waited {(now - oldest).total_seconds():.0f} seconds"


CHECKS = {"database": _database, "broker": _broker, "beat": _beat, "mail": _mail}
