"""What follows when a message is given up or comes back, in the same transaction.

The leads are told, a bad address is marked, a date that has moved meanwhile is put right.
"""

import datetime as dt

from agencies.models import Person
from rollout import emails
from rollout.models import EmailKind, EmailState, OutgoingEmail


def tell(pk: int, *, address_refused: bool, now: dt.datetime) -> None:
    """To be called inside the transaction that marks the message as failed. `now` is the rollout's time.

    A message about a failure that fails itself is not told of: that would go round in a ring.
    """
    message = OutgoingEmail.objects.select_related("rollout", "person").get(pk=pk)
    if address_refused:
        # Somebody may have corrected it while the server was asked about the old one.
        Person.objects.filter(pk=message.person_id, email=message.to_address, mail_refused_at__isnull=True).update(
            mail_refused_at=now, mail_refusal=message.last_error
        )
    if message.kind != EmailKind.DELIVERY_FAILED:
        emails.delivery.write_failed(message, address_refused=address_refused, now=now)


def came_back(pk: int, *, now: dt.datetime) -> None:
    """To be called inside the transaction that lets the message wait again. While the server had it, nobody could
    withdraw it; so it is done now, if it no longer holds or is not its reader's any more.
    """
    returned = OutgoingEmail.objects.filter(pk=pk, state=EmailState.WAITING)
    emails.people.withdraw_what_is_not_theirs(returned)
    message = returned.exclude(told={}).select_related("person").first()
    if message is not None:
        emails.dates.mend_returned(message, now=now)
