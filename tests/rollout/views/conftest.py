"""The demo's first morning, and a browser in which the lead is signed in."""

import pytest

from tests.factories import NOW, set_clock


@pytest.fixture
def february(settings, db):
    """The demo's clock is one that a test can set: the morning the reference rollout starts."""
    settings.DEMO_MODE = True
    set_clock(NOW)


@pytest.fixture
def as_lead(client, lead):
    client.force_login(lead)
    return client
