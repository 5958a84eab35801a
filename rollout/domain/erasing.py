"""Forgetting a person: name and address go, what was signed and done stays under an id that tells nobody who it was."""

import datetime as dt
import re
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import ForeignObjectRel, Q
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from agencies.models import Person, Role, RoleName
from agencies.sessions import SessionStore
from rollout.domain.inviting import end_role
from rollout.domain.locks import lock_plan, lock_table
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.models import EmailState, EventKind, LastSeen, MailChoice, OutgoingEmail, Rollout

#: Whose tables hold the plan; what other apps keep on a person (log-ins, devices, issuers) is theirs alone, and goes.
OURS = ("agencies", "rollout")


@transaction.atomic
def erase(*, person: Person, by: Person | None, now: dt.datetime) -> Person:
    """Remove a person's name and address for good. `by`: the person or a project lead; None: retention did it.

    Roles and sessions end in the same transaction. Signatures, decisions and events keep pointing at the row, whose
    `opaque_id` an export of a signature names before and after. Mail to the person is emptied, what waits is not sent,
    and mail to others no longer names them. Invited again, the address is somebody new.

    Free text that people have typed is not searched: each such field asks not to write of persons.

    Raises:
        Refused: erased already, the last project lead, or a message to the person is being sent this moment.
    """
    active = Rollout.objects.active()
    rollout = lock_plan(active.pk) if active else None
    lock_table(Role)  # an invitation either came before, and its role ends here, or finds the address free
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.erased_at is not None:
        raise Refused(_("Opplysningene om denne personen er alt slettet."))
    messages = list(OutgoingEmail.objects.select_for_update(no_key=True).filter(person=person).order_by("pk"))
    if any(message.state == EmailState.CLAIMED for message in messages):
        raise Refused(_("En e-post til personen sendes akkurat nå. Prøv igjen om et minutt."))
    _refuse_last_lead(person)
    change = new_change()
    held = list(person.roles.current().order_by("pk"))
    for role in held:
        end_role(role=role, by=by, now=now, change=change)
    # Those whose roles ended may have been withdrawn and written anew, for what was left.
    _empty(list(OutgoingEmail.objects.select_for_update(no_key=True).filter(person=person).order_by("pk")))
    _leave_out_of_other_mail(person)
    person.email = f"slettet-{person.opaque_id}@invalid"  # a name that can never receive mail (RFC 2606)
    person.name, person.is_active, person.last_login, person.erased_at = "", False, None, now
    person.mail_refused_at, person.mail_refusal = None, ""  # the server's words name the address
    erased = ["email", "name", "is_active", "last_login", "erased_at", "mail_refused_at", "mail_refusal"]
    person.save(update_fields=erased)
    LastSeen.objects.filter(person=person).delete()
    MailChoice.objects.filter(person=person).delete()
    sign_out_everywhere(person)
    forget_in_other_apps(person)
    if rollout is not None:
        record(
            rollout=rollout,
            kind=EventKind.PERSON_ERASED,
            by=by,
            at=now,
            after={"person": person.pk, "roles_ended": len(held)},
            change=change,
        )
    return person


def _refuse_last_lead(person: Person) -> None:
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD, person__is_active=True)
    if leads.filter(person=person).exists() and not leads.exclude(person=person).exists():
        raise Refused(_("Den siste prosjektlederen kan ikke slettes. Inviter en ny prosjektleder først."))


def _empty(messages: list[OutgoingEmail]) -> None:
    """Keep that the message was sent and when; not to whom and not what it said."""
    for message in messages:
        if message.can_be_taken_back:
            message.state, message.claim, message.settled_at = EmailState.WITHDRAWN, None, timezone.now()
        message.to_address = f"slettet-{message.person.opaque_id}@invalid"
        message.text = message.html = message.calendar = message.last_error = ""
    emptied = ["state", "claim", "settled_at", "to_address", "text", "html", "calendar", "last_error"]
    OutgoingEmail.objects.bulk_update(messages, emptied)


def _leave_out_of_other_mail(person: Person) -> None:
    """Where mail to others names the person (who asked, who signed), it says so no longer."""
    names = [word for word in (person.email, person.name.strip()) if word]
    named = Q()
    for word in names:
        for field in ("headline", "text"):
            named |= Q(**{f"{field}__icontains": word})
        named |= Q(html__icontains=word) | Q(html__icontains=escape(word))
    instead = _("(slettet)")
    found = list(OutgoingEmail.objects.select_for_update(no_key=True).filter(named).exclude(person=person))
    for message in found:
        for word in names:
            message.headline = _without(word, message.headline, instead)
            message.text = _without(word, message.text, instead)
            message.html = _without(escape(word), _without(word, message.html, instead), instead)
    OutgoingEmail.objects.bulk_update(found, ["headline", "text", "html"])


def _without(word: str, text: str, instead: str) -> str:
    """The whole word only: "Bo" does not stand in "Bonus"."""
    return re.sub(rf"(?<![\w.+-]){re.escape(word)}(?!\w)", instead, text, flags=re.IGNORECASE)


def sessions_of(person: Person) -> list[tuple[Session, dict[str, Any]]]:
    """The person's open sessions, with what each holds. Reads them all: whose they are stands inside."""
    opened = Session.objects.filter(expire_date__gt=timezone.now())
    read = [(session, SessionStore().decode(session.session_data)) for session in opened]
    return [(session, held) for session, held in read if held.get("_auth_user_id") == str(person.pk)]


def sign_out_everywhere(person: Person) -> None:
    for session, _held in sessions_of(person):
        SessionStore(session.session_key).delete()


def relations_of_other_apps() -> list[ForeignObjectRel]:
    """What points at a person from outside the plan: sign-in addresses, devices, issuers, sessions seen."""
    related = [found for found in Person._meta.get_fields() if isinstance(found, ForeignObjectRel)]
    return [found for found in related if found.related_model._meta.app_label not in OURS]


def forget_in_other_apps(person: Person) -> int:
    """Delete the rows that the installed sign-in apps keep on a person, whichever those are. Returns how many."""
    return sum(
        found.related_model._base_manager.filter(**{found.field.name: person}).delete()[0]
        for found in relations_of_other_apps()
    )
