import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import figures, licensing
from rollout.domain.words import thousands
from rollout.forms.fields import MOST
from rollout.management.base import PlanCommand
from rollout.models import Rollout
from rollout.permissions import Do


class Command(PlanCommand):
    help = gettext_lazy("Setter hvor mange lisenser avtalen har. Uten ledige lisenser slippes ingen virksomhet inn.")
    does = Do.CHANGE_PLAN

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("licences", metavar="N", type=int, help=_("antall lisenser i avtalen"))
        parser.add_argument("--reason", metavar="TEXT", default="", help=_("hvorfor; står i historikken"))

    def run(
        self, *, rollout: Rollout, by: Person, licences: int, reason: str, now: dt.datetime, **options: Any
    ) -> None:
        if not 0 <= licences <= MOST:
            self.wrong_usage(_("antallet kan ikke være negativt eller over %(most)s") % {"most": thousands(MOST)})
        licensing.set_pool(rollout=rollout, size=licences, by=by, now=now, reason=reason)
        pool = figures.licences(rollout)
        self.stdout.write(
            _("Avtalen har %(size)s lisenser; %(free)s er ledige.")
            % {"size": thousands(pool.pool), "free": thousands(pool.free)}
        )
