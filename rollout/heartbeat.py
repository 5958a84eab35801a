"""When beat last handed over a tick, kept where every host can see it."""

import time

from django.core.cache import cache

_KEY = "beat-was-here"


def beat_was_here() -> None:
    cache.set(_KEY, time.time(), timeout=None)


def seconds_since_beat() -> float | None:
    """None: beat has never been here, or Valkey has been emptied since its last tick."""
    seen = cache.get(_KEY)
    return None if seen is None else max(0.0, time.time() - seen)
