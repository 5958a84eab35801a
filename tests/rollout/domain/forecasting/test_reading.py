"""A rollout's rows and events as the forecast's plain data, and the forecast that is kept of them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout import tasks
from rollout.domain import deciding, opening, reporting, scheduling, signing_off, stepping, undoing
from rollout.domain.forecasting import keeping, reading, words
from rollout.domain.forecasting.data import Piece
from rollout.models import Forecast, StatusReport
from tests import factories as make
from tests.factories import at

pytestmark = pytest.mark.django_db
FEW = 60


@pytest.fixture
def rollout():
    """Three waves that were planned in the open: their dates are in the history."""
    rollout = make.make_rollout()
    for number in (1, 2, 3):
        scheduling.add_wave(
            rollout=rollout,
            leaders_on=make.BASELINE[number][0],
            all_staff_on=make.BASELINE[number][1],
            by=make.make_lead(),
            now=make.NOW,
        )
    return rollout


@pytest.fixture
def first(rollout):
    """Wave 1: one ready agency, and one that lacks its accounts and so is deferred."""
    wave = rollout.waves.get(number=1)
    make.make_ready(make.place(make.make_agency("bre", employees=480), wave))
    make.make_ready(make.place(make.make_agency("kli", employees=20), wave), but_not=("accounts_and_sso",))
    deciding.decide(wave=wave, verdict="go", reason="Klare.", by=make.make_lead(), now=make.NOW)
    return wave


def test_what_the_plan_says_is_read_as_it_stands(rollout, first):
    make.place(make.make_agency("ude", employees=17_000), rollout=rollout)
    data = reading.read(rollout, now=make.NOW)
    assert [(wave.number, wave.leaders_in, wave.firm) for wave in data.waves] == [
        (1, False, True),
        (2, False, False),
        (3, False, False),
    ]
    ude, bre, kli = data.agencies
    assert (ude.slug, ude.wave, ude.people) == ("ude", None, 17_000)
    # Nothing of the course is done, and its longest step takes eight weeks.
    assert ude.earliest == make.NOW.date() + dt.timedelta(days=56)
    assert bre.ready
    assert (kli.wave, kli.missing, kli.late) == (1, ("accounts_and_sso",), ("accounts_and_sso",))
    assert bre.missing == ()
    assert data.ahead_from == dt.date(2018, 2, 2)
    assert data.finished_waves == 0


def test_a_wave_whose_making_was_undone_is_as_if_it_had_never_been(rollout, first):
    before = reading.read(rollout, now=make.NOW)
    lead = make.make_lead()
    scheduling.add_wave(rollout=rollout, **_later(4), by=lead, now=make.NOW)
    undoing.undo(rollout=rollout, change=rollout.events.last().change, by=lead, now=make.NOW)
    after = reading.read(rollout, now=make.NOW)
    assert (after.waves, after.observed) == (before.waves, before.observed)


def _later(number):
    return dict(zip(("leaders_on", "all_staff_on"), make.BASELINE[number], strict=True))


def test_openings_and_deferrals_are_what_was_observed(rollout, first):
    opening.open_due(now=at("2018-02-07 08:00"))
    lead = make.make_lead()
    scheduling.set_dates(
        wave=first,
        leaders_on=first.leaders_on,
        all_staff_on=dt.date(2018, 3, 2),
        by=lead,
        now=at("2018-02-20 09:00"),
    )
    first.refresh_from_db()
    deciding.decide(wave=first, verdict="go", reason="Klare.", by=lead, now=at("2018-02-20 10:00"))
    opening.open_due(now=at("2018-03-02 08:00"))
    data = reading.read(rollout, now=at("2018-03-02 09:00"))
    # Planned for 27 February when the leaders opened, and three working days late.
    assert data.observed.pieces == (Piece(1, "all_staff", 14, 3),)
    assert (data.observed.let_in, data.observed.deferred) == (1, 1)
    assert data.observed.why == (("accounts_and_sso", 1),)
    assert data.finished_waves == 1
    assert {one.slug: one.access_on for one in data.agencies} == {"kli": None, "bre": dt.date(2018, 3, 2)}


def test_the_pool_and_who_is_held_at_all_staff_are_read(rollout, first):
    opening.open_due(now=at("2018-02-07 08:00"))
    bre = rollout.placements.get(agency__slug="bre")
    assert reading.read(rollout, now=at("2018-02-07 09:00")).licences == 45_000 - 480
    signing_off.publish(
        rollout=rollout, text="Ny tekst.", is_material=True, by=make.make_lead(), now=at("2018-02-20 09:00")
    )
    opening.open_due(now=at("2018-02-27 08:00"))
    data = reading.read(rollout, now=at("2018-02-27 09:00"))
    assert (data.observed.let_in_all, data.observed.held) == (0, 1)
    assert [one.slug for one in data.held()] == ["bre"]
    opening.release(placement=bre, reason="Signert på papir.", by=make.make_lead(), now=at("2018-02-28 09:00"))
    assert reading.read(rollout, now=at("2018-02-28 10:00")).held() == []


def test_a_pool_that_is_not_entered_is_no_shortage_and_one_that_is_too_small_is_told(rollout, first):
    pool = rollout.licence_pool
    pool.size = 0
    pool.save()
    figures = keeping.told(rollout, now=make.NOW, futures=FEW)
    assert figures["licences"] == {"free": None, "missing": 0, "wave": None, "agencies": []}
    assert "lisenser" not in words.finish(figures)
    pool.size = 490
    pool.save()
    figures = keeping.told(rollout, now=make.NOW, futures=FEW)
    assert (figures["licences"]["missing"], figures["licences"]["wave"]) == (10, 1)
    assert "Avtalen har 10 lisenser for lite, og fra pulje 1 rekker de ikke." in words.finish(figures)


def test_the_next_wave_is_measured_from_the_opening_before_it(rollout, first):
    opening.open_due(now=at("2018-02-07 08:00"))
    opening.open_due(now=at("2018-02-27 08:00"))
    make.make_review(rollout.waves.get(number=1), at=at("2018-03-01 08:00"))
    second, lead = rollout.waves.get(number=2), make.make_lead()
    make.make_ready(make.place(make.make_agency("vav"), second))
    scheduling.set_dates(
        wave=second,
        leaders_on=dt.date(2018, 4, 6),
        all_staff_on=second.all_staff_on,
        by=lead,
        now=at("2018-03-01 09:00"),
    )
    second.refresh_from_db()
    deciding.decide(wave=second, verdict="go", reason="Klare.", by=lead, now=at("2018-03-01 10:00"))
    opening.open_due(now=at("2018-04-06 08:00"))
    data = reading.read(rollout, now=at("2018-04-06 09:00"))
    # 27 February to 4 April, Easter's three days left out; two days late.
    assert data.observed.pieces[1:] == (Piece(2, "leaders", 23, 2),)


def test_days_to_activation_and_to_the_decision_are_read_from_the_review(rollout, first):
    opening.open_due(now=at("2018-02-07 08:00"))
    opening.open_due(now=at("2018-02-27 08:00"))
    bre = rollout.placements.get(agency__slug="bre")
    for day, activated in ((5, 100), (7, 239), (8, 240), (20, 400)):
        make.make_figures(bre, dt.date(2018, 3, day), invited=480, activated=activated, weekly_active=0, on_mobile=0)
    data = reading.read(rollout, now=at("2018-03-21 09:00"))
    assert (data.observed.activations, data.observed.waits) == ((7,), ())
    make.make_review(rollout.waves.get(number=1), at=at("2018-03-22 10:00"))
    data = reading.read(rollout, now=at("2018-03-22 11:00"))
    assert (data.observed.activations, data.observed.waits) == ((7,), (17,))
    assert [wave.decided for wave in data.waves] == [True, False, False]
    known = keeping.told(rollout, now=at("2018-03-22 11:00"), futures=FEW)["known"]
    assert (known["waits"], known["activations"]) == ((17,), (7,))


def test_reading_takes_no_more_queries_for_a_larger_plan(rollout, first):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            reading.read(rollout, now=make.NOW)
        return len(captured)

    few = queries()
    for wave in rollout.waves.exclude(number=1):
        for _n in range(4):
            make.place(make.make_agency(), wave)
    for _n in range(5):
        make.place(make.make_agency(), rollout=rollout)
    assert queries() == few


def test_a_forecast_is_kept_once_for_a_plan_and_a_day_and_then_anew(rollout, first):
    made = keeping.keep(rollout, now=make.NOW, futures=FEW)
    assert made is not None
    assert keeping.keep(rollout, now=make.NOW, futures=FEW) is None
    assert not keeping.latest(rollout, now=make.NOW).is_old
    scheduling.set_people_cap(wave=first, cap=900, by=make.make_lead(), now=make.NOW)
    assert keeping.latest(rollout, now=make.NOW).is_old
    again = keeping.keep(rollout, now=make.NOW, futures=FEW)
    assert list(rollout.forecasts.all()) == [again]
    assert keeping.latest(rollout, now=at("2018-02-02 09:00")).is_old
    tomorrow = keeping.keep(rollout, now=at("2018-02-02 09:00"), futures=FEW)
    assert list(rollout.forecasts.all()) == [again, tomorrow]


def test_of_two_that_make_it_at_once_the_database_keeps_one(rollout, first, monkeypatch):
    """The other has made its own while the first one draws."""
    told = keeping.told

    def slow(*args, **kwargs):
        figures = told(*args, **kwargs)
        monkeypatch.setattr(keeping, "told", told)
        keeping.keep(rollout, now=make.NOW, futures=FEW)
        return figures

    monkeypatch.setattr(keeping, "told", slow)
    assert keeping.keep(rollout, now=make.NOW, futures=FEW) == Forecast.objects.get()


def test_reading_and_drawing_change_nothing(rollout, first):
    with CaptureQueriesContext(connection) as captured:
        keeping.told(rollout, now=make.NOW, futures=FEW)
    assert all(query["sql"].lstrip().startswith(("SELECT", "DECLARE")) for query in captured)


def test_a_step_late_is_named_in_words_with_its_agencies(rollout, first):
    for number in range(4):
        late = make.place(make.make_agency(f"sen-{number}", name=f"Sen {number}"), rollout.waves.get(number=3))
        make.make_ready(late, but_not=("accounts_and_sso",))
    figures = keeping.told(rollout, now=at("2018-04-20 09:00"), futures=2000)
    step = next(one for one in figures["helps"] if one["step"] == "accounts_and_sso")
    assert step["step_name"] == "Brukerimport og pålogging testet"
    assert "Sen 1" in step["agencies"]
    assert step["days"] >= 1


def test_the_weekly_status_freezes_the_forecast_that_is_kept_and_the_next_one_tells_what_moved(rollout, first):
    monday = at("2018-02-05 08:00")
    keeping.keep(rollout, now=monday, futures=FEW)
    report = reporting.send_due(rollout=rollout, now=monday)
    frozen = report.figures["forecast"]
    assert frozen["finish"]["p50"]
    assert "weeks" not in frozen
    assert not frozen["is_old"]
    assert frozen["sentence"] in report.figures["summary"]
    assert "Ingen pulje er fullført ennå" in frozen["sentence"]
    now = at("2018-02-06 09:00")
    assert keeping.told(rollout, now=now, futures=FEW)["moved"]["since"] == "2018-W06"


def test_a_status_says_of_what_day_an_older_forecast_is(rollout, first):
    keeping.keep(rollout, now=make.NOW, futures=FEW)
    report = reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00"))
    assert report.figures["forecast"]["is_old"]
    assert report.figures["forecast"]["sentence"].endswith("Beregnet torsdag 1. februar 2018.")


def test_the_worker_makes_the_forecast_before_the_status_that_freezes_it(rollout, first, settings):
    settings.DEMO_MODE = True
    make.set_clock(at("2018-02-05 08:01"))
    tasks.send_weekly_status()
    assert not StatusReport.objects.get().figures["forecast"]["is_old"]


def test_a_forecast_that_cannot_be_made_holds_back_no_status(rollout, first, settings, monkeypatch, caplog):
    settings.DEMO_MODE = True
    make.set_clock(at("2018-02-05 08:01"))
    keeping.keep(rollout, now=make.NOW, futures=FEW)
    monkeypatch.setattr(keeping, "told", lambda *args, **kwargs: 1 / 0)
    tasks.send_weekly_status()
    assert StatusReport.objects.get().figures["forecast"]["is_old"]
    assert "No forecast of today" in caplog.text


def test_a_status_on_the_demos_way_freezes_the_forecast_of_its_own_morning(rollout, first):
    make.set_clock(make.NOW)
    keeping.keep(rollout, now=make.NOW, futures=FEW)
    stepping.step_to(to=at("2018-02-06 09:00"))
    frozen = StatusReport.objects.get().figures["forecast"]
    assert (frozen["made_at"], frozen["is_old"]) == ("2018-02-05T08:00:00+01:00", False)


def test_stepping_the_demo_forecasts_anew(rollout, first):
    make.set_clock(make.NOW)
    stepping.step_to(to=at("2018-02-08 09:00"))
    assert not keeping.latest(rollout, now=at("2018-02-08 09:00")).is_old


def test_a_status_is_made_without_a_forecast_where_none_is_kept(rollout, first):
    report = reporting.send_due(rollout=rollout, now=at("2018-02-05 08:00"))
    assert report.figures["forecast"] is None
