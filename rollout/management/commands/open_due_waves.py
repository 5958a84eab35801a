import datetime as dt
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain import opening, rehearsing, stepping
from rollout.domain.opening import WaveOpening
from rollout.domain.refusals import Refused
from rollout.domain.words import long_date
from rollout.management.base import PlanCommand
from rollout.models import OSLO, Rollout, Step

#: The sentence for each step.
OPENED = {
    Step.LEADERS: gettext_lazy("%(wave)s er åpnet for ledere. Inne: %(let_in)s. Utsatt: %(turned_away)s."),
    Step.ALL_STAFF: gettext_lazy("%(wave)s er åpnet for alle. Inne: %(let_in)s. Holdt tilbake: %(turned_away)s."),
}


class Command(PlanCommand):
    help = gettext_lazy(
        "Åpner puljene som skal åpne nå og har klarsignal. Trygt å kjøre flere ganger og flere steder samtidig."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--now",
            metavar="ISO",
            dest="at",
            help=_("bare i demoen: kjør som om klokken var dette, for eksempel 2018-02-07T08:00; demoklokken følger"),
        )

    def run(self, *, rollout: Rollout, at: str | None, now: dt.datetime, **options: Any) -> None:
        moment = self._moment(rollout, at, now) if at else now
        openings = opening.open_due(rollout=rollout, now=moment)
        if at:
            stepping.follow(to=moment)  # only now, when the openings are committed
        for done in openings:
            self.stdout.write(_told(done))
        if not openings:
            self.stdout.write(_("Ingen puljer åpnet."))

    def _moment(self, rollout: Rollout, text: str, now: dt.datetime) -> dt.datetime:
        if not settings.DEMO_MODE:
            raise Refused(_("--now finnes bare i demoen. Utenfor den er klokken den virkelige."))
        try:
            moment = dt.datetime.fromisoformat(text)
            day = (moment if moment.tzinfo is None else moment.astimezone(OSLO)).date()
        except (ValueError, OverflowError):
            self.wrong_usage(_("skriv tidspunktet slik: 2018-02-07T08:00; ikke «%(text)s»") % {"text": text})
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=OSLO)
        if moment < now:
            here = now.astimezone(OSLO)
            raise Refused(
                _("Demoklokken står på %(day)s kl. %(time)s og går bare framover. Velg et senere tidspunkt.")
                % {"day": long_date(here.date()), "time": f"{here:%H.%M}"}
            )
        rehearsing.refuse_far(rollout, day, now=now)  # the clock cannot come back
        return moment


def _told(done: WaveOpening) -> str:
    names = {
        "let_in": ", ".join(str(placement) for placement in done.judgement.let_in),
        "turned_away": ", ".join(str(away.placement) for away in done.judgement.turned_away),
    }
    none = _("ingen")
    return str(OPENED[done.step]) % {"wave": done.wave, **{key: value or none for key, value in names.items()}}
