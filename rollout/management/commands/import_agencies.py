import datetime as dt
import sys
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.list_files import MAX_BYTES
from agencies.models import Person
from rollout.domain.importing import ImportPlan, import_list, plan_import, read_list
from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand
from rollout.models import Rollout
from rollout.permissions import Do


class Command(PlanCommand):
    help = gettext_lazy(
        "Importerer en liste over virksomheter (CSV eller XLSX). Er én linje feil, blir ingenting skrevet, og alle "
        "feilene listes. Den samme listen to ganger er det samme som én gang."
    )
    does = Do.IMPORT

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help=_("listen; «-» leser fra standard inn"))
        parser.add_argument("--dry-run", action="store_true", help=_("si bare hva som ville blitt endret"))

    def run(self, *, rollout: Rollout, by: Person, file: str, dry_run: bool, now: dt.datetime, **options: Any) -> None:
        agency_list = read_list(self._content(file))
        if dry_run:
            plan = plan_import(rollout=rollout, agency_list=agency_list)
        else:
            plan = import_list(rollout=rollout, agency_list=agency_list, by=by, now=now)
        self._tell(plan)
        self.stdout.write((_("Ville gitt: ") if dry_run else _("Importert: ")) + plan.summary)

    def _content(self, file: str) -> bytes:
        if file == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        try:
            with Path(file).open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise Refused(
                _("Filen %(file)s kan ikke leses: %(why)s.") % {"file": file, "why": error.strerror}
            ) from None

    def _tell(self, plan: ImportPlan) -> None:
        for change in plan.new:
            self.stdout.write(_("ny       %(slug)s  %(name)s") % {"slug": change.row.slug, "name": change.row.name})
        for change in plan.changed:
            for field, before, after in change.differences:
                self.stdout.write(f"{_('endret')}   {change.row.slug}  {field}: {before} → {after}")
        for change in plan.queued:
            self.stdout.write(_("i kø     %(slug)s  %(name)s") % {"slug": change.row.slug, "name": change.row.name})
