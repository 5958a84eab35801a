"""`manage.py doctor`: what is wrong, and what to do about it."""

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from rollout.management import doctor


class Command(BaseCommand):
    help = (
        "Ser etter at innstillinger, database, rettigheter, kø, beat, worker, e-post og klokke er i orden, og sier hva "
        "som må gjøres. Endrer ingenting. Slutter med 1 hvis noe er feil."
    )

    def add_arguments(self, parser):
        parser.add_argument("--mail-to", metavar="ADDRESS", default="", help=_("send en prøve på e-post hit"))

    def handle(self, *args: Any, mail_to: str, **options: Any) -> None:
        if mail_to:
            try:
                validate_email(mail_to)
            except ValidationError:
                raise CommandError(
                    _("%(address)s er ingen e-postadresse.") % {"address": mail_to}, returncode=2
                ) from None
        anything_wrong = False
        for finding in doctor.examine(mail_to=mail_to):
            anything_wrong |= finding.level == doctor.WRONG
            self.stdout.write(f"{finding.level:<9} {finding.about:<15} {finding.found}")
            if finding.remedy:
                self.stdout.write(f"{'':<25} → {finding.remedy}")
        if anything_wrong:
            sys.exit(1)
