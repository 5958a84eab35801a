"""What follows when a message is given up, in the same transaction: the leads are told, a bad address is marked."""

import datetime as dt

from agencies.models import Person
from rollout import emails_delivery
from rollout.models import EmailKind, OutgoingEmail


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
        emails_delivery.write_failed(message, address_refused=address_refused, now=now)
