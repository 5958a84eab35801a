"""An agency's own figures and words, edited by hand. They belong to no rollout: each that has the agency is told."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from agencies import addresses, lists
from agencies.models import Agency, AgencyKind, Person
from rollout.domain.locks import lock_plans
from rollout.domain.recording import record
from rollout.domain.refusals import FieldsRefused, Refused
from rollout.domain.words import thousands
from rollout.models import EventKind, PlanEvent, Rollout

EDITABLE = (
    *("name", "kind", "sector", "employees", "locations", "maturity", "leadership_anchoring", "status_note"),
    "email_domains",
)


def rollouts_with(agency_ids: Iterable[int]) -> set[int]:
    """The rollouts in which one of the agencies takes part: those that an edit locks."""
    return set(Rollout.objects.filter(placements__agency__in=agency_ids).values_list("pk", flat=True))


@transaction.atomic
def edit(
    *,
    rollout: Rollout,
    agency: Agency,
    fields: Mapping[str, Any],
    by: Person | None,
    now: dt.datetime,
    seen: Mapping[str, Any] | None = None,
    undoes: PlanEvent | None = None,
) -> PlanEvent | None:
    """Set some of the agency's `EDITABLE` fields, as seen from one rollout. None: nothing changed.

    `seen` holds the fields as they were shown. Only those that differ from it are set, so what somebody else has
    changed meanwhile stays unless it is the same field. Without it, all of `fields` are set.

    Headcounts frozen at an opening stay frozen. Every rollout in which the agency takes part gets an event, since its
    board changes too.

    Raises:
        Refused: a value is not allowed there, or somebody has changed the same field to another value since it was
            shown; `field` names it.
    """
    locked = lock_plans({rollout.pk} | rollouts_with([agency.pk]))
    agency = _as_it_is_now(agency.pk)
    fields = {name: _tidy(name, value) for name, value in fields.items()}
    wanted = {
        name: value for name, value in fields.items() if name in EDITABLE and (seen is None or value != seen[name])
    }
    before = {name: getattr(agency, name) for name in wanted}
    after = {name: value for name, value in wanted.items() if value != before[name]}
    if not after:
        return None
    if seen is not None:
        _refuse_clashes(agency, seen=seen, before=before, after=after)
    for name, value in after.items():
        setattr(agency, name, value)
    try:
        agency.full_clean(exclude=["name_sort_key", "slug"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages, field=name if name in EDITABLE else "") from error
    agency.save()
    said: dict[str, Any] = {
        "kind": EventKind.AGENCY_EDITED,
        "by": by,
        "at": now,
        "agency": agency,
        "before": {name: before[name] for name in after},
        "after": after,
    }
    for other in locked.values():
        if other.pk != rollout.pk:
            record(rollout=other, **said)
    return record(rollout=rollout, undoes=undoes, **said)


def _tidy(name: str, value: Any) -> Any:
    if name == "email_domains":
        try:
            return addresses.domains(value)
        except ValueError as wrong:
            raise Refused(
                _("«%(typed)s» er ikke et domene. Skriv det som står etter @, som kli.example.org.")
                % {"typed": str(wrong)[:80]},
                field=name,
            ) from wrong
    return lists.tidy(name, value) if isinstance(value, str) else value


def _as_it_is_now(pk: int) -> Agency:
    """Locked, so that nobody changes it between the question and the answer: an import from another plan, say."""
    return Agency.objects.select_for_update(no_key=True).get(pk=pk)


def _refuse_clashes(
    agency: Agency, *, seen: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    clashes = {
        name: [
            _("%(who)s har endret dette til «%(theirs)s», og du skrev «%(mine)s». Velg hva som skal stå, og lagre.")
            % {"who": _who_changed(agency, name), "theirs": said(name, before[name]), "mine": said(name, value)}
        ]
        for name, value in after.items()
        if before[name] != seen[name]
    }
    if clashes:
        raise FieldsRefused(clashes)


def _who_changed(agency: Agency, name: str) -> str:
    kinds = (EventKind.AGENCY_EDITED, EventKind.AGENCY_IMPORTED)
    changed = PlanEvent.objects.filter(agency=agency, kind__in=kinds, after__has_key=name)
    last = changed.select_related("by").last()
    return str(last.by) if last and last.by else _("Noen")


def said(name: str, value: Any) -> str:
    """A field's value as a reader sees it."""
    if value in (None, "", []):
        return _("tomt")
    if isinstance(value, list):
        return ", ".join(value)
    if name == "kind":
        return str(AgencyKind(value).label)
    return thousands(value) if isinstance(value, int) else str(value)
