import datetime as dt
import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.domain import figures
from rollout.domain.figures import Entry, Licences, Plan, Totals, WaveEntry
from rollout.domain.words import long_date, thousands
from rollout.management.base import PlanCommand
from rollout.models import CAPACITY, OSLO, Rollout, Verdict


class Command(PlanCommand):
    help = gettext_lazy("Viser hele planen: summene, køen og puljene, med hva som mangler hos hver virksomhet.")

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help=_("som JSON, for programmer"))

    def run(self, *, rollout: Rollout, now: dt.datetime, **options: Any) -> None:
        parts = (figures.totals(rollout), figures.licences(rollout), figures.plan(rollout, now=now))
        if options["json"]:
            self.stdout.write(json.dumps(as_json(rollout, *parts, now=now), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_text(rollout, *parts, now=now)))


def as_json(rollout: Rollout, totals: Totals, licences: Licences, plan: Plan, *, now: dt.datetime) -> dict[str, Any]:
    """The plan for programs. Its shape is a promise: add to it, never change it."""
    percent = totals.planned_coverage_percent
    return {
        "now": now.astimezone(OSLO).isoformat(),
        "rollout": rollout.slug,
        "totals": {
            "agencies": totals.agencies,
            "employees": totals.employees,
            "planned_coverage_percent": None if percent is None else float(percent),
            "with_access": totals.with_access,
        },
        "licences": {"pool": licences.pool, "reserved": licences.reserved, "free": licences.free},
        "queue": [_agency(entry) for entry in plan.queue],
        "waves": [
            {
                "number": column.wave.number,
                "state": str(column.wave.state),
                "decision": column.wave.decision and str(column.wave.decision),
                "leaders_on": column.wave.leaders_on.isoformat(),
                "all_staff_on": column.wave.all_staff_on.isoformat(),
                "capacity": CAPACITY,
                "agencies": [_agency(entry) for entry in column.entries],
            }
            for column in plan.waves
        ],
    }


def _agency(entry: Entry) -> dict[str, Any]:
    placement = entry.placement
    return {
        "slug": placement.agency.slug,
        "name": placement.agency.name,
        "employees": placement.headcount,
        "position": placement.position,
        "version": placement.version,
        "ready": entry.ready,
        "problems": [
            {
                "code": problem.code,
                "step": problem.step.key,
                "role": problem.role,
                "due_on": problem.due_on and problem.due_on.isoformat(),
                "days_late": problem.days_late,
            }
            for problem in entry.problems
        ],
    }


def as_text(rollout: Rollout, totals: Totals, licences: Licences, plan: Plan, *, now: dt.datetime) -> list[str]:
    """The plan for people, a line for each agency."""
    here = now.astimezone(OSLO)
    lines = [
        f"{rollout.name} ({rollout.slug}), {long_date(here.date())} kl. {here:%H.%M}",
        _("%(agencies)s virksomheter, %(employees)s medarbeidere") % _said(totals) + _coverage(totals),
        _("Har tilgang: %(people)s av %(employees)s medarbeidere. Ledere har tilgang i %(leaders)s virksomheter.")
        % {
            "people": thousands(totals.with_access),
            "employees": thousands(totals.employees),
            "leaders": totals.leaders_in_agencies,
        },
        _("Piloter utenom: %(pilots_agencies)s virksomheter, %(pilots_employees)s medarbeidere.") % _said(totals),
        _("Lisenser: %(pool)s i avtalen, %(reserved)s reservert, %(free)s ledige.") % _said(licences),
        "",
        ngettext("Kø: %(count)s virksomhet", "Kø: %(count)s virksomheter", len(plan.queue))
        % {"count": len(plan.queue)},
        *map(_line, plan.queue),
    ]
    for column in plan.waves:
        lines += ["", _heading(column), *map(_line, column.entries)]
    return lines


def _said(sums: Totals | Licences) -> dict[str, str]:
    return {name: thousands(value) for name, value in vars(sums).items() if isinstance(value, int)}


def _coverage(totals: Totals) -> str:
    if totals.planned_coverage_percent is None:
        return "."
    return _(": planlagt dekning %(percent)s %% av %(municipality)s i kommunen.") % {
        "percent": str(totals.planned_coverage_percent).replace(".", ","),
        "municipality": thousands(totals.municipality_employees or 0),
    }


def _heading(column: WaveEntry) -> str:
    wave = column.wave
    decision = Verdict(wave.decision).label.lower() if wave.decision else _("ingen beslutning")
    return _("%(wave)s: %(state)s, %(decision)s. Ledere %(leaders)s, alle %(all_staff)s. %(used)s av %(places)s.") % {
        "wave": wave,
        "state": wave.get_state_display().lower(),
        "decision": decision,
        "leaders": long_date(wave.leaders_on),
        "all_staff": long_date(wave.all_staff_on),
        "used": len(column.entries),
        "places": CAPACITY,
    }


def _line(entry: Entry) -> str:
    placement = entry.placement
    state = _("klar") if entry.ready else _("mangler: ") + _missing(entry)
    return (
        f"  {placement.position:>2}  {placement.agency.slug:<18} {placement.agency.name:<34} "
        f"{thousands(placement.headcount):>7}  {state}"
    )


def _missing(entry: Entry) -> str:
    numbers = ", ".join(str(problem.step.number) for problem in entry.problems)
    late = max((problem.days_late or 0 for problem in entry.problems), default=0)
    said = _("steg %(numbers)s") % {"numbers": numbers}
    if late:
        said += " " + ngettext("(%(days)s dag for sent)", "(%(days)s dager for sent)", late) % {"days": late}
    return said
