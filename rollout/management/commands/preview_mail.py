import datetime as dt
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.delivery.writing import Letter, as_bytes
from rollout.domain import previewing
from rollout.domain.previewing import KINDS
from rollout.domain.refusals import Refused
from rollout.emails import Draft
from rollout.management.base import PlanCommand
from rollout.models import Rollout


class Command(PlanCommand):
    help = gettext_lazy("Skriver én e-post av hver type til en mappe, med planens egne tall. Ingenting sendes.")

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "folder", type=Path, metavar="MAPPE", help=_("mappen filene skrives i; lages om den mangler")
        )

    def run(self, *, rollout: Rollout, folder: Path, now: dt.datetime, **options: Any) -> None:
        try:
            self._write(rollout, folder, now)
        except OSError as error:
            raise Refused(_("%(file)s kan ikke skrives: %(why)s.") % {"file": folder, "why": error.strerror}) from None

    def _write(self, rollout: Rollout, folder: Path, now: dt.datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            occasion = previewing.preview(kind, rollout=rollout, now=now)
            if occasion.drafts:
                file = folder / f"{kind}.eml"
                file.write_bytes(as_bytes(letter(occasion.drafts[0], rollout=rollout, now=now)))
                self.stdout.write(f"{file}: {occasion.sentence}")
            else:
                self.stdout.write(f"{kind}: {occasion.sentence}")


def letter(draft: Draft, *, rollout: Rollout, now: dt.datetime) -> Letter:
    """The draft as delivery would send it, but for its number."""
    return Letter(
        id=0,
        message_id="<preview@puljeplan.example.org>",
        in_reply_to=draft.in_reply_to,
        to_address=draft.person.email,
        headline=draft.headline,
        text=draft.text,
        html=draft.html,
        written_at=now,
        attempts=0,
        reply_to=rollout.contact_email,
        calendar=draft.calendar,
    )
