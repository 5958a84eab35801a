"""What the commands share: which rollout, who acts, and how a refusal is told.

Exit codes: 0 done · 1 refused, with a sentence on stderr · 2 wrong usage.
"""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Model
from django.utils.translation import gettext as _

from agencies.access import held_by
from agencies.models import Person
from rollout import clock
from rollout.domain.refusals import Refused
from rollout.models import Rollout, Wave
from rollout.permissions import ONLY_LEADS, OTHERWISE, WHO_MAY, Do

#: Who acts in the demo where `--by` is left out.
DEMO_LEAD = "prosjektleder@example.org"


class PlanCommand(BaseCommand):
    """A verb from a shell. A subclass writes `run(**options)` and gets its options with `now`, and as it asks for them:

    `about_rollout`: `rollout`, the active one or the one named by `--rollout`;
    `does`: `by`, the person named by `--by`, who must be one who may do it; only the demo lets it be left out.

    What `run` raises as `Refused` becomes a sentence on stderr and exit code 1.
    """

    # Of settings and addresses: `migrate` sees to them at every upgrade, and they cost more than most verbs.
    requires_system_checks = ()
    about_rollout = True
    does: Do | None = None
    help: Any = ""  # a command's words may be a promise of a translation
    run: Callable[..., None]

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        self.help = str(self.help)  # argparse wants the words themselves, not a promise of them
        self.parser = super().create_parser(prog_name, subcommand, **kwargs)
        return self.parser

    def add_arguments(self, parser: CommandParser) -> None:
        if self.about_rollout:
            parser.add_argument(
                "--rollout", metavar="SLUG", help=_("utrullingen det gjelder (ellers den som er aktiv)")
            )
        if self.does:
            who = _("e-postadressen til den som gjør dette")
            if settings.DEMO_MODE:
                who += _(" (ellers %(email)s)") % {"email": DEMO_LEAD}
            parser.add_argument("--by", metavar="EMAIL", required=not settings.DEMO_MODE, help=who)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if self.about_rollout:
                options["rollout"] = find_rollout(options["rollout"])
            if self.does:
                options["by"] = find_actor(options["by"] or DEMO_LEAD, self.does)
            self.run(**options, now=clock.now())
        except Refused as refused:
            for reason in refused.reasons:
                self.stderr.write(reason)
            sys.exit(1)

    def no_longer_than(self, model: type[Model], field: str, text: str) -> None:
        """Wrong usage where the text has no room in the model's field."""
        found: Any = model._meta.get_field(field)
        if len(text) > found.max_length:
            self.wrong_usage(
                _("%(what)s kan ha høyst %(most)s tegn") % {"what": found.verbose_name, "most": found.max_length}
            )

    def wrong_usage(self, sentence: str) -> NoReturn:
        """End with the usage, the sentence and exit code 2."""
        self.parser.error(sentence)
        sys.exit(2)  # never reached: the parser has left


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


def find_actor(email: str, does: Do) -> Person:
    """The person with this address, who must be one who may do this now."""
    email = email.strip().lower()
    person = Person.objects.filter(email=email, is_active=True).first()
    if person is None:
        raise Refused(_("Ingen har adressen %(email)s. Inviter personen først, med invite.") % {"email": email})
    if not held_by(person).any_of(WHO_MAY[does]):
        raise Refused([_("%(email)s kan ikke gjøre dette.") % {"email": email}, str(OTHERWISE.get(does, ONLY_LEADS))])
    return person


def find_wave(rollout: Rollout, number: int) -> Wave:
    wave = rollout.waves.filter(number=number).first()
    if wave is None:
        raise Refused(
            _("Pulje %(number)s finnes ikke i %(rollout)s. Lag den på tavlen, eller velg en annen.")
            % {"number": number, "rollout": rollout}
        )
    return wave
