"""A worker cut down at each named point, and a small storm: `make chaos` does the same, many times over."""

import pytest

from rollout import delivery
from rollout.models import EmailState, OutgoingEmail
from tests.chaos import outbox
from tests.chaos.cuts import cut_once
from tests.chaos.points import POINTS, deliver_and_die_at
from tests.chaos.server import Unruly, serving

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def book(settings):
    with serving(Unruly()) as book:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", book.port, 1
        yield book


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_a_worker_cut_at_a_point_leaves_its_message_as_it_must_be(book, point):
    wrong, message_id = cut_once(book, point)

    assert wrong == []
    assert outbox.end(book, [message_id]) == []


def test_control_without_the_mark_a_cut_after_the_answer_doubles(book, monkeypatch):
    monkeypatch.setattr("rollout.delivery.claims._MARK", "SELECT 1")
    outbox.write(1)

    assert deliver_and_die_at(next(point for point in POINTS if point.name == "after 250"))
    delivery.deliver_waiting()

    assert max(book.accepted.values()) == 2


def test_a_server_that_does_all_it_can_doubles_nothing_and_loses_nothing(book):
    misbehaviour = ["421", "451", "550", "452", "drop in data", "drop, taken", "drop, not taken", "hang, taken"]
    book.plan = {3 * number: fault for number, fault in enumerate(misbehaviour, 1)}
    message_ids = outbox.write(40)

    while outbox.unsettled():
        delivery.deliver_waiting()
        OutgoingEmail.objects.filter(state=EmailState.WAITING).update(not_before="2020-01-01T00:00:00Z")

    assert OutgoingEmail.objects.filter(state=EmailState.UNKNOWN).count() <= 4
    assert sum(book.faults.values()) == len(misbehaviour)
    assert outbox.end(book, message_ids) == []
