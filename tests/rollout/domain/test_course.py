"""The course as a template: what a new version may be, whom it applies to, and what differs (rule 4)."""

import datetime as dt
from dataclasses import replace

import pytest

from rollout.domain import confirming, course, queueing, readiness, undoing
from rollout.domain.creating import create_from
from rollout.domain.refusals import Refused, UndoRefused
from rollout.models import EventKind, PlacementStatus, PlanEvent
from tests.factories import NOW, make_agency, make_lead, make_pilot, make_ready, make_rollout, place, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=1)


def drafts(rollout, **changes):
    """The newest version's steps; `changes` by key: new values, or None to leave the step out."""
    made = []
    for step in course.newest(rollout).steps.all():
        draft = course.StepDraft(
            key=step.key,
            name=step.name,
            owner_role=step.owner_role,
            lead_time_days=step.lead_time_days,
            blocking=step.blocking,
            evidence_required=step.evidence_required,
        )
        wanted = changes.get(step.key, {})
        if wanted is not None:
            made.append(replace(draft, **wanted))
    return made


def new_step(**values):
    given = {"name": "Utpek superbrukere", "owner_role": "IKT-kontakt", "lead_time_days": 20, "blocking": True}
    return course.StepDraft(key="", evidence_required="Liste over superbrukere", **given | values)


def publish(rollout, steps, *, based_on=1, note=""):
    return course.publish(rollout=rollout, based_on=based_on, steps=steps, note=note, by=make_lead(), now=NOW)


def test_a_new_version_has_its_steps_in_order_with_a_key_for_the_new_one(rollout):
    steps = drafts(rollout, groups_comms_training=None, sponsor={"lead_time_days": 60})
    version = publish(rollout, [new_step(), *steps], note="Vi trenger superbrukere")
    found = list(version.steps.all())
    assert version.number == 2
    assert [step.number for step in found] == list(range(1, 13))
    assert (found[0].key, found[0].name) == ("utpek_superbrukere", "Utpek superbrukere")
    assert (found[1].key, found[1].lead_time_days) == ("sponsor", 60)
    assert found[1].basis and found[1].name_en, "what the step rests on is kept"
    assert "groups_comms_training" not in {step.key for step in found}
    event = PlanEvent.objects.get(kind=EventKind.COURSE_PUBLISHED)
    assert (event.before, event.after, event.reason) == (
        {"version": 1},
        {"version": 2, "moved": []},
        "Vi trenger superbrukere",
    )


def test_a_step_that_comes_anew_by_a_name_that_was_dropped_gets_a_key_of_its_own(rollout):
    publish(rollout, [new_step(), *drafts(rollout)])
    publish(rollout, drafts(rollout, utpek_superbrukere=None), based_on=2)
    version = publish(rollout, [*drafts(rollout), new_step()], based_on=3)
    assert version.steps.last().key == "utpek_superbrukere_2", "old evidence is not taken for it"


def started(rollout):
    """One agency for each way to have started."""
    ways = {
        "evidence": lambda p: confirming.confirm_step(
            placement=p,
            step=p.course_version.steps.get(key="sponsor"),
            owner_role="virksomhetsleder",
            text="Behandlet.",
            by=make_lead(),
            now=NOW,
        ),
        "waiver": lambda p: confirming.waive(
            placement=p, step=p.course_version.steps.get(key="sponsor"), reason="Unødig", by=make_lead(), now=NOW
        ),
        "word": lambda p: confirming.confirm_readiness(placement=p, by=make_lead(), now=NOW),
        "signature": sign,
        "key-people": lambda p: confirming.state_key_people(placement=p, number=0, by=make_lead(), now=NOW),
    }
    for slug, begin in ways.items():
        begin(place(make_agency(slug), rollout=rollout))
    return sorted(ways)


def test_agencies_that_have_started_keep_theirs_and_the_others_are_moved(rollout):
    kept = started(rollout)
    place(make_agency("in-wave"), rollout.waves.get())
    place(make_agency("in-queue"), rollout=rollout)
    place(make_agency("withdrawn"), rollout=rollout, status=PlacementStatus.WITHDRAWN, queue_position=None, wave=None)
    make_pilot(make_agency("pilot"), rollout=rollout)

    version = publish(rollout, [*drafts(rollout), new_step()])

    follow = {p.agency.slug: p.course_version.number for p in rollout.placements.select_related("course_version")}
    assert follow == dict.fromkeys([*kept, "pilot"], 1) | {"in-wave": 2, "in-queue": 2, "withdrawn": 2}
    event = PlanEvent.objects.get(kind=EventKind.COURSE_PUBLISHED)
    assert event.after == {"version": version.number, "moved": ["in-queue", "in-wave", "withdrawn"]}


def test_an_agency_that_joins_later_follows_the_newest(rollout):
    version = publish(rollout, [*drafts(rollout), new_step()])
    joined = queueing.join(rollout=rollout, agency=make_agency(), by=make_lead(), now=NOW)
    assert joined.course_version == version


def test_agencies_on_different_versions_are_judged_each_by_their_own(rollout):
    old = make_ready(place(make_agency("old"), rollout.waves.get()))
    new = place(make_agency("new"), rollout.waves.get())
    publish(rollout, [*drafts(rollout), new_step()])
    new.refresh_from_db()
    make_ready(new)
    assert readiness.problems(old, now=NOW) == []
    assert [problem.step.key for problem in readiness.problems(new, now=NOW)] == ["utpek_superbrukere"]


@pytest.mark.parametrize("key", ["funding", "guidelines_adopted", "key_people_named", "readiness_confirmed"])
def test_a_step_that_is_fulfilled_by_a_fact_cannot_be_taken_out(key, rollout):
    with pytest.raises(course.StepsRefused, match="kan ikke tas ut"):
        publish(rollout, drafts(rollout, **{key: None}))


@pytest.mark.parametrize(
    ("key", "values", "field"),
    [
        ("sponsor", {"name": " "}, "name"),
        ("sponsor", {"name": "x" * 121}, "name"),
        ("agreement_joined", {"name": "drøftet med tillitsvalgte og verneombud"}, None),
        ("sponsor", {"evidence_required": ""}, "evidence_required"),
        ("sponsor", {"owner_role": "kongen"}, "owner_role"),
        ("sponsor", {"lead_time_days": 366}, "lead_time_days"),
        ("sponsor", {"lead_time_days": -1}, "blocking"),
        ("readiness_confirmed", {"lead_time_days": -1}, "lead_time_days"),
        ("funding", {"blocking": False}, "blocking"),
    ],
)
def test_what_a_step_cannot_be_is_told_at_its_field(key, values, field, rollout):
    steps = drafts(rollout, **{key: values})
    with pytest.raises(course.StepsRefused) as refused:
        publish(rollout, steps)
    [(place_, fields)] = refused.value.by_step.items()
    assert list(fields) == [field or "name"]
    if field:
        assert steps[place_].key == key
    assert rollout.course_versions.count() == 1


def test_no_steps_the_same_steps_and_foreign_keys_are_refused(rollout):
    with pytest.raises(Refused, match="minst ett steg"):
        publish(rollout, [])
    with pytest.raises(Refused, match="Ingenting er endret"):
        publish(rollout, drafts(rollout))
    with pytest.raises(Refused, match="ikke de som ble vist"):
        publish(rollout, [*drafts(rollout), replace(new_step(), key="fremmed")])


def test_who_started_from_an_older_version_is_told_who_was_first(rollout):
    publish(rollout, [*drafts(rollout), new_step()])
    with pytest.raises(Refused, match="Versjon 2 av løpet ble publisert av prosjektleder@example.org"):
        publish(rollout, drafts(rollout, sponsor={"lead_time_days": 60}))


def test_the_difference_is_told_field_by_field_and_a_step_pushed_along_has_not_moved(rollout):
    steps = drafts(rollout, groups_comms_training=None, sponsor={"lead_time_days": 60, "blocking": False})
    last = steps.pop()
    changes = course.compare(course.newest(rollout).steps.all(), [new_step(), last, *steps])
    told = {change.name: change for change in changes}
    assert [change.kind for change in changes].count("changed") == 2
    assert told["Utpek superbrukere"].kind == "added"
    assert told["Gruppestruktur, kommunikasjons- og opplæringsplan"].kind == "dropped"
    sponsor = told["Lederforankring: virksomhetsleder tar eierskap"]
    assert [(field.label, field.before, field.after) for field in sponsor.fields] == [
        ("Frist", "56 dager før åpning for ledere", "60 dager før åpning for ledere"),
        ("Hindrer åpning", "ja", "nei"),
    ]
    assert [(f.label, f.before, f.after) for f in told[last.name].fields] == [("Plass", "12", "2")]


def test_one_day_is_one_day():
    assert course.lead_time(1) == "1 dag før åpning for ledere"
    assert course.lead_time(-1) == "1 dag etter åpning for ledere"
    assert course.lead_time(-2) == "2 dager etter åpning for ledere"


def test_an_agency_knows_what_the_newest_has_that_its_own_has_not(rollout):
    placement = place(make_agency(), rollout=rollout)
    assert course.behind(placement) is None
    sign(placement)
    publish(rollout, [*drafts(rollout), new_step()])
    found = course.behind(placement)
    assert (found.follows.number, found.newest.number) == (1, 2)
    assert [(change.kind, change.name) for change in found.changes] == [("added", "Utpek superbrukere")]


def test_a_waiver_taken_back_is_not_given_again_for_a_step_that_is_gone(rollout):
    placement, lead = place(make_agency(), rollout=rollout), make_lead()
    step = placement.course_version.steps.get(key="sponsor")
    confirming.waive(placement=placement, step=step, reason="Unødig", by=lead, now=NOW)
    confirming.take_back_waiver(placement=placement, step_key="sponsor", by=lead, now=NOW)
    publish(rollout, drafts(rollout, sponsor=None))
    taken_back = PlanEvent.objects.get(kind=EventKind.WAIVER_TAKEN_BACK)
    with pytest.raises(UndoRefused, match="har ikke lenger dette steget"):
        undoing.undo(rollout=rollout, change=taken_back.change, by=lead, now=NOW)


def test_a_copy_of_the_rollout_gets_the_newest_course(rollout):
    publish(rollout, [*drafts(rollout), new_step()])
    september = dt.date(2018, 9, 3)
    made = create_from(template=rollout, slug="ny", name="Ny", by=make_lead(), now=NOW, leaders_on=september)
    assert made.course_versions.get().steps.filter(key="utpek_superbrukere").exists()
