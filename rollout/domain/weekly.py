"""What a weekly status says: figures and sentences frozen as plain JSON, so that the report reads the same for ever.

`make_figures` returns (dates and moments as ISO strings; figures as numbers; texts in the language they were sent in):

    schema      1; grows when the shape changes, so that old reports can still be read
    week        "2018-W07", the week of sending;  made_on  the day
    since       {week, number, made_on} of the report before, or null in the first
    last_event_id  the newest event told of
    rollout     {slug, name, tool_name, is_example}
    summary     [sentence]: the answer first, then what is next and what is late
    totals      {agencies, employees, with_access, agencies_with_access, access_percent (of employees),
                leaders_in_agencies, ready (agencies in waves), planned_coverage_percent (of municipality_employees),
                municipality_employees, municipality_source, pilots_agencies, pilots_employees, places_used, places,
                queue_agencies, queue_employees}
    licences    {pool, reserved, free, price_nok}
    waves       [{number, state, state_text, decision, decision_text, leaders_on, all_staff_on, employees, ready,
                agencies: [{slug, name, employees, ready, access (null, "leaders" or "all_staff"), held}]}]
    opened      [{wave, step, step_text, on, employees (all staff; null for leaders, who are counted in
                agencies), agencies: [name]}]: who got access since the report before
    next        {until, openings: [{wave, step, step_text, on, agencies, employees, ready, decision, decision_text}],
                decisions: [{wave, on, overdue, text}], due: [{on, step, name, role, wave, agencies: [name]}]}
    stuck       [{slug, name, wave, leaders_on, held, problems, late, days_late,
                roles: [{role, problems: [{code, step, name, detail, due_on, days_late}]}]}]
    forecast    what `forecasting.keeping.told` says of when the queue is done, without its weeks, and with
                `sentence`, `made_at`, `is_old`; null: none was made. Not in reports from before there were forecasts
    changes     {figures: [{key, name, before, after}], events: [{kind, text}]}

Every figure is a headcount or a count of the plan's own rows, summed per agency or wider. None tells of people's
behaviour, so nothing is suppressed here; a figure of use that is added later is left out for groups under ten
(rule 14). No person is named.
"""

import datetime as dt
from collections import defaultdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain import changes, figures, stopping
from rollout.domain.figures import Entry, Plan, Totals, WaveEntry
from rollout.domain.forecasting import keeping
from rollout.domain.forecasting.words import finish as when_finished
from rollout.domain.words import long_date, thousands
from rollout.models import OSLO, Rollout, StatusReport, Step, Verdict, opening_moment

SCHEMA = 1
AHEAD = dt.timedelta(weeks=2)
STUCK_WITHIN = dt.timedelta(weeks=6)


def make_figures(
    rollout: Rollout, *, week_label: str, now: dt.datetime, previous: StatusReport | None
) -> dict[str, Any]:
    """Freeze the plan as it stands at `now`, as a difference to the report before. Changes nothing."""
    today = now.astimezone(OSLO).date()
    plan, totals = figures.plan(rollout, now=now), figures.totals(rollout)
    licences = figures.licences(rollout)
    before: dict[str, Any] | None = previous.figures if previous else None
    since = (
        {"week": previous.label, "number": previous.week, "made_on": previous.figures["made_on"]} if previous else None
    )
    told = {
        "schema": SCHEMA,
        "week": week_label,
        "made_on": today.isoformat(),
        "since": since,
        "rollout": {
            "slug": rollout.slug,
            "name": rollout.name,
            "tool_name": rollout.tool_name,
            "is_example": rollout.is_example,
        },
        "totals": _totals(rollout, totals, plan),
        "licences": {
            "pool": licences.pool,
            "reserved": licences.reserved,
            "free": licences.free,
            "price_nok": float(licences.price_nok),
        },
        "waves": [_wave(wave) for wave in plan.waves],
        "opened": _opened(plan, before),
        "next": {
            "until": (today + AHEAD).isoformat(),
            "openings": [opening for opening in _openings(plan, now) if opening["on"] <= (today + AHEAD).isoformat()],
            "decisions": _decisions(plan, now),
            "due": _due(plan, today),
        },
        "stuck": _stuck(plan, today),
    }
    told["forecast"] = _forecast(rollout, now)
    told["summary"] = _summary(told, next(iter(_openings(plan, now)), None))
    told["changes"], told["last_event_id"] = changes.since(rollout, told, before)
    return told


def _forecast(rollout: Rollout, now: dt.datetime) -> dict[str, Any] | None:
    """The last forecast that is kept: a status is made from what is there, and makes none itself."""
    kept = keeping.latest(rollout, now=now)
    if kept is None:
        return None
    figures = {name: value for name, value in kept.forecast.figures.items() if name != "weeks"}
    made_at = kept.forecast.made_at.astimezone(OSLO)
    sentence = when_finished(figures)
    if kept.is_old:
        sentence += " " + _("Beregnet %(day)s.") % {"day": long_date(made_at.date())}
    return figures | {"sentence": sentence, "made_at": made_at.isoformat(), "is_old": kept.is_old}


def _totals(rollout: Rollout, totals: Totals, plan: Plan) -> dict[str, Any]:
    access, coverage = figures.percent(totals.with_access, totals.employees), totals.planned_coverage_percent
    return {
        "agencies": totals.agencies,
        "employees": totals.employees,
        "with_access": totals.with_access,
        "agencies_with_access": totals.agencies_with_access,
        "access_percent": None if access is None else float(access),
        "leaders_in_agencies": totals.leaders_in_agencies,
        "ready": sum(wave.ready for wave in plan.waves),
        "planned_coverage_percent": None if coverage is None else float(coverage),
        "municipality_employees": totals.municipality_employees,
        "municipality_source": rollout.municipality_employees_source,
        "pilots_agencies": totals.pilots_agencies,
        "pilots_employees": totals.pilots_employees,
        "places_used": totals.places_used,
        "places": totals.places,
        "queue_agencies": len(plan.queue),
        "queue_employees": sum(entry.placement.headcount for entry in plan.queue),
    }


def access_of(entry: Entry) -> str | None:
    """How far an agency has come: the step whose access it has."""
    if entry.placement.all_staff_access_at is not None:
        return Step.ALL_STAFF.value
    return Step.LEADERS.value if entry.placement.leaders_access_at is not None else None


def _decision_text(decision: str | None) -> str:
    words = {Verdict.GO.value: _("klarsignal gitt"), Verdict.NO_GO.value: _("stopp")}
    return words[decision] if decision else _("ikke besluttet")


def _wave(entry: WaveEntry) -> dict[str, Any]:
    wave = entry.wave
    return {
        "number": wave.number,
        "state": wave.state,
        "state_text": str(wave.get_state_display()),
        "decision": wave.decision,
        "decision_text": _decision_text(wave.decision),
        "leaders_on": wave.leaders_on.isoformat(),
        "all_staff_on": wave.all_staff_on.isoformat(),
        "employees": entry.employees,
        "ready": entry.ready,
        "agencies": [
            {
                "slug": agency.placement.agency.slug,
                "name": agency.placement.agency.name,
                "employees": agency.placement.headcount,
                "ready": agency.ready,
                "access": access_of(agency),
                "held": agency.placement.is_held,
            }
            for agency in entry.entries
        ],
    }


def _opened(plan: Plan, before: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Who has access now and had not in the report before: exact, whatever the clock says about either."""
    had = {a["slug"]: a["access"] for wave in before["waves"] for a in wave["agencies"]} if before else {}
    opened = []
    for wave in plan.waves:
        for step in Step:
            new = [entry for entry in wave.entries if _reached(access_of(entry), step)]
            new = [entry for entry in new if not _reached(had.get(entry.placement.agency.slug), step)]
            if new:
                opened.append(
                    {
                        "wave": wave.wave.number,
                        "step": step.value,
                        "step_text": str(step.label),
                        "on": _access_day(new, step).isoformat(),
                        "employees": sum(entry.placement.headcount for entry in new)
                        if step == Step.ALL_STAFF
                        else None,
                        "agencies": [entry.placement.agency.name for entry in new],
                    }
                )
    return opened


def _reached(access: str | None, step: Step) -> bool:
    return access is not None and (step == Step.LEADERS or access == Step.ALL_STAFF)


def _access_day(entries: list[Entry], step: Step) -> dt.date:
    """The day on which the last of them got access."""
    field = "leaders_access_at" if step == Step.LEADERS else "all_staff_access_at"
    return max(getattr(entry.placement, field) for entry in entries).astimezone(OSLO).date()


def _openings(plan: Plan, now: dt.datetime) -> list[dict[str, Any]]:
    """The openings ahead, the first one first; one whose moment has gone by waits for a decision instead."""
    openings = []
    for entry in plan.waves:
        wave = entry.wave
        ahead = list(Step) if wave.is_planned else [wave.next_step] if wave.next_step else []
        openings += [
            {
                "wave": wave.number,
                "step": step.value,
                "step_text": str(step.label),
                "on": wave.day_of(step).isoformat(),
                "agencies": len(entry.entries),
                "employees": entry.employees,
                "ready": entry.ready,
                "decision": wave.decision,
                "decision_text": _decision_text(wave.decision),
            }
            for step in ahead
            if opening_moment(wave.day_of(step)) > now
        ]
    return sorted(openings, key=lambda opening: (opening["on"], opening["wave"]))


def _decisions(plan: Plan, now: dt.datetime) -> list[dict[str, Any]]:
    """What the project lead must settle: waves that open within two weeks, or should have, without a go; and before
    that the review that keeps such a wave from it.
    """
    until = now.astimezone(OSLO).date() + AHEAD
    missing = [
        {
            "wave": before.number,
            "on": wave.leaders_on.isoformat(),
            "overdue": False,
            "text": _("%(before)s må evalueres før %(wave)s kan få klarsignal.")
            % {"before": before, "wave": str(wave).lower()},
        }
        for before, wave in stopping.unreviewed(plan)
        if wave.leaders_on <= until
    ]
    for entry in plan.waves:
        wave, step = entry.wave, entry.wave.next_step
        if step is None or wave.has_go or not entry.entries or wave.day_of(step) > until:
            continue
        overdue = opening_moment(wave.day_of(step)) <= now
        if wave.decision == Verdict.NO_GO and not overdue:
            continue
        words = {"wave": str(wave), "step": str(step.label), "day": long_date(wave.day_of(step))}
        if wave.decision == Verdict.NO_GO:
            text = _("%(wave)s har fått stopp og trenger ny dato for %(step)s (var %(day)s).") % words
        elif overdue:
            text = _("%(wave)s skulle ha åpnet for %(step)s %(day)s, men ingen beslutning er tatt.") % words
        else:
            text = _("%(wave)s trenger klarsignal eller stopp før %(step)s åpner %(day)s.") % words
        missing.append({"wave": wave.number, "on": wave.day_of(step).isoformat(), "overdue": overdue, "text": text})
    return sorted(missing, key=lambda decision: decision["on"])


def _due(plan: Plan, today: dt.date) -> list[dict[str, Any]]:
    """Steps that fall due within two weeks and are not done, the agencies of a wave together."""
    due: dict[tuple, list[str]] = defaultdict(list)
    for wave in plan.waves:
        if not wave.wave.is_planned:
            continue
        for entry in wave.entries:
            for status in entry.course:
                if status.due_on and not status.done and today <= status.due_on <= today + AHEAD:
                    step = status.step
                    key = (status.due_on.isoformat(), step.number, step.key, step.name, step.owner_role)
                    due[(*key, wave.wave.number)].append(entry.placement.agency.name)
    return [
        {"on": on, "step": key, "name": name, "role": role, "wave": wave, "agencies": agencies}
        for (on, _number, key, name, role, wave), agencies in sorted(due.items())
    ]


def _stuck(plan: Plan, today: dt.date) -> list[dict[str, Any]]:
    """Agencies that are held, whose wave opens within six weeks, or that are over a due date, with what they lack; the
    latest first.
    """
    stuck = []
    for wave in plan.waves:
        soon = wave.wave.is_planned and wave.wave.leaders_on <= today + STUCK_WITHIN
        for entry in wave.entries:
            late = [problem.days_late for problem in entry.problems if problem.days_late]
            is_late = wave.wave.is_planned and bool(late)
            if not (entry.problems and (soon or is_late or entry.placement.is_held)):
                continue
            roles: dict[str, list] = defaultdict(list)
            for problem in entry.problems:
                roles[problem.role].append(
                    {
                        "code": problem.code,
                        "step": problem.step.key,
                        "name": problem.step.name,
                        "detail": problem.detail,
                        "due_on": problem.due_on.isoformat() if problem.due_on else None,
                        "days_late": problem.days_late or 0,
                    }
                )
            stuck.append(
                {
                    "slug": entry.placement.agency.slug,
                    "name": entry.placement.agency.name,
                    "wave": wave.wave.number,
                    "leaders_on": wave.wave.leaders_on.isoformat(),
                    "held": entry.placement.is_held,
                    "problems": len(entry.problems),
                    "late": len(late),
                    "days_late": max(late, default=0),
                    "roles": [{"role": role, "problems": problems} for role, problems in roles.items()],
                }
            )
    return sorted(
        stuck, key=lambda agency: (not agency["held"], not agency["late"], agency["wave"], -agency["days_late"])
    )


def _summary(told: dict[str, Any], opening: dict[str, Any] | None) -> list[str]:
    totals = told["totals"]
    words = {key: thousands(value) for key, value in totals.items() if isinstance(value, int)}
    sentences = [
        _(
            "%(agencies_with_access)s av %(agencies)s virksomheter og "
            "%(with_access)s av %(employees)s medarbeidere har tilgang."
        )
        % words
    ]
    if totals["leaders_in_agencies"] != totals["agencies_with_access"]:
        sentences.append(
            ngettext(
                "Lederne og nøkkelpersonene har tilgang i %(count)s virksomhet.",
                "Lederne og nøkkelpersonene har tilgang i %(count)s virksomheter.",
                totals["leaders_in_agencies"],
            )
            % {"count": totals["leaders_in_agencies"]}
        )
    if opening:
        sentences.append(_opening_sentence(opening))
    if told["forecast"] and told["forecast"]["finish"]:
        sentences.append(told["forecast"]["sentence"])
    overdue = [decision for decision in told["next"]["decisions"] if decision["overdue"]]
    sentences += [decision["text"] for decision in overdue]
    late = sum(bool(agency["late"]) for agency in told["stuck"])
    if late:
        sentences.append(
            ngettext(
                "%(count)s virksomhet er over fristen på ett eller flere steg.",
                "%(count)s virksomheter er over fristen på ett eller flere steg.",
                late,
            )
            % {"count": late}
        )
    return sentences


def _opening_sentence(opening: dict[str, Any]) -> str:
    words = opening | {"day": long_date(dt.date.fromisoformat(opening["on"]))}
    first = _("Neste åpning er Pulje %(wave)s, %(step_text)s, %(day)s") % words
    if not opening["agencies"]:
        return first + _(". Ingen virksomheter er plassert der ennå.")
    ready = _(": %(ready)s av %(agencies)s virksomheter er klare") % words
    if opening["decision"] == Verdict.GO:
        return first + ready + _(", og klarsignal er gitt.")
    if opening["decision"] == Verdict.NO_GO:
        return first + ready + _(", men puljen har fått stopp.")
    return first + ready + _(", og klarsignal er ikke gitt ennå.")
