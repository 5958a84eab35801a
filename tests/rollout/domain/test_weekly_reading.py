"""What is read out of frozen figures: the chart's bars, and the worst of what stops an agency."""

from hypothesis import given
from hypothesis import strategies as st

from rollout.domain.weekly_reading import TEXT_WIDTH, bars, text_chart, worst


def wave(number: int, on: str, *agencies: tuple[int, str | None]) -> dict:
    found = [{"employees": employees, "access": access} for employees, access in agencies]
    return {
        "number": number,
        "all_staff_on": on,
        "employees": sum(agency["employees"] for agency in found),
        "agencies": found,
    }


def figures(*waves: dict, queue: tuple[int, ...] = ()) -> dict:
    everybody = sum(one["employees"] for one in waves) + sum(queue)
    return {"waves": list(waves), "totals": {"employees": everybody, "queue_agencies": len(queue)}}


def test_each_bar_adds_a_wave_in_the_order_in_which_they_open_for_all():
    late = wave(1, "2018-06-05", (300, None), (100, "all_staff"))
    early = wave(2, "2018-04-17", (100, "all_staff"))
    assert bars(figures(late, wave(3, "2018-08-28"), early, queue=(500,))) == [
        (2, "2018-04-17", 100, 100, 10, 0),
        (1, "2018-06-05", 500, 200, 20, 30),
        (None, None, 1000, 200, 20, 80),
    ]


def test_leaders_access_is_not_access():
    assert bars(figures(wave(1, "2018-02-27", (100, "leaders")))) == [(1, "2018-02-27", 100, 0, 0, 100)]


def test_without_people_there_is_no_chart():
    assert bars(figures()) == []
    assert text_chart(figures(), []) == []


def test_the_text_stands_in_columns_and_the_few_are_seen_beside_the_many():
    found = figures(wave(1, "2018-02-27", (5, "all_staff")), wave(2, "2018-10-16", (16_995, None)))
    lines = text_chart(found, [("27. feb.", "Pulje 1"), ("16. okt.", "Pulje 2")])
    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] == [
        "27. feb.  Pulje 1       5  #",
        "16. okt.  Pulje 2  17 000  #" + "-" * (TEXT_WIDTH - 1),
    ]


agencies = st.lists(st.tuples(st.integers(1, 20_000), st.sampled_from([None, "leaders", "all_staff"])), max_size=5)


@given(st.lists(agencies, max_size=8), st.lists(st.integers(1, 20_000), max_size=3))
def test_the_bars_never_shrink_never_pass_the_whole_and_end_at_everybody(waves, queue):
    found = figures(
        *(wave(number, f"2018-0{number}-01", *some) for number, some in enumerate(waves, 1)), queue=tuple(queue)
    )
    drawn = bars(found)
    assert [bar.people for bar in drawn] == sorted(bar.people for bar in drawn)
    for bar in drawn:
        assert 0 <= bar.with_access <= bar.people
        assert bar.access_share + bar.planned_share + bar.rest_share == 100
        assert min(bar.access_share, bar.planned_share, bar.rest_share) >= 0
        assert (bar.planned_share > 0) == (bar.people > bar.with_access)
        assert ("-" in bar.text, "#" in bar.text) == (bar.people > bar.with_access, bar.with_access > 0)
        assert len(bar.text) <= TEXT_WIDTH
    if drawn:
        assert drawn[-1].people == found["totals"]["employees"]


def agency(*days_late: int, held: bool = False) -> dict:
    problems = [{"step": str(number), "days_late": days} for number, days in enumerate(days_late)]
    return {"held": held, "roles": [{"role": "leder", "problems": problems}]}


def test_the_latest_are_told_and_the_rest_counted():
    problems, more = worst(agency(2, 0, 9, 4, 1))
    assert ([problem["days_late"] for problem in problems], more) == ([9, 4, 2], 1)
    assert {problem["role"] for problem in problems} == {"leder"}


def test_an_agency_that_is_held_is_stopped_by_what_is_not_late_too():
    assert worst(agency(0))[0] == []
    assert [problem["days_late"] for problem in worst(agency(0, held=True))[0]] == [0]
