"""Reminders stop the moment what they tell of is done, even one that is written and waits."""

# ruff: noqa: F811 (fixtures are asked for by the names they are imported under)
import datetime as dt

import pytest
from django.utils import timezone

from agencies.models import RoleName
from rollout.domain import confirming, due, inviting, leaving, opening, reminding, resending, scheduling, settling
from rollout.domain.refusals import Refused
from rollout.models import OSLO, EmailState, OutgoingEmail, Verdict
from tests import factories as make
from tests.factories import at
from tests.rollout.domain.test_reminding import (  # noqa: F401 (fixtures)
    ACCOUNTS,
    CHIEF,
    do,
    everything_leaves,
    kli,
    rollout,
    step,
    tick_each_day,
    told,
    wave,
)

pytestmark = pytest.mark.django_db


def waiting_reminder(rollout) -> OutgoingEmail:
    reminding.send_due(rollout=rollout, now=at("2018-05-09 08:00"))
    return OutgoingEmail.objects.get(kind="to_do")


def done(placement):
    do(placement, now=at("2018-05-09 08:01"))


def let_off(placement):
    confirming.waive(
        placement=placement,
        step=step(placement),
        reason="Testet.",
        by=make.make_lead(),
        now=at("2018-05-09 08:01"),
    )


def withdrawn(placement):
    leaving.withdraw(placement=placement, reason="Venter", by=make.make_lead(), now=at("2018-05-09 08:01"))


def moved(placement):
    scheduling.set_dates(
        wave=placement.wave,
        leaders_on=dt.date(2018, 9, 3),
        all_staff_on=dt.date(2018, 9, 17),
        by=make.make_lead(),
        now=at("2018-05-09 08:01"),
    )


def role_ended(placement):
    role = placement.agency.roles.get(role=RoleName.COMMUNICATION_CHIEF)
    inviting.end_role(role=role, by=make.make_lead(), now=at("2018-05-09 08:01"))
    placement.agency.roles.filter(role=RoleName.AGENCY_HEAD).update(until=at("2018-05-09 08:01"))


@pytest.mark.parametrize("what", [done, let_off, withdrawn, moved, role_ended])
@pytest.mark.parametrize("state", ["waiting", "claimed"])
def test_what_has_not_left_is_withdrawn_with_the_fact_and_not_written_anew(rollout, kli, what, state):
    mail = waiting_reminder(rollout)
    if state == "claimed":
        OutgoingEmail.objects.filter(pk=mail.pk).update(
            state=state, claim="7c9e6679-7425-40de-944b-e07fc1f90ae7", claimed_at=timezone.now()
        )

    what(kli)

    mail.refresh_from_db()
    assert (mail.state, mail.claim) == (EmailState.WITHDRAWN, None)
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:02")) == 0
    tick_each_day(rollout, dt.date(2018, 5, 10), dt.date(2018, 6, 10))
    assert not told()


def test_of_several_the_one_that_is_done_is_left_out_and_the_rest_is_written_anew_once(rollout, kli):
    agency = make.make_agency("oby", name="Omsorgsbygg")
    make.give_role(CHIEF, RoleName.COMMUNICATION_CHIEF, agency)
    make.make_ready(make.place(agency, kli.wave), but_not=(ACCOUNTS,))
    first = waiting_reminder(rollout)
    assert first.headline.startswith("Klimaetaten og Omsorgsbygg: ")

    do(kli, now=at("2018-05-09 08:01"))
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:02")) == 1
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:03")) == 0

    mail = OutgoingEmail.objects.get(kind="to_do", state=EmailState.WAITING)
    assert (mail.headline, mail.subject) == ("Omsorgsbygg: neste frist er onsdag 23. mai", first.subject)
    assert "Klimaetaten" not in mail.text


def test_what_has_left_stays_and_nothing_more_is_said_that_day(rollout, kli):
    agency = make.make_agency("oby", name="Omsorgsbygg")
    make.give_role(CHIEF, RoleName.COMMUNICATION_CHIEF, agency)
    make.make_ready(make.place(agency, kli.wave), but_not=(ACCOUNTS,))
    mail = waiting_reminder(rollout)
    everything_leaves()

    do(kli, now=at("2018-05-09 08:01"))

    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:02")) == 0
    mail.refresh_from_db()
    assert mail.state == EmailState.SENT


def test_when_the_wave_has_opened_nobody_is_reminded(rollout, kli):
    confirming.waive(placement=kli, step=step(kli), reason="Prøves ut.", by=make.make_lead(), now=make.NOW)
    make.give_go(kli.wave, verdict=Verdict.GO)
    opening.open_due(now=at("2018-06-06 08:00"))
    kli.waivers.all().delete()

    tick_each_day(rollout, dt.date(2018, 6, 7), dt.date(2018, 6, 20))
    assert not told()


def test_an_unknown_one_that_was_not_sent_is_not_sent_as_it_was(rollout, kli):
    mail = waiting_reminder(rollout)
    OutgoingEmail.objects.filter(pk=mail.pk).update(state=EmailState.UNKNOWN)
    do(kli, now=at("2018-05-09 08:05"))

    settled = settling.settle(message=mail, was_sent=False, by=make.make_lead(), now=at("2018-05-09 09:00"))

    assert settled.state == EmailState.WITHDRAWN
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 09:01")) == 0


def test_a_reminder_is_not_sent_again_by_hand(rollout, kli):
    mail = waiting_reminder(rollout)
    everything_leaves()
    with pytest.raises(Refused, match="sendes ikke på nytt"):
        resending.resend(message=mail, reason="Kom ikke fram", by=make.make_lead(), now=at("2018-05-09 12:00"))


def test_a_signature_that_counts_no_longer_is_asked_for_though_the_clock_steps_over_the_day_in_one_go(rollout, kli):
    make.make_guidelines(rollout, number=2, text="Ny tekst", old_counts_until=dt.date(2018, 5, 16))

    due.run_through([rollout], start=at("2018-05-08 09:00"), to=at("2018-05-31 09:00"))

    mails = OutgoingEmail.objects.filter(kind="agency_week").order_by("pk")
    asked = [(f"{mail.written_at.astimezone(OSLO):%d.%m}", "må signeres på nytt" in mail.text) for mail in mails]
    assert asked == [("14.05", False), ("22.05", True), ("28.05", True)]
