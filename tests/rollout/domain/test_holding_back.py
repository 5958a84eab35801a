"""Weekends and public holidays hold back mail that is not urgent, and no other."""

import datetime as dt

import pytest
from django.utils import timezone

from rollout.domain import signing_off, stepping
from rollout.domain.calendar import when_not_urgent
from rollout.models import EmailKind, OutgoingEmail
from tests import factories as make
from tests.factories import at, set_clock

pytestmark = pytest.mark.django_db
SATURDAY = at("2018-03-03 12:00")
A_LITTLE = dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("now", "may_leave"),
    [
        ("2018-03-02 23:00", "2018-03-02 23:00"),  # a Friday
        ("2018-03-03 12:00", "2018-03-05 08:00"),
        ("2018-03-24 23:30", "2018-03-26 08:00"),  # over the change to summer time
        ("2018-03-29 07:00", "2018-04-03 08:00"),  # Maundy Thursday
        ("2018-04-02 08:00", "2018-04-03 08:00"),
        ("2018-05-17 12:00", "2018-05-18 08:00"),
    ],
)
def test_from_a_closed_day_it_waits_for_the_next_working_morning(now, may_leave):
    assert when_not_urgent(at(now)) == at(may_leave)


@pytest.fixture
def kli():
    rollout = make.make_rollout(waves=1)
    agency = make.make_agency("kli")
    make.make_people(agency)
    return make.make_ready(make.place(agency, rollout.waves.get()))


def publish(kli, now) -> list[OutgoingEmail]:
    signing_off.publish(rollout=kli.rollout, text="Ny tekst.", is_material=True, by=make.make_lead(), now=now)
    return list(OutgoingEmail.objects.filter(kind=EmailKind.GUIDELINES_CHANGED))


def wait_of(mail) -> dt.timedelta:
    return mail.not_before - timezone.now()


def test_new_guidelines_published_on_a_saturday_are_told_of_on_monday(kli):
    mails = publish(kli, SATURDAY)
    assert len(mails) == 2
    for mail in mails:
        assert abs(wait_of(mail) - dt.timedelta(hours=44)) < A_LITTLE
    assert not OutgoingEmail.objects.to_send(timezone.now()).exists()


def test_on_a_working_day_they_are_told_of_at_once(kli):
    assert publish(kli, at("2018-03-05 12:00"))
    assert OutgoingEmail.objects.to_send(timezone.now()).count() == 2


def test_a_receipt_goes_at_once_on_a_saturday_too():
    rollout = make.make_rollout(waves=1)
    agency = make.make_agency("kli")
    make.make_people(agency)
    version = rollout.guideline_versions.get()
    signing_off.sign(
        placement=make.place(agency, rollout.waves.get()),
        version=version,
        hash_seen=version.text_hash,
        by=make.make_person("leder.kli@example.org"),
        role="agency_head",
        signed_in_by="code",
        now=SATURDAY,
    )
    assert OutgoingEmail.objects.to_send(timezone.now()).get().kind == EmailKind.SIGN_RECEIPT


def test_in_the_demo_what_waits_has_waited_as_long_as_the_clock_was_stepped(kli, settings):
    settings.DEMO_MODE = True
    set_clock(SATURDAY)
    publish(kli, SATURDAY)

    stepping.step_to(to=at("2018-03-04 09:00"))
    guidelines = OutgoingEmail.objects.to_send(timezone.now()).filter(kind=EmailKind.GUIDELINES_CHANGED)
    assert not guidelines.exists()
    stepping.step_to(to=at("2018-03-05 09:00"))
    assert guidelines.count() == 2
