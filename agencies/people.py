"""Who holds a role at an agency now, in the order in which they are shown; how somebody signs in, and where."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from agencies.models import Agency, Person, Role, RoleName

ORDER = [RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY, RoleName.KEY_PERSON]


def people_of(agency: Agency) -> list[Role]:
    held = Role.objects.current().filter(agency=agency, person__is_active=True).select_related("person")
    return sorted(held, key=lambda role: (ORDER.index(RoleName(role.role)), role.person.email))


def has_key(person: Person) -> bool:
    """Whether somebody has a passkey or an app, so that who holds the mailbox alone does not get in."""
    return Authenticator.objects.filter(user=person).exists()


@transaction.atomic
def forget_sign_in(person: Person) -> None:
    """Take keys, links to issuers and sessions away: open sessions end at once. Roles and what was signed stand."""
    for session in UserSession.objects.filter(user=person):
        session.end()
    for held in (Authenticator, SocialAccount, EmailAddress):
        held.objects.filter(user=person).delete()


def forget_ended_sessions() -> None:
    """Delete the sessions that are over, by real time, and from which browser and network address each was used.

    Also of those who never got in: what they typed lies in theirs.
    """
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    # A session is there before the row that tells where it is used, so none that has just begun is taken.
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def give_address(person: Person, email: str) -> None:
    """Let the person have this address, lower case, in place of the one before, for signing in too.

    Whoever signed in with the old one is signed out: it may never have been theirs.
    """
    forget_sign_in(person)
    person.email, person.mail_refused_at, person.mail_refusal = email, None, ""
    person.save(update_fields=["email", "mail_refused_at", "mail_refusal"])
