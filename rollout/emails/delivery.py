"""The mail about mail, and mail sent again.

To the leads, as it happens: a message could not be delivered. And a message once more, as true as it is now.
"""

import datetime as dt

from agencies.models import Agency, Role
from rollout.emails.dates import drafts_for, holds, wave_of
from rollout.emails.openings import all_staff_open
from rollout.emails.writing import Draft, link_to, to_leads, write
from rollout.models import EmailKind, EventKind, OutgoingEmail, PlanEvent, Wave


def write_failed(message: OutgoingEmail, *, address_refused: bool, now: dt.datetime) -> None:
    """One for each message that failed, whoever finds it; in the transaction that says that it failed."""
    drafts = failed(message, address_refused=address_refused)
    write(drafts, rollout=message.rollout, occurrence=_key(message), now=now)


def failed(message: OutgoingEmail, *, address_refused: bool) -> list[Draft]:
    """To the leads: which message, why, and which agencies its reader belongs to."""
    held = Role.objects.current().filter(person=message.person)
    context = {
        "message": message,
        "address_refused": address_refused,
        "agencies": list(Agency.objects.filter(roles__in=held).distinct().in_norwegian_order()),
        "link": link_to(message.rollout, f"mail/{message.pk}/"),
    }
    return to_leads(EmailKind.DELIVERY_FAILED, _key(message), message.rollout, context)


def _key(message: OutgoingEmail) -> str:
    return f"email:{message.pk}"


def draft_again(message: OutgoingEmail) -> Draft | None:
    """The message as it is to be sent once more. None: it is no longer true, or no longer for this person.

    An opening is told anew from the facts, so that it names the dates that hold, and the agencies that are the
    person's. What else tells where agencies stand is told in the same words while they stand there and are the
    person's; and the rest too, unless it is of a wave whose dates have been set since.
    """
    person = message.person
    if not person.is_active or not Role.objects.current().filter(person=person).exists():
        return None
    wave = wave_of(message)
    if message.kind == EmailKind.LEADERS_OPEN:
        return next(iter(drafts_for(message, now=message.written_at)), None)
    if message.kind == EmailKind.ALL_STAFF_OPEN and wave:
        let_in = wave.placements.filter(all_staff_access_at__lte=message.written_at).select_related("agency")
        drafts = all_staff_open(wave=wave, placements=list(let_in), now=message.written_at)
        return next((draft for draft in drafts if draft.person == person), None)
    if message.told:
        if not holds(message):
            return None
    elif wave and _dates_set_since(message, wave):
        return None
    return Draft(
        EmailKind(message.kind),
        message.subject,
        person,
        message.headline,
        message.text,
        message.html,
        in_reply_to=message.in_reply_to,
        told=message.told,
        calendar=message.calendar,
    )


def write_again(message: OutgoingEmail, draft: Draft, *, event: PlanEvent, now: dt.datetime) -> OutgoingEmail:
    """The draft as a row that names, in `resends`, the one it is sent in place of."""
    (written,) = write([draft], rollout=message.rollout, occurrence=f"event:{event.pk}", now=now)
    written.resends = message
    written.save(update_fields=["resends"])
    return written


def _dates_set_since(message: OutgoingEmail, wave: Wave) -> bool:
    event = message.occurrence.removeprefix("event:")
    since = wave.events.filter(kind=EventKind.DATES_SET)
    return since.filter(pk__gt=int(event)).exists() if event.isdecimal() else since.exists()
