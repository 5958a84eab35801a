"""What the review's page shows, as plain values: as it stands, or as it was frozen (rules 13 and 14)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.domain import judging, reviewing, usage
from rollout.domain.judging import Check
from rollout.domain.reviewing import Standing
from rollout.domain.words import thousands
from rollout.models import Pace, Review, Wave
from rollout.views.course_words import Tag
from rollout.views.review_charts import Chart, chart

#: What each criterion is called, its value and threshold in words, and what a percentage is of.
WORDS = {
    "leaders_activated": (
        gettext_lazy("Ledere og nøkkelpersoner med aktivert konto"),
        gettext_lazy("%(part)s av %(whole)s inviterte ledere og nøkkelpersoner"),
    ),
    "activated": (gettext_lazy("Medarbeidere med aktivert konto"), gettext_lazy("%(part)s av %(whole)s inviterte")),
    "weekly_active": (gettext_lazy("Ukentlig aktive"), gettext_lazy("%(part)s av %(whole)s aktiverte")),
    "severe_incidents": (
        gettext_lazy("Åpne alvorlige hendelser"),
        gettext_lazy("alle virksomhetene i puljen"),
    ),
    "backlog_days": (gettext_lazy("Etterslep i brukerstøtten"), gettext_lazy("det lengste hos noen virksomhet")),
    "working_days": (
        gettext_lazy("Arbeidsdager med tall fra alle"),
        gettext_lazy("fra åpningen for alle til siste måling"),
    ),
    "next_ready": (gettext_lazy("Neste pulje: klare virksomheter"), gettext_lazy("alle i puljen, slik det er nå")),
    "next_agreements": (
        gettext_lazy("Neste pulje: uten avtale eller ROS og DPIA"),
        gettext_lazy("én alene kan utsettes"),
    ),
    "next_licences": (gettext_lazy("Neste pulje: ledige lisenser"), gettext_lazy("alle som skal inn i puljen")),
}
SHARES = ("leaders_activated", "activated", "weekly_active")
AT_MOST = ("severe_incidents", "next_agreements")


@dataclass(frozen=True)
class CheckLine:
    """A criterion in words."""

    check: Check

    @property
    def label(self) -> str:
        return str(WORDS[self.check.key][0])

    @property
    def value(self) -> str:
        if not self.check.value:
            return _("ikke målt")
        if self.check.key in SHARES:
            return _percent(Decimal(self.check.value), decimals=1)
        return _number(self.check, self.check.value)

    @property
    def threshold(self) -> str:
        wanted = _number(self.check, self.check.threshold)
        if self.check.key == "backlog_days":
            return _("under %(wanted)s") % {"wanted": wanted}
        said = _("høyst %(wanted)s") if self.check.key in AT_MOST else _("minst %(wanted)s")
        return said % {"wanted": wanted}

    @property
    def base(self) -> str:
        said = str(WORDS[self.check.key][1])
        if self.check.key not in SHARES:
            return said
        if self.check.part is None or self.check.whole is None:
            return _("ingen tall, eller færre enn ti")
        return said % {"part": thousands(self.check.part), "whole": thousands(self.check.whole)}

    @property
    def first_on(self) -> dt.date | None:
        return dt.date.fromisoformat(self.check.first_on) if self.check.first_on else None

    @property
    def last_on(self) -> dt.date | None:
        return dt.date.fromisoformat(self.check.last_on) if self.check.last_on else None

    @property
    def tag(self) -> Tag:
        if self.check.met:
            return Tag("ok", "check-medium", _("Oppfylt"))
        if self.check.met is None:
            return Tag("warn", "alert-warning", _("Ikke målt"))
        return Tag("stop", "exclamation-mark-circle", _("Ikke oppfylt"))


def _percent(number: Decimal, *, decimals: int) -> str:
    return f"{number_format(number, decimal_pos=decimals)}\N{NO-BREAK SPACE}%"


def _number(check: Check, text: str) -> str:
    number = Decimal(text)
    if check.key in SHARES:
        return _percent(number, decimals=0)
    if check.key == "backlog_days":
        return ngettext("%(n)s dag", "%(n)s dager", float(number)) % {"n": f"{number.normalize():f}".replace(".", ",")}
    return thousands(int(number))


@dataclass(frozen=True)
class AgencyLine:
    """One agency: what is told of it (`reviewing.told`), and its chart. `figures` None: none entered."""

    told: dict[str, Any]
    chart: Chart | None

    @property
    def slug(self) -> str:
        return self.told["slug"]

    @property
    def name(self) -> str:
        return self.told["name"]

    @property
    def figures(self) -> dict[str, Any] | None:
        return self.told["figures"]

    @property
    def backlog(self) -> str:
        return self.told["figures"]["backlog_days"].replace(".", ",") if self.told["figures"] else ""


@dataclass(frozen=True)
class ReviewPage:
    wave: Wave
    review: Review | None
    proposal: Pace
    checks: list[CheckLine]
    agencies: list[AgencyLine]
    #: Held back at all staff and let in when the review had ended: as they are now, beside what is frozen.
    later: list[AgencyLine]
    chart: Chart | None
    coming: Wave | None

    @property
    def proposed(self) -> str:
        """What the proposal is, as the gate rules have it, and which of them it is by."""
        if self.proposal == Pace.SAME:
            return _("klarsignal: alt er oppfylt")
        if self.proposal == Pace.SLOWER:
            return _("klarsignal med vilkår: ett krav er ikke oppfylt")
        if any(line.check.key == judging.INCIDENTS and line.check.met is False for line in self.checks):
            return _("stopp: en alvorlig hendelse er åpen")
        return _("stopp: %(n)s av %(all)s krav er ikke oppfylt") % {"n": self.missed, "all": len(self.checks)}

    @property
    def missed(self) -> int:
        return sum(not line.check.met for line in self.checks)

    @property
    def without_figures(self) -> list[str]:
        return [line.name for line in self.agencies if line.figures is None]

    @property
    def has_few(self) -> bool:
        """Whether something is left out because the group is too small."""
        lines = [line for line in self.agencies + self.later if line.figures]
        return any(line.figures[name] is None for line in lines for name in usage.COUNTS[:-1] if line.figures)

    @property
    def definitions(self) -> list[tuple[str, str]]:
        """Each definition in use, and its source: once each."""
        return _definitions(self.agencies)

    @property
    def later_definitions(self) -> list[tuple[str, str]]:
        return _definitions(self.later)

    @property
    def has_lessons(self) -> bool:
        return any(line.told["lessons"] for line in self.agencies)


def _definitions(lines: list[AgencyLine]) -> list[tuple[str, str]]:
    found = [(line.figures["definition"], line.figures["source"]) for line in lines if line.figures]
    return list(dict.fromkeys(found))


def review_page(standing: Standing) -> ReviewPage:
    """As it stands; of a closed wave, as its review has frozen it. The charts' rows are append-only, so they agree."""
    wave = standing.wave
    review = Review.objects.select_related("closed_by").filter(wave=wave).first()
    checks = judging.thawed(review.criteria) if review else standing.checks
    now = [reviewing.told(agency) for agency in standing.agencies]
    told = review.figures if review else now
    later = [one for one in now if one["slug"] not in review.frozen] if review else []
    drawn = {agency.placement.agency.slug: agency.rows for agency in standing.agencies}
    goals = {check.key: int(check.threshold) for check in checks if check.key in SHARES}

    def draw(rows: Sequence[Any]) -> Chart | None:
        return chart(
            usage.series(rows),
            opened_on=judging.opened_on(wave),
            activated=goals["activated"],
            weekly_active=goals["weekly_active"],
        )

    return ReviewPage(
        wave=wave,
        review=review,
        proposal=Pace(review.proposal) if review else standing.proposal,
        checks=[CheckLine(check) for check in checks],
        agencies=[AgencyLine(one, draw(drawn.get(one["slug"], []))) for one in told],
        later=[AgencyLine(one, draw(drawn[one["slug"]])) for one in later],
        chart=draw([row for one in told for row in drawn.get(one["slug"], [])]),
        coming=standing.coming,
    )
