"""The database role the app runs as: `migrate` makes it, it can do the daily work, and may not rewrite."""

from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from agencies.models import RoleName
from rollout.domain import (
    adopting,
    archiving,
    calendar,
    compositions,
    confirming,
    deciding,
    erasing,
    inviting,
    learning,
    leaving,
    licensing,
    opening,
    placing,
    queueing,
    rehearsing,
    reporting,
    retention,
    reviewing,
    scheduling,
    signing_off,
    undoing,
)
from rollout.domain.forecasting import keeping
from rollout.models import (
    CourseStep,
    EventKind,
    LicencePool,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Rollout,
    SignOff,
    StatusReport,
    Wave,
)
from tests.factories import (
    GOOD_FIGURES,
    NOW,
    at,
    give_go,
    give_role,
    make_agency,
    make_figures,
    make_lead,
    make_people,
    make_ready,
    make_review,
    make_rollout,
    make_wave,
    place,
)

WRITTEN_ONCE = [
    "rollout_planevent",
    "rollout_decision",
    "rollout_signoff",
    "rollout_guidelineversion",
    "rollout_statusreport",
    "rollout_review",
    "rollout_usagefigures",
]


def _migrate(settings, name: str, **options) -> None:
    """`migrate` as production runs it: by the owner's address, where the app's own names `name`."""
    where = connection.settings_dict
    settings.MIGRATE_DATABASE = {key: where[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    with _as_user(name):
        call_command("migrate", verbosity=0, **options)


@contextmanager
def _as_user(name: str):
    before = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict |= {"USER": name, "PASSWORD": "apps"}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= before


@pytest.fixture
def role_name(transactional_db):
    name = f"app_{connection.settings_dict['NAME']}"
    yield name
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone():
            cursor.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')


@pytest.fixture
def made_role(role_name, settings):
    _migrate(settings, role_name)
    _migrate(settings, role_name)  # once more does no harm
    return role_name


@pytest.fixture
def world(transactional_db):
    rollout = make_rollout(waves=2)
    kli = make_ready(place(make_agency("kli"), rollout.waves.get(number=1)))
    make_people(kli.agency)
    make_lead()
    give_go(rollout.waves.get(number=1))
    PlanEvent.objects.create(rollout=rollout, kind=EventKind.MOVED, at=NOW)
    reporting.draft(rollout=rollout, week=reporting.Week(2018, 5), now=NOW).save()
    make_figures(kli, NOW.date())
    make_review(make_wave(rollout, 7))
    return rollout


@pytest.fixture
def as_app(made_role):
    with _as_user(made_role):
        yield


def test_the_tests_know_every_table_that_is_written_once(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'")
        assert sorted(table for (table,) in cursor.fetchall()) == sorted(WRITTEN_ONCE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "SELECT * FROM {} FOR UPDATE",
        "ALTER TABLE {} DISABLE TRIGGER append_only",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON {}",
        "CREATE RULE away AS ON INSERT TO {} DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "DROP TABLE {} CASCADE",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT (id) DO UPDATE SET id = excluded.id",
    ],
)
def test_what_is_written_once_is_beyond_the_apps_role(world, as_app, statement):
    for table in WRITTEN_ONCE:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] > 0
            with pytest.raises(ProgrammingError) as refused:
                cursor.execute(statement.format(table))
            assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege), table


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",  # would silence every trigger
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "DROP FUNCTION refuse_change() CASCADE",
        "SET ROLE postgres",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "GRANT UPDATE ON rollout_signoff TO CURRENT_USER",
        "CREATE TABLE public.mine (id int)",
        "TRUNCATE agencies_role",
        "TRUNCATE rollout_rollout CASCADE",  # would empty the history along with it
        "COPY rollout_signoff TO PROGRAM 'cat'",
    ],
)
def test_the_apps_role_cannot_make_itself_stronger(as_app, statement):
    with connection.cursor() as cursor:
        before = _rights(cursor)
        try:
            cursor.execute(statement)
        except ProgrammingError as refused:
            assert isinstance(refused.__cause__, psycopg.errors.InsufficientPrivilege)
        # PostgreSQL answers a GRANT of what one lacks with no more than a warning.
        assert _rights(cursor) == before == (False, False)


def _rights(cursor) -> tuple:
    cursor.execute(
        "SELECT has_table_privilege('rollout_signoff', 'UPDATE'), rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    return cursor.fetchone()


def test_a_raised_trigger_is_not_all_that_stands_between_the_app_and_the_history(world, as_app):
    """The owner is stopped by the trigger; the app before it, for lack of privilege."""
    with pytest.raises(ProgrammingError) as refused, transaction.atomic():
        SignOff.objects.update(role="agency_head")
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_the_app_does_its_daily_work_as_that_role(world, as_app):
    rollout, lead = Rollout.objects.get(), make_lead()
    acts = {"by": lead, "now": NOW}
    one, two = rollout.waves.order_by("number")[:2]

    vav = make_agency("vav")
    queueing.join(rollout=rollout, agency=vav, **acts)
    placement = Placement.objects.get(agency=vav)
    placing.move(placement=placement, to=two, **acts)
    moved = PlanEvent.objects.filter(kind=EventKind.MOVED, agency=vav).latest("id")
    undoing.undo(rollout=rollout, change=moved.change, **acts)
    leaving.withdraw(placement=Placement.objects.get(agency=vav), reason="Venter.", **acts)
    leaving.rejoin(placement=Placement.objects.get(agency=vav), **acts)

    placement = Placement.objects.get(agency=vav)
    licensing.set_funding(placement=placement, funded=100, implementation_cost_nok=0, budget_reference="", **acts)
    licensing.set_pool(rollout=rollout, size=LicencePool.objects.get().size + 1, **acts)
    step = CourseStep.objects.get(course_version=placement.course_version, number=4)
    confirming.waive(placement=placement, step=step, reason="Gjort i piloten.", **acts)
    confirming.take_back_waiver(placement=placement, step_key=step.key, **acts)
    signer = give_role("sjef.vav@example.org", RoleName.COMMUNICATION_CHIEF, vav)
    confirming.confirm_step(
        placement=placement, step=step, owner_role=step.owner_role, text="Sak 1.", by=signer, now=NOW
    )
    confirming.state_key_people(placement=placement, number=3, by=signer, now=NOW)
    confirming.confirm_readiness(placement=placement, by=signer, now=NOW)

    version = signing_off.publish(rollout=rollout, text="Ny tekst.", is_material=False, **acts)
    signing_off.sign(
        placement=placement,
        version=version,
        hash_seen=version.text_hash,
        by=signer,
        role=RoleName.COMMUNICATION_CHIEF,
        signed_in_by="code",
        now=NOW,
    )

    role = inviting.invite(email="ny@example.org", role=RoleName.KEY_PERSON, agency=vav, **acts)
    inviting.end_role(role=role, **acts)
    period = calendar.add_blackout(
        rollout=rollout,
        first_day=at("2018-12-01 00:00").date(),
        last_day=at("2018-12-02 00:00").date(),
        name="Flytting",
        hard=False,
        **acts,
    )
    calendar.remove_blackout(period=period, **acts)
    scheduling.set_people_cap(wave=two, cap=5_000, **acts)

    deciding.decide(wave=Wave.objects.get(pk=one.pk), verdict="go", reason="Alt er klart.", **acts)
    opened = opening.open_step(wave_id=one.pk, now=at("2018-02-07 08:00"))
    assert opened is not None
    assert OutgoingEmail.objects.exists()
    reporting.send_due(rollout=rollout, now=at("2018-02-12 09:00"))
    assert StatusReport.objects.count() == 2

    archiving.set_case(placement=placement, case_number="18/1", **acts)
    erasing.erase(person=signer, **acts)
    assert retention.enforce(rollout=rollout, now=at("2020-01-01 04:00"))


def test_a_table_of_tomorrow_is_read_and_added_to_at_once_and_changed_after_the_next_migrate(made_role, settings):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE tomorrow (id bigint GENERATED BY DEFAULT AS IDENTITY, at int)")
        try:
            with _as_user(made_role), connection.cursor() as own:
                own.execute("INSERT INTO tomorrow (at) VALUES (1)")
                own.execute("SELECT at FROM tomorrow")
                with pytest.raises(ProgrammingError):
                    own.execute("UPDATE tomorrow SET at = 2")
            _migrate(settings, made_role)
            with _as_user(made_role), connection.cursor() as own:
                own.execute("UPDATE tomorrow SET at = 2")
        finally:
            with connection.cursor() as owner:
                owner.execute("DROP TABLE tomorrow")


def test_a_role_as_strong_as_the_owner_is_refused(role_name, settings):
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE ROLE "{role_name}" LOGIN SUPERUSER')
    with pytest.raises(CommandError, match="superbruker"):
        _migrate(settings, role_name)


def test_two_addresses_of_different_databases_are_refused(role_name, settings):
    settings.MIGRATE_DATABASE = connection.settings_dict | {"NAME": "another"}
    with pytest.raises(CommandError, match="samme database"):
        call_command("migrate", verbosity=0)


def test_only_asking_what_would_be_migrated_grants_nothing(role_name, settings):
    _migrate(settings, role_name, plan=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role_name])
        assert cursor.fetchone() == (0,)


def test_the_apps_role_thinks_ahead_and_looks_back(as_app):
    """Scenarios, the composer, the forecast, a rehearsal on tables of its own, and a review to its end."""
    lead, rollout = make_lead(), make_rollout(waves=2)
    make_ready(place(make_agency("kli"), rollout.waves.get(number=1)))
    give_go(rollout.waves.get(number=1))
    for slug in ("bre", "vav"):
        place(make_agency(slug), rollout=rollout)
    wishes = compositions.Wishes({"order": 3, "early": 1}, rushed=(2,))
    asked = compositions.ask(rollout=rollout, wishes=wishes, by=lead, now=NOW)
    compositions.run(composition_id=asked.pk, now=NOW)
    event = adopting.adopt(scenario=rollout.scenarios.get(), by=lead, now=NOW)
    undoing.undo(rollout=rollout, change=event.change, by=lead, now=NOW)
    assert keeping.keep(rollout, now=NOW, futures=50)
    played = rehearsing.rehearse(rollout=rollout, now=NOW, assuming=rehearsing.Assumptions(go=True, ready=True))
    assert "leaders_opened" in {happening["kind"] for happening in played["happenings"]}
    for moment in ("2018-02-07 08:00", "2018-02-27 08:00"):
        opening.open_due(now=at(moment))
    gate = {"by": lead, "now": at("2018-03-22 10:00")}
    wave = rollout.waves.get(number=1)
    (kli,) = wave.placements.all()
    said = {"definition": "Logget inn", "source": "Innsikt", "measured_on": at("2018-03-21 10:00").date()}
    reviewing.enter_figures(placement=kli, numbers=GOOD_FIGURES, **said, **gate)
    learning.write_lessons(placement=kli, texts=["Begynn med lederne."], **gate)
    reviewing.close(wave=wave, pace="same", reason="Bra", **gate)
