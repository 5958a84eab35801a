"""One switch for all mail of a rollout: held, and let go (rule 10). Delivery asks the switch in the claim itself."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain.locks import lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, MailSwitch, PlanEvent, Rollout


def why_held(rollout: Rollout) -> str:
    """In a sentence, why no mail leaves; empty where it does. One small query."""
    switch = MailSwitch.objects.with_here().filter(rollout=rollout).first()
    if switch is None or switch.home != switch.here:
        return _(
            "All e-post er holdt tilbake: databasen er gjenopprettet fra en kopi eller flyttet. "
            "Meldinger som venter her, kan være sendt før. Se gjennom dem før du slipper e-posten."
        )
    if switch.held_since is not None:
        return _("All e-post er holdt tilbake. %(reason)s") % {"reason": switch.reason}
    return ""


@transaction.atomic
def hold(*, rollout: Rollout, reason: str, by: Person | None, now: dt.datetime) -> PlanEvent:
    """From now on nothing is sent. What is being handed over this moment still leaves.

    Raises:
        Refused: it is held already.
    """
    lock_plan(rollout.pk)
    if why_held(rollout):
        raise Refused(_("E-posten er holdt tilbake allerede."))
    MailSwitch.objects.filter(rollout=rollout).update(held_since=timezone.now(), reason=reason)
    return record(rollout=rollout, kind=EventKind.MAIL_HELD, by=by, at=now, after={"held": True}, reason=reason)


@transaction.atomic
def let_go(*, rollout: Rollout, by: Person | None, now: dt.datetime) -> PlanEvent:
    """Send again, from the database this is.

    Raises:
        Refused: it is not held.
    """
    lock_plan(rollout.pk)
    if not why_held(rollout):
        raise Refused(_("E-posten er ikke holdt tilbake."))
    MailSwitch.objects.update_or_create(
        rollout=rollout, defaults={"home": MailSwitch.here(), "held_since": None, "reason": ""}
    )
    return record(rollout=rollout, kind=EventKind.MAIL_RELEASED, by=by, at=now, before={"held": True})
