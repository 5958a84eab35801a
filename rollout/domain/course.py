"""The course as a template: new versions of it, what differs between two, and which agencies a new one applies to.

An agency that has started keeps the version it started with (rule 4). `rollout.domain.readiness` judges by the version
that each agency follows.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import count
from typing import Protocol

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Person
from rollout.domain.locks import lock_plan
from rollout.domain.readiness import FACTS, FUNDING
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.domain.words import clock_time
from rollout.models import (
    CourseStep,
    CourseVersion,
    EventKind,
    OwnerRole,
    Placement,
    PlacementStatus,
    ReadinessConfirmation,
    Rollout,
    SignOff,
    StepEvidence,
    Waiver,
)

#: Calendar days before the leaders' date, at most; as many after it.
LONGEST_LEAD = 365
LONGEST_NAME = 120  # of `CourseStep.name`
#: Shorter than the longest key, so that a number finds room.
KEY_SUGGESTED = 36
NORWEGIAN_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


class Step(Protocol):
    """A step, published or drafted."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def owner_role(self) -> str: ...
    @property
    def lead_time_days(self) -> int: ...
    @property
    def blocking(self) -> bool: ...
    @property
    def evidence_required(self) -> str: ...


@dataclass(frozen=True)
class StepDraft:
    """A step of the version that is being made. `key`: of the step it carries on; empty: a new one."""

    key: str
    name: str
    owner_role: str
    lead_time_days: int
    blocking: bool
    evidence_required: str


class StepsRefused(Refused):
    """Some steps cannot be so. `by_step`: for the draft's place from 0, the sentences by field (empty: the step)."""

    def __init__(self, by_step: dict[int, dict[str, list[str]]], whole: list[str]):
        self.by_step, self.whole = by_step, whole
        of_steps = [reason for fields in by_step.values() for reasons in fields.values() for reason in reasons]
        super().__init__([*whole, *of_steps])


def newest(rollout: Rollout) -> CourseVersion:
    """The version that new agencies follow."""
    return rollout.course_versions.select_related("made_by").latest("number")


# -- publishing ----------------------------------------------------------------------------------------------------


@transaction.atomic
def publish(
    *, rollout: Rollout, based_on: int, steps: Sequence[StepDraft], note: str = "", by: Person | None, now: dt.datetime
) -> CourseVersion:
    """Publish the steps, in their order, as the next version. Agencies that have not started are moved to it.

    `based_on`: the number of the version they were made from.

    Raises:
        StepsRefused: a step cannot be so.
        Refused: somebody has published a version since, or nothing is changed.
    """
    rollout = lock_plan(rollout.pk)
    last = newest(rollout)
    if last.number != based_on:
        words = {"number": last.number, "who": last.made_by or _("systemet"), "when": clock_time(last.made_at)}
        raise Refused(
            _(
                "Versjon %(number)s av løpet ble publisert av %(who)s %(when)s, etter at du åpnet siden. "
                "Se forskjellen fra den, rett det som trengs, og publiser på nytt."
            )
            % words
        )
    check(rollout, steps)
    before = list(last.steps.all())
    if not compare(before, steps):
        raise Refused(_("Ingenting er endret fra versjon %(number)s.") % {"number": last.number})
    version = CourseVersion.objects.create(
        rollout=rollout, number=last.number + 1, made_at=now, made_by=by, note=note.strip()
    )
    CourseStep.objects.bulk_create(_rows(version, before, with_keys(rollout, steps)))
    moved = list(not_started(rollout).order_by("agency__slug").values_list("pk", "agency__slug"))
    Placement.objects.filter(pk__in=[pk for pk, _slug in moved]).update(course_version=version)
    record(
        rollout=rollout,
        kind=EventKind.COURSE_PUBLISHED,
        by=by,
        at=now,
        before={"version": last.number},
        after={"version": version.number, "moved": [slug for _pk, slug in moved]},
        reason=version.note,
    )
    return version


def _rows(version: CourseVersion, before: list[CourseStep], steps: list[StepDraft]) -> Iterable[CourseStep]:
    known = {step.key: step for step in before}
    for number, step in enumerate(steps, 1):
        was = known.get(step.key)
        yield CourseStep(
            course_version=version,
            number=number,
            key=step.key,
            # A translation of another name would be wrong; what the step rests on is true of it still.
            name_en=was.name_en if was and was.name == step.name else "",
            basis=was.basis if was else "",
            name=step.name.strip(),
            owner_role=step.owner_role,
            lead_time_days=step.lead_time_days,
            blocking=step.blocking,
            evidence_required=step.evidence_required.strip(),
        )


def with_keys(rollout: Rollout, steps: Sequence[StepDraft]) -> list[StepDraft]:
    """The steps, each new one with a key that no step of the rollout has had: old evidence is never taken for it."""
    taken = _keys_of(rollout)
    made = []
    for step in steps:
        key = step.key or _free_key(step.name, taken)
        taken.add(key)
        made.append(replace(step, key=key))
    return made


def _keys_of(rollout: Rollout) -> set[str]:
    return set(CourseStep.objects.filter(course_version__rollout=rollout).values_list("key", flat=True))


def _free_key(name: str, taken: set[str]) -> str:
    plain = slugify(name.lower().translate(NORWEGIAN_LETTERS)).replace("-", "_")[:KEY_SUGGESTED].strip("_") or "steg"
    numbered = (f"{plain}_{number}" for number in count(2))
    return plain if plain not in taken else next(key for key in numbered if key not in taken)


def check(rollout: Rollout, steps: Sequence[StepDraft]) -> None:
    """Raise StepsRefused for what the steps cannot be."""
    keys, names = [step.key for step in steps if step.key], [step.name.strip().casefold() for step in steps]
    whole: list[str] = []
    by_step: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    if not steps:
        whole.append(_("Løpet må ha minst ett steg."))
    known = dict(CourseStep.objects.filter(course_version__rollout=rollout, key__in=FACTS).values_list("key", "name"))
    whole += [
        _("Steget «%(name)s» kan ikke tas ut: det oppfylles av opplysninger i Puljeplan.") % {"name": known[key]}
        for key in FACTS
        if key in known and key not in keys
    ]
    if set(keys) - _keys_of(rollout) or len(set(keys)) < len(keys):
        whole.append(_("Stegene er ikke de som ble vist. Last siden på nytt."))
    for place, step in enumerate(steps):
        for name, reason in _against(step):
            by_step[place][name].append(reason)
        if step.name.strip() and names.index(step.name.strip().casefold()) < place:
            by_step[place]["name"].append(_("Et annet steg heter det samme. Gi dem hvert sitt navn."))
    if whole or by_step:
        raise StepsRefused(by_step, whole)


def _against(step: StepDraft) -> Iterable[tuple[str, str]]:
    if not step.name.strip():
        yield "name", _("Gi steget et navn.")
    elif len(step.name) > LONGEST_NAME:
        yield "name", _("Navnet kan ha høyst %(most)s tegn.") % {"most": LONGEST_NAME}
    if step.owner_role not in OwnerRole.values:
        yield "owner_role", _("Velg hvem som er ansvarlig for steget.")
    if not -LONGEST_LEAD <= step.lead_time_days <= LONGEST_LEAD:
        yield (
            "lead_time_days",
            _("Fristen må være mellom %(most)s dager før og %(most)s dager etter.") % {"most": LONGEST_LEAD},
        )
    if not step.evidence_required.strip():
        yield "evidence_required", _("Skriv hva som dokumenterer at steget er gjort.")
    if step.key in FACTS and step.lead_time_days < 0:
        yield "lead_time_days", _("Dette steget må være gjort før åpningen.")
    elif step.blocking and step.lead_time_days < 0:
        yield "blocking", _("Et steg som kommer etter åpningen, kan ikke hindre den.")
    if step.key == FUNDING and not step.blocking:
        yield "blocking", _("Finansieringen må hindre åpning: ingen får flere lisenser enn det er satt av penger til.")


# -- whom a version applies to -------------------------------------------------------------------------------------


def not_started(rollout: Rollout) -> QuerySet[Placement]:
    """The agencies that follow a course and have begun nothing in it: no evidence, waiver, word, signature or number
    of key people, and no access. Withdrawn ones too, for they may come back."""
    of_placement = {"placement": OuterRef("pk")}
    return rollout.placements.filter(
        ~Exists(StepEvidence.objects.filter(**of_placement)),
        ~Exists(Waiver.objects.filter(**of_placement)),
        ~Exists(ReadinessConfirmation.objects.filter(**of_placement)),
        ~Exists(SignOff.objects.filter(**of_placement)),
        key_people_stated__isnull=True,
        leaders_access_at__isnull=True,
    ).exclude(status=PlacementStatus.PILOT)


# -- what differs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """What a newer version does with one step. `kind`: added, dropped or changed (then `fields`)."""

    kind: str
    name: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Behind:
    """That an agency follows an older version than new ones do, and what differs in the newest."""

    follows: CourseVersion
    newest: CourseVersion
    changes: list[Change]


def behind(placement: Placement) -> Behind | None:
    """None: it follows the newest."""
    last = newest(placement.rollout)
    if placement.course_version_id == last.pk:
        return None
    follows = placement.course_version
    return Behind(follows, last, compare(follows.steps.all(), last.steps.all()))


def compare(before: Iterable[Step], after: Iterable[Step]) -> list[Change]:
    """What differs, in the newer one's order and then what is dropped; empty: nothing. A step without key is new."""
    old, new = {step.key: step for step in before}, list(after)
    kept = [step.key for step in new if step.key in old]
    moved = _moved([key for key in old if key in kept], kept)
    places = {key: place for place, key in enumerate(old, 1)}
    changes = []
    for place, step in enumerate(new, 1):
        if step.key not in old:
            changes.append(Change("added", step.name, tuple(_fields(None, step))))
            continue
        fields = [*_fields(old[step.key], step)]
        if step.key in moved:
            fields.append(FieldChange(_("Plass"), str(places[step.key]), str(place)))
        if fields:
            changes.append(Change("changed", step.name, tuple(fields)))
    changes += [Change("dropped", step.name) for key, step in old.items() if key not in kept]
    return changes


def _moved(before: list[str], after: list[str]) -> set[str]:
    """Those that have changed places among themselves; who is only pushed along has not moved."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = {key for block in blocks for key in after[block.b : block.b + block.size]}
    return set(after) - stayed


def _fields(old: Step | None, new: Step) -> Iterable[FieldChange]:
    labels = {
        "name": _("Navn"),
        "owner_role": _("Ansvarlig"),
        "lead_time_days": _("Frist"),
        "blocking": _("Hindrer åpning"),
        "evidence_required": _("Dokumentasjon"),
    }
    for name, label in labels.items():
        value = getattr(new, name)
        if old is None and name != "name":
            yield FieldChange(label, "", said(name, value))
        elif old is not None and getattr(old, name) != value:
            yield FieldChange(label, said(name, getattr(old, name)), said(name, value))


def said(name: str, value: object) -> str:
    """A field's value as a reader sees it."""
    if isinstance(value, bool):
        return _("ja") if value else _("nei")
    if isinstance(value, int):
        return lead_time(value)
    return str(OwnerRole(str(value)).label) if name == "owner_role" and value in OwnerRole.values else str(value)


def lead_time(days: int) -> str:
    """ "28 dager før åpning for ledere"."""
    if days == 0:
        return _("samme dag som åpningen for ledere")
    if days < 0:
        said = ngettext("%(days)s dag etter åpning for ledere", "%(days)s dager etter åpning for ledere", -days)
    else:
        said = ngettext("%(days)s dag før åpning for ledere", "%(days)s dager før åpning for ledere", days)
    return said % {"days": abs(days)}
