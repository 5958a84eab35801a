"""Races with real processes: everybody starts at the same instant, and each one's outcome is told."""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

_fork = multiprocessing.get_context("fork")


def at_once(*calls: Callable[[], Any]) -> list[tuple[str, str]]:
    """Run each call in a process of its own, all released together.

    Returns one (outcome, words) a call, in their order: ("done", repr of the result) or (exception's class, its text).
    """
    connections.close_all()  # a connection shared with a child would be two speakers on one line
    start, outcomes = _fork.Barrier(len(calls)), _fork.SimpleQueue()
    children = [_fork.Process(target=_run, args=(number, call, start, outcomes)) for number, call in enumerate(calls)]
    for child in children:
        child.start()
    found = dict(outcomes.get() for _child in children)
    for child in children:
        child.join(timeout=30)
        assert child.exitcode == 0
    return [found[number] for number in range(len(calls))]


def forget_inherited_connections() -> None:
    """First thing in a forked child: let go of the parent's connections without a word on their line.

    `connections.close_all()` before the fork may miss one: while Playwright's loop runs in the parent, Django keeps its
    connections elsewhere than before, and a child, where no loop runs, would find the old one.
    """
    for inherited in connections.all(initialized_only=True):
        inherited.connection = None


def _run(number: int, call: Callable[[], Any], start, outcomes) -> None:
    forget_inherited_connections()
    start.wait(timeout=30)
    try:
        outcome = ("done", repr(call()))
    except Exception as error:
        outcome = (type(error).__name__, str(error))
    finally:
        connections.close_all()
    outcomes.put((number, outcome))


def meeting_after(function: Callable[..., Any], *, parties: int) -> Callable[..., Any]:
    """`function`, whose callers in different processes wait for each other after it: what each has read is stale."""
    barrier = _fork.Barrier(parties)

    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        barrier.wait(timeout=30)
        return result

    return wrapped


def count(outcomes: Sequence[tuple[str, str]], kind: str) -> int:
    return sum(outcome == kind for outcome, _words in outcomes)
