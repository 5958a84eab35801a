"""New versions of the course at once, and while an agency starts: each guard's test fails without the guard."""

from functools import partial

import pytest

from rollout.domain import confirming, course, recording
from rollout.models import CourseVersion, Placement, Rollout, StepEvidence
from tests.factories import NOW, make_agency, make_lead, make_rollout, place
from tests.races import at_once, count, meeting_after
from tests.rollout.domain.test_course import drafts, new_step

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rollout():
    return make_rollout()


def publishing(rollout, name, *, by):
    steps = [*drafts(rollout), new_step(name=name)]
    lead = make_lead(f"{by}@example.org")
    return partial(course.publish, rollout=rollout, based_on=1, steps=steps, by=lead, now=NOW)


def unlocked(rollout_id):
    return Rollout.objects.get(pk=rollout_id)


def test_of_two_leads_who_publish_from_the_same_version_the_second_is_told_who_was_first(rollout):
    outcomes = at_once(publishing(rollout, "Karis steg", by="kari"), publishing(rollout, "Olas steg", by="ola"))
    assert sorted(outcome for outcome, _words in outcomes) == ["Refused", "done"]
    first = "kari" if outcomes[0][0] == "done" else "ola"
    assert f"ble publisert av {first}@example.org" in dict(outcomes)["Refused"]
    assert CourseVersion.objects.count() == 2


def test_control_without_the_lock_the_second_hears_no_words(rollout, monkeypatch):
    calls = [publishing(rollout, "Karis steg", by="kari"), publishing(rollout, "Olas steg", by="ola")]
    monkeypatch.setattr(course, "lock_plan", unlocked)
    monkeypatch.setattr(course, "newest", meeting_after(course.newest, parties=2))
    assert sorted(outcome for outcome, _words in at_once(*calls)) == ["IntegrityError", "done"]


def confirming_first_step(placement):
    return partial(
        confirming.confirm_step,
        placement=placement,
        step=placement.course_version.steps.get(key="sponsor"),
        owner_role="virksomhetsleder",
        text="Behandlet.",
        by=make_lead(),
        now=NOW,
    )


def evidence_of_another_course() -> int:
    return sum(e.step.course_version_id != e.placement.course_version_id for e in StepEvidence.objects.all())


def test_an_agency_that_starts_meanwhile_keeps_its_version_or_is_told_that_it_is_another(rollout):
    placement = place(make_agency(), rollout=rollout)
    confirmed, published = at_once(confirming_first_step(placement), publishing(rollout, "Nytt", by="kari"))
    placement.refresh_from_db()
    assert published[0] == "done"
    assert evidence_of_another_course() == 0
    assert placement.course_version.number == (1 if confirmed[0] == "done" else 2)
    if confirmed[0] != "done":
        assert "annen versjon av løpet" in confirmed[1]


def test_control_without_the_lock_its_evidence_is_left_in_the_version_it_was_moved_from(rollout, monkeypatch):
    placement = place(make_agency(), rollout=rollout)
    start = confirming_first_step(placement)
    monkeypatch.setattr(course, "lock_plan", unlocked)
    monkeypatch.setattr(
        confirming,
        "lock_placement",
        lambda pk: Placement.objects.select_related("rollout", "agency", "wave").get(pk=pk),
    )
    # Both have written, and neither can see it of the other.
    both = meeting_after(recording.record, parties=2)
    monkeypatch.setattr(confirming, "record", both)
    monkeypatch.setattr(course, "record", both)
    assert count(at_once(start, publishing(rollout, "Nytt", by="kari")), "done") == 2
    assert evidence_of_another_course() == 1
