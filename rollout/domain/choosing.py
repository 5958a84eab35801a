"""What mail a person gets beside that which is a duty: their own choice."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain.locks import lock_rollouts
from rollout.domain.refusals import Refused
from rollout.emails.choosing import CHOICES
from rollout.emails.reminding import withdraw_unsent_of
from rollout.models import EmailKind, MailChoice


@transaction.atomic
def choose(*, person: Person, wanted: Mapping[EmailKind, bool], now: dt.datetime) -> None:
    """Say for each kind whether the person wants it. What is left and has not been sent is withdrawn.

    No event is written: the plan is the same, and whom it is told to is the reader's own affair. With every plan
    locked, mail that is being written this moment is written before the choice or after it.

    Raises:
        Refused: a kind is a duty.
    """
    if any(kind not in CHOICES for kind in wanted):
        raise Refused(_("Dette varselet kan ikke velges bort: det sier noe du må vite eller gjøre."))
    lock_rollouts()
    MailChoice.objects.bulk_create(
        [MailChoice(person=person, kind=kind, wanted=wants, chosen_at=now) for kind, wants in wanted.items()],
        update_conflicts=True,
        unique_fields=["person", "kind"],
        update_fields=["wanted", "chosen_at"],
    )
    withdraw_unsent_of(person, [kind for kind, wants in wanted.items() if not wants], now=now)
