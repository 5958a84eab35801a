"""Fixtures everybody uses. The servers themselves come from `tests/servers.py`."""

import os

import pytest
from django.conf import settings
from django.db import connection, connections
from hypothesis import settings as hypothesis

from rollout.embedded import postgresql
from tests import made_once

# The same examples every time, and no stopwatch: a busy machine is not a broken program.
hypothesis.register_profile("steady", deadline=None, derandomize=True)
hypothesis.load_profile("steady")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: its library keeps an event loop running in this thread, and then Django keeps connections
    by task and no longer by thread. A test that forks (the races) would hand its children a connection to share.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """The files as production serves them; a template that names a missing one fails."""
    made_once.collected_files()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker) -> None:
    """This run's database is a copy of a migrated one: `migrate` then finds all done."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = made_once.migrated_database()


@pytest.fixture
def elsewhere():
    """A connection of its own, as another process would have it."""
    other = connections.create_connection("default")
    other.settings_dict = connection.settings_dict
    yield other
    other.close()


@pytest.fixture
def environment(transactional_db) -> dict[str, str]:
    """The environment for a process of its own (worker, server, command) on this test's database."""
    socket_folder = settings.DATABASES["default"]["OPTIONS"]["host"]
    return os.environ | {
        "DATABASE_URL": postgresql.url(socket_folder, connection.settings_dict["NAME"]),
        "DJANGO_SETTINGS_MODULE": "rollout.settings",
    }
