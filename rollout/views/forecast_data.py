"""What the forecast's page shows, as plain values, from the figures that are kept."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.forecasting import words
from rollout.domain.forecasting.keeping import Kept
from rollout.domain.words import thousands
from rollout.views import charts_forecast

LEVELS = ("p10", "p50", "p80", "p90")


@dataclass(frozen=True)
class RangeLine:
    """A wave's range, or the whole's (`number` None), with where it is drawn."""

    number: int | None
    done: bool
    days: dict[str, dt.date | None]
    row: charts_forecast.RangeRow

    @property
    def name(self) -> str:
        return _("Hele køen") if self.number is None else _("Pulje %(number)s") % {"number": self.number}


@dataclass(frozen=True)
class Help:
    """One cause of delay: what it costs, and who is behind it."""

    said: str
    names: str


@dataclass(frozen=True)
class ForecastPage:
    kept: Kept
    said: str
    is_done: bool
    lines: list[RangeLine]
    ranges: charts_forecast.Ranges | None
    weeks: list[dict[str, Any]]
    fan: charts_forecast.Fan | None
    helps: list[Help]
    moved: str
    parts: list[str]
    known: list[tuple[str, str]]

    @property
    def figures(self) -> dict[str, Any]:
        return self.kept.forecast.figures


def forecast_page(kept: Kept, *, today: dt.date) -> ForecastPage:
    figures = kept.forecast.figures
    told = [(wave["number"], wave["done"], _days(wave)) for wave in figures["waves"]]
    if figures["finish"]:
        told.append((None, words.is_done(figures), _days(figures["finish"])))
    drawn = charts_forecast.ranges([days for _number, _done, days in told], today=today)
    weeks = [point | {"monday": dt.date.fromisoformat(point["monday"])} for point in figures["weeks"]]
    moved = figures["moved"]
    return ForecastPage(
        kept=kept,
        said=words.finish(figures),
        is_done=words.is_done(figures),
        lines=[RangeLine(*one, row) for one, row in zip(told, drawn.rows, strict=True)] if drawn else [],
        ranges=drawn,
        weeks=weeks,
        fan=charts_forecast.fan(weeks, base=figures["people"], today=today),
        helps=[Help(words.help_of(one), words.names_of(one)) for one in figures["helps"]],
        moved=words.moved(moved) if moved else "",
        parts=[words.part_of_move(part) for part in moved["parts"]] if moved else [],
        known=list(_known(figures)),
    )


def _days(told: dict[str, Any]) -> dict[str, dt.date | None]:
    names = ("planned", *LEVELS)
    return {name: dt.date.fromisoformat(told[name]) if told[name] else None for name in names}


def _licences(told: dict[str, Any]) -> str:
    if told["free"] is None:
        return _("Ingen er lagt inn ennå, så anslaget regner med at det blir nok.")
    said = {"free": thousands(told["free"]), "missing": thousands(told["missing"])}
    if told["missing"]:
        return (
            _("Avtalen har %(free)s ledige, og det er %(missing)s for lite. Kilde: lisensene i avtalen.") % said
            + " "
            + _("Uten lisenser utsettes %(names)s.") % {"names": words.names_of(told)}
        )
    return _("Avtalen har %(free)s ledige, og det er nok. Kilde: lisensene i avtalen.") % said


def _known(figures: dict[str, Any]):
    """What was observed and what is believed, each with where it comes from."""
    known, believed = figures["known"], figures["believed"]
    pieces = known["pieces"]
    late = sum(piece["late"] > 0 for piece in pieces)
    yield (
        _("Fullførte steg"),
        ngettext(
            "%(n)s steg mellom to åpninger er fullført; %(late)s kom senere enn planlagt da det begynte. "
            "Kilde: åpningene i historikken.",
            "%(n)s steg mellom to åpninger er fullført; %(late)s kom senere enn planlagt da det begynte. "
            "Kilde: åpningene i historikken.",
            len(pieces),
        )
        % {"n": len(pieces), "late": late},
    )
    yield (
        _("Tempo"),
        _(
            "Et steg antas å ta %(percent)s prosent av det som er planlagt. Kilde: planen, veid sammen med de "
            "fullførte stegene."
        )
        % {"percent": believed["pace_percent"]},
    )
    seen = known["let_in"] + known["deferred"]
    yield (
        _("Utsatte"),
        _(
            "%(deferred)s av %(seen)s virksomheter er utsatt ved åpning. Framover antas %(percent)s prosent. "
            "Kilde: åpningene, veid sammen med antakelsen om 15 prosent."
        )
        % {"deferred": known["deferred"], "seen": seen, "percent": believed["deferred_percent"]},
    )
    if "held" in known:  # not in a forecast from before they were counted
        yield (
            _("Holdt tilbake"),
            _(
                "%(held)s av %(seen)s virksomheter er holdt tilbake da puljen åpnet for alle. Framover antas "
                "%(percent)s prosent. Kilde: åpningene, veid sammen med antakelsen om 5 prosent."
            )
            % {
                "held": known["held"],
                "seen": known["held"] + known["let_in_all"],
                "percent": believed["held_percent"],
            },
        )
    if licences := figures.get("licences"):
        yield _("Lisenser"), _licences(licences)
    if known["why"]:
        told = ", ".join(f"{step} ({number})" for step, number in known["why"])
        yield _("Hvorfor utsatt"), _("%(why)s. Kilde: begrunnelsene i historikken.") % {"why": told}
    for name, found in ((_("Dager til beslutning"), known["waits"]), (_("Dager til aktivering"), known["activations"])):
        if found:
            yield name, _("%(days)s. Kilde: evalueringene.") % {"days": ", ".join(map(str, found))}
    yield (
        _("Flere puljer"),
        _("%(percent)s prosent av forløpene trenger en pulje til etter den siste i planen.")
        % {"percent": figures["more_waves_percent"]},
    )
