"""Changes of several events told in one line, and why some cannot be taken back."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from rollout.models import EventKind, PlanEvent

#: What the events of one change have done together; `%(n)s` is their number.
MANY = {
    EventKind.JOINED: gettext_noop("%(n)s virksomheter lagt i køen"),
    EventKind.WITHDRAWN: gettext_noop("%(n)s virksomheter trukket"),
    EventKind.REJOINED: gettext_noop("%(n)s virksomheter tilbake i planen"),
    EventKind.AGENCY_IMPORTED: gettext_noop("%(n)s virksomheter importert"),
    EventKind.DATES_SET: gettext_noop("Nye datoer for %(n)s puljer"),
    EventKind.WAVE_ADDED: gettext_noop("%(n)s nye puljer"),
    EventKind.FUNDING_SET: gettext_noop("Finansiering satt for %(n)s virksomheter"),
    EventKind.BLACKOUT_ADDED: gettext_noop("%(n)s sperreperioder lagt inn"),
}

#: Why a kind cannot be taken back, and what to do instead. Others that cannot be say nothing.
WHY_NOT = {
    EventKind.DECIDED: gettext_noop("Kan ikke angres. Ta en ny beslutning på puljens side."),
    EventKind.LEADERS_OPENED: gettext_noop("Kan ikke angres: tilgangen er gitt."),
    EventKind.ALL_STAFF_OPENED: gettext_noop("Kan ikke angres: tilgangen er gitt."),
    EventKind.RELEASED: gettext_noop("Kan ikke angres: tilgangen er gitt."),
    EventKind.DEFERRED: gettext_noop("Kan ikke angres. Flytt virksomheten i stedet."),
    EventKind.SIGNED: gettext_noop("Kan ikke angres: signaturen står."),
    EventKind.GUIDELINES_PUBLISHED: gettext_noop("Kan ikke angres. Publiser en ny versjon."),
    EventKind.AGENCY_IMPORTED: gettext_noop("Kan ikke angres. Importer en rettet liste."),
}


def headline(events: Sequence[PlanEvent]) -> str:
    """One line for a change of several events, read with `for_telling`."""
    first = events[0]
    if first.undoes_id is None or first.undoes is None:
        return _together(events)
    if first.undoes.undoes_id is not None:
        return _("Angringen er angret: %(what)s") % {"what": _together(events)}
    undone = [event.undoes for event in events if event.undoes is not None]
    return _("Angret: %(what)s") % {"what": _together(undone)}


def _together(events: Sequence[PlanEvent]) -> str:
    adopted = next((event for event in events if event.kind == EventKind.SCENARIO_ADOPTED), None)
    if adopted is not None:
        name = (adopted.after if "name" in adopted.after else adopted.before)["name"]
        return _("Scenarioet «%(name)s» er tatt i bruk") % {"name": name}
    kinds = {EventKind(event.kind) for event in events}
    number = len(events)
    if kinds == {EventKind.MOVED}:
        return _moved(events)
    if len(kinds) == 1 and (said := MANY.get(kinds.pop())):
        return _(said) % {"n": number}
    labels = dict.fromkeys(str(EventKind(event.kind).label) for event in events)
    return ngettext("%(n)s endring: %(what)s", "%(n)s endringer: %(what)s", number) % {
        "n": number,
        "what": ", ".join(labels),
    }


def _moved(events: Sequence[PlanEvent]) -> str:
    targets = {event.after.get("wave") for event in events}
    words = {"n": len(events), "wave": next(iter(targets)), "waves": len(targets)}
    if len(targets) > 1 and all(targets):
        return _("%(n)s virksomheter flyttet til %(waves)s puljer") % words
    if len(targets) > 1:
        return _("%(n)s virksomheter flyttet") % words
    if words["wave"]:
        return _("%(n)s virksomheter flyttet til pulje %(wave)s") % words
    return _("%(n)s virksomheter flyttet til køen") % words


def why_not(events: Sequence[PlanEvent]) -> str:
    """Why the change cannot be taken back, where that needs a word; else empty."""
    return next((_(WHY_NOT[kind]) for event in events if (kind := EventKind(event.kind)) in WHY_NOT), "")
