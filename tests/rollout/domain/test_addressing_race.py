"""One address for two at the same instant: one has it, the other hears a sentence.

The plan's lock alone would not do: a lead corrects the address from another rollout than the one that tells of roles.
"""

from functools import partial

import pytest

from agencies.models import Person, RoleName
from rollout.domain import addressing, inviting
from rollout.domain.refusals import Refused
from tests.factories import NOW, give_role, make_agency, make_lead, make_rollout
from tests.races import at_once, count, meeting_after
from tests.rollout.domain.test_inviting import at_the_same_time

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
NEW = "ny@example.org"


@pytest.fixture
def verbs():
    """Two corrections, each from a rollout of its own, and an invitation."""
    lead, kli = make_lead(), make_agency("kli")
    make_rollout(is_active=True)
    corrections = [
        partial(
            addressing.correct,
            person=give_role(f"{slug}@example.org", RoleName.AGENCY_HEAD, make_agency(slug)),
            email=NEW,
            rollout=make_rollout(slug=slug, name=slug, is_active=False),
            by=lead,
            now=NOW,
        )
        for slug in ("bre", "bym")
    ]
    return [*corrections, partial(inviting.invite, email=NEW, role=RoleName.DEPUTY, agency=kli, by=lead, now=NOW)]


def everybody_meets(monkeypatch, parties):
    """Both have found the address free before either takes it."""
    meet = meeting_after(lambda: None, parties=parties)
    give_address, create_user = addressing.give_address, Person.objects.create_user

    def given(*args):
        meet()
        give_address(*args)

    def created(*args):
        meet()
        return create_user(*args)

    monkeypatch.setattr(addressing, "give_address", given)
    monkeypatch.setattr(Person.objects, "create_user", created)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 2), (2, 0)])
def test_who_takes_an_address_that_another_has_just_taken_hears_a_sentence(verbs, first, second):
    landed, ended = at_the_same_time(verbs[first], verbs[second])

    assert not isinstance(landed, Refused)
    if second == 2:
        assert ended.person == Person.objects.get(email=NEW)  # the invitation is to who has it by now
    else:
        assert isinstance(ended, Refused) and "tilhører en annen" in str(ended)


def test_of_two_corrections_and_an_invitation_at_once_one_person_has_the_address(verbs):
    outcomes = at_once(*verbs)

    assert {outcome for outcome, _words in outcomes} <= {"done", "Refused"}, outcomes
    assert all("tilhører en annen" in words for outcome, words in outcomes if outcome == "Refused")
    assert outcomes[2][0] == "done"  # to who has it by now
    assert Person.objects.get(email=NEW).roles.filter(role=RoleName.DEPUTY).exists()


@pytest.mark.parametrize("others", [slice(0, 2), slice(1, 3)])
def test_control_without_the_lock_the_second_gets_an_error(verbs, monkeypatch, others):
    monkeypatch.setattr(addressing, "lock_table", lambda model: None)
    everybody_meets(monkeypatch, parties=2)
    outcomes = at_once(*verbs[others])
    assert (count(outcomes, "done"), count(outcomes, "IntegrityError")) == (1, 1), outcomes
