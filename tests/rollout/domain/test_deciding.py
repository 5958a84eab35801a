import pytest

from rollout.domain import deciding, opening, placing, scheduling
from rollout.domain.refusals import DecisionRefused
from rollout.models import Decision, EventKind, Pace, PlanEvent, Verdict, Wave, WaveState
from tests.factories import NOW, at, make_agency, make_review, make_rollout, open_for_all, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave():
    one = make_rollout(waves=3).waves.get(number=1)
    place(make_agency("kli"), one)
    return one


def decide(wave, lead, verdict=Verdict.GO, now=NOW, **more):
    return deciding.decide(wave=wave, verdict=verdict, reason="Alt på plass", by=lead, now=now, **more)


def fresh(wave) -> Wave:
    return Wave.objects.get(pk=wave.pk)


def test_the_latest_decision_counts(wave, lead):
    decide(wave, lead)
    assert fresh(wave).decision == Verdict.GO
    decide(wave, lead, Verdict.NO_GO)
    assert fresh(wave).decision == Verdict.NO_GO
    assert Wave.objects.with_latest_decision().get(pk=wave.pk).decision == Verdict.NO_GO
    assert PlanEvent.objects.filter(kind=EventKind.DECIDED).count() == 2


def test_a_double_press_is_one_decision(wave, lead):
    assert decide(wave, lead) == decide(wave, lead)
    assert PlanEvent.objects.filter(kind=EventKind.DECIDED).count() == 1


def test_a_go_after_the_steps_moment_is_refused_until_a_new_date_is_set(wave, lead):
    late = at("2018-02-07 08:00")
    with pytest.raises(
        DecisionRefused, match="skulle ha åpnet onsdag 7. februar 2018 klokken 8. Sett en ny dato først"
    ):
        decide(wave, lead, now=late)
    scheduling.set_dates(
        wave=wave, leaders_on=at("2018-02-09 08:00").date(), all_staff_on=wave.all_staff_on, by=lead, now=late
    )
    assert decide(wave, lead, now=late).verdict == Verdict.GO


def test_a_go_just_before_the_moment_is_in_time(wave, lead):
    assert decide(wave, lead, now=at("2018-02-07 07:59"))


def test_a_no_go_may_come_late(wave, lead):
    assert decide(wave, lead, Verdict.NO_GO, now=at("2018-02-08 12:00"))


def test_a_go_for_an_empty_wave_is_refused(wave, lead):
    with pytest.raises(DecisionRefused, match="Pulje 2 har ingen virksomheter"):
        decide(wave.rollout.waves.get(number=2), lead)


def test_a_wave_that_opened_for_nobody_can_get_a_new_go_since_nobody_can_enter_it(wave, lead):
    """Everybody was deferred: without a go it would stand half open for good."""
    decide(wave, lead)
    opening.open_step(wave_id=wave.pk, now=at("2018-02-07 08:00"))
    opened = fresh(wave)
    assert (opened.state, opened.placements.count()) == (WaveState.LEADERS_OPEN, 0)
    later = {"leaders_on": opened.leaders_on, "all_staff_on": at("2018-02-28 08:00").date()}
    scheduling.set_dates(wave=opened, **later, by=lead, now=at("2018-02-08 12:00"))

    decide(opened, lead, now=at("2018-02-08 12:00"))

    opening.open_step(wave_id=wave.pk, now=at("2018-02-28 08:00"))
    assert fresh(wave).state == WaveState.ALL_OPEN


def test_a_decision_needs_a_reason(wave, lead):
    with pytest.raises(DecisionRefused, match="begrunnelse"):
        deciding.decide(wave=wave, verdict=Verdict.GO, reason="  ", by=lead, now=NOW)


def test_a_go_for_a_plan_that_changed_since_it_was_shown_is_refused(wave, lead):
    seen = wave.plan_version
    newcomer = place(make_agency("vav"), rollout=wave.rollout)
    placing.move(placement=newcomer, to=wave, by=lead, now=NOW)
    with pytest.raises(DecisionRefused, match="endret siden du så den"):
        decide(wave, lead, plan_version_seen=seen)
    assert not Decision.objects.exists()


def test_a_wave_open_for_all_needs_no_decision(wave, lead):
    Wave.objects.filter(pk=wave.pk).update(state=WaveState.ALL_OPEN, leaders_opened_at=NOW, all_staff_opened_at=NOW)
    with pytest.raises(DecisionRefused, match="åpen for alle"):
        decide(wave, lead)


def test_where_to_defer_outlives_a_move_to_where_the_agency_stands_but_not_one_away(wave, lead):
    placement = wave.placements.get()
    two, three = wave.rollout.waves.exclude(pk=wave.pk)
    deciding.choose_deferral(placement=placement, to=three, by=lead, now=NOW)
    placing.move(placement=placement, to=wave, by=lead, now=NOW)
    placement.refresh_from_db()
    assert placement.deferral_wave == three
    placing.move(placement=placement, to=two, by=lead, now=NOW)
    placement.refresh_from_db()
    assert placement.deferral_wave is None


def test_where_to_defer_is_chosen_among_waves_still_to_open(wave, lead):
    placement = wave.placements.get()
    three = wave.rollout.waves.get(number=3)
    deciding.choose_deferral(placement=placement, to=three, by=lead, now=NOW)
    placement.refresh_from_db()
    assert placement.deferral_wave == three
    with pytest.raises(DecisionRefused, match="Velg en annen pulje"):
        deciding.choose_deferral(placement=placement, to=wave, by=lead, now=NOW)
    deciding.choose_deferral(placement=placement, to=None, by=lead, now=NOW)
    placement.refresh_from_db()
    assert placement.deferral_wave is None


# -- the review of the wave before (rule 13) -----------------------------------------------------------------------

GATE = at("2018-03-22 12:00")


@pytest.fixture
def second(wave):
    """Wave 2, with an agency, after wave 1."""
    place(make_agency("bre"), wave.rollout.waves.get(number=2))
    return wave.rollout.waves.get(number=2)


@pytest.mark.parametrize("opened", [True, False])
def test_a_go_waits_for_the_review_of_the_wave_before_whether_that_has_opened_or_not(wave, second, lead, opened):
    """Not opened yet, its review is further off still: all goes could be given on the first day."""
    if opened:
        open_for_all(wave)
    with pytest.raises(DecisionRefused, match="Evalueringen av pulje 1 har ikke endt i en beslutning") as refused:
        decide(second, lead, now=GATE if opened else NOW)
    assert refused.value.field == "override"
    assert not Decision.objects.exists()


@pytest.mark.parametrize("pace", [Pace.FASTER, Pace.SAME, Pace.SLOWER])
def test_after_a_review_that_goes_on_the_next_wave_may_be_given_its_go(wave, second, lead, pace):
    make_review(wave, pace=pace)
    assert decide(second, lead, now=GATE, override="Ingen grunn").override == ""


def test_a_review_that_says_wait_holds_the_next_go_back(wave, second, lead):
    make_review(wave, pace=Pace.HOLD)
    with pytest.raises(DecisionRefused, match="endte med «vent med neste pulje»"):
        decide(second, lead, now=GATE)
    assert decide(second, lead, now=GATE, override="Hendelsen er lukket.").verdict == Verdict.GO


def test_a_lead_may_override_with_a_reason_that_stands_in_the_decision_and_the_event(wave, second, lead):
    open_for_all(wave)
    decision = decide(second, lead, now=GATE, override=" Tallene kommer fredag. ")
    assert decision.override == "Tallene kommer fredag."
    assert PlanEvent.objects.get(kind=EventKind.DECIDED).after["override"] == "Tallene kommer fredag."
    assert decide(second, lead, now=GATE, override="Tallene kommer fredag.") == decision, "a double press"


def test_a_no_go_needs_no_review(second, lead):
    assert decide(second, lead, Verdict.NO_GO).override == ""


def test_a_wave_that_was_emptied_has_nothing_to_review_but_the_one_before_it_has(wave, second, lead):
    third = wave.rollout.waves.get(number=3)
    place(make_agency("vav"), third)
    make_review(wave)
    second.placements.all().delete()
    assert decide(third, lead, now=GATE).verdict == Verdict.GO


def test_nothing_stands_before_the_first_wave(wave, second, lead):
    assert decide(wave, lead).verdict == Verdict.GO
