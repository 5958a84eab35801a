import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain import reminding
from rollout.domain.words import long_date
from rollout.management.base import PlanCommand
from rollout.models import OSLO, Rollout


class Command(PlanCommand):
    help = gettext_lazy(
        "Skriver påminnelsene og ukens oversikt til virksomhetene som er forfalt. Gjør ingenting om det er gjort."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--preview",
            action="store_true",
            help=_("skriv ut de neste; ingenting lagres eller sendes"),
        )

    def run(self, *, rollout: Rollout, preview: bool, now: dt.datetime, **options: Any) -> None:
        if preview:
            self._show(rollout, now)
            return
        written = reminding.send_due(rollout=rollout, now=now)
        if written:
            self.stdout.write(_("Påminnelser til levering: %(count)s.") % {"count": written})
            return
        moment = reminding.next_moment(rollout, after=now)
        if moment is None:
            self.stdout.write(_("Ingen påminnelser er forfalt, og ingen ligger foran."))
        else:
            day = long_date(moment.astimezone(OSLO).date())
            self.stdout.write(_("Ingen påminnelser er forfalt. De neste skrives %(day)s klokken 8.") % {"day": day})

    def _show(self, rollout: Rollout, now: dt.datetime) -> None:
        morning, drafts = reminding.coming(rollout=rollout, now=now)
        self.stdout.write(_("%(day)s klokken 8: %(count)s.") % {"day": long_date(morning), "count": len(drafts)})
        for draft in drafts:
            self.stdout.write(f"\n{draft.person.email}\n{draft.headline}\n\n{draft.text}")
