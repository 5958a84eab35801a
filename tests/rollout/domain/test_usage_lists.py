"""Figures from a file: every bad line is found, nothing is written of a list with one, twice is the same as once."""

import pytest

from agencies.list_files import write_csv
from rollout.domain import reviewing, usage_lists
from rollout.models import Placement, PlanEvent, UsageFigures
from tests.factories import at, make_agency, make_lead, make_rollout, open_for_all, place

pytestmark = pytest.mark.django_db

NOW = at("2018-03-22 10:00")
KLI = ("kli", "2018-03-21", "100", "80", "12", "11", "50", "", "7", "0", "1,5", "Har logget inn", "Innsikt")
BRE = ("bre", "21.03.2018", "400", "300", "20", "18", "200", "100", "30", "0", "0.5", "Har logget inn", "Innsikt")


@pytest.fixture
def wave():
    wave = make_rollout(waves=2).waves.get(number=1)
    for slug in ("kli", "bre"):
        place(make_agency(slug), wave)
    return open_for_all(wave)


def content(*rows, columns=tuple(usage_lists.COLUMNS)) -> bytes:
    return write_csv([columns, *rows], separator=";")


def read(wave, *rows):
    return usage_lists.read(content(*rows), wave=wave, now=NOW)


def problems(found) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in found.problems]


def test_a_list_is_taken_in_once_as_one_change(wave):
    lead = make_lead()
    found = read(wave, KLI, BRE)
    assert (found.problems, len(found.entries)) == ([], 2)
    assert reviewing.enter_many(wave=wave, entries=found.entries, by=lead, now=NOW) == 2
    assert list(UsageFigures.objects.values_list("placement__agency__slug", "activated", "on_mobile")) == [
        ("kli", 80, None),
        ("bre", 300, 100),
    ]
    assert PlanEvent.objects.values("change").distinct().count() == 1
    again = read(wave, KLI, BRE)
    assert (again.entries, again.unchanged) == ([], 2)


def test_every_bad_line_is_told_by_its_line_and_column(wave):
    more_than_invited = (*KLI[:3], "101", *KLI[4:])
    elsewhere = ("ukjent", *KLI[1:])
    ahead = ("bre", "2018-03-23", *KLI[2:])
    no_words = (*KLI[:-2], "", "")
    not_numbers = (*BRE[:2], "mange", "-1", *BRE[4:])
    found = read(wave, more_than_invited, elsewhere, ahead, no_words, not_numbers, KLI, KLI)
    assert problems(found) == [
        (2, "activated"),
        (3, "slug"),
        (4, "measured_on"),
        (5, "definition"),
        (5, "source"),
        (6, "invited"),
        (6, "activated"),
        (8, "slug"),
    ]
    assert found.bad_lines == 6


def test_of_a_closed_wave_each_line_that_would_change_what_is_frozen_is_told_and_the_same_again_passes(wave):
    reviewing.enter_many(wave=wave, entries=read(wave, KLI).entries, by=make_lead(), now=NOW)
    Placement.objects.filter(agency__slug="bre").update(all_staff_access_at=None)
    reviewing.close(wave=wave, pace="same", reason="Bra.", by=make_lead(), now=NOW)
    Placement.objects.filter(agency__slug="bre").update(all_staff_access_at=NOW)
    later = (BRE[0], "22.03.2018", *BRE[2:])

    found = read(wave, KLI, later)
    assert (found.problems, len(found.entries), found.unchanged) == ([], 1, 1)
    another, another_day = (*KLI[:3], "81", *KLI[4:]), ("kli", "2018-03-20", *KLI[2:])
    found = read(wave, another, later, another_day)
    assert problems(found) == [(2, "slug"), (4, "slug")]


def test_a_missing_and_an_unknown_column_are_told(wave):
    columns = [*[*usage_lists.COLUMNS][:-1], "person"]
    found = usage_lists.read(content(KLI, columns=columns), wave=wave, now=NOW)
    assert problems(found) == [(1, ""), (1, "person")]


def test_no_list_is_taken_in_of_an_empty_file_or_headings_alone(wave):
    assert problems(usage_lists.read(b"", wave=wave, now=NOW)) == [(1, "")]
    assert problems(read(wave)) == [(2, "")]


def test_the_template_has_a_line_for_each_agency_and_is_read_when_filled_in(wave):
    lines = usage_lists.template(wave).decode("utf-8-sig").splitlines()
    assert lines[0] == ";".join(usage_lists.COLUMNS)
    assert [line.split(";")[0] for line in lines[1:]] == ["kli", "bre"]
