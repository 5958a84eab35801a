"""Erasure: nothing names the person any more, and what was signed and done stands."""

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from agencies.models import Person, Role, RoleName
from rollout.domain import addressing, erasing, inviting, settling, signing_off
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, EventKind, LastSeen, MailChoice, OutgoingEmail, PlanEvent, SignOff
from tests.factories import NOW, at, give_role, make_agency, make_lead, make_person, make_rollout, place

pytestmark = pytest.mark.django_db

LATER = at("2018-03-01 09:00")
EMAIL, NAME = "kari.nordmann@kli.example.org", "Kari Nordmann"


@pytest.fixture
def world():
    rollout = make_rollout(waves=1)
    kli = place(make_agency("kli"), rollout.waves.get())
    kari = make_person(EMAIL, name=NAME)
    give_role(kari, RoleName.COMMUNICATION_CHIEF, kli.agency)
    make_lead()
    return kli


def kari() -> Person:
    return Person.objects.get(email=EMAIL)


def write_mail(placement, person, **fields) -> OutgoingEmail:
    number = OutgoingEmail.objects.count()
    return OutgoingEmail.objects.create(
        **{
            "rollout": placement.rollout,
            "kind": EmailKind.SIGN_RECEIPT,
            "subject": f"s{number}",
            "person": person,
            "to_address": person.email,
            "headline": "Kvittering",
            "text": f"Hei {NAME}",
            "html": f"<p>Hei {NAME}</p>",
            "message_id": f"<{number}@example.org>",
            "state": EmailState.SENT,
            "settled_at": NOW,
            "not_before": NOW,
            "written_at": NOW,
        }
        | fields
    )


def every_word_in_the_database() -> str:
    """All tables as text, whatever app they belong to."""
    with connection.cursor() as cursor:
        words = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')
            words.append(cursor.fetchone()[0] or "")
    return "\n".join(words)


def test_no_table_names_who_was_erased(world):
    person, version = kari(), world.rollout.guideline_versions.get()
    signing_off.sign(
        placement=world,
        version=version,
        hash_seen=version.text_hash,
        by=person,
        role=RoleName.COMMUNICATION_CHIEF,
        signed_in_by="code",
        now=NOW,
    )
    write_mail(world, person, last_error=f"550 <{EMAIL}> unknown")
    write_mail(world, make_lead(), headline=f"{NAME} ber om ny dato", text=f"{NAME} ({EMAIL})", html=f"<b>{NAME}</b>")
    Client().force_login(person)
    LastSeen.objects.create(person=person, rollout=world.rollout, event_id=1, seen_at=NOW)
    MailChoice.objects.create(person=person, kind=EmailKind.TO_DO, wanted=False, chosen_at=NOW)
    words = every_word_in_the_database()
    assert EMAIL in words and NAME in words

    erasing.erase(person=person, by=make_lead(), now=LATER)

    words = every_word_in_the_database().lower()
    assert EMAIL not in words
    assert NAME.lower() not in words
    assert not LastSeen.objects.filter(person=person).exists()
    assert not MailChoice.objects.filter(person=person).exists()


def test_the_signature_stands_as_it_was_under_the_same_opaque_id(world):
    person, version = kari(), world.rollout.guideline_versions.get()
    signing_off.sign(
        placement=world,
        version=version,
        hash_seen=version.text_hash,
        by=person,
        role=RoleName.COMMUNICATION_CHIEF,
        signed_in_by="code",
        now=NOW,
    )
    before, opaque = SignOff.objects.values().get(), person.opaque_id
    erasing.erase(person=person, by=person, now=LATER)
    assert SignOff.objects.values().get() == before
    signer = SignOff.objects.get().person
    assert (signer.opaque_id, signer.name, signer.erased_at) == (opaque, "", LATER)
    assert str(opaque)[:8] in str(signer)


def test_roles_end_with_it_and_the_history_tells_by_id_alone(world):
    person, lead = kari(), make_lead()
    erasing.erase(person=person, by=lead, now=LATER)
    assert not person.roles.current().exists()
    erased = PlanEvent.objects.get(kind=EventKind.PERSON_ERASED)
    assert (erased.by, erased.after) == (lead, {"person": person.pk, "roles_ended": 1})
    assert PlanEvent.objects.get(kind=EventKind.ROLE_ENDED).change == erased.change


def test_an_open_session_ends_at_once(world):
    client = Client()
    client.force_login(kari())
    other = Client()
    other.force_login(make_lead())
    assert client.get("/r/workplace-2018/my/").status_code in (200, 302)
    erasing.erase(person=kari(), by=make_lead(), now=LATER)
    assert client.get("/r/workplace-2018/my/").url.startswith("/sign-in/")
    assert Session.objects.count() == 1  # the lead's own


def test_what_waited_to_be_sent_is_not_sent_and_what_was_sent_says_nothing_more(world):
    waiting = write_mail(world, kari(), state=EmailState.WAITING, settled_at=None)
    sent = write_mail(world, kari())
    erasing.erase(person=kari(), by=make_lead(), now=LATER)
    waiting.refresh_from_db()
    sent.refresh_from_db()
    assert (waiting.state, sent.state) == (EmailState.WITHDRAWN, EmailState.SENT)
    assert {waiting.text, sent.text, waiting.html, sent.html} == {""}
    assert sent.to_address.endswith("@invalid")


def test_while_a_message_is_on_its_way_erasure_waits(world):
    write_mail(world, kari(), state=EmailState.CLAIMED, claim="00000000-0000-4000-8000-000000000000", claimed_at=NOW)
    with pytest.raises(Refused, match="sendes akkurat nå"):
        erasing.erase(person=kari(), by=make_lead(), now=LATER)
    assert kari().name == NAME


def test_a_message_of_unknown_fate_is_never_sent_to_who_was_erased(world):
    message = write_mail(world, kari(), state=EmailState.UNKNOWN, settled_at=None)
    erasing.erase(person=kari(), by=make_lead(), now=LATER)
    assert settling.settle(message=message, was_sent=False, by=make_lead(), now=LATER).state == EmailState.WITHDRAWN


def test_a_name_inside_another_word_is_let_be(world):
    bo = give_role(make_person("bo@kli.example.org", name="Bo"), RoleName.KEY_PERSON, world.agency)
    message = write_mail(world, make_lead(), text="Bo og Bonus. bo@kli.example.org, limbo@kli.example.org", html="Bo")
    erasing.erase(person=bo, by=make_lead(), now=LATER)
    message.refresh_from_db()
    assert message.text == "(slettet) og Bonus. (slettet), limbo@kli.example.org"


def test_the_last_project_lead_is_not_erased(world):
    lead = make_lead()
    with pytest.raises(Refused, match="siste prosjektlederen"):
        erasing.erase(person=lead, by=lead, now=LATER)
    make_lead("en.til@example.org")
    assert erasing.erase(person=lead, by=lead, now=LATER).erased_at == LATER


def test_nobody_is_erased_twice(world):
    person = kari()
    erasing.erase(person=person, by=make_lead(), now=LATER)
    with pytest.raises(Refused, match="alt slettet"):
        erasing.erase(person=person, by=make_lead(), now=LATER)


def test_who_is_erased_is_never_given_an_address_again(world):
    person = erasing.erase(person=kari(), by=make_lead(), now=LATER)
    with pytest.raises(Refused, match="er slettet"):
        addressing.correct(person=person, email=EMAIL, rollout=world.rollout, by=make_lead(), now=LATER)
    assert not Person.objects.filter(email=EMAIL).exists()


def test_invited_again_the_address_is_somebody_new(world):
    old = kari()
    erasing.erase(person=old, by=make_lead(), now=LATER)
    inviting.invite(email=EMAIL, role=RoleName.KEY_PERSON, agency=world.agency, by=make_lead(), now=LATER)
    assert kari().pk != old.pk
    assert kari().opaque_id != old.opaque_id
    assert Role.objects.current().filter(person=old).count() == 0


def test_every_table_that_points_at_a_person_is_either_the_plans_or_is_emptied():
    """A sign-in app installed tomorrow is covered: what it keeps on a person is found by its foreign key."""
    pointing = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is Person
    }
    others = {found.related_model._meta.label for found in erasing.relations_of_other_apps()}
    assert "account.EmailAddress" in others
    assert {label for label in pointing if label.split(".")[0] not in erasing.OURS} <= others
