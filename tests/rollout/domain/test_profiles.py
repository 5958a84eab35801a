"""Editing an agency: what changes, who is told, and that nobody's change is lost under another's."""

from functools import partial

import pytest

from agencies.models import Agency
from rollout.domain import profiles, undoing
from rollout.domain.refusals import FieldsRefused, Refused, UndoRefused
from rollout.models import EventKind, PlanEvent, Rollout
from tests.factories import NOW, make_agency, make_lead, make_pilot, make_rollout, place
from tests.races import at_once, count, meeting_after


@pytest.fixture
def bns(db):
    rollout = make_rollout(waves=1)
    return place(make_agency("bns", name="Bydel Nordstrand", employees=1650, locations=64), rollout=rollout)


def stands(agency: Agency) -> dict:
    agency.refresh_from_db()
    return {name: getattr(agency, name) for name in profiles.EDITABLE}


def edit(placement, *, seen=None, by=None, **fields):
    return profiles.edit(
        rollout=placement.rollout, agency=placement.agency, fields=fields, seen=seen, by=by or make_lead(), now=NOW
    )


def test_what_changed_is_set_and_told_and_nothing_else(bns):
    lead = make_lead()
    event = edit(bns, by=lead, employees=1700, locations=64)
    assert stands(bns.agency)["employees"] == 1700
    assert (event.kind, event.by, event.before, event.after) == (
        EventKind.AGENCY_EDITED,
        lead,
        {"employees": 1650},
        {"employees": 1700},
    )


def test_an_edit_that_changes_nothing_writes_nothing(bns):
    assert edit(bns, seen=stands(bns.agency), **stands(bns.agency)) is None
    assert not PlanEvent.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("maturity", 9), ("kind", "avdeling"), ("employees", -1)])
def test_a_value_that_is_not_allowed_is_refused_and_nothing_is_set(bns, field, value):
    before = stands(bns.agency)
    with pytest.raises(Refused):
        edit(bns, **{field: value, "sector": "Helse"})
    assert stands(bns.agency) == before
    assert not PlanEvent.objects.exists()


def test_every_rollout_that_has_the_agency_is_told(bns):
    other = make_rollout(slug="teams-2019")
    make_pilot(bns.agency, rollout=other)
    make_rollout(slug="uten")
    edit(bns, employees=1700)
    told = PlanEvent.objects.values_list("rollout__slug", flat=True)
    assert sorted(told) == ["teams-2019", "workplace-2018"]


def test_a_headcount_frozen_at_an_opening_stays(bns):
    wave = bns.rollout.waves.get()
    opened = place(
        make_agency("kli", employees=90), wave, employees_at_opening=90, leaders_access_at=NOW, rollout=bns.rollout
    )
    edit(opened, employees=500)
    opened.refresh_from_db()
    assert (opened.headcount, opened.agency.employees) == (90, 500)


def test_others_fields_do_not_clash_and_are_not_set_back(bns):
    seen = stands(bns.agency)
    edit(bns, seen=seen, **seen | {"sector": "Helse"})
    event = edit(bns, seen=seen, **seen | {"employees": 1700})
    assert event.after == {"employees": 1700}
    assert stands(bns.agency) == seen | {"sector": "Helse", "employees": 1700}


def test_the_same_field_changed_by_another_is_refused_with_both_values_and_who(bns):
    seen = stands(bns.agency)
    edit(bns, seen=seen, by=make_lead("kari@example.org"), **seen | {"employees": 1700, "maturity": 4})
    with pytest.raises(FieldsRefused) as refused:
        edit(bns, seen=seen, **seen | {"employees": 1600, "maturity": 2, "sector": "Helse"})
    (why,) = refused.value.by_field["employees"]
    assert why.replace("\xa0", " ").startswith("kari@example.org har endret dette til «1 700», og du skrev «1 600».")
    assert set(refused.value.by_field) == {"employees", "maturity"}
    assert stands(bns.agency)["sector"] == seen["sector"], "all or nothing"


def test_the_same_change_by_two_is_no_clash(bns):
    seen = stands(bns.agency)
    edit(bns, seen=seen, **seen | {"employees": 1700})
    assert edit(bns, seen=seen, **seen | {"employees": 1700}) is None


def test_an_edit_is_undone_field_by_field(bns):
    before = stands(bns.agency)
    event = edit(bns, employees=1700, sector="Helse")
    undoing.undo(rollout=bns.rollout, change=event.change, by=make_lead(), now=NOW)
    assert stands(bns.agency) == before


def test_an_undoing_never_takes_back_what_was_edited_since_from_another_rollout(bns):
    """The agency is not in the second rollout, so that one is not told of the edit made in the first."""
    elsewhere = make_rollout(slug="elsewhere")
    lead = make_lead()
    first = profiles.edit(rollout=elsewhere, agency=bns.agency, fields={"sector": "Helse"}, by=lead, now=NOW)
    edit(bns, sector="Kultur")

    with pytest.raises(UndoRefused, match="har endret dette til «Kultur»"):
        undoing.undo(rollout=elsewhere, change=first.change, by=lead, now=NOW)

    bns.agency.refresh_from_db()
    assert bns.agency.sector == "Kultur"


# -- at the same instant ---------------------------------------------------------------------------------------------


@pytest.fixture
def raced(transactional_db):
    rollout = make_rollout()
    placement = place(make_agency("bns", employees=1650), rollout=rollout)
    make_lead()
    seen = stands(placement.agency)

    def saving(**fields):
        return partial(edit, placement, seen=seen, **seen | fields)

    return placement, saving


@pytest.mark.race
def test_of_two_who_change_the_same_field_at_once_one_lands_and_the_other_is_told(raced):
    placement, saving = raced
    outcomes = at_once(saving(employees=1700), saving(employees=1600))
    assert sorted(outcome for outcome, _words in outcomes) == ["FieldsRefused", "done"]
    won = 1700 if outcomes[0][0] == "done" else 1600
    assert stands(placement.agency)["employees"] == won
    assert PlanEvent.objects.get().after == {"employees": won}


@pytest.mark.race
def test_two_who_change_different_fields_at_once_both_land(raced):
    placement, saving = raced
    assert count(at_once(saving(employees=1700), saving(sector="Helse")), "done") == 2
    found = stands(placement.agency)
    assert (found["employees"], found["sector"]) == (1700, "Helse")


@pytest.mark.race
def test_control_without_the_locks_both_land_and_one_change_is_lost_unsaid(raced, monkeypatch):
    _placement, saving = raced
    monkeypatch.setattr(profiles, "lock_plans", lambda pks: Rollout.objects.in_bulk(sorted(pks)))
    unlocked = meeting_after(lambda pk: Agency.objects.get(pk=pk), parties=2)
    monkeypatch.setattr(profiles, "_as_it_is_now", unlocked)
    assert count(at_once(saving(employees=1700), saving(employees=1600)), "done") == 2
    assert {event.before["employees"] for event in PlanEvent.objects.all()} == {1650}
