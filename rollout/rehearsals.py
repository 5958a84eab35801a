"""Rehearsals that a page has asked for: played by a worker, kept in Valkey for a day, never in the database.

Losing one loses nothing: it can be played again. Everything here is real time.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypedDict

from celery import current_app
from django.core.cache import cache

from rollout.domain.rehearsing import Assumptions, Rehearsal
from rollout.models import Rollout

KEPT = 24 * 60 * 60  # seconds
#: A play that has not ended by then has lost its worker.
AT_MOST = 120  # seconds
TASK = "rollout.tasks.rehearse"


class Kept(TypedDict):
    """What became of a play: the rehearsal; or why it was refused; neither where it broke off."""

    rehearsal: Rehearsal | None
    reasons: list[str]


def ask(*, rollout: Rollout, assuming: Assumptions) -> None:
    """Have it played by a worker; one that is being played already is not played twice."""
    if cache.add(_key("playing", rollout.pk, assuming), 1, AT_MOST):
        payload: dict[str, Any] = {"rollout": rollout.pk} | asdict(assuming)
        # By the task's name: tasks know the plan, and nothing of the plan knows tasks.
        current_app.send_task(TASK, kwargs=payload, expires=AT_MOST)


def is_playing(*, rollout: Rollout, assuming: Assumptions) -> bool:
    return cache.get(_key("playing", rollout.pk, assuming)) is not None


def latest(*, rollout: Rollout, assuming: Assumptions) -> Kept | None:
    """The newest one played under these assumptions, or None; it names the plan's version it was played for."""
    return cache.get(_key("played", rollout.pk, assuming))


def keep(rehearsal: Rehearsal | None, *, rollout: Rollout, assuming: Assumptions, reasons: Sequence[str] = ()) -> None:
    cache.set(_key("played", rollout.pk, assuming), Kept(rehearsal=rehearsal, reasons=list(reasons)), KEPT)
    cache.delete(_key("playing", rollout.pk, assuming))


def _key(what: str, rollout_id: int, assuming: Assumptions) -> str:
    return f"rehearsal:{what}:{rollout_id}:{assuming.go:d}{assuming.ready:d}:{assuming.scenario or ''}"
