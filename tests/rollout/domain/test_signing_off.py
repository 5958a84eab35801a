"""Publishing the guidelines, who signs them, how long an older signature counts, and the mails of both (rule 5)."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from agencies.models import RoleName
from rollout.domain import glance, leaving, readiness, signing_off
from rollout.domain.refusals import Refused, SignOffRefused
from rollout.models import EmailKind, EventKind, OutgoingEmail, PlanEvent, Signers, SignOff
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_person,
    make_pilot,
    make_ready,
    make_rollout,
    place,
)
from tests.factories import sign as has_signed

pytestmark = pytest.mark.django_db
HEAD, CHIEF, DEPUTY = RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY


@pytest.fixture
def placement():
    placement = place(make_agency("kli", name="Klimaetaten"), rollout=make_rollout(waves=2))
    make_people(placement.agency)
    return placement


def sign(placement, version, hash_seen=None, *, by="leder.kli@example.org", role=HEAD, signed_in_by="code"):
    return signing_off.sign(
        placement=placement,
        version=version,
        hash_seen=hash_seen or version.text_hash,
        by=make_person(by),
        role=role,
        signed_in_by=signed_in_by,
        now=NOW,
    )


def publish(placement, text="Ny tekst", *, now=NOW, **fields):
    return signing_off.publish(rollout=placement.rollout, text=text, by=make_lead(), now=now, **fields)


def test_a_signature_is_bound_to_text_person_role_and_sign_in(placement):
    version = placement.rollout.guideline_versions.get()
    signed = sign(placement, version)
    assert (signed.text_hash, signed.role, signed.signed_in_by) == (version.text_hash, "agency_head", "code")
    assert (signed.person.email, signed.signed_at) == ("leder.kli@example.org", NOW)
    assert PlanEvent.objects.get(kind=EventKind.SIGNED).after["hash"] == version.text_hash


def test_a_version_published_between_reading_and_pressing_refuses_the_press(placement):
    seen = placement.rollout.guideline_versions.get()
    publish(placement)
    with pytest.raises(SignOffRefused, match="endret siden du leste dem"):
        sign(placement, seen)
    assert not SignOff.objects.exists()


def test_a_hash_that_was_not_shown_is_refused(placement):
    with pytest.raises(SignOffRefused, match="endret siden du leste dem"):
        sign(placement, placement.rollout.guideline_versions.get(), hash_seen="0" * 64)


@pytest.mark.parametrize("is_pilot", [True, False])
def test_a_pilot_or_an_agency_that_has_withdrawn_signs_nothing(placement, is_pilot):
    """They take no part in the course (rule 2): a signature of theirs would be counted nowhere."""
    if is_pilot:
        agency = make_agency("uke")
        make_people(agency)
        placement = make_pilot(agency, rollout=placement.rollout)
    else:
        leaving.withdraw(placement=placement, reason="Vil ikke", by=make_lead(), now=NOW)
    by = f"leder.{placement.agency.slug}@example.org"
    with pytest.raises(SignOffRefused, match="verken i kø eller i en pulje"):
        sign(placement, placement.rollout.guideline_versions.get(), by=by)
    assert not SignOff.objects.exists()


def test_a_double_press_signs_once(placement):
    version = placement.rollout.guideline_versions.get()
    sign(placement, version)
    with pytest.raises(SignOffRefused, match="alt signert av leder.kli@example.org"):
        sign(placement, version)


def test_the_database_refuses_a_signature_under_another_text_than_the_versions(placement):
    version = placement.rollout.guideline_versions.get()
    with pytest.raises(IntegrityError, match="signed_the_text_that_was_seen"), transaction.atomic():
        SignOff.objects.create(
            placement=placement,
            version=version,
            text_hash="0" * 64,
            person=make_person(),
            role="agency_head",
            signed_in_by="code",
            signed_at=NOW,
        )
        from django.db import connection

        connection.check_constraints()


# -- who signs, and how they must have signed in -------------------------------------------------------------------


def test_the_head_the_chief_or_the_deputy_signs_unless_only_the_head_may(placement):
    version = placement.rollout.guideline_versions.get()
    chief = {"by": "kommunikasjonssjef.kli@example.org", "role": CHIEF}
    signing_off.set_signing(
        rollout=placement.rollout, signers=Signers.HEAD, signing_needs_oidc=False, by=make_lead(), now=NOW
    )
    with pytest.raises(SignOffRefused, match="bare virksomhetslederen"):
        sign(placement, version, **chief)
    assert sign(placement, version).role == HEAD


@pytest.mark.parametrize(
    ("by", "role"),
    [("kommunikasjonssjef.kli@example.org", CHIEF), ("nokkelperson1.kli@example.org", RoleName.KEY_PERSON)],
)
def test_a_role_that_one_does_not_hold_or_that_does_not_sign_gives_no_signature(by, role, placement):
    other = place(make_agency("vav"), rollout=placement.rollout)
    version = placement.rollout.guideline_versions.get()
    with pytest.raises(SignOffRefused):
        sign(other, version, by=by, role=role)
    if role != CHIEF:
        with pytest.raises(SignOffRefused, match="signerer for virksomheten"):
            sign(placement, version, by=by, role=role)
    assert not SignOff.objects.exists()


def test_a_role_lost_between_reading_and_pressing_signs_nothing(placement):
    version = placement.rollout.guideline_versions.get()
    placement.agency.roles.filter(role=HEAD).update(until=NOW)
    with pytest.raises(SignOffRefused, match="ikke lenger rollen"):
        sign(placement, version)


def test_where_a_personal_sign_in_is_demanded_a_code_signs_nothing(placement):
    version = placement.rollout.guideline_versions.get()
    signing_off.set_signing(
        rollout=placement.rollout, signers=Signers.HEAD_OR_CHIEF, signing_needs_oidc=True, by=make_lead(), now=NOW
    )
    for how in ("code", "demo", "unknown"):
        with pytest.raises(SignOffRefused, match="krever personlig innlogging"):
            sign(placement, version, signed_in_by=how)
    assert sign(placement, version, signed_in_by="oidc").signed_in_by == "oidc"


def test_the_rules_of_signing_are_set_with_an_event_and_only_when_they_change(placement):
    rules = {
        "rollout": placement.rollout,
        "signers": "head",
        "signing_needs_oidc": False,
        "by": make_lead(),
        "now": NOW,
    }
    event = signing_off.set_signing(**rules)
    assert (event.before, event.after) == ({"signers": "head_or_chief"}, {"signers": "head"})
    assert signing_off.set_signing(**rules) is None
    assert PlanEvent.objects.filter(kind=EventKind.ROLLOUT_EDITED).count() == 1


# -- the receipt ---------------------------------------------------------------------------------------------------


def test_whoever_signs_gets_one_receipt_with_all_that_was_signed(placement):
    version = placement.rollout.guideline_versions.get()
    sign(placement, version)
    with pytest.raises(SignOffRefused):
        sign(placement, version)
    receipt = OutgoingEmail.objects.get(kind=EmailKind.SIGN_RECEIPT)
    assert receipt.to_address == "leder.kli@example.org"
    for said in ("Klimaetaten", "virksomhetsleder", "versjon: 1", version.text_hash, "1. februar 2018 kl. 09.00"):
        assert said in receipt.text, said
    assert version.text_hash in receipt.html
    assert f"/guidelines/{version.number}/" in receipt.text


def test_a_signature_that_fails_leaves_no_receipt(placement):
    with pytest.raises(SignOffRefused):
        sign(placement, placement.rollout.guideline_versions.get(), hash_seen="0" * 64)
    assert not OutgoingEmail.objects.exists()


# -- publishing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n \r\n", "Vær saklig. Del aldri taushetsbelagte opplysninger.\r\n"])
def test_an_empty_text_or_the_same_as_the_last_is_refused(text, placement):
    with pytest.raises(Refused, match="tomme|den samme som versjon 1"):
        publish(placement, text)
    assert placement.rollout.guideline_versions.count() == 1


def test_a_browsers_line_ends_are_no_part_of_the_text(placement):
    assert publish(placement, "En\r\nto\r\n").text == "En\nto"


def test_the_first_text_is_material_and_there_is_nothing_older_to_count():
    rollout = make_rollout(guidelines=False)
    version = signing_off.publish(
        rollout=rollout, text="Først", is_material=False, old_counts_until=dt.date(2018, 3, 1), by=make_lead(), now=NOW
    )
    assert (version.is_material, version.old_counts_until) == (True, None)


def test_an_older_signature_cannot_count_until_a_day_that_has_passed(placement):
    with pytest.raises(Refused, match="har passert") as refused:
        publish(placement, old_counts_until=dt.date(2018, 1, 31))
    assert refused.value.field == "old_counts_until"


def test_a_material_change_tells_the_head_and_the_chief_once_with_all_their_agencies(placement):
    rollout = placement.rollout
    also = place(make_agency("vav", name="Vann- og avløpsetaten"), rollout=rollout)
    unsigned = place(make_agency("oby", name="Omsorgsbygg"), rollout=rollout)
    for one in (also, unsigned):
        give_role("leder.kli@example.org", HEAD, one.agency)
        give_role(f"stedfortreder.{one.agency.slug}@example.org", DEPUTY, one.agency)
    for one in (placement, also):
        has_signed(one)
    publish(placement, old_counts_until=dt.date(2018, 2, 20))

    told = {mail.to_address: mail for mail in OutgoingEmail.objects.filter(kind=EmailKind.GUIDELINES_CHANGED)}
    assert sorted(told) == ["kommunikasjonssjef.kli@example.org", "leder.kli@example.org"]
    text = told["leder.kli@example.org"].text
    assert "Klimaetaten" in text and "Vann- og avløpsetaten" in text and "Omsorgsbygg" not in text
    assert "gjelder til og med tirsdag 20. februar 2018" in text
    assert "åpner for" not in text, "none of them has a date"


def test_who_would_be_deferred_for_the_new_text_is_told_when(placement):
    soon = place(make_agency("bre", name="Brannetaten"), placement.rollout.waves.get(number=1))
    make_people(soon.agency)
    has_signed(soon)
    publish(soon, "Ny tekst", old_counts_until=dt.date(2018, 2, 7))
    publish(soon, "Nyere tekst")
    old_will_do, must_sign = OutgoingEmail.objects.filter(to_address="leder.bre@example.org").order_by("pk")
    assert "åpner for ledere" not in old_will_do.text
    said = "Brannetaten åpner for ledere onsdag 7. februar 2018 kl. 08.00. Er ikke den nye teksten signert da, blir "
    assert said in must_sign.text and said in must_sign.html


def test_a_correction_tells_nobody_and_asks_for_no_signature(placement):
    make_ready(placement)
    publish(placement, is_material=False)
    assert not OutgoingEmail.objects.exists()
    assert readiness.problems(placement, now=NOW) == []


# -- until which day an older signature counts ---------------------------------------------------------------------


def judged(placement, moment):
    """The problems by the whole read and their number by the slim one, at the same moment."""
    [status] = [s for s in readiness.course(placement, now=moment) if s.step.key == readiness.GUIDELINES]
    slim = glance.read(placement.rollout, now=moment)[placement.wave_id][0]
    assert slim.problems == len(readiness.problems(placement, now=moment)), "both judge alike"
    return status


def test_to_the_day_set_the_older_signature_counts_and_says_so_and_after_it_is_a_problem(placement):
    make_ready(placement)
    publish(placement, old_counts_until=dt.date(2018, 2, 10))

    last = judged(placement, at("2018-02-10 23:59"))
    assert last.fulfilled and last.problem is None
    assert last.detail == (
        "versjon 1 er signert og gjelder til og med lørdag 10. februar 2018. Versjon 2 må signeres innen da"
    )
    after = judged(placement, at("2018-02-11 00:00"))
    assert after.problem is not None
    assert after.detail == "versjon 1 er signert, men versjon 2 må signeres på nytt"

    sign(placement, placement.rollout.guideline_versions.get(number=2))
    assert judged(placement, at("2018-02-11 00:00")).detail == "versjon 2 er signert"


def test_without_a_day_the_older_signature_counts_no_more(placement):
    make_ready(placement)
    publish(placement)
    assert judged(placement, NOW).problem is not None


def test_of_two_changes_the_day_that_comes_first_ends_a_signature_under_the_oldest(placement):
    make_ready(placement)
    publish(placement, "To", old_counts_until=dt.date(2018, 2, 20))
    publish(placement, "Tre", old_counts_until=dt.date(2018, 2, 10))
    assert "gjelder til og med lørdag 10. februar 2018. Versjon 3" in judged(placement, NOW).detail
    assert judged(placement, at("2018-02-11 08:00")).problem is not None


def test_who_never_signed_gets_no_respite(placement):
    make_ready(placement, but_not=("guidelines_adopted",))
    publish(placement, old_counts_until=dt.date(2018, 2, 20))
    assert judged(placement, NOW).detail == "kjørereglene er ikke signert"


def test_a_material_change_closes_no_access_already_given(placement):
    inside = place(
        make_agency("vav"),
        placement.rollout.waves.get(number=1),
        leaders_access_at=NOW,
        all_staff_access_at=NOW,
        employees_at_opening=100,
    )
    has_signed(inside)
    publish(placement)
    inside.refresh_from_db()
    assert (inside.leaders_access_at, inside.all_staff_access_at, inside.held_at) == (NOW, NOW, None)
