"""How far in a plan's history a person has read. A bookmark of their own, no change to the plan: it writes no event."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain.refusals import Refused
from rollout.models import LastSeen, Rollout


def last_event_id(rollout: Rollout) -> int:
    """The id of the plan's last event, 0 before the first."""
    return rollout.events.order_by("-pk").values_list("pk", flat=True).first() or 0


def seen_until(*, person: Person, rollout: Rollout) -> int | None:
    """The id of the last event the person has marked as seen; None before the first mark."""
    return LastSeen.objects.filter(person=person, rollout=rollout).values_list("event_id", flat=True).first()


@transaction.atomic
def mark_seen(*, person: Person, rollout: Rollout, event_id: int, now: dt.datetime) -> None:
    """Raise the mark to `event_id`. A lower one, as from a tab left open, lowers nothing.

    Raises:
        Refused: the plan has no event as late as that.
    """
    if not 0 < event_id <= last_event_id(rollout):
        raise Refused(_("Denne hendelsen finnes ikke. Last siden på nytt og prøv igjen."))
    fields = {"event_id": event_id, "seen_at": now}
    mark, made = LastSeen.objects.get_or_create(person=person, rollout=rollout, defaults=fields)
    if not made:  # the condition stands in the UPDATE itself, so that two tabs at once leave the higher one
        LastSeen.objects.filter(pk=mark.pk, event_id__lt=event_id).update(**fields)
