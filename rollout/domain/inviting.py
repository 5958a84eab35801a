"""Letting people in, and out again: a role for an address. Nobody signs up by themselves."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from agencies.models import CENTRAL_ROLES, Agency, Person, Role, RoleName
from rollout import emails
from rollout.domain.locks import lock_plan, lock_table
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, OutgoingEmail, Rollout

#: Which roles who holds a role may give, and take away again: at their own agency only, but for the project leads.
#: Nobody makes their own superior, and no agency makes a project lead.
MAY_INVITE: dict[RoleName, frozenset[RoleName]] = {
    RoleName.PROJECT_LEAD: frozenset(RoleName),
    RoleName.AGENCY_HEAD: frozenset({RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY, RoleName.KEY_PERSON}),
    RoleName.COMMUNICATION_CHIEF: frozenset({RoleName.DEPUTY, RoleName.KEY_PERSON}),
    RoleName.DEPUTY: frozenset({RoleName.KEY_PERSON}),
}


class Address(NamedTuple):
    """Whom to invite: an e-mail address, a name if one was given, and the line of the list it stood on (0: none)."""

    email: str
    name: str = ""
    line: int = 0


class Invited(NamedTuple):
    """The roles that were given, and the addresses of those who held it already and were left as they are."""

    given: list[Role]
    held: list[str]


@transaction.atomic
def invite(
    *, email: str, role: str, agency: Agency | None = None, by: Person | None, now: dt.datetime, name: str = ""
) -> Role:
    """Give the person with this address a role, from now on. Writes an event and a mail where there is a rollout.

    `by` None: the very first project lead, whom nobody could have invited.

    Raises:
        Refused: the role is held already, needs an agency or cannot have one, is not `by`'s to give, or there is
            nobody to answer for it; or the address has letters that mail cannot be sent to.
    """
    invited = _invite([Address(email, name)], role=role, agency=agency, by=by, now=now, field="email")
    if invited.held:
        words = {"email": invited.held[0], "role": RoleName(role).label, "where": _where(agency)}
        raise Refused(_("%(email)s er alt %(role)s%(where)s.") % words, field="email")
    return invited.given[0]


@transaction.atomic
def invite_many(*, addresses: Sequence[Address], role: str, agency: Agency, by: Person, now: dt.datetime) -> Invited:
    """Give several people the same role at an agency, all or nothing. The same list twice is the same as once.

    Raises:
        Refused: the role is not `by`'s to give, or cannot be had at an agency; or, each with its line, what mail cannot
            be sent to.
    """
    return _invite(addresses, role=role, agency=agency, by=by, now=now, field="addresses")


def _invite(
    addresses: Sequence[Address],
    *,
    role: str,
    agency: Agency | None,
    by: Person | None,
    now: dt.datetime,
    field: str,
) -> Invited:
    rollout = _lock()
    role = RoleName(role)
    _refuse_wrong_place(role, agency)
    inviter = _inviter(by, role, agency)
    addresses = [address._replace(email=address.email.strip().lower()) for address in addresses]
    listed = [address.email for address in addresses]
    held = set(
        Role.objects.current()
        .filter(person__email__in=listed, role=role, agency=agency)
        .values_list("person__email", flat=True)
    )
    unsendable = [_at_line(address, why) for address in addresses if (why := not_to_be_sent_to(address.email))]
    if unsendable:
        raise Refused(unsendable, field=field)
    given = [_give(address, role, agency, now=now) for address in addresses if address.email not in held]
    if rollout is not None:
        frame = emails.people.frame(rollout)
        for one in given:
            event = record(
                rollout=rollout,
                kind=EventKind.ROLE_GIVEN,
                by=by,
                at=now,
                agency=agency,
                after={"person": one.person_id, "role": str(role)},
            )
            emails.write_of(event, [emails.people.invitation(one, inviter=inviter, frame=frame)], now=now)
    return Invited(given, [email for email in listed if email in held])


def _give(address: Address, role: RoleName, agency: Agency | None, *, now: dt.datetime) -> Role:
    person = Person.objects.filter(email=address.email).first()
    person = person or Person.objects.create_user(address.email, address.name)
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
    return Role.objects.create(person=person, role=role, agency=agency, since=now)


def _at_line(address: Address, said: str) -> str:
    return _("Linje %(line)s: %(said)s") % {"line": address.line, "said": said} if address.line else said


def not_to_be_sent_to(email: str) -> str:
    """Why no mail would reach the address, whoever has it; empty where it may."""
    if email.isascii():
        return ""
    return _("«%(text)s» kan ikke brukes. Skriv adressen uten æ, ø, å og andre spesialtegn.") % {"text": email[:80]}


@transaction.atomic
def end_role(*, role: Role, by: Person | None, now: dt.datetime, change: uuid.UUID | None = None) -> Role:
    """Take a role from the person who holds it, from now on: the access it gave ends at once, in open sessions too.

    What the person has confirmed and signed stands. Writes an event when there is a rollout to write it in; an
    invitation that has not left is withdrawn, and so is what tells of an agency that is no longer theirs; with the last
    role all that has not left.
    `by` None: the system.

    Raises:
        Refused: it has ended already, is not `by`'s to end, or it is the last project lead's: nobody would be left to
            invite the next.
    """
    rollout = _lock()
    role = Role.objects.select_related("person", "agency").get(pk=role.pk)
    words = {"who": role.person, "role": role.get_role_display(), "where": _where(role.agency)}
    if role.until is not None:
        raise Refused(_("%(who)s er ikke lenger %(role)s%(where)s.") % words)
    if by not in (None, role.person) and role.role not in may_give(by, role.agency):  # one's own one may give up
        raise Refused(_not_yours(by, RoleName(role.role), role.agency))
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD, person__is_active=True)
    if role.role == RoleName.PROJECT_LEAD and not leads.exclude(pk=role.pk).exists():
        raise Refused(_("%(who)s er den siste prosjektlederen. Inviter en ny først.") % words)
    role.until = max(now, role.since)
    role.save(update_fields=["until"])
    emails.people.withdraw_what_is_not_theirs(OutgoingEmail.objects.filter(person=role.person))
    if rollout is not None:
        event = record(
            rollout=rollout,
            kind=EventKind.ROLE_ENDED,
            by=by,
            at=now,
            agency=role.agency,
            before={"person": role.person_id, "role": role.role},
            change=change,
        )
        emails.dates.mend(event=event, now=now)
    return role


def _lock() -> Rollout | None:
    """The rollout whose history tells of roles, locked, and then the roles: one change of them at a time.

    Two invitations at once would both find that there is no project lead, two endings that there is another.
    """
    active = Rollout.objects.active()
    rollout = lock_plan(active.pk) if active else None
    lock_table(Role)
    return rollout


def _where(agency: Agency | None) -> str:
    return _(" i %(agency)s") % {"agency": agency} if agency else ""


def _refuse_wrong_place(role: RoleName, agency: Agency | None) -> None:
    if role in CENTRAL_ROLES and agency is not None:
        raise Refused(_("Rollen %(role)s gjelder hele kommunen. Utelat virksomheten.") % {"role": role.label})
    if role not in CENTRAL_ROLES and agency is None:
        raise Refused(_("Rollen %(role)s gjelder én virksomhet. Si hvilken.") % {"role": role.label})


def may_give(person: Person, agency: Agency | None) -> frozenset[RoleName]:
    """The roles that this person may give, and end, at the agency (None: for the whole municipality)."""
    return frozenset[RoleName]().union(*(MAY_INVITE[role] for role in _holds(person, agency)))


def _holds(person: Person, agency: Agency | None) -> list[RoleName]:
    """The roles that give the person leave to invite there, the highest first."""
    held = set(
        Role.objects.current().filter(Q(agency=agency) | Q(agency=None), person=person).values_list("role", flat=True)
    )
    return [role for role in MAY_INVITE if role in held]


def _inviter(by: Person | None, role: RoleName, agency: Agency | None) -> RoleName | None:
    """The role in which `by` gives it. None: nobody does."""
    if by is None:
        _refuse_unless_first_lead(role)
        return None
    inviter = next((held for held in _holds(by, agency) if role in MAY_INVITE[held]), None)
    if inviter is None:
        raise Refused(_not_yours(by, role, agency))
    return inviter


def _not_yours(by: Person, role: RoleName, agency: Agency | None) -> str:
    """Who may give the role, and what this person may give instead."""
    who = get_text_list([held.label for held in MAY_INVITE if role in MAY_INVITE[held]], _("og"))
    return _("Du kan ikke gi eller avslutte rollen %(role)s%(where)s. Det kan %(who)s.") % {
        "role": role.label,
        "where": _where(agency),
        "who": who,
    }


def _refuse_unless_first_lead(role: RoleName) -> None:
    if role != RoleName.PROJECT_LEAD:
        raise Refused(_("Den første som inviteres, må være prosjektleder (project_lead)."))
    if Role.objects.current().filter(role=RoleName.PROJECT_LEAD).exists():
        raise Refused(_("Det finnes alt en prosjektleder. Si hvem som inviterer, med --by."))
