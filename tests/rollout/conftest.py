"""A plan with three waves, and its lead. A file whose tests want another plan has a fixture of its own."""

import pytest

from tests.factories import make_lead, make_rollout


@pytest.fixture
def rollout(db):
    return make_rollout(waves=3)


@pytest.fixture
def lead(db):
    return make_lead()
