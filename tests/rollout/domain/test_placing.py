import datetime as dt

import pytest

from rollout.domain import deciding, leaving, opening, placing, queueing, scheduling, together
from rollout.domain.refusals import MoveRefused, Refused
from rollout.models import OSLO, EventKind, Placement, PlanEvent, Wave, WaveState
from tests.factories import NOW, give_go, make_agency, make_lead, make_pilot, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


def wave(rollout, number) -> Wave:
    return rollout.waves.get(number=number)


def queue_of(rollout) -> list[str]:
    return list(rollout.placements.queued().values_list("agency__slug", flat=True))


def positions(rollout) -> list[int]:
    return list(rollout.placements.queued().values_list("queue_position", flat=True))


def test_a_move_takes_the_agency_out_of_the_queue_and_writes_one_event(rollout, lead):
    first, second = place(make_agency("kli"), rollout=rollout), place(make_agency("vav"), rollout=rollout)

    event = placing.move(placement=first, to=wave(rollout, 1), by=lead, now=NOW, reason="Klar for pilot")

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.wave.number, first.slot, first.queue_position) == (1, 1, None)
    assert second.queue_position == 1, "the queue closes its gap"
    assert PlanEvent.objects.get() == event
    assert (event.kind, event.by, event.at, event.reason) == (EventKind.MOVED, lead, NOW, "Klar for pilot")
    assert event.before == {"status": "queued", "queue_position": 1}
    assert event.after == {"status": "placed", "wave": 1, "slot": 1}


def test_a_move_to_where_the_agency_stands_changes_nothing(rollout, lead):
    placement = place(make_agency("kli"), wave(rollout, 1))
    assert placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW) is None
    assert not PlanEvent.objects.exists()
    assert (Placement.objects.get().version, wave(rollout, 1).plan_version) == (1, 1)


def test_a_sixth_agency_is_refused_in_words(rollout, lead):
    for number in range(5):
        place(make_agency(f"a{number}"), wave(rollout, 1))
    sixth = place(make_agency("sixth"), rollout=rollout)

    with pytest.raises(MoveRefused, match="Pulje 1 er full: den har 5 virksomheter. Flytt en ut"):
        placing.move(placement=sixth, to=wave(rollout, 1), by=lead, now=NOW)

    assert queue_of(rollout) == ["sixth"]
    assert not PlanEvent.objects.exists()


def test_a_wave_closes_its_gaps_and_a_newcomer_stands_last_in_it(rollout, lead):
    placements = [place(make_agency(f"a{number}"), wave(rollout, 1)) for number in range(3)]
    placing.move(placement=placements[1], to=None, by=lead, now=NOW)
    newcomer = place(make_agency("new"), rollout=rollout)

    placing.move(placement=newcomer, to=wave(rollout, 1), by=lead, now=NOW)

    in_order = wave(rollout, 1).placements.order_by("slot").values_list("agency__slug", "slot")
    assert list(in_order) == [("a0", 1), ("a2", 2), ("new", 3)]


def test_a_card_that_moved_since_it_was_shown_is_refused_and_told_who_moved_it(rollout, lead):
    placement = place(make_agency("kli", name="Klimaetaten"), rollout=rollout)
    seen = placement.version
    placing.move(placement=placement, to=wave(rollout, 2), by=make_lead("annen@example.org"), now=NOW)

    with pytest.raises(MoveRefused, match="Klimaetaten er flyttet siden du så kortet: annen@example.org .* Pulje 2"):
        placing.move(placement=placement, to=wave(rollout, 1), by=lead, now=NOW, version_seen=seen)


def test_other_peoples_moves_of_other_agencies_do_not_refuse_mine(rollout, lead):
    mine, other = place(make_agency("mine"), rollout=rollout), place(make_agency("other"), rollout=rollout)
    placing.move(placement=other, to=wave(rollout, 1), by=lead, now=NOW)
    placing.move(placement=mine, to=wave(rollout, 1), by=lead, now=NOW, version_seen=mine.version)
    assert wave(rollout, 1).placements.count() == 2


def test_nobody_moves_into_or_out_of_an_opened_wave(rollout, lead):
    opened = wave(rollout, 1)
    inside, outside = place(make_agency("inside"), opened), place(make_agency("outside"), rollout=rollout)
    Wave.objects.filter(pk=opened.pk).update(state=WaveState.LEADERS_OPEN, leaders_opened_at=NOW)

    with pytest.raises(MoveRefused, match="Pulje 1 er åpnet og tar ikke imot flere"):
        placing.move(placement=outside, to=opened, by=lead, now=NOW)
    with pytest.raises(MoveRefused, match="kan ikke flyttes ut"):
        placing.move(placement=inside, to=None, by=lead, now=NOW)


def test_a_pilot_stays_outside_queue_and_waves(rollout, lead):
    pilot = make_pilot(make_agency("uke"), rollout=rollout)
    with pytest.raises(MoveRefused, match="utenfor kø og puljer"):
        placing.move(placement=pilot, to=wave(rollout, 1), by=lead, now=NOW)


def test_a_wave_of_another_rollout_is_refused(rollout, lead):
    other = make_wave(make_rollout(slug="annen"), 1)
    placement = place(make_agency("kli"), rollout=rollout)
    with pytest.raises(MoveRefused, match="annen utrulling"):
        placing.move(placement=placement, to=other, by=lead, now=NOW)


@pytest.mark.parametrize(
    ("slug", "position", "expected"),
    [
        ("c", 1, ["c", "a", "b", "d"]),
        ("a", 3, ["b", "c", "a", "d"]),
        ("a", None, ["b", "c", "d", "a"]),
        ("b", 2, ["a", "b", "c", "d"]),
        ("d", 99, ["a", "b", "c", "d"]),
    ],
)
def test_the_queue_can_be_reordered(rollout, lead, slug, position, expected):
    placements = {s: place(make_agency(s), rollout=rollout) for s in "abcd"}
    placing.move(placement=placements[slug], to=None, by=lead, now=NOW, position=position)
    assert queue_of(rollout) == expected
    assert positions(rollout) == [1, 2, 3, 4]


def test_a_move_voids_the_go_of_both_waves_and_reordering_the_queue_voids_none(rollout, lead):
    one, two = wave(rollout, 1), wave(rollout, 2)
    mover, stayer = place(make_agency("mover"), one), place(make_agency("stayer"), two)
    waiting = place(make_agency("waiting"), rollout=rollout)
    give_go(one, by=lead)
    give_go(two, by=lead)

    placing.move(placement=waiting, to=None, by=lead, now=NOW, position=1)
    assert wave(rollout, 1).has_go
    assert wave(rollout, 2).has_go

    placing.move(placement=mover, to=two, by=lead, now=NOW)
    assert wave(rollout, 1).decision is None
    assert wave(rollout, 2).decision is None
    assert stayer.wave == two


def test_the_proposed_plan_is_applied_whole_or_not_at_all(rollout, lead):
    for number in range(6):
        place(make_agency(f"a{number}"), rollout=rollout)
    too_many = {f"a{number}": 1 for number in range(6)}

    with pytest.raises(MoveRefused, match="full"):
        together.apply_plan(rollout=rollout, places=too_many, by=lead, now=NOW)
    assert Placement.objects.queued().count() == 6

    assert together.apply_plan(rollout=rollout, places=too_many | {"a5": 2}, by=lead, now=NOW) == 6
    assert wave(rollout, 1).placements.count() == 5
    assert PlanEvent.objects.filter(kind=EventKind.MOVED).count() == 6


def test_a_new_wave_gets_the_next_number(rollout, lead):
    made = scheduling.add_wave(
        rollout=rollout, leaders_on=dt.date(2018, 11, 1), all_staff_on=dt.date(2018, 11, 14), by=lead, now=NOW
    )
    assert made.number == 3
    assert PlanEvent.objects.get().kind == EventKind.WAVE_ADDED


@pytest.mark.parametrize(
    ("leaders_on", "all_staff_on", "sentence"),
    [
        (dt.date(2018, 3, 2), dt.date(2018, 3, 1), "Åpning for alle må være etter åpning for ledere"),
        (dt.date(2018, 2, 1), dt.date(2018, 3, 1), "Torsdag 1. februar 2018 klokken 8 er passert"),
    ],
)
def test_impossible_dates_are_refused(rollout, lead, leaders_on, all_staff_on, sentence):
    with pytest.raises(Refused, match=sentence):
        scheduling.add_wave(rollout=rollout, leaders_on=leaders_on, all_staff_on=all_staff_on, by=lead, now=NOW)
    with pytest.raises(Refused, match=sentence):
        scheduling.set_dates(wave=wave(rollout, 1), leaders_on=leaders_on, all_staff_on=all_staff_on, by=lead, now=NOW)


def test_changed_dates_void_the_go_and_unchanged_ones_do_not(rollout, lead):
    one = wave(rollout, 1)
    give_go(one, by=lead)
    scheduling.set_dates(wave=one, leaders_on=one.leaders_on, all_staff_on=one.all_staff_on, by=lead, now=NOW)
    assert wave(rollout, 1).has_go
    assert not PlanEvent.objects.filter(kind=EventKind.DATES_SET).exists()

    scheduling.set_dates(
        wave=one, leaders_on=one.leaders_on, all_staff_on=dt.date(2018, 3, 1), by=lead, now=NOW, reason="Vinterferie"
    )
    assert wave(rollout, 1).decision is None
    event = PlanEvent.objects.get(kind=EventKind.DATES_SET)
    assert (event.before["all_staff_on"], event.after["all_staff_on"]) == ("2018-02-27", "2018-03-01")


def test_the_leaders_date_of_an_opened_wave_stays(rollout, lead):
    one = wave(rollout, 1)
    Wave.objects.filter(pk=one.pk).update(state=WaveState.LEADERS_OPEN, leaders_opened_at=NOW)
    with pytest.raises(Refused, match="Datoen kan ikke endres lenger"):
        scheduling.set_dates(wave=one, leaders_on=dt.date(2018, 2, 9), all_staff_on=one.all_staff_on, by=lead, now=NOW)


def test_dates_are_not_set_on_a_wave_that_changed_since_it_was_shown(rollout, lead):
    one = wave(rollout, 1)
    seen = one.plan_version
    placing.move(placement=place(make_agency("kli"), rollout=rollout), to=one, by=lead, now=NOW)
    with pytest.raises(Refused, match="endret siden du så den"):
        scheduling.set_dates(
            wave=one,
            leaders_on=dt.date(2018, 2, 8),
            all_staff_on=one.all_staff_on,
            by=lead,
            now=NOW,
            version_seen=seen,
        )


def test_an_agency_joins_once_last_in_the_queue(rollout, lead):
    place(make_agency("first"), rollout=rollout)
    newcomer = make_agency("new", employees=70)

    placement = queueing.join(rollout=rollout, agency=newcomer, by=lead, now=NOW, funded=70)

    assert (placement.queue_position, placement.licence_budget.funded) == (2, 70)
    with pytest.raises(Refused, match="alt med i utrullingen"):
        queueing.join(rollout=rollout, agency=newcomer, by=lead, now=NOW)
    with pytest.raises(Refused, match="alt med i utrullingen"):
        queueing.mark_pilot(rollout=rollout, agency=newcomer, by=lead, now=NOW)


def test_a_move_to_the_place_in_the_queue_that_the_agency_has_changes_nothing(rollout, lead):
    first, last = (place(make_agency(slug), rollout=rollout) for slug in ("a", "b"))
    assert placing.move(placement=first, to=None, position=1, by=lead, now=NOW) is None
    assert placing.move(placement=last, to=None, by=lead, now=NOW) is None, "it is last already"
    assert placing.move(placement=last, to=None, position=9, by=lead, now=NOW) is None, "and 9 means last"
    assert not PlanEvent.objects.exists()


def test_a_move_past_the_end_of_its_own_wave_changes_nothing_for_the_last(rollout, lead):
    _first, last = (place(make_agency(slug), wave(rollout, 1)) for slug in ("a", "b"))
    assert placing.move(placement=last, to=wave(rollout, 1), position=5, by=lead, now=NOW) is None
    assert not PlanEvent.objects.exists()


def test_a_new_order_within_a_wave_keeps_where_its_agencies_are_deferred_to(rollout, lead):
    first, _second = (place(make_agency(slug), wave(rollout, 1)) for slug in ("a", "b"))
    deciding.choose_deferral(placement=first, to=wave(rollout, 2), by=lead, now=NOW)
    placing.move(placement=first, to=wave(rollout, 1), position=2, by=lead, now=NOW)
    first.refresh_from_db()
    assert (first.slot, first.deferral_wave) == (2, wave(rollout, 2))


def test_who_filled_a_wave_is_not_the_one_who_ordered_it(rollout, lead):
    placements = [place(make_agency(f"a{number}"), wave(rollout, 1)) for number in range(5)]
    newcomer = place(make_agency("new"), rollout=rollout)
    placing.move(placement=placements[0], to=wave(rollout, 1), position=3, by=make_lead("annen@example.org"), now=NOW)
    with pytest.raises(MoveRefused) as refused:
        placing.move(placement=newcomer, to=wave(rollout, 1), by=lead, now=NOW, seen=0)
    assert "annen@example.org" not in str(refused.value)


def test_the_events_of_two_deferred_at_once_say_where_each_stood(rollout, lead):
    """The first to leave closes its gap: the second stands one place further up when it leaves."""
    one = wave(rollout, 1)
    for slug in ("a", "b"):
        place(make_agency(slug), one, funded=0)
    give_go(one, by=lead)
    opening.open_due(now=dt.datetime(2018, 2, 7, 8, 0, tzinfo=OSLO))
    befores = PlanEvent.objects.filter(kind=EventKind.DEFERRED).order_by("pk").values_list("before__slot", flat=True)
    assert list(befores) == [1, 1]


def test_who_comes_back_comes_from_where_it_went(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    gone = leaving.withdraw(placement=placement, reason="Vil vente", by=lead, now=NOW)
    back = leaving.rejoin(placement=placement, by=lead, now=NOW)
    assert back.before == gone.after


def test_a_pin_meant_for_another_place_is_refused(rollout, lead):
    placement = place(make_agency("kli"), rollout=rollout)
    placing.move(placement=placement, to=wave(rollout, 2), by=make_lead("annen@example.org"), now=NOW)
    with pytest.raises(MoveRefused, match="annen@example.org flyttet den til Pulje 2"):
        leaving.pin(placement=placement, reason="Skal vente", version_seen=1, by=lead, now=NOW)
    placement.refresh_from_db()
    assert not placement.is_pinned
