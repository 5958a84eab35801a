"""Licences: what each agency has funded, and what is reserved from the pool (rule 8)."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain.locks import lock_placement, lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import thousands
from rollout.models import (
    EventKind,
    FundingState,
    FundingStatement,
    LicenceBudget,
    LicencePool,
    LicencePrice,
    Placement,
    PlanEvent,
    Rollout,
)


def shortfall(*, headcount: int, funded: int) -> int:
    """How many licences an agency lacks."""
    return max(0, headcount - funded)


def refuse_outside(placement: Placement) -> None:
    """Raises Refused for a pilot and one that has withdrawn: no licences are reserved for them (rule 8)."""
    if not placement.is_in_plan:
        raise Refused(
            _("%(agency)s står verken i kø eller pulje, så her er ingenting å finansiere.")
            % {"agency": placement.agency}
        )


@transaction.atomic
def set_funding(
    *,
    placement: Placement,
    funded: int,
    implementation_cost_nok: int,
    budget_reference: str,
    by: Person | None,
    now: dt.datetime,
    reason: str = "",
    undoes: PlanEvent | None = None,
    statement: FundingStatement | None = None,
) -> PlanEvent | None:
    """Set what the agency has set aside: licences (number), implementation (NOK) and the budget's reference.

    `statement`: the agency's own, which is approved by this. Every other that is in force is replaced: what a lead
    sets, or takes back, is no longer what the agency stated. Returns the event; None: nothing was changed.

    Raises:
        Refused: the agency is not in queue or wave, or fewer licences than are reserved already.
    """
    placement = lock_placement(placement.pk)
    refuse_outside(placement)
    budget, __ = LicenceBudget.objects.select_for_update().get_or_create(placement=placement)
    if funded < budget.reserved:
        raise Refused(
            _("%(reserved)s lisenser er alt reservert for %(agency)s. Finansieringen kan ikke settes lavere enn det.")
            % {"reserved": thousands(budget.reserved), "agency": placement.agency},
            field="funded",
        )
    before = _funding(budget)
    budget.funded = funded
    budget.implementation_cost_nok = implementation_cost_nok
    budget.budget_reference = budget_reference
    if _funding(budget) == before:
        return None
    budget.save(update_fields=["funded", "implementation_cost_nok", "budget_reference"])
    stated = placement.funding_statements.exclude(state=FundingState.REPLACED)
    stated.exclude(pk=statement.pk if statement else 0).update(state=FundingState.REPLACED)
    return record(
        rollout=placement.rollout,
        kind=EventKind.FUNDING_SET,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        before=before,
        after=_funding(budget),
        reason=reason,
        undoes=undoes,
    )


@transaction.atomic
def set_pool(
    *,
    rollout: Rollout,
    size: int,
    by: Person | None,
    now: dt.datetime,
    reason: str = "",
    undoes: PlanEvent | None = None,
) -> PlanEvent | None:
    """Set how many licences the contract has. Returns the event; None: nothing was changed.

    Raises:
        Refused: fewer than are reserved already.
    """
    rollout = lock_plan(rollout.pk)
    pool, __ = LicencePool.objects.select_for_update().get_or_create(rollout=rollout)
    if size < pool.reserved:
        raise Refused(
            _("%(reserved)s lisenser er alt reservert. Avtalen kan ikke settes lavere enn det.")
            % {"reserved": thousands(pool.reserved)},
            field="size",
        )
    before = pool.size
    if size == before:
        return None
    pool.size = size
    pool.save(update_fields=["size"])
    return record(
        rollout=rollout,
        kind=EventKind.POOL_SET,
        by=by,
        at=now,
        before={"pool": before},
        after={"pool": size},
        reason=reason,
        undoes=undoes,
    )


@transaction.atomic
def set_price(
    *,
    rollout: Rollout,
    valid_from: dt.date,
    price_nok: Decimal | None,
    by: Person | None,
    now: dt.datetime,
    undoes: PlanEvent | None = None,
) -> PlanEvent | None:
    """Set what a licence costs a month (NOK) from a date on; None takes that price out of the table.

    Returns the event; None: nothing was changed.

    Raises:
        Refused: the price is negative.
    """
    rollout = lock_plan(rollout.pk)
    if price_nok is not None and price_nok < 0:
        raise Refused(_("Prisen kan ikke være negativ."), field="price_nok")
    row = LicencePrice.objects.filter(rollout=rollout, valid_from=valid_from).first()
    before = row.price_nok if row else None
    if before == price_nok:
        return None
    if price_nok is None:
        LicencePrice.objects.filter(rollout=rollout, valid_from=valid_from).delete()
    else:
        LicencePrice.objects.update_or_create(rollout=rollout, valid_from=valid_from, defaults={"price_nok": price_nok})
    return record(
        rollout=rollout,
        kind=EventKind.PRICE_SET,
        by=by,
        at=now,
        before=_price(valid_from, before),
        after=_price(valid_from, price_nok),
        undoes=undoes,
    )


def _price(valid_from: dt.date, price_nok: Decimal | None) -> dict:
    return {"valid_from": valid_from.isoformat(), "price_nok": None if price_nok is None else str(price_nok)}


def _funding(budget: LicenceBudget) -> dict:
    return {
        "funded": budget.funded,
        "implementation_cost_nok": budget.implementation_cost_nok,
        "budget_reference": budget.budget_reference,
    }


def reserve(*, placement: Placement, licences: int) -> bool:
    """Reserve licences for the whole headcount, all or nothing. False: the agency or the pool has too few.

    The caller holds the plan's lock. The counts and their limits are the database's: a CHECK on the agency's budget,
    and one on the pool's counter, which a trigger keeps; this only asks first, so that a shortage is an answer.
    """
    budget = LicenceBudget.objects.select_for_update().filter(placement=placement).first()
    pool = LicencePool.objects.select_for_update().filter(rollout=placement.rollout_id).first()
    if pool is None or budget is None or budget.funded < licences or pool.free < licences - budget.reserved:
        return False
    budget.reserved = licences
    budget.save(update_fields=["reserved"])
    return True
