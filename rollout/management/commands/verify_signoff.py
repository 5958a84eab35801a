from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.domain import archiving
from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand


class Command(PlanCommand):
    help = gettext_lazy(
        "Holder signaturene i en arkivfil (JSON) opp mot databasen, byte for byte. Er noe annerledes, slutter den med "
        "kode 1 og sier hvilken signatur og hva. Endrer ingenting."
    )
    about_rollout = False

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", type=Path, help=_("filen i JSON, slik den ble tatt ut"))

    def run(self, *, file: Path, **options: Any) -> None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise Refused(_("Filen kan ikke leses: %(why)s.") % {"why": error}) from error
        signed = archiving.read(content)
        wrong = [sentence for one in signed for sentence in archiving.differences(one)]
        if wrong:
            raise Refused(wrong)
        number = len(signed)
        self.stdout.write(ngettext("%(n)s signatur stemmer.", "%(n)s signaturer stemmer.", number) % {"n": number})
