import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import placing
from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand, find_wave
from rollout.models import Rollout
from rollout.permissions import Do

QUEUE = "queue"


class Command(PlanCommand):
    help = gettext_lazy("Flytter en virksomhet til en pulje som ikke er åpnet, eller til slutten av køen.")
    does = Do.CHANGE_PLAN

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("slug", metavar="SLUG", help=_("virksomhetens kode, for eksempel kli"))
        parser.add_argument("to", metavar="WAVE|queue", help=_("nummeret på puljen, eller «queue» for køen"))
        parser.add_argument("--reason", metavar="TEXT", default="", help=_("hvorfor; står i historikken"))

    def run(
        self, *, rollout: Rollout, by: Person, slug: str, to: str, reason: str, now: dt.datetime, **options: Any
    ) -> None:
        if to != QUEUE and not (to.isdecimal() and len(to) < 10):
            self.wrong_usage(_("skriv nummeret på en pulje, eller «queue»; ikke «%(to)s»") % {"to": to})
        wave = None if to == QUEUE else find_wave(rollout, int(to))
        placement = rollout.placements.select_related("agency").filter(agency__slug=slug).first()
        if placement is None:
            raise Refused(
                _("Virksomheten «%(slug)s» er ikke med i %(rollout)s. Legg den i køen først.")
                % {"slug": slug, "rollout": rollout}
            )
        placing.move(placement=placement, to=wave, by=by, now=now, reason=reason)
        placement.refresh_from_db()
        self.stdout.write(
            _("%(agency)s er flyttet til %(place)s.")
            % {"agency": placement.agency, "place": placing.place_name(placement)}
        )
