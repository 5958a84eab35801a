"""Which mail comes to whom by role, and which of it one may leave: asked wherever such mail is written."""

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Q, QuerySet

from agencies.models import CENTRAL_ROLES, Person, Role, RoleName
from rollout.models import EmailKind, MailChoice

LEADS = frozenset({RoleName.PROJECT_LEAD})
ANSWERS = frozenset({RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF})
AT_OPENINGS = ANSWERS | {RoleName.KEY_PERSON}
ACTS = ANSWERS | {RoleName.DEPUTY}


class Choice(NamedTuple):
    """Who may get a kind that is no duty, and who of them get it unless they have said otherwise."""

    may_get: frozenset[RoleName]
    by_default: frozenset[RoleName]


CHOICES: dict[EmailKind, Choice] = {
    EmailKind.WEEKLY_STATUS: Choice(frozenset(CENTRAL_ROLES), LEADS | {RoleName.SPONSOR}),
    EmailKind.TO_DO: Choice(ANSWERS, ANSWERS),
    EmailKind.AGENCY_WEEK: Choice(frozenset({RoleName.COMMUNICATION_CHIEF}), frozenset({RoleName.COMMUNICATION_CHIEF})),
}
#: What nobody can leave: it tells of what has happened, or asks for what only the reader can do.
DUTIES: dict[EmailKind, frozenset[RoleName]] = {
    EmailKind.YOUR_DATES: ANSWERS,
    EmailKind.LEADERS_OPEN: AT_OPENINGS,
    EmailKind.ALL_STAFF_OPEN: AT_OPENINGS,
    EmailKind.DATE_CHANGED: AT_OPENINGS,
    EmailKind.DEFERRED: ANSWERS | LEADS,
    EmailKind.HELD: ANSWERS | LEADS,
    EmailKind.GUIDELINES_CHANGED: ANSWERS,
    EmailKind.SIGN_RECEIPT: ACTS,
    EmailKind.REQUEST: LEADS | {RoleName.AGENCY_HEAD},
    EmailKind.ANSWER: ACTS,
    EmailKind.NO_DECISION: LEADS,
    EmailKind.DELIVERY_FAILED: LEADS,
    EmailKind.INVITED: frozenset(RoleName),
}


def wanted_by(kind: EmailKind) -> QuerySet[Person]:
    """Those who get a kind that is no duty: by their role of today, unless they have left it, or as subscribers."""
    choice, said = CHOICES[kind], MailChoice.objects.filter(kind=kind)
    by_default = Q(pk__in=_holders(choice.by_default)) & ~Q(pk__in=said.filter(wanted=False).values("person"))
    subscribed = Q(pk__in=_holders(choice.may_get)) & Q(pk__in=said.filter(wanted=True).values("person"))
    return Person.objects.filter(by_default | subscribed, is_active=True).order_by("email")


def wants(person: Person, kind: EmailKind) -> bool:
    return wanted_by(kind).filter(pk=person.pk).exists()


def _holders(roles: Collection[RoleName]) -> QuerySet:
    return Role.objects.current().filter(role__in=roles).values("person")
