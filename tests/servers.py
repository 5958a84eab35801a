"""A pytest plugin, loaded by `-p tests.servers`: real PostgreSQL and Valkey, before Django reads its settings.

The servers are shared by all runs of this checkout (`.local/test/`); each run has a database and a Valkey database of
its own. A run that was killed leaves its database behind: the next run drops it.
"""

import os
import re
import secrets
import signal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import redis

from rollout import embedded
from rollout.embedded import postgresql, valkey

FOLDER = Path(__file__).resolve().parent.parent / ".local" / "test"
DATABASE = re.compile(r"test_run_(\d+)_")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests():
    """A wrapper, so that it runs before pytest-django imports the settings."""
    # A plain kill ends the run as Ctrl-C does, so that the servers are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    servers = embedded.join_or_start(FOLDER, fast=True)
    socket_folder = parse_qs(urlsplit(servers.database_url).query)["host"][0]
    _drop_leftovers(socket_folder)
    os.environ |= {
        # pytest-django puts `test_` before it.
        "DATABASE_URL": postgresql.url(socket_folder, f"run_{os.getpid()}_{secrets.token_hex(3)}"),
        "REDIS_URL": _own_valkey_database(servers.redis_url),
        "EMAIL_URL": servers.email_url,
        "SECRET_KEY": servers.secret_key,
        "COMMITMENT_KEY": "the tests' own",
    }
    for name in (
        "MIGRATE_DATABASE_URL",
        "ALLOWED_HOSTS",
        "SITE_URL",
        "DEFAULT_FROM_EMAIL",
        "LOG_LEVEL",
        "PORT",
        "OIDC_ISSUER",
    ):
        os.environ.pop(name, None)
    return (yield)


def _drop_leftovers(socket_folder: str) -> None:
    with psycopg.connect(postgresql.url(socket_folder, "postgres"), autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
            run = DATABASE.match(name)
            if run and not psutil.pid_exists(int(run[1])):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _own_valkey_database(url: str) -> str:
    with redis.Redis.from_url(url) as shared:
        number = 1 + shared.incr("runs") % (valkey.DATABASES - 1)
    own = url.removesuffix("/0") + f"/{number}"
    with redis.Redis.from_url(own) as fresh:
        fresh.flushdb()
    return own
