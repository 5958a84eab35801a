"""The demo through February 2018, message by message: what the rules say and nothing else."""

import datetime as dt
from collections import Counter

import pytest
from django.core.management import call_command
from django.db import transaction

from agencies.models import Person
from rollout import clock, emails
from rollout.domain import announcing, confirming, deciding, opening, scheduling, signing_off, stepping, together
from rollout.emails.reminding import REMINDERS
from rollout.models import OSLO, OutgoingEmail, Placement, Rollout, StatusReport, Verdict, WaveState
from rollout.reference import proposed_plan
from tests.factories import at

pytestmark = pytest.mark.django_db
LEAD, SPONSOR = "prosjektleder@example.org", "sponsor@example.org"
ANSWER = ("leder", "kommunikasjonssjef")
STATUS_WEEKS = {
    "week:2018-W06": at("2018-02-05 08:00"),
    "week:2018-W07": at("2018-02-12 08:00"),
    "week:2018-W08": at("2018-02-19 08:00"),
    "week:2018-W09": at("2018-02-26 08:00"),
}


@pytest.fixture
def rollout(settings) -> Rollout:
    settings.DEMO_MODE = True
    call_command("load_reference_rollout", verbosity=0)
    return Rollout.objects.active()


def lead() -> Person:
    return Person.objects.get(email=LEAD)


def placement(slug) -> Placement:
    return Placement.objects.get(agency__slug=slug)


def people_of(*slugs, mailboxes=(*ANSWER, "nokkelperson1", "nokkelperson2", "nokkelperson3")) -> set[str]:
    return {f"{mailbox}.{slug}@example.org" for slug in slugs for mailbox in mailboxes}


def sent() -> Counter:
    """Every message there is but reminders: (moment, kind, subject, to)."""
    messages = OutgoingEmail.objects.exclude(kind__in=REMINDERS)
    return Counter(messages.values_list("written_at", "kind", "subject", "to_address"))


def reminders() -> Counter:
    """(moment, to) of the reminders and the weeks' mails, but those a change withdrew."""
    mails = OutgoingEmail.objects.filter(kind__in=REMINDERS).exclude(state="withdrawn")
    return Counter(mails.values_list("written_at", "to_address"))


def statuses() -> list:
    return [
        (moment, "weekly_status", subject, address)
        for subject, moment in STATUS_WEEKS.items()
        for address in (LEAD, SPONSOR)
    ]


def through_february() -> None:
    while clock.now().astimezone(OSLO).date() < dt.date(2018, 3, 1):
        stepping.step_day()


def wave_one_gets_ready_but_for_nordstrand() -> None:
    now = clock.now()
    together.apply_plan(rollout=Rollout.objects.active(), places=proposed_plan(), by=lead(), now=now)
    kli = placement("kli")
    version = kli.rollout.guideline_versions.get()
    head = Person.objects.get(email="leder.kli@example.org")
    signing_off.sign(
        placement=kli,
        version=version,
        hash_seen=version.text_hash,
        by=head,
        role="agency_head",
        signed_in_by="demo",
        now=now,
    )
    for slug in ("kli", "vav"):
        chief = Person.objects.get(email=f"kommunikasjonssjef.{slug}@example.org")
        confirming.confirm_readiness(placement=placement(slug), by=chief, now=now)
    wave = Rollout.objects.active().waves.get(number=1)
    deciding.choose_deferral(placement=placement("bns"), to=wave.rollout.waves.get(number=2), by=lead(), now=now)
    deciding.decide(wave=wave, verdict=Verdict.GO, reason="Fire av fem er klare", by=lead(), now=now)


def test_left_alone_the_demo_tells_the_leads_of_the_missing_decision_and_sends_four_statuses(rollout):
    through_february()
    no_decision = (at("2018-02-07 08:00"), "no_decision", "wave:1:leaders", LEAD)
    assert sent() == Counter([*statuses(), no_decision])


def test_with_a_go_each_person_of_a_ready_agency_gets_one_mail_a_step_and_nobody_else_any(rollout):
    wave_one_gets_ready_but_for_nordstrand()
    through_february()

    let_in = people_of("bre", "kli", "oby", "vav")
    assert len(let_in) == 20
    assert sent() == Counter(
        [
            (at("2018-02-01 09:00"), "sign_receipt", "signoff:kli:1", "leder.kli@example.org"),
            *(
                (at("2018-02-01 09:00"), "your_dates", "wave:1:leaders", address)
                for address in people_of("bns", "bre", "kli", "oby", "vav", mailboxes=ANSWER)
            ),
            *statuses(),
            *(
                (at("2018-02-07 08:00"), "deferred", "wave:1:leaders", address)
                for address in (LEAD, *people_of("bns", mailboxes=ANSWER))
            ),
            *((at("2018-02-07 08:00"), "leaders_open", "wave:1:leaders", address) for address in let_in),
            *((at("2018-02-27 08:00"), "all_staff_open", "wave:1:all_staff", address) for address in let_in),
        ]
    )
    bns = placement("bns")
    assert (bns.wave.number, bns.leaders_access_at) == (2, None), "50 licences short: deferred as chosen"
    assert Rollout.objects.active().waves.get(number=1).state == WaveState.ALL_OPEN


def test_stepping_event_by_event_ends_where_stepping_day_by_day_does(rollout):
    wave_one_gets_ready_but_for_nordstrand()
    while clock.now() < at("2018-02-27 08:00"):
        stepping.step_event()
    by_event = sent()
    assert clock.now() == at("2018-02-27 08:00")
    assert len(by_event) == 62
    assert {moment for moment, *_rest in by_event} == {
        at("2018-02-01 09:00"),
        *STATUS_WEEKS.values(),
        at("2018-02-07 08:00"),
        at("2018-02-27 08:00"),
    }


def test_a_moved_all_staff_date_is_corrected_once_for_everyone_told_of_the_old_one(rollout):
    wave_one_gets_ready_but_for_nordstrand()
    stepping.step_to(to=at("2018-02-08 09:00"))
    OutgoingEmail.objects.update(state="sent", settled_at=at("2018-02-08 09:00"))
    wave = rollout.waves.get(number=1)
    scheduling.set_dates(
        wave=wave, leaders_on=wave.leaders_on, all_staff_on=dt.date(2018, 3, 1), by=lead(), now=clock.now()
    )
    corrections = OutgoingEmail.objects.filter(kind="date_changed")
    assert not corrections.exists()
    seen = emails.announcing.gathered(rollout).mark
    announcing.announce(rollout=rollout, seen=seen, by=lead(), now=clock.now())
    assert set(corrections.values_list("to_address", flat=True)) == people_of("bre", "kli", "oby", "vav")
    assert corrections.count() == 20
    assert all("1. mars 2018" in mail.text for mail in corrections)
    through_february()
    assert not OutgoingEmail.objects.filter(kind="all_staff_open").exists(), "the old date opened nothing"


def test_the_preview_names_exactly_the_mail_that_is_then_written(rollout):
    wave_one_gets_ready_but_for_nordstrand()
    foretold = {
        (d.kind, d.subject, d.person.email, d.text)
        for d in opening.preview(rollout.waves.get(number=1), now=clock.now()).messages
    }
    stepping.step_to(to=at("2018-02-07 08:00"))
    written = OutgoingEmail.objects.filter(kind__in=["leaders_open", "deferred"])
    assert foretold == set(written.values_list("kind", "subject", "to_address", "text"))


def test_the_reports_of_february_stand_frozen(rollout):
    through_february()
    assert [report.label for report in StatusReport.objects.all()] == ["2018-W06", "2018-W07", "2018-W08", "2018-W09"]


def test_the_clock_never_goes_back(rollout):
    stepping.step_to(to=at("2018-02-08 09:00"))
    with pytest.raises(stepping.Refused, match="går bare framover"):
        stepping.step_to(to=at("2018-02-08 08:59"))


def test_reminders_are_the_same_whether_one_steps_by_day_or_by_event(rollout):
    wave_one_gets_ready_but_for_nordstrand()
    with transaction.atomic():
        while clock.now() < at("2018-02-26 08:00"):
            stepping.step_event()
        by_event = reminders()
        transaction.set_rollback(True)
    while clock.now() < at("2018-02-26 08:00"):
        stepping.step_day()
    assert by_event == reminders() != Counter()


def test_reminders_come_at_eight_on_working_days_one_a_person_and_never_to_who_is_ready(rollout):
    wave_one_gets_ready_but_for_nordstrand()
    through_february()

    written = reminders()
    assert written and set(written.values()) == {1}
    moments = {moment.astimezone(OSLO) for moment, _to in written}
    assert {(moment.hour, moment.minute) for moment in moments} == {(8, 0)}
    assert all(moment.weekday() < 5 for moment in moments)
    assert not {to for _moment, to in written} & people_of("bre", "kli", "oby", "vav")
    assert {to.split(".")[0] for _moment, to in written} == {"kommunikasjonssjef", "leder"}
