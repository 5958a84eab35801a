"""Going back to an older schema: what it has no room for is said in words, before anything is changed."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from rollout.models import Scenario
from tests.factories import NOW, make_rollout, make_wave

pytestmark = pytest.mark.django_db


def go_back() -> None:
    """In the test's transaction, which takes the schema back to what it was."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    call_command("migrate", "rollout", "0012", verbosity=0)


def numbers() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM rollout_wave ORDER BY number")
        return [number for (number,) in cursor.fetchall()]


def take_away(wave) -> None:
    wave.removed_at = NOW
    wave.save()


def test_a_number_that_two_waves_have_had_is_refused_in_words():
    rollout = make_rollout(waves=2)
    take_away(rollout.waves.get(number=2))
    make_wave(rollout, 2)
    with pytest.raises(CommandError, match=r"workplace-2018: pulje 2 er tatt bort, og nummeret er brukt på nytt\."):
        go_back()
    assert not Scenario.objects.exists(), "and the newer tables are still there"


def test_a_wave_that_was_taken_away_alone_stands_in_nobodys_way():
    rollout = make_rollout(waves=2)
    take_away(rollout.waves.get(number=2))
    go_back()
    assert numbers() == [1, 2]
