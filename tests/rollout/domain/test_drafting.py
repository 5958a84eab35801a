"""The guidelines while they are written: nobody is overwritten, and what was seen is what is published."""

import datetime as dt

import pytest

from rollout.domain import drafting
from rollout.models import GuidelineDraft, Step
from tests.factories import NOW, make_agency, make_lead, make_rollout, place, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


def save(rollout, text, revision_seen, *, by="kari@example.org"):
    return drafting.save(rollout=rollout, text=text, revision_seen=revision_seen, by=make_lead(by), now=NOW)


def test_a_draft_knows_what_it_is_based_on_and_counts_its_saves(rollout):
    draft = save(rollout, "En\r\n", 0)
    assert (draft.based_on, draft.revision, draft.text) == (1, 1, "En")
    assert save(rollout, "To", 1).revision == 2


def test_who_saves_from_an_older_draft_is_told_whose_it_is_and_gets_it(rollout):
    save(rollout, "Karis", 0)
    with pytest.raises(drafting.DraftRefused, match="kari@example.org lagret utkastet 1. feb. kl. 09.00") as refused:
        save(rollout, "Olas", 0, by="ola@example.org")
    assert refused.value.theirs.text == "Karis"
    assert GuidelineDraft.objects.get().text == "Karis"


def test_what_was_seen_is_what_is_published_and_the_draft_is_gone(rollout):
    save(rollout, "Ny tekst", 0)
    lead = make_lead()
    save(rollout, "Nyere tekst", 1)
    with pytest.raises(drafting.DraftRefused):
        drafting.publish(rollout=rollout, revision_seen=1, is_material=True, by=lead, now=NOW)
    version = drafting.publish(rollout=rollout, revision_seen=2, is_material=True, by=lead, now=NOW)
    assert (version.number, version.text) == (2, "Nyere tekst")
    assert drafting.draft_of(rollout) is None


def test_who_writes_on_after_it_was_published_is_told_of_the_version(rollout):
    save(rollout, "Ny tekst", 0)
    drafting.publish(rollout=rollout, revision_seen=1, is_material=True, by=make_lead(), now=NOW)
    with pytest.raises(drafting.DraftRefused, match="Siste publiserte versjon er 2"):
        save(rollout, "Enda mer", 1)


def test_a_draft_saved_since_it_was_seen_is_not_thrown_away(rollout):
    save(rollout, "En", 0)
    save(rollout, "To", 1)
    with pytest.raises(drafting.DraftRefused):
        drafting.discard(rollout=rollout, revision_seen=1)
    drafting.discard(rollout=rollout, revision_seen=2)
    assert drafting.draft_of(rollout) is None


def test_those_who_must_sign_anew_are_told_by_what_opens_first(rollout):
    one, two = rollout.waves.order_by("number")
    soon, later = place(make_agency("kli"), one), place(make_agency("vav"), two)
    inside = place(make_agency("bre"), one, leaders_access_at=NOW, all_staff_access_at=NOW, employees_at_opening=100)
    place(make_agency("oby"), one)  # has signed nothing
    for placement in (soon, later, inside):
        sign(placement)

    found = drafting.reopened(rollout, old_counts_until=dt.date(2018, 2, 10), now=NOW)
    assert [(r.placement.agency.slug, r.step, r.days, r.is_soon, r.counts_then) for r in found] == [
        ("kli", Step.LEADERS, 6, True, True),
        ("vav", Step.LEADERS, 62, False, False),
        ("bre", None, None, False, False),
    ]
