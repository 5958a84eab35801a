"""A wave's review: figures and lessons in, criteria held against thresholds, a decision out, and then nothing moves."""

import datetime as dt
from decimal import Decimal

import pytest

from rollout import emails
from rollout.domain import learning, opening, reviewing
from rollout.domain.refusals import FieldsRefused, Refused
from rollout.models import Criteria, EventKind, Lesson, Pace, PlanEvent, Review, UsageFigures, Wave, WaveState
from tests.factories import (
    GOOD_FIGURES,
    at,
    make_agency,
    make_figures,
    make_people,
    make_pilot,
    make_ready,
    open_for_all,
    place,
)

pytestmark = pytest.mark.django_db

GATE = at("2018-03-22 10:00")
MEASURED = dt.date(2018, 3, 21)
HELD = {"leaders_access_at": GATE, "employees_at_opening": 100, "held_at": GATE}


@pytest.fixture
def kli(rollout):
    return place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=1))


@pytest.fixture
def wave(kli):
    """Wave 1, open for all with one agency; wave 2 has one that is ready."""
    make_ready(place(make_agency("bre"), kli.rollout.waves.get(number=2)))
    wave = open_for_all(kli.rollout.waves.get(number=1))
    kli.refresh_from_db()
    return wave


def enter(placement, lead, *, on=MEASURED, now=GATE, **numbers):
    return reviewing.enter_figures(
        placement=placement,
        measured_on=on,
        numbers=GOOD_FIGURES | numbers,
        definition="Aktivert: har logget inn.",
        source="Innsikt",
        by=lead,
        now=now,
    )


def close(wave, lead, pace=Pace.SAME, **more):
    return reviewing.close(wave=wave, pace=pace, reason="Det gikk bra.", by=lead, now=GATE, **more)


def checks(wave) -> dict[str, bool | None]:
    return {check.key: check.met for check in reviewing.standing(wave, now=GATE).checks}


def proposal(wave) -> Pace:
    return reviewing.standing(wave, now=GATE).proposal


# -- figures -------------------------------------------------------------------------------------------------------


def test_figures_tell_what_they_mean_whence_and_when(wave, kli, lead):
    row = enter(kli, lead)
    assert (row.definition, row.source, row.measured_on) == ("Aktivert: har logget inn.", "Innsikt", MEASURED)
    event = PlanEvent.objects.get(kind=EventKind.FIGURES_ENTERED)
    assert (event.agency, event.wave, event.by) == (kli.agency, wave, lead)
    assert "activated" not in event.after, "an event is told whatever the size of the group"


def test_a_correction_is_a_new_row_and_the_latest_counts(wave, kli, lead):
    enter(kli, lead, activated=70)
    enter(kli, lead, activated=60)
    enter(kli, lead, activated=60)  # a double press
    assert UsageFigures.objects.count() == 2
    (agency,) = reviewing.standing(wave, now=GATE).agencies
    assert [row.activated for row in agency.rows] == [60]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"activated": 101}, "activated"),
        ({"weekly_active": 81}, "weekly_active"),
        ({"on_mobile": 51}, "on_mobile"),
        ({"leaders_activated": 13}, "leaders_activated"),
        ({"on": dt.date(2018, 2, 26)}, "measured_on"),
        ({"on": dt.date(2018, 3, 23)}, "measured_on"),
    ],
)
def test_figures_that_cannot_be_are_refused_at_their_field(wave, kli, lead, change, field):
    with pytest.raises(FieldsRefused) as refused:
        enter(kli, lead, **change)
    assert list(refused.value.by_field) == [field]
    assert not UsageFigures.objects.exists()


def test_figures_wait_for_the_opening_for_all_and_for_an_agency_that_is_held(rollout, kli, lead):
    with pytest.raises(Refused, match="Klimaetaten er ikke åpnet for alle ennå"):
        enter(kli, lead)
    open_for_all(rollout.waves.get(number=1))
    kli.__class__.objects.filter(pk=kli.pk).update(all_staff_access_at=None, held_at=GATE)
    with pytest.raises(Refused, match="Klimaetaten er ikke åpnet for alle ennå"):
        enter(kli, lead)


def test_an_agency_that_was_released_is_measured_from_its_own_opening_and_not_its_waves(wave, kli, lead):
    """Held on 27 February, let in three weeks later: two working days of figures are no fifteen."""
    kli.all_staff_access_at = at("2018-03-19 12:00")
    kli.save()
    with pytest.raises(FieldsRefused, match="Klimaetaten åpnet for alle mandag 19. mars 2018"):
        enter(kli, lead, on=dt.date(2018, 3, 16))
    enter(kli, lead)
    (days,) = (check for check in reviewing.standing(wave, now=GATE).checks if check.key == "working_days")
    assert (days.value, days.met) == ("2", False)


# -- criteria ------------------------------------------------------------------------------------------------------


def test_with_good_figures_every_criterion_is_met_and_the_same_pace_is_proposed(wave, kli):
    make_figures(kli, MEASURED)
    assert set(checks(wave).values()) == {True}
    assert proposal(wave) == Pace.SAME


def test_what_is_not_measured_is_a_miss(wave):
    found = checks(wave)
    assert found["activated"] is None and found["backlog_days"] is None
    assert found["working_days"] is False
    assert proposal(wave) == Pace.HOLD


@pytest.mark.parametrize(
    ("numbers", "missed", "proposed"),
    [
        ({"weekly_active": 31, "on_mobile": None}, {"weekly_active"}, Pace.SLOWER),
        ({"weekly_active": 32, "on_mobile": None}, set(), Pace.SAME),
        ({"activated": 49, "weekly_active": 49}, {"activated"}, Pace.SLOWER),
        ({"leaders_activated": 9}, {"leaders_activated"}, Pace.SLOWER),
        ({"backlog_days": Decimal(2)}, {"backlog_days"}, Pace.SLOWER),
        ({"severe_incidents": 1}, {"severe_incidents"}, Pace.HOLD),
        ({"leaders_activated": 9, "backlog_days": Decimal(2)}, {"leaders_activated", "backlog_days"}, Pace.HOLD),
    ],
)
def test_one_miss_is_slower_and_two_or_a_severe_incident_hold(wave, kli, numbers, missed, proposed):
    make_figures(kli, MEASURED, **numbers)
    assert {key for key, met in checks(wave).items() if not met} == missed
    assert proposal(wave) == proposed


def test_the_first_wave_is_given_three_weeks_and_the_later_ones_a_week(wave, kli):
    make_figures(kli, dt.date(2018, 3, 6))  # five working days after 27 February
    assert checks(wave)["working_days"] is False
    second = open_for_all(wave.rollout.waves.get(number=2))
    make_figures(second.placements.get(), dt.date(2018, 4, 24))
    found = reviewing.standing(second, now=at("2018-04-24 12:00")).checks
    assert next(check for check in found if check.key == "working_days").met


def test_after_six_weeks_more_must_have_activated(wave, kli):
    six_weeks_on = dt.date(2018, 4, 10)
    make_figures(kli, six_weeks_on - dt.timedelta(days=1), activated=79)
    assert checks(wave)["activated"] is True
    make_figures(kli, six_weeks_on, activated=79)
    assert checks(wave)["activated"] is False


def test_figures_must_be_there_from_every_agency(wave, kli, rollout):
    other = place(make_agency("vav"), wave)
    open_for_all(wave)
    make_figures(kli, MEASURED)
    assert checks(wave)["working_days"] is False
    make_figures(other, MEASURED)
    assert checks(wave)["working_days"] is True


def test_the_next_waves_agencies_and_licences_count(wave, kli, rollout):
    make_figures(kli, MEASURED)
    unready = place(make_agency("mum"), rollout.waves.get(number=2))
    assert (checks(wave)["next_ready"], checks(wave)["next_agreements"]) == (False, True), "one alone is deferred"
    place(make_agency("ren"), unready.wave)
    assert checks(wave)["next_agreements"] is False
    assert checks(wave)["next_licences"] is True
    rollout.licence_pool.__class__.objects.update(size=299)
    assert checks(wave)["next_licences"] is False


def test_thresholds_are_settings_with_an_event(wave, kli, lead, rollout):
    make_figures(kli, MEASURED)
    reviewing.set_criteria(rollout=rollout, by=lead, now=GATE, activated=90, weekly_active=40)
    assert checks(wave)["activated"] is False
    event = PlanEvent.objects.get(kind=EventKind.CRITERIA_SET)
    assert (event.before, event.after) == ({"activated": "50"}, {"activated": "90"})
    reviewing.set_criteria(rollout=rollout, by=lead, now=GATE, activated=90)
    assert PlanEvent.objects.filter(kind=EventKind.CRITERIA_SET).count() == 1
    assert Criteria.objects.get().leaders_activated == 80


# -- lessons -------------------------------------------------------------------------------------------------------


def test_lessons_are_three_and_each_change_is_an_event(wave, kli, lead):
    learning.write_lessons(placement=kli, texts=["En", "", "Tre"], by=lead, now=GATE)
    learning.write_lessons(placement=kli, texts=["En", "To", ""], by=lead, now=GATE)
    assert list(kli.lessons.order_by("number").values_list("number", "text")) == [(1, "En"), (2, "To")]
    told = PlanEvent.objects.filter(kind=EventKind.LESSON_WRITTEN).values_list("before__text", "after__text")
    assert list(told) == [("", "En"), ("", "Tre"), ("", "To"), ("Tre", "")]


def test_a_page_that_stood_open_takes_away_no_lesson_that_came_meanwhile(wave, kli, lead):
    learning.write_lessons(placement=kli, texts=["En"], by=lead, now=GATE)
    shown = ["En", "", ""]
    learning.write_lessons(placement=kli, texts=["En", "To"], by=lead, now=GATE)

    learning.write_lessons(placement=kli, texts=["Først", "", ""], seen=shown, by=lead, now=GATE)

    assert list(kli.lessons.order_by("number").values_list("text", flat=True)) == ["Først", "To"]
    with pytest.raises(Refused, match="Erfaring 2 er endret siden du så den, og er nå «To»"):
        learning.write_lessons(placement=kli, texts=["Først", "Andre", ""], seen=shown, by=lead, now=GATE)


def test_an_agency_teaches_nothing_before_its_leaders_are_in(kli, lead):
    with pytest.raises(Refused, match="ikke tatt i bruk"):
        learning.write_lessons(placement=kli, texts=["En"], by=lead, now=GATE)


def test_lessons_follow_into_the_next_wave_and_the_pilots_into_the_first(wave, kli, lead, rollout):
    pilot = make_pilot(make_agency("bal"))
    learning.write_lessons(placement=pilot, texts=["Fra piloten"], by=lead, now=GATE)
    learning.write_lessons(placement=kli, texts=["Fra pulje 1"], by=lead, now=GATE)

    def taught(number):
        return [lesson.text for lesson in learning.lessons_for(rollout.waves.get(number=number))]

    assert [taught(number) for number in (1, 2, 3)] == [["Fra piloten"], ["Fra pulje 1"], []]
    rollout.waves.get(number=2).placements.update(status="withdrawn", wave=None, slot=None)  # emptied
    assert taught(3) == ["Fra pulje 1"]


def test_the_lessons_stand_in_the_mail_of_the_next_waves_go_and_opening(wave, kli, lead, rollout):
    second = rollout.waves.get(number=2)
    make_people(second.placements.get().agency)
    learning.write_lessons(placement=kli, texts=["Begynn <i> tide."], source="eksempel", by=lead, now=GATE)
    with_the_go = emails.dates.your_dates(wave=second, now=GATE)
    at_opening = opening.preview(second, now=GATE).messages
    assert with_the_go and at_opening
    for draft in with_the_go + at_opening:
        assert "Erfaringer fra dem som gikk foran\nKlimaetaten:\n- Begynn <i> tide. (eksempel)\n" in draft.text
        assert "Begynn &lt;i&gt; tide. (eksempel)</li>" in draft.html


# -- the decision --------------------------------------------------------------------------------------------------


def test_a_review_freezes_what_was_shown_and_closes_the_wave(wave, kli, lead):
    row = make_figures(kli, MEASURED, leaders_invited=9, leaders_activated=9)
    learning.write_lessons(placement=kli, texts=["Begynn i tide."], by=lead, now=GATE)
    review = close(wave, lead, Pace.SLOWER, seen=row.pk)
    assert Wave.objects.get(pk=wave.pk).state == WaveState.CLOSED
    (told,) = review.figures
    assert (told["slug"], told["lessons"], told["figures"]["activated"]) == ("kli", ["Begynn i tide."], 80)
    assert told["figures"]["leaders_activated"] is None, "a group under ten is not kept with what was shown"
    assert (review.pace, review.proposal) == (Pace.SLOWER, Pace.SLOWER)
    assert {check["key"] for check in review.criteria if not check["met"]} == {"leaders_activated"}
    event = PlanEvent.objects.get(kind=EventKind.REVIEW_CLOSED)
    assert (event.wave, event.reason, event.after["pace"]) == (wave, "Det gikk bra.", "slower")


def test_after_the_decision_neither_figures_nor_lessons_change(wave, kli, lead):
    make_figures(kli, MEASURED)
    close(wave, lead)
    with pytest.raises(Refused, match="Tallene står fast"):
        enter(kli, lead, activated=1)
    with pytest.raises(Refused, match="Erfaringene står fast"):
        learning.write_lessons(placement=kli, texts=["Ny"], by=lead, now=GATE)
    with pytest.raises(Refused, match="alt avsluttet"):
        close(wave, lead)
    assert (UsageFigures.objects.count(), Lesson.objects.count(), Review.objects.count()) == (1, 0, 1)


def test_who_is_let_in_after_the_decision_gets_figures_and_lessons_and_what_is_frozen_stays(wave, kli, lead, rollout):
    """Held at all staff, let in too late for the review: its figures wait for its staff, never for ever."""
    bns = place(make_agency("bns", name="Bydel Nordstrand"), wave, **HELD)
    make_figures(kli, MEASURED)
    review = close(wave, lead)
    with pytest.raises(Refused, match="Bydel Nordstrand er ikke åpnet for alle ennå"):
        enter(bns, lead)
    opening.release(placement=bns, reason="Har signert", by=lead, now=GATE)

    enter(bns, lead, on=GATE.date())
    learning.write_lessons(placement=bns, texts=["Sjekk signaturen."], by=lead, now=GATE)

    with pytest.raises(Refused, match="Tallene står fast"):
        enter(kli, lead, activated=1)
    assert [one["slug"] for one in Review.objects.get(pk=review.pk).figures] == ["kli"]
    assert learning.lessons_for(rollout.waves.get(number=2))[0].text == "Sjekk signaturen."


def test_who_is_let_in_before_the_decision_is_frozen_with_the_others(wave, kli, lead):
    bns = place(make_agency("bns"), wave, **HELD)
    opening.release(placement=bns, reason="Har signert", by=lead, now=GATE)
    close(wave, lead)
    with pytest.raises(Refused, match="Tallene står fast"):
        enter(bns, lead)


def test_a_decision_is_on_the_figures_that_were_seen(wave, kli, lead):
    seen = reviewing.standing(wave, now=GATE).as_seen
    make_figures(kli, MEASURED)
    with pytest.raises(Refused, match="Tallene er endret siden du så dem"):
        close(wave, lead, **seen)
    assert not Review.objects.exists()


def test_a_decision_is_on_the_agencies_that_were_seen(wave, kli, lead):
    """Else one let in meanwhile would be frozen without figures, by a decision that never looked at it."""
    bns = place(make_agency("bns"), wave, **HELD)
    seen = reviewing.standing(wave, now=GATE).as_seen
    opening.release(placement=bns, reason="Har signert", by=lead, now=GATE)
    with pytest.raises(Refused, match="Tallene er endret siden du så dem"):
        close(wave, lead, **seen)
    close(wave, lead, **seen | {"agencies_seen": seen["agencies_seen"] + 1})


def test_a_decision_is_on_the_criteria_that_were_seen(wave, kli, lead, rollout):
    make_figures(kli, MEASURED)
    seen = reviewing.standing(wave, now=GATE).as_seen
    reviewing.set_criteria(rollout=rollout, by=lead, now=GATE, activated=95)
    with pytest.raises(Refused, match="Kriteriene er endret siden du så dem"):
        close(wave, lead, **seen)
    assert not Review.objects.exists()

    reviewing.set_criteria(rollout=rollout, by=lead, now=GATE, activated=Criteria().activated)
    close(wave, lead, **seen)


def test_a_review_has_a_reason_and_waits_for_the_opening_for_all(wave, lead, rollout):
    with pytest.raises(Refused, match="begrunnelse"):
        reviewing.close(wave=wave, pace=Pace.SAME, reason=" ", by=lead, now=GATE)
    with pytest.raises(Refused, match="Pulje 2 er ikke åpnet for alle ennå"):
        close(rollout.waves.get(number=2), lead)
