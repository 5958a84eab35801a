"""What a weekly status says, and that it is frozen (rules 14 and 16)."""

import datetime as dt
import json

import pytest

from rollout.domain import (
    confirming,
    deciding,
    leaving,
    licensing,
    opening,
    placing,
    queueing,
    reporting,
    reviewing,
    scheduling,
    together,
    undoing,
)
from rollout.models import OutgoingEmail, Rollout, Verdict
from tests import factories as make
from tests.factories import at

pytestmark = pytest.mark.django_db
AGENCIES = {
    "bre": ("Brann- og redningsetaten", 480),
    "bns": ("Bydel Nordstrand", 1650),
    "kli": ("Klimaetaten", 37),
    "vav": ("Vann- og avløpsetaten", 700),
}


@pytest.fixture
def rollout(lead) -> Rollout:
    """Wave 1: Brann ready, Nordstrand short of licences, Klima unsigned. Vann in the queue. A pilot outside."""
    rollout = make.make_rollout(waves=3)
    missing = {"bns": ("funding",), "kli": ("guidelines_adopted",)}
    for slug, (name, employees) in AGENCIES.items():
        agency = make.make_agency(slug, name=name, employees=employees)
        placement = queueing.join(rollout=rollout, agency=agency, by=lead, now=make.NOW, funded=min(employees, 1600))
        make.make_ready(placement, but_not=missing.get(slug, ()))
    together.apply_plan(rollout=rollout, places={"bre": 1, "bns": 1, "kli": 1}, by=lead, now=make.NOW)
    make.make_pilot(make.make_agency("uke", employees=900), rollout=rollout)
    return rollout


def status(rollout, moment: str) -> dict:
    report = reporting.send_due(rollout=rollout, now=at(moment))
    report.refresh_from_db()
    return report.figures


def told(figures) -> list[str]:
    return [event["text"] for event in figures["changes"]["events"]]


def figures_changed(figures) -> dict:
    return {change["key"]: (change["before"], change["after"]) for change in figures["changes"]["figures"]}


def placed(rollout, slug):
    return rollout.placements.select_related("agency", "wave").get(agency__slug=slug)


def open_leaders(rollout, lead):
    deciding.decide(
        wave=rollout.waves.get(number=1), verdict="go", reason="Alt på plass", by=lead, now=at("2018-02-06 12:00")
    )
    opening.open_due(rollout=rollout, now=at("2018-02-07 08:00"))


def test_the_answer_comes_first_and_every_figure_has_its_base(rollout):
    figures = status(rollout, "2018-02-05 08:00")
    totals = figures["totals"]

    assert figures["summary"][0] == "0 av 4 virksomheter og 0 av 2\N{NO-BREAK SPACE}867 medarbeidere har tilgang."
    assert (totals["with_access"], totals["employees"], totals["access_percent"]) == (0, 2867, 0.0)
    assert (totals["planned_coverage_percent"], totals["municipality_employees"]) == (5.2, 55_400)
    assert (totals["pilots_agencies"], totals["pilots_employees"]) == (1, 900)
    assert figures["licences"] == {"pool": 45_000, "reserved": 0, "free": 45_000, "price_nok": 25.0}


def test_the_next_opening_and_the_late_are_in_the_summary(rollout):
    summary = status(rollout, "2018-02-05 08:00")["summary"]
    assert summary[1:] == [
        "Neste åpning er Pulje 1, ledertilgang, onsdag 7. februar 2018: 1 av 3 virksomheter er klare, "
        "og klarsignal er ikke gitt ennå.",
        "2 virksomheter er over fristen på ett eller flere steg.",
    ]


def test_wave_by_wave(rollout):
    first, second, _third = status(rollout, "2018-02-05 08:00")["waves"]
    assert (first["leaders_on"], first["all_staff_on"], first["state"], first["decision"]) == (
        "2018-02-07",
        "2018-02-27",
        "planned",
        None,
    )
    assert (first["employees"], first["ready"]) == (2167, 1)
    assert [(a["slug"], a["ready"], a["access"], a["held"]) for a in first["agencies"]] == [
        ("bre", True, None, False),
        ("bns", False, None, False),
        ("kli", False, None, False),
    ]
    assert second["agencies"] == []


def test_who_is_stuck_on_what_and_who_must_act(rollout):
    stuck = {agency["slug"]: agency for agency in status(rollout, "2018-02-05 08:00")["stuck"]}
    assert set(stuck) == {"bns", "kli"}
    [role] = stuck["bns"]["roles"]
    [problem] = role["problems"]
    assert role["role"] == "økonomiansvarlig"
    assert (problem["code"], problem["step"], problem["due_on"]) == ("funding_short", "funding", "2017-12-20")
    assert stuck["bns"]["days_late"] == problem["days_late"] == 47
    assert stuck["kli"]["roles"][0]["problems"][0]["code"] == "guidelines_unsigned"


@pytest.mark.parametrize(("monday", "seen"), [("2018-02-19 08:00", False), ("2018-02-26 08:00", True)])
def test_agencies_of_a_wave_are_told_of_six_weeks_before_it_opens(rollout, lead, monday, seen):
    placing.move(placement=placed(rollout, "kli"), to=rollout.waves.get(number=2), by=lead, now=make.NOW)  # 4 April
    assert ("kli" in [agency["slug"] for agency in status(rollout, monday)["stuck"]]) is seen


def test_an_agency_over_a_due_date_is_told_of_however_far_ahead_its_wave_is(rollout, lead):
    make.place(make.make_agency("oby", name="Omsorgsbygg", employees=155), rollout.waves.get(number=2))  # 4 April
    assert "oby" not in [agency["slug"] for agency in status(rollout, "2018-02-05 08:00")["stuck"]]
    stuck = {agency["slug"]: agency for agency in status(rollout, "2018-02-12 08:00")["stuck"]}
    assert (stuck["oby"]["late"], stuck["oby"]["days_late"]) == (1, 5)


def test_a_wave_that_waits_for_its_review_before_the_next_is_asked_for(rollout, lead):
    wave = make.open_for_all(rollout.waves.get(number=1))
    make.make_ready(make.place(make.make_agency("oby", name="Omsorgsbygg"), rollout.waves.get(number=2)))
    assert status(rollout, "2018-03-12 08:00")["next"]["decisions"] == []
    review, go = status(rollout, "2018-03-26 08:00")["next"]["decisions"]
    assert review["text"] == "Pulje 1 må evalueres før pulje 2 kan få klarsignal."
    assert (review["wave"], review["on"], review["overdue"]) == (wave.number, "2018-04-04", False)
    assert go["wave"] == 2


def test_a_review_that_has_ended_is_told_with_its_pace_and_why(rollout, lead):
    wave = make.open_for_all(rollout.waves.get(number=1))
    status(rollout, "2018-03-19 08:00")
    reviewing.close(wave=wave, pace="slower", reason="Brukerstøtten trenger tid.", by=lead, now=at("2018-03-22 10:00"))
    figures = status(rollout, "2018-03-26 08:00")
    assert told(figures)[0] == "Evalueringen av pulje 1 endte med «saktere»: Brukerstøtten trenger tid."
    report = rollout.status_reports.latest("pk")
    message = OutgoingEmail.objects.filter(kind="weekly_status").latest("pk")
    assert report.figures == figures
    assert "Evalueringen av pulje 1 endte med «saktere»" in message.text


def test_a_wave_without_a_decision_is_asked_for_in_time_and_when_it_is_too_late(rollout, lead):
    [decision] = status(rollout, "2018-02-05 08:00")["next"]["decisions"]
    assert decision["text"] == "Pulje 1 trenger klarsignal eller stopp før ledertilgang åpner onsdag 7. februar 2018."
    assert not decision["overdue"]

    figures = status(rollout, "2018-02-12 08:00")
    [decision] = figures["next"]["decisions"]
    assert decision["overdue"]
    assert decision["text"] in figures["summary"]
    assert "ingen beslutning er tatt" in decision["text"]


def test_a_decided_wave_asks_for_nothing(rollout, lead):
    deciding.decide(wave=rollout.waves.get(number=1), verdict="go", reason="Klart", by=lead, now=at("2018-02-02 12:00"))
    figures = status(rollout, "2018-02-05 08:00")
    assert figures["next"]["decisions"] == []
    assert figures["summary"][1].endswith("og klarsignal er gitt.")


def test_a_stopped_wave_whose_date_has_gone_needs_a_new_one(rollout, lead):
    wave = rollout.waves.get(number=1)
    deciding.decide(wave=wave, verdict=Verdict.NO_GO, reason="Venter", by=lead, now=at("2018-02-02 12:00"))
    assert status(rollout, "2018-02-05 08:00")["next"]["decisions"] == []
    [decision] = status(rollout, "2018-02-12 08:00")["next"]["decisions"]
    assert "har fått stopp og trenger ny dato" in decision["text"]


def test_openings_and_due_dates_of_the_next_two_weeks(rollout, lead):
    make.place(make.make_agency("oby", name="Omsorgsbygg", employees=155), rollout.waves.get(number=2))
    ahead = status(rollout, "2018-02-05 08:00")["next"]
    assert ahead["until"] == "2018-02-19"
    assert [(o["on"], o["wave"], o["step"]) for o in ahead["openings"]] == [("2018-02-07", 1, "leaders")]
    assert [(d["on"], d["step"], d["wave"], d["agencies"]) for d in ahead["due"]] == [
        ("2018-02-07", "sponsor", 2, ["Omsorgsbygg"]),
    ]


def test_what_opened_is_told_once_and_leaders_are_counted_in_agencies(rollout, lead):
    before = status(rollout, "2018-02-05 08:00")
    open_leaders(rollout, lead)
    after = status(rollout, "2018-02-12 08:00")
    quiet = status(rollout, "2018-02-19 08:00")

    assert before["opened"] == [] == quiet["opened"]
    assert after["opened"] == [
        {
            "wave": 1,
            "step": "leaders",
            "step_text": "ledertilgang",
            "on": "2018-02-07",
            "employees": None,
            "agencies": ["Brann- og redningsetaten"],
        }
    ]
    assert after["summary"][1] == "Lederne og nøkkelpersonene har tilgang i 1 virksomhet."
    assert figures_changed(after) == {
        "leaders_in_agencies": (0, 1),
        "places_used": (3, 1),
        "reserved": (0, 480),
    }


def test_what_opened_while_the_clock_stood_still_is_in_the_next_report(rollout, lead):
    """The demo's clock may stand at the very moment of the last report."""
    deciding.decide(wave=rollout.waves.get(number=1), verdict="go", reason="Klart", by=lead, now=at("2018-02-02 12:00"))
    moment = at("2018-02-12 08:00")
    reporting.send_due(rollout=rollout, now=moment)
    opening.open_due(rollout=rollout, now=moment)

    figures = status(rollout, "2018-02-19 08:00")

    assert [opened["step"] for opened in figures["opened"]] == ["leaders"]
    assert any("ble utsatt" in text for text in told(figures))


def test_all_staff_access_counts_people(rollout, lead):
    status(rollout, "2018-02-05 08:00")
    open_leaders(rollout, lead)
    opening.open_due(rollout=rollout, now=at("2018-02-27 08:00"))
    figures = status(rollout, "2018-03-05 08:00")

    assert [(o["step"], o["employees"]) for o in figures["opened"]] == [("leaders", None), ("all_staff", 480)]
    assert (figures["totals"]["with_access"], figures["totals"]["access_percent"]) == (480, 16.7)
    assert figures["summary"][0].startswith("1 av 4 virksomheter og 480 av ")


def test_changes_are_told_in_sentences_and_each_once(rollout, lead):
    first = status(rollout, "2018-02-05 08:00")
    wave, now = rollout.waves.get(number=2), at("2018-02-06 10:00")
    scheduling.set_dates(
        wave=wave, leaders_on=at("2018-04-11 08:00").date(), all_staff_on=wave.all_staff_on, by=lead, now=now
    )
    placing.move(placement=placed(rollout, "vav"), to=wave, by=lead, now=now)
    placing.move(placement=placed(rollout, "vav"), to=rollout.waves.get(number=3), by=lead, now=now)
    placing.move(placement=placed(rollout, "kli"), to=None, by=lead, now=now)
    placing.move(placement=placed(rollout, "kli"), to=rollout.waves.get(number=1), by=lead, now=now)
    licensing.set_funding(
        placement=placed(rollout, "bns"),
        funded=1650,
        implementation_cost_nok=0,
        budget_reference="",
        by=lead,
        now=now,
    )
    open_leaders(rollout, lead)
    figures = status(rollout, "2018-02-12 08:00")

    assert told(first) == [
        "Flyttet fra køen til Pulje 1: Brann- og redningsetaten, Bydel Nordstrand og Klimaetaten.",
        "Lagt i køen: Brann- og redningsetaten, Bydel Nordstrand, Klimaetaten og Vann- og avløpsetaten.",
    ]
    assert told(figures) == [
        "Klarsignal – Pulje 1: Alt på plass",
        "Klimaetaten ble utsatt fra Pulje 1 til køen: Kjøreregler vedtatt og forpliktet: kjørereglene er ikke signert",
        "Pulje 2 har ny dato: ledere åpner onsdag 11. april 2018 (før: onsdag 4. april 2018).",
        "Flyttet fra køen til Pulje 3: Vann- og avløpsetaten.",
        "Bydel Nordstrand finansierer 1\N{NO-BREAK SPACE}650 lisenser (før: 1\N{NO-BREAK SPACE}600).",
    ]
    assert told(status(rollout, "2018-02-19 08:00")) == []


def test_who_became_ready_is_told(rollout, lead):
    status(rollout, "2018-02-05 08:00")
    make.sign(placed(rollout, "kli"))
    figures = status(rollout, "2018-02-12 08:00")
    assert "Er blitt klare: Klimaetaten." in told(figures)
    assert figures_changed(figures) == {"ready": (1, 2)}


def test_an_agency_held_at_all_staff_is_stuck_until_it_is_released(rollout, lead):
    open_leaders(rollout, lead)
    make.make_guidelines(rollout, number=2, text="Ny tekst")
    opening.open_due(rollout=rollout, now=at("2018-02-27 08:00"))
    figures = status(rollout, "2018-03-05 08:00")
    held = next(agency for agency in figures["stuck"] if agency["slug"] == "bre")
    assert held["held"]
    assert any("holdes tilbake" in text for text in told(figures))

    opening.release(placement=placed(rollout, "bre"), reason="Signerer i dag", by=lead, now=at("2018-03-06 08:00"))
    figures = status(rollout, "2018-03-12 08:00")
    assert "bre" not in [agency["slug"] for agency in figures["stuck"]]
    assert "Brann- og redningsetaten er sluppet inn i Pulje 1: Signerer i dag" in told(figures)


def test_many_agencies_are_told_as_a_number(lead):
    rollout = make.make_rollout()
    for _ in range(26):
        queueing.join(rollout=rollout, agency=make.make_agency(), by=lead, now=make.NOW)
    assert told(status(rollout, "2018-02-05 08:00")) == ["Lagt i køen: 26 virksomheter."]


def test_the_figures_are_frozen(rollout, lead):
    before = status(rollout, "2018-02-05 08:00")
    open_leaders(rollout, lead)
    assert rollout.status_reports.get().figures == before
    assert json.loads(json.dumps(before)) == before


def test_no_person_is_named(rollout, lead):
    open_leaders(rollout, lead)
    assert "@" not in json.dumps(status(rollout, "2018-02-12 08:00"))


def test_a_waived_step_says_why(rollout, lead):
    status(rollout, "2018-02-05 08:00")
    placement = placed(rollout, "kli")
    step = placement.course_version.steps.get(key="guidelines_adopted")
    confirming.waive(placement=placement, step=step, reason="Signerer på papir", by=lead, now=at("2018-02-06 10:00"))
    assert "Klimaetaten er fritatt for et steg: Signerer på papir" in told(status(rollout, "2018-02-12 08:00"))


def test_what_was_taken_back_within_the_week_is_not_told(rollout, lead):
    status(rollout, "2018-02-05 08:00")
    moved = placing.move(placement=placed(rollout, "vav"), to=rollout.waves.get(number=2), by=lead, now=make.NOW)
    undoing.undo(rollout=rollout, change=moved.change, by=lead, now=make.NOW)
    assert told(status(rollout, "2018-02-12 08:00")) == []

    leaving.withdraw(placement=placed(rollout, "vav"), reason="Vil vente", by=lead, now=make.NOW)
    assert told(status(rollout, "2018-02-19 08:00")) == ["Vann- og avløpsetaten er trukket fra køen: Vil vente"]


def test_an_undoing_that_was_itself_taken_back_leaves_the_change_told(rollout, lead):
    status(rollout, "2018-02-05 08:00")
    moved = placing.move(placement=placed(rollout, "vav"), to=rollout.waves.get(number=2), by=lead, now=make.NOW)
    (back,) = undoing.undo(rollout=rollout, change=moved.change, by=lead, now=make.NOW)
    undoing.undo(rollout=rollout, change=back.change, by=lead, now=make.NOW)
    assert told(status(rollout, "2018-02-12 08:00")) == ["Flyttet fra køen til Pulje 2: Vann- og avløpsetaten."]


def test_what_is_taken_back_a_week_later_is_told_then(rollout, lead):
    withdrawn = leaving.withdraw(placement=placed(rollout, "bns"), reason="Vil vente", by=lead, now=make.NOW)
    status(rollout, "2018-02-05 08:00")
    undoing.undo(rollout=rollout, change=withdrawn.change, by=lead, now=make.NOW)
    assert told(status(rollout, "2018-02-12 08:00")) == ["Bydel Nordstrand er tilbake i Pulje 1."]


def test_a_wave_that_was_told_of_and_is_taken_away_again_is_not_told_as_new(rollout, lead):
    june = {"leaders_on": dt.date(2018, 6, 7), "all_staff_on": dt.date(2018, 6, 19)}
    wave = scheduling.add_wave(rollout=rollout, **june, by=lead, now=make.NOW)
    assert "Nye puljer: Pulje 4." in told(status(rollout, "2018-02-05 08:00"))
    undoing.undo(rollout=rollout, change=wave.events.get().change, by=lead, now=make.NOW)
    assert told(status(rollout, "2018-02-12 08:00")) == ["Puljer som er tatt bort igjen: Pulje 4."]
