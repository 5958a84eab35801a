"""Who may let whom in: the table holds in the verb; a list is all or nothing; each who is let in hears of it once."""

import pytest

from agencies.models import Person, Role, RoleName
from rollout.domain import inviting
from rollout.domain.inviting import Address
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent
from tests.factories import NOW, give_role, make_agency, make_lead, make_people, make_rollout

pytestmark = pytest.mark.django_db
LEAD, HEAD, CHIEF = RoleName.PROJECT_LEAD, RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF
DEPUTY, KEY = RoleName.DEPUTY, RoleName.KEY_PERSON


@pytest.fixture
def kli():
    make_rollout()
    return make_agency("kli", name="Klimaetaten")


def invite(email: str, role: str, agency, by):
    return inviting.invite(email=email, role=role, agency=agency, by=by, now=NOW)


@pytest.mark.parametrize(
    ("inviter", "gives"),
    [
        (HEAD, {CHIEF, DEPUTY, KEY}),
        (CHIEF, {DEPUTY, KEY}),
        (DEPUTY, {KEY}),
        (KEY, set()),
        (RoleName.READER, set()),
    ],
)
def test_nobody_makes_their_own_superior_or_a_lead(inviter, gives, kli):
    by = give_role("by@example.org", inviter, None if inviter == RoleName.READER else kli)
    given = set()
    for role in RoleName:
        where = None if role in (LEAD, RoleName.SPONSOR, RoleName.READER) else kli
        try:
            invite("ny@example.org", role, where, by)
        except Refused as refused:
            assert "Det kan" in str(refused)
        else:
            given.add(role)
    assert given == gives


def test_a_chief_invites_to_their_own_agency_only(kli):
    chief = make_people(kli)["chief"]
    with pytest.raises(Refused, match="Du kan ikke gi"):
        invite("ny@example.org", KEY, make_agency("vav"), chief)


def test_who_lost_the_role_midway_invites_nobody(kli):
    chief = make_people(kli)["chief"]
    chief.roles.update(until=NOW)
    with pytest.raises(Refused):
        invite("ny@example.org", KEY, kli, chief)
    assert not Person.objects.filter(email="ny@example.org").exists()


def test_a_chief_ends_a_key_persons_role_and_not_the_heads(kli):
    people = make_people(kli)
    key, head = people["key1"].roles.get(), people["head"].roles.get()
    inviting.end_role(role=key, by=people["chief"], now=NOW)
    with pytest.raises(Refused, match="Du kan ikke gi eller avslutte rollen virksomhetsleder"):
        inviting.end_role(role=head, by=people["chief"], now=NOW)
    assert not Role.objects.current().filter(pk=key.pk).exists()
    assert Role.objects.current().filter(pk=head.pk).exists()


def test_anybody_may_lay_down_their_own_role(kli):
    key = make_people(kli)["key1"]
    inviting.end_role(role=key.roles.get(), by=key, now=NOW)
    assert not Role.objects.current().filter(person=key).exists()


def test_the_invited_hears_once_to_what_where_and_by_whom_without_a_token(kli):
    chief = make_people(kli)["chief"]
    role = invite("kari@example.org", KEY, kli, chief)
    mail = OutgoingEmail.objects.get()
    event = PlanEvent.objects.get(kind=EventKind.ROLE_GIVEN)
    assert (mail.kind, mail.person, mail.occurrence) == (EmailKind.INVITED, role.person, f"event:{event.pk}")
    assert mail.headline == "Du er nøkkelperson i Klimaetaten i Puljeplan"
    assert "Invitert av: kommunikasjonssjef i Klimaetaten." in mail.text
    assert chief.email not in mail.text + mail.html
    assert "/r/workplace-2018/my/kli/\n" in mail.text
    assert "?" not in mail.text


def test_a_lead_invites_a_lead_who_hears_of_it(kli):
    invite("lead2@example.org", LEAD, None, make_lead())
    mail = OutgoingEmail.objects.get()
    assert mail.headline == "Du er prosjektleder i Puljeplan"
    assert "Invitert av: prosjektleder." in mail.text


def test_the_first_lead_is_let_in_before_any_rollout_and_without_a_mail():
    inviting.invite(email="lead@example.org", role=LEAD, by=None, now=NOW)
    assert Role.objects.get().role == LEAD
    assert not OutgoingEmail.objects.exists()


def test_an_invitation_that_has_not_left_is_withdrawn_with_the_role(kli):
    lead = make_lead()
    role = invite("kari@example.org", KEY, kli, lead)
    inviting.end_role(role=role, by=lead, now=NOW)
    assert OutgoingEmail.objects.get().state == EmailState.WITHDRAWN


def many(agency, by, *emails):
    addresses = [Address(email, "", line) for line, email in enumerate(emails, 1)]
    return inviting.invite_many(addresses=addresses, role=KEY, agency=agency, by=by, now=NOW)


def test_a_list_lets_everybody_in_with_a_mail_each(kli):
    many(kli, make_people(kli, key_people=0)["chief"], "a@example.org", "b@example.org")
    assert Role.objects.current().filter(role=KEY).count() == 2
    assert OutgoingEmail.objects.filter(kind=EmailKind.INVITED).count() == 2


def test_of_a_list_given_again_only_who_is_new_is_let_in_and_hears_of_it(kli):
    chief = make_people(kli, key_people=0)["chief"]
    assert not many(kli, chief, "a@example.org", "b@example.org").held
    again = many(kli, chief, "B@example.org", "a@example.org", "ny@example.org")
    assert [role.person.email for role in again.given] == ["ny@example.org"]
    assert again.held == ["b@example.org", "a@example.org"]
    assert Role.objects.current().filter(role=KEY).count() == 3
    assert OutgoingEmail.objects.filter(kind=EmailKind.INVITED).count() == 3
    assert PlanEvent.objects.filter(kind=EventKind.ROLE_GIVEN).count() == 3


def test_one_who_is_invited_alone_and_holds_the_role_already_is_refused(kli):
    people = make_people(kli)
    with pytest.raises(Refused, match=r"^nokkelperson1.kli@example.org er alt nøkkelperson i Klimaetaten\.$"):
        invite(people["key1"].email, KEY, kli, people["chief"])
    assert not OutgoingEmail.objects.exists()
