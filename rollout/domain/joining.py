"""Asking to join: an agency outside the plan states its interest, headcount and funding, and a lead answers."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Agency, Person
from rollout import emails
from rollout.domain import leaving, licensing, profiles, queueing
from rollout.domain.locks import lock_plan, lock_plans
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.requesting import refuse_if_answered
from rollout.domain.words import clock_time
from rollout.models import EventKind, JoinRequest, Placement, PlacementStatus, PlanEvent, RequestState, Rollout


@transaction.atomic
def ask_to_join(
    *,
    rollout: Rollout,
    agency: Agency,
    reason: str,
    employees: int,
    licences: int = 0,
    implementation_cost_nok: int = 0,
    budget_reference: str = "",
    by: Person,
    now: dt.datetime,
) -> JoinRequest:
    """Ask for a place in the queue. The leads are told. An agency that was withdrawn may ask to come back.

    Raises:
        Refused: there is no reason or nobody to let in, the agency takes part or took part in the pilot, or it has
            asked already and waits.
    """
    rollout = lock_plan(rollout.pk)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor dere vil være med."), field="reason")
    if employees < 1:
        raise Refused(_("Oppgi hvor mange medarbeidere som skal ha tilgang."), field="employees")
    refuse_if_inside(placement_in(rollout, agency), agency)
    already = open_request(rollout, agency)
    if already is not None:
        raise Refused(
            _("%(who)s ba om å bli med %(when)s, og ønsket venter på svar.")
            % {"who": already.asked_by, "when": clock_time(already.asked_at)}
        )
    request = JoinRequest.objects.create(
        rollout=rollout,
        agency=agency,
        reason=reason.strip(),
        employees=employees,
        licences=licences,
        implementation_cost_nok=implementation_cost_nok,
        budget_reference=budget_reference.strip(),
        asked_by=by,
        asked_at=now,
    )
    event = record(
        rollout=rollout,
        kind=EventKind.JOIN_ASKED,
        by=by,
        at=now,
        agency=agency,
        after={"request": request.pk, "employees": employees, "licences": licences},
        reason=request.reason,
    )
    emails.write_of(event, emails.asking.join_asked(request), now=now)
    return request


def placement_in(rollout: Rollout, agency: Agency) -> Placement | None:
    return rollout.placements.filter(agency=agency).select_related("rollout", "agency", "wave").first()


def open_request(rollout: Rollout, agency: Agency) -> JoinRequest | None:
    return rollout.join_requests.filter(agency=agency, state=RequestState.OPEN).select_related("asked_by").first()


def refuse_if_inside(placement: Placement | None, agency: Agency) -> None:
    """Raises Refused where the agency takes part, or took part in the pilot. One that was withdrawn is outside."""
    if placement is None or placement.status == PlacementStatus.WITHDRAWN:
        return
    if placement.status == PlacementStatus.PILOT:
        raise Refused(_("%(agency)s var med i piloten og har tilgang.") % {"agency": agency})
    raise Refused(_("%(agency)s er alt med i utrullingen.") % {"agency": agency})


@transaction.atomic
def withdraw_join(*, request: JoinRequest, by: Person, now: dt.datetime) -> JoinRequest:
    """Take an open request back.

    Raises:
        Refused: it has been answered or taken back.
    """
    lock_plan(request.rollout_id)
    request = _open(request)
    request.state = RequestState.WITHDRAWN
    request.save(update_fields=["state"])
    emails.asking.withdraw_request("join-request", request.pk)
    _record(request, by=by, now=now)
    return request


@transaction.atomic
def accept_join(
    *, request: JoinRequest, by: Person, now: dt.datetime, answer: str = "", use_headcount: bool = False
) -> Placement:
    """Take the agency into the queue, last, with the funding it stated. The agency is told, once.

    `use_headcount`: let the headcount it stated be the agency's from now on.

    Raises:
        Refused: it has been answered or taken back, or the agency came into the plan another way.
    """
    lock_plans({request.rollout_id} | (profiles.rollouts_with([request.agency_id]) if use_headcount else set()))
    request = _open(request)
    rollout, agency = request.rollout, request.agency
    placement = placement_in(rollout, agency)
    refuse_if_inside(placement, agency)
    if use_headcount:
        profiles.edit(rollout=rollout, agency=agency, fields={"employees": request.employees}, by=by, now=now)
    reason = _("Virksomheten ba om det: %(reason)s") % {"reason": request.reason}
    if placement is None:
        placement = queueing.join(
            rollout=rollout,
            agency=agency,
            funded=request.licences,
            implementation_cost_nok=request.implementation_cost_nok,
            budget_reference=request.budget_reference,
            reason=reason,
            by=by,
            now=now,
        )
    else:
        leaving.rejoin(placement=placement, by=by, now=now, reason=reason)
        licensing.set_funding(
            placement=placement,
            funded=request.licences,
            implementation_cost_nok=request.implementation_cost_nok,
            budget_reference=request.budget_reference,
            by=by,
            now=now,
        )
        placement.refresh_from_db()
    _answer(request, RequestState.ACCEPTED, answer=answer, by=by, now=now)
    return placement


@transaction.atomic
def decline_join(*, request: JoinRequest, answer: str, by: Person, now: dt.datetime) -> JoinRequest:
    """Say no, with a reason. The agency is told, once.

    Raises:
        Refused: there is no reason, or it has been answered or taken back.
    """
    lock_plan(request.rollout_id)
    request = _open(request)
    if not answer.strip():
        raise Refused(_("Skriv hvorfor ønsket avslås."), field="answer")
    _answer(request, RequestState.DECLINED, answer=answer, by=by, now=now)
    return request


def _open(request: JoinRequest) -> JoinRequest:
    """As it is now; the caller holds the plan's lock, so that of two who answer the second is told."""
    request = JoinRequest.objects.select_related("rollout", "agency", "asked_by", "answered_by").get(pk=request.pk)
    refuse_if_answered(request)
    return request


def _answer(request: JoinRequest, state: RequestState, *, answer: str, by: Person, now: dt.datetime) -> None:
    request.state, request.answer = state, answer.strip()
    request.answered_by, request.answered_at = by, now
    request.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    emails.asking.withdraw_request("join-request", request.pk)
    event = _record(request, by=by, now=now)
    emails.write_of(event, emails.asking.join_answered(request), now=now)


def _record(request: JoinRequest, *, by: Person, now: dt.datetime) -> PlanEvent:
    return record(
        rollout=request.rollout,
        kind=EventKind.JOIN_ANSWERED,
        by=by,
        at=now,
        agency=request.agency,
        after={"request": request.pk, "state": request.state},
        reason=request.answer,
    )
