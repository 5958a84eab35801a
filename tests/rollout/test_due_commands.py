"""`open_due_waves` and `deliver_outgoing` from a shell."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rollout import clock
from rollout.models import EmailKind, EmailState, OutgoingEmail, WaveState
from tests.factories import (
    NOW,
    at,
    give_go,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    make_wave,
    place,
    set_clock,
)
from tests.mail_server import serving

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    lead = make_lead()
    wave = make_wave(make_rollout(), 1)
    agency = make_agency("kli", name="Klimaetaten")
    make_people(agency)
    make_ready(place(agency, wave))
    place(make_agency("oby", name="Omsorgsbygg"), wave)
    give_go(wave, by=lead)
    return wave


def run(*args):
    """Exit code, what was said, and what was complained of."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*args, stdout=out, stderr=err)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_before_its_moment_nothing_opens(wave):
    assert run("open_due_waves") == (0, "Ingen puljer åpnet.\n", "")
    assert run("open_due_waves", "--now", "2018-02-07T07:59") == (0, "Ingen puljer åpnet.\n", "")
    assert not OutgoingEmail.objects.exists()


def test_at_its_moment_the_wave_opens_and_the_clock_follows(wave):
    code, out, err = run("open_due_waves", "--now", "2018-02-07T08:00")

    assert (code, err) == (0, "")
    assert out == "Pulje 1 er åpnet for ledere. Inne: Klimaetaten. Utsatt: Omsorgsbygg.\n"
    wave.refresh_from_db()
    assert wave.state == WaveState.LEADERS_OPEN
    assert clock.now() == at("2018-02-07 08:00")
    assert OutgoingEmail.objects.filter(kind=EmailKind.LEADERS_OPEN).count() == 5


def test_a_second_run_opens_nothing_more(wave):
    run("open_due_waves", "--now", "2018-02-07T08:00")

    assert run("open_due_waves", "--now", "2018-02-07T08:00") == (0, "Ingen puljer åpnet.\n", "")
    assert OutgoingEmail.objects.count() == 6  # five let in, and the lead told who was deferred


def test_the_moment_may_name_its_offset(wave):
    run("open_due_waves", "--now", "2018-02-07T07:00:00Z")

    assert clock.now() == at("2018-02-07 08:00")


def test_a_moment_before_the_clock_is_refused(wave):
    set_clock(at("2018-02-08 09:00"))

    code, out, err = run("open_due_waves", "--now", "2018-02-07T08:00")

    assert (code, out) == (1, "")
    assert "torsdag 8. februar 2018 kl. 09.00" in err
    assert clock.now() == at("2018-02-08 09:00")
    wave.refresh_from_db()
    assert wave.state == WaveState.PLANNED


@pytest.mark.parametrize("moment", ["i morgen", "9999-12-31T23:59+00:00"])
def test_a_moment_that_cannot_be_read_is_wrong_usage(wave, moment):
    with pytest.raises(CommandError, match="2018-02-07T08:00"):
        call_command("open_due_waves", "--now", moment)


def test_a_slip_in_the_year_does_not_send_the_demo_where_it_cannot_come_back_from(wave):
    code, _out, err = run("open_due_waves", "--now", "2108-02-07T08:00")
    assert code == 1 and err.startswith("Siste dag må være fra torsdag 1. februar 2018 til ")
    assert clock.now() < at("2018-02-07 08:00")


def test_outside_the_demo_the_clock_is_the_real_one(wave, settings):
    settings.DEMO_MODE = False

    code, _out, err = run("open_due_waves", "--now", "2018-02-07T08:00")

    assert code == 1
    assert "bare i demoen" in err
    wave.refresh_from_db()
    assert wave.state == WaveState.PLANNED


def test_delivery_tells_how_many_were_sent(wave, settings):
    run("open_due_waves", "--now", "2018-02-07T08:00")
    with serving() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        first, second = run("deliver_outgoing"), run("deliver_outgoing")

    assert first == (0, "Sendt: 6.\n", "")
    assert second == (0, "Ingenting å sende.\n", "")
    assert len(server.mails) == 6


def test_delivery_tells_what_did_not_go_as_it_should(wave, settings):
    run("open_due_waves", "--now", "2018-02-07T08:00")
    with serving() as gone:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", gone.port
    claimed = OutgoingEmail.objects.first()
    OutgoingEmail.objects.filter(pk=claimed.pk).update(
        state=EmailState.CLAIMED,
        claim="7c9e6679-7425-40de-944b-e07fc1f90ae7",
        claimed_at=timezone.now(),
        data_at=timezone.now(),
    )

    assert run("deliver_outgoing") == (0, "Prøves igjen senere: 5, ukjent, må avklares: 1.\n", "")
