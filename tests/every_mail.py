"""A rollout in which every kind of mail has something to tell, in words that a careless template would stumble on."""

from django.utils import timezone

from agencies.models import Agency, Person, RoleName
from rollout.domain import deciding, drafting, funding, joining, opening, requesting, scheduling
from rollout.models import EmailState, Placement, Rollout, StepEvidence, Verdict
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    make_wave,
    place,
)

#: After wave 1 opened for leaders, and before it opens for all.
TODAY = at("2018-02-17 09:00")
NASTY = 'Lys & "Lyd" <b>Åsen</b> {{ x }}'
#: What somebody may write where we ask for a reason.
WRITTEN = "Vi er < 10 & > 5.\n</td></mj-text><script>alert('hei')</script>"


def build() -> Rollout:
    lead, rollout = make_lead(), make_rollout(is_example=True, name=f"Nytt verktøy {NASTY}")
    waves = [make_wave(rollout, number) for number in (1, 2)]
    for slug, name, wave in (("lys", NASTY, 0), ("kli", "Klimaetaten", 0), ("vav", "Vann- og avløpsetaten", 1)):
        agency = make_agency(slug, name=name, employees=120)
        make_people(agency)
        make_ready(place(agency, waves[wave]))
    for slug in ("utf", "hav", "ufo"):
        make_people(make_agency(slug))
    place(Agency.objects.get(slug="ufo"), waves[1])  # which is not ready, and will be deferred

    deciding.decide(wave=waves[0], verdict=Verdict.GO, reason="Alle er klare.", by=lead, now=NOW)
    opening.open_due(now=at("2018-02-07 08:00"))
    rollout.emails.update(state=EmailState.SENT, settled_at=timezone.now())
    failed = rollout.emails.earliest("pk")
    rollout.emails.filter(pk=failed.pk).update(state=EmailState.FAILED, last_error=f"550 {WRITTEN}")
    waves[0].refresh_from_db()
    dates = {"leaders_on": waves[0].leaders_on, "all_staff_on": at("2018-03-01").date()}
    scheduling.set_dates(wave=waves[0], by=lead, now=TODAY, reason=WRITTEN, **dates)
    StepEvidence.objects.filter(placement__agency__slug="lys").delete()  # so it is held back

    StepEvidence.objects.filter(placement__agency__slug="vav", step__key="risk_and_dpia").delete()  # so it is reminded
    _ask_and_answer(rollout, lead)
    drafting.save(rollout=rollout, text="Ny tekst.", revision_seen=0, by=lead, now=TODAY)
    return rollout


def _ask_and_answer(rollout: Rollout, lead: Person) -> None:
    later = Placement.objects.get(agency__slug="vav")
    theirs, now = _chief("vav"), TODAY
    date = requesting.ask_for_date(placement=later, reason=WRITTEN, by=theirs, now=now)
    requesting.decline_date(request=date, answer=WRITTEN, by=lead, now=now)
    requesting.ask_for_date(placement=later, reason=WRITTEN, by=theirs, now=now)
    for slug in ("hav", "utf"):
        agency = Agency.objects.get(slug=slug)
        join = joining.ask_to_join(
            rollout=rollout, agency=agency, reason=WRITTEN, employees=50, by=_chief(slug), now=now
        )
        if slug == "hav":
            joining.accept_join(request=join, answer=WRITTEN, by=lead, now=now)
    stated = {"licences": 130, "implementation_cost_nok": 0, "budget_reference": NASTY, "by": theirs, "now": now}
    statement = funding.state(placement=later, **stated)
    funding.question(statement=statement, text=WRITTEN, by=lead, now=now)
    give_role("ny@example.org", RoleName.KEY_PERSON, later.agency, since=now)


def _chief(slug: str) -> Person:
    return Person.objects.get(email=f"kommunikasjonssjef.{slug}@example.org")
