import pytest
from django.db import IntegrityError, transaction

from agencies.models import RoleName
from rollout.domain import signing_off
from rollout.domain.refusals import SignOffRefused
from rollout.models import EventKind, PlanEvent, SignOff
from tests.factories import NOW, make_agency, make_lead, make_person, make_rollout, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def placement():
    return place(make_agency("kli"), rollout=make_rollout())


def sign(placement, version, hash_seen=None):
    return signing_off.sign(
        placement=placement,
        version=version,
        hash_seen=hash_seen or version.text_hash,
        by=make_person("leder.kli@example.org"),
        role=RoleName.AGENCY_HEAD,
        signed_in_by="code",
        now=NOW,
    )


def test_a_signature_is_bound_to_text_person_role_and_sign_in(placement):
    version = placement.rollout.guideline_versions.get()
    signed = sign(placement, version)
    assert (signed.text_hash, signed.role, signed.signed_in_by) == (version.text_hash, "agency_head", "code")
    assert (signed.person.email, signed.signed_at) == ("leder.kli@example.org", NOW)
    assert PlanEvent.objects.get(kind=EventKind.SIGNED).after["hash"] == version.text_hash


def test_a_version_published_between_reading_and_pressing_refuses_the_press(placement):
    seen = placement.rollout.guideline_versions.get()
    signing_off.publish(rollout=placement.rollout, text="Ny tekst", by=make_lead(), now=NOW)
    with pytest.raises(SignOffRefused, match="endret siden du leste dem"):
        sign(placement, seen)
    assert not SignOff.objects.exists()


def test_a_hash_that_was_not_shown_is_refused(placement):
    with pytest.raises(SignOffRefused, match="endret siden du leste dem"):
        sign(placement, placement.rollout.guideline_versions.get(), hash_seen="0" * 64)


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
