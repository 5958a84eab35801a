import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import creating
from rollout.domain.words import thousands
from rollout.forms.fields import MOST
from rollout.management.base import PlanCommand
from rollout.models import Rollout
from rollout.permissions import Do


class Command(PlanCommand):
    help = gettext_lazy(
        "Lager en utrulling med standard implementeringsløp og et første utkast til kjøreregler. "
        "Den første blir den aktive."
    )
    about_rollout = False
    does = Do.CHANGE_PLAN

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("slug", metavar="SLUG", help=_("kode i adressene, for eksempel workplace-2018"))
        parser.add_argument("name", metavar="NAME", help=_("navnet på utrullingen"))
        parser.add_argument(
            "--tool", metavar="NAME", default="", help=_("navnet på verktøyet (ellers som utrullingen)")
        )
        parser.add_argument("--employees", metavar="N", type=int, help=_("medarbeidere i hele kommunen"))
        parser.add_argument("--source", metavar="TEXT", default="", help=_("hvor det tallet kommer fra"))
        parser.add_argument("--pool", metavar="N", type=int, default=0, help=_("antall lisenser i avtalen"))
        parser.add_argument("--price", metavar="NOK", default="0", help=_("pris per lisens per måned, i kroner"))
        parser.add_argument("--contact", metavar="EMAIL", default="", help=_("hvem mottakere av e-post kan spørre"))
        parser.add_argument("--activate", action="store_true", help=_("gjør denne til den aktive utrullingen"))

    def run(
        self,
        *,
        by: Person,
        slug: str,
        name: str,
        tool: str,
        employees: int | None,
        source: str,
        pool: int,
        price: str,
        contact: str,
        activate: bool,
        now: dt.datetime,
        **options: Any,
    ) -> None:
        tool = tool.strip() or name.strip()
        self._check(slug, name, employees, pool, contact)
        for field, text in {
            "tool_name": tool,
            "municipality_employees_source": source,
            "contact_email": contact,
        }.items():
            self.no_longer_than(Rollout, field, text)
        rollout = creating.create_rollout(
            slug=slug,
            name=name.strip(),
            tool_name=tool,
            municipality_employees=employees,
            municipality_employees_source=source,
            contact_email=contact or by.email,
            pool=pool,
            price_nok=self._price(price),
            activate=activate,
            by=by,
            now=now,
        )
        state = _("aktiv") if rollout.is_active else _("ikke aktiv")
        self.stdout.write(
            _("%(rollout)s er laget (%(state)s): /r/%(slug)s/") % {"rollout": rollout, "state": state, "slug": slug}
        )
        if not pool:
            self.stdout.write(_("Avtalen har ingen lisenser ennå. Sett antallet med set_pool før en pulje åpner."))

    def _check(self, slug: str, name: str, employees: int | None, pool: int, contact: str) -> None:
        try:
            validate_slug(slug)
            if contact:
                validate_email(contact)
        except ValidationError as error:
            self.wrong_usage(" ".join(error.messages))
        if len(slug) > 60 or slug != slug.lower():
            self.wrong_usage(_("koden skal ha små bokstaver og høyst 60 tegn"))
        if not 0 < len(name.strip()) <= 120:
            self.wrong_usage(_("navnet skal ha fra 1 til 120 tegn"))
        if not 0 <= pool <= MOST or not (employees is None or 1 <= employees <= MOST):
            self.wrong_usage(
                _("antall kan ikke være negative eller over %(most)s, og kommunen har minst én medarbeider")
                % {"most": thousands(MOST)}
            )

    def _price(self, price: str) -> Decimal:
        try:
            nok = Decimal(price.replace(",", "."))
        except InvalidOperation:
            nok = Decimal(-1)
        if not nok.is_finite() or not 0 <= nok < 1_000_000 or nok != round(nok, 2):
            self.wrong_usage(_("prisen skal være kroner, for eksempel 25 eller 24,50"))
        return nok
