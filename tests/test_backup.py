"""Backup and restore, drilled on real servers: the plan is the same, and no message leaves until a lead lets it."""

import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from rollout import delivery, embedded
from rollout.domain import holding
from rollout.management import backups
from rollout.models import OSLO, EmailState, OutgoingEmail, Rollout, StepEvidence
from tests import factories as make
from tests.mail_server import serving
from tests.shell import manage

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]  # race: forks nothing, but wants its quiet


@pytest.fixture
def other_server(tmp_path):
    """Another PostgreSQL, where nothing has ever been."""
    servers = embedded.join_or_start(tmp_path / "other", fast=True)
    yield servers.database_url
    embedded.stop(tmp_path / "other")


@pytest.fixture
def world(settings) -> Rollout:
    """The reference rollout, with a file, a deferred and a waiting message."""
    settings.DEMO_MODE = True
    call_command("load_reference_rollout", verbosity=0)
    settings.DEMO_MODE = False
    rollout = Rollout.objects.active()
    make.attach(StepEvidence.objects.first(), content=b"%PDF-1.4\n\x00\xff\n%%EOF\n")
    make.make_lead()
    for number in range(3):
        OutgoingEmail.objects.create(
            rollout=rollout,
            kind="held",
            subject=f"wave:{number}:all_staff",
            occurrence="event:1",
            person=make.make_lead(),
            to_address="prosjektleder@example.org",
            headline="Holdt tilbake",
            text="Æøå\n",
            html="<p>Æøå</p>",
            message_id=f"<{number}@example.org>",
            written_at=make.NOW,
            not_before=make.NOW,
        )
    return rollout


def rows(url: str) -> dict[str, list[str]]:
    """Every row of every table, and where each sequence stands."""
    with psycopg.connect(url) as open_connection:
        open_connection.execute("SET timezone = 'UTC'")
        names = open_connection.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'S') ORDER BY 1"
        ).fetchall()
        return {
            name: [
                words
                for (words,) in open_connection.execute(
                    f'SELECT t::text FROM "{name}" t ORDER BY 1'
                    if kind == "r"
                    else f'SELECT concat(last_value, is_called) FROM "{name}"'
                )
            ]
            for name, kind in names
        }


def guards(url: str) -> set[tuple[str, str]]:
    """Every constraint, index, trigger and function, by kind and name: the words of each are put another way."""
    with psycopg.connect(url) as open_connection:
        found = open_connection.execute(
            "SELECT contype::text, conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
            "UNION SELECT 'index', indexname FROM pg_indexes WHERE schemaname = 'public' "
            "UNION SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal "
            "UNION SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()
    return set(found)


@contextmanager
def database(url: str):
    """Django's connection leads there."""
    kept = dict(connection.settings_dict)
    connection.close()
    socket = parse_qs(urlsplit(url).query)["host"][0]
    connection.settings_dict |= {
        "NAME": urlsplit(url).path.strip("/"),
        "OPTIONS": {**kept["OPTIONS"], "host": socket},
    }
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= kept


def test_restored_on_another_server_the_plan_is_the_same_and_no_message_leaves_until_a_lead_lets_it(
    world, environment, other_server, tmp_path, settings
):
    file, there = tmp_path / "plan.backup", environment | {"DATABASE_URL": other_server}
    before = rows(environment["DATABASE_URL"])

    made = manage(environment, "backup", str(file))
    assert (made.code, made.err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    put_back = manage(there, "restore", "-", stdin=file.read_bytes())
    assert (put_back.code, put_back.err) == (0, "")

    assert rows(other_server) == before
    assert guards(other_server) == guards(environment["DATABASE_URL"])
    assert sum(map(len, before.values())) > 500

    with serving() as server:
        mail = there | {"EMAIL_URL": server.url}
        for command in ("open_due_waves", "send_weekly_status", "deliver_outgoing"):
            assert manage(mail, command).code == 0
        assert server.mails == []
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        with database(other_server):
            waiting = set(OutgoingEmail.objects.filter(state=EmailState.WAITING).values_list("message_id", flat=True))
            assert {"<0@example.org>", "<1@example.org>", "<2@example.org>"} <= waiting
            holding.let_go(rollout=Rollout.objects.active(), by=make.make_lead(), now=make.NOW.astimezone(OSLO))
            delivery.deliver_waiting()
        assert server.accepted == dict.fromkeys(waiting, 1)
    assert rows(environment["DATABASE_URL"]) == before, "the original has seen none of it"


@pytest.fixture
def file(world, tmp_path) -> Path:
    """A backup of the world."""
    call_command("backup", str(tmp_path / "plan.backup"), stdout=StringIO())
    return tmp_path / "plan.backup"


def restore(file: Path, *options: str) -> None:
    connection.close()
    call_command("restore", str(file), *options, stdout=StringIO())


def test_put_back_into_the_same_database_it_replaces_what_came_after_and_holds_the_mail(file, environment, settings):
    before = rows(environment["DATABASE_URL"])
    Rollout.objects.update(name="Feil")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id int)")

    with pytest.raises(CommandError, match="--replace"):
        restore(file)
    assert Rollout.objects.active().name == "Feil"

    restore(file, "--replace")
    assert rows(environment["DATABASE_URL"]) == before
    assert "gjenopprettet" in holding.why_held(Rollout.objects.active())
    with serving() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        assert delivery.deliver_waiting() == {}
        assert server.mails == []


def test_a_backup_that_was_cut_off_is_refused_and_nothing_is_touched(file, environment):
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    before = rows(environment["DATABASE_URL"])

    with pytest.raises(CommandError, match="pg_restore feilet"):
        restore(file, "--replace")
    assert rows(environment["DATABASE_URL"]) == before


def test_while_somebody_uses_the_database_nothing_is_replaced(file, environment, monkeypatch):
    monkeypatch.setattr(backups, "EMPTY", ("SET LOCAL lock_timeout = '100ms'", *backups.EMPTY[1:]))
    with psycopg.connect(environment["DATABASE_URL"]) as busy:
        busy.execute("SELECT 1 FROM rollout_rollout")
        with pytest.raises(CommandError, match="lock timeout"):
            restore(file, "--replace")
    assert Rollout.objects.active() is not None


def test_through_a_pipe_it_is_a_backup_too(world, environment, settings, tmp_path):
    made = subprocess.run(
        [sys.executable, "manage.py", "backup", "-"], cwd=settings.BASE_DIR, env=environment, capture_output=True
    )
    (tmp_path / "piped").write_bytes(made.stdout)
    Rollout.objects.update(name="Feil")
    restore(tmp_path / "piped", "--replace")
    assert Rollout.objects.active().name == world.name


def test_a_file_that_is_there_is_not_written_over_and_a_failed_backup_leaves_none(db, environment, tmp_path):
    file = tmp_path / "plan.backup"
    nowhere = environment | {"DATABASE_URL": "postgresql://plan:secret@127.0.0.1:1/none"}
    failed = manage(nowhere, "backup", str(file))
    assert (failed.code, "svarer ikke" in failed.err) == (1, True)
    assert "secret" not in failed.err
    assert list(tmp_path.iterdir()) == []

    file.write_text("min")
    with pytest.raises(CommandError, match="finnes fra før"):
        call_command("backup", str(file))
    assert file.read_text() == "min"


def test_programs_older_than_the_server_are_passed_by(tmp_path, monkeypatch):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.3'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert backups.find_program("pg_dump", 12) == str(old)
    assert backups.find_program("pg_dump", 18) != str(old)
    with pytest.raises(CommandError, match="postgresql-client-99"):
        backups.find_program("pg_dump", 99)
