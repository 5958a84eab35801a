"""What changed since the last weekly status: its frozen figures against today's, and the events told in sentences.

Events are taken by id, so each is told in one report and none twice, also while the demo's clock stands still.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.words import long_date, thousands
from rollout.models import EventKind, Pace, PlanEvent, Rollout, Step, Verdict

#: More names than this are told as a number.
NAMES_AT_MOST = 8


def since(rollout: Rollout, told: dict[str, Any], before: dict[str, Any] | None) -> tuple[dict[str, Any], int]:
    """The changes since the report `before` (None: since the beginning), and the id of the last event told of."""
    last_told = before["last_event_id"] if before else 0
    events = list(rollout.events.filter(pk__gt=last_told).select_related("agency", "wave").order_by("pk"))
    changed = {"figures": _figures(told, before), "events": _ready(told, before) + _sentences(events)}
    return changed, events[-1].pk if events else last_told


def _figures(told: dict[str, Any], before: dict[str, Any] | None) -> list[dict[str, Any]]:
    if before is None:
        return []
    names = {
        ("totals", "agencies_with_access"): _("Virksomheter med tilgang"),
        ("totals", "with_access"): _("Medarbeidere med tilgang"),
        ("totals", "leaders_in_agencies"): _("Virksomheter der lederne har tilgang"),
        ("totals", "ready"): _("Klare virksomheter i puljene"),
        ("totals", "places_used"): _("Plasser brukt i puljene"),
        ("totals", "agencies"): _("Virksomheter i kø og puljer"),
        ("totals", "employees"): _("Medarbeidere i kø og puljer"),
        ("licences", "reserved"): _("Reserverte lisenser"),
        ("licences", "pool"): _("Lisenser i avtalen"),
    }
    return [
        {"key": key, "name": name, "before": before[part][key], "after": told[part][key]}
        for (part, key), name in names.items()
        if before[part][key] != told[part][key]
    ]


def _ready(told: dict[str, Any], before: dict[str, Any] | None) -> list[dict[str, str]]:
    """Agencies of planned waves that became ready, or are no longer."""

    def by_slug(report: dict[str, Any]) -> dict[str, tuple[str, bool]]:
        return {
            agency["slug"]: (agency["name"], agency["ready"])
            for wave in report["waves"]
            for agency in wave["agencies"]
            if agency["access"] is None
        }

    if before is None:
        return []
    now, then = by_slug(told), by_slug(before)
    both = [slug for slug in now if slug in then]
    became = [now[slug][0] for slug in both if now[slug][1] and not then[slug][1]]
    no_longer = [now[slug][0] for slug in both if then[slug][1] and not now[slug][1]]
    sentences = []
    if became:
        sentences.append({"kind": "became_ready", "text": _("Er blitt klare: %(names)s.") % {"names": _names(became)}})
    if no_longer:
        sentences.append(
            {"kind": "not_ready", "text": _("Er ikke lenger klare: %(names)s.") % {"names": _names(no_longer)}}
        )
    return sentences


def _names(names: list[str]) -> str:
    """The names as a list in words; many of them as a number."""
    if len(names) > NAMES_AT_MOST:
        return ngettext("%(count)s virksomhet", "%(count)s virksomheter", len(names)) % {"count": thousands(len(names))}
    if len(names) == 1:
        return names[0]
    return _("%(names)s og %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def _because(text: str, reason: str) -> str:
    return _("%(text)s: %(reason)s") % {"text": text, "reason": reason} if reason else f"{text}."


def _sentences(events: list[PlanEvent]) -> list[dict[str, str]]:
    """One or more sentences for each kind of event, in the order in which a reader wants them."""
    by_kind = defaultdict(list)
    for event in _standing(events):
        by_kind[event.kind].append(event)
    told = {kind: tell(by_kind[kind]) for kind, tell in TELL.items() if by_kind[kind]}
    return [{"kind": str(kind), "text": text} for kind, texts in told.items() for text in texts]


def _standing(events: list[PlanEvent]) -> list[PlanEvent]:
    """Without what was taken back within these same events, and its undoing: together they changed nothing."""
    here, gone, standing = {event.pk for event in events}, set(), []
    for event in reversed(events):
        if event.pk in gone:
            continue
        if event.undoes_id in here:
            gone.add(event.undoes_id)
        else:
            standing.append(event)
    return standing[::-1]


def _first_and_last(events: list[PlanEvent], *, key: str) -> dict[Any, tuple[dict[str, Any], dict[str, Any]]]:
    """For each agency or wave (`key`): how it was before the first of its events, and after the last."""
    span: dict[Any, tuple[dict[str, Any], dict[str, Any]]] = {}
    for event in events:
        what = getattr(event, key)
        before, _after = span.get(what, (event.before, event.after))
        span[what] = (before, event.after)
    return span


def _decided(events: list[PlanEvent]) -> list[str]:
    return [_because(f"{Verdict(event.after['decision']).label} – {event.wave}", event.reason) for event in events]


def _reviewed(events: list[PlanEvent]) -> list[str]:
    return [
        _because(
            _("Evalueringen av %(wave)s endte med «%(pace)s»")
            % {"wave": str(event.wave).lower(), "pace": Pace(event.after["pace"]).label.lower()},
            event.reason,
        )
        for event in events
    ]


def _no_decision(events: list[PlanEvent]) -> list[str]:
    return [
        _("%(wave)s åpnet ikke for %(step)s %(day)s, fordi ingen beslutning var tatt.")
        % {
            "wave": event.wave,
            "step": Step(event.after["step"]).label,
            "day": long_date(dt.date.fromisoformat(event.after["date"])),
        }
        for event in events
    ]


def _place(place: dict[str, Any]) -> tuple[int, str]:
    """Where a move comes from or goes to, as an order and a word; reordering within one place is no change."""
    number = place.get("wave")
    return (number, _("Pulje %(number)s") % {"number": number}) if number else (0, _("køen"))


def _deferred(events: list[PlanEvent]) -> list[str]:
    return [
        _because(
            _("%(agency)s ble utsatt fra %(before)s til %(after)s")
            % {"agency": event.agency, "before": _place(event.before)[1], "after": _place(event.after)[1]},
            event.reason,
        )
        for event in events
    ]


def _moved(events: list[PlanEvent]) -> list[str]:
    """Each agency from where it began to where it ended, those of the same way together."""
    ways = defaultdict(list)
    for agency, (before, after) in _first_and_last(events, key="agency").items():
        way = (_place(after), _place(before))
        if way[0] != way[1]:
            ways[way].append(agency.name)
    return [
        _("Flyttet fra %(before)s til %(after)s: %(names)s.")
        % {"before": before[1], "after": after[1], "names": _names(names)}
        for (after, before), names in sorted(ways.items())
    ]


def _withdrawn(events: list[PlanEvent]) -> list[str]:
    return [
        _because(
            _("%(agency)s er trukket fra %(before)s") % {"agency": event.agency, "before": _place(event.before)[1]},
            event.reason,
        )
        for event in events
    ]


def _rejoined(events: list[PlanEvent]) -> list[str]:
    return [
        _("%(agency)s er tilbake i %(after)s.") % {"agency": event.agency, "after": _place(event.after)[1]}
        for event in events
    ]


def _held(events: list[PlanEvent]) -> list[str]:
    return [
        _because(_("%(agency)s holdes tilbake i %(wave)s") % {"agency": event.agency, "wave": event.wave}, event.reason)
        for event in events
    ]


def _released(events: list[PlanEvent]) -> list[str]:
    return [
        _because(_("%(agency)s er sluppet inn i %(wave)s") % {"agency": event.agency, "wave": event.wave}, event.reason)
        for event in events
    ]


def _dates_set(events: list[PlanEvent]) -> list[str]:
    words = {"leaders_on": _("ledere"), "all_staff_on": _("alle")}
    sentences = []
    for wave, (before, after) in _first_and_last(events, key="wave").items():
        moved = [
            _("%(who)s åpner %(after)s (før: %(before)s)")
            % {
                "who": who,
                "after": long_date(dt.date.fromisoformat(after[name])),
                "before": long_date(dt.date.fromisoformat(before[name])),
            }
            for name, who in words.items()
            if before[name] != after[name]
        ]
        if moved:
            sentences.append(_("%(wave)s har ny dato: %(dates)s.") % {"wave": wave, "dates": "; ".join(moved)})
    return sentences


def _waves_added(events: list[PlanEvent]) -> list[str]:
    """An event without dates after it is the undoing: the wave is gone."""
    told = {
        _("Nye puljer: %(names)s."): [str(event.wave) for event in events if event.after],
        _("Puljer som er tatt bort igjen: %(names)s."): [str(event.wave) for event in events if not event.after],
    }
    return [said % {"names": ", ".join(names)} for said, names in told.items() if names]


def _joined(events: list[PlanEvent]) -> list[str]:
    return [_("Lagt i køen: %(names)s.") % {"names": _names([str(event.agency) for event in events])}]


def _funding(events: list[PlanEvent]) -> list[str]:
    new, changed = [], []
    for agency, (before, after) in _first_and_last(events, key="agency").items():
        funded_before, funded = before.get("funded", 0), after["funded"]
        if not funded_before and funded:
            new.append(agency.name)
        elif funded_before != funded:
            words = {"agency": agency, "after": thousands(funded), "before": thousands(funded_before)}
            changed.append(_("%(agency)s finansierer %(after)s lisenser (før: %(before)s).") % words)
    if new:
        changed.insert(0, _("Har finansiert lisenser: %(names)s.") % {"names": _names(new)})
    return changed


def _waived(events: list[PlanEvent]) -> list[str]:
    return [
        _because(_("%(agency)s er fritatt for et steg") % {"agency": event.agency}, event.reason) for event in events
    ]


def _waiver_taken_back(events: list[PlanEvent]) -> list[str]:
    return [_("%(agency)s er ikke lenger fritatt for et steg.") % {"agency": event.agency} for event in events]


def _published(events: list[PlanEvent]) -> list[str]:
    return [_("Kjøreregler, versjon %(number)s, er publisert.") % {"number": e.after["version"]} for e in events]


#: How each kind of event is told; a kind that is not here says nothing to a sponsor (readiness is told as figures).
TELL: dict[EventKind, Callable[[list[PlanEvent]], list[str]]] = {
    EventKind.DECIDED: _decided,
    EventKind.REVIEW_CLOSED: _reviewed,
    EventKind.NO_DECISION: _no_decision,
    EventKind.DEFERRED: _deferred,
    EventKind.HELD: _held,
    EventKind.RELEASED: _released,
    EventKind.DATES_SET: _dates_set,
    EventKind.MOVED: _moved,
    EventKind.WITHDRAWN: _withdrawn,
    EventKind.REJOINED: _rejoined,
    EventKind.WAVE_ADDED: _waves_added,
    EventKind.JOINED: _joined,
    EventKind.FUNDING_SET: _funding,
    EventKind.STEP_WAIVED: _waived,
    EventKind.WAIVER_TAKEN_BACK: _waiver_taken_back,
    EventKind.GUIDELINES_PUBLISHED: _published,
}
