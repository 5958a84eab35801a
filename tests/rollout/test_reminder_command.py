"""`send_reminders` from a shell, and the task that beat ticks."""

import pytest

from rollout import tasks
from rollout.models import OutgoingEmail, ReminderRun
from tests import factories as make
from tests.factories import at, set_clock
from tests.shell import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    make.make_lead()
    rollout = make.make_rollout()
    agency = make.make_agency("kli", name="Klimaetaten")
    make.make_people(agency)
    make.make_ready(
        make.place(agency, make.make_wave(rollout, 9, at("2018-06-06 00:00").date())), but_not=("accounts_and_sso",)
    )
    return rollout


def test_it_tells_how_many_it_wrote_and_then_when_the_next_come(rollout):
    set_clock(at("2018-05-09 08:00"))
    assert run("send_reminders").out == "Påminnelser til levering: 1.\n"
    assert (
        run("send_reminders").out == "Ingen påminnelser er forfalt. De neste skrives onsdag 16. mai 2018 klokken 8.\n"
    )


def test_the_preview_shows_each_mail_and_writes_nothing(rollout):
    set_clock(at("2018-05-09 07:00"))
    out = run("send_reminders", "--preview").out
    assert out.startswith(
        "onsdag 9. mai 2018 klokken 8: 1.\n\nkommunikasjonssjef.kli@example.org\nKlimaetaten: neste frist"
    )
    assert "Brukerimport og pålogging testet" in out
    assert not ReminderRun.objects.exists() and not OutgoingEmail.objects.exists()


def test_without_steps_ahead_it_says_so(rollout):
    rollout.placements.update(status="queued", queue_position=1, wave=None, slot=None)
    set_clock(at("2018-05-09 08:00"))
    assert run("send_reminders").out == "Ingen påminnelser er forfalt, og ingen ligger foran.\n"


def test_the_task_of_beat_does_the_same_once(rollout):
    set_clock(at("2018-05-09 08:00"))
    tasks.send_reminders()
    tasks.send_reminders()
    assert OutgoingEmail.objects.count() == 1
