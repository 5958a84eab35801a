"""The pool is never overdrawn, whatever opens or is funded at once (rule 8)."""

from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from rollout.domain import licensing, opening
from rollout.models import LicenceBudget, LicencePool, Wave
from tests.factories import NOW, at, give_go, make_agency, make_lead, make_ready, make_rollout, make_wave, place
from tests.races import at_once, count, meeting_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rollout():
    """Four waves on one day, each with an agency of 100, and a pool with room for two of them."""
    rollout = make_rollout(pool=250)
    lead = make_lead()
    for number in range(1, 5):
        wave = make_wave(rollout, number, at("2018-02-07 08:00").date(), at("2018-02-27 08:00").date())
        make_ready(place(make_agency(f"a{number}", employees=100), wave))
        give_go(wave, by=lead)
    return rollout


def openings(rollout):
    return [partial(opening.open_step, wave_id=wave.pk, now=at("2018-02-07 08:00")) for wave in rollout.waves.all()]


def test_waves_that_open_at_once_share_the_pool_and_the_rest_are_deferred(rollout):
    outcomes = at_once(*openings(rollout))
    assert count(outcomes, "done") == 4
    assert LicencePool.objects.get().reserved == 200
    assert LicenceBudget.objects.aggregate(total=Sum("reserved"))["total"] == 200
    assert rollout.placements.filter(leaders_access_at__isnull=False).count() == 2
    assert rollout.placements.queued().count() == 2


def test_control_without_the_plans_lock_openings_break_on_the_constraint(rollout, monkeypatch):
    monkeypatch.setattr(opening, "lock_plan", lambda rollout_id: None)
    monkeypatch.setattr(opening, "_judge", meeting_after(opening._judge, parties=4))
    outcomes = at_once(*openings(rollout))
    assert count(outcomes, "done") < 4
    assert LicencePool.objects.get().reserved <= 250, "the CHECK still holds"


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_raw_reservations_at_once_never_pass_the_pool(rollout, isolation):
    def reserve(budget):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            LicenceBudget.objects.filter(pk=budget.pk).update(reserved=100)

    at_once(*(partial(reserve, budget) for budget in LicenceBudget.objects.all()))

    reserved = LicenceBudget.objects.aggregate(total=Sum("reserved"))["total"]
    assert reserved == LicencePool.objects.get().reserved
    assert 100 <= reserved <= 200


def test_control_without_trigger_and_check_the_pool_is_overdrawn(rollout):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE rollout_licencebudget DISABLE TRIGGER count_reserved")
    try:
        LicenceBudget.objects.update(reserved=100)
        total = LicenceBudget.objects.aggregate(total=Sum("reserved"))["total"]
        assert total > LicencePool.objects.get().size
    finally:
        LicenceBudget.objects.update(reserved=0)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE rollout_licencebudget ENABLE TRIGGER count_reserved")


def test_funding_cut_while_its_wave_opens_never_leaves_less_funded_than_reserved(rollout):
    wave = Wave.objects.get(number=1)
    placement = wave.placements.get()
    lead = make_lead()
    cut = partial(
        licensing.set_funding,
        placement=placement,
        funded=90,
        implementation_cost_nok=0,
        budget_reference="",
        by=lead,
        now=NOW,
    )
    outcomes = at_once(partial(opening.open_step, wave_id=wave.pk, now=at("2018-02-07 08:00")), cut)
    budget = LicenceBudget.objects.get(placement=placement)
    if outcomes[1][0] == "done":
        assert (budget.funded, budget.reserved) == (90, 0)
    else:
        assert outcomes[1][0] == "Refused"
        assert (budget.funded, budget.reserved) == (100, 100)
