import datetime as dt
import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.domain.forecasting import keeping, ranges, words
from rollout.management.base import PlanCommand
from rollout.models import OSLO, Rollout


class Command(PlanCommand):
    help = gettext_lazy("Anslår når køen er ferdig, som et spenn med grunner. Endrer ingenting.")

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help=_("som JSON, for programmer"))
        parser.add_argument("--futures", type=int, help=_("hvor mange forløp som beregnes"))
        parser.add_argument("--seed", type=int, default=ranges.SEED, help=_("samme tall gir samme svar"))

    def run(self, *, rollout: Rollout, now: dt.datetime, **options: Any) -> None:
        futures = options["futures"]
        if (futures is not None and futures < 1) or options["seed"] < 0:
            self.wrong_usage(_("Antall forløp må være minst 1, og frøet ikke under 0."))
        figures = keeping.told(rollout, now=now, futures=futures, seed=options["seed"])
        if options["json"]:
            told = {"now": now.astimezone(OSLO).isoformat(), "rollout": rollout.slug, **figures}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_text(figures)))


def as_text(figures: dict[str, Any]) -> list[str]:
    """The forecast for people, a line for each wave and each cause."""
    lines = [words.finish(figures)]
    for wave in figures["waves"]:
        told = {name: words.date_in_words(wave[name]) for name in ("p10", "p50", "p80", "p90")}
        lines.append(_("Pulje %(number)s: %(p10)s – %(p50)s – %(p80)s – %(p90)s") % {"number": wave["number"], **told})
    lines += [words.help_of(one) for one in figures["helps"]]
    lines.append(
        _("%(futures)s beregnede forløp, frø %(seed)s.") % {"futures": figures["futures"], "seed": figures["seed"]}
    )
    return lines
