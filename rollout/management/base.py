"""What the commands share: which rollout, who acts, and how a refusal is told.

Exit codes: 0 done · 1 refused, with a sentence on stderr · 2 wrong usage.
"""

import datetime as dt
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from agencies.models import Person, RoleName
from rollout import clock
from rollout.domain.refusals import Refused
from rollout.models import Rollout, Wave

#: Who acts in the demo where `--by` is left out.
DEMO_LEAD = "prosjektleder@example.org"


class PlanCommand(BaseCommand):
    """A verb from a shell. A subclass writes `run(**options)` and gets its options with `now`, and as it asks for them:

    `about_rollout`: `rollout`, the active one or the one named by `--rollout`;
    `acts`: `by`, the project lead named by `--by`, which only the demo lets be left out.

    What `run` raises as `Refused` becomes a sentence on stderr and exit code 1.
    """

    about_rollout = True
    acts = False
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        self.help = str(self.help)  # argparse wants the words themselves, not a promise of them
        self.parser = super().create_parser(prog_name, subcommand, **kwargs)
        return self.parser

    def add_arguments(self, parser: CommandParser) -> None:
        if self.about_rollout:
            parser.add_argument(
                "--rollout", metavar="SLUG", help=_("utrullingen det gjelder (ellers den som er aktiv)")
            )
        if self.acts:
            who = _("e-postadressen til prosjektlederen som gjør dette")
            if settings.DEMO_MODE:
                who += _(" (ellers %(email)s)") % {"email": DEMO_LEAD}
            parser.add_argument("--by", metavar="EMAIL", required=not settings.DEMO_MODE, help=who)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if self.about_rollout:
                options["rollout"] = find_rollout(options["rollout"])
            if self.acts:
                options["by"] = find_lead(options["by"] or DEMO_LEAD)
            self.run(**options, now=clock.now())
        except Refused as refused:
            for reason in refused.reasons:
                self.stderr.write(reason)
            sys.exit(1)

    def run(self, *, now: dt.datetime, **options: Any) -> None:
        raise NotImplementedError

    def wrong_usage(self, sentence: str) -> None:
        """End with the usage, the sentence and exit code 2."""
        self.parser.error(sentence)


def find_rollout(slug: str | None) -> Rollout:
    if slug is None:
        rollout = Rollout.objects.active()
        if rollout is None:
            raise Refused(_("Ingen utrulling er aktiv. Velg en med --rollout, eller lag en med create_rollout."))
        return rollout
    rollout = Rollout.objects.filter(slug=slug).first()
    if rollout is None:
        known = ", ".join(Rollout.objects.order_by("slug").values_list("slug", flat=True)) or "–"
        raise Refused(
            _("Utrullingen «%(slug)s» finnes ikke. Disse finnes: %(known)s.") % {"slug": slug, "known": known}
        )
    return rollout


def find_lead(email: str) -> Person:
    """The person with this address, who must be a project lead now."""
    email = email.strip().lower()
    person = Person.objects.filter(email=email, is_active=True).first()
    if person is None:
        raise Refused(_("Ingen har adressen %(email)s. Inviter personen først, med invite.") % {"email": email})
    if not person.roles.current().filter(role=RoleName.PROJECT_LEAD).exists():
        raise Refused(_("%(email)s er ikke prosjektleder og kan ikke gjøre dette.") % {"email": email})
    return person


def find_wave(rollout: Rollout, number: int) -> Wave:
    wave = rollout.waves.filter(number=number).first()
    if wave is None:
        raise Refused(
            _("Pulje %(number)s finnes ikke i %(rollout)s. Lag den på tavlen, eller velg en annen.")
            % {"number": number, "rollout": rollout}
        )
    return wave
