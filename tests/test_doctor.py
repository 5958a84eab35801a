"""`manage.py doctor`: each thing that may be wrong is found and told with what to do, and no secret with it."""

import datetime as dt
from contextlib import contextmanager
from io import StringIO

import pytest
from celery import current_app
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from rollout import heartbeat
from rollout.domain import holding
from rollout.management.doctor import around, data
from rollout.management.doctor.findings import OK, WARNING, WRONG, Finding
from rollout.models import EmailKind, OutgoingEmail
from tests import factories as make
from tests.mail_server import MailServer, serving
from tests.shell import manage, run
from tests.test_app_role import _as_user, _migrate, role_name  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db
LONG = "k" * 40


@pytest.fixture(autouse=True)
def sound(settings):
    """Settings as they should be; each test spoils one."""
    settings.SECRET_KEY, settings.COMMITMENT_KEY = LONG, LONG + "2"
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://plan.oslo.example", ["plan.oslo.example"]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.DEFAULT_FROM_EMAIL = "Puljeplan <plan@oslo.example>"


def only(findings) -> Finding:
    (finding,) = findings
    return finding


def levels(findings) -> list[str]:
    return [finding.level for finding in findings]


# -- as it is run --------------------------------------------------------------------------------------------------


@pytest.fixture
def serving_all(settings, monkeypatch):
    """Mail server, beat and worker answer (the worker by its name alone: there is a test with none)."""
    heartbeat.beat_was_here()
    monkeypatch.setattr(current_app.control, "ping", lambda timeout: [{"worker@her": {"ok": "pong"}}])
    with serving() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def test_where_all_is_well_it_says_so_line_by_line_and_ends_with_0(serving_all):
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert {line.split()[0] for line in done.out.splitlines() if "→" not in line} <= {OK, WARNING}
    for about in (
        "innstillinger",
        "database",
        "migreringer",
        "klokke",
        "kø",
        "mellomlager",
        "beat",
        "worker",
        "e-post",
    ):
        assert f"ok        {about}" in done.out
    assert serving_all.mails == []


def test_one_thing_wrong_ends_with_1_and_says_what_to_do(serving_all):
    cache.clear()
    done = run("doctor")
    assert done.code == 1
    assert "feil      beat            har aldri vært her\n" in done.out
    assert "→ Start beat." in done.out


def test_it_sends_one_mail_where_it_is_asked_to(serving_all):
    done = run("doctor", "--mail-to", "drift@oslo.example")
    assert done.code == 0
    [mail] = serving_all.mails
    assert (mail["To"], mail["From"]) == ("drift@oslo.example", "Puljeplan <plan@oslo.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not OutgoingEmail.objects.exists()


def test_what_is_no_address_is_wrong_usage(serving_all):
    assert run("doctor", "--mail-to", "drift").code == 2
    assert serving_all.mails == []


@pytest.mark.django_db(transaction=True)
def test_with_nothing_there_every_failure_is_told_and_no_secret(environment):
    """As a process of its own, where database, Valkey and mail server are away."""
    secrets = {name: f"hemmelig-{name.lower()}-9f" for name in ("db", "redis", "mail", "key", "commitment")}
    done = manage(
        environment
        | {
            "DATABASE_URL": f"postgresql://plan:{secrets['db']}@127.0.0.1:1/plan",
            "REDIS_URL": f"redis://:{secrets['redis']}@127.0.0.1:1/0",
            "EMAIL_URL": f"smtp://plan:{secrets['mail']}@127.0.0.1:1",
            "SECRET_KEY": secrets["key"],
            "COMMITMENT_KEY": secrets["commitment"],
        },
        "doctor",
    )
    assert done.code == 1
    told = {line.split()[1] for line in done.out.splitlines() if line.startswith("feil")}
    assert told == {"database", "kø", "mellomlager", "e-postserver"}, "what needs them is not asked"
    assert [secret for secret in secrets.values() if secret in done.out + done.err] == []


def test_a_secret_in_a_driver_s_words_is_hidden(settings):
    settings.REDIS_URL = "redis://:sv%C3%A6rt-hemmelig@127.0.0.1:1/0"
    finding = Finding(WRONG, "kø", "cannot reach redis://:sv%C3%A6rt-hemmelig@ as svært-hemmelig").hidden()
    assert finding.found == "cannot reach redis://:•••@ as •••"


# -- settings and files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("SECRET_KEY", "kort", WARNING),
        ("COMMITMENT_KEY", "kort", WARNING),
        ("COMMITMENT_KEY", LONG, WRONG),
        ("SITE_URL", "https://plan.oslo.example/plan/", WRONG),
        ("SITE_URL", "plan.oslo.example", WRONG),
        ("SITE_URL", "http://plan.oslo.example", WRONG),
        ("ALLOWED_HOSTS", ["annet.oslo.example"], WRONG),
        ("ALLAUTH_TRUSTED_PROXY_COUNT", 0, WARNING),
        ("DEFAULT_FROM_EMAIL", "Puljeplan <puljeplan@example.org>", WARNING),
    ],
)
def test_a_setting_that_will_not_do_is_told_by_name(settings, name, value, level):
    assert levels(around.settings_are_sound()) == [OK]
    setattr(settings, name, value)
    finding = only(around.settings_are_sound())
    assert (finding.level, finding.about) == (level, name.removeprefix("ALLAUTH_"))
    assert finding.remedy


def test_links_that_lead_to_the_machine_itself_are_told(settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "http://127.0.0.1:8000", ["127.0.0.1"]
    assert only(around.settings_are_sound()).level == WARNING


def test_files_that_were_not_collected_are_told(settings, tmp_path):
    assert levels(around.static_files()) == [OK]
    (tmp_path / "ny.css").write_text("p {}")
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, tmp_path]
    finding = only(around.static_files())
    assert finding.level == WRONG
    assert "ny.css" in finding.found
    assert "collectstatic" in finding.remedy


# -- the database --------------------------------------------------------------------------------------------------


def test_a_migration_that_was_not_run_and_one_nobody_knows_are_told():
    assert levels(data.migrations()) == [OK]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('rollout', '9999_later', now())")
    assert "9999_later" in only(data.migrations()).found
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name LIKE '9999%'")
        cursor.execute("DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)")
    finding = only(data.migrations())
    assert (finding.level, "manage.py migrate" in finding.remedy) == (WRONG, True)


def test_an_app_that_owns_the_tables_is_told():
    assert only(data.grants()).level == WARNING


@pytest.mark.django_db(transaction=True)
class TestGrants:
    @contextmanager
    def spoiled(self, name: str, statement: str, back: str):
        with connection.cursor() as cursor:
            cursor.execute(statement)
        try:
            with _as_user(name):
                yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute(back)

    def test_the_role_that_migrate_makes_has_what_it_needs_and_no_more(self, role_name, settings):  # noqa: F811
        _migrate(settings, role_name)
        with _as_user(role_name):
            assert levels(data.grants()) == [OK]
        grant = f'GRANT UPDATE ON rollout_planevent TO "{role_name}"'
        revoke = f'REVOKE UPDATE ON rollout_planevent FROM "{role_name}"'
        with self.spoiled(role_name, grant, revoke):
            assert "UPDATE rollout_planevent" in only(data.grants()).found
        revoke, grant = (
            f'REVOKE DELETE ON rollout_wave FROM "{role_name}"',
            f'GRANT DELETE ON rollout_wave TO "{role_name}"',
        )
        with self.spoiled(role_name, revoke, grant):
            finding = only(data.grants())
            assert (finding.level, "DELETE rollout_wave" in finding.found) == (WRONG, True)
            assert "MIGRATE_DATABASE_URL" in finding.remedy
        off, on = (f"ALTER TABLE rollout_planevent {word} TRIGGER append_only" for word in ("DISABLE", "ENABLE"))
        with self.spoiled(role_name, off, on):
            assert "slått av på rollout_planevent" in only(data.grants()).found


def test_a_clock_that_is_wrong_is_told(monkeypatch):
    assert levels(data.clocks()) == [OK]
    monkeypatch.setattr(data, "timezone", _Ahead)
    finding = only(data.clocks())
    assert (finding.level, "60 sekunder" in finding.found) == (WRONG, True)


class _Ahead:
    """A machine whose clock is a minute ahead of the database's."""

    @staticmethod
    def now():
        return timezone.now() + dt.timedelta(minutes=1)


def test_time_zones_that_disagree_are_told(monkeypatch):
    monkeypatch.setattr(data, "ZoneInfo", lambda name: timezone.get_fixed_timezone(60))
    finding = only(data.clocks())
    assert (finding.level, "tzdata" in finding.remedy) == (WRONG, True)


def test_in_the_demo_its_own_time_is_told_too(settings):
    settings.DEMO_MODE = True
    make.set_clock(make.at("2018-02-07 08:00"))
    assert [finding.found for finding in data.clocks()][1] == "demoen er i 07.02.2018 kl. 08.00"


def test_mail_that_is_held_waits_or_wants_a_lead_is_told():
    rollout = make.make_rollout()
    assert levels(data.mail()) == [OK]
    for state in ("unknown", "failed", "waiting"):
        OutgoingEmail.objects.create(
            rollout=rollout,
            kind=EmailKind.HELD,
            subject=state,
            person=make.make_lead(),
            to_address="prosjektleder@example.org",
            message_id=f"<{state}@example.org>",
            written_at=make.NOW,
            not_before=timezone.now() - dt.timedelta(minutes=12),
            state=state,
            settled_at=make.NOW if state == "failed" else None,
        )
    assert levels(data.mail()) == [WRONG, WARNING, WARNING]
    holding.hold(rollout=rollout, reason="Feil i lenken.", by=make.make_lead(), now=make.NOW)
    held = next(iter(data.mail()))
    assert (held.level, "Feil i lenken." in held.found) == (WARNING, True)


# -- queue, beat, worker, mail server ------------------------------------------------------------------------------


def test_a_beat_that_has_gone_quiet_is_told():
    heartbeat.beat_was_here()
    assert only(around.beat()).level == OK
    cache.set(heartbeat._KEY, cache.get(heartbeat._KEY) - 300)
    finding = only(around.beat())
    assert (finding.level, "5 minutter" in finding.found) == (WRONG, True)


def test_where_no_worker_answers_it_is_told(monkeypatch):
    monkeypatch.setattr(around, "PING_SECONDS", 0.2)
    assert only(around.worker()).level == WRONG


def test_a_mail_server_that_refuses_or_is_away_is_told(settings):
    class Refuses(MailServer):
        async def on_rcpt(self, server, address):
            return "550 not here"

    with serving(Refuses()) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        assert only(around.mail_server("")).level == OK
        finding = only(around.mail_server("drift@oslo.example"))
        assert (finding.level, "550" in finding.found) == (WRONG, True)
    finding = only(around.mail_server(""))
    assert (finding.level, str(server.port) in finding.found) == (WRONG, True)


def test_the_doctor_changes_nothing(serving_all):
    make.make_rollout()
    with connection.execute_wrapper(_refuse_writing):
        call_command("doctor", stdout=StringIO())


def _refuse_writing(execute, sql, params, many, context):
    assert not sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"))
    return execute(sql, params, many, context)
