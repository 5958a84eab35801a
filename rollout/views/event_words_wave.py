"""How events of a wave are told: its dates, its decision, its openings and its review."""

import datetime as dt

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.words import long_date, thousands
from rollout.models import EventKind, Pace, PlanEvent, Step, Verdict

#: The longest lesson that is told in full.
LESSON_AT_MOST = 120


def day_told(text: str) -> str:
    """A day as an event keeps it ("2018-02-07"), in words."""
    return long_date(dt.date.fromisoformat(text))


def wave_added(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Ny pulje: åpner for ledere %(leaders)s og for alle %(all)s") % {
        "leaders": day_told(event.after["leaders_on"]),
        "all": day_told(event.after["all_staff_on"]),
    }


def dates_set(event: PlanEvent, steps: dict[str, str]) -> str:
    words = {"leaders_on": _("ledere"), "all_staff_on": _("alle")}
    changed = [
        _("%(who)s %(after)s (før: %(before)s)")
        % {"who": who, "after": day_told(event.after[name]), "before": day_told(event.before[name])}
        for name, who in words.items()
        if event.before[name] != event.after[name]
    ]
    return _("Nye datoer: %(dates)s") % {"dates": ", ".join(changed)}


def cap_set(event: PlanEvent, steps: dict[str, str]) -> str:
    before, after = event.before.get("cap"), event.after.get("cap")
    if after is None:
        return _("Taket for medarbeidere er fjernet (var %(before)s)") % {"before": thousands(before or 0)}
    return _("Tak for medarbeidere satt til %(after)s (før: %(before)s)") % {
        "after": thousands(after),
        "before": _("ikke noe tak") if before is None else thousands(before),
    }


def decided(event: PlanEvent, steps: dict[str, str]) -> str:
    said = str(Verdict(event.after["decision"]).label)
    if override := event.after.get("override"):
        return _("%(said)s, tross evalueringen av puljen før (%(why)s)") % {"said": said, "why": override.rstrip(".")}
    return said


def figures_entered(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Tall for bruk per %(day)s er lagt inn") % {"day": day_told(event.after["measured_on"])}


def lesson(event: PlanEvent, steps: dict[str, str]) -> str:
    after = event.after
    words = {"number": after["number"], "text": Truncator(after["text"]).chars(LESSON_AT_MOST)}
    return (_("Erfaring %(number)s: %(text)s") if after["text"] else _("Erfaring %(number)s er tatt bort")) % words


def review_closed(event: PlanEvent, steps: dict[str, str]) -> str:
    pace, proposal = (Pace(event.after[key]).label for key in ("pace", "proposal"))
    words = {"pace": str(pace).lower(), "proposal": str(proposal).lower()}
    if pace == proposal:
        return _("Evalueringen er avsluttet: %(pace)s") % words
    return _("Evalueringen er avsluttet: %(pace)s (forslaget var %(proposal)s)") % words


def no_decision(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Åpnet ikke %(day)s (%(step)s): ingen beslutning") % {
        "day": day_told(event.after["date"]),
        "step": Step(event.after["step"]).label,
    }


def opened(event: PlanEvent, steps: dict[str, str]) -> str:
    said = _("Åpnet for alle")
    if event.kind == EventKind.LEADERS_OPENED:
        said = _("Åpnet for ledere og nøkkelpersoner")
    let_in, away = len(event.after.get("let_in", [])), len(event.after.get("turned_away", []))
    parts = [
        ngettext("%(n)s virksomhet kom inn", "%(n)s virksomheter kom inn", let_in) % {"n": let_in},
        _("%(n)s ble ikke med") % {"n": away} if away else "",
    ]
    return f"{said}: {', '.join(filter(None, parts))}"
