"""How events of the agency's own side are told: what it takes back, states and asks for, and the answers."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain.words import thousands
from rollout.models import FundingState, PlanEvent, RequestState


def funding_stated(event: PlanEvent, steps: dict[str, str]) -> str:
    after = event.after
    words = {"licences": thousands(after["licences"]), "cost": thousands(after["implementation_cost_nok"])}
    if event.before.get("state") == FundingState.STATED:
        return _("Godkjente finansieringen: %(licences)s lisenser og %(cost)s kr til innføring") % words
    return _("Oppga finansiering: %(licences)s lisenser og %(cost)s kr til innføring") % words


def date_asked(event: PlanEvent, steps: dict[str, str]) -> str:
    number = event.after.get("wave")
    if number is None:
        return _("Ba om en annen dato")
    return _("Ba om å få gå i pulje %(number)s") % {"number": number}


def date_answered(event: PlanEvent, steps: dict[str, str]) -> str:
    return {
        RequestState.ACCEPTED: _("Ønsket om en annen dato er godtatt"),
        RequestState.DECLINED: _("Ønsket om en annen dato er avslått"),
        RequestState.WITHDRAWN: _("Ønsket om en annen dato er trukket"),
    }[RequestState(event.after["state"])]


def join_asked(event: PlanEvent, steps: dict[str, str]) -> str:
    words = {"employees": thousands(event.after["employees"]), "licences": thousands(event.after["licences"])}
    return _("Ba om å bli med: %(employees)s medarbeidere, %(licences)s finansierte lisenser") % words


def join_answered(event: PlanEvent, steps: dict[str, str]) -> str:
    return {
        RequestState.ACCEPTED: _("Ønsket om å bli med er godtatt"),
        RequestState.DECLINED: _("Ønsket om å bli med er avslått"),
        RequestState.WITHDRAWN: _("Ønsket om å bli med er trukket"),
    }[RequestState(event.after["state"])]


def course_published(event: PlanEvent, steps: dict[str, str]) -> str:
    moved = len(event.after["moved"])
    said = _("Innføringsløpet, versjon %(number)s, er publisert") % {"number": event.after["version"]}
    if not moved:
        return said
    return said + ngettext(", og gjelder %(n)s virksomhet", ", og gjelder %(n)s virksomheter", moved) % {"n": moved}


def case_set(event: PlanEvent, steps: dict[str, str]) -> str:
    number = event.after["case_number"]
    return _("Saksnummer i arkivet: %(number)s") % {"number": number} if number else _("Saksnummeret er fjernet")


def retention_enforced(event: PlanEvent, steps: dict[str, str]) -> str:
    words = {
        "people": _("personer: %(n)s"),
        "files": _("filer: %(n)s"),
        "commitments": _("forpliktelser (antallet er beholdt): %(n)s"),
        "messages": _("meldinger: %(n)s"),
    }
    told = [said % {"n": thousands(event.after[key])} for key, said in words.items() if event.after.get(key)]
    return _("Slettet etter lagringstiden: %(what)s") % {"what": ", ".join(told) or _("ingenting")}
