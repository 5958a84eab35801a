"""What an agency says it has done, by one of three ways, and taking it back until the wave opens."""

import datetime as dt
import hashlib

import pytest
from django.db import IntegrityError, transaction

from rollout.domain import confirming
from rollout.domain.documents import Upload
from rollout.domain.refusals import Refused
from rollout.models import EventKind, EvidenceFile, PlanEvent, ReadinessConfirmation, StepEvidence, WaveState
from tests.factories import NOW, at, make_agency, make_people, make_ready, make_rollout, place
from tests.files import EXE, PDF

pytestmark = pytest.mark.django_db
LATER = at("2018-02-02 10:00")


@pytest.fixture
def kli():
    return place(make_agency("kli", name="Klimaetaten"), make_rollout(waves=1).waves.get())


@pytest.fixture
def chief(kli):
    return make_people(kli.agency)["chief"]


@pytest.fixture
def ros(kli):
    return kli.course_version.steps.get(key="risk_and_dpia")


def confirm(kli, ros, chief, **shown):
    return confirming.confirm_step(
        placement=kli, step=ros, owner_role="personvernkoordinator", by=chief, now=NOW, **shown
    )


@pytest.mark.parametrize(
    "shown", [{"text": "Behandlet 12. januar."}, {"case_number": "18/00123"}, {"document": Upload("ros.pdf", PDF)}]
)
def test_words_a_case_number_or_a_file_is_enough(shown, kli, ros, chief):
    assert confirm(kli, ros, chief, **shown).pk


@pytest.mark.parametrize("shown", [{}, {"text": " ", "case_number": "\t"}])
def test_nothing_is_not(shown, kli, ros, chief):
    with pytest.raises(Refused, match="oppgi saksnummeret eller legg ved en fil"):
        confirm(kli, ros, chief, **shown)


def test_the_database_refuses_evidence_of_nothing(kli, ros, chief):
    with pytest.raises(IntegrityError, match="evidence_says_something"), transaction.atomic():
        StepEvidence.objects.create(
            placement=kli, step=ros, owner_role="IKT-kontakt", confirmed_by=chief, confirmed_at=NOW
        )


def test_a_file_is_kept_as_it_was_and_the_history_knows_its_fingerprint(kli, ros, chief):
    confirm(kli, ros, chief, document=Upload("C:\\ROS.pdf", PDF))
    kept = EvidenceFile.objects.get()
    fingerprint = hashlib.sha256(PDF).hexdigest()
    assert (kept.name, kept.size, kept.sha256, bytes(kept.content)) == ("ROS.pdf", len(PDF), fingerprint, PDF)
    assert (kept.uploaded_by, kept.uploaded_at) == (chief, NOW)
    event = PlanEvent.objects.get(kind=EventKind.STEP_CONFIRMED)
    assert event.after["file"] == {"name": "ROS.pdf", "size": len(PDF), "sha256": fingerprint}


def test_a_file_that_is_refused_leaves_the_step_unconfirmed(kli, ros, chief):
    with pytest.raises(Refused):
        confirm(kli, ros, chief, text="Behandlet.", document=Upload("ros.pdf", EXE))
    assert not StepEvidence.objects.exists()
    assert not PlanEvent.objects.exists()


def test_who_comes_second_is_told_who_was_first_and_when(kli, ros, chief):
    confirm(kli, ros, chief, text="Behandlet.")
    with pytest.raises(Refused, match=r"er alt bekreftet av kommunikasjonssjef.kli@example.org 1. feb. kl. 09.00\."):
        confirm(kli, ros, chief, text="Igjen.")


def test_a_withdrawn_step_is_missing_again_and_the_event_keeps_what_it_was(kli, ros, chief):
    confirm(kli, ros, chief, text="Behandlet.", case_number="18/1", document=Upload("ros.pdf", PDF))
    confirming.withdraw_step(placement=kli, step=ros, reason=" Feil fil. ", by=chief, now=LATER)

    assert not StepEvidence.objects.exists()
    assert not EvidenceFile.objects.exists()
    event = PlanEvent.objects.get(kind=EventKind.STEP_WITHDRAWN)
    assert (event.by, event.at, event.reason, event.agency, event.wave) == (
        chief,
        LATER,
        "Feil fil.",
        kli.agency,
        kli.wave,
    )
    assert event.after == {"step": "risk_and_dpia"}
    assert event.before == {
        "owner_role": "personvernkoordinator",
        "text": "Behandlet.",
        "case_number": "18/1",
        "file": {"name": "ros.pdf", "size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()},
        "confirmed_by": chief.pk,
        "confirmed_at": NOW.astimezone(dt.UTC).isoformat(),
    }
    confirm(kli, ros, chief, text="Riktig nå.")  # and may be confirmed anew


def test_a_withdrawn_readiness_keeps_its_comment_in_the_history(kli, chief):
    confirming.confirm_readiness(placement=kli, comment="Ett avvik.", by=chief, now=NOW)
    confirming.withdraw_readiness(placement=kli, reason="Et avvik til.", by=chief, now=LATER)
    assert not ReadinessConfirmation.objects.exists()
    event = PlanEvent.objects.get(kind=EventKind.READINESS_WITHDRAWN)
    assert (event.before["comment"], event.reason) == ("Ett avvik.", "Et avvik til.")


def withdrawals(kli, ros, chief, reason="Feil."):
    about = {"placement": kli, "reason": reason, "by": chief, "now": LATER}
    yield lambda: confirming.withdraw_step(step=ros, **about)
    yield lambda: confirming.withdraw_readiness(**about)


@pytest.mark.parametrize("state", [WaveState.LEADERS_OPEN, WaveState.ALL_OPEN])
def test_what_the_wave_was_opened_on_stands(state, kli, ros, chief):
    make_ready(kli)
    kli.wave.state = state
    kli.wave.leaders_opened_at = NOW
    kli.wave.all_staff_opened_at = NOW if state == WaveState.ALL_OPEN else None
    kli.wave.save()
    for withdraw in withdrawals(kli, ros, chief):
        with pytest.raises(Refused, match="Pulje 1 er åpnet. Bekreftelsen kan ikke trekkes tilbake"):
            withdraw()
    assert StepEvidence.objects.filter(step=ros).exists()
    assert ReadinessConfirmation.objects.exists()


def test_nothing_is_withdrawn_without_a_reason(kli, ros, chief):
    make_ready(kli)
    for withdraw in withdrawals(kli, ros, chief, reason=" "):
        with pytest.raises(Refused, match="Skriv hvorfor"):
            withdraw()
    assert not PlanEvent.objects.exists()


def test_what_is_not_confirmed_is_not_withdrawn(kli, ros, chief):
    for withdraw in withdrawals(kli, ros, chief):
        with pytest.raises(Refused, match="alt trukket"):
            withdraw()
    assert not PlanEvent.objects.exists()


def test_in_the_queue_too_a_confirmation_may_be_withdrawn(chief, kli, ros):
    queued = place(make_agency("vav"), rollout=kli.rollout)
    confirm(queued, ros, chief, text="Behandlet.")
    confirming.withdraw_step(placement=queued, step=ros, reason="Feil.", by=chief, now=LATER)
    assert not StepEvidence.objects.exists()
