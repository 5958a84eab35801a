"""The archive's document as PDF/A: the same facts as the JSON, in words, for a case file and a reader."""

import datetime as dt
import json
import re
import unicodedata
from functools import cache
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import RoleName
from rollout.domain.words import long_date
from rollout.models import OSLO, OwnerRole, Pace, Placement, PlacementStatus, PlanEvent, Verdict
from rollout.views.event_words import step_names, tell

#: Archival, with tags and Unicode, and for screen readers.
STANDARDS: list[Any] = ["a-2a", "ua-1"]
SIGNED_IN_BY = {
    "code": gettext_lazy("engangskode på e-post"),
    "oidc": gettext_lazy("personlig innlogging"),
    "demo": gettext_lazy("demonstrasjon"),
}

#: What typst's own fonts are known to have: letters of Latin, Greek and Cyrillic, marks, arrows, mathematics and boxes;
#: without what turns the direction of writing. One sign beyond it, and typst sets no PDF/A at all.
SETTABLE = re.compile(
    "[\t\n\r -~\u00a0-\u0377\u0386-\u03ff\u0400-\u0482\u048a-\u04ff\u1e00-\u1eff\u2000-\u200d\u2010-\u2027\u202f-\u203f"
    "\u20a0-\u20bf\u2116\u2122\u2190-\u22ff\u25a0-\u25ff\u2610-\u2612\u2713\u2714\ufe0f]"
)


def pdf(placement: Placement, found: dict[str, Any], *, now: dt.datetime) -> bytes:
    """`found`: the document that the JSON holds. Raises typst.TypstError if it cannot be set."""
    words, spelt_out = _settable(_words(placement, found, now=now))
    if spelt_out:
        words["note"] = _(
            "Tegn som skriften i dette dokumentet ikke har, for eksempel emoji, står med tallet sitt: [U+1F600]. "
            "Filen i JSON har dem slik de ble skrevet."
        )
    return typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"data": json.dumps(words, ensure_ascii=False)},
        pdf_standards=STANDARDS,
        ignore_system_fonts=True,
        timestamp=int(now.timestamp()),
    )


def _settable(words: Any) -> tuple[Any, bool]:
    """The same words with what the fonts lack spelt out as its number, and whether there was any."""
    if isinstance(words, str):
        said = "".join(sign if _has(sign) else f"[U+{ord(sign):04X}]" for sign in words)
        return said, said != words
    if isinstance(words, dict):
        made = {name: _settable(value) for name, value in words.items()}
        return {name: one for name, (one, _any) in made.items()}, any(spelt for _one, spelt in made.values())
    if isinstance(words, list):
        parts = [_settable(value) for value in words]
        return [one for one, _any in parts], any(spelt for _one, spelt in parts)
    return words, False


def _has(sign: str) -> bool:
    return bool(SETTABLE.match(sign)) and unicodedata.category(sign) != "Cn"


@cache
def _template() -> bytes:
    return (settings.BASE_DIR / "templates" / "rollout" / "archive.typ").read_bytes()


def _words(placement: Placement, found: dict[str, Any], *, now: dt.datetime) -> dict[str, Any]:
    today = now.astimezone(OSLO)
    where = found["placement"]
    return {
        "title": _("Arkivutskrift for %(agency)s") % {"agency": found["agency"]["name"]},
        "author": "Puljeplan",
        "note": "",
        "day": [today.year, today.month, today.day],
        "footer": _("%(rollout)s · saksnummer %(case)s")
        % {"rollout": found["rollout"]["name"], "case": found["case_number"] or _("ikke satt")},
        "facts": [
            [_("Utrulling"), found["rollout"]["name"]],
            [_("Saksnummer"), found["case_number"] or _("ikke satt")],
            [_("Tatt ut"), _said(found["made_at"])],
            [_("Plass"), _place(where)],
            [_("Med fra"), _said(where["joined_at"])],
            [_("Åpnet for ledere"), _said(where["leaders_access_at"])],
            [_("Åpnet for alle"), _said(where["all_staff_access_at"])],
            [_("Medarbeidere"), where["headcount"]],
        ],
        "sections": [
            _signatures(found),
            _decisions(found),
            _evidence(found),
            _waivers(found),
            _events(placement, found),
        ],
    }


def _section(heading: str, entries=(), *, note: str = "", none: str = "", columns=(), rows=()) -> dict[str, Any]:
    empty = not entries and not rows
    return {
        "heading": heading,
        "note": none if empty else note,
        "entries": list(entries),
        "columns": list(columns),
        "rows": list(rows),
    }


def _entry(heading: str, facts: list[list[str]], text: str = "") -> dict[str, Any]:
    return {"heading": heading, "facts": [fact for fact in facts if fact[1]], "text": text}


def _signatures(found: dict[str, Any]) -> dict[str, Any]:
    entries = [
        _entry(
            _("Kjøreregler, versjon %(number)s") % {"number": signed["version"]},
            [
                [_("Signert"), _said(signed["signed_at"])],
                [_("Av"), _who({"id": signed["signer"]} | signed)],
                [_("Rolle"), str(RoleName(signed["role"]).label)],
                [_("Innlogget med"), str(SIGNED_IN_BY.get(signed["signed_in_by"], signed["signed_in_by"]))],
                [_("Signererens id"), signed["signer"], "mono"],
                [_("Tekstens SHA-256"), signed["text_hash"], "mono"],
                [_("Signatur nr."), signed["id"]],
            ],
            signed["text"],
        )
        for signed in found["sign_offs"]
    ]
    note = _("Teksten står slik den ble signert. Signaturen kan prøves mot databasen med filen i JSON.")
    return _section(_("Signaturer"), entries, note=note, none=_("Kjørereglene er ikke signert."))


def _decisions(found: dict[str, Any]) -> dict[str, Any]:
    entries = [
        _entry(
            _("Pulje %(number)s: %(verdict)s") % {"number": said["wave"], "verdict": Verdict(said["verdict"]).label},
            [
                [_("Besluttet"), _said(said["decided_at"])],
                [_("Av"), _who(said["by"])],
                [_("Begrunnelse"), said["reason"]],
                [_("Unntak fra evalueringen av puljen før"), said["override"]],
            ],
        )
        for said in found["decisions"]
    ]
    entries += [
        _entry(
            _("Evaluering av pulje %(number)s: %(pace)s")
            % {"number": review["wave"], "pace": str(Pace(review["pace"]).label).lower()},
            [
                [_("Avsluttet"), _said(review["closed_at"])],
                [_("Av"), _who(review["by"])],
                [_("Begrunnelse"), review["reason"]],
            ],
        )
        for review in found["reviews"]
    ]
    note = _("Beslutningene gjelder hele puljen virksomheten har stått i.")
    return _section(_("Klarsignal, stopp og evaluering"), entries, note=note, none=_("Ingen beslutninger."))


def _evidence(found: dict[str, Any]) -> dict[str, Any]:
    entries = [
        _entry(
            shown["step"],
            [
                [_("Dokumentasjon fra"), str(OwnerRole(shown["from"]).label).capitalize()],
                [_("Saksnummer"), shown["case_number"]],
                *([[_("Fil"), file["name"]], [_("Filens SHA-256"), file["sha256"], "mono"]] if file else []),
                [_("Bekreftet"), _said(shown["confirmed_at"])],
                [_("Av"), _who(shown["by"])],
            ],
            shown["text"],
        )
        for shown in found["evidence"]
        for file in [shown["file"]]
    ]
    entries += [
        _entry(
            _("Klarmelding"),
            [[_("Bekreftet"), _said(said["confirmed_at"])], [_("Av"), _who(said["by"])]],
            said["comment"],
        )
        for said in found["readiness"]
    ]
    return _section(_("Dokumentasjon av stegene"), entries, none=_("Ingen steg er bekreftet."))


def _waivers(found: dict[str, Any]) -> dict[str, Any]:
    entries = [
        _entry(
            let_off["step"],
            [
                [_("Fritatt"), _said(let_off["waived_at"])],
                [_("Av"), _who(let_off["by"])],
                [_("Begrunnelse"), let_off["reason"]],
            ],
        )
        for let_off in found["waivers"]
    ]
    return _section(_("Fritak"), entries, none=_("Ingen fritak."))


def _events(placement: Placement, found: dict[str, Any]) -> dict[str, Any]:
    steps = step_names(placement.rollout)
    told = PlanEvent.objects.for_telling().in_bulk([int(event["id"]) for event in found["events"]])
    rows = []
    for event in found["events"]:
        sentence = tell(told[int(event["id"])], steps)
        rows.append(
            [
                _said(event["at"]),
                f"{sentence}. {event['reason']}".strip() if event["reason"] else sentence,
                _who(event["by"]) if event["by"] else _("systemet"),
            ]
        )
    columns = [_("Når"), _("Hva"), _("Hvem")]
    return _section(_("Hendelser"), columns=columns if rows else [], rows=rows, none=_("Ingen hendelser."))


def _who(person: dict[str, str]) -> str:
    """Name and address, or, of somebody erased, the id alone."""
    if "email" not in person:
        return _("slettet person (%(id)s)") % {"id": person["id"][:8]}
    return f"{person['name']} ({person['email']})" if person["name"] else person["email"]


def _place(where: dict[str, str]) -> str:
    if where["wave"]:
        return _("Pulje %(number)s") % {"number": where["wave"]}
    return str(PlacementStatus(where["status"]).label)


def _said(moment: str) -> str:
    if not moment:
        return "–"
    here = dt.datetime.fromisoformat(moment).astimezone(OSLO)
    return _("%(day)s kl. %(time)s") % {"day": long_date(here.date()), "time": f"{here:%H.%M}"}
