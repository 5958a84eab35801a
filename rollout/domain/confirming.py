"""What an agency says it has done: evidence, key people, the chief's word; and a lead's waivers (rule 3)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import documents
from rollout.domain.documents import Upload
from rollout.domain.locks import lock_placement
from rollout.domain.readiness import FACTS, FUNDING
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.models import (
    CourseStep,
    EventKind,
    EvidenceFile,
    Placement,
    PlanEvent,
    ReadinessConfirmation,
    StepEvidence,
    Waiver,
)


def _lock(placement: Placement) -> Placement:
    placement = lock_placement(placement.pk)
    if not placement.is_in_plan:
        raise Refused(
            _("%(agency)s står verken i kø eller i en pulje, så løpet gjelder ikke den.") % {"agency": placement.agency}
        )
    return placement


def _refuse_other_course(placement: Placement, step: CourseStep, key_seen: str = "") -> None:
    if step.course_version_id != placement.course_version_id or key_seen not in ("", step.key):
        raise Refused(_("Steget hører til en annen versjon av løpet. Last siden på nytt."))


@transaction.atomic
def confirm_step(
    *,
    placement: Placement,
    step: CourseStep,
    owner_role: str,
    text: str = "",
    case_number: str = "",
    document: Upload | None = None,
    key_seen: str = "",
    by: Person,
    now: dt.datetime,
) -> StepEvidence:
    """Confirm a step by its evidence, naming whose evidence it is (`owner_role`): words, a case number or a file.

    `key_seen`: the key of the step that was shown; a newer course may have put another in its place meanwhile.

    Raises:
        Refused: the step is fulfilled by a fact and cannot be ticked, is confirmed already, comes after opening or is
            not the one that was shown; or nothing shows that it is done, or the file cannot be taken
            (`rollout.domain.documents`).
    """
    kept = documents.judge(document) if document else None  # before the lock: unpacking a file takes its time
    placement = _lock(placement)
    _refuse_other_course(placement, step, key_seen)
    if step.key in FACTS:
        raise Refused(
            _("«%(step)s» kan ikke krysses av. Steget er oppfylt når opplysningene er på plass.") % {"step": step.name}
        )
    if step.lead_time_days < 0:
        raise Refused(_("«%(step)s» kommer etter åpningen og bekreftes ikke her.") % {"step": step.name})
    existing = StepEvidence.objects.filter(placement=placement, step=step).select_related("confirmed_by").first()
    if existing is not None:
        raise Refused(
            _("«%(step)s» er alt bekreftet av %(who)s %(when)s.")
            % {"step": step.name, "who": existing.confirmed_by, "when": clock_time(existing.confirmed_at)}
        )
    if not (text.strip() or case_number.strip() or kept):
        raise Refused(
            _("Skriv hva som viser at steget er gjort, oppgi saksnummeret eller legg ved en fil."), field="text"
        )
    evidence = StepEvidence.objects.create(
        placement=placement,
        step=step,
        owner_role=owner_role,
        text=text.strip(),
        case_number=case_number.strip(),
        by_file=kept is not None,
        confirmed_by=by,
        confirmed_at=now,
    )
    if kept is not None:
        EvidenceFile.objects.create(
            evidence=evidence,
            name=kept.name,
            content_type=kept.content_type,
            size=kept.size,
            sha256=kept.sha256,
            content=kept.content,
            uploaded_by=by,
            uploaded_at=now,
        )
    record(
        rollout=placement.rollout,
        kind=EventKind.STEP_CONFIRMED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"step": step.key} | _told(evidence),
    )
    return evidence


def _told(evidence: StepEvidence) -> dict:
    """What the history keeps of a step's evidence. Of a file its name and fingerprint, never its content."""
    file = getattr(evidence, "file", None)
    told = {"owner_role": evidence.owner_role, "text": evidence.text, "case_number": evidence.case_number}
    return told | ({"file": {"name": file.name, "size": file.size, "sha256": file.sha256}} if file else {})


def _refuse_withdrawing_now(placement: Placement, reason: str) -> None:
    """What has been opened was opened on the agency's word: it cannot be taken back afterwards."""
    if placement.wave is not None and not placement.wave.is_planned:
        raise Refused(_("%(wave)s er åpnet. Bekreftelsen kan ikke trekkes tilbake.") % {"wave": placement.wave})
    if not reason.strip():
        raise Refused(_("Skriv hvorfor bekreftelsen trekkes."), field="reason")


@transaction.atomic
def withdraw_step(*, placement: Placement, step: CourseStep, reason: str, by: Person, now: dt.datetime) -> None:
    """Take back that a step is done, while the agency's wave has not opened. Its file is deleted; the event keeps what
    was withdrawn, who had confirmed it and when, and why.

    Raises:
        Refused: the wave has opened, there is no reason, or the step is not confirmed.
    """
    placement = _lock(placement)
    _refuse_other_course(placement, step)
    _refuse_withdrawing_now(placement, reason)
    evidence = StepEvidence.objects.filter(placement=placement, step=step).told().first()
    if evidence is None:
        raise Refused(_("«%(step)s» er ikke bekreftet, eller bekreftelsen er alt trukket.") % {"step": step.name})
    before = _told(evidence) | _by_whom(evidence)
    evidence.delete()
    record(
        rollout=placement.rollout,
        kind=EventKind.STEP_WITHDRAWN,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        before=before,
        after={"step": step.key},
        reason=reason.strip(),
    )


@transaction.atomic
def withdraw_readiness(*, placement: Placement, reason: str, by: Person, now: dt.datetime) -> None:
    """Take back that the agency is ready, while its wave has not opened. The event keeps what was withdrawn.

    Raises:
        Refused: the wave has opened, there is no reason, or it has not been confirmed.
    """
    placement = _lock(placement)
    _refuse_withdrawing_now(placement, reason)
    confirmation = ReadinessConfirmation.objects.filter(placement=placement).first()
    if confirmation is None:
        raise Refused(
            _("%(agency)s er ikke meldt klar, eller klarmeldingen er alt trukket.") % {"agency": placement.agency}
        )
    before = {"comment": confirmation.comment} | _by_whom(confirmation)
    confirmation.delete()
    record(
        rollout=placement.rollout,
        kind=EventKind.READINESS_WITHDRAWN,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        before=before,
        reason=reason.strip(),
    )


def _by_whom(confirmed: StepEvidence | ReadinessConfirmation) -> dict:
    return {"confirmed_by": confirmed.confirmed_by_id, "confirmed_at": confirmed.confirmed_at.isoformat()}


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
            _("%(agency)s er alt meldt klar av %(who)s %(when)s.")
            % {
                "agency": placement.agency,
                "who": existing.confirmed_by,
                "when": clock_time(existing.confirmed_at),
            }
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
    key_seen: str = "",
    by: Person,
    now: dt.datetime,
    undoes: PlanEvent | None = None,
) -> Waiver:
    """Let an agency off a step, with a reason. Never the funding (rule 8). `key_seen`: as in `confirm_step`.

    Raises:
        Refused: it is the funding, there is no reason, or the step is waived already.
    """
    placement = _lock(placement)
    _refuse_other_course(placement, step, key_seen)
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
