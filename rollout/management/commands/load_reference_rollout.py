import datetime as dt
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain.loading import load_reference_rollout
from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand


class Command(PlanCommand):
    help = gettext_lazy(
        "Laster referanseutrullingen, slik den stod 1. februar 2018, og starter demoens klokke. Bare i demoen. "
        "Finnes den fra før, blir ingenting endret."
    )
    about_rollout = False

    def run(self, *, now: dt.datetime, verbosity: int, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise Refused(_("Referanseutrullingen er eksempeldata og lastes bare i demoen, uten DATABASE_URL."))
        rollout = load_reference_rollout()
        if verbosity:
            said = _("Referanseutrullingen er lastet.") if rollout else _("Referanseutrullingen finnes fra før.")
            self.stdout.write(said)
