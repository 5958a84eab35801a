"""Signing and publishing at once: each guard's test fails without the guard."""

from functools import partial

import pytest

from agencies.models import RoleName
from rollout.domain import drafting, signing_off
from rollout.models import (
    EmailKind,
    EventKind,
    GuidelineDraft,
    GuidelineVersion,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Rollout,
    SignOff,
)
from tests.factories import NOW, make_agency, make_lead, make_people, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rollout():
    return make_rollout()


@pytest.fixture
def press(rollout):
    """The head presses *Signer* under version 1."""
    placement = place(make_agency("kli"), rollout=rollout)
    version = rollout.guideline_versions.get()
    return partial(
        signing_off.sign,
        placement=placement,
        version=version,
        hash_seen=version.text_hash,
        by=make_people(placement.agency)["head"],
        role=RoleName.AGENCY_HEAD,
        signed_in_by="code",
        now=NOW,
    )


def unlocked_placement(placement_id):
    return Placement.objects.select_related("rollout", "agency", "wave").get(pk=placement_id)


def unlocked_plan(rollout_id):
    return Rollout.objects.get(pk=rollout_id)


def test_two_presses_at_once_sign_once_with_one_receipt_and_the_other_is_told_who_signed(press):
    outcomes = at_once(press, press)
    assert sorted(outcome for outcome, _words in outcomes) == ["SignOffRefused", "done"]
    assert "alt signert av leder.kli@example.org" in dict(outcomes)["SignOffRefused"]
    assert SignOff.objects.count() == 1
    assert OutgoingEmail.objects.filter(kind=EmailKind.SIGN_RECEIPT).count() == 1


def test_control_without_the_lock_the_database_still_takes_one_but_the_other_hears_no_words(press, monkeypatch):
    monkeypatch.setattr(signing_off, "lock_placement", unlocked_placement)
    monkeypatch.setattr(signing_off, "current_guidelines", meeting_after(signing_off.current_guidelines, parties=2))
    outcomes = at_once(press, press)
    assert sorted(outcome for outcome, _words in outcomes) == ["IntegrityError", "done"]
    assert SignOff.objects.count() == 1


def signed_after_publication() -> bool:
    """Whether the history tells of a signature under a text that was replaced already."""
    kinds = list(PlanEvent.objects.order_by("pk").values_list("kind", flat=True))
    return EventKind.SIGNED in kinds and kinds.index(EventKind.GUIDELINES_PUBLISHED) < kinds.index(EventKind.SIGNED)


def test_a_text_published_while_somebody_presses_is_either_signed_before_it_or_refused(rollout, press):
    lead = make_lead()
    publish = partial(signing_off.publish, rollout=rollout, text="Ny tekst", by=lead, now=NOW)
    signed, published = at_once(press, publish)
    assert published[0] == "done"
    assert not signed_after_publication()
    assert SignOff.objects.count() == (signed[0] == "done")
    if signed[0] != "done":
        assert "endret siden du leste dem" in signed[1]


def test_control_without_the_lock_both_go_by_a_text_that_is_replaced_meanwhile(rollout, press, monkeypatch):
    monkeypatch.setattr(signing_off, "lock_placement", unlocked_placement)
    monkeypatch.setattr(signing_off, "lock_plan", unlocked_plan)
    monkeypatch.setattr(signing_off, "current_guidelines", meeting_after(signing_off.current_guidelines, parties=2))
    publish = partial(signing_off.publish, rollout=rollout, text="Ny tekst", by=make_lead(), now=NOW)
    outcomes = at_once(press, publish)
    assert count(outcomes, "done") == 2, "each took version 1 for the newest"


# -- drafts --------------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(rollout):
    return drafting.save(rollout=rollout, text="Utkast", revision_seen=0, by=make_lead(), now=NOW)


def saving(draft, text, by):
    return partial(
        drafting.save,
        rollout=draft.rollout,
        text=text,
        revision_seen=draft.revision,
        by=make_lead(f"{by}@example.org"),
        now=NOW,
    )


def test_of_two_writers_who_save_at_once_one_lands_and_the_other_is_told_whose(draft):
    outcomes = at_once(saving(draft, "Karis tekst", "kari"), saving(draft, "Olas tekst", "ola"))
    assert sorted(outcome for outcome, _words in outcomes) == ["DraftRefused", "done"]
    first = "kari" if outcomes[0][0] == "done" else "ola"
    assert dict(outcomes)["DraftRefused"].startswith(f"{first}@example.org lagret utkastet")
    assert GuidelineDraft.objects.get().text == f"{first.capitalize()}s tekst"


def test_control_without_the_lock_the_second_writer_overwrites_the_first(draft, monkeypatch):
    monkeypatch.setattr(drafting, "lock_plan", unlocked_plan)
    monkeypatch.setattr(drafting, "draft_of", meeting_after(drafting.draft_of, parties=2))
    outcomes = at_once(saving(draft, "Karis tekst", "kari"), saving(draft, "Olas tekst", "ola"))
    assert count(outcomes, "done") == 2


def test_two_leads_who_publish_the_draft_at_once_publish_it_once(draft):
    publish = partial(
        drafting.publish,
        rollout=draft.rollout,
        revision_seen=draft.revision,
        is_material=True,
        by=make_lead(),
        now=NOW,
    )
    outcomes = at_once(publish, publish)
    assert sorted(outcome for outcome, _words in outcomes) == ["DraftRefused", "done"]
    assert GuidelineVersion.objects.count() == 2
