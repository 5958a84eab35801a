"""An agency takes its word back in the second the wave opens: it is let in on its word, or it is not let in."""

from functools import partial

import pytest

from rollout.domain import confirming, opening
from rollout.models import Placement, StepEvidence
from tests.factories import NOW, at, give_go, make_agency, make_lead, make_people, make_ready, make_rollout, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
OPENING = at("2018-02-07 08:00")


@pytest.fixture
def wave():
    wave = make_rollout(waves=1).waves.get()
    for slug in ("bre", "kli", "vav"):
        agency = make_agency(slug)
        make_people(agency)
        make_ready(place(agency, wave))
    give_go(wave, by=make_lead())
    return wave


def withdrawing(placement):
    step = placement.course_version.steps.get(key="risk_and_dpia")
    chief = make_people(make_agency(f"ny-{placement.pk}"))["chief"]
    return partial(confirming.withdraw_step, placement=placement, step=step, reason="Feil.", by=chief, now=OPENING)


def let_in_without_evidence() -> list[str]:
    evidenced = StepEvidence.objects.filter(step__key="risk_and_dpia").values("placement")
    return [
        str(placement)
        for placement in Placement.objects.filter(leaders_access_at__isnull=False).exclude(pk__in=evidenced)
    ]


def test_nobody_is_let_in_on_a_word_that_was_taken_back(wave):
    presses = [withdrawing(placement) for placement in wave.placements.all()]
    outcomes = at_once(partial(opening.open_step, wave_id=wave.pk, now=OPENING), *presses)

    assert let_in_without_evidence() == []
    withdrawn = count(outcomes[1:], "done")
    assert Placement.objects.filter(leaders_access_at__isnull=False).count() == 3 - withdrawn
    assert count(outcomes[1:], "Refused") == 3 - withdrawn
    assert all("er åpnet" in words for outcome, words in outcomes[1:] if outcome == "Refused")


def test_control_without_the_plans_lock_one_is_let_in_on_nothing(wave, monkeypatch):
    read = Placement.objects.select_related("rollout", "agency", "wave")
    monkeypatch.setattr(confirming, "lock_placement", lambda pk: read.get(pk=pk))
    both = meeting_after(lambda: None, parties=2)
    judge, guard = opening._judge, confirming._refuse_withdrawing_now
    monkeypatch.setattr(opening, "_judge", lambda *args, **kwargs: (judge(*args, **kwargs), both())[0])
    monkeypatch.setattr(confirming, "_refuse_withdrawing_now", lambda *args: (guard(*args), both())[0])

    at_once(
        partial(opening.open_step, wave_id=wave.pk, now=OPENING), withdrawing(wave.placements.get(agency__slug="kli"))
    )

    assert len(let_in_without_evidence()) == 1


def test_two_who_confirm_one_step_at_once_make_one_confirmation(wave):
    placement = place(make_agency("oby"), wave)
    chief = make_people(placement.agency)["chief"]
    step = placement.course_version.steps.get(key="risk_and_dpia")
    press = partial(
        confirming.confirm_step, placement=placement, step=step, owner_role="IKT-kontakt", by=chief, now=NOW
    )
    outcomes = at_once(partial(press, text="Den ene."), partial(press, text="Den andre."))
    assert sorted(outcome for outcome, _words in outcomes) == ["Refused", "done"]
    assert StepEvidence.objects.filter(placement=placement).count() == 1


def test_control_without_the_lock_the_database_still_refuses_the_second(wave, monkeypatch):
    placement = place(make_agency("oby"), wave)
    chief = make_people(placement.agency)["chief"]
    step = placement.course_version.steps.get(key="risk_and_dpia")
    read = Placement.objects.select_related("rollout", "agency", "wave")
    monkeypatch.setattr(confirming, "lock_placement", meeting_after(lambda pk: read.get(pk=pk), parties=2))
    press = partial(
        confirming.confirm_step, placement=placement, step=step, owner_role="IKT-kontakt", by=chief, now=NOW
    )
    outcomes = at_once(partial(press, text="Den ene."), partial(press, text="Den andre."))
    assert count(outcomes, "done") == 1
    assert StepEvidence.objects.filter(placement=placement).count() == 1
