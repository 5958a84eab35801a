"""What there is to send, and what became of it."""

import datetime as dt
import secrets
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from agencies.models import Person, Role, RoleName
from rollout import delivery
from rollout.models import EmailKind, EmailState, OutgoingEmail, Rollout
from tests.chaos.server import Unruly
from tests.factories import NOW, make_lead, make_rollout


def write(messages: int) -> list[str]:
    """So many waiting messages, each to a person of its own, who has a role. Returns their Message-IDs."""
    rollout = Rollout.objects.first() or make_rollout()
    make_lead()
    run, now = secrets.token_hex(4), timezone.now()
    people = Person.objects.bulk_create(Person(email=f"{run}.{n}@example.org") for n in range(messages))
    Role.objects.bulk_create(Role(person=person, role=RoleName.READER, since=NOW) for person in people)
    rows = OutgoingEmail.objects.bulk_create(
        OutgoingEmail(
            rollout=rollout,
            kind=EmailKind.LEADERS_OPEN,
            subject="wave:1:leaders",
            occurrence="event:1",
            person=person,
            to_address=person.email,
            headline="Workplace er åpnet",
            text="Hei! Workplace er åpnet for lederne.\n" * 20,
            html="<p>Hei! Workplace er åpnet for lederne.</p>" * 20,
            message_id=f"<{run}.{n}@example.org>",
            written_at=NOW,
            not_before=now,
        )
        for n, person in enumerate(people)
    )
    return [row.message_id for row in rows]


def unsettled() -> int:
    return OutgoingEmail.objects.filter(state__in=[EmailState.WAITING, EmailState.CLAIMED]).count()


def settle_by(book: Unruly) -> None:
    """One command, against what the server took."""
    rollout = Rollout.objects.get()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "accepted.txt"
        log.write_text("\n".join(book.accepted))
        call_command(
            "settle_mail",
            log=log,
            rest_not_sent=True,
            since="2000-01-01T00:00:00Z",
            # No worker is at it any more, so the list is complete for as long as any of them could have waited.
            until=(timezone.now() + dt.timedelta(seconds=settings.EMAIL_TIMEOUT)).isoformat(),
            by=make_lead().email,
            rollout=rollout.slug,
            stdout=(Path(folder) / "said").open("w"),
        )


def wrong(book: Unruly, message_ids: list[str]) -> list[str]:
    """What is not as it must be at the end: sent once, or failed and never sent; nothing missing, nothing unknown."""
    said = []
    ends = dict(OutgoingEmail.objects.values_list("message_id", "state"))
    said += [f"{message_id} is gone" for message_id in message_ids if message_id not in ends]
    for message_id, state in ends.items():
        must = {EmailState.SENT: 1, EmailState.FAILED: 0}.get(EmailState(state))
        if must is None:
            said.append(f"{message_id} is still {state}")
        elif book.accepted[message_id] != must:
            said.append(f"{message_id} is {state} and was taken {book.accepted[message_id]} times")
    return said


def end(book: Unruly, message_ids: list[str]) -> list[str]:
    """Settle what is unknown by one command, send what was not sent, and tell what is wrong then."""
    settle_by(book)
    book.plan.clear()
    still = OutgoingEmail.objects.filter(state=EmailState.UNKNOWN).count()
    while unsettled() and delivery.deliver_waiting():
        pass
    return ([f"{still} are still unknown"] if still else []) + wrong(book, message_ids)
