"""A dress rehearsal foretells what then happens, message by message, and leaves nothing of itself."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from agencies.models import Agency, Person, RoleName
from rollout import clock
from rollout.domain import deciding, due, opening, rehearsing, reminding, scenarios, shadow, stepping, together
from rollout.domain.refusals import Refused
from rollout.domain.rehearsing import REFUSED, Assumptions
from rollout.models import (
    Commitment,
    EventKind,
    EvidenceFile,
    LicencePool,
    OutgoingEmail,
    PlanEvent,
    Purpose,
    Rollout,
    StepEvidence,
    Verdict,
    WaveState,
)
from rollout.reference import proposed_plan
from tests.factories import (
    NOW,
    at,
    attach,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    make_wave,
    place,
    set_clock,
)
from tests.rollout.test_february import wave_one_gets_ready_but_for_nordstrand

YEAR_ENDS = dt.date(2018, 12, 31)


def tables() -> dict[str, list]:
    """Every row of every table of ours."""
    return {
        model._meta.db_table: list(model.objects.order_by("pk").values_list())
        for app in shadow.COPIED
        for model in apps.get_app_config(app).get_models()
    }


@pytest.fixture
def reference(db, settings) -> Rollout:
    settings.DEMO_MODE = True
    call_command("load_reference_rollout", verbosity=0)
    return Rollout.objects.active()


def told_since(message: int) -> list[tuple]:
    rows = OutgoingEmail.objects.filter(pk__gt=message).order_by("pk")
    return [
        (row.written_at, row.kind, row.subject, row.to_address, row.headline, row.state == "withdrawn") for row in rows
    ]


def foretold(played: rehearsing.Rehearsal) -> list[tuple]:
    return [(dt.datetime.fromisoformat(at), *rest) for at, *rest in (m.values() for m in played["messages"])]


def test_what_is_foretold_of_the_reference_year_is_what_then_happens_message_by_message(reference):
    wave_one_gets_ready_but_for_nordstrand()
    last_event, last_message = PlanEvent.objects.last().pk, OutgoingEmail.objects.order_by("pk").last().pk
    played = rehearsing.rehearse(rollout=reference, now=clock.now(), until=YEAR_ENDS)

    stepping.step_to(to=at("2018-12-31 23:59"))
    assert foretold(played) == told_since(last_message)
    happened = PlanEvent.objects.filter(pk__gt=last_event).order_by("at", "pk")
    assert [(h["at"], h["kind"], h["before"], h["after"], h["reason"]) for h in played["happenings"]] == [
        (rehearsing._iso(event.at), event.kind, event.before, event.after, event.reason) for event in happened
    ]
    kinds = {happening["kind"] for happening in played["happenings"]}
    assert kinds >= {"leaders_opened", "all_staff_opened", "deferred", "no_decision"}, "a year in which much happens"
    assert {"to_do", "agency_week", "weekly_status", "leaders_open"} <= {m["kind"] for m in played["messages"]}


def test_stepped_a_day_at_a_time_with_a_forecast_each_day_it_comes_to_the_same(reference):
    wave_one_gets_ready_but_for_nordstrand()
    last_message = OutgoingEmail.objects.order_by("pk").last().pk
    played = rehearsing.rehearse(rollout=reference, now=clock.now(), until=dt.date(2018, 2, 13))

    while clock.now() < at("2018-02-13 09:00"):
        stepping.step_day()
    assert foretold(played) == told_since(last_message)
    assert {"deferred", "agency_week", "weekly_status", "leaders_open"} <= {m["kind"] for m in played["messages"]}


def test_control_what_is_not_read_again_after_a_change_would_be_foretold_wrong(reference, monkeypatch):
    wave_one_gets_ready_but_for_nordstrand()
    play = {"rollout": reference, "now": clock.now(), "until": dt.date(2018, 2, 13)}
    played = rehearsing.rehearse(**play)
    monkeypatch.setattr(reminding, "plan_version", lambda slug: 1)
    assert foretold(rehearsing.rehearse(**play)) != foretold(played)


def test_it_leaves_not_one_row_behind_and_no_table(reference):
    wave_one_gets_ready_but_for_nordstrand()
    before = tables()
    played = rehearsing.rehearse(rollout=reference, now=clock.now(), assuming=Assumptions(go=True, ready=True))
    assert played["messages"]
    assert tables() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
        assert cursor.fetchone() == (0,)


def test_with_go_and_readiness_assumed_every_agency_of_the_plan_is_let_in(reference):
    lead = Person.objects.get(email="prosjektleder@example.org")
    together.apply_plan(rollout=reference, places=proposed_plan(), by=lead, now=clock.now())
    played = rehearsing.rehearse(rollout=reference, now=clock.now(), assuming=Assumptions(go=True, ready=True))
    opened = [h for h in played["happenings"] if h["kind"] == EventKind.ALL_STAFF_OPENED]
    assert [h["wave"] for h in opened] == [1, 2, 3, 4, 5, 6, 7]
    assert sum(len(h["after"]["let_in"]) for h in opened) == 26
    assert not [h for h in played["happenings"] if h["kind"] in (EventKind.DEFERRED, EventKind.NO_DECISION, REFUSED)]


# -- a plan of one wave --------------------------------------------------------------------------------------------


@pytest.fixture
def rollout(db) -> Rollout:
    """One wave on 7 and 27 February with one agency, ready, and no decision."""
    rollout = make_rollout()
    make_lead()
    agency = make_agency("kli")
    make_people(agency)
    make_ready(place(agency, rollout.waves.first() or make_wave(rollout, 1)))
    return rollout


def kinds(played: rehearsing.Rehearsal) -> list[str]:
    return [happening["kind"] for happening in played["happenings"]]


def test_left_alone_a_wave_without_a_decision_opens_for_nobody(rollout):
    played = rehearsing.rehearse(rollout=rollout, now=NOW)
    assert EventKind.NO_DECISION in kinds(played)
    assert EventKind.LEADERS_OPENED not in kinds(played)


def test_an_assumed_go_that_the_rules_refuse_is_told_with_the_reason(rollout):
    wave = rollout.waves.get(number=1)
    rollout.blackouts.create(name="Stengt", first_day=wave.all_staff_on, last_day=wave.all_staff_on, hard=True)
    played = rehearsing.rehearse(rollout=rollout, now=NOW, assuming=Assumptions(go=True))
    refused = next(h for h in played["happenings"] if h["kind"] == REFUSED)
    assert refused["wave"] == 1
    assert "Stengt" in refused["reason"]


def test_without_a_project_lead_nobody_can_give_the_assumed_go(rollout):
    Person.objects.filter(roles__role=RoleName.PROJECT_LEAD).update(is_active=False)
    played = rehearsing.rehearse(rollout=rollout, now=NOW, assuming=Assumptions(go=True))
    assert any(h["kind"] == REFUSED and "prosjektleder" in h["reason"] for h in played["happenings"])


def test_the_files_that_agencies_have_sent_in_are_not_copied_to_play_with(rollout):
    attach(StepEvidence.objects.first(), content=b"x" * 1_000_000)
    who = {"version": rollout.guideline_versions.get(), "agency": Agency.objects.get(), "proof": "code"}
    for name in (b"a", b"b"):  # told apart by a hash, which is copied
        Commitment.objects.create(**who, person_hash=name * 32, committed_on=NOW.date())
    with shadow.shadowed():
        assert [bytes(file.content) for file in EvidenceFile.objects.all()] == [b""]
    assert len(EvidenceFile.objects.get().content) == 1_000_000


@pytest.fixture
def demo(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)


def test_the_command_tells_it_for_people_and_for_programs(rollout, demo):
    out = StringIO()
    call_command("rehearse", "--json", "--until", "2018-03-01", "--assume-go", stdout=out)
    told = json.loads(out.getvalue())
    assert told["until"] == "2018-03-01"
    assert told["assumptions"] == {"go": True, "ready": False, "scenario": None}
    out.truncate(0)
    call_command("rehearse", "--until", "2018-03-01", stdout=out)
    assert "ingen beslutning, pulje 1" in out.getvalue().lower()


@pytest.mark.parametrize("until", ["2018-01-31", "2999-01-01", "9999-12-31"])
def test_a_last_day_that_is_gone_or_far_off_is_refused_and_never_played_to(rollout, demo, until, capsys):
    with pytest.raises(SystemExit, match="1"):
        call_command("rehearse", "--until", until)
    assert "Siste dag må være fra torsdag 1. februar 2018 til" in capsys.readouterr().err


def test_a_day_that_does_not_exist_is_said_in_words(rollout):
    with pytest.raises(CommandError, match="skriv dagen slik: 2018-12-31; ikke «2018-02-30»"):
        call_command("rehearse", "--until", "2018-02-30")


def test_a_scenario_is_played_as_if_it_had_been_adopted_and_stays_as_it_was(rollout):
    later = {1: {"leaders_on": dt.date(2018, 2, 14), "all_staff_on": dt.date(2018, 3, 6)}}
    what_if = {"purpose": Purpose.WHAT_IF, "by": make_lead(), "now": NOW}
    scenario = scenarios.make(rollout=rollout, name="En uke senere", dates=later, **what_if)
    assuming = Assumptions(go=True, scenario=scenario.pk)
    played = rehearsing.rehearse(rollout=rollout, now=NOW, assuming=assuming)
    opened = {h["kind"]: h["at"][:10] for h in played["happenings"] if h["kind"].endswith("_opened")}
    assert opened == {EventKind.LEADERS_OPENED: "2018-02-14", EventKind.ALL_STAFF_OPENED: "2018-03-06"}
    assert rollout.waves.get(number=1).leaders_on == dt.date(2018, 2, 7)
    scenario.refresh_from_db()
    assert scenario.is_open


def test_another_rollouts_scenario_is_not_taken_for_none(rollout):
    elsewhere = make_rollout(slug="elsewhere")
    theirs = scenarios.make(rollout=elsewhere, name="Deres", purpose=Purpose.WHAT_IF, by=None, now=NOW)
    with pytest.raises(Refused, match=f"Scenarioet {theirs.pk} finnes ikke i {rollout}"):
        rehearsing.rehearse(rollout=rollout, now=NOW, assuming=Assumptions(scenario=theirs.pk))


def test_a_scenario_that_cannot_be_adopted_cannot_be_played(rollout):
    closed = {1: {"leaders_on": dt.date(2018, 2, 10), "all_staff_on": dt.date(2018, 3, 6)}}
    what_if = {"purpose": Purpose.WHAT_IF, "by": make_lead(), "now": NOW}
    scenario = scenarios.make(rollout=rollout, name="En lørdag", dates=closed, **what_if)
    with pytest.raises(Refused, match="helg"):
        rehearsing.rehearse(rollout=rollout, now=NOW, assuming=Assumptions(scenario=scenario.pk))


# -- the copies ----------------------------------------------------------------------------------------------------


def give_go(rollout: Rollout) -> None:
    wave = rollout.waves.get(number=1)
    lead = Person.objects.get(roles__role=RoleName.PROJECT_LEAD)
    deciding.decide(wave=wave, verdict=Verdict.GO, reason="Klar", by=lead, now=NOW)


def test_the_rules_that_triggers_hold_hold_for_the_copies_alone(rollout):
    give_go(rollout)
    opening.open_due(now=at("2018-02-01 08:00"))  # the triggers' functions have made their plans for the real tables
    with shadow.shadowed():
        due.run_due(rollout=rollout, now=at("2018-02-07 08:00"))
        assert LicencePool.objects.get(rollout=rollout).reserved == rollout.placements.get().headcount
    assert LicencePool.objects.get(rollout=rollout).reserved == 0
    due.run_due(rollout=rollout, now=at("2018-02-07 08:00"))
    assert LicencePool.objects.get(rollout=rollout).reserved == rollout.placements.get().headcount


def lock_every_row(elsewhere) -> None:
    """As somebody who waits for nobody. Raises OperationalError where one is locked."""
    with elsewhere.cursor() as cursor:
        for app in shadow.COPIED:
            for model in apps.get_app_config(app).get_models():
                cursor.execute(f'SELECT 1 FROM "{model._meta.db_table}" FOR UPDATE NOWAIT')
    elsewhere.rollback()


@pytest.mark.django_db(transaction=True)
def test_no_live_row_is_locked_while_it_plays(rollout, elsewhere):
    give_go(rollout)
    elsewhere.set_autocommit(False)
    with shadow.shadowed():
        due.run_through([rollout], start=NOW, to=at("2018-03-01 08:00"))
        assert rollout.waves.get(number=1).state == WaveState.ALL_OPEN
        lock_every_row(elsewhere)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_copies_the_same_play_locks_live_rows(rollout, elsewhere):
    give_go(rollout)
    elsewhere.set_autocommit(False)
    with transaction.atomic():
        due.run_through([rollout], start=NOW, to=at("2018-03-01 08:00"))
        with pytest.raises(OperationalError):
            lock_every_row(elsewhere)
        elsewhere.rollback()
        transaction.set_rollback(True)
