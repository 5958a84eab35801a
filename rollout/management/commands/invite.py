import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import CENTRAL_ROLES, Agency, Person, RoleName
from rollout.domain import inviting
from rollout.domain.refusals import Refused
from rollout.management.base import DEMO_LEAD, PlanCommand, find_actor
from rollout.permissions import Do


class Command(PlanCommand):
    help = gettext_lazy(
        "Gir en e-postadresse en rolle, så personen kan logge inn. Uten --by bare så lenge det ikke finnes noen "
        "prosjektleder, og da bare rollen project_lead."
    )
    about_rollout = False

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("email", metavar="EMAIL", help=_("adressen til den som inviteres"))
        parser.add_argument("role", metavar="ROLE", choices=RoleName.values, help=", ".join(RoleName.values))
        parser.add_argument(
            "agency",
            metavar="AGENCY",
            nargs="?",
            help=_("koden til virksomheten, for roller som gjelder én virksomhet"),
        )
        parser.add_argument("--name", metavar="TEXT", default="", help=_("navnet på personen, hvis det skal vises"))
        who = _("e-postadressen til prosjektlederen som inviterer")
        parser.add_argument("--by", metavar="EMAIL", default=DEMO_LEAD if settings.DEMO_MODE else None, help=who)

    def run(
        self,
        *,
        email: str,
        role: str,
        agency: str | None,
        name: str,
        by: str | None,
        now: dt.datetime,
        **options: Any,
    ) -> None:
        try:
            validate_email(email)
        except ValidationError:
            self.wrong_usage(_("«%(email)s» er ikke en e-postadresse") % {"email": email})
        self.no_longer_than(Person, "email", email)
        self.no_longer_than(Person, "name", name)
        if (role in CENTRAL_ROLES) != (agency is None):
            sentence = (
                _("rollen %(role)s gjelder hele kommunen, uten virksomhet")
                if role in CENTRAL_ROLES
                else _("rollen %(role)s krever en virksomhet")
            )
            self.wrong_usage(sentence % {"role": role})
        at = None
        if agency is not None:
            at = Agency.objects.filter(slug=agency).first()
            if at is None:
                raise Refused(_("Virksomheten «%(slug)s» finnes ikke. Importer den først.") % {"slug": agency})
        given = inviting.invite(
            email=email, role=role, agency=at, name=name, by=find_actor(by, Do.CHANGE_PLAN) if by else None, now=now
        )
        self.stdout.write(_("%(role)s. Personen kan logge inn nå.") % {"role": given})
