"""What time it is, asked only at the edges: views, tasks and commands (rule 15).

Leases, backoff, sessions and codes use real time (`django.utils.timezone.now`), also in the demo.
"""

import datetime as dt

from django.conf import settings
from django.utils import timezone

from rollout.models import DemoClock


def now() -> dt.datetime:
    """The demo clock's time in demo mode, else real time."""
    if settings.DEMO_MODE:
        clock = DemoClock.objects.first()
        if clock is not None:
            return clock.now
    return timezone.now()
