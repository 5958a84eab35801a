"""Workers cut at each named point, one message at a time: each must end as the point says, and as sent once at last."""

from collections.abc import Iterator

from rollout import delivery
from rollout.models import EmailState, OutgoingEmail
from tests.chaos import outbox
from tests.chaos.points import POINTS, Point, deliver_and_die_at
from tests.chaos.server import Unruly


def run(book: Unruly, cuts: int) -> Iterator[tuple[str, list[str], dict[str, object]]]:
    """For each point: its name, what is wrong, and the counts."""
    for point in POINTS:
        wrong: list[str] = []
        message_ids: list[str] = []
        for _cut in range(cuts):
            said, message_id = cut_once(book, point)
            wrong += said
            message_ids.append(message_id)
        mine = OutgoingEmail.objects.filter(message_id__in=message_ids)
        counts: dict[str, object] = {
            "cut": cuts,
            "unknown": mine.filter(state=EmailState.UNKNOWN).count(),
            "taken over": mine.filter(takeovers__gt=0).count(),
            "taken by the server before settling": sum(book.accepted[message_id] for message_id in message_ids),
        }
        yield f"cut at: {point.name}", wrong + outbox.end(book, message_ids), counts


def cut_once(book: Unruly, point: Point) -> tuple[list[str], str]:
    """One message, one worker that dies at the point, one that comes after. What is wrong, and the Message-ID."""
    (message_id,) = outbox.write(1)
    wrong = [] if deliver_and_die_at(point) else [f"{message_id}: no worker died"]
    delivery.deliver_waiting()
    message = OutgoingEmail.objects.get(message_id=message_id)
    if message.state != point.state:
        wrong.append(f"{message_id} is {message.state}, not {point.state}")
    if book.accepted[message_id] != point.taken:
        wrong.append(f"{message_id} was taken {book.accepted[message_id]} times, not {point.taken}")
    return wrong, message_id
