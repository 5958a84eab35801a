"""Letting people in, and out again: a role for an address. Nobody signs up by themselves."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import CENTRAL_ROLES, Agency, Person, Role, RoleName
from rollout.domain.locks import lock_plan, lock_table
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, Rollout


@transaction.atomic
def invite(
    *, email: str, role: str, agency: Agency | None = None, by: Person | None, now: dt.datetime, name: str = ""
) -> Role:
    """Give the person with this address a role, from now on. Writes an event when there is a rollout to write it in.

    `by` None: the very first project lead, whom nobody could have invited.

    Raises:
        Refused: the role is held already, needs an agency or cannot have one, or there is nobody to answer for it.
    """
    rollout = _lock()
    role = RoleName(role)
    _refuse_wrong_place(role, agency)
    if by is None:
        _refuse_unless_first_lead(role)
    email = email.strip().lower()
    person = Person.objects.filter(email=email).first() or Person.objects.create_user(email, name)
    if Role.objects.current().filter(person=person, role=role, agency=agency).exists():
        raise Refused(
            _("%(email)s er alt %(role)s%(where)s.") % {"email": email, "role": role.label, "where": _where(agency)},
            field="email",
        )
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
    given = Role.objects.create(person=person, role=role, agency=agency, since=now)
    if rollout is not None:
        record(
            rollout=rollout,
            kind=EventKind.ROLE_GIVEN,
            by=by,
            at=now,
            agency=agency,
            after={"person": person.pk, "role": str(role)},
        )
    return given


@transaction.atomic
def end_role(*, role: Role, by: Person | None, now: dt.datetime, change: uuid.UUID | None = None) -> Role:
    """Take a role from the person who holds it, from now on: the access it gave ends at once, in open sessions too.

    What the person has confirmed and signed stands. Writes an event when there is a rollout to write it in.

    Raises:
        Refused: it has ended already, or it is the last project lead's: nobody would be left to invite the next.
    """
    rollout = _lock()
    role = Role.objects.select_related("person", "agency").get(pk=role.pk)
    words = {"who": role.person, "role": role.get_role_display(), "where": _where(role.agency)}
    if role.until is not None:
        raise Refused(_("%(who)s er ikke lenger %(role)s%(where)s.") % words)
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD, person__is_active=True)
    if role.role == RoleName.PROJECT_LEAD and not leads.exclude(pk=role.pk).exists():
        raise Refused(_("%(who)s er den siste prosjektlederen. Inviter en ny først.") % words)
    role.until = max(now, role.since)
    role.save(update_fields=["until"])
    if rollout is not None:
        record(
            rollout=rollout,
            kind=EventKind.ROLE_ENDED,
            by=by,
            at=now,
            agency=role.agency,
            before={"person": role.person_id, "role": role.role},
            change=change,
        )
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


def _refuse_unless_first_lead(role: RoleName) -> None:
    if role != RoleName.PROJECT_LEAD:
        raise Refused(_("Den første som inviteres, må være prosjektleder (project_lead)."))
    if Role.objects.current().filter(role=RoleName.PROJECT_LEAD).exists():
        raise Refused(_("Det finnes alt en prosjektleder. Si hvem som inviterer, med --by."))
