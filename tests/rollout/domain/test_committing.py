"""Employees are counted once per version, nobody is listed, and no group under ten is told of."""

import datetime as dt

import pytest

from rollout.domain import committing
from rollout.domain.refusals import Refused
from rollout.models import Commitment, CommitmentProof, KeptCommitments, PlacementStatus, PlanEvent
from tests.factories import NOW, at, make_agency, make_guidelines, make_pilot, make_rollout, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout()


@pytest.fixture
def kli(rollout):
    return place(make_agency("kli", employees=37)).agency


def commit(rollout, agency, address="kari@kli.example.org", *, version=None, now=NOW):
    version = version or rollout.guideline_versions.latest("number")
    return committing.commit(
        rollout=rollout,
        agency=agency,
        hash_seen=version.text_hash,
        address=address,
        proof=CommitmentProof.CODE,
        now=now,
    )


def commit_many(rollout, agency, number):
    for n in range(number):
        assert commit(rollout, agency, f"ansatt{n}@{agency.slug}.example.org")


# -- one person ------------------------------------------------------------------------------------------------------


def test_a_person_is_counted_once_however_the_address_is_spelled(rollout, kli):
    assert commit(rollout, kli, "kari@kli.example.org") is True
    assert commit(rollout, kli, " Kari+2@KLI.example.org") is False

    assert Commitment.objects.count() == 1


def test_a_new_version_counts_anew_and_nobody_can_tell_that_it_is_the_same_person(rollout, kli):
    commit(rollout, kli)
    make_guidelines(rollout, number=2, text="Nye regler.")
    assert commit(rollout, kli) is True

    first, second = Commitment.objects.order_by("pk")
    assert bytes(first.person_hash) != bytes(second.person_hash)


def test_what_is_stored_is_a_hash_the_agency_and_a_day(rollout, kli):
    commit(rollout, kli, now=at("2018-02-01 23:59"))

    row = Commitment.objects.values().get()
    assert row.pop("committed_on") == dt.date(2018, 2, 1)
    assert len(row.pop("person_hash")) == 32
    assert set(row) == {"id", "version_id", "agency_id", "proof"}
    assert PlanEvent.objects.count() == 0


def test_with_another_key_everybody_is_somebody_new(rollout, kli, settings):
    commit(rollout, kli)
    settings.COMMITMENT_KEY = "lost and made anew"
    assert commit(rollout, kli) is True


def test_a_text_that_was_changed_after_it_was_read_is_not_accepted(rollout, kli):
    read = rollout.guideline_versions.get()
    make_guidelines(rollout, number=2, text="Nye regler.")
    with pytest.raises(Refused, match="endret siden du leste dem"):
        commit(rollout, kli, version=read)
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("address", ["kari@gmail.com", "kari@vav.example.org", "kari@sub.kli.example.org", "kari"])
def test_only_addresses_at_the_agencys_own_domains_count(rollout, kli, address):
    with pytest.raises(Refused) as refused:
        commit(rollout, kli, address)
    assert "kli.example.org" in refused.value.reasons[0]
    assert refused.value.field == "address"


def test_an_agency_without_domains_says_whom_to_ask(rollout):
    agency = place(make_agency("bun", email_domains=[])).agency
    with pytest.raises(Refused, match="Spør kommunikasjonssjefen"):
        committing.checked_address(agency, "kari@bun.example.org")


def test_all_that_take_part_may_commit_and_no_others(rollout, kli):
    make_pilot(make_agency("alna"))
    place(make_agency("borte"), status=PlacementStatus.WITHDRAWN, queue_position=None)
    make_agency("utenfor")
    assert [agency.slug for agency in committing.takes_part(rollout)] == ["alna", "kli"]


# -- after retention -------------------------------------------------------------------------------------------------


def test_retention_deletes_the_hashes_keeps_the_count_and_closes_it(rollout, kli):
    commit_many(rollout, kli, 12)

    assert committing.keep_only_counts(rollout=rollout, agency=kli, now=NOW) == 12
    assert committing.keep_only_counts(rollout=rollout, agency=kli, now=NOW) == 0

    assert not Commitment.objects.exists()
    assert KeptCommitments.objects.get().count == 12
    with pytest.raises(Refused, match="avsluttet"):
        commit(rollout, kli, "ny@kli.example.org")
    placement = rollout.placements.get()
    assert committing.of_agency(placement, version=rollout.guideline_versions.get()).number == 12


# -- the coverage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "headcount", "number", "at_least"),
    [
        (0, 100, None, False),
        (9, 100, None, False),
        (10, 100, 10, False),
        (90, 100, 90, False),
        (91, 100, 91, True),  # 91 or more: fewer than ten are left, and nobody learns how many
        (95, 100, 91, True),
        (100, 100, 91, True),
        (120, 100, 91, True),
        (9, 9, None, False),
        (12, 15, 10, True),
    ],
)
def test_no_group_under_ten_is_told_of(count, headcount, number, at_least):
    told = committing.told(count, headcount)
    assert (told.number, told.at_least) == (number, at_least)


@pytest.mark.parametrize("headcount", [5, 12, 37, 100])
def test_what_is_told_is_the_same_for_every_count_that_must_be_hidden(headcount):
    few = {committing.told(count, headcount) for count in range(min(10, headcount + 1))}
    nearly_all = {committing.told(count, headcount) for count in range(max(10, headcount - 9), headcount + 1)}
    assert len(few) == 1
    assert len(nearly_all) <= 1


def test_the_sum_tells_nothing_that_the_lines_hide(rollout, kli):
    vav = place(make_agency("vav", employees=600)).agency
    commit_many(rollout, vav, 20)
    version = rollout.guideline_versions.get()
    before = committing.coverage(rollout, version=version)
    commit_many(rollout, kli, 4)
    after = committing.coverage(rollout, version=version)

    assert (before.number, before.untold) == (20, 1)
    assert after == before


def test_the_coverage_takes_the_same_queries_however_many_agencies(rollout, kli, django_assert_num_queries):
    version = rollout.guideline_versions.get()
    for _time in range(2):
        with django_assert_num_queries(3):
            committing.coverage(rollout, version=version)
        for _more in range(10):
            place(make_agency())
