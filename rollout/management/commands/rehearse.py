import datetime as dt
import json
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain import rehearsing
from rollout.domain.rehearsing import Assumptions, Rehearsal
from rollout.domain.words import long_date
from rollout.management.base import PlanCommand
from rollout.models import EmailKind, EventKind, Rollout


class Command(PlanCommand):
    help = gettext_lazy(
        "Generalprøve: spiller planen dag for dag til den er ferdig, uten å endre eller sende noe, og forteller alt."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help=_("som JSON, for programmer"))
        parser.add_argument(
            "--until",
            metavar="YYYY-MM-DD",
            help=_("siste dag (ellers to uker etter planens siste dato)"),
        )
        parser.add_argument(
            "--assume-go", action="store_true", help=_("anta at hver pulje får klarsignal arbeidsdagen før den åpner")
        )
        parser.add_argument(
            "--assume-ready", action="store_true", help=_("anta at det virksomhetene mangler, gjøres arbeidsdagen før")
        )

        parser.add_argument(
            "--scenario", type=int, metavar="ID", help=_("spill et scenario, tallet i adressen til siden om det")
        )

    def run(self, *, rollout: Rollout, now: dt.datetime, **options: Any) -> None:
        assuming = Assumptions(go=options["assume_go"], ready=options["assume_ready"], scenario=options["scenario"])
        until = self._day(options["until"])
        played = rehearsing.rehearse(rollout=rollout, now=now, until=until, assuming=assuming)
        if options["json"]:
            self.stdout.write(json.dumps(played, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_text(played)))

    def _day(self, text: str | None) -> dt.date | None:
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError:
            self.wrong_usage(_("skriv dagen slik: 2018-12-31; ikke «%(text)s»") % {"text": text})


def as_text(played: Rehearsal) -> list[str]:
    """A line for each event, and one for each kind of message, day by day."""
    lines = []
    told = [(happening["at"], _line(happening)) for happening in played["happenings"]]
    told += [
        (at, f"  {EmailKind(kind).label}: {len(list(same))}")
        for (at, kind), same in groupby(
            sorted(played["messages"], key=lambda message: (message["at"], message["kind"])),
            key=lambda message: (message["at"], message["kind"]),
        )
    ]
    for day, lines_of_day in groupby(sorted(told, key=lambda line: line[0]), key=lambda line: line[0][:10]):
        lines += [long_date(dt.date.fromisoformat(day)), *(line for _at, line in lines_of_day)]
    return lines or [_("Ingenting skjer.")]


def _line(happening: rehearsing.Happening) -> str:
    kind = _("avvist") if happening["kind"] == rehearsing.REFUSED else EventKind(happening["kind"]).label
    wave = _("pulje %(number)s") % {"number": happening["wave"]} if happening["wave"] else ""
    said = ", ".join(filter(None, [str(kind), wave, happening["agency_name"] or ""]))
    return f"  {said}" + (f" ({happening['reason']})" if happening["reason"] else "")
