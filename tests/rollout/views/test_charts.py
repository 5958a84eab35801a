"""The geometry of the charts: pure functions, whatever the dates and numbers."""

import datetime as dt
import re

from hypothesis import given
from hypothesis import strategies as st

from rollout.domain.coverage import by_week
from rollout.views import charts

days = st.dates(dt.date(2017, 1, 1), dt.date(2021, 12, 31))
spans = st.lists(st.tuples(days, st.integers(1, 60)), min_size=1, max_size=30).map(
    lambda found: [(start, start + dt.timedelta(days=n)) for start, n in found]
)
periods = st.lists(st.tuples(days, st.integers(0, 60)), max_size=8).map(
    lambda found: [(start, start + dt.timedelta(days=n)) for start, n in found]
)


def value(text: str) -> float:
    assert re.fullmatch(r"-?\d+\.\d\d%", text), text
    return float(text[:-1])


@given(spans, periods, days)
def test_all_that_is_drawn_lies_within_the_drawing(spans, periods, today):
    drawn = charts.timeline(spans, periods, today=today)
    for row in drawn.rows:
        assert 0 <= value(row.x) <= value(row.x_end) <= 100
        assert abs(value(row.x) + value(row.width) - value(row.x_end)) < 0.02
    for band in filter(None, drawn.periods):
        assert 0 <= value(band.x) <= 100
        assert value(band.x) + value(band.width) <= 100.01
    assert drawn.today is None or 0 <= value(drawn.today.x) <= 100
    assert all(0 <= value(month.x) < 100 for month in drawn.months)


@given(spans, periods, days)
def test_every_wave_has_its_row_and_every_period_its_place(spans, periods, today):
    drawn = charts.timeline(spans, periods, today=today)
    assert (len(drawn.rows), len(drawn.periods)) == (len(spans), len(periods))
    tops = [float(row.y) for row in drawn.rows]
    assert tops == sorted(set(tops))
    assert tops[-1] + charts.BAR <= float(drawn.height)


@given(spans, days)
def test_earlier_is_further_left(spans, today):
    drawn = charts.timeline(spans, [], today=today)
    by_date = sorted(zip(spans, drawn.rows, strict=True), key=lambda one: one[0][0])
    places = [value(row.x) for _span, row in by_date]
    assert places == sorted(places)


@given(spans, days)
def test_the_names_of_the_months_have_room(spans, today):
    drawn = charts.timeline(spans, [], today=today)
    assert sum(month.named for month in drawn.months) <= charts.MONTHS_AT_MOST


def test_today_is_drawn_where_it_is_near_the_waves_and_left_out_years_later():
    waves = [(dt.date(2018, 2, 7), dt.date(2018, 2, 27))]
    assert charts.timeline(waves, [], today=dt.date(2018, 1, 10)).today
    assert charts.timeline(waves, [], today=dt.date(2018, 4, 10)).today
    assert charts.timeline(waves, [], today=dt.date(2026, 2, 7)).today is None


def test_without_waves_there_is_no_timeline_and_without_people_no_curve():
    assert charts.timeline([], [], today=dt.date(2018, 2, 1)) is None
    assert charts.curves([], base=100, today=dt.date(2018, 2, 1)) is None


gains = st.lists(st.tuples(days, st.integers(1, 20_000)), min_size=1, max_size=20)
POINT = re.compile(r"[MH]([\d.]+)[ V]([\d.]+)")


def path(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in POINT.findall(text)]


@given(gains, gains, days, st.integers(0, 900_000))
def test_the_curves_go_right_and_up_within_their_box(planned, actual, today, base):
    drawn = charts.curves(by_week(planned, actual, today=today), base=base, today=today)
    for line in (path(drawn.planned), path(drawn.actual)):
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in line)
        assert [x for x, _y in line] == sorted(x for x, _y in line)
        assert [y for _x, y in line] == sorted((y for _x, y in line), reverse=True)
    assert len([week for week in drawn.weeks if week.named]) <= charts.WEEKS_AT_MOST


def test_full_height_is_the_base():
    points = by_week([(dt.date(2018, 2, 27), 250)], [], today=dt.date(2018, 2, 1))
    drawn = charts.curves(points, base=1_000, today=dt.date(2018, 2, 1))
    assert path(drawn.planned)[-1] == (100, 75)
    assert [line.people for line in drawn.grid] == [0, 200, 400, 600, 800, 1_000]
    assert drawn.today is None


@given(st.integers(1, 10_000_000))
def test_the_grid_has_few_round_lines_and_the_top_itself(top):
    step = charts.nice_step(top)
    assert top / step <= 5 or step == 1
    assert str(step).rstrip("0") in ("1", "2", "5")
