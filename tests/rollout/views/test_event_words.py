"""Every kind of event is told in a sentence of its own, and an undoing says what it took back."""

import datetime as dt
from decimal import Decimal

import pytest

from rollout.domain import adopting, calendar, leaving, licensing, placing, profiles, scenarios, scheduling, undoing
from rollout.models import EventKind, PlanEvent, Purpose
from rollout.views.event_words import TELL, step_names, tell
from tests.factories import NOW, make_agency, make_lead, place

pytestmark = pytest.mark.django_db

QUEUED, PLACED = {"status": "queued", "queue_position": 4}, {"status": "placed", "wave": 2, "slot": 3}
DATES = {"leaders_on": "2018-02-07", "all_staff_on": "2018-02-27"}
PERIOD = {"name": "Fellesferie", "first_day": "2018-07-09", "last_day": "2018-07-27", "hard": True}
FUNDING = {"funded": 1600, "implementation_cost_nok": 240_000, "budget_reference": "Budsjett 2018"}

#: Each kind as the verbs write it: what was before, what came after, and the sentence.
TOLD = [
    (EventKind.JOINED, {}, {"queue_position": 4, "funded": 10}, "Lagt i køen"),
    (EventKind.PILOT_MARKED, {}, {}, "Merket som pilot"),
    (EventKind.MOVED, QUEUED, PLACED, "Flyttet fra plass 4 i køen til pulje 2"),
    (EventKind.MOVED, PLACED, PLACED | {"slot": 1}, "Flyttet fra plass 3 til plass 1 i pulje 2"),
    (EventKind.MOVED, QUEUED, QUEUED | {"queue_position": 1}, "Flyttet fra plass 4 til plass 1 i køen"),
    (EventKind.DEFERRED, PLACED, QUEUED, "Utsatt fra pulje 2 til plass 4 i køen"),
    (EventKind.WITHDRAWN, PLACED, {"status": "withdrawn"}, "Trukket fra pulje 2"),
    (EventKind.REJOINED, {"status": "withdrawn"}, QUEUED, "Tilbake i planen, på plass 4 i køen"),
    (EventKind.REJOINED, {"status": "withdrawn"}, PLACED, "Tilbake i planen, i pulje 2"),
    (EventKind.PINNED, {}, {"reason": "Avtalt."}, "Plasseringen er låst"),
    (EventKind.UNPINNED, {"reason": "Avtalt."}, {}, "Plasseringen er låst opp (var låst: Avtalt)"),
    (EventKind.DEFERRAL_CHOSEN, {"wave": None}, {"wave": 3}, "Blir virksomheten ikke klar, går den til: pulje 3"),
    (
        EventKind.WAVE_ADDED,
        {},
        DATES,
        "Ny pulje: åpner for ledere onsdag 7. februar 2018 og for alle tirsdag 27. februar 2018",
    ),
    (
        EventKind.DATES_SET,
        DATES,
        DATES | {"leaders_on": "2018-02-08"},
        "Nye datoer: ledere torsdag 8. februar 2018 (før: onsdag 7. februar 2018)",
    ),
    (EventKind.CAP_SET, {"cap": None}, {"cap": 9000}, "Tak for medarbeidere satt til 9 000 (før: ikke noe tak)"),
    (EventKind.CAP_SET, {"cap": 9000}, {"cap": None}, "Taket for medarbeidere er fjernet (var 9 000)"),
    (EventKind.DECIDED, {"decision": None}, {"decision": "go", "decision_id": 1}, "Klarsignal"),
    (
        EventKind.DECIDED,
        {"decision": None},
        {"decision": "go", "decision_id": 1, "override": "Tallene kommer."},
        "Klarsignal, tross evalueringen av puljen før (Tallene kommer)",
    ),
    (
        EventKind.NO_DECISION,
        {},
        {"step": "leaders", "date": "2018-02-07"},
        "Åpnet ikke onsdag 7. februar 2018 (ledertilgang): ingen beslutning",
    ),
    (
        EventKind.LEADERS_OPENED,
        {"state": "planned"},
        {"state": "leaders_open", "let_in": ["bns"], "turned_away": ["kli", "vav"], "people": 1650},
        "Åpnet for ledere og nøkkelpersoner: 1 virksomhet kom inn, 2 ble ikke med",
    ),
    (
        EventKind.ALL_STAFF_OPENED,
        {"state": "leaders_open"},
        {"state": "all_open", "let_in": ["bns", "kli"], "turned_away": [], "people": 1687},
        "Åpnet for alle: 2 virksomheter kom inn",
    ),
    (EventKind.HELD, {}, {}, "Åpningen for alle ble holdt tilbake"),
    (EventKind.RELEASED, {}, {}, "Sluppet inn for alle"),
    (EventKind.STEP_CONFIRMED, {}, {"step": "sponsor"}, "Bekreftet: Sponsor oppnevnt"),
    (EventKind.STEP_WAIVED, {}, {"step": "sponsor"}, "Fritatt fra: Sponsor oppnevnt"),
    (EventKind.WAIVER_TAKEN_BACK, {}, {"step": "sponsor"}, "Fritaket er tatt tilbake: Sponsor oppnevnt"),
    (EventKind.KEY_PEOPLE_STATED, {"key_people": None}, {"key_people": 65}, "Antall nøkkelpersoner satt til 65"),
    (EventKind.GUIDELINES_PUBLISHED, {}, {"version": 2, "material": True}, "Kjøreregler, versjon 2, er publisert"),
    (
        EventKind.GUIDELINES_PUBLISHED,
        {},
        {"version": 3, "material": False},
        "Kjøreregler, versjon 3, er publisert, uten krav om ny signatur",
    ),
    (EventKind.SIGNED, {}, {"version": 1, "role": "agency_head"}, "Signerte kjørereglene, versjon 1"),
    (EventKind.READINESS_CONFIRMED, {}, {"comment": ""}, "Meldt klar"),
    (
        EventKind.FUNDING_SET,
        {},
        FUNDING,
        "Finansierte lisenser satt til 1 600 (før: 0); satt av til innføring: 240 000",
    ),
    (
        EventKind.FUNDING_SET,
        FUNDING,
        FUNDING | {"budget_reference": "Sak 12/18"},
        "Budsjettreferanse: Sak 12/18",
    ),
    (EventKind.POOL_SET, {"pool": 45_000}, {"pool": 50_000}, "Lisenser i avtalen satt til 50 000 (før: 45 000)"),
    (
        EventKind.PRICE_SET,
        {"valid_from": "2018-07-02", "price_nok": "25.00"},
        {"valid_from": "2018-07-02", "price_nok": "27.50"},
        "Prisen fra mandag 2. juli 2018 er 27,50 kr per lisens i måneden (før: 25 kr)",
    ),
    (
        EventKind.PRICE_SET,
        {"valid_from": "2018-07-02", "price_nok": "27.50"},
        {"valid_from": "2018-07-02", "price_nok": None},
        "Prisen fra mandag 2. juli 2018 er tatt ut (var 27,50 kr per lisens i måneden)",
    ),
    (
        EventKind.AGENCY_IMPORTED,
        {},
        {"name": "Bydel Nordstrand", "employees": 1650},
        "Lagt inn ved import, med 1 650 medarbeidere",
    ),
    (
        EventKind.AGENCY_IMPORTED,
        {"employees": 1650},
        {"employees": 1700},
        "Endret ved import: medarbeidere fra 1 650 til 1 700",
    ),
    (
        EventKind.AGENCY_EDITED,
        {"name": "Kli", "kind": "etat", "maturity": None, "status_note": ""},
        {"name": "Klimaetaten", "kind": "district", "maturity": 3, "status_note": "Ny leder."},
        "Endret: navn fra «Kli» til «Klimaetaten», type fra «Etat» til «Bydel», modenhetsgrad fra ingen til 3, merknad",
    ),
    (EventKind.ROLE_GIVEN, {}, {"person": 1, "role": "agency_head"}, "Ny rolle gitt: virksomhetsleder"),
    (EventKind.MAIL_HELD, {}, {"held": True}, "All e-post er holdt tilbake"),
    (EventKind.MAIL_RELEASED, {"held": True}, {}, "E-posten er sluppet igjen"),
    (EventKind.MESSAGE_RESENT, {}, {"message_id": "a"}, "En melding er sendt på nytt"),
    (EventKind.ADDRESS_CORRECTED, {}, {"person": 1}, "E-postadressen til en person er rettet"),
    (EventKind.ADDRESS_TRIED, {}, {"person": 1}, "E-postadressen til en person prøves igjen"),
    (
        EventKind.CHANGES_ANNOUNCED,
        {},
        {"people": 7, "agencies": ["kli"]},
        "Endringene i planen er kunngjort for 7 personer",
    ),
    (
        EventKind.FIGURES_ENTERED,
        {},
        {"measured_on": "2018-03-20", "figures_id": 1, "source": "Innsikt"},
        "Tall for bruk per tirsdag 20. mars 2018 er lagt inn",
    ),
    (EventKind.LESSON_WRITTEN, {"text": ""}, {"number": 2, "text": "Begynn i tide."}, "Erfaring 2: Begynn i tide."),
    (EventKind.LESSON_WRITTEN, {"text": "Nei."}, {"number": 2, "text": ""}, "Erfaring 2 er tatt bort"),
    (
        EventKind.REVIEW_CLOSED,
        {"state": "all_open"},
        {"state": "closed", "pace": "same", "proposal": "same", "review_id": 1},
        "Evalueringen er avsluttet: samme tempo",
    ),
    (
        EventKind.REVIEW_CLOSED,
        {"state": "all_open"},
        {"state": "closed", "pace": "slower", "proposal": "hold", "review_id": 1},
        "Evalueringen er avsluttet: saktere (forslaget var vent med neste pulje)",
    ),
    (EventKind.CRITERIA_SET, {}, {}, "Kriteriene for evaluering er endret"),
    (
        EventKind.SCENARIO_ADOPTED,
        {"state": "open"},
        {"scenario": 1, "name": "Rolig høst", "moves": 2, "dates": 1, "waves": 0, "of": 3},
        "Scenarioet «Rolig høst» er tatt i bruk: 2 flyttinger, 1 pulje med nye datoer",
    ),
    (
        EventKind.SCENARIO_ADOPTED,
        {"state": "open"},
        {"scenario": 1, "name": "Rolig høst", "moves": 0, "dates": 0, "waves": 1, "of": 3},
        "En del av scenarioet «Rolig høst» er tatt i bruk: 1 ny pulje",
    ),
    (EventKind.ROLE_ENDED, {"person": 1, "role": "deputy"}, {}, "Rolle avsluttet: stedfortreder"),
    (
        EventKind.MESSAGE_SETTLED,
        {"state": "unknown"},
        {"message_id": "a", "was_sent": True},
        "En melding som ble avbrutt, er avklart: den ble sendt",
    ),
    (
        EventKind.BLACKOUT_ADDED,
        {},
        PERIOD,
        "Sperreperiode lagt inn: «Fellesferie», mandag 9. juli 2018 til fredag 27. juli 2018 (ingenting åpner)",
    ),
    (
        EventKind.BLACKOUT_REMOVED,
        PERIOD | {"hard": False, "last_day": "2018-07-09"},
        {},
        "Sperreperiode fjernet: «Fellesferie», mandag 9. juli 2018 (det varsles)",
    ),
    (EventKind.FEED_MADE, {}, {}, "Ny hemmelig kalenderadresse er laget"),
    (EventKind.FEED_REVOKED, {}, {}, "Den hemmelige kalenderadressen er trukket tilbake"),
    (
        EventKind.ROLLOUT_CREATED,
        {},
        {"slug": "teams", "name": "Teams i Oslo", "template": "Workplace i Oslo", "is_active": False},
        "Utrullingen «Teams i Oslo» er opprettet etter malen av «Workplace i Oslo»",
    ),
    (
        EventKind.ROLLOUT_EDITED,
        {"ends_on": None},
        {"ends_on": "2018-12-31"},
        "Utrullingen er endret: siste dag fra ingen til mandag 31. desember 2018",
    ),
    (
        EventKind.ROLLOUT_ACTIVATED,
        {"active": "Workplace i Oslo"},
        {"active": "Teams i Oslo", "is_active": True},
        "«Teams i Oslo» er gjort til aktiv utrulling i stedet for «Workplace i Oslo»",
    ),
    (EventKind.STEP_WITHDRAWN, {}, {"step": "sponsor"}, "Trakk bekreftelsen: Sponsor oppnevnt"),
    (EventKind.READINESS_WITHDRAWN, {}, {}, "Trakk klarmeldingen"),
    (
        EventKind.FUNDING_STATED,
        {},
        {"licences": 1600, "implementation_cost_nok": 240_000, "budget_reference": ""},
        "Oppga finansiering: 1 600 lisenser og 240 000 kr til innføring",
    ),
    (EventKind.FUNDING_QUESTIONED, {}, {"statement": 1}, "Spørsmål om finansieringen"),
    (EventKind.DATE_ASKED, {}, {"wave": 3}, "Ba om å få gå i pulje 3"),
    (EventKind.DATE_ASKED, {}, {"wave": None}, "Ba om en annen dato"),
    (EventKind.DATE_ANSWERED, {}, {"state": "accepted"}, "Ønsket om en annen dato er godtatt"),
    (EventKind.DATE_ANSWERED, {}, {"state": "declined"}, "Ønsket om en annen dato er avslått"),
    (
        EventKind.JOIN_ASKED,
        {},
        {"employees": 1200, "licences": 1000},
        "Ba om å bli med: 1 200 medarbeidere, 1 000 finansierte lisenser",
    ),
    (EventKind.JOIN_ANSWERED, {}, {"state": "declined"}, "Ønsket om å bli med er avslått"),
    (EventKind.COURSE_PUBLISHED, {}, {"version": 2, "moved": []}, "Innføringsløpet, versjon 2, er publisert"),
    (
        EventKind.COURSE_PUBLISHED,
        {},
        {"version": 2, "moved": ["kli", "vav"]},
        "Innføringsløpet, versjon 2, er publisert, og gjelder 2 virksomheter",
    ),
    (EventKind.CASE_SET, {"case_number": ""}, {"case_number": "26/1"}, "Saksnummer i arkivet: 26/1"),
    (EventKind.PERSON_ERASED, {}, {"person": 1}, "Navn og adresse til en person er slettet"),
    (EventKind.RETENTION_ENFORCED, {}, {"people": 3, "files": 0}, "Slettet etter lagringstiden: personer: 3"),
]


@pytest.mark.parametrize(("kind", "before", "after", "sentence"), TOLD, ids=[str(kind) for kind, *_rest in TOLD])
def test_a_kind_is_told_in_a_sentence(rollout, kind, before, after, sentence):
    event = PlanEvent(rollout=rollout, kind=kind, at=NOW, before=before, after=after)
    assert tell(event, {"sponsor": "Sponsor oppnevnt"}).replace("\xa0", " ").startswith(sentence)


def test_no_kind_is_left_with_its_bare_label():
    assert set(TELL) == set(EventKind) == {kind for kind, *_rest in TOLD}


@pytest.fixture
def all_that_can_be_undone(rollout):
    """What the verbs themselves write: each kind that can be taken back, once."""
    lead, act = make_lead(), {"now": NOW}
    act["by"] = lead
    placement = place(make_agency("kli"), rollout=rollout)
    one = rollout.waves.get(number=1)
    placing.move(placement=placement, to=one, **act)
    leaving.pin(placement=placement, reason="Avtalt", **act)
    leaving.unpin(placement=placement, **act)
    leaving.withdraw(placement=placement, reason="Vil vente", **act)
    leaving.rejoin(placement=placement, **act)
    scheduling.set_dates(wave=one, leaders_on=dt.date(2018, 2, 8), all_staff_on=one.all_staff_on, **act)
    scheduling.set_people_cap(wave=one, cap=9000, **act)
    licensing.set_funding(placement=placement, funded=5, implementation_cost_nok=0, budget_reference="", **act)
    licensing.set_pool(rollout=rollout, size=50_000, **act)
    licensing.set_price(rollout=rollout, valid_from=dt.date(2018, 7, 1), price_nok=Decimal("27.50"), **act)
    period = calendar.add_blackout(
        rollout=rollout, name="Stengt", first_day=dt.date(2018, 3, 1), last_day=dt.date(2018, 3, 2), hard=True, **act
    )
    calendar.remove_blackout(period=period, **act)
    profiles.edit(rollout=rollout, agency=placement.agency, fields={"employees": 120}, **act)
    scheduling.add_wave(rollout=rollout, leaders_on=dt.date(2018, 11, 1), all_staff_on=dt.date(2018, 11, 8), **act)
    places = {"kli": {"wave": 2}}
    made = scenarios.make(rollout=rollout, name="Hva om", purpose=Purpose.WHAT_IF, places=places, **act)
    adopting.adopt(scenario=made, **act)
    return rollout, lead


def test_an_undoing_tells_what_it_took_back_and_its_own_undoing_what_is_so_again(all_that_can_be_undone):
    rollout, lead = all_that_can_be_undone
    names = step_names(rollout)
    events = list(rollout.events.for_telling().order_by("-id"))
    assert len(events) == 16
    for change in dict.fromkeys(event.change for event in events):
        told = {event.pk: tell(event, names) for event in events if event.change == change}
        backs = undoing.undo(rollout=rollout, change=change, by=lead, now=NOW)
        assert len(backs) == len(told)
        for back in backs:
            said = told[back.undoes_id]
            assert tell(back, names) == f"Angret: {said[0].lower()}{said[1:]}"
        again = undoing.undo(rollout=rollout, change=backs[0].change, by=lead, now=NOW)
        assert all(tell(one, names).startswith("Angringen er angret: ") for one in again)
        undoing.undo(rollout=rollout, change=again[0].change, by=lead, now=NOW)


def test_telling_many_takes_no_query_of_its_own(all_that_can_be_undone, django_assert_num_queries):
    rollout, lead = all_that_can_be_undone
    last = rollout.events.last()
    undoing.undo(rollout=rollout, change=last.change, by=lead, now=NOW)
    with django_assert_num_queries(1):
        for event in rollout.events.for_telling():
            tell(event, {})
