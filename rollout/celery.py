"""The Celery app and the whole beat schedule, in one place.

Beat holds short ticks only: each task asks the data what is due (product rule 15), so a tick that comes late,
twice, or from two hosts is the same code.
"""

import logging.config
import os
from pathlib import Path

from celery import Celery, signals
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from rollout import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollout.settings")

app = Celery("rollout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
app.conf.beat_schedule = {
    "open due waves": {"task": "rollout.tasks.open_due_waves", "schedule": 20.0, "options": {"expires": 20}},
    "weekly status": {"task": "rollout.tasks.send_weekly_status", "schedule": 60.0, "options": {"expires": 60}},
    "forecasts": {"task": "rollout.tasks.make_forecasts", "schedule": 30.0, "options": {"expires": 30}},
    "reminders": {"task": "rollout.tasks.send_reminders", "schedule": 60.0, "options": {"expires": 60}},
    "enforce retention": {"task": "rollout.tasks.enforce_retention", "schedule": 600.0, "options": {"expires": 600}},
    "deliver outgoing": {"task": "rollout.tasks.deliver_outgoing", "schedule": 5.0, "options": {"expires": 5}},
}


@signals.setup_logging.connect
def _log_as_the_web_does(**kwargs) -> None:
    """Django's LOGGING, instead of Celery's own."""
    logging.config.dictConfig(settings.LOGGING)


@signals.beat_init.connect
def _tell_that_beat_lives(**kwargs) -> None:
    """At every tick that was handed over, so that `/readyz` sees it from any host."""
    signals.after_task_publish.connect(lambda **kwargs: heartbeat.beat_was_here(), weak=False)


@signals.beat_init.connect
def _leave_a_mark_at_each_tick(**kwargs) -> None:
    """Where BEAT_MARK names a file, beat touches it at every tick it has handed over: a health check looks at it."""
    if mark := os.environ.get("BEAT_MARK"):
        signals.after_task_publish.connect(lambda **kwargs: Path(mark).touch(), weak=False)
