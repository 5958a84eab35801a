"""Facts in, message rows out: who is told what, in which words. Never sends (`rollout.delivery` does).

A verb asks for drafts and writes them in its own transaction, so that a message exists exactly when the fact does
(rule 10). A person gets one mail that lists all their agencies.
"""

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
from rollout import emails_html
from rollout.emails_choosing import wanted_by
from rollout.models import (
    OSLO,
    EmailKind,
    EmailState,
    Lesson,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Rollout,
    StatusReport,
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


def leaders_open(*, wave: Wave, placements: Sequence[Placement], now: dt.datetime) -> list[Draft]:
    """To the head, the chief and the key people of each agency whose leaders get access (rule 6)."""
    opened = wave.leaders_opened_at or now
    return _to_agencies(
        EmailKind.LEADERS_OPEN,
        step=Step.LEADERS,
        wave=wave,
        placements=placements,
        opened_on=max(_day(opened), wave.leaders_on),
        lessons=list(Lesson.objects.for_wave(wave)) if placements else [],
    )


def all_staff_open(*, wave: Wave, placements: Sequence[Placement], now: dt.datetime) -> list[Draft]:
    """To the same people, for each agency where everyone gets access; later for one that was held (rule 6)."""
    return _to_agencies(
        EmailKind.ALL_STAFF_OPEN,
        step=Step.ALL_STAFF,
        wave=wave,
        placements=placements,
        opened_on=max(_day(now), wave.all_staff_on),
    )


def held(*, wave: Wave, held: Sequence[tuple[Placement, Sequence[str]]], now: dt.datetime) -> list[Draft]:
    """These were passed over at the all-staff opening, each with its problems in sentences: all of them to the leads,
    and to the head and the chief of each their own. A lead who is one of those hears of all at once.
    """
    if not held:
        return []
    reasons = {placement.agency_id: list(why) for placement, why in held}
    shared = {"wave": wave, "opened_on": max(_day(now), wave.all_staff_on)}
    everyone = [{"agency": placement.agency, "reasons": reasons[placement.agency_id]} for placement, _why in held]
    to_leads = shared | {"held": everyone, "to_lead": True, "link": _link(wave.rollout, f"waves/{wave.number}/")}
    to_leads["names"] = _names([placement.agency.name for placement, _why in held])
    subject = _subject(wave, Step.ALL_STAFF)
    drafts = _to_central(EmailKind.HELD, subject, wave.rollout, to_leads)
    leads = {draft.person for draft in drafts}
    told = _told([placement for placement, _why in held], roles=ANSWERS_FOR_AGENCY)
    for person, places in told.items():
        if person in leads:
            continue
        context = _frame(wave.rollout) | shared | {"person": person, "link": _link(wave.rollout, "my/")}
        context["held"] = [
            {"agency": place.agency, "roles": place.roles, "reasons": reasons[place.agency.pk]} for place in places
        ]
        context["names"] = _names([place.agency.name for place in places])
        drafts.append(Draft(EmailKind.HELD, subject, person, *render(EmailKind.HELD, context)))
    return drafts


def no_decision(*, wave: Wave, step: Step, now: dt.datetime) -> list[Draft]:
    """To the leads: the date came without a go, so nothing opened (rule 6)."""
    context = {
        "wave": wave,
        "step": step,
        "day": wave.day_of(step),
        "agencies": [placement.agency for placement in wave.placements.placed().select_related("agency")],
        "link": _link(wave.rollout, f"waves/{wave.number}/"),
    }
    return _to_central(EmailKind.NO_DECISION, _subject(wave, step), wave.rollout, context)


def weekly_status(*, report: StatusReport, now: dt.datetime) -> list[Draft]:
    """To the leads, the sponsor and who subscribes: the week's frozen figures. Templates read `report`, `figures`."""
    context = {
        "report": report,
        "figures": report.figures,
        "link": _link(report.rollout, f"status/{report.label}/"),
    }
    readers = wanted_by(EmailKind.WEEKLY_STATUS)
    return _to_people(EmailKind.WEEKLY_STATUS, f"week:{report.label}", report.rollout, context, readers)


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
        html = emails_html.to_html(get_template(f"emails/{kind}/body.html").render(context))
    return context["headline"], text, html


def _plain(template_name: str, context: dict[str, Any]) -> str:
    template = cast(
        Any, get_template(template_name)
    ).template  # the engine's own, which takes the escaping as it is told
    text = template.render(Context(context, autoescape=False))
    return re.sub(r"\n{3,}", "\n\n", text)


def _to_agencies(
    kind: EmailKind,
    *,
    step: Step,
    wave: Wave,
    placements: Sequence[Placement],
    opened_on: dt.date,
    lessons: Sequence[Lesson] = (),
) -> list[Draft]:
    shared = {
        **_frame(wave.rollout),
        "wave": wave,
        "opened_on": opened_on,
        "lessons": lessons,
    }
    drafts = []
    for person, places in _told(placements).items():
        context = {
            **shared,
            "person": person,
            "places": places,
            "names": _names([place.agency.name for place in places]),
            "link": _link(wave.rollout, "my/"),
        }
        told = {place.agency.slug: place_of(wave) for place in places}
        drafts.append(Draft(kind, _subject(wave, step), person, *render(kind, context), told=told))
    return drafts


def _to_central(kind: EmailKind, subject: str, rollout: Rollout, context: dict[str, Any]) -> list[Draft]:
    """To the leads."""
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD).values("person")
    people = Person.objects.filter(is_active=True, pk__in=leads).order_by("email")
    return _to_people(kind, subject, rollout, context, people)


def _to_people(
    kind: EmailKind, subject: str, rollout: Rollout, context: dict[str, Any], people: Iterable[Person]
) -> list[Draft]:
    context = {**_frame(rollout), **context}
    return [Draft(kind, subject, person, *render(kind, {**context, "person": person})) for person in people]


def _leaders_open_to(people: Sequence[Person], wave: Wave, *, now: dt.datetime) -> list[Draft]:
    placements = list(wave.placements.filter(leaders_access_at__isnull=False).select_related("agency"))
    return [draft for draft in leaders_open(wave=wave, placements=placements, now=now) if draft.person in people]


def _withdraw(messages: Iterable[OutgoingEmail]) -> list[OutgoingEmail]:
    """Take back those that have not been handed over, and return them. The caller has locked the rows.

    A worker that has claimed one finds it gone when it is about to hand it over.
    """
    waiting = [message for message in messages if message.can_be_taken_back]
    OutgoingEmail.objects.filter(pk__in=[message.pk for message in waiting]).update(
        state=EmailState.WITHDRAWN, claim=None, settled_at=timezone.now()
    )
    return waiting


def _told(
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
    told: dict[Person, dict[Agency, list[str]]] = {}
    with translation.override(LANGUAGE):
        for role in held_roles:
            told.setdefault(role.person, {}).setdefault(role.agency, []).append(str(role.get_role_display()))
        return {
            person: [
                AgencyRoles(agency, get_text_list(held, _("og")), headcounts[agency.pk])
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


def _frame(rollout: Rollout) -> dict[str, Any]:
    """What every mail needs: the rollout, whom to ask, and where the reader chooses what to get."""
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD, person__is_active=True)
    contact = rollout.contact_email or leads.order_by("since", "id").values_list("person__email", flat=True).first()
    choices = f"{settings.SITE_URL}/varsler/"
    return {"rollout": rollout, "tool": rollout.tool_name, "contact": contact or "", "choices_link": choices}


def _names(names: list[str]) -> str:
    """One or two agencies by name, more as a number: a headline has to be short."""
    with translation.override(LANGUAGE):
        if len(names) > 2:
            return _("%(number)s virksomheter") % {"number": len(names)}
        return get_text_list(names, _("og"))


def _subject(wave: Wave, step: Step) -> str:
    return f"wave:{wave.number}:{step}"


def _link(rollout: Rollout, path: str) -> str:
    """A plain address: no token, so that forwarding the mail gives nobody anything (rule 11)."""
    return f"{settings.SITE_URL}/r/{rollout.slug}/{path}"


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(OSLO).date()


def _sender_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
