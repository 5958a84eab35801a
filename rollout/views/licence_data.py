"""What the licences' page shows, as plain values: who has funded what, who is short, and what it costs (rule 8)."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from rollout.domain import costing, figures, funding, licensing
from rollout.domain.costing import Month, Prices, Use
from rollout.domain.figures import Licences
from rollout.models import (
    OSLO,
    FundingState,
    FundingStatement,
    LicenceBudget,
    LicencePrice,
    Placement,
    Rollout,
    Wave,
)


@dataclass(frozen=True)
class Line:
    """One agency. `short_month` and `short_total` are what the missing licences cost (NOK) a month and to the last day.

    `short_total` None: the agency has no date, or the rollout no last day, to count from and to. `stated` is what the
    agency says itself, where that still waits for its head, or for an answer to a question.
    """

    placement: Placement
    headcount: int
    funded: int
    reserved: int
    use: Use | None
    short_month: Decimal
    short_total: Decimal | None
    stated: FundingStatement | None
    comment: str  # what the agency said along with it

    @property
    def short(self) -> int:
        return licensing.shortfall(headcount=self.headcount, funded=self.funded)


@dataclass(frozen=True)
class Group:
    """The agencies of one wave, or (`wave` None) of the queue."""

    wave: Wave | None
    lines: list[Line]

    @property
    def headcount(self) -> int:
        return sum(line.headcount for line in self.lines)

    @property
    def funded(self) -> int:
        return sum(line.funded for line in self.lines)

    @property
    def reserved(self) -> int:
        return sum(line.reserved for line in self.lines)

    @property
    def short(self) -> int:
        return sum(line.short for line in self.lines)


@dataclass(frozen=True)
class MonthLine:
    """A month of the plan. `share` is its cost in per cent of the dearest month's."""

    month: Month
    share: Decimal
    is_now: bool


@dataclass(frozen=True)
class LicencePage:
    rollout: Rollout
    licences: Licences
    groups: list[Group]
    months: list[MonthLine]
    prices: list[LicencePrice]
    price_now: Decimal
    today: dt.date

    @property
    def everybody(self) -> Group:
        return Group(None, [line for group in self.groups for line in group.lines])

    @property
    def queue(self) -> Group:
        return self.groups[-1]

    @property
    def lines(self) -> list[Line]:
        """Who is short first, by how much; then in the plan's order."""
        return sorted(self.everybody.lines, key=lambda line: -line.short)

    @property
    def short(self) -> list[Line]:
        return [line for line in self.lines if line.short]

    @property
    def stated(self) -> list[Line]:
        return [line for line in self.lines if line.stated is not None]

    @property
    def short_month(self) -> Decimal:
        return sum((line.short_month for line in self.short), Decimal(0))

    @property
    def short_total(self) -> Decimal:
        """Of those that have a date."""
        return sum((line.short_total for line in self.short if line.short_total is not None), Decimal(0))

    @property
    def short_undated(self) -> int:
        """How many of those that are short have no date to count from."""
        return sum(line.use is None for line in self.short)

    @property
    def pool_short(self) -> int:
        """How many licences the contract lacks for everybody in queue and waves."""
        return licensing.shortfall(headcount=self.everybody.headcount, funded=self.licences.pool)

    @property
    def month_now(self) -> Decimal:
        """What the reserved licences cost this month (NOK)."""
        return self.licences.reserved * self.price_now

    @property
    def total(self) -> Decimal:
        return sum((line.month.cost_nok for line in self.months), Decimal(0))


def licence_page(rollout: Rollout, *, now: dt.datetime) -> LicencePage:
    """Read in a number of queries that does not grow with agencies or waves."""
    today = now.astimezone(OSLO).date()
    licences = figures.licences(rollout)
    rows = list(LicencePrice.objects.filter(rollout=rollout))
    prices = Prices(licences.price_nok, {row.valid_from: row.price_nok for row in rows})
    placements = (
        rollout.placements.in_plan()
        .select_related("agency", "wave", "licence_budget")
        .order_by("wave__number", "slot", "queue_position")
    )
    waits = FundingStatement.objects.filter(placement__rollout=rollout).exclude(state=FundingState.REPLACED)
    waits = waits.filter(Q(state=FundingState.STATED) | ~Q(question="")).select_related("stated_by")
    stated = {statement.placement_id: statement for statement in waits}
    said = funding.comments_on(stated.values())
    lines = [
        _line(placement, prices, stated.get(placement.pk), said, until=rollout.ends_on, today=today)
        for placement in placements
    ]
    waves: list[Wave | None] = [*rollout.waves.all(), None]
    return LicencePage(
        rollout=rollout,
        licences=licences,
        groups=[
            Group(wave, [line for line in lines if line.placement.wave_id == (wave.pk if wave else None)])
            for wave in waves
        ],
        months=_months([line.use for line in lines if line.use], prices, until=rollout.ends_on, today=today),
        prices=rows,
        price_now=prices.on(costing.month_of(today)),
        today=today,
    )


def _line(
    placement: Placement,
    prices: Prices,
    stated: FundingStatement | None,
    said: dict[int, str],
    *,
    until: dt.date | None,
    today: dt.date,
) -> Line:
    budget = getattr(placement, "licence_budget", None) or LicenceBudget(placement=placement)
    use = _use(placement, budget, today=today)
    short = licensing.shortfall(headcount=placement.headcount, funded=budget.funded)
    total = None
    if use and until:
        total = costing.total([Use(short, use.since)], prices=prices, until=until)
    return Line(
        placement=placement,
        headcount=placement.headcount,
        funded=budget.funded,
        reserved=budget.reserved,
        use=use,
        short_month=short * prices.on(costing.month_of(max(use.since, today) if use else today)),
        short_total=total,
        stated=stated,
        comment=said.get(stated.pk, "") if stated else "",
    )


def _use(placement: Placement, budget: LicenceBudget, *, today: dt.date) -> Use | None:
    """What is reserved, from the day it was; before that the whole headcount from the planned day, which is ahead."""
    if placement.leaders_access_at is not None:
        return Use(budget.reserved, placement.leaders_access_at.astimezone(OSLO).date())
    if placement.wave is None:
        return None
    return Use(placement.headcount, max(placement.wave.leaders_on, today))


def _months(uses: list[Use], prices: Prices, *, until: dt.date | None, today: dt.date) -> list[MonthLine]:
    if until is None:
        return []
    months = costing.by_month(uses, prices=prices, until=until)
    most = max((month.cost_nok for month in months), default=Decimal(0)) or Decimal(1)
    return [
        MonthLine(month, 100 * month.cost_nok / most, month.first_day == costing.month_of(today)) for month in months
    ]
