"""Retention: what is older than the rollout keeps it is removed, once, and told of in numbers."""

import datetime as dt
import logging

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from agencies.models import Person, RoleName
from rollout.domain import leaving, retention
from rollout.domain.retention import Removed
from rollout.models import (
    Commitment,
    EmailKind,
    EmailState,
    EventKind,
    EvidenceFile,
    KeptCommitments,
    OutgoingEmail,
    Placement,
    PlanEvent,
)
from rollout.tasks import enforce_retention
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_guidelines,
    make_lead,
    make_ready,
    make_rollout,
    place,
    set_clock,
)
from tests.shell import run

pytestmark = pytest.mark.django_db

OPENED, ALL_IN = at("2018-02-07 08:00"), at("2018-02-27 08:00")
JUST_BEFORE, DUE = at("2019-02-27 07:59"), at("2019-02-28 03:00")


@pytest.fixture
def rollout():
    rollout = make_rollout(waves=2)
    wave = rollout.waves.get(number=1)
    make_lead()
    closed = place(
        make_agency("kli"),
        wave,
        employees_at_opening=100,
        leaders_access_at=OPENED,
        all_staff_access_at=ALL_IN,
    )
    make_ready(closed, by=give_role("sjef.kli@example.org", RoleName.COMMUNICATION_CHIEF, closed.agency))
    still = place(make_agency("vav"), rollout.waves.get(number=2))
    make_ready(still, by=give_role("sjef.vav@example.org", RoleName.COMMUNICATION_CHIEF, still.agency))
    for placement in (closed, still):
        chief = Person.objects.get(email=f"sjef.{placement.agency.slug}@example.org")
        EvidenceFile.objects.create(
            evidence=placement.evidence.first(),
            name="ros.pdf",
            content_type="application/pdf",
            size=3,
            sha256="0" * 64,
            content=b"abc",
            uploaded_by=chief,
            uploaded_at=NOW,
        )
        write_mail(placement, chief)
        commit(placement, 12)
    return rollout


def write_mail(placement, person, **fields):
    number = OutgoingEmail.objects.count()
    return OutgoingEmail.objects.create(
        **{
            "rollout": placement.rollout,
            "kind": EmailKind.LEADERS_OPEN,
            "subject": f"s{number}",
            "person": person,
            "to_address": person.email,
            "headline": "Åpent",
            "text": "Hei",
            "html": "<p>Hei</p>",
            "message_id": f"<{number}@example.org>",
            "state": EmailState.SENT,
            "settled_at": NOW,
            "not_before": NOW,
            "written_at": NOW,
        }
        | fields
    )


def commit(placement, number, version=None):
    version = version or placement.rollout.guideline_versions.latest("number")
    Commitment.objects.bulk_create(
        Commitment(
            version=version,
            agency=placement.agency,
            person_hash=f"{placement.agency.slug}-{version.pk}-{n}".encode().ljust(32),
            proof="code",
            committed_on=NOW.date(),
        )
        for n in range(number)
    )


def erased() -> set[str]:
    everybody = Person.objects.filter(erased_at__isnull=False)
    return {role.agency.slug for person in everybody for role in person.roles.all() if role.agency}


def test_nothing_is_removed_before_its_time(rollout):
    assert not retention.enforce(rollout=rollout, now=at("2019-01-31 12:00"))
    assert not PlanEvent.objects.filter(kind=EventKind.RETENTION_ENFORCED).exists()
    # The mail was written on 1 February; the course closed on the 27th.
    assert retention.enforce(rollout=rollout, now=JUST_BEFORE) == Removed(messages=2)
    assert erased() == set()


def test_a_year_after_the_course_closed_the_agencys_personal_data_goes_and_the_others_stays(rollout):
    assert retention.due(rollout=rollout, now=DUE) == Removed(people=1, files=1, commitments=12, messages=2)
    removed = retention.enforce(rollout=rollout, now=DUE)
    assert removed == Removed(people=1, files=1, commitments=12, messages=2)
    assert erased() == {"kli"}
    assert EvidenceFile.objects.get().evidence.placement.agency.slug == "vav"
    assert set(Commitment.objects.values_list("agency__slug", flat=True)) == {"vav"}
    assert KeptCommitments.objects.get().count == 12
    assert set(OutgoingEmail.objects.values_list("text", "html")) == {("", "")}


def test_what_was_done_is_told_in_numbers_once(rollout, caplog):
    with caplog.at_level(logging.INFO, "rollout"):
        retention.enforce(rollout=rollout, now=DUE)
    told = PlanEvent.objects.get(kind=EventKind.RETENTION_ENFORCED)
    assert told.by is None
    assert told.after == {"people": 1, "files": 1, "commitments": 12, "messages": 2}
    assert "'people': 1" in caplog.text
    assert "@" not in caplog.text
    assert not retention.enforce(rollout=rollout, now=DUE + dt.timedelta(hours=1))
    assert PlanEvent.objects.filter(kind=EventKind.RETENTION_ENFORCED).count() == 1


def test_a_tick_at_any_hour_does_the_latest_nights_work(rollout):
    """The course closed at 08:00, so the night after is the first that finds it a year old."""
    assert retention.due(rollout=rollout, now=at("2019-02-27 23:00")).people == 0
    assert retention.due(rollout=rollout, now=at("2019-02-28 02:59")).people == 0
    assert retention.due(rollout=rollout, now=at("2019-02-28 03:00")).people == 1
    assert retention.due(rollout=rollout, now=at("2019-05-01 16:00")).people == 1


def test_the_rollout_says_how_long(rollout):
    rollout.retention_months = 24
    rollout.save()
    assert not retention.due(rollout=rollout, now=DUE)
    assert retention.due(rollout=rollout, now=at("2020-02-28 03:00")).people == 1


def test_who_is_needed_elsewhere_is_kept(rollout):
    chief = Person.objects.get(email="sjef.kli@example.org")
    give_role(chief, RoleName.DEPUTY, Placement.objects.get(agency__slug="vav").agency)
    assert retention.due(rollout=rollout, now=DUE).people == 0
    chief.roles.filter(role=RoleName.DEPUTY).update(until=NOW)
    # Nor does an ended role count from its end: as long as that agency's course is open, what was done there is.
    assert retention.due(rollout=rollout, now=DUE).people == 0


def test_a_lead_is_kept_and_who_was_invited_after_the_course_closed_counts_from_then(rollout):
    kli = Placement.objects.get(agency__slug="kli").agency
    give_role("ny@example.org", RoleName.KEY_PERSON, kli, since=at("2019-01-01 09:00"))
    give_role(make_lead(), RoleName.KEY_PERSON, kli)
    assert retention.enforce(rollout=rollout, now=DUE).people == 1
    assert Person.objects.get(email="ny@example.org").is_active
    assert make_lead().is_active
    assert retention.enforce(rollout=rollout, now=at("2020-01-02 03:00")).people == 1
    assert not Person.objects.filter(email="ny@example.org").exists()


def test_an_agency_that_withdrew_is_closed_from_then(rollout):
    vav = Placement.objects.get(agency__slug="vav")
    leaving.withdraw(placement=vav, reason="Egen løsning.", by=make_lead(), now=at("2018-03-01 12:00"))
    assert retention.due(rollout=rollout, now=at("2019-03-01 23:00")).people == 1
    assert retention.due(rollout=rollout, now=at("2019-03-02 03:00")).people == 2


def test_a_role_at_an_agency_that_never_joined_is_kept_while_it_is_held(rollout):
    outside = give_role("sjef.kul@example.org", RoleName.COMMUNICATION_CHIEF, make_agency("kul"))
    assert retention.due(rollout=rollout, now=at("2019-03-02 03:00")).people == 1
    outside.roles.update(until=at("2018-02-02 09:00"))
    assert retention.due(rollout=rollout, now=at("2019-03-02 03:00")).people == 2


def test_commitments_to_a_text_published_since_are_kept_as_long_from_then(rollout):
    newer = make_guidelines(rollout, number=2, text="Ny.", published_at=at("2018-12-01 09:00"))
    commit(Placement.objects.get(agency__slug="kli"), 3, newer)
    assert retention.enforce(rollout=rollout, now=DUE).commitments == 12
    assert Commitment.objects.filter(agency__slug="kli", version=newer).count() == 3
    assert retention.enforce(rollout=rollout, now=at("2019-12-02 03:00")).commitments == 3


def test_mail_that_waits_or_is_unknown_keeps_its_words(rollout):
    for state in (EmailState.WAITING, EmailState.UNKNOWN):
        write_mail(Placement.objects.get(agency__slug="vav"), make_lead(), state=state, settled_at=None)
    retention.enforce(rollout=rollout, now=DUE)
    assert OutgoingEmail.objects.exclude(text="").count() == 2


def test_a_month_without_the_day_ends_on_its_last():
    assert retention.months_after(at("2018-08-31 08:00"), 6) == at("2019-02-28 08:00")
    assert retention.months_after(at("2018-12-31 08:00"), 12) == at("2019-12-31 08:00")
    assert retention.months_after(at("2018-01-31 08:00"), -2) == at("2017-11-30 08:00")


def test_the_task_asks_the_data_what_is_due(rollout, settings):
    settings.DEMO_MODE = True
    set_clock(DUE)
    Session.objects.create(session_key="over", session_data="", expire_date=timezone.now())
    enforce_retention()
    enforce_retention()
    assert erased() == {"kli"}
    assert not Session.objects.exists()
    assert PlanEvent.objects.filter(kind=EventKind.RETENTION_ENFORCED).count() == 1


def test_the_command_tells_what_it_would_do_and_does_it(rollout, settings):
    settings.DEMO_MODE = True
    set_clock(DUE)
    asked = run("enforce_retention", "--dry-run")
    assert asked.out.startswith("Ville slettet personer: 1, filer: 1, forpliktelser (antallet beholdes): 12")
    assert erased() == set()
    assert run("enforce_retention").out.startswith("Slettet personer: 1")
    assert run("enforce_retention").out == "Slettet ingenting.\n"
