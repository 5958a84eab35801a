"""What the archive is to keep of an agency: signatures, decisions, evidence and events, as one document (A2).

The document holds nothing but texts, lists and maps, so that what a signature says can be compared byte for byte
with its row, years later and after the signer has been erased (`differences`).
"""

import datetime as dt
import json
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person
from rollout.domain.locks import lock_placement
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import (
    Decision,
    EventKind,
    Placement,
    PlanEvent,
    Review,
    SignOff,
    text_hash,
)

FORMAT = "puljeplan-archive-1"
#: What is kept of a criterion: whether it was met ("True", "False", or "": not measured), and against what.
ARCHIVED = ("key", "met", "value", "threshold")
#: What a signature's record is compared by, in the words of a refusal.
COMPARED = {
    "rollout": gettext_lazy("utrulling"),
    "agency": gettext_lazy("virksomhet"),
    "version": gettext_lazy("versjon"),
    "text": gettext_lazy("tekst"),
    "text_hash": gettext_lazy("tekstens SHA-256"),
    "signed_at": gettext_lazy("tidspunkt"),
    "role": gettext_lazy("rolle"),
    "signed_in_by": gettext_lazy("innlogging"),
    "signer": gettext_lazy("signererens id"),
}


@transaction.atomic
def set_case(*, placement: Placement, case_number: str, by: Person, now: dt.datetime) -> Placement:
    """Set the number of the agency's case in the archive; empty takes it away.

    Raises:
        Refused: it is longer than an archive's numbers are.
    """
    placement = lock_placement(placement.pk)
    case_number, before = case_number.strip(), placement.case_number
    longest = Placement._meta.get_field("case_number").max_length or 0
    if len(case_number) > longest:
        raise Refused(_("Saksnummeret kan ha høyst %(n)s tegn.") % {"n": longest}, field="case_number")
    if case_number != before:
        placement.case_number = case_number
        placement.save(update_fields=["case_number"])
        record(
            rollout=placement.rollout,
            kind=EventKind.CASE_SET,
            by=by,
            at=now,
            agency=placement.agency,
            before={"case_number": before},
            after={"case_number": case_number},
        )
    return placement


# -- the document ----------------------------------------------------------------------------------------------------


def document(placement: Placement, *, now: dt.datetime) -> dict[str, Any]:
    """Everything, as it stands at `now`. People are named by `opaque_id`, and by name and address unless erased."""
    rollout, agency = placement.rollout, placement.agency
    events = list(PlanEvent.objects.filter(rollout=rollout).about_agency(agency).for_telling().order_by("pk"))
    waves = _waves(placement, events)
    decisions = Decision.objects.filter(wave__in=waves).select_related("wave", "by").order_by("pk")
    reviews = Review.objects.filter(wave__in=waves).select_related("wave", "closed_by").order_by("pk")
    return {
        "format": FORMAT,
        "made_at": _moment(now),
        "case_number": placement.case_number,
        "rollout": {"slug": rollout.slug, "name": rollout.name, "tool": rollout.tool_name},
        "agency": {"slug": agency.slug, "name": agency.name},
        "placement": {
            "status": placement.status,
            "wave": _text(placement.wave and placement.wave.number),
            "joined_at": _moment(placement.joined_at),
            "leaders_access_at": _moment(placement.leaders_access_at),
            "all_staff_access_at": _moment(placement.all_staff_access_at),
            "headcount": _text(placement.headcount),
        },
        "sign_offs": [sign_off_record(signed) | _named(signed.person) for signed in _sign_offs(placement)],
        "decisions": [
            {
                "wave": _text(decision.wave.number),
                "verdict": decision.verdict,
                "reason": decision.reason,
                "override": decision.override,
                "decided_at": _moment(decision.decided_at),
                "by": _person(decision.by),
            }
            for decision in decisions
        ],
        # The wave's as a whole: figures of the other agencies are theirs.
        "reviews": [
            {
                "wave": _text(review.wave.number),
                "pace": review.pace,
                "proposal": review.proposal,
                "reason": review.reason,
                "closed_at": _moment(review.closed_at),
                "by": _person(review.closed_by),
                "criteria": [{name: _text(check[name]) for name in ARCHIVED} for check in review.criteria],
            }
            for review in reviews
        ],
        "lessons": [
            {"number": _text(lesson.number), "text": lesson.text, "written_at": _moment(lesson.written_at)}
            for lesson in placement.lessons.order_by("number")
        ],
        "evidence": [_evidence(found) for found in _evidence_of(placement)],
        "readiness": [
            {"comment": said.comment, "confirmed_at": _moment(said.confirmed_at), "by": _person(said.confirmed_by)}
            for said in [getattr(placement, "readiness_confirmation", None)]
            if said
        ],
        "waivers": [
            {
                "step": waiver.step.name,
                "reason": waiver.reason,
                "waived_at": _moment(waiver.waived_at),
                "by": _person(waiver.by),
            }
            for waiver in placement.waivers.select_related("step", "by").order_by("step__number")
        ],
        "events": [_event(event) for event in events],
    }


def as_json(found: dict[str, Any]) -> bytes:
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


def sign_off_record(signed: SignOff) -> dict[str, Any]:
    """One signature, with all that is compared. Time is UTC to the microsecond, as the row has it."""
    return {
        "id": _text(signed.pk),
        "rollout": signed.placement.rollout.slug,
        "agency": signed.placement.agency.slug,
        "version": _text(signed.version.number),
        "text": signed.version.text,
        "text_hash": signed.text_hash,
        "signed_at": _moment(signed.signed_at),
        "role": signed.role,
        "signed_in_by": signed.signed_in_by,
        "signer": str(signed.person.opaque_id),
    }


def _sign_offs(placement: Placement):
    return _with_all_it_says(SignOff.objects.filter(placement=placement)).order_by("pk")


def _with_all_it_says(found):
    return found.select_related("placement__rollout", "placement__agency", "version", "person")


def _waves(placement: Placement, events: list[PlanEvent]) -> set[int]:
    """Those in which the agency has stood, while others decide for it too: go, no-go and review are a wave's."""
    return {event.wave_id for event in events if event.wave_id} | ({placement.wave_id} if placement.wave_id else set())


def _evidence_of(placement: Placement):
    return placement.evidence.told().select_related("step").order_by("step__number", "pk")


def _evidence(found) -> dict[str, Any]:
    file = getattr(found, "file", None)
    return {
        "step": found.step.name,
        "from": found.owner_role,
        "text": found.text,
        "case_number": found.case_number,
        # After retention has deleted the file, its name and hash still stand among the events.
        "file": {"name": file.name, "size": _text(file.size), "sha256": file.sha256} if file else None,
        "confirmed_at": _moment(found.confirmed_at),
        "by": _person(found.confirmed_by),
    }


def _event(event: PlanEvent) -> dict[str, Any]:
    return {
        "id": _text(event.pk),
        "kind": event.kind,
        "at": _moment(event.at),
        "by": _person(event.by) if event.by else None,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
    }


def _person(person: Person) -> dict[str, str]:
    return {"id": str(person.opaque_id)} | _named(person)


def _named(person: Person) -> dict[str, str]:
    return {} if person.erased_at else {"name": person.name, "email": person.email}


def _moment(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds") if moment else ""


def _text(value: Any) -> str:
    return "" if value is None else str(value)


# -- whether it is true ----------------------------------------------------------------------------------------------


class NotAnExport(Refused):
    """The file is not one that `as_json` has written."""


def read(content: bytes) -> list[dict[str, Any]]:
    """The signatures in an exported file.

    Raises:
        NotAnExport: it cannot be read, says something twice, or holds no signature.
    """
    try:
        found = json.loads(content.decode(), object_pairs_hook=_said_once)
        json.dumps(found, ensure_ascii=False).encode()  # half a character is none
    except (ValueError, RecursionError) as error:
        raise NotAnExport(_("Filen kan ikke leses som JSON: %(why)s.") % {"why": error}) from error
    signed = found.get("sign_offs") if isinstance(found, dict) and found.get("format") == FORMAT else None
    if not isinstance(signed, list) or not all(isinstance(one, dict) for one in signed):
        raise NotAnExport(_("Filen er ikke en arkivfil fra Puljeplan (format %(format)s).") % {"format": FORMAT})
    if not signed:
        raise NotAnExport(_("Filen inneholder ingen signaturer."))
    return signed


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice would show a reader one thing and be checked for another."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(_("en nøkkel står to ganger"))
    return found


def differences(exported: dict[str, Any]) -> list[str]:
    """What of an exported signature is not as its append-only row says, in sentences; none: it is true.

    The text is hashed anew, so it is held against the hash that was signed and not only against the row beside it.
    """
    number = exported.get("id")
    row = None
    if isinstance(number, str) and number.isdecimal() and number.isascii() and len(number) < 19:
        row = _with_all_it_says(SignOff.objects.filter(pk=int(number))).first()
    if row is None:
        return [_("Signatur %(id)s finnes ikke i databasen.") % {"id": number}]
    truth = sign_off_record(row)
    wrong = [name for name in COMPARED if not isinstance(exported.get(name), str) or exported[name] != truth[name]]
    said = _("Signatur %(id)s: %(what)s er ikke som i databasen.")
    found = [said % {"id": number, "what": COMPARED[name]} for name in wrong]
    if number != truth["id"]:
        found.append(_("Signatur %(id)s: nummeret er skrevet på en annen måte.") % {"id": number})
    if not isinstance(exported.get("text"), str) or text_hash(exported["text"]) != row.text_hash:
        found.append(_("Signatur %(id)s: teksten har ikke den SHA-256 som ble signert.") % {"id": number})
    return found
