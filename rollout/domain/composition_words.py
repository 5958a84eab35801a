"""What the composer found, in sentences: why each agency moves, what a plan's points are made of, what to relax."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.domain.composing.scoring import FULL
from rollout.domain.composing.variation import MOST
from rollout.domain.words import long_date, thousands

Facts = Mapping[str, Any]
Names = Mapping[str, str]

#: Each aim's name and what it is, for the form and the table.
AIMS = {
    "order": (gettext_lazy("Køens rekkefølge"), gettext_lazy("Hver virksomhet får en pulje nær sin tur.")),
    "even": (gettext_lazy("Jevn fordeling"), gettext_lazy("Puljene blir like store, målt i medarbeidere.")),
    "variation": (gettext_lazy("Variasjon i pilotpuljer"), gettext_lazy("Pilotpuljene får ulike virksomheter.")),
    "moves": (gettext_lazy("Få flyttinger"), gettext_lazy("De som står i en pulje i dag, blir stående der.")),
    "early": (gettext_lazy("Tidlig ferdig"), gettext_lazy("De siste puljene brukes bare om de trengs.")),
}
#: Why a search came to nothing.
FAILED = {
    "lost": gettext_lazy("Arbeiderprosessen svarte ikke, så utregningen er gitt opp. Foreslå på nytt."),
    "changed": gettext_lazy("Planen ble endret mens forslaget ble regnet ut. Foreslå på nytt."),
    "unknown": gettext_lazy("Det ble ikke funnet noe forslag innen tiden. Prøv med færre krav."),
    "error": gettext_lazy("Noe gikk galt under utregningen. Foreslå på nytt, og si fra om det skjer igjen."),
    "unsent": gettext_lazy("Oppgaven kunne ikke legges i kø. Foreslå på nytt om litt."),
}


def _wave(number: int | None) -> str:
    return _("pulje %(n)s") % {"n": number} if number is not None else _("køen")


def _day(text: str) -> str:
    return long_date(dt.date.fromisoformat(text))


def _points(number: int) -> str:
    """Per mille of the most, as a number to 100."""
    return f"{number / 10:.1f}".replace(".", ",")


# -- why each agency moves -----------------------------------------------------------------------------------------


def _even(facts: Facts, names: Names) -> str:
    told = {"wave": _wave(facts["wave"]), "people": thousands(facts["people"]), "level": thousands(facts["level"])}
    return _("%(wave)s ellers ville hatt %(people)s medarbeidere; jevnt fordelt er %(level)s") % told


def _variation(facts: Facts, names: Names) -> str:
    told = {"wave": _wave(facts["wave"]), "with": _points(facts["with"]), "without": _points(facts["without"])}
    return _("variasjonen i %(wave)s blir %(with)s av 100, mot %(without)s ellers") % told


def _cap(facts: Facts, names: Names) -> str:
    told = {"wave": _wave(facts["wave"]), "people": thousands(facts["people"]), "cap": thousands(facts["cap"])}
    return _("%(wave)s ellers ville hatt %(people)s medarbeidere, over taket på %(cap)s") % told


def _not_ready(facts: Facts, names: Names) -> str:
    return _("den tidligst kan være klar %(day)s, etter at %(wave)s åpner") % {
        "day": _day(facts["day"]),
        "wave": _wave(facts["wave"]),
    }


def _larger_than_caps(facts: Facts, names: Names) -> str:
    return _("%(people)s medarbeidere er flere enn taket i noen pulje den kan være klar til") % {
        "people": thousands(facts["people"])
    }


def _licences(facts: Facts, names: Names) -> str:
    told = {"free": thousands(facts["free"]), "people": thousands(facts["people"])}
    return _("avtalen har %(free)s ledige lisenser, og den trenger %(people)s") % told


#: The clause after "fordi", by a reason's code (`composing.explaining`).
BECAUSE: dict[str, Callable[[Facts, Names], str]] = {
    "turn": lambda facts, names: _("det er dens tur etter køen"),
    "room": lambda facts, names: _("det var plass der, og ikke på dens tur i køen"),
    "full": lambda facts, names: _("%(wave)s er full") % {"wave": _wave(facts["wave"])},
    "together": lambda facts, names: _("den inngår i et bytte som gjør planen bedre samlet"),
    "order": lambda facts, names: _("rekkefølgen i køen da holdes bedre"),
    "early": lambda facts, names: _("alle da blir ferdige tidligere"),
    "no_room": lambda facts, names: _("puljene den kan være klar til, er fulle"),
    "never_ready": lambda facts, names: (
        _("den tidligst kan være klar %(day)s, etter siste pulje") % {"day": _day(facts["day"])}
    ),
    "even": _even,
    "variation": _variation,
    "cap": _cap,
    "not_ready": _not_ready,
    "larger_than_caps": _larger_than_caps,
    "licences": _licences,
}


def move_sentence(move: Facts, names: Names) -> str:
    """ "Bydel Sagene flyttes fra pulje 2 til pulje 3 fordi pulje 2 ellers ville hatt 7 100 medarbeidere; …"."""
    because = BECAUSE[move["code"]](move["facts"], names)
    told = {
        "agency": names.get(move["key"], move["key"]),
        "before": _wave(move["before"]),
        "after": _wave(move["after"]),
        "why": because,
    }
    if move["before"] is None and move["after"] is None:
        said = _("%(agency)s blir stående i køen fordi %(why)s") % told
    elif move["before"] is None:
        said = _("%(agency)s får plass i %(after)s fordi %(why)s") % told
    else:
        said = _("%(agency)s flyttes fra %(before)s til %(after)s fordi %(why)s") % told
    if (other := move["facts"].get("other")) is not None:
        said += _(" (byttet mot %(other)s)") % {"other": names.get(other, other)}
    return said + "."


def explanation(findings: Facts, names: Names) -> dict[str, str]:
    """Each move's sentence, by the agency's slug: what a scenario keeps."""
    return {move["key"]: move_sentence(move, names) for move in findings["moves"]}


# -- the points taken apart ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AimLine:
    """One aim in the table: what the proposal comes to, and what today's plan does, each in words and in points."""

    label: str
    weight: int
    measure: str
    points: int
    today_measure: str
    today_points: int


def aim_lines(findings: Facts) -> list[AimLine]:
    pilots = max(1, sum(wave["pilot"] for wave in findings["waves"]))
    today = {aim["name"]: aim for aim in findings["today"]}
    return [
        AimLine(
            label=str(AIMS[aim["name"]][0]),
            weight=aim["weight"],
            measure=_measure(aim, pilots),
            points=shown(aim["points"]),
            today_measure=_measure(today[aim["name"]], pilots),
            today_points=shown(today[aim["name"]]["points"]),
        )
        for aim in findings["aims"]
    ]


def shown(points: int) -> int:
    """Points as they are shown: 1 000 for a measure as bad as it sensibly gets, at weight one."""
    return round(1_000 * points / FULL)


def _measure(aim: Facts, pilots: int) -> str:
    number = aim["measure"]
    if aim["name"] == "order":
        return ngettext("%(n)s pulje fra tur", "%(n)s puljer fra tur", number) % {"n": thousands(number)}
    if aim["name"] == "even":
        return _("%(n)s medarbeidere over jevnt nivå") % {"n": thousands(number)}
    if aim["name"] == "variation":
        return _("variasjon %(n)s av 100") % {"n": _points(round(1_000 - 1_000 * number / (pilots * MOST)))}
    if aim["name"] == "moves":
        return ngettext("%(n)s flytting", "%(n)s flyttinger", number) % {"n": thousands(number)}
    return ngettext("%(n)s dag fra første åpning", "%(n)s dager fra første åpning", number) % {"n": thousands(number)}


def gap_sentence(findings: Facts) -> str:
    """How much better a plan could be at most."""
    if findings["proved"]:
        return _("Det er bevist at ingen plan etter disse hensynene er bedre.")
    objective, bound = findings["objective"], findings["bound"]
    share = 100 * (objective - bound) / objective if objective else 0
    return _("Ingen plan kan ha mer enn %(share)s %% færre poeng: %(points)s mot minst %(bound)s.") % {
        "share": f"{share:.1f}".replace(".", ","),
        "points": thousands(shown(objective)),
        "bound": thousands(shown(bound)),
    }


def today_sentence(findings: Facts) -> str:
    """Why today's plan, with fewer points than any proposal can have, is none itself; empty where it has not."""
    today = sum(aim["points"] for aim in findings["today"])
    if findings["waiting_today"] or today >= findings["bound"]:
        return ""
    return _(
        "Planen i dag har færre poeng, men kan ikke foreslås: noen står i en pulje som åpner før de kan være klare, "
        "eller som har flere medarbeidere enn taket."
    )


# -- what stands in the way ----------------------------------------------------------------------------------------


def clash_sentences(findings: Facts, names: Names) -> list[str]:
    """The rules that cannot all be kept."""
    caps = {wave["number"]: wave["cap"] for wave in findings["waves"]}
    said = []
    for rule in findings["clash"]:
        agency = names.get(rule["key"], rule["key"])
        people = findings["people"].get(rule["key"], 0)
        if rule["kind"] == "everyone":
            said.append(
                _("Alle %(n)s virksomheter skal ha plass, og puljene har %(places)s plasser.")
                % {"n": len(findings["people"]), "places": findings["places"]}
            )
        elif rule["kind"] == "cap":
            said.append(
                _("Taket i %(wave)s er %(cap)s medarbeidere.")
                % {"wave": _wave(rule["wave"]), "cap": thousands(caps.get(rule["wave"]) or 0)}
            )
        elif rule["kind"] == "pinned":
            said.append(
                _("%(agency)s (%(people)s medarbeidere) er låst i %(wave)s.")
                % {"agency": agency, "people": thousands(people), "wave": _wave(rule["wave"])}
            )
        elif rule["kind"] == "ready":
            said.append(
                _("%(agency)s (%(people)s medarbeidere) kan ikke være klar til de første puljene.")
                % {"agency": agency, "people": thousands(people)}
            )
        else:
            said.append(_("Avtalen har ikke flere lisenser."))
    return said


def relax_sentences(findings: Facts, names: Names) -> list[str]:
    """The smallest thing to relax, as what to do."""
    return [_relax(one, names) for one in findings["relax"]]


def _relax(one: Facts, names: Names) -> str:
    amount = one["amount"] or 0
    agency = names.get(one["key"], one["key"])
    if one["kind"] == "cap":
        return _("Løft taket i %(wave)s til %(cap)s medarbeidere.") % {
            "wave": _wave(one["wave"]),
            "cap": thousands(amount),
        }
    if one["kind"] == "unlock":
        return _("Lås opp plasseringen av %(agency)s.") % {"agency": agency}
    if one["kind"] == "licences":
        return _("Utvid avtalen med %(n)s lisenser.") % {"n": thousands(amount)}
    if one["kind"] == "hurry":
        return ngettext(
            "Få %(agency)s klar %(n)s dag før ledetidene tilsier, eller se bort fra ledetidene i %(wave)s.",
            "Få %(agency)s klar %(n)s dager før ledetidene tilsier, eller se bort fra ledetidene i %(wave)s.",
            amount,
        ) % {"agency": agency, "n": amount, "wave": _wave(one["wave"])}
    return ngettext("Lag %(n)s pulje til.", "Lag %(n)s puljer til.", amount) % {"n": amount}


def wave_lines(findings: Facts) -> list[dict[str, Any]]:
    """Each wave of the proposal: its number, agencies, people, variation of 100 in words, and whether it is a pilot."""
    return [dict(wave) | {"variation": _points(wave["variation"])} for wave in findings["waves"]]
