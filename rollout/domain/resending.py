"""Sending a message again: a new row, with a reason, that refers to the old one (rule 10)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.emails.reminding import REMINDERS
from rollout.models import EmailState, EventKind, OutgoingEmail

#: What can be sent again: the others are on their way, to be settled first, or no longer true.
ENDED = (EmailState.SENT, EmailState.FAILED)


@transaction.atomic
def resend(*, message: OutgoingEmail, reason: str, by: Person, now: dt.datetime) -> OutgoingEmail:
    """Write the message again, to the person's address of today.

    Raises:
        Refused: it has not ended, has been sent again already, or tells of what no longer holds.
    """
    lock_plan(message.rollout_id)
    message = OutgoingEmail.objects.select_related("rollout", "person").get(pk=message.pk)
    if message.state not in ENDED:
        raise Refused(
            _("Meldingen kan ikke sendes på nytt nå: %(state)s.") % {"state": message.get_state_display().lower()}
        )
    if message.resent_as.exists():
        raise Refused(_("Meldingen er sendt på nytt allerede. Send i så fall den nye på nytt."))
    if message.person.mail_refused_at is not None:
        raise Refused(_("Adressen %(email)s er avvist. Rett den først.") % {"email": message.person.email})
    if message.kind in REMINDERS:
        raise Refused(_("Påminnelser sendes ikke på nytt. Den neste sier hva som gjenstår da."))
    draft = emails.delivery.draft_again(message)
    if draft is None:
        raise Refused(
            _("Meldingen stemmer ikke lenger: datoene er endret siden den ble skrevet, eller den gjelder ikke lenger.")
        )
    event = record(
        rollout=message.rollout,
        kind=EventKind.MESSAGE_RESENT,
        by=by,
        at=now,
        after={"message_id": message.message_id},
        reason=reason,
    )
    return emails.delivery.write_again(message, draft, event=event, now=now)
