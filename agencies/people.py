"""Who holds a role at an agency now, in the order in which they are shown; and forgetting how somebody signs in."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction

from agencies.models import Agency, Person, Role, RoleName

ORDER = [RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY, RoleName.KEY_PERSON]


def people_of(agency: Agency) -> list[Role]:
    held = Role.objects.current().filter(agency=agency, person__is_active=True).select_related("person")
    return sorted(held, key=lambda role: (ORDER.index(RoleName(role.role)), role.person.email))


@transaction.atomic
def forget_sign_in(person: Person) -> None:
    """Take keys, links to issuers and sessions away: open sessions end at once. Roles and what was signed stand."""
    for session in UserSession.objects.filter(user=person):
        session.end()
    for held in (Authenticator, SocialAccount, EmailAddress):
        held.objects.filter(user=person).delete()
