"""Letting people in: a role for an address. Nobody signs up by themselves."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import CENTRAL_ROLES, Agency, Person, Role, RoleName
from rollout.domain.locks import lock_table
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
    # One invitation at a time: two at once would both find that there is no project lead.
    lock_table(Role)
    role = RoleName(role)
    _refuse_wrong_place(role, agency)
    if by is None:
        _refuse_unless_first_lead(role)
    email = email.strip().lower()
    person = Person.objects.filter(email=email).first() or Person.objects.create_user(email, name)
    if Role.objects.current().filter(person=person, role=role, agency=agency).exists():
        where = _(" i %(agency)s") % {"agency": agency} if agency else ""
        raise Refused(_("%(email)s er alt %(role)s%(where)s.") % {"email": email, "role": role.label, "where": where})
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
    given = Role.objects.create(person=person, role=role, agency=agency, since=now)
    rollout = Rollout.objects.active()
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
