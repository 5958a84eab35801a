"""Fixtures everybody uses. The servers themselves come from `tests/servers.py`."""

import fcntl
import os

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from hypothesis import settings as hypothesis

from rollout.embedded import postgresql
from tests.servers import FOLDER

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
    """The files as production serves them: collected, hashed, listed; a template that names a missing one fails."""
    with (FOLDER / "static.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several runners share the folder
        call_command("collectstatic", interactive=False, verbosity=0)


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
