"""From facts to rows: a draft, what every mail has in common, and the rows of the outbox."""

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any, cast

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from agencies.models import Agency, Person, Role, RoleName
from rollout.emails.html import to_html
from rollout.models import (
    OSLO,
    EmailKind,
    EmailState,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Rollout,
    Step,
    Wave,
)

#: Who at an agency is told that its wave opens.
TOLD_OF_OPENINGS = (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.KEY_PERSON)
#: Who at an agency is told of its place and dates.
ANSWERS_FOR_AGENCY = (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF)
#: States in which the reader has the message, or may have it (but see `OutgoingEmail.can_be_taken_back`).
TOLD = (EmailState.CLAIMED, EmailState.SENT, EmailState.UNKNOWN)
HEADLINE_LENGTH = OutgoingEmail._meta.get_field("headline").max_length
LANGUAGE = "nb"
_headlines_alone = ContextVar("headlines_alone", default=False)


#: Where an agency stands, as a message tells it: `OutgoingEmail.told`.
type Place = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A message as its reader will see it, not yet a row. `subject` is what it tells of, as in the row's key."""

    kind: EmailKind
    subject: str
    person: Person
    headline: str
    text: str
    html: str
    in_reply_to: str = ""
    told: dict[str, Place] = field(default_factory=dict)
    calendar: str = ""


@dataclass(frozen=True)
class AgencyRoles:
    """An agency and what the reader is there, so that the mail says why it came."""

    agency: Agency
    roles: str
    headcount: int
    only_key: bool  # a key person, and nothing else there


def write(
    drafts: Iterable[Draft],
    *,
    rollout: Rollout,
    occurrence: str,
    now: dt.datetime,
    not_before: dt.datetime | None = None,
) -> QuerySet[OutgoingEmail]:
    """Make the drafts rows under `occurrence` ("event:17") and return those that were not there already: asked for only
    where somebody reads them.

    `now` is the rollout's time, and so is `not_before`: what is not urgent waits until then. The unique key makes a
    second run write nothing. The Message-ID is settled here, so that every attempt to send bears the same one.
    """
    wait = max(not_before - now, dt.timedelta()) if not_before else dt.timedelta()
    may_leave, domain, request_id = timezone.now() + wait, _sender_domain(), _request_id()
    rows = [
        OutgoingEmail(
            rollout=rollout,
            kind=draft.kind,
            subject=draft.subject,
            occurrence=occurrence,
            person=draft.person,
            to_address=draft.person.email,
            headline=draft.headline,
            text=draft.text,
            html=draft.html,
            message_id=f"<{uuid.uuid4()}@{domain}>",
            in_reply_to=draft.in_reply_to,
            told=draft.told,
            calendar=draft.calendar,
            written_at=now,
            not_before=may_leave,
            request_id=request_id,
        )
        for draft in drafts
    ]
    OutgoingEmail.objects.bulk_create(rows, ignore_conflicts=True)
    return OutgoingEmail.objects.filter(message_id__in=[row.message_id for row in rows]).order_by("id")


def write_of(
    event: PlanEvent, drafts: Iterable[Draft], *, now: dt.datetime, not_before: dt.datetime | None = None
) -> QuerySet[OutgoingEmail]:
    """Make the drafts rows that tell of `event`."""
    occurrence = f"event:{event.pk}"
    return write(drafts, rollout=event.rollout, occurrence=occurrence, now=now, not_before=not_before)


def _request_id() -> str:
    """Of the request or task this happens in, as in its lines in the log; empty in a shell."""
    context = structlog.contextvars.get_contextvars()
    return str(context.get("request_id") or context.get("task_id") or "")[:64]


@contextmanager
def headlines_alone() -> Iterator[None]:
    """Within it messages are written without their text: for a rehearsal, which tells of thousands and sends none."""
    token = _headlines_alone.set(True)
    try:
        yield
    finally:
        _headlines_alone.reset(token)


def render(kind: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """The headline, the text and the HTML of one message, in bokmål whatever language the process speaks.

    Only the HTML is escaped, before it is read as MJML, so that no name can be taken for an element. A headline is one
    line, whatever stands in a name: it becomes a header.
    """
    with translation.override(LANGUAGE):
        headline = _plain(f"emails/{kind}/subject.txt", context)
        context = {**context, "headline": " ".join(headline.split())[:HEADLINE_LENGTH]}
        if _headlines_alone.get():
            return context["headline"], "", ""
        text = _plain(f"emails/{kind}/body.txt", context).strip() + "\n"
        html = to_html(get_template(f"emails/{kind}/body.html").render(context))
    return context["headline"], text, html


def _plain(template_name: str, context: dict[str, Any]) -> str:
    template = cast(
        Any, get_template(template_name)
    ).template  # the engine's own, which takes the escaping as it is told
    text = template.render(Context(context, autoescape=False))
    return re.sub(r"\n{3,}", "\n\n", text)


def to_leads(kind: EmailKind, subject: str, rollout: Rollout, context: dict[str, Any]) -> list[Draft]:
    """To the leads."""
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD).values("person")
    people = Person.objects.filter(is_active=True, pk__in=leads).order_by("email")
    return to_people(kind, subject, rollout, context, people)


def to_people(
    kind: EmailKind, subject: str, rollout: Rollout, context: dict[str, Any], people: Iterable[Person]
) -> list[Draft]:
    context = {**frame_of(rollout), **context}
    return [Draft(kind, subject, person, *render(kind, {**context, "person": person})) for person in people]


def withdraw(messages: Iterable[OutgoingEmail]) -> list[OutgoingEmail]:
    """Take back those that have not been handed over, and return them. The caller has locked the rows.

    A worker that has claimed one finds it gone when it is about to hand it over.
    """
    waiting = [message for message in messages if message.can_be_taken_back]
    OutgoingEmail.objects.filter(pk__in=[message.pk for message in waiting]).update(
        state=EmailState.WITHDRAWN, claim=None, settled_at=timezone.now()
    )
    return waiting


def readers_at(
    placements: Sequence[Placement], *, roles: Sequence[RoleName] = TOLD_OF_OPENINGS
) -> dict[Person, list[AgencyRoles]]:
    """Each person to tell, with all their agencies among `placements`, in one query."""
    headcounts = {placement.agency_id: placement.headcount for placement in placements}
    held_roles = (
        Role.objects.current()
        .filter(role__in=roles, agency__in=headcounts, person__is_active=True)
        .select_related("person", "agency")
        .order_by("person__email", "agency__name_sort_key", "pk")
    )
    told: dict[Person, dict[Agency, list[Role]]] = {}
    for role in held_roles:
        told.setdefault(role.person, {}).setdefault(role.agency, []).append(role)
    with translation.override(LANGUAGE):
        return {
            person: [
                AgencyRoles(
                    agency,
                    get_text_list([str(role.get_role_display()) for role in held], _("og")),
                    headcounts[agency.pk],
                    only_key=all(role.role == RoleName.KEY_PERSON for role in held),
                )
                for agency, held in places.items()
            ]
            for person, places in told.items()
        }


def place_of(wave: Wave | None) -> Place:
    """In the wave, with its two dates; None: in no wave."""
    if wave is None:
        return {"wave": None, "leaders_on": None, "all_staff_on": None}
    return {
        "wave": wave.number,
        "leaders_on": wave.leaders_on.isoformat(),
        "all_staff_on": wave.all_staff_on.isoformat(),
    }


def frame_of(rollout: Rollout) -> dict[str, Any]:
    """What every mail needs: the rollout, whom to ask, and where the reader chooses what to get."""
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD, person__is_active=True)
    contact = rollout.contact_email or leads.order_by("since", "id").values_list("person__email", flat=True).first()
    choices = f"{settings.SITE_URL}/varsler/"
    return {"rollout": rollout, "tool": rollout.tool_name, "contact": contact or "", "choices_link": choices}


def names_of(names: list[str]) -> str:
    """One or two agencies by name, more as a number: a headline has to be short."""
    with translation.override(LANGUAGE):
        if len(names) > 2:
            return _("%(number)s virksomheter") % {"number": len(names)}
        return get_text_list(names, _("og"))


def subject_of(wave: Wave, step: Step) -> str:
    return f"wave:{wave.number}:{step}"


def link_to(rollout: Rollout, path: str) -> str:
    """A plain address: no token, so that forwarding the mail gives nobody anything (rule 11)."""
    return f"{settings.SITE_URL}/r/{rollout.slug}/{path}"


def day_of(moment: dt.datetime) -> dt.date:
    return moment.astimezone(OSLO).date()


def _sender_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
