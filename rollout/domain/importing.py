"""Taking in a list of agencies: all of it or nothing, and the same list twice is the same as once.

The slug says which agency a line is about. `queue_position` queues an agency that has no place in the rollout, and
never moves one; an agency that the list leaves out is left alone. Headcounts of opened waves are frozen on their
placements, so a new figure never changes what was opened.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agencies import lists
from agencies.lists import AgencyList, AgencyRow, ListProblem
from agencies.models import Agency, Person
from rollout.domain import queueing
from rollout.domain.locks import lock_plan
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, Placement, Rollout

#: What an export tells of the plan besides. Other verbs change that, so the import reads past these columns.
PLAN_HEADINGS = {
    "status": gettext_lazy("Status"),
    "wave": gettext_lazy("Pulje"),
    "slot": gettext_lazy("Plass i pulje"),
    "leaders_on": gettext_lazy("Åpner for ledere"),
    "all_staff_on": gettext_lazy("Åpner for alle"),
    "headcount": gettext_lazy("Skal ha tilgang"),
    "ready": gettext_lazy("Klar"),
    "missing": gettext_lazy("Antall mangler"),
    "what_is_missing": gettext_lazy("Hva som mangler"),
    "funded": gettext_lazy("Finansierte lisenser"),
    "licences_missing": gettext_lazy("Lisenser som mangler"),
    "reserved": gettext_lazy("Reserverte lisenser"),
    "pin_reason": gettext_lazy("Låst fordi"),
}


class ImportRefused(Refused):
    """The list has bad lines. `problems` holds every one of them."""

    def __init__(self, reasons: str | Iterable[str], problems: Iterable[ListProblem] = ()):
        super().__init__(reasons if isinstance(reasons, str) else list(reasons))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Change:
    """What one line of the list does. `before` and `after` hold the fields that differ; a new agency has no before."""

    row: AgencyRow
    agency: Agency | None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    joins: bool = False

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """(field's label, from, to), for reading."""
        found = []
        for name, value in self.after.items():
            field = Agency._meta.get_field(name)
            before = self.before.get(name)
            found.append((str(field.verbose_name), _shown(field, before), _shown(field, value)))  # type: ignore[union-attr]
        return found


@dataclass(frozen=True)
class ImportPlan:
    """What a list would do, or has done: every line is in exactly one of new, changed and unchanged."""

    new: list[Change]
    changed: list[Change]
    unchanged: list[Change]
    #: Those that join the queue, in the order in which they will stand.
    queued: list[Change]

    @property
    def all(self) -> list[Change]:
        return self.new + self.changed + self.unchanged

    @property
    def does_nothing(self) -> bool:
        return not (self.new or self.changed or self.queued)

    @property
    def summary(self) -> str:
        """ "3 nye, 2 endret, 44 uendret. 3 legges i kø." """
        counts = {"new": len(self.new), "changed": len(self.changed), "unchanged": len(self.unchanged)}
        said = ngettext("%(new)s ny", "%(new)s nye", counts["new"]) % counts
        said += _(", %(changed)s endret, %(unchanged)s uendret.") % counts
        if self.queued:
            said += " " + _("%(queued)s i kø.") % {"queued": len(self.queued)}
        return said


def read_list(content: bytes) -> AgencyList:
    """Read a list from a file's bytes; it may be an export of the board or of the agencies."""
    return lists.read(content, past=[str(heading) for heading in PLAN_HEADINGS.values()])


def plan_import(*, rollout: Rollout, agency_list: AgencyList) -> ImportPlan:
    """What importing the list would do, without doing it.

    Raises:
        ImportRefused: the list has a bad line.
    """
    if agency_list.problems:
        raise ImportRefused([problem.sentence for problem in agency_list.problems], agency_list.problems)
    rows = agency_list.rows
    known = Agency.objects.in_bulk([row.slug for row in rows], field_name="slug")
    placed = set(Placement.objects.filter(rollout=rollout).values_list("agency__slug", flat=True))
    changes = [_change(row, known.get(row.slug), row.slug in placed) for row in rows]
    return ImportPlan(
        new=[change for change in changes if change.agency is None],
        changed=[change for change in changes if change.agency and change.after],
        unchanged=[change for change in changes if change.agency and not change.after],
        queued=sorted((change for change in changes if change.joins), key=_position),
    )


@transaction.atomic
def import_list(
    *, rollout: Rollout, agency_list: AgencyList, by: Person | None, now: dt.datetime, reason: str = ""
) -> ImportPlan:
    """Take in the list. One event for each new or changed agency, and one for each that joins the queue (rule 9).

    Raises:
        ImportRefused: the list has a bad line, or somebody else made one of its agencies at the same moment.
    """
    slugs = [row.slug for row in agency_list.rows]
    # Agencies belong to no rollout: each that has one of them gets the event too, since its board changes with them.
    placed_in: dict[str, set[int]] = defaultdict(set)
    for slug, pk in Placement.objects.filter(agency__slug__in=slugs).values_list("agency__slug", "rollout"):
        placed_in[slug].add(pk)
    locked = {pk: lock_plan(pk) for pk in sorted(set().union({rollout.pk}, *placed_in.values()))}
    rollout = locked[rollout.pk]
    # Another rollout's import is kept from changing them in between.
    list(Agency.objects.filter(slug__in=slugs).order_by("pk").select_for_update(no_key=True))
    plan = plan_import(rollout=rollout, agency_list=agency_list)
    agencies = {change.row.slug: change.agency or Agency(slug=change.row.slug) for change in plan.all}
    # Two changes: the figures stay as the list has them, but those it put in the queue can be taken out again.
    taken_in, queued = new_change(), new_change()
    for change in plan.new + plan.changed:
        agency = agencies[change.row.slug]
        for name, value in change.after.items():
            setattr(agency, name, value)
        try:
            with transaction.atomic():
                agency.save()
        except IntegrityError as error:
            raise ImportRefused(
                _("%(agency)s ble lagt inn av noen andre akkurat nå. Prøv listen på nytt.") % {"agency": agency}
            ) from error
        for pk in {rollout.pk} | placed_in[change.row.slug]:
            record(
                rollout=locked[pk],
                kind=EventKind.AGENCY_IMPORTED,
                by=by,
                at=now,
                agency=agency,
                before=change.before,
                after=change.after,
                reason=reason,
                change=taken_in,
            )
    for change in plan.queued:
        queueing.join(rollout=rollout, agency=agencies[change.row.slug], by=by, now=now, reason=reason, change=queued)
    return plan


def _change(row: AgencyRow, agency: Agency | None, is_placed: bool) -> Change:
    figures = row.figures()
    before = {} if agency is None else {name: getattr(agency, name) for name in figures}
    after = {name: value for name, value in figures.items() if agency is None or before[name] != value}
    return Change(
        row=row,
        agency=agency,
        before={name: value for name, value in before.items() if name in after},
        after=after,
        joins=row.queue_position is not None and not is_placed,
    )


def _position(change: Change) -> int:
    return change.row.queue_position or 0


def _shown(field, value: Any) -> Any:
    return dict(field.flatchoices).get(value, value) if field.choices else value
