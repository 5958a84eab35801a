import datetime as dt
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import server_log, settling
from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand
from rollout.models import OSLO, EmailState, Rollout
from rollout.permissions import Do

#: What is told of each outcome.
TOLD = {
    EmailState.SENT: gettext_lazy("sendt: %(number)s"),
    EmailState.WAITING: gettext_lazy("ikke sendt, sendes om litt: %(number)s"),
    EmailState.WITHDRAWN: gettext_lazy("ikke sendt, skrevet på nytt med riktig dato: %(number)s"),
    EmailState.UNKNOWN: gettext_lazy("fortsatt ukjent: %(number)s"),
}


class Command(PlanCommand):
    does = Do.SETTLE_MAIL
    help = gettext_lazy(
        "Avklarer meldinger som ble avbrutt, etter e-postserverens logg: den som står der som mottatt, ble sendt. "
        "Loggen er Postfix' eller Exims, eller en liste med én Message-ID på hver linje."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--log", metavar="FILE", type=Path, required=True, help=_("loggen"))
        parser.add_argument(
            "--rest-not-sent",
            action="store_true",
            help=_("de som ikke står i loggen, ble ikke sendt, og sendes på nytt; bare der loggen dekker tidspunktet"),
        )
        parser.add_argument("--since", metavar="TIME", help=_("når loggen begynner, om linjene ikke har tid"))
        parser.add_argument("--until", metavar="TIME", help=_("når loggen slutter, om linjene ikke har tid"))

    def run(
        self, *, rollout: Rollout, log: Path, rest_not_sent: bool, by: Person, now: dt.datetime, **options: Any
    ) -> None:
        try:
            with log.open(errors="replace") as lines:
                found = server_log.read(lines, real_now=timezone.now())
        except OSError as error:
            raise Refused(_("Kan ikke lese %(file)s: %(why)s.") % {"file": log, "why": error.strerror}) from None
        found.first = self._time(options["since"]) or found.first
        found.last = self._time(options["until"]) or found.last
        if rest_not_sent and not (found.first and found.last):
            raise Refused(_("Linjene i loggen har ingen tid. Si når den begynner og slutter, med --since og --until."))
        ended = settling.settle_by_log(rollout=rollout, log=found, rest_not_sent=rest_not_sent, by=by, now=now)
        told = [str(sentence) % {"number": ended[state]} for state, sentence in TOLD.items() if ended[state]]
        self.stdout.write((", ".join(told) or _("ingenting å avklare")).capitalize() + ".")

    def _time(self, text: str | None) -> dt.datetime | None:
        if text is None:
            return None
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            self.wrong_usage(_("«%(time)s» er ikke noe tidspunkt. Skriv det slik: 2018-02-07T08:00.") % {"time": text})
        return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)
