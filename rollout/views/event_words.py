"""Events told one by one, for an agency's history and for a wave's (rule 9)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from rollout.domain.words import long_date, thousands
from rollout.models import CourseStep, EventKind, PlanEvent, Step, Verdict


def tell(event: PlanEvent, steps: dict[str, str]) -> str:
    """One sentence about the event; `steps` gives the name of each step by its key."""
    kind = EventKind(event.kind)
    teller = TELL.get(kind) or (None if event.agency_id else OF_A_WAVE.get(kind))
    return teller(event, steps) if teller else event.get_kind_display().capitalize()


def step_names(rollout) -> dict[str, str]:
    return dict(CourseStep.objects.filter(course_version__rollout=rollout).values_list("key", "name"))


def _place(place: dict[str, Any]) -> str:
    number = place.get("wave")
    if number:
        return _("pulje %(number)s") % {"number": number}
    return _("plass %(place)s i køen") % {"place": place.get("queue_position")}


def _moved(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Flyttet fra %(before)s til %(after)s") % {"before": _place(event.before), "after": _place(event.after)}


def _deferred(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Utsatt fra %(before)s til %(after)s") % {"before": _place(event.before), "after": _place(event.after)}


def _funding(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Finansierte lisenser satt til %(after)s (før: %(before)s)") % {
        "after": thousands(event.after["funded"]),
        "before": thousands(event.before.get("funded") or 0),
    }


def _step(event: PlanEvent, steps: dict[str, str]) -> str:
    key = event.after["step"]
    said = _("Bekreftet: %(step)s") if event.kind == EventKind.STEP_CONFIRMED else _("Fritatt fra: %(step)s")
    return said % {"step": steps.get(key, key)}


def _key_people(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Antall nøkkelpersoner satt til %(number)s") % {"number": thousands(event.after["key_people"])}


def _signed(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Signerte kjørereglene, versjon %(number)s") % {"number": event.after["version"]}


def _chosen(event: PlanEvent, steps: dict[str, str]) -> str:
    number = event.after.get("wave")
    where = _("pulje %(number)s") % {"number": number} if number else _("fremst i køen")
    return _("Blir virksomheten ikke klar, går den til: %(where)s") % {"where": where}


def _decided(event: PlanEvent, steps: dict[str, str]) -> str:
    return str(Verdict(event.after["decision"]).label)


def _dates_set(event: PlanEvent, steps: dict[str, str]) -> str:
    words = {"leaders_on": _("ledere"), "all_staff_on": _("alle")}
    changed = [
        _("%(who)s %(after)s (før: %(before)s)")
        % {"who": who, "after": _day(event.after[name]), "before": _day(event.before[name])}
        for name, who in words.items()
        if event.before[name] != event.after[name]
    ]
    return _("Nye datoer: %(dates)s") % {"dates": ", ".join(changed)}


def _no_decision(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Åpnet ikke %(day)s (%(step)s): ingen beslutning") % {
        "day": _day(event.after["date"]),
        "step": Step(event.after["step"]).label,
    }


def _day(text: str) -> str:
    return long_date(dt.date.fromisoformat(text))


TELL: dict[EventKind, Callable[[PlanEvent, dict[str, str]], str]] = {
    EventKind.JOINED: lambda event, steps: _("Lagt i køen"),
    EventKind.MOVED: _moved,
    EventKind.DEFERRED: _deferred,
    EventKind.DEFERRAL_CHOSEN: _chosen,
    EventKind.FUNDING_SET: _funding,
    EventKind.STEP_CONFIRMED: _step,
    EventKind.STEP_WAIVED: _step,
    EventKind.KEY_PEOPLE_STATED: _key_people,
    EventKind.SIGNED: _signed,
    EventKind.READINESS_CONFIRMED: lambda event, steps: _("Meldt klar"),
    EventKind.LEADERS_OPENED: lambda event, steps: _("Åpnet for ledere og nøkkelpersoner"),
    EventKind.ALL_STAFF_OPENED: lambda event, steps: _("Åpnet for alle"),
    EventKind.HELD: lambda event, steps: _("Åpningen for alle ble holdt tilbake"),
    EventKind.RELEASED: lambda event, steps: _("Sluppet inn for alle"),
}

#: What is told of a whole wave, and of no agency in it.
OF_A_WAVE: dict[EventKind, Callable[[PlanEvent, dict[str, str]], str]] = {
    EventKind.DECIDED: _decided,
    EventKind.DATES_SET: _dates_set,
    EventKind.NO_DECISION: _no_decision,
}
