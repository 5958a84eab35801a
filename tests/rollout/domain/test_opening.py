import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.domain import deciding, opening, readiness, scheduling
from rollout.domain.refusals import Refused
from rollout.models import EventKind, LicencePool, PlanEvent, Verdict, WaveState
from tests.factories import NOW, at, give_go, make_agency, make_guidelines, make_ready, place

pytestmark = pytest.mark.django_db
LEADERS, ALL_STAFF = at("2018-02-07 08:00"), at("2018-02-27 08:00")


@pytest.fixture
def wave(rollout):
    return rollout.waves.get(number=1)


def ready(slug, wave, **fields):
    return make_ready(place(make_agency(slug, **fields), wave))


def unready(slug, wave, **fields):
    return make_ready(place(make_agency(slug, **fields), wave), but_not=("readiness_confirmed",))


def open_at(moment):
    return opening.open_due(now=moment)


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def test_with_a_go_the_leaders_of_the_ready_get_access_at_eight_and_licences_are_reserved(wave, rollout, lead):
    kli = ready("kli", wave, employees=37)
    give_go(wave, by=lead)

    assert open_at(at("2018-02-07 07:59")) == []
    assert [o.step for o in open_at(LEADERS)] == ["leaders"]

    kli, wave = fresh(kli), fresh(wave)
    assert (wave.state, wave.leaders_opened_at) == (WaveState.LEADERS_OPEN, LEADERS)
    assert (kli.leaders_access_at, kli.all_staff_access_at, kli.employees_at_opening) == (LEADERS, None, 37)
    assert kli.licence_budget.reserved == 37
    assert LicencePool.objects.get().reserved == 37
    assert open_at(LEADERS) == [], "a second run opens nothing"


def test_the_same_go_covers_all_staff(wave, lead):
    kli = ready("kli", wave)
    give_go(wave, by=lead)
    open_at(LEADERS)
    assert [o.step for o in open_at(ALL_STAFF)] == ["all_staff"]
    assert (fresh(wave).state, fresh(kli).all_staff_access_at) == (WaveState.ALL_OPEN, ALL_STAFF)


def test_a_job_that_ran_late_opens_both_steps_of_a_go_given_in_time(wave, lead):
    kli = ready("kli", wave)
    give_go(wave, by=lead)
    assert [o.step for o in open_at(at("2018-03-01 12:00"))] == ["leaders", "all_staff"]
    assert fresh(kli).all_staff_access_at == at("2018-03-01 12:00")


def test_without_a_decision_nothing_opens_and_it_is_recorded_once(wave):
    kli = ready("kli", wave)
    for _run in range(2):
        assert open_at(LEADERS) == []
    assert fresh(kli).leaders_access_at is None
    event = PlanEvent.objects.get(kind=EventKind.NO_DECISION)
    assert event.after == {"step": "leaders", "date": "2018-02-07"}


def test_once_it_is_told_that_nothing_opened_a_tick_locks_nothing_more_until_somebody_decides(wave, lead):
    ready("kli", wave)
    open_at(LEADERS)
    with CaptureQueriesContext(connection) as seen:
        assert open_at(LEADERS + dt.timedelta(days=1)) == []
    assert [query["sql"] for query in seen if "FOR NO KEY UPDATE" in query["sql"]] == []
    scheduling.set_dates(
        wave=wave,
        leaders_on=dt.date(2018, 2, 14),
        all_staff_on=dt.date(2018, 3, 6),
        by=lead,
        now=at("2018-02-08 12:00"),
    )
    give_go(fresh(wave), by=lead, at=at("2018-02-08 13:00"))
    assert len(open_at(at("2018-02-14 08:00"))) == 1


def test_a_no_go_keeps_the_wave_planned_and_tells_nobody(wave, lead):
    ready("kli", wave)
    give_go(wave, by=lead)
    give_go(wave, by=lead, verdict=Verdict.NO_GO)
    assert open_at(LEADERS) == []
    assert fresh(wave).state == WaveState.PLANNED
    assert not PlanEvent.objects.filter(kind=EventKind.NO_DECISION).exists()


def test_a_new_date_after_a_no_go_asks_for_a_new_decision_and_the_leads_are_told_when_it_is_missing(wave, lead):
    ready("kli", wave)
    deciding.decide(wave=wave, verdict=Verdict.NO_GO, reason="Venter på avtalen", by=lead, now=NOW)
    scheduling.set_dates(wave=wave, leaders_on=dt.date(2018, 2, 9), all_staff_on=wave.all_staff_on, by=lead, now=NOW)
    assert open_at(at("2018-02-09 08:00")) == []
    assert PlanEvent.objects.get(kind=EventKind.NO_DECISION).after == {"step": "leaders", "date": "2018-02-09"}


@pytest.mark.parametrize("days", [[(7, 28)], [(9, 27), (7, 27)]], ids=["the other step's date", "there and back"])
def test_a_no_go_about_the_day_that_came_is_a_decision_whatever_else_was_set_since(wave, lead, days):
    ready("kli", wave)
    deciding.decide(wave=wave, verdict=Verdict.NO_GO, reason="Venter på avtalen", by=lead, now=NOW)
    for leaders, everybody in days:
        dates = {"leaders_on": dt.date(2018, 2, leaders), "all_staff_on": dt.date(2018, 2, everybody)}
        scheduling.set_dates(wave=wave, **dates, by=lead, now=NOW)
    assert open_at(LEADERS) == []
    assert not PlanEvent.objects.filter(kind=EventKind.NO_DECISION).exists()


def test_a_go_voided_by_a_new_date_opens_nothing(wave, lead):
    ready("kli", wave)
    give_go(wave, by=lead)
    scheduling.set_dates(wave=wave, leaders_on=dt.date(2018, 2, 8), all_staff_on=wave.all_staff_on, by=lead, now=NOW)
    assert open_at(at("2018-02-08 08:00")) == []
    assert PlanEvent.objects.filter(kind=EventKind.NO_DECISION).count() == 1


def test_a_new_all_staff_date_after_the_leaders_needs_a_new_go(wave, lead):
    ready("kli", wave)
    give_go(wave, by=lead)
    open_at(LEADERS)
    scheduling.set_dates(wave=wave, leaders_on=wave.leaders_on, all_staff_on=dt.date(2018, 3, 1), by=lead, now=LEADERS)
    assert open_at(at("2018-03-01 08:00")) == []
    assert fresh(wave).state == WaveState.LEADERS_OPEN


def test_who_is_not_ready_is_deferred_with_the_reasons_and_holds_up_nobody(wave, rollout, lead):
    kli, vav, bre = ready("kli", wave), unready("vav", wave), unready("bre", wave)
    waiting = place(make_agency("waiting"), rollout=rollout)
    three = rollout.waves.get(number=3)
    deciding.choose_deferral(placement=bre, to=three, by=lead, now=NOW)
    give_go(wave, by=lead)

    [done] = open_at(LEADERS)

    assert [p.agency.slug for p in done.judgement.let_in] == ["kli"]
    assert fresh(kli).leaders_access_at == LEADERS
    assert (fresh(vav).queue_position, fresh(waiting).queue_position) == (1, 2), "the front of the queue"
    assert fresh(bre).wave == three
    event = PlanEvent.objects.get(kind=EventKind.DEFERRED, agency=vav.agency)
    assert "klarmelding er ikke gitt" in event.reason
    assert fresh(wave).has_go, "the opening's own deferrals do not void the go"


def test_several_deferred_keep_their_order_at_the_front_of_the_queue(wave, rollout, lead):
    place(make_agency("waiting"), rollout=rollout)
    for slug in ("first", "second"):
        unready(slug, wave)
    give_go(wave, by=lead)
    open_at(LEADERS)
    assert list(rollout.placements.queued().values_list("agency__slug", flat=True)) == ["first", "second", "waiting"]


def test_a_full_target_sends_the_deferred_to_the_front_of_the_queue(wave, rollout, lead):
    two = rollout.waves.get(number=2)
    for number in range(4):
        place(make_agency(f"full{number}"), two)
    a, b = unready("a", wave), unready("b", wave)
    for placement in (a, b):
        deciding.choose_deferral(placement=placement, to=two, by=lead, now=NOW)
    give_go(wave, by=lead)

    shown = {away.placement.agency.slug: away.to for away in opening.preview(wave, now=NOW).judgement.turned_away}
    open_at(LEADERS)

    assert shown == {"a": two, "b": None}
    assert (fresh(a).wave, fresh(b).queue_position) == (two, 1), "as the preview said"


def test_ready_later_than_the_preview_is_let_in(wave, lead):
    kli = unready("kli", wave)
    assert opening.preview(wave, now=NOW).judgement.let_in == []
    give_go(wave, by=lead)
    make_ready(
        kli,
        but_not=(
            "sponsor",
            "guidelines_adopted",
            "agreement_joined",
            "risk_and_dpia",
            "employee_representatives",
            "accounts_and_sso",
            "groups_comms_training",
        ),
    )
    open_at(LEADERS)
    assert fresh(kli).leaders_access_at == LEADERS


def test_the_pool_lets_in_those_it_has_licences_for_and_defers_the_rest(wave, lead):
    LicencePool.objects.update(size=150)
    big, small = ready("big", wave, employees=100), ready("small", wave, employees=60)
    give_go(wave, by=lead)
    [done] = open_at(LEADERS)
    assert [p.agency.slug for p in done.judgement.let_in] == ["big"]
    assert fresh(small).queue_position == 1
    assert [p.code for p in done.judgement.turned_away[0].problems] == ["pool_short"]
    assert LicencePool.objects.get().reserved == fresh(big).headcount == 100


def test_an_agency_with_a_new_problem_is_held_at_all_staff_and_its_leaders_keep_access(wave, rollout, lead):
    kli, vav = ready("kli", wave), ready("vav", wave)
    give_go(wave, by=lead)
    open_at(LEADERS)
    version = make_guidelines(rollout, number=2, text="Ny personvernlov.", is_material=True)
    kli.sign_offs.create(
        version=version,
        text_hash=version.text_hash,
        person=lead,
        role="agency_head",
        signed_in_by="code",
        signed_at=LEADERS,
    )

    [done] = open_at(ALL_STAFF)

    assert [p.agency.slug for p in done.judgement.let_in] == ["kli"]
    vav = fresh(vav)
    assert vav.is_held
    assert (vav.leaders_access_at, vav.all_staff_access_at, vav.wave) == (LEADERS, None, wave)
    assert PlanEvent.objects.filter(kind=EventKind.HELD, agency=vav.agency).count() == 1

    later = at("2018-03-02 10:00")
    opening.release(placement=vav, reason="Signerer i dag", by=lead, now=later)
    assert fresh(vav).all_staff_access_at == later
    assert PlanEvent.objects.get(kind=EventKind.RELEASED).reason == "Signerer i dag"
    with pytest.raises(Refused, match="holdes ikke tilbake"):
        opening.release(placement=vav, reason="Igjen", by=lead, now=later)


def test_an_opened_wave_keeps_its_figures_when_the_agency_grows(wave, lead):
    kli = ready("kli", wave, employees=37)
    give_go(wave, by=lead)
    open_at(LEADERS)
    kli.agency.employees = 50
    kli.agency.save()
    assert fresh(kli).headcount == 37
    assert readiness.problems(fresh(kli), now=LEADERS) == []
