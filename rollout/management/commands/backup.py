"""`manage.py backup FILE`: the whole database in one file."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from rollout.management import backups


class Command(BaseCommand):
    help = (
        "Tar en sikkerhetskopi av hele databasen, med vedleggene, til FILE. Kan kjøres mens alt er i bruk. "
        "Nøklene i miljøet er ikke med."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", help=_("filen som lages, eller - for standard ut"))

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        if file == "-":
            backups.backup(None)
            return
        path = Path(file)
        if path.exists():
            raise CommandError(_("%(file)s finnes fra før. Velg et annet navn.") % {"file": file})
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            # For the owner's eyes: it holds addresses and files.
            draft.touch(mode=0o600, exist_ok=False)
            backups.backup(draft)
            draft.replace(path)
        except OSError as error:
            raise CommandError(_("Kan ikke skrive %(file)s: %(why)s") % {"file": file, "why": error}) from error
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(
            _("Sikkerhetskopien er i %(file)s (%(size)s kB). Oppbevar COMMITMENT_KEY et annet sted.")
            % {"file": file, "size": path.stat().st_size // 1024 + 1}
        )
