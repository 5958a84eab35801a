"""Two things at once: a lead's two last keys, and two accounts at the issuer with one address."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from agencies import oidc, second_step
from agencies.models import Person, PersonManager
from agencies.second_step import remove_key
from tests.factories import make_lead
from tests.races import at_once, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def remover(person_id: int, key_id: int):
    person, key = Person.objects.get(pk=person_id), Authenticator.objects.get(pk=key_id)
    return lambda: remove_key(person=person, key=key)


def two_keys(lead) -> list[int]:
    made = [Authenticator.objects.create(user=lead, type="webauthn", data={"name": name}) for name in "ab"]
    return [key.pk for key in made]


def test_of_two_last_keys_removed_at_once_one_stays():
    lead = make_lead()
    outcomes = at_once(*(remover(lead.pk, key) for key in two_keys(lead)))
    assert sorted(outcome for outcome, _words in outcomes) == ["RefusedToRemove", "done"]
    assert Authenticator.objects.count() == 1


def test_without_the_lock_both_would_go(monkeypatch):
    lead = make_lead()
    calls = [remover(lead.pk, key) for key in two_keys(lead)]
    monkeypatch.setattr(PersonManager, "select_for_update", lambda manager: manager.all())
    monkeypatch.setattr(second_step, "keys_of", meeting_after_reading(second_step.keys_of))
    at_once(*calls)
    assert Authenticator.objects.count() == 0


def meeting_after_reading(keys_of):
    """`keys_of`, read at once and waited for: each process then decides by what it saw."""

    class Seen:
        def __init__(self, keys):
            self.seen = list(keys)

        def exclude(self, pk):
            return Seen([key for key in self.seen if key.pk != pk])

        def exists(self):
            return bool(self.seen)

    return meeting_after(lambda person: Seen(keys_of(person)), parties=2)


def test_two_accounts_of_the_issuer_with_one_address_are_not_both_linked(settings):
    settings.OIDC_EMAIL_DOMAINS = []
    lead = make_lead()

    def link(subject: str):
        claims = {"iss": "https://issuer.example", "sub": subject, "email": lead.email, "email_verified": True}
        return lambda: oidc.person_behind(claims) is not None

    outcomes = at_once(link("s-1"), link("s-2"), link("s-3"))
    assert sorted(outcomes) == [("done", "False"), ("done", "False"), ("done", "True")]
    assert SocialAccount.objects.count() == 1


def test_one_account_from_two_tabs_is_linked_once():
    lead = make_lead()
    claims = {"iss": "https://issuer.example", "sub": "s-1", "email": lead.email, "email_verified": True}
    outcomes = at_once(*[lambda: oidc.person_behind(claims) is not None] * 3)
    assert outcomes == [("done", "True")] * 3
    assert SocialAccount.objects.count() == 1
