import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import erasing
from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand
from rollout.permissions import Do


class Command(PlanCommand):
    help = gettext_lazy(
        "Sletter navn og adresse til en person som ber om det, også en som ikke har noen rolle lenger. "
        "Det kan ikke angres."
    )
    about_rollout = False
    does = Do.ERASE_PEOPLE

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("email", metavar="EMAIL", help=_("e-postadressen til den som skal slettes"))

    def run(self, *, email: str, by: Person, now: dt.datetime, **options: Any) -> None:
        person = Person.objects.filter(email=email.strip().lower()).first()
        if person is None:
            raise Refused(_("Ingen har adressen %(email)s.") % {"email": email})
        erasing.erase(person=person, by=by, now=now)
        self.stdout.write(
            _("Opplysningene er slettet. Signaturene står under en kode: %(id)s.") % {"id": person.opaque_id}
        )
