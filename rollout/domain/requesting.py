"""Asking for another date: an agency's request, and the leads' answer. To accept is to move (rule 1 holds as ever).

A request stands open until it is answered or taken back, whatever else happens to the plan: an agency that a lead has
moved meanwhile still waits for an answer, and where its own wave has opened there is only one answer left.
"""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain import placing
from rollout.domain.locks import lock_placement
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.models import (
    DateRequest,
    EventKind,
    JoinRequest,
    Placement,
    PlanEvent,
    RequestState,
    Wave,
)


@transaction.atomic
def ask_for_date(
    *, placement: Placement, reason: str, wanted: Wave | None = None, by: Person, now: dt.datetime
) -> DateRequest:
    """Ask the leads to let the agency go at another time, in the wave `wanted` or whenever they can. They are told.

    A full wave may be wanted: whether somebody else can give way is the leads' to say.

    Raises:
        Refused: there is no reason, a request is open already, or the agency cannot be moved: not in queue or wave,
            or its wave has opened; or the wave wanted has opened or is the one it is in.
    """
    placement = lock_placement(placement.pk)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor dere trenger en annen dato."), field="reason")
    refuse_if_too_late(placement)
    wanted = Wave.objects.get(pk=wanted.pk, rollout=placement.rollout_id) if wanted else None
    if wanted is not None and not wanted.is_planned:
        raise Refused(_("%(wave)s er åpnet og tar ikke imot flere. Velg en annen.") % {"wave": wanted}, field="wanted")
    if wanted is not None and wanted == placement.wave:
        raise Refused(_("Dere står alt i %(wave)s.") % {"wave": wanted}, field="wanted")
    already = placement.date_requests.filter(state=RequestState.OPEN).select_related("asked_by").first()
    if already is not None:
        raise Refused(
            _("%(who)s ba om en annen dato %(when)s, og ønsket venter på svar. Trekk det først hvis det er endret.")
            % {"who": already.asked_by, "when": clock_time(already.asked_at)}
        )
    request = DateRequest.objects.create(
        placement=placement, wanted=wanted, reason=reason.strip(), asked_by=by, asked_at=now
    )
    event = record(
        rollout=placement.rollout,
        kind=EventKind.DATE_ASKED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"request": request.pk, "wave": wanted.number if wanted else None},
        reason=request.reason,
    )
    emails.write_of(event, emails.asking.date_asked(request), now=now)
    return request


def refuse_if_too_late(placement: Placement) -> None:
    """Raises Refused where an agency has no date to change: outside queue and waves, or its wave has opened."""
    if not placement.is_in_plan:
        raise Refused(_("%(agency)s står verken i kø eller pulje.") % {"agency": placement.agency})
    if placement.wave is not None and not placement.wave.is_planned:
        raise Refused(
            _("%(wave)s er åpnet, og lederne har tilgang. Da kan dere ikke få en annen dato.")
            % {"wave": placement.wave}
        )


@transaction.atomic
def withdraw_date(*, request: DateRequest, by: Person, now: dt.datetime) -> DateRequest:
    """Take an open request back.

    Raises:
        Refused: it has been answered or taken back.
    """
    request, placement = _open(request)
    request.state = RequestState.WITHDRAWN
    request.save(update_fields=["state"])
    emails.asking.withdraw_request("date-request", request.pk)
    _record(request, placement, by=by, now=now)
    return request


@transaction.atomic
def accept_date(
    *,
    request: DateRequest,
    to: Wave | None,
    by: Person,
    now: dt.datetime,
    answer: str = "",
    version_seen: int | None = None,
) -> tuple[DateRequest, PlanEvent | None]:
    """Say yes by moving the agency to a wave, or (`to` None) to the queue. The agency is told, once.

    Where the agency stands there already, moved since it asked, the answer moves nothing. Returns the request and the
    move, which can be undone as any move; the answer stays given.

    Raises:
        Refused: it has been answered or taken back.
        MoveRefused: as `placing.move`; then nothing is answered.
    """
    request, placement = _open(request)
    placing.refuse_if_moved_since(placement, version_seen)
    stands_there = placement.wave == to and placement.is_in_plan
    moved = None
    if not stands_there:
        reason = _("Virksomheten ba om det: %(reason)s") % {"reason": request.reason}
        moved = placing.move(placement=placement, to=to, by=by, now=now, version_seen=version_seen, reason=reason)
    request.moved_to = to
    _answer(request, placement, RequestState.ACCEPTED, answer=answer, by=by, now=now)
    return request, moved


@transaction.atomic
def decline_date(*, request: DateRequest, answer: str, by: Person, now: dt.datetime) -> DateRequest:
    """Say no, with a reason. The agency is told, once.

    Raises:
        Refused: there is no reason, or it has been answered or taken back.
    """
    request, placement = _open(request)
    if not answer.strip():
        raise Refused(_("Skriv hvorfor ønsket avslås."), field="answer")
    _answer(request, placement, RequestState.DECLINED, answer=answer, by=by, now=now)
    return request


def _open(request: DateRequest) -> tuple[DateRequest, Placement]:
    """The request and its placement as they are now, under the plan's lock: of two who answer, the second is told."""
    placement = lock_placement(request.placement_id)
    request = DateRequest.objects.select_related("asked_by", "answered_by", "wanted").get(pk=request.pk)
    refuse_if_answered(request)
    request.placement = placement
    return request, placement


def refuse_if_answered(request: DateRequest | JoinRequest) -> None:
    """Raises Refused, with who answered and when, where the request no longer waits."""
    words = {
        "who": request.answered_by,
        "when": clock_time(request.answered_at) if request.answered_at else "",
        "answer": request.answer,
    }
    said = {
        RequestState.ACCEPTED: _("Ønsket er alt godtatt av %(who)s %(when)s."),
        RequestState.DECLINED: _("Ønsket er alt avslått av %(who)s %(when)s: %(answer)s"),
        RequestState.WITHDRAWN: _("Virksomheten har trukket ønsket."),
    }
    if request.state != RequestState.OPEN:
        raise Refused(said[RequestState(request.state)] % words)


def _answer(
    request: DateRequest, placement: Placement, state: RequestState, *, answer: str, by: Person, now: dt.datetime
) -> None:
    request.state, request.answer = state, answer.strip()
    request.answered_by, request.answered_at = by, now
    request.save(update_fields=["state", "answer", "answered_by", "answered_at", "moved_to"])
    emails.asking.withdraw_request("date-request", request.pk)
    event = _record(request, placement, by=by, now=now)
    emails.write_of(event, emails.asking.date_answered(request), now=now)


def _record(request: DateRequest, placement: Placement, *, by: Person, now: dt.datetime) -> PlanEvent:
    return record(
        rollout=placement.rollout,
        kind=EventKind.DATE_ANSWERED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={
            "request": request.pk,
            "state": request.state,
            "wave": request.moved_to.number if request.moved_to else None,
        },
        reason=request.answer,
    )
