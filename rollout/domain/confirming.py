"""What an agency says it has done: evidence, key people, the chief's word; and a lead's waivers (rule 3)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain.locks import lock_placement
from rollout.domain.readiness import FACTS, FUNDING
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import (
    CourseStep,
    EventKind,
    Placement,
    PlacementStatus,
    PlanEvent,
    ReadinessConfirmation,
    StepEvidence,
    Waiver,
)


def _lock(placement: Placement) -> Placement:
    placement = lock_placement(placement.pk)
    if placement.status not in (PlacementStatus.QUEUED, PlacementStatus.PLACED):
        raise Refused(
            _("%(agency)s står verken i kø eller i en pulje, så løpet gjelder ikke den.") % {"agency": placement.agency}
        )
    return placement


def _refuse_other_course(placement: Placement, step: CourseStep) -> None:
    if step.course_version_id != placement.course_version_id:
        raise Refused(_("Steget hører til en annen versjon av løpet. Last siden på nytt."))


@transaction.atomic
def confirm_step(
    *,
    placement: Placement,
    step: CourseStep,
    owner_role: str,
    text: str,
    case_number: str = "",
    by: Person,
    now: dt.datetime,
) -> StepEvidence:
    """Confirm a step by its evidence, naming whose evidence it is (`owner_role`).

    Raises:
        Refused: the step is fulfilled by a fact and cannot be ticked, is confirmed already, or comes after opening.
    """
    placement = _lock(placement)
    _refuse_other_course(placement, step)
    if step.key in FACTS:
        raise Refused(
            _("«%(step)s» kan ikke krysses av. Steget er oppfylt når opplysningene er på plass.") % {"step": step.name}
        )
    if step.lead_time_days < 0:
        raise Refused(_("«%(step)s» kommer etter åpningen og bekreftes ikke her.") % {"step": step.name})
    if not text.strip():
        raise Refused(_("Skriv hva som dokumenterer at steget er gjort."))
    existing = StepEvidence.objects.filter(placement=placement, step=step).select_related("confirmed_by").first()
    if existing is not None:
        raise Refused(_("«%(step)s» er alt bekreftet av %(who)s.") % {"step": step.name, "who": existing.confirmed_by})
    evidence = StepEvidence.objects.create(
        placement=placement,
        step=step,
        owner_role=owner_role,
        text=text.strip(),
        case_number=case_number.strip(),
        confirmed_by=by,
        confirmed_at=now,
    )
    record(
        rollout=placement.rollout,
        kind=EventKind.STEP_CONFIRMED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={
            "step": step.key,
            "owner_role": owner_role,
            "text": evidence.text,
            "case_number": evidence.case_number,
        },
    )
    return evidence


@transaction.atomic
def state_key_people(*, placement: Placement, number: int, by: Person | None, now: dt.datetime) -> Placement:
    """State how many key people the agency has named. The step counts this number, not mailboxes."""
    placement = _lock(placement)
    before = placement.key_people_stated
    if before != number:
        placement.key_people_stated = number
        placement.save(update_fields=["key_people_stated"])
        record(
            rollout=placement.rollout,
            kind=EventKind.KEY_PEOPLE_STATED,
            by=by,
            at=now,
            agency=placement.agency,
            wave=placement.wave,
            before={"key_people": before},
            after={"key_people": number},
        )
    return placement


@transaction.atomic
def confirm_readiness(
    *, placement: Placement, comment: str = "", by: Person, now: dt.datetime
) -> ReadinessConfirmation:
    """Confirm, for the agency, that it is ready: step 10. It makes nothing else ready.

    Raises:
        Refused: it is confirmed already.
    """
    placement = _lock(placement)
    existing = ReadinessConfirmation.objects.filter(placement=placement).select_related("confirmed_by").first()
    if existing is not None:
        raise Refused(
            _("%(agency)s er alt meldt klar av %(who)s.") % {"agency": placement.agency, "who": existing.confirmed_by}
        )
    confirmation = ReadinessConfirmation.objects.create(
        placement=placement, comment=comment.strip(), confirmed_by=by, confirmed_at=now
    )
    record(
        rollout=placement.rollout,
        kind=EventKind.READINESS_CONFIRMED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"comment": confirmation.comment},
    )
    return confirmation


@transaction.atomic
def waive(
    *,
    placement: Placement,
    step: CourseStep,
    reason: str,
    by: Person,
    now: dt.datetime,
    undoes: PlanEvent | None = None,
) -> Waiver:
    """Let an agency off a step, with a reason. Never the funding (rule 8).

    Raises:
        Refused: it is the funding, there is no reason, or the step is waived already.
    """
    placement = _lock(placement)
    _refuse_other_course(placement, step)
    if step.key == FUNDING:
        raise Refused(
            _("Finansieringen kan ikke fravikes. Sett av nok lisenser, eller flytt virksomheten til en senere pulje.")
        )
    if not reason.strip():
        raise Refused(_("Skriv hvorfor virksomheten slipper dette steget."))
    if Waiver.objects.filter(placement=placement, step=step).exists():
        raise Refused(_("%(agency)s har alt fritak fra «%(step)s».") % {"agency": placement.agency, "step": step.name})
    waiver = Waiver.objects.create(placement=placement, step=step, reason=reason.strip(), by=by, waived_at=now)
    record(
        rollout=placement.rollout,
        kind=EventKind.STEP_WAIVED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"step": step.key},
        reason=waiver.reason,
        undoes=undoes,
    )
    return waiver


@transaction.atomic
def take_back_waiver(
    *,
    placement: Placement,
    step_key: str,
    by: Person | None,
    now: dt.datetime,
    undoes: PlanEvent | None = None,
) -> None:
    """The agency must do the step after all. The event keeps why it was let off.

    Raises:
        Refused: it is not let off that step, or its wave has opened.
    """
    placement = _lock(placement)
    if placement.wave is not None and not placement.wave.is_planned:
        raise Refused(_("%(wave)s er åpnet. Fritaket kan ikke tas tilbake.") % {"wave": placement.wave})
    waiver = Waiver.objects.filter(placement=placement, step__key=step_key).first()
    if waiver is None:
        raise Refused(_("%(agency)s har ikke fritak fra dette steget.") % {"agency": placement.agency})
    waiver.delete()
    record(
        rollout=placement.rollout,
        kind=EventKind.WAIVER_TAKEN_BACK,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        before={"reason": waiver.reason},
        after={"step": step_key},
        undoes=undoes,
    )
