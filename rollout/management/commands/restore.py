"""`manage.py restore FILE`: a backup back into the database, with all mail held."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from rollout.management import backups


class Command(BaseCommand):
    help = (
        "Legger en sikkerhetskopi fra backup inn i databasen, alt eller ingenting, og kjører migrate. "
        "Ingen e-post går ut før en prosjektleder slipper den."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", help=_("filen fra backup, eller - for standard inn"))
        parser.add_argument(
            "--replace", action="store_true", help=_("slett alt som er i databasen først. Stopp web, worker og beat")
        )

    def handle(self, *args: Any, file: str, replace: bool, **options: Any) -> None:
        if file == "-":
            with tempfile.NamedTemporaryFile() as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
                copy.flush()
                backups.restore(Path(copy.name), replace=replace)
        elif not Path(file).is_file():
            raise CommandError(_("%(file)s finnes ikke.") % {"file": file})
        else:
            backups.restore(Path(file), replace=replace)
        # What the code has gained since the backup, and the rights of the app's role.
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(
            _("Planen er tilbake. All e-post er holdt tilbake til en prosjektleder slipper den, på siden E-post.")
        )
