"""A world in which every page has something to show."""

import datetime as dt

from django.utils import timezone

from agencies.models import Agency, Person, RoleName
from rollout import clock, rehearsals
from rollout.domain import (
    calendar,
    compositions,
    confirming,
    creating,
    deciding,
    drafting,
    feeds,
    inviting,
    joining,
    learning,
    leaving,
    licensing,
    placing,
    rehearsing,
    requesting,
    scenarios,
    scheduling,
    signing_off,
    stepping,
    together,
)
from rollout.domain.rehearsing import Assumptions
from rollout.models import EmailState, GuidelineVersion, OutgoingEmail, Placement, Purpose, Rollout, Verdict
from rollout.reference import proposed_plan
from tests.factories import NOW, at, give_role, make_figures, make_guidelines
from tests.journeys.every_page import LEAD


def placement(slug: str) -> Placement:
    return Placement.objects.get(agency__slug=slug)


def head(slug: str) -> Person:
    return Person.objects.get(email=f"leder.{slug}@example.org")


def sign(text: GuidelineVersion, slug: str, *, now: dt.datetime) -> None:
    signed = {"hash_seen": text.text_hash, "role": RoleName.AGENCY_HEAD, "signed_in_by": "demo"}
    signing_off.sign(placement=placement(slug), version=text, by=head(slug), now=now, **signed)


def build() -> dict[str, object]:
    """From the reference rollout's first morning to 27 February 2018, an hour after wave 1 opened for all: one agency
    is held, one was deferred, one has left. Returns what the addresses name."""
    rollout, lead = Rollout.objects.active(), Person.objects.get(email=LEAD)
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=lead, now=NOW)
    text = rollout.guideline_versions.get()
    sign(text, "kli", now=NOW)
    for slug in ("kli", "vav"):
        confirming.confirm_readiness(placement=placement(slug), by=head(slug), now=NOW)
    waves = {wave.number: wave for wave in rollout.waves.all()}
    deciding.decide(wave=waves[1], verdict=Verdict.GO, reason="Fire av fem er klare.", by=lead, now=NOW)
    stepping.step_to(to=at("2018-02-20 09:00"))
    now = clock.now()

    text = make_guidelines(rollout, number=2, text=text.text + "\n\nNytt: del aldri passord.", published_at=now)
    for slug in ("bre", "kli", "oby"):
        sign(text, slug, now=now)
    stepping.step_to(to=at("2018-02-27 09:00"))
    now = clock.now()

    for slug, active in (("bre", 210), ("kli", 12)):
        make_figures(
            placement(slug),
            now.date(),
            invited=placement(slug).headcount,
            activated=active,
            weekly_active=active,
            on_mobile=None,
        )
    learning.write_lessons(placement=placement("bre"), texts=["Vaktlagene trenger hver sin time."], by=lead, now=now)
    deciding.decide(
        wave=waves[2],
        verdict=Verdict.GO,
        reason="Klare nok til å begynne.",
        override="Tallene for pulje 1 kommer om tre uker.",
        by=lead,
        now=now,
    )
    scheduling.set_people_cap(wave=waves[3], cap=2_000, by=lead, now=now)
    left = rollout.placements.placed().filter(wave__number=6).first()
    leaving.withdraw(placement=left, reason="Går ut av avtalen.", by=lead, now=now)
    pinned = rollout.placements.placed().filter(wave__number=4).first()
    leaving.pin(placement=pinned, reason="Må åpne før sommeren.", by=lead, now=now)
    days = {"first_day": at("2018-06-11").date(), "last_day": at("2018-06-15").date()}
    period = calendar.add_blackout(
        rollout=rollout, name="Flytting til nytt kontor", hard=False, confirmed=False, by=lead, now=now, **days
    )
    licensing.set_price(rollout=rollout, valid_from=at("2018-08-01").date(), price_nok=27.5, by=lead, now=now)
    for agency in (None, placement("bns").agency):
        feeds.make(rollout=rollout, agency=agency, by=lead, now=now)
    other = {"slug": "teams", "name": "Teams i Oslo kommune", "tool_name": "Teams"}
    creating.create_from(template=rollout, leaders_on=at("2019-02-05").date(), by=lead, now=now, **other)
    drafting.save(rollout=rollout, text=text.text + "\n\nSpør om du er i tvil.", revision_seen=0, by=lead, now=now)
    date = requesting.ask_for_date(
        placement=placement("mum"), reason="Opplæringen er ikke ferdig.", by=head("mum"), now=now
    )
    wants = Agency.objects.get(slug="bym")
    chief = give_role("kommunikasjonssjef.bym@example.org", RoleName.COMMUNICATION_CHIEF, wants)
    join = joining.ask_to_join(
        rollout=rollout, agency=wants, reason="Flere spør etter det.", employees=1_050, by=chief, now=now
    )
    role = inviting.invite(email="ny@example.org", role="key_person", agency=placement("bns").agency, by=lead, now=now)

    # Wave 5 has been told its dates, and one of its agencies has moved since.
    deciding.decide(wave=waves[5], verdict=Verdict.GO, reason="I god tid.", override="Prøves.", by=lead, now=now)
    OutgoingEmail.objects.filter(subject="wave:5:leaders").update(state=EmailState.SENT, settled_at=timezone.now())
    placing.move(placement=waves[5].placements.first(), to=waves[7], by=lead, now=now)
    wishes = compositions.Wishes({"order": 3, "even": 3, "variation": 3, "moves": 2, "early": 1}, pilots=(3,))
    asked = compositions.ask(rollout=rollout, wishes=wishes, by=lead, now=now)
    compositions.run(composition_id=asked.pk, now=now)
    alone = rollout.placements.placed().filter(wave__number=6).first()
    scenario = scenarios.make(
        rollout=rollout,
        name="En for seg selv",
        purpose=Purpose.WHAT_IF,
        by=lead,
        now=now,
        places={slug: {"wave": 8} for slug in (alone.agency.slug, pinned.agency.slug)}
        | {"mum": {"wave": 3}, "oby": {"wave": 3}},
        dates={
            3: {"leaders_on": at("2018-05-03").date(), "all_staff_on": at("2018-05-15").date()},
            8: {"leaders_on": at("2018-10-20").date(), "all_staff_on": at("2018-11-01").date()},
        },
    )
    baseline = scenarios.make(rollout=rollout, name="Februar", purpose=Purpose.BASELINE, by=lead, now=now)
    days = {"leaders_on": at("2018-05-03").date(), "all_staff_on": at("2018-05-15").date()}
    scheduling.set_dates(wave=waves[3], **days, by=lead, now=now, carry_on=True)
    played = rehearsing.rehearse(rollout=rollout, now=now, until=at("2018-04-18").date())
    rehearsals.keep(played, rollout=rollout, assuming=Assumptions())

    message, cut_off, failed, *others = OutgoingEmail.objects.order_by("pk")
    why = "Prosessen som sendte, ble avbrutt. Serveren kan ha tatt imot meldingen."
    for one, state, error in (
        (message, EmailState.SENT, ""),
        (cut_off, EmailState.UNKNOWN, why),
        (failed, EmailState.FAILED, "E-postserveren svarte 550: no such mailbox"),
        *((one, EmailState.SENT, "") for one in others[:20]),
    ):
        OutgoingEmail.objects.filter(pk=one.pk).update(
            state=state, settled_at=timezone.now(), attempts=1, last_error=error
        )
    return {
        "period": period.pk,
        "scenario": scenario.pk,
        "baseline": baseline.pk,
        "withdrawn": left.agency.slug,
        "role": role.pk,
        "their role": placement("vav").agency.roles.current().filter(role=RoleName.KEY_PERSON).first().pk,
        "date": date.pk,
        "join": join.pk,
        "message": message.pk,
        "failed": failed.pk,
        "person": failed.person_id,
        "cut off": cut_off.pk,
    }
