"""What an agency states it has funded: the chief or deputy states, the head approves, UKE may ask (rule 8).

Approved is what counts: it sets the licence budget, in the same transaction. One statement of an agency is in force;
a new one replaces it, as does a figure that a lead sets (`licensing.set_funding`).
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Agency, Person, Role, RoleName
from rollout import emails
from rollout.domain import licensing
from rollout.domain.locks import lock_placement
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time, thousands
from rollout.models import (
    EventKind,
    FundingState,
    FundingStatement,
    LicenceBudget,
    Placement,
    PlanEvent,
)


def in_force(placement: Placement) -> FundingStatement | None:
    """The agency's statement that waits or is approved; None: it has stated nothing, or that was replaced."""
    stated = placement.funding_statements.exclude(state=FundingState.REPLACED)
    return stated.select_related("stated_by", "approved_by", "questioned_by").first()


def comments_on(statements: Iterable[FundingStatement]) -> dict[int, str]:
    """What was said along with each statement, by its id; those with nothing said are left out. One query."""
    ids = [statement.pk for statement in statements]
    said = PlanEvent.objects.filter(kind=EventKind.FUNDING_STATED, after__statement__in=ids).exclude(reason="")
    return dict(said.order_by("-pk").values_list("after__statement", "reason")) if ids else {}


@transaction.atomic
def state(
    *,
    placement: Placement,
    licences: int,
    implementation_cost_nok: int,
    budget_reference: str,
    by: Person,
    now: dt.datetime,
    comment: str = "",
    seen: int | None = None,
) -> FundingStatement:
    """State what the agency has set aside: licences (number), implementation (NOK) and where it stands in the budget.

    A head's own statement is approved at once; another's waits for the head, who is told. `seen`: the id of the
    statement in force as it was shown (None: none).

    Raises:
        Refused: the agency is not in queue or wave, fewer licences than are reserved already, or another statement
            was made since `seen`.
    """
    placement = lock_placement(placement.pk)
    licensing.refuse_outside(placement)
    _refuse_too_few(placement, licences)
    earlier = in_force(placement)
    _refuse_if_stated_since(earlier, seen)
    if earlier is not None:
        earlier.state = FundingState.REPLACED
        earlier.save(update_fields=["state"])
        emails.asking.withdraw_request("funding", earlier.pk)
    statement = FundingStatement.objects.create(
        placement=placement,
        licences=licences,
        implementation_cost_nok=implementation_cost_nok,
        budget_reference=budget_reference.strip(),
        state=FundingState.STATED,
        stated_by=by,
        stated_at=now,
    )
    if _is_head(by, placement.agency):
        _approve(statement, by=by, now=now, before={}, comment=comment)
    else:
        event = _record(statement, by=by, now=now, before={}, comment=comment)
        emails.write_of(event, emails.asking.funding_awaits_head(statement, comment=comment.strip()), now=now)
    return statement


@transaction.atomic
def approve(*, statement: FundingStatement, by: Person, now: dt.datetime) -> FundingStatement:
    """Approve, as the agency's head, what was stated: from now on it is what the agency has funded.

    Raises:
        Refused: `by` is not the head, it was approved or replaced meanwhile, the agency has left queue and waves, or
            fewer licences than are reserved by now.
    """
    placement = lock_placement(statement.placement_id)
    statement = _as_it_is_now(statement)
    if not _is_head(by, placement.agency):
        raise Refused(_("Bare virksomhetslederen kan godkjenne finansieringen."))
    if statement.state == FundingState.APPROVED:
        raise Refused(
            _("Finansieringen er alt godkjent av %(who)s %(when)s.")
            % {"who": statement.approved_by, "when": clock_time(statement.approved_at or now)}
        )
    if statement.state == FundingState.REPLACED:
        raise Refused(_("Tallene er erstattet siden du så dem. Se over de nye før du godkjenner."))
    licensing.refuse_outside(placement)
    _refuse_too_few(placement, statement.licences)
    _approve(statement, by=by, now=now, before={"state": FundingState.STATED})
    emails.asking.withdraw_request("funding", statement.pk)
    return statement


@transaction.atomic
def question(*, statement: FundingStatement, text: str, by: Person | None, now: dt.datetime) -> FundingStatement:
    """Ask the agency about what it has stated. The answer is a new statement; until then the old one stands.

    Raises:
        Refused: there is no question, it has been asked about already, or it was replaced meanwhile.
    """
    placement = lock_placement(statement.placement_id)
    statement = _as_it_is_now(statement)
    if not text.strip():
        raise Refused(_("Skriv hva du lurer på."), field="text")
    if statement.state == FundingState.REPLACED:
        raise Refused(_("Virksomhetens tall er erstattet siden du så dem. Se over de nye."))
    if statement.question:
        raise Refused(
            _("%(who)s har alt spurt om disse tallene, %(when)s.")
            % {"who": statement.questioned_by, "when": clock_time(statement.questioned_at or now)}
        )
    statement.question, statement.questioned_by, statement.questioned_at = text.strip(), by, now
    statement.save(update_fields=["question", "questioned_by", "questioned_at"])
    event = record(
        rollout=placement.rollout,
        kind=EventKind.FUNDING_QUESTIONED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"statement": statement.pk},
        reason=statement.question,
    )
    emails.write_of(event, emails.asking.funding_questioned(statement), now=now)
    return statement


def _approve(statement: FundingStatement, *, by: Person, now: dt.datetime, before: dict, comment: str = "") -> None:
    statement.state, statement.approved_by, statement.approved_at = FundingState.APPROVED, by, now
    statement.save(update_fields=["state", "approved_by", "approved_at"])
    _record(statement, by=by, now=now, before=before, comment=comment)
    licensing.set_funding(
        placement=statement.placement,
        funded=statement.licences,
        implementation_cost_nok=statement.implementation_cost_nok,
        budget_reference=statement.budget_reference,
        by=by,
        now=now,
        reason=_("Godkjent av virksomhetslederen"),
        statement=statement,
    )


def _record(statement: FundingStatement, *, by: Person, now: dt.datetime, before: dict, comment: str = "") -> PlanEvent:
    placement = statement.placement
    return record(
        rollout=placement.rollout,
        kind=EventKind.FUNDING_STATED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        before=before,
        after={
            "statement": statement.pk,
            "state": statement.state,
            "licences": statement.licences,
            "implementation_cost_nok": statement.implementation_cost_nok,
            "budget_reference": statement.budget_reference,
        },
        reason=comment.strip(),
    )


def _as_it_is_now(statement: FundingStatement) -> FundingStatement:
    """The caller holds the plan's lock, so nobody changes it before it has committed."""
    known = FundingStatement.objects.select_related(
        "placement__agency", "placement__rollout", "placement__wave", "stated_by", "approved_by", "questioned_by"
    )
    return known.get(pk=statement.pk)


def _is_head(person: Person, agency: Agency) -> bool:
    return Role.objects.current().filter(person=person, agency=agency, role=RoleName.AGENCY_HEAD).exists()


def _refuse_too_few(placement: Placement, licences: int) -> None:
    reserved = LicenceBudget.objects.filter(placement=placement).values_list("reserved", flat=True).first() or 0
    if licences < reserved:
        raise Refused(
            _("%(reserved)s lisenser er alt reservert for %(agency)s. Finansieringen kan ikke settes lavere enn det.")
            % {"reserved": thousands(reserved), "agency": placement.agency},
            field="licences",
        )


def _refuse_if_stated_since(stands: FundingStatement | None, seen: int | None) -> None:
    if stands is not None and stands.pk != seen:
        raise Refused(
            _("%(who)s oppga %(n)s lisenser %(when)s, etter at du åpnet siden. Se over, og send på nytt om det trengs.")
            % {"who": stands.stated_by, "n": thousands(stands.licences), "when": clock_time(stands.stated_at)}
        )
