"""A plan with three waves, and its lead. A file whose tests want another plan has a fixture of its own."""

import pytest

from tests.factories import make_lead, make_rollout


@pytest.fixture
def rollout():
    return make_rollout(waves=3)


@pytest.fixture
def lead():
    return make_lead()
