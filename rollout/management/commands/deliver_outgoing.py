import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout import delivery
from rollout.management.base import PlanCommand
from rollout.models import EmailState

#: What is told of each outcome, when there is any.
TOLD = {
    EmailState.SENT: gettext_lazy("sendt: %(number)s"),
    EmailState.WAITING: gettext_lazy("prøves igjen senere: %(number)s"),
    EmailState.UNKNOWN: gettext_lazy("ukjent, må avklares: %(number)s"),
    EmailState.FAILED: gettext_lazy("feilet: %(number)s"),
}


class Command(PlanCommand):
    help = gettext_lazy(
        "Sender e-posten som venter. Trygt å kjøre flere ganger og flere steder samtidig: hver melding sendes én gang."
    )
    about_rollout = False

    def run(self, *, now: dt.datetime, **options: Any) -> None:
        ended = delivery.deliver_waiting(now=now)
        told = [str(sentence) % {"number": ended[state]} for state, sentence in TOLD.items() if ended[state]]
        self.stdout.write((", ".join(told) or _("ingenting å sende")).capitalize() + ".")
