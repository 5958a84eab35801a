"""Settling a message that was cut off: a lead says whether it was sent (rule 10)."""

import datetime as dt
from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.server_log import ServerLog
from rollout.emails.reminding import REMINDERS
from rollout.models import EmailState, EventKind, OutgoingEmail, Rollout


@transaction.atomic
def settle(*, message: OutgoingEmail, was_sent: bool, by: Person, now: dt.datetime) -> OutgoingEmail:
    """Settle an *unknown* message. One that was not sent waits again, unless it no longer holds.

    Raises:
        Refused: it is not unknown (any more).
    """
    lock_plan(message.rollout_id)
    locked = OutgoingEmail.objects.select_for_update(no_key=True, of=("self",))
    message = locked.select_related("rollout", "person").get(pk=message.pk)
    if message.state != EmailState.UNKNOWN:
        raise Refused(_("Meldingen er avklart allerede: %(state)s.") % {"state": message.get_state_display().lower()})
    event = record(
        rollout=message.rollout,
        kind=EventKind.MESSAGE_SETTLED,
        by=by,
        at=now,
        before={"state": message.state},
        after={"message_id": message.message_id, "was_sent": was_sent},
    )
    if was_sent:
        message.state, message.settled_at = EmailState.SENT, timezone.now()
    elif (
        message.person.erased_at is not None  # nobody is left to send it to
        or message.kind in REMINDERS  # the next tick writes what is left to do
        or emails.people.not_theirs([message])
        or emails.dates.write_anew(message, event=event, now=now)
    ):
        message.state, message.settled_at = EmailState.WITHDRAWN, timezone.now()
    else:
        message.state, message.not_before, message.data_at = EmailState.WAITING, timezone.now(), None
    message.save(update_fields=["state", "settled_at", "not_before", "data_at"])
    return message


def settle_by_log(
    *, rollout: Rollout, log: ServerLog, rest_not_sent: bool, by: Person, now: dt.datetime
) -> Counter[EmailState]:
    """Settle each *unknown* message of the rollout by what its server's log says. Returns how many ended how.

    A message the log shows as accepted was sent. The rest is left, or, with `rest_not_sent`, was not sent, where the
    log was written both when the message was handed over and for long enough after.
    """
    ended: Counter[EmailState] = Counter()
    for message in rollout.emails.filter(state=EmailState.UNKNOWN).order_by("id"):
        was_sent = message.message_id in log.accepted
        if was_sent or (rest_not_sent and log.covers(message.data_at or message.claimed_at)):
            message = settle(message=message, was_sent=was_sent, by=by, now=now)
        ended[EmailState(message.state)] += 1
    return ended
