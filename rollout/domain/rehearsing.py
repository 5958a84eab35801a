"""The dress rehearsal (*generalprøve*): the plan played to its end by the verbs that will run, before anyone is told.

Played on copies of all tables (`shadow`), so that nothing of it is left and no live row waits for it. Nobody acts while
it plays, but for what is assumed (`Assumptions`); what it foretells is what happens if nobody does. Of each message the
headline alone is written (`emails.headlines_alone`).
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from django.utils.translation import gettext as _

from agencies.models import Person, Role, RoleName
from rollout import emails
from rollout.domain import adopting, confirming, deciding, due, licensing, readiness
from rollout.domain.calendar import working_day_on_or_before
from rollout.domain.recording import plan_version
from rollout.domain.refusals import Refused
from rollout.domain.shadow import shadowed
from rollout.domain.words import long_date
from rollout.models import (
    OSLO,
    EmailState,
    LicenceBudget,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Rollout,
    Step,
    Verdict,
    Wave,
    opening_moment,
)

#: What the rules refused to whoever acts in the play: a kind of happening that no event has.
REFUSED = "refused"
#: After the last date of the plan, so that the status that tells of it is part of the play.
AFTER_THE_END = dt.timedelta(days=14)
#: How long after that one may go on playing: every week has its status.
A_YEAR = dt.timedelta(days=366)


@dataclass(frozen=True)
class Assumptions:
    """What is taken to happen while nobody acts, each on the working day before a wave's step.

    `go`: a wave without a go gets one. `ready`: what its agencies lack is done, however late. `scenario`: the one with
    this id has been adopted before the play begins.
    """

    go: bool = False
    ready: bool = False
    scenario: int | None = None


class Happening(TypedDict):
    """An event of the play (its fields as in `PlanEvent`), or a refusal."""

    at: str
    kind: str
    wave: int | None
    agency: str | None
    agency_name: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


class Message(TypedDict):
    """A message the play wrote: when, what, to whom."""

    at: str
    kind: str
    subject: str
    to: str
    headline: str
    withdrawn: bool


class Rehearsal(TypedDict):
    """What is foretold. Moments are ISO strings in Oslo's time; `plan_version` is the plan's when it was played."""

    rollout: str
    plan_version: int
    scenario_version: int | None
    start: str
    until: str
    assumptions: dict[str, Any]
    happenings: list[Happening]
    messages: list[Message]


def rehearse(
    *,
    rollout: Rollout,
    now: dt.datetime,
    until: dt.date | None = None,
    assuming: Assumptions = Assumptions(),
) -> Rehearsal:
    """Play the plan from `now` to the end of the day `until` (None: two weeks past the plan's last date).

    Raises:
        Refused: the scenario cannot be adopted, with every reason; or `until` is gone, or far past the plan's end.
    """
    if until is not None:
        refuse_far(rollout, until, now=now)
    version = plan_version(rollout.slug) or 0
    scenario = rollout.scenarios.filter(pk=assuming.scenario).first() if assuming.scenario else None
    with shadowed(), emails.headlines_alone():
        if scenario is not None:
            adopting.adopt(scenario=scenario, by=_lead(), now=now)
        last = until or end_of(rollout, now=now)
        to = dt.datetime.combine(last, dt.time(23, 59), tzinfo=OSLO)
        events, messages = _marks()
        refusals = _play(rollout, start=now, to=to, assuming=assuming)
        happened = [
            _happening(event)
            for event in PlanEvent.objects.for_telling().filter(rollout=rollout, pk__gt=events).order_by("pk")
        ]
        written = OutgoingEmail.objects.filter(rollout=rollout, pk__gt=messages).order_by("pk")
        return {
            "rollout": rollout.slug,
            "plan_version": version,
            "scenario_version": scenario.version if scenario else None,
            "start": _iso(now),
            "until": last.isoformat(),
            "assumptions": asdict(assuming),
            "happenings": sorted([*happened, *refusals], key=lambda happening: happening["at"]),
            "messages": [_message(message) for message in written],
        }


def end_of(rollout: Rollout, *, now: dt.datetime) -> dt.date:
    """The last day worth playing: two weeks past the last all-staff date, or past today if that is gone."""
    dates = rollout.waves.values_list("all_staff_on", flat=True)
    return max([*dates, now.astimezone(OSLO).date()]) + AFTER_THE_END


def refuse_far(rollout: Rollout, until: dt.date, *, now: dt.datetime) -> None:
    """Raises Refused where the day is gone, or more than a year past the last one worth playing."""
    first, last = now.astimezone(OSLO).date(), end_of(rollout, now=now) + A_YEAR
    if not first <= until <= last:
        said = _("Siste dag må være fra %(first)s til %(last)s.")
        raise Refused(said % {"first": long_date(first), "last": long_date(last)})


def _marks() -> tuple[int, int]:
    """The newest event and message from before the play."""
    event, message = PlanEvent.objects.order_by("pk").last(), OutgoingEmail.objects.order_by("pk").last()
    return (event.pk if event else 0, message.pk if message else 0)


def _play(rollout: Rollout, *, start: dt.datetime, to: dt.datetime, assuming: Assumptions) -> list[Happening]:
    """Run what is due up to `to`; on the way, on the working day before each step, do what is assumed."""
    refusals: list[Happening] = []
    if assuming.go or assuming.ready:
        for eve, number in _eves(rollout, start=start, to=to):
            due.run_through([rollout], start=start, to=eve)
            refusals += _assume(rollout.waves.get(number=number), now=eve, assuming=assuming)
            start = eve
    due.run_through([rollout], start=start, to=to)
    return refusals


def _eves(rollout: Rollout, *, start: dt.datetime, to: dt.datetime) -> list[tuple[dt.datetime, int]]:
    """For each step ahead, in order: 09:00 on the working day before it (`start`, if later), and its wave's number."""
    eves = []
    for wave in rollout.waves.all():
        ahead = list(Step) if wave.is_planned else [wave.next_step] if wave.next_step else []
        for day in (wave.day_of(step) for step in ahead):
            if start < opening_moment(day) <= to:
                eve = working_day_on_or_before(day - dt.timedelta(days=1))
                eves.append((max(start, dt.datetime.combine(eve, dt.time(9), tzinfo=OSLO)), wave.number))
    return sorted(eves)


def _assume(wave: Wave, *, now: dt.datetime, assuming: Assumptions) -> list[Happening]:
    """Do what the wave's agencies lack, and give it its go, as far as the rules allow. Returns what they refused."""
    lead = _lead()
    try:
        if lead is None:
            raise Refused(_("Ingen har rollen som prosjektleder, så ingen kan gi klarsignal."))
        if assuming.ready:
            _do_what_is_missing(wave, by=lead, now=now)
        if assuming.go and not wave.has_go and wave.next_step and wave.placements.exists():
            # Nobody reviews a wave while it plays: what is assumed goes before the reviews too (rule 13).
            assumed = _("Antatt i generalprøven.")
            deciding.decide(wave=wave, verdict=Verdict.GO, reason=assumed, override=assumed, by=lead, now=now)
    except Refused as refused:
        return [_refusal(wave, refused, now=now)]
    return []


def _lead() -> Person | None:
    """Who acts in the play: whoever has been project lead the longest."""
    leads = Role.objects.current().filter(role=RoleName.PROJECT_LEAD, person__is_active=True)
    role = leads.select_related("person").order_by("since", "id").first()
    return role.person if role else None


def _do_what_is_missing(wave: Wave, *, by: Person, now: dt.datetime) -> None:
    """By the verbs that need nobody at the agency: the funding is set to the headcount, the other steps are waived."""
    placements = list(wave.placements.select_related("rollout", "agency", "wave"))
    for placement in placements:
        for problem in readiness.problems_of(readiness.courses([placement], now=now)[placement.pk]):
            if problem.step.key == readiness.FUNDING:
                _fund(placement, by=by, now=now)
            else:
                reason = _("Antatt gjort i generalprøven.")
                confirming.waive(placement=placement, step=problem.step, reason=reason, by=by, now=now)


def _fund(placement: Placement, *, by: Person, now: dt.datetime) -> None:
    budget = LicenceBudget.objects.filter(placement=placement).first()
    licensing.set_funding(
        placement=placement,
        funded=placement.headcount,
        implementation_cost_nok=budget.implementation_cost_nok if budget else 0,
        budget_reference=budget.budget_reference if budget else "",
        by=by,
        now=now,
    )


# -- plain values --------------------------------------------------------------------------------------------------


def _happening(event: PlanEvent) -> Happening:
    return {
        "at": _iso(event.at),
        "kind": event.kind,
        "wave": event.wave.number if event.wave else None,
        "agency": event.agency.slug if event.agency else None,
        "agency_name": event.agency.name if event.agency else None,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
    }


def _refusal(wave: Wave, refused: Refused, *, now: dt.datetime) -> Happening:
    return {
        "at": _iso(now),
        "kind": REFUSED,
        "wave": wave.number,
        "agency": None,
        "agency_name": None,
        "before": {},
        "after": {},
        "reason": " ".join(refused.reasons),
    }


def _message(message: OutgoingEmail) -> Message:
    return {
        "at": _iso(message.written_at),
        "kind": message.kind,
        "subject": message.subject,
        "to": message.to_address,
        "headline": message.headline,
        "withdrawn": message.state == EmailState.WITHDRAWN,
    }


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(OSLO).isoformat()
