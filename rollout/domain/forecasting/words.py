"""A forecast in sentences, from its figures as they are kept (`keeping.told`)."""

import datetime as dt
from typing import Any

from django.utils import dateformat, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.forecasting import causes
from rollout.domain.words import thousands

#: More names than this are told as a number.
NAMES_AT_MOST = 3


def date_in_words(day: str) -> str:
    """ "2018-11-06" -> "6. november 2018"."""
    with translation.override("nb"):
        return dateformat.format(dt.date.fromisoformat(day), "j. F Y")


def is_done(figures: dict[str, Any]) -> bool:
    """Whether everybody has access: then there is nothing to forecast."""
    finish = figures["finish"]
    return finish is not None and figures["known"]["with_access"] == figures["agencies"]


def finish(figures: dict[str, Any]) -> str:
    """When everybody has access, as a range, and what it rests on."""
    told = figures["finish"]
    if told is None:
        return _("Ingen virksomheter er med i utrullingen ennå, så det er ingenting å anslå.")
    if is_done(figures):
        return _("Alle har tilgang. Den siste fikk det %(day)s.") % {"day": date_in_words(told["p50"])}
    words = {"early": date_in_words(told["p50"]), "late": date_in_words(told["p80"])}
    if told["p50"] == told["p80"]:
        said = _("Alle har trolig tilgang innen %(late)s.") % words
    else:
        said = _("Alle har trolig tilgang mellom %(early)s og %(late)s.") % words
    return " ".join(part for part in (said, basis(figures), too_few_licences(figures)) if part)


def basis(figures: dict[str, Any]) -> str:
    """How much the forecast rests on: a range after one wave is a wide one, and says why."""
    waves = figures["known"]["finished_waves"]
    if not waves:
        return _("Ingen pulje er fullført ennå, så anslaget bygger mest på planen og på antakelser.")
    return ngettext(
        "Anslaget bygger på %(n)s fullført pulje, og er derfor vidt.",
        "Anslaget bygger på %(n)s fullførte puljer.",
        waves,
    ) % {"n": waves}


def too_few_licences(figures: dict[str, Any]) -> str:
    """What the forecast takes for granted where the contract's pool cannot hold all; empty where it can."""
    told = figures.get("licences")  # not in a forecast from before they were counted
    if not told or not told["missing"]:
        return ""
    words = {"missing": thousands(told["missing"]), "wave": told["wave"]}
    if told["wave"] is None:
        said = _("Avtalen har %(missing)s lisenser for lite til dem som står i køen.") % words
    else:
        said = _("Avtalen har %(missing)s lisenser for lite, og fra pulje %(wave)s rekker de ikke.") % words
    return f"{said} {_('Anslaget regner med at de kommer først når puljene i planen har åpnet.')}"


def days(number: int) -> str:
    return ngettext("%(n)s dag", "%(n)s dager", number) % {"n": number}


def help_of(one: dict[str, Any]) -> str:
    """One cause of delay and what it costs."""
    words = {"days": days(one["days"]), "step": one["step_name"]}
    if one["cause"] == causes.STEP:
        number = len(one["agencies"])
        return ngettext(
            "%(n)s virksomhet er sen med «%(step)s», eller mangler bare det: koster %(days)s.",
            "%(n)s virksomheter er sene med «%(step)s», eller mangler bare det: koster %(days)s.",
            number,
        ) % (words | {"n": number})
    if one["cause"] == causes.DEFERRALS:
        return _("Virksomheter som ikke er klare når puljen åpner, og blir utsatt: koster %(days)s.") % words
    if one["cause"] == causes.DECISIONS:
        return _("Puljer som venter på beslutningen etter puljen før: koster %(days)s.") % words
    if one["cause"] == causes.HOLDS:
        return _("Virksomheter som holdes tilbake når puljen åpner for alle: koster %(days)s.") % words
    if one["cause"] == causes.POOL:
        return _("Virksomheter som avtalen har for få lisenser til: koster %(days)s.") % words
    return _("Steg som kan ta lengre tid enn planlagt: koster %(days)s.") % words


def names_of(one: dict[str, Any]) -> str:
    """The first of the agencies behind it, and how many more."""
    names = one["agencies"]
    more = len(names) - NAMES_AT_MOST
    if more <= 1:
        return ", ".join(names)
    return _("%(names)s og %(more)s til") % {"names": ", ".join(names[:NAMES_AT_MOST]), "more": more}


def moved(told: dict[str, Any]) -> str:
    """How the finish moved since the last weekly status, in one sentence."""
    week = int(told["since"].rpartition("W")[2])
    if not told["days"]:
        return _("Anslaget er omtrent som i ukestatusen for uke %(week)s.") % {"week": week}
    words = {"days": days(abs(told["days"])), "week": week}
    if told["days"] > 0:
        return _("Anslaget er %(days)s senere enn i ukestatusen for uke %(week)s.") % words
    return _("Anslaget er %(days)s tidligere enn i ukestatusen for uke %(week)s.") % words


def part_of_move(part: dict[str, Any]) -> str:
    what = {
        "pace": _("tempoet i stegene som er fullført siden da"),
        "deferrals": _("andelen som er blitt utsatt eller holdt tilbake siden da"),
        "plan": _("planen, klarheten og tiden som er gått"),
    }[part["what"]]
    words = {"what": what, "days": days(abs(part["days"]))}
    return (_("%(what)s: %(days)s senere") if part["days"] > 0 else _("%(what)s: %(days)s tidligere")) % words
