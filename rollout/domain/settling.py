"""Settling a message that was cut off: a lead says whether it was sent (rule 10)."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EmailState, EventKind, OutgoingEmail


@transaction.atomic
def settle(*, message: OutgoingEmail, was_sent: bool, by: Person, now: dt.datetime) -> OutgoingEmail:
    """Settle an *unknown* message. One that was not sent waits again, or is written anew if its dates have moved.

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
    elif message.person.erased_at is not None or emails.write_anew(
        message, event=event, now=now
    ):  # nobody is left to send it to
        message.state, message.settled_at = EmailState.WITHDRAWN, timezone.now()
    else:
        message.state, message.not_before = EmailState.WAITING, timezone.now()
    message.save(update_fields=["state", "settled_at", "not_before"])
    return message
