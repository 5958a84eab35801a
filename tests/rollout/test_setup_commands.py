"""The commands that set things up: `create_rollout` and `invite`."""

import pytest

from agencies.models import Person, Role
from rollout.models import EventKind, LicenceBudget, PlanEvent, Rollout
from tests import factories
from tests.shell import LEAD, Ended, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout(db):
    factories.make_lead()
    rollout = factories.make_rollout(waves=2)
    for slug, employees in (("bns", 1650), ("kli", 37)):
        factories.place(factories.make_agency(slug, employees=employees))
    return rollout


# create_rollout


def test_the_first_rollout_has_all_it_needs_and_is_active(db):
    factories.make_lead()
    args = (
        "--tool",
        "Workplace",
        "--employees",
        "55400",
        "--source",
        "Eget tall",
        "--pool",
        "45000",
        "--price",
        "24,50",
    )
    ended = run("create_rollout", "workplace-2018", "Workplace i Oslo", *args, *LEAD)
    assert ended == Ended(0, "Workplace i Oslo er laget (aktiv): /r/workplace-2018/\n", "")
    rollout = Rollout.objects.get()
    assert rollout.is_active and not rollout.is_example
    assert (rollout.licence_pool.size, str(rollout.licence_pool.price_nok)) == (45000, "24.50")
    assert rollout.course_versions.get().steps.count() == 12
    text = rollout.guideline_versions.get().text
    assert text.startswith("# Kjøreregler for Workplace\n") and "{" not in text
    assert list(rollout.events.values_list("kind", flat=True)) == ["rollout_created", "guidelines_published"]


def test_the_next_rollout_waits_until_it_is_made_the_active_one(rollout):
    assert "(ikke aktiv)" in run("create_rollout", "teams-2019", "Teams", *LEAD).out
    assert Rollout.objects.active() == rollout
    assert "(aktiv)" in run("create_rollout", "slack-2020", "Slack", "--activate", *LEAD).out
    assert Rollout.objects.active().slug == "slack-2020"


def test_a_taken_slug_is_refused(rollout):
    ended = run("create_rollout", "workplace-2018", "En til", *LEAD)
    assert ended.code == 1 and "finnes fra før" in ended.err


@pytest.mark.parametrize(
    "args",
    [
        ("Å", "Navn"),
        ("STOR", "Navn"),
        ("ny", " "),
        ("ny", "Navn", "--price", "gratis"),
        ("ny", "Navn", "--price", "NaN"),
        ("ny", "Navn", "--price", "0.001"),
        ("ny", "Navn", "--pool", "-1"),
        ("ny", "Navn", "--pool", "3000000000"),
        ("ny", "Navn", "--employees", "3000000000"),
        ("ny", "Navn", "--tool", "v" * 61),
        ("ny", "Navn", "--source", "k" * 241),
        ("ny", "Navn", "--contact", f"a@{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 10}.no"),
        ("ny", "Et langt navn " * 6),  # which the tool would be called too
    ],
)
def test_a_rollout_with_a_bad_name_or_figure_is_wrong_usage(rollout, args):
    assert run("create_rollout", *args, *LEAD).code == 2


# set_pool


def test_a_rollout_made_without_licences_says_how_to_give_it_some(db):
    factories.make_lead()
    assert "set_pool" in run("create_rollout", "workplace-2018", "Workplace", *LEAD).out

    ended = run("set_pool", "45000", "--reason", "Avtalen er signert.", *LEAD)

    assert ended == Ended(0, "Avtalen har 45\xa0000 lisenser; 45\xa0000 er ledige.\n", "")
    event = PlanEvent.objects.latest("pk")
    assert (event.kind, event.before, event.after) == (EventKind.POOL_SET, {"pool": 0}, {"pool": 45000})
    assert (event.by.email, event.reason) == ("prosjektleder@example.org", "Avtalen er signert.")


def test_the_pool_is_never_set_below_what_is_reserved(rollout):
    LicenceBudget.objects.filter(placement__agency__slug="kli").update(reserved=37)
    ended = run("set_pool", "36", *LEAD)
    assert ended.code == 1 and ended.err.startswith("37 lisenser er alt reservert.")
    assert run("set_pool", "37", *LEAD).code == 0
    assert run("set_pool", "--", "-1").code == 2


def test_the_same_pool_again_is_no_event(rollout):
    run("set_pool", "45000", *LEAD)
    assert not PlanEvent.objects.exists()


# invite


def test_the_first_lead_lets_the_others_in(db):
    assert run("invite", "Lead@example.org", "project_lead").code == 0
    assert run("invite", "leser@example.org", "reader", "--by", "lead@example.org").code == 0
    factories.make_agency("kli")
    assert run("invite", "sjef@example.org", "communication_chief", "kli", "--by", "lead@example.org").code == 0
    roles = Role.objects.order_by("pk").values_list("person__email", "role", "agency__slug")
    assert list(roles) == [
        ("lead@example.org", "project_lead", None),
        ("leser@example.org", "reader", None),
        ("sjef@example.org", "communication_chief", "kli"),
    ]


def test_without_a_lead_only_a_lead_can_be_invited_and_then_only_one(db):
    assert "må være prosjektleder" in run("invite", "a@example.org", "reader").err
    run("invite", "a@example.org", "project_lead")
    ended = run("invite", "b@example.org", "project_lead")
    assert ended.code == 1 and "--by" in ended.err
    assert Person.objects.count() == 1


def test_an_invitation_is_an_event_without_the_address(rollout):
    run("invite", "b@example.org", "reader", *LEAD)
    event = PlanEvent.objects.get(kind=EventKind.ROLE_GIVEN)
    person = Person.objects.get(email="b@example.org")
    assert event.after == {"person": person.pk, "role": "reader"} and event.by.email == "prosjektleder@example.org"


def test_a_role_held_already_is_refused(rollout):
    ended = run("invite", "prosjektleder@example.org", "project_lead", *LEAD)
    assert (ended.code, ended.err) == (1, "prosjektleder@example.org er alt prosjektleder.\n")
    run("invite", "a@example.org", "key_person", "kli", *LEAD)
    assert "nøkkelperson i Virksomhet kli" in run("invite", "a@example.org", "key_person", "kli", *LEAD).err


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("ikke-en-adresse", "reader"), "«ikke-en-adresse» er ikke en e-postadresse"),
        ((f"a@{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 10}.no", "reader"), "254"),
        (("a@example.org", "reader", "--name", "n" * 121), "120"),
        (("a@example.org", "sjef"), "sjef"),
        (("a@example.org", "reader", "kli"), "rollen reader gjelder hele kommunen, uten virksomhet"),
        (("a@example.org", "key_person"), "rollen key_person krever en virksomhet"),
    ],
)
def test_an_invitation_is_an_address_a_role_and_perhaps_an_agency(rollout, args, why):
    ended = run("invite", *args, *LEAD)
    assert ended.code == 2 and why in ended.err


def test_an_unknown_agency_is_refused(rollout):
    assert "«xyz» finnes ikke" in run("invite", "a@example.org", "deputy", "xyz", *LEAD).err
