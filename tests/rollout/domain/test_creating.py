"""A rollout after the pattern of another, and which one is active."""

import datetime as dt
from decimal import Decimal

import pytest

from rollout.domain import calendar, creating, drafting, reviewing, scheduling
from rollout.domain.calendar import calendar_of, working_days_between
from rollout.domain.refusals import Refused
from rollout.models import BlackoutPeriod, EventKind, Rollout
from tests.factories import NOW, give_go, make_agency, make_guidelines, make_rollout, place

pytestmark = pytest.mark.django_db
#: A year later, a working day: 7 February 2018, the template's first date, plus a year.
FIRST_DAY = dt.date(2019, 2, 7)


@pytest.fixture
def template():
    rollout = make_rollout(waves=7)
    place(make_agency("kli"), rollout.waves.get(number=1))
    BlackoutPeriod.objects.create(
        rollout=rollout, name="Stengt", first_day=dt.date(2019, 4, 1), last_day=dt.date(2019, 4, 12), hard=True
    )
    return rollout


def make(template, lead, **other) -> Rollout:
    said = {"slug": "teams-2019", "name": "Teams i Oslo", "tool_name": "Teams", "leaders_on": FIRST_DAY}
    return creating.create_from(template=template, by=lead, now=NOW, **said | other)


def dates(rollout):
    return list(rollout.waves.values_list("leaders_on", "all_staff_on"))


def test_it_has_the_waves_of_its_template_and_none_of_its_agencies(template, lead):
    made = make(template, lead, pool=9000, price_nok=Decimal("30.50"))
    assert made.waves.count() == 7
    assert dates(made)[0][0] == FIRST_DAY
    assert not made.placements.exists()
    assert (made.licence_pool.size, made.licence_pool.price_nok) == (9000, Decimal("30.50"))
    assert not made.is_active


def test_every_date_is_open_and_their_order_and_distances_are_kept(template, lead):
    made = make(template, lead)
    days = calendar_of(made)
    was, now = dates(template), dates(made)

    assert all(days.is_open(day) for pair in now for day in pair)
    assert not any(dt.date(2019, 4, 1) <= day <= dt.date(2019, 4, 12) for pair in now for day in pair)
    for step in (0, 1):
        assert [pair[step] for pair in now] == sorted({pair[step] for pair in now}), "each comes after the one before"
    assert working_days_between(*now[0]) == working_days_between(*was[0])
    # Only a closed day makes a distance longer; the last wave is as far off as it was, or a few days more.
    before, after = working_days_between(was[0][0], was[6][0]), working_days_between(now[0][0], now[6][0])
    assert before <= after <= before + 10


def test_a_template_of_the_past_and_one_of_the_future_both_give_the_day_that_was_asked_for(template, lead):
    later = make(template, lead, slug="later", leaders_on=dt.date(2027, 1, 11))
    earlier = creating.create_from(
        template=later, slug="earlier", name="Tidligere", leaders_on=dt.date(2018, 2, 7), by=lead, now=NOW
    )
    assert dates(earlier)[0][0] == dt.date(2018, 2, 7)
    assert all(calendar_of(earlier).is_open(day) for pair in dates(earlier) for day in pair)


def test_the_same_first_day_gives_the_same_dates(template, lead):
    assert dates(make(template, lead, leaders_on=dt.date(2018, 2, 7))) == dates(template)


def test_course_guidelines_periods_caps_and_criteria_are_copied_as_they_stand(template, lead):
    make_guidelines(template, number=2, text="Den nye teksten.")
    scheduling.set_people_cap(wave=template.waves.get(number=2), cap=9000, by=lead, now=NOW)
    reviewing.set_criteria(rollout=template, activated=65, by=lead, now=NOW)

    made = make(template, lead)

    course, pattern = made.course_versions.get(), template.course_versions.get()
    assert course.number == 1
    names = ("number", "key", "name", "owner_role", "lead_time_days", "blocking")
    assert list(course.steps.values(*names)) == list(pattern.steps.values(*names))
    guidelines = made.guideline_versions.get()
    assert (guidelines.number, guidelines.text, guidelines.published_by) == (1, "Den nye teksten.", lead)
    assert list(made.blackouts.values_list("name", "hard")) == [("Stengt", True)]
    assert template.blackouts.count() == 1
    assert list(made.waves.values_list("people_cap", flat=True)) == [None, 9000] + [None] * 5
    assert (made.criteria.activated, made.criteria.weekly_active) == (65, 40)


def test_guidelines_that_name_the_old_tool_become_a_draft_that_names_the_new_one(template, lead):
    text = "Kjøreregler for Workplace\n\nI en Workplace-gruppe gjelder Workplaces regler, ikke Workplacer."
    make_guidelines(template, number=2, text=text)

    made = make(template, lead)

    assert not made.guideline_versions.exists(), "nobody signs a text that nobody has read"
    draft = drafting.draft_of(made)
    assert draft.text == "Kjøreregler for Teams\n\nI en Teams-gruppe gjelder Teams’ regler, ikke Workplacer."
    version = drafting.publish(rollout=made, revision_seen=draft.revision, is_material=True, by=lead, now=NOW)
    assert version.number == 1


def test_guidelines_for_the_same_tool_are_published_as_they_stand(template, lead):
    make_guidelines(template, number=2, text="Kjøreregler for Workplace")

    made = make(template, lead, tool_name="Workplace")

    assert made.guideline_versions.get().text == "Kjøreregler for Workplace"
    assert drafting.draft_of(made) is None


def test_a_decision_is_not_copied(template, lead):
    give_go(template.waves.get(number=1), by=lead)
    assert make(template, lead).waves.get(number=1).decision is None


def test_the_history_of_the_new_one_tells_how_it_came_to_be(template, lead):
    made = make(template, lead)
    created, published, *waves = made.events.all()
    assert (created.kind, created.by, created.after["template"]) == (EventKind.ROLLOUT_CREATED, lead, template.name)
    assert published.kind == EventKind.GUIDELINES_PUBLISHED
    assert {event.kind for event in waves} == {EventKind.WAVE_ADDED}
    assert len({event.change for event in waves}) == 1
    told = [(event.wave.number, event.after["leaders_on"]) for event in waves]
    assert told == [(wave.number, wave.leaders_on.isoformat()) for wave in made.waves.all()]
    assert not template.events.exists()


def test_a_template_without_waves_needs_no_day(lead):
    made = make(make_rollout(), lead, leaders_on=None)
    assert not made.waves.exists()
    assert made.course_versions.get().steps.exists()


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"slug": "workplace-2018"}, "slug", "finnes fra før"),
        ({"leaders_on": None}, "leaders_on", "Velg dagen"),
        ({"leaders_on": dt.date(2018, 1, 31)}, "leaders_on", "er passert"),
        ({"leaders_on": dt.date(2019, 5, 17)}, "leaders_on", "kan ingenting åpne"),
        ({"leaders_on": dt.date(2019, 4, 3)}, "leaders_on", "Stengt"),
    ],
)
def test_what_stands_in_the_way_is_said_at_its_field_and_nothing_is_made(template, lead, said, field, sentence):
    with pytest.raises(Refused, match=sentence) as refused:
        make(template, lead, **said)
    assert refused.value.field == field
    assert Rollout.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Teams i Oslo kommune", "teams-i-oslo-kommune"),
        ("Ærlig, ørlite Ås!", "aerlig-orlite-as"),
        ("Workplace 2018", "workplace-2018-2"),
        ("???", ""),
    ],
)
def test_a_code_is_made_of_the_name(template, name, slug):
    assert creating.suggest_slug(name) == slug


def test_another_is_made_active_and_both_are_told(template, lead):
    made = make(template, lead)
    assert creating.activate(rollout=made, by=lead, now=NOW)
    assert Rollout.objects.active() == made
    for rollout in (template, made):
        event = rollout.events.last()
        assert (event.kind, event.by) == (EventKind.ROLLOUT_ACTIVATED, lead)
        assert (event.before["active"], event.after["active"]) == (template.name, made.name)


def test_the_active_one_stays_so_without_a_word(template, lead):
    assert not creating.activate(rollout=template, by=lead, now=NOW)
    assert not template.events.exists()


def test_a_period_taken_out_of_the_copy_stays_in_the_template(template, lead):
    made = make(template, lead)
    calendar.remove_blackout(period=made.blackouts.get(), by=lead, now=NOW)
    assert template.blackouts.exists()
