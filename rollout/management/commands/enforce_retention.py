import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain import retention
from rollout.domain.words import thousands
from rollout.management.base import PlanCommand
from rollout.models import Rollout

WORDS = {
    "people": gettext_lazy("personer: %(n)s"),
    "files": gettext_lazy("filer: %(n)s"),
    "commitments": gettext_lazy("forpliktelser (antallet beholdes): %(n)s"),
    "messages": gettext_lazy("tekster i sendt e-post: %(n)s"),
}


class Command(PlanCommand):
    help = gettext_lazy(
        "Sletter personopplysninger som er eldre enn lagringstiden. Gjøres ellers hver natt av seg selv. Trygt å kjøre "
        "flere ganger og flere steder samtidig."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help=_("bare fortell hva som ville blitt slettet"))

    def run(self, *, rollout: Rollout, dry_run: bool, now: dt.datetime, **options: Any) -> None:
        do = retention.due if dry_run else retention.enforce
        counts = do(rollout=rollout, now=now).counts()
        told = ", ".join(str(WORDS[key]) % {"n": thousands(n)} for key, n in counts.items() if n)
        said = _("Ville slettet %(what)s.") if dry_run else _("Slettet %(what)s.")
        self.stdout.write(said % {"what": told or _("ingenting")})
