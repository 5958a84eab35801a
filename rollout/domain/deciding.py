"""Go and no-go for a wave, and where its unready agencies are to go (rules 6 and 7)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout import emails
from rollout.domain import reviewing
from rollout.domain.calendar import calendar_of
from rollout.domain.locks import lock_placement, lock_plan, lock_wave
from rollout.domain.recording import record
from rollout.domain.refusals import DecisionRefused
from rollout.domain.words import long_date
from rollout.models import Decision, EventKind, Placement, PlanEvent, Step, Verdict, Wave, opening_moment


@transaction.atomic
def decide(
    *,
    wave: Wave,
    verdict: str,
    reason: str,
    by: Person,
    now: dt.datetime,
    plan_version_seen: int | None = None,
    override: str = "",
) -> Decision:
    """Give a wave its go or no-go, for the plan as it stands. The latest decision counts.

    `override`: why a go is given although the review of the wave before stands in the way (rule 13).

    The go that covers both steps is told to the head and the chief of each agency, with the dates.

    Raises:
        Refused: there is no reason; the wave is open for all, has changed since `plan_version_seen` was shown, or, for
            a go: is planned and empty, its next step's moment has passed, a date ahead is closed in the calendar, or
            the wave before has not been reviewed, or its review said to wait, and there is no `override`.
    """
    lock_plan(wave.rollout_id)
    wave = lock_wave(wave.pk)
    if not reason.strip():
        raise DecisionRefused(_("Skriv en begrunnelse for beslutningen."))
    if plan_version_seen is not None and plan_version_seen != wave.plan_version:
        raise DecisionRefused(
            _("%(wave)s er endret siden du så den: datoer eller virksomheter er andre. Se på puljen og bestem på nytt.")
            % {"wave": wave}
        )
    step = wave.next_step
    if step is None:
        raise DecisionRefused(_("%(wave)s er åpen for alle. Det er ikke mer å beslutte.") % {"wave": wave})
    if verdict == Verdict.GO:
        day = wave.day_of(step)
        if opening_moment(day) <= now:
            raise DecisionRefused(
                _("%(wave)s skulle ha åpnet %(day)s klokken 8. Sett en ny dato først.")
                % {"wave": wave, "day": long_date(day)}
            )
        calendar = calendar_of(wave.rollout_id)
        for ahead in [wave.all_staff_on] if step == Step.ALL_STAFF else [wave.leaders_on, wave.all_staff_on]:
            # Dates set before the calendar was: no opening on a day that is closed (rule 12).
            calendar.refuse_closed(ahead)
        # Where everybody was deferred at the leaders' opening nobody can enter any more: all staff opens for none.
        if step == Step.LEADERS and not wave.placements.exists():
            raise DecisionRefused(_("%(wave)s har ingen virksomheter. Flytt noen inn først.") % {"wave": wave})
    override = _overriding(wave, override) if verdict == Verdict.GO else ""
    said = {
        "verdict": verdict,
        "reason": reason.strip(),
        "override": override,
        "plan_version": wave.plan_version,
        "by": by,
    }
    latest = wave.decisions.last()
    if latest is not None and all(getattr(latest, name) == value for name, value in said.items()):
        return latest  # a double press
    before = wave.decision
    decision = Decision.objects.create(wave=wave, decided_at=now, **said)
    event = record(
        rollout=wave.rollout,
        kind=EventKind.DECIDED,
        by=by,
        at=now,
        wave=wave,
        before={"decision": before},
        after={"decision": verdict, "decision_id": decision.pk} | ({"override": override} if override else {}),
        reason=decision.reason,
    )
    if verdict == Verdict.GO and step == Step.LEADERS:
        drafts = emails.dates.your_dates(wave=wave, now=now)
        emails.write_of(event, drafts, now=now)
    elif verdict == Verdict.NO_GO:
        emails.dates.withdraw_your_dates(wave)
    return decision


def _overriding(wave: Wave, override: str) -> str:
    """The reason to give a go all the same; empty where nothing stands in the way.

    Raises:
        DecisionRefused: something does, and there is no reason.
    """
    why = reviewing.what_stands_before(wave)
    if why and not override.strip():
        how = _("Avslutt evalueringen først, eller skriv hvorfor puljen skal få klarsignal likevel.")
        raise DecisionRefused(f"{why} {how}", field="override")
    return override.strip() if why else ""


@transaction.atomic
def choose_deferral(
    *,
    placement: Placement,
    to: Wave | None,
    by: Person | None,
    now: dt.datetime,
    undoes: PlanEvent | None = None,
) -> Placement:
    """Choose where an agency goes if it is not ready when its wave opens; `to` None: the front of the queue (rule 7).

    Raises:
        DecisionRefused: the agency is not in a wave that is still to open, or neither is the wave chosen.
    """
    placement = lock_placement(placement.pk)
    if placement.wave is None or not placement.wave.is_planned:
        raise DecisionRefused(_("%(agency)s står ikke i en pulje som skal åpne.") % {"agency": placement.agency})
    if to is not None:
        to = lock_wave(to.pk)
        if to.rollout_id != placement.rollout_id or not to.is_planned or to.pk == placement.wave_id:
            raise DecisionRefused(_("Velg en annen pulje som ikke er åpnet, eller køen."))
    if placement.deferral_wave_id != (to.pk if to else None):
        before = placement.deferral_wave.number if placement.deferral_wave else None
        placement.deferral_wave = to
        placement.save(update_fields=["deferral_wave"])
        record(
            rollout=placement.rollout,
            kind=EventKind.DEFERRAL_CHOSEN,
            by=by,
            at=now,
            agency=placement.agency,
            wave=placement.wave,
            before={"wave": before},
            after={"wave": to.number if to else None},
            undoes=undoes,
        )
    return placement
