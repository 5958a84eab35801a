"""*Mine opplysninger*: everything that is stored on one person, found by what points at them (P3).

A table that points at a person is told of, also one that comes tomorrow: the list is read from the models. What is
secret even to the person (keys, tokens) and the bytes of files are left out; so is what is not about them.
"""

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import BinaryField, Field, ForeignObjectRel, Model, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain import usage
from rollout.domain.erasing import sessions_of
from rollout.models import PlanEvent

#: What each table is called, and in which order; one that is not named here comes last, by its own name.
HEADINGS = {
    "agencies.Role": gettext_lazy("Roller"),
    "rollout.SignOff": gettext_lazy("Signaturer"),
    "rollout.StepEvidence": gettext_lazy("Steg du har bekreftet"),
    "rollout.ReadinessConfirmation": gettext_lazy("Klarmeldinger"),
    "rollout.EvidenceFile": gettext_lazy("Filer du har lagt ved"),
    "rollout.FundingStatement": gettext_lazy("Finansiering du har oppgitt, godkjent eller spurt om"),
    "rollout.DateRequest": gettext_lazy("Ønsker om dato du har sendt eller besvart"),
    "rollout.JoinRequest": gettext_lazy("Ønsker om å bli med du har sendt eller besvart"),
    "rollout.Decision": gettext_lazy("Beslutninger"),
    "rollout.Review": gettext_lazy("Evalueringer du har avsluttet"),
    "rollout.UsageFigures": gettext_lazy("Tall for bruk du har lagt inn"),
    "rollout.Lesson": gettext_lazy("Erfaringer du har skrevet"),
    "rollout.Waiver": gettext_lazy("Fritak du har gitt"),
    "rollout.GuidelineVersion": gettext_lazy("Kjøreregler du har publisert"),
    "rollout.GuidelineDraft": gettext_lazy("Utkast til kjøreregler"),
    "rollout.CourseVersion": gettext_lazy("Versjoner av løpet du har laget"),
    "rollout.CalendarFeed": gettext_lazy("Kalenderadresser du har laget"),
    "rollout.Scenario": gettext_lazy("Scenarioer du har laget, tatt i bruk eller forkastet"),
    "rollout.LastSeen": gettext_lazy("Hvor langt du har lest"),
    "rollout.MailChoice": gettext_lazy("Varsler du har valgt"),
    "rollout.OutgoingEmail": gettext_lazy("E-post til deg"),
    "account.EmailAddress": gettext_lazy("Adresser for innlogging"),
    "mfa.Authenticator": gettext_lazy("Sikkerhetsnøkler og totrinnskoder"),
    "socialaccount.SocialAccount": gettext_lazy("Koblinger til personlig innlogging"),
    "usersessions.UserSession": gettext_lazy("Enheter du har vært innlogget på"),
    "rollout.PlanEvent": gettext_lazy("Hendelser som er gjort av deg eller gjelder rollene dine"),
}
#: Never shown, whoever asks: who holds one of these can act as the person, or read what others may not.
SECRET = {"password", "secret", "token", "token_secret", "session_key", "key", "claim"}
#: Of another app's rows, a bag that may hold keys.
SECRET_OF_OTHERS = {"data", "extra_data"}
#: Whole plans, which say nothing of the person who wrote them down.
THE_PLAN = {"places", "dates", "base_places", "base_dates", "explanation"}
#: Sums of an agency's people, who are not the one who entered them; some groups are under ten (rule 14).
SUMS = {*usage.NUMBERS}
LABELS = {
    "at": gettext_lazy("når"),
    "since": gettext_lazy("fra"),
    "until": gettext_lazy("til"),
    "kind": gettext_lazy("slag"),
    "by": gettext_lazy("av"),
    "agency": gettext_lazy("virksomhet"),
    "placement": gettext_lazy("virksomhet"),
    "rollout": gettext_lazy("utrulling"),
    "step": gettext_lazy("steg"),
    "version": gettext_lazy("versjon"),
    "wave": gettext_lazy("pulje"),
    "role": gettext_lazy("rolle"),
    "reason": gettext_lazy("begrunnelse"),
    "signed_at": gettext_lazy("signert"),
    "signed_in_by": gettext_lazy("innlogget med"),
    "text_hash": gettext_lazy("tekstens SHA-256"),
    "confirmed_at": gettext_lazy("bekreftet"),
    "state": gettext_lazy("tilstand"),
    "to_address": gettext_lazy("sendt til"),
    "headline": gettext_lazy("emne"),
    "text": gettext_lazy("tekst"),
    "written_at": gettext_lazy("skrevet"),
    "before": gettext_lazy("før"),
    "after": gettext_lazy("etter"),
    "verdict": gettext_lazy("beslutning"),
    "decided_at": gettext_lazy("besluttet"),
    "email": gettext_lazy("e-post"),
    "name": gettext_lazy("navn"),
    "opaque_id": gettext_lazy("id i signaturer"),
    "last_login": gettext_lazy("sist innlogget"),
    "is_active": gettext_lazy("kan logge inn"),
    "expire_date": gettext_lazy("utløper"),
    "ip": gettext_lazy("IP-adresse"),
    "user_agent": gettext_lazy("nettleser"),
    "created_at": gettext_lazy("laget"),
    "wanted": gettext_lazy("ønsket"),
    "chosen_at": gettext_lazy("valgt"),
    "last_seen_at": gettext_lazy("sist brukt"),
    "alive_at": gettext_lazy("sist i live"),
    "answered_at": gettext_lazy("besvart"),
    "answered_by": gettext_lazy("besvart av"),
    "approved_at": gettext_lazy("godkjent"),
    "approved_by": gettext_lazy("godkjent av"),
    "asked_at": gettext_lazy("spurt"),
    "asked_by": gettext_lazy("spurt av"),
    "attempts": gettext_lazy("forsøk"),
    "base_version": gettext_lazy("planens versjon da det ble laget"),
    "based_on": gettext_lazy("bygger på"),
    "best": gettext_lazy("beste funnet"),
    "bound": gettext_lazy("grense"),
    "by_file": gettext_lazy("ved fil"),
    "calendar": gettext_lazy("kalenderoppføring"),
    "change": gettext_lazy("endringens id"),
    "claimed_at": gettext_lazy("tatt til sending"),
    "closed_at": gettext_lazy("avsluttet"),
    "closed_by": gettext_lazy("avsluttet av"),
    "confirmed_by": gettext_lazy("bekreftet av"),
    "content_type": gettext_lazy("filtype"),
    "criteria": gettext_lazy("kriterier"),
    "data_at": gettext_lazy("overlevert"),
    "ended_at": gettext_lazy("avsluttet"),
    "ended_by": gettext_lazy("avsluttet av"),
    "entered_at": gettext_lazy("lagt inn"),
    "entered_by": gettext_lazy("lagt inn av"),
    "erased_at": gettext_lazy("slettet"),
    "event_id": gettext_lazy("hendelsens id"),
    "evidence": gettext_lazy("dokumentasjon"),
    "figures": gettext_lazy("tall"),
    "findings": gettext_lazy("funn"),
    "html": gettext_lazy("HTML"),
    "id": gettext_lazy("id"),
    "in_reply_to": gettext_lazy("svar på"),
    "is_material": gettext_lazy("vesentlig endring"),
    "last_used_at": gettext_lazy("sist brukt"),
    "made_at": gettext_lazy("laget"),
    "made_by": gettext_lazy("laget av"),
    "mail_refusal": gettext_lazy("hvorfor adressen ikke virker"),
    "mail_refused_at": gettext_lazy("adressen sluttet å virke"),
    "message_id": gettext_lazy("Message-ID"),
    "moved_to": gettext_lazy("flyttet til"),
    "not_before": gettext_lazy("sendes tidligst"),
    "number": gettext_lazy("nummer"),
    "occurrence": gettext_lazy("anledning"),
    "once": gettext_lazy("nøkkel for det som skjer én gang"),
    "person": gettext_lazy("person"),
    "plan_version": gettext_lazy("planens versjon"),
    "proposal": gettext_lazy("forslag"),
    "published_at": gettext_lazy("publisert"),
    "published_by": gettext_lazy("publisert av"),
    "questioned_at": gettext_lazy("spurt"),
    "questioned_by": gettext_lazy("spurt av"),
    "request_id": gettext_lazy("id i loggen"),
    "resends": gettext_lazy("sendt på nytt i stedet for"),
    "revision": gettext_lazy("utgave"),
    "revoked_at": gettext_lazy("trukket tilbake"),
    "saved_at": gettext_lazy("lagret"),
    "saved_by": gettext_lazy("lagret av"),
    "scenario": gettext_lazy("scenario"),
    "seen_at": gettext_lazy("sett"),
    "settled_at": gettext_lazy("avklart"),
    "sha256": gettext_lazy("SHA-256"),
    "size": gettext_lazy("størrelse"),
    "stated_at": gettext_lazy("oppgitt"),
    "stated_by": gettext_lazy("oppgitt av"),
    "subject": gettext_lazy("gjelder"),
    "takeovers": gettext_lazy("overtakelser"),
    "told": gettext_lazy("datoer fortalt"),
    "type": gettext_lazy("slag"),
    "uid": gettext_lazy("id hos utstederen"),
    "undoes": gettext_lazy("angrer"),
    "uploaded_at": gettext_lazy("lastet opp"),
    "uploaded_by": gettext_lazy("lastet opp av"),
    "user": gettext_lazy("person"),
    "waived_at": gettext_lazy("fritatt"),
    "wishes": gettext_lazy("ønsker"),
    "written_by": gettext_lazy("skrevet av"),
    "last_error": gettext_lazy("siste feil"),
}


@dataclass(frozen=True)
class Section:
    """One table's rows on the person. `rows`: field -> value, as text, number, truth, date, moment or nothing."""

    key: str
    heading: str
    rows: list[dict[str, Any]]


def sections(person: Person) -> list[Section]:
    """Everything, the person's own row first."""
    found = [Section("agencies.Person", _("Om deg"), [_row(person)]), _sessions(person)]
    for key, fields in sorted(_pointing().items(), key=lambda item: _order(item[0])):
        about = Q()
        for field in fields:
            about |= Q(**{field.name: person})
        model = fields[0].model
        if model is PlanEvent:
            about |= Q(before__person=person.pk) | Q(after__person=person.pk)
        stored = model._base_manager.filter(about).select_related(*_names(model)).defer(*_bytes(model)).order_by("pk")
        heading = str(HEADINGS.get(key, model._meta.verbose_name_plural))
        found.append(Section(key, heading, [_row(row) for row in stored]))
    return [section for section in found if section.rows]


def as_json(person: Person, *, now: dt.datetime) -> bytes:
    told = {section.key: section.rows for section in sections(person)}
    document = {"format": "puljeplan-my-data-1", "made_at": now.isoformat(), "stored": told}
    return (json.dumps(document, ensure_ascii=False, indent=1, default=dt.date.isoformat) + "\n").encode()


def as_rows(person: Person) -> list[list[Any]]:
    """The same as lines for a spreadsheet: where, which row, which field, what."""
    lines: list[list[Any]] = [[_("Hva"), _("Nr."), _("Felt"), _("Verdi")]]
    for section in sections(person):
        for number, row in enumerate(section.rows, 1):
            lines += [[section.heading, number, label(name), plain(value)] for name, value in row.items()]
    return lines


def label(name: str) -> str:
    """What a field is called: in the list above, else as its form calls it."""
    return str(LABELS.get(name) or _called().get(name, name.replace("_", " ")))


@cache
def _called() -> dict[str, Any]:
    """The words that models give their fields, by the fields' names."""
    models: list[type[Model]] = [Person, *(fields[0].model for fields in _pointing().values())]
    named = [field for model in models for field in model._meta.concrete_fields]
    return {f.name: f.verbose_name for f in named if str(f.verbose_name) != f.name.replace("_", " ")}


def plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("ja") if value else _("nei")
    if isinstance(value, dt.date):  # a moment is one too
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


def _pointing() -> dict[str, list[Field]]:
    """By table, the fields that point at a person."""
    found: dict[str, list[Field]] = {}
    for relation in Person._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.field.concrete:
            found.setdefault(relation.related_model._meta.label, []).append(relation.field)
    return found


def _order(key: str) -> tuple[int, str]:
    return (list(HEADINGS).index(key) if key in HEADINGS else len(HEADINGS), key)


def _names(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if field.is_relation]


def _bytes(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if isinstance(field, BinaryField)]


def fields_told(model: type[Model] | Model) -> list[Field]:
    """The fields of a table that are told."""
    of_others = model._meta.app_label not in ("agencies", "rollout")
    hidden = SECRET | THE_PLAN | SUMS | (SECRET_OF_OTHERS if of_others else set())
    return [f for f in model._meta.concrete_fields if f.name not in hidden and not isinstance(f, BinaryField)]


def _row(row: Model) -> dict[str, Any]:
    """What a row says, in the words a reader knows: a choice by its label, another row by its name."""
    told = {}
    for field in fields_told(row):
        value = getattr(row, field.name)
        if field.is_relation:
            value = None if value is None else _related(value)
        elif field.choices:
            value = str(dict(field.flatchoices).get(value, value))
        elif not isinstance(value, (str, int, float, bool, dict, list, dt.date, type(None))):
            value = str(value)
        told[field.name] = value
    return told


def _related(value: Model) -> str:
    """Another person by id alone: what is stored on the one who asks is not theirs to hand out."""
    return str(value.opaque_id) if isinstance(value, Person) else str(value)


def _sessions(person: Person) -> Section:
    rows = [
        {"signed_in_by": held.get("signed_in_by", ""), "expire_date": session.expire_date}
        for session, held in sessions_of(person)
    ]
    return Section("sessions.Session", _("Åpne innlogginger"), rows)
