"""What agencies ask for and are answered: a request to those who answer it, an answer to those who wait for it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.utils import dateformat, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Agency, Person, Role, RoleName
from rollout.emails.writing import LANGUAGE, Draft, frame_of, link_to, place_of, render, to_leads, withdraw
from rollout.models import (
    DateRequest,
    EmailKind,
    FundingStatement,
    JoinRequest,
    OutgoingEmail,
    RequestState,
    Rollout,
    Wave,
)

#: Who hears an answer beside the one who asked: those who answer for the agency.
ANSWERED = (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF)


def date_asked(request: DateRequest) -> list[Draft]:
    """To the leads: the agency would rather go at another time."""
    placement, rollout = request.placement, request.placement.rollout
    with translation.override(LANGUAGE):
        context = {
            "said": _("%(agency)s ber om en annen dato") % {"agency": placement.agency},
            "intro": _("%(agency)s ønsker å få %(tool)s på et annet tidspunkt.")
            % {"agency": placement.agency, "tool": rollout.tool_name},
            "facts": [
                (_("Står nå i"), str(placement.wave or _("køen"))),
                (_("Ønsker"), str(request.wanted or _("ingen bestemt pulje"))),
                (_("Begrunnelse"), request.reason),
            ],
        }
    return _ask_leads(context, _subject("date-request", request.pk), rollout)


def join_asked(request: JoinRequest) -> list[Draft]:
    """To the leads: an agency wants to take part."""
    with translation.override(LANGUAGE):
        context = {
            "said": _("%(agency)s ber om å bli med") % {"agency": request.agency},
            "intro": _("%(agency)s ønsker en plass i køen.") % {"agency": request.agency},
            "facts": [
                (_("Begrunnelse"), request.reason),
                (_("Medarbeidere"), str(request.employees)),
                (_("Finansierte lisenser"), str(request.licences)),
            ],
        }
    return _ask_leads(context, _subject("join-request", request.pk), request.rollout)


def _ask_leads(context: dict[str, Any], subject: str, rollout: Rollout) -> list[Draft]:
    with translation.override(LANGUAGE):
        context |= {
            "todo": [_("Godta eller avslå. Virksomheten får svaret på e-post.")],
            "link": link_to(rollout, "requests/"),
            "link_label": _("Se ønsket og svar"),
            "why": _("Du får denne meldingen fordi du er prosjektleder."),
        }
    return to_leads(EmailKind.REQUEST, subject, rollout, context)


def date_answered(request: DateRequest) -> list[Draft]:
    """To the agency: moved, or not, and why."""
    return _date_answered(request, request.moved_to)


def date_answered_anew(request: DateRequest) -> list[Draft]:
    """The same, with the wave the agency is in now."""
    return _date_answered(request, request.placement.wave)


def _date_answered(request: DateRequest, wave: Wave | None) -> list[Draft]:
    """`wave`: where an agency that was given another date stands."""
    placement = request.placement
    accepted = request.state == RequestState.ACCEPTED
    with translation.override(LANGUAGE):
        facts = []
        if accepted and wave is not None:
            facts = [
                (_("Pulje"), str(wave.number)),
                (_("Åpner for ledere"), _day(wave.leaders_on)),
                (_("Åpner for alle"), _day(wave.all_staff_on)),
            ]
        said = _("%(agency)s får en annen dato") if accepted else _("%(agency)s får ikke en annen dato")
        intro = _("Prosjektlederen har avslått ønsket. Plassen og datoene er som før.")
        if accepted:
            intro = _("Prosjektlederen har godtatt ønsket. Fristene følger den nye datoen.")
            if wave is None:
                intro = _("Prosjektlederen har godtatt ønsket. Virksomheten står i køen til den får en ny pulje.")
        context = {
            "said": said % {"agency": placement.agency},
            "intro": intro,
            "facts": facts + _answer(request.answer),
        }
    subject = _subject("date-request", request.pk)
    drafts = _answer_agency(context, placement.agency, subject, request.asked_by, placement.rollout)
    told = {placement.agency.slug: place_of(wave)} if accepted else {}
    return [replace(draft, told=told) for draft in drafts]


def join_answered(request: JoinRequest) -> list[Draft]:
    """To the agency: in the queue, or not, and why."""
    accepted = request.state == RequestState.ACCEPTED
    with translation.override(LANGUAGE):
        said = _("%(agency)s er med i utrullingen") if accepted else _("%(agency)s får ikke plass nå")
        intro = _("Prosjektlederen har avslått ønsket om å bli med.")
        if accepted:
            intro = _("Prosjektlederen har lagt virksomheten i køen. Stegene kan gjøres ferdig allerede nå.")
        context = {
            "said": said % {"agency": request.agency},
            "intro": intro,
            "facts": _answer(request.answer),
        }
    subject = _subject("join-request", request.pk)
    return _answer_agency(context, request.agency, subject, request.asked_by, request.rollout)


def funding_questioned(statement: FundingStatement) -> list[Draft]:
    """To the agency: UKE wonders about what it has stated."""
    agency, rollout = statement.placement.agency, statement.placement.rollout
    with translation.override(LANGUAGE):
        context = {
            "said": _("Spørsmål om finansieringen for %(agency)s") % {"agency": agency},
            "intro": _("Prosjektlederen har et spørsmål om det dere har oppgitt."),
            "facts": [(_("Spørsmål"), statement.question), (_("Oppgitt"), f"{statement.licences} {_('lisenser')}")],
            "todo": [_("Svar ved å oppgi finansieringen på nytt. Rett tallene, eller forklar dem i merknaden.")],
        }
    path = f"my/{agency.slug}/funding/"
    subject = _subject("funding", statement.pk)
    return _answer_agency(context, agency, subject, statement.stated_by, rollout, path=path)


def funding_awaits_head(statement: FundingStatement, *, comment: str = "") -> list[Draft]:
    """To the agency's head, without whom it does not count. `comment`: what was said along with it."""
    agency, rollout = statement.placement.agency, statement.placement.rollout
    headcount = statement.placement.headcount
    with translation.override(LANGUAGE):
        context = {
            "said": _("Finansieringen for %(agency)s venter på deg") % {"agency": agency},
            "intro": _("%(who)s har oppgitt finansieringen. Den teller når du har godkjent den.")
            % {"who": statement.stated_by},
            "facts": [
                (_("Finansierte lisenser"), _number(statement.licences)),
                (_("Medarbeidere"), _number(headcount)),
                *_too_few(headcount - statement.licences),
                (_("Satt av til innføring"), _("%(sum)s kr") % {"sum": _number(statement.implementation_cost_nok)}),
                *([(_("Budsjettreferanse"), statement.budget_reference)] if statement.budget_reference else []),
                *([(_("Merknad"), comment)] if comment else []),
            ],
            "todo": [_("Se over tallene. Stemmer de, godkjenn dem. Gjør de ikke, rett dem på siden under.")],
            "link": link_to(rollout, f"my/{agency.slug}/funding/"),
            "link_label": _("Se finansieringen"),
            "why": _("Du får denne meldingen fordi du er virksomhetsleder."),
        }
    heads = _people_with([RoleName.AGENCY_HEAD], agency)
    return _drafts(EmailKind.REQUEST, _subject("funding", statement.pk), heads, context, rollout)


def _too_few(missing: int) -> list[tuple[str, str]]:
    if missing <= 0:
        return []
    said = ngettext(
        "%(n)s lisens. Alle medarbeiderne må ha lisens før virksomheten kan åpne.",
        "%(n)s lisenser. Alle medarbeiderne må ha lisens før virksomheten kan åpne.",
        missing,
    )
    return [(_("Mangler"), said % {"n": _number(missing)})]


def _number(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def withdraw_request(name: str, pk: int) -> None:
    """What has not been sent about a request that no longer waits is not sent."""
    withdraw(
        OutgoingEmail.objects.select_for_update(no_key=True).filter(kind=EmailKind.REQUEST, subject=_subject(name, pk))
    )


def _answer_agency(
    context: dict[str, Any],
    agency: Agency,
    subject: str,
    asked_by: Person,
    rollout: Rollout,
    *,
    path: str = "",
) -> list[Draft]:
    """To who asked, if they still belong to the agency, and to the head and the chief."""
    still = Role.objects.current().filter(person=asked_by, agency=agency).exists()
    people = _people_with(ANSWERED, agency, also=asked_by if still and asked_by.is_active else None)
    with translation.override(LANGUAGE):
        context |= {
            "link": link_to(rollout, path or f"my/{agency.slug}/"),
            "link_label": _("Gå til Min virksomhet"),
            "why": _("Du får denne meldingen fordi du svarer for %(agency)s.") % {"agency": agency},
        }
    return _drafts(EmailKind.ANSWER, subject, people, context, rollout)


def _people_with(roles: Sequence[RoleName], agency: Agency, *, also: Person | None = None) -> list[Person]:
    held = Role.objects.current().filter(role__in=roles, agency=agency)
    people = list(Person.objects.filter(is_active=True, pk__in=held.values("person")).order_by("email"))
    return people + ([also] if also is not None and also not in people else [])


def _drafts(
    kind: EmailKind, subject: str, people: Iterable[Person], context: dict[str, Any], rollout: Rollout
) -> list[Draft]:
    context = frame_of(rollout) | context
    return [Draft(kind, subject, person, *render(kind, context | {"person": person})) for person in people]


def _answer(text: str) -> list[tuple[str, str]]:
    return [(_("Svar fra prosjektlederen"), text)] if text else []


def _subject(name: str, pk: int) -> str:
    return f"{name}:{pk}"


def _day(day: dt.date) -> str:
    return dateformat.format(day, "l j. F Y")
