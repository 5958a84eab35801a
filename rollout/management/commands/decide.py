import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import deciding
from rollout.management.base import PlanCommand, find_wave
from rollout.models import Rollout, Verdict
from rollout.permissions import Do


class Command(PlanCommand):
    help = gettext_lazy("Gir en pulje klarsignal eller stopp, med en begrunnelse. Den siste beslutningen gjelder.")
    does = Do.CHANGE_PLAN

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("wave", metavar="WAVE", type=int, help=_("nummeret på puljen"))
        parser.add_argument("verdict", choices=Verdict.values, help=_("klarsignal (go) eller stopp (no-go)"))
        parser.add_argument("--reason", metavar="TEXT", required=True, help=_("begrunnelsen; står i historikken"))
        parser.add_argument(
            "--override",
            metavar="TEXT",
            default="",
            help=_("hvorfor puljen får klarsignal uten at puljen før er ferdig evaluert"),
        )

    def run(
        self,
        *,
        rollout: Rollout,
        by: Person,
        wave: int,
        verdict: str,
        reason: str,
        override: str,
        now: dt.datetime,
        **options: Any,
    ) -> None:
        decision = deciding.decide(
            wave=find_wave(rollout, wave), verdict=verdict, reason=reason, override=override, by=by, now=now
        )
        self.stdout.write(
            _("%(wave)s: %(verdict)s er registrert.")
            % {"wave": decision.wave, "verdict": decision.get_verdict_display().lower()}
        )
