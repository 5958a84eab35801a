"""Calendar feeds: dates and names of agencies on a secret address, which move in the calendars that have them."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from agencies.models import Agency
from rollout.domain import feeds, leaving, placing, profiles, scheduling, undoing
from rollout.domain.refusals import Refused
from rollout.models import CalendarFeed, EventKind, Placement, PlanEvent
from tests import factories
from tests.factories import NOW, make_agency, make_lead, make_people, make_rollout, make_wave, place

pytestmark = pytest.mark.django_db
PAGE = "/r/workplace-2018/feeds/"


@pytest.fixture(autouse=True)
def rollout(settings, db):
    settings.DEMO_MODE = True
    settings.SITE_URL = "https://plan.example.org"
    factories.set_clock(NOW)
    rollout = make_rollout()
    for number in (1, 2, 3):
        days = factories.BASELINE[number]
        scheduling.add_wave(rollout=rollout, leaders_on=days[0], all_staff_on=days[1], by=None, now=NOW)
    return rollout


def make_feed(rollout, agency=None) -> CalendarFeed:
    return feeds.make(rollout=rollout, agency=agency, by=make_lead(), now=NOW)


def read(feed: CalendarFeed) -> dict[str, dict]:
    """What a calendar reads, without signing in: the events by their UID."""
    response = Client().get(f"/cal/{feed.secret}.ics")
    assert response.status_code == 200
    return {str(event["UID"]): event for event in Calendar.from_ical(response.content).walk("VEVENT")}


def move(slug: str, to, **more) -> None:
    placement = Placement.objects.select_related("agency", "rollout", "wave").get(agency__slug=slug)
    placing.move(placement=placement, to=to, by=make_lead(), now=NOW, **more)


def set_dates(wave, leaders_on: dt.date, all_staff_on: dt.date) -> None:
    scheduling.set_dates(wave=wave, leaders_on=leaders_on, all_staff_on=all_staff_on, by=make_lead(), now=NOW)


# -- the plan's feed -----------------------------------------------------------------------------------------------


def test_each_wave_has_an_event_for_leaders_and_one_for_all(rollout):
    wave = rollout.waves.get(number=2)
    place(make_agency("kli", name="Klimaetaten"), wave)
    place(make_agency("vav", name="Vann- og avløpsetaten"), wave)
    events = read(make_feed(rollout))
    assert len(events) == 6
    leaders, everyone = events[f"wave-{wave.pk}-leaders@puljeplan"], events[f"wave-{wave.pk}-all-staff@puljeplan"]
    assert leaders["SUMMARY"] == "Workplace: Pulje 2 åpner for ledere"
    assert everyone["SUMMARY"] == "Workplace: Pulje 2 åpner for alle"
    assert leaders["DESCRIPTION"] == "Klimaetaten\nVann- og avløpsetaten"
    assert leaders["DTSTART"].dt.isoformat() == "2018-04-04T08:00:00+02:00"
    assert everyone["DTSTART"].dt.isoformat() == "2018-04-17T08:00:00+02:00"
    assert leaders["DTEND"].dt - leaders["DTSTART"].dt == dt.timedelta(minutes=30)


def test_a_moved_date_moves_the_event_that_is_there_already(rollout):
    wave, feed = rollout.waves.get(number=2), make_feed(rollout)
    before = read(feed)
    set_dates(wave, dt.date(2018, 4, 10), dt.date(2018, 4, 24))
    after = read(feed)
    assert before.keys() == after.keys()
    for uid in before:
        moved = f"wave-{wave.pk}-" in uid
        assert (after[uid]["SEQUENCE"] > before[uid]["SEQUENCE"]) == moved
        assert (after[uid]["DTSTART"].dt != before[uid]["DTSTART"].dt) == moved
    changed = after[f"wave-{wave.pk}-leaders@puljeplan"]
    assert changed["DTSTART"].dt.isoformat() == "2018-04-10T08:00:00+02:00"
    assert changed["SEQUENCE"] == PlanEvent.objects.get(kind=EventKind.DATES_SET).pk
    assert changed["LAST-MODIFIED"].dt == changed["DTSTAMP"].dt == NOW


def test_the_sequence_rises_whenever_an_event_says_something_new(rollout):
    """Whatever is done to the plan: where what is said differs, the sequence is higher, and it never falls."""
    wave, other, feed = rollout.waves.get(number=2), rollout.waves.get(number=3), make_feed(rollout)
    kli = place(make_agency("kli", name="Klimaetaten")).agency
    place(make_agency("vav", name="Vann- og avløpsetaten"))
    own = make_feed(rollout, kli)
    lead = make_lead()

    def change(text: str) -> None:
        profiles.edit(rollout=rollout, agency=Agency.objects.get(slug="kli"), fields={"name": text}, by=lead, now=NOW)

    def withdraw() -> None:
        placement = Placement.objects.select_related("agency", "rollout", "wave").get(agency__slug="kli")
        leaving.withdraw(placement=placement, reason="Venter", by=lead, now=NOW)

    def undo_last() -> None:
        undoing.undo(rollout=rollout, change=PlanEvent.objects.latest("pk").change, by=lead, now=NOW)

    steps = [
        lambda: move("kli", wave),
        lambda: move("vav", wave, position=1),
        lambda: change("Klima- og miljøetaten"),
        lambda: set_dates(wave, dt.date(2018, 4, 10), dt.date(2018, 4, 24)),
        undo_last,
        lambda: move("kli", other),
        lambda: set_dates(wave, dt.date(2018, 4, 11), dt.date(2018, 4, 25)),
        lambda: move("kli", None),
        lambda: move("kli", wave),
        withdraw,
        undo_last,
    ]
    was = [read(feed), read(own)]
    told = ("SUMMARY", "DESCRIPTION", "DTSTART", "STATUS")
    for step in steps:
        step()
        now = [read(feed), read(own)]
        for old, new in zip(was, now, strict=True):
            assert old.keys() <= new.keys()
            for uid in old:
                says_new = any(old[uid][name] != new[uid][name] for name in told)
                risen = new[uid]["SEQUENCE"] - old[uid]["SEQUENCE"]
                assert risen >= 0 and (risen > 0 or not says_new)
        was = now


def test_nothing_but_dates_and_names_is_told(rollout):
    agency = make_agency("kli", name="Klimaetaten", employees=4321, status_note="Hemmelig merknad")
    people = make_people(agency)
    place(agency, pin_reason="Hemmelig grunn")
    Placement.objects.update(pin_reason="")
    move("kli", rollout.waves.get(number=2), reason="Hemmelig begrunnelse")
    for feed in (make_feed(rollout), make_feed(rollout, agency)):
        content = Client().get(f"/cal/{feed.secret}.ics").content.decode().replace("\r\n ", "")
        assert "Klimaetaten" in content
        for untold in (
            "4321",
            "emmelig",
            feed.secret,
            *(person.email for person in people.values()),
            "MAILTO",
            "@example",
        ):
            assert untold not in content
        names = {name for event in Calendar.from_ical(content).walk("VEVENT") for name in event}
        assert names == {
            *("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "STATUS", "SUMMARY"),
            *("DESCRIPTION", "DTSTART", "DTEND", "TRANSP"),
        }


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (dt.date(2018, 3, 23), 7),
        (dt.date(2018, 3, 26), 6),
        (dt.date(2018, 10, 26), 6),
        (dt.date(2018, 10, 29), 7),
    ],
)
def test_eight_o_clock_is_eight_o_clock_on_both_sides_of_both_clock_changes(rollout, day, utc):
    wave = make_wave(rollout, 9, day, dt.date(2018, 12, 3))
    response = Client().get(f"/cal/{make_feed(rollout).secret}.ics")
    calendar = Calendar.from_ical(response.content)
    event = next(e for e in calendar.walk("VEVENT") if e["UID"] == f"wave-{wave.pk}-leaders@puljeplan")
    assert event["DTSTART"].dt.astimezone(dt.UTC).time() == dt.time(utc)
    # What is written names the zone, and the file itself says when that zone's clocks change.
    assert f"DTSTART;TZID=Europe/Oslo:{day:%Y%m%d}T080000" in response.content.decode()
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone.to_tz(lookup_tzid=False).utcoffset(dt.datetime.combine(day, dt.time(8))) == dt.timedelta(
        hours=8 - int(utc)
    )


def test_the_calendar_says_how_often_to_ask_and_that_it_only_publishes(rollout):
    calendar = Calendar.from_ical(Client().get(f"/cal/{make_feed(rollout).secret}.ics").content)
    assert calendar["METHOD"] == "PUBLISH" and calendar["NAME"] == "Workplace i Oslo kommune"
    assert calendar["REFRESH-INTERVAL"].dt == dt.timedelta(hours=1)
    assert calendar["X-PUBLISHED-TTL"] == "PT1H"


# -- an agency's feed ----------------------------------------------------------------------------------------------


def test_an_agencys_dates_follow_it_from_wave_to_wave(rollout):
    kli = place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=1)).agency
    feed = make_feed(rollout, kli)
    before = read(feed)
    uid = f"agency-{kli.pk}-rollout-{rollout.pk}-leaders@puljeplan"
    assert set(before) == {uid, uid.replace("leaders", "all-staff")}
    assert before[uid]["SUMMARY"] == "Workplace: Klimaetaten åpner for ledere"
    assert before[uid]["DTSTART"].dt.date() == dt.date(2018, 2, 7)
    move("kli", rollout.waves.get(number=3))
    after = read(feed)
    assert after.keys() == before.keys()
    assert after[uid]["DTSTART"].dt.date() == dt.date(2018, 4, 26)
    assert after[uid]["SEQUENCE"] > before[uid]["SEQUENCE"]
    set_dates(rollout.waves.get(number=3), dt.date(2018, 5, 2), dt.date(2018, 5, 14))
    later = read(feed)
    assert later[uid]["DTSTART"].dt.date() == dt.date(2018, 5, 2)
    assert later[uid]["SEQUENCE"] > after[uid]["SEQUENCE"]


def test_an_agency_back_in_the_queue_has_its_dates_cancelled(rollout):
    kli = place(make_agency("kli"), rollout.waves.get(number=1)).agency
    feed = make_feed(rollout, kli)
    before = read(feed)
    move("kli", None)
    after = read(feed)
    assert after.keys() == before.keys()
    for uid, event in after.items():
        assert event["STATUS"] == "CANCELLED" and before[uid]["STATUS"] == "CONFIRMED"
        assert event["SEQUENCE"] > before[uid]["SEQUENCE"]
        assert event["DTSTART"].dt == before[uid]["DTSTART"].dt
    move("kli", rollout.waves.get(number=2))
    assert {str(event["STATUS"]) for event in read(feed).values()} == {"CONFIRMED"}


def test_an_agency_that_never_had_a_date_has_none(rollout):
    kli = place(make_agency("kli")).agency
    assert read(make_feed(rollout, kli)) == {}


def test_another_agencys_moves_are_not_told(rollout):
    kli = place(make_agency("kli"), rollout.waves.get(number=1)).agency
    feed = make_feed(rollout, kli)
    before = Client().get(f"/cal/{feed.secret}.ics").content
    place(make_agency("vav"))
    move("vav", rollout.waves.get(number=1))
    assert Client().get(f"/cal/{feed.secret}.ics").content == before


# -- the address ---------------------------------------------------------------------------------------------------


def test_an_address_taken_back_is_not_there_and_a_new_one_is_another(rollout):
    feed = make_feed(rollout)
    assert Client().get(f"/cal/{feed.secret}.ics").status_code == 200
    feeds.revoke(feed=feed, by=make_lead(), now=NOW)
    new = make_feed(rollout)
    assert new.secret != feed.secret
    assert Client().get(f"/cal/{feed.secret}.ics").status_code == 404
    assert Client().get(f"/cal/{new.secret}.ics").status_code == 200


@pytest.mark.parametrize("secret", ["x", "finnes-ikke", "a" * 500])
def test_an_address_nobody_made_is_not_there_for_anyone(as_lead, secret):
    assert Client().get(f"/cal/{secret}.ics").status_code == 404
    assert as_lead.get(f"/cal/{secret}.ics").status_code == 404


def test_an_unchanged_calendar_is_not_sent_again(rollout):
    feed, client = make_feed(rollout), Client()
    first = client.get(f"/cal/{feed.secret}.ics")
    again = client.get(f"/cal/{feed.secret}.ics", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    set_dates(rollout.waves.get(number=2), dt.date(2018, 4, 10), dt.date(2018, 4, 24))
    changed = client.get(f"/cal/{feed.secret}.ics", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200 and changed["ETag"] != first["ETag"]


def test_the_answer_is_for_calendars_alone(rollout):
    client = Client()
    response = client.get(f"/cal/{make_feed(rollout).secret}.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, max-age=300"
    assert response["X-Robots-Tag"] == "noindex, nofollow" and response["Referrer-Policy"] == "no-referrer"
    assert not response.cookies


def test_reading_changes_nothing_and_is_all_one_can_do(rollout):
    feed, client = make_feed(rollout), Client()
    events = PlanEvent.objects.count()
    assert client.head(f"/cal/{feed.secret}.ics").status_code == 200
    for method in (client.post, client.put, client.delete):
        assert method(f"/cal/{feed.secret}.ics").status_code == 405
    assert PlanEvent.objects.count() == events


def test_the_events_do_not_hold_the_secret(rollout):
    kli = place(make_agency("kli")).agency
    feed = make_feed(rollout, kli)
    feeds.revoke(feed=feed, by=make_lead(), now=NOW)
    made, revoked = PlanEvent.objects.filter(kind__in=(EventKind.FEED_MADE, EventKind.FEED_REVOKED))
    assert (made.kind, revoked.kind) == (EventKind.FEED_MADE, EventKind.FEED_REVOKED)
    assert made.agency == revoked.agency == kli and made.by == revoked.by == make_lead()
    for event in (made, revoked):
        assert feed.secret not in str([event.before, event.after, event.reason])


def test_there_is_one_address_at_a_time(rollout):
    feed = make_feed(rollout)
    with pytest.raises(Refused, match="Hele planen har alt en kalenderadresse"):
        make_feed(rollout)
    feeds.revoke(feed=feed, by=make_lead(), now=NOW)
    with pytest.raises(Refused, match="alt trukket tilbake"):
        feeds.revoke(feed=feed, by=make_lead(), now=NOW)


def test_an_agency_outside_the_rollout_gets_no_address(rollout):
    with pytest.raises(Refused, match="ikke med i utrullingen"):
        make_feed(rollout, make_agency("bym"))


# -- the page ------------------------------------------------------------------------------------------------------


def test_a_lead_makes_an_address_and_takes_it_back(as_lead, rollout):
    page = as_lead.post(f"{PAGE}make/", {"whole": "true"}, follow=True)
    feed = CalendarFeed.objects.get()
    assert f'value="https://plan.example.org/cal/{feed.secret}.ics"' in page.content.decode()
    assert "Kalenderadressen for hele planen er laget." in page.content.decode()
    page = as_lead.post(f"{PAGE}{feed.pk}/revoke/", follow=True)
    assert feed.secret not in page.content.decode()
    assert "er trukket tilbake" in page.content.decode()


def test_an_agency_gets_an_address_of_its_own(as_lead, rollout):
    kli = place(make_agency("kli", name="Klimaetaten")).agency
    as_lead.post(f"{PAGE}make/", {"agency": "kli"})
    feed = CalendarFeed.objects.get()
    assert feed.agency == kli
    html = as_lead.get(PAGE).content.decode()
    assert feed.secret in html and '<option value="kli">' not in html
    again = as_lead.post(f"{PAGE}make/", {"agency": "kli"})
    assert again.status_code == 409 and "har alt en kalenderadresse" in again.content.decode()
    assert as_lead.post(f"{PAGE}make/", {"agency": ""}).status_code == 422
    twice = [as_lead.post(f"{PAGE}{feed.pk}/revoke/").status_code for _press in range(2)]
    assert twice == [302, 409]


def test_the_number_of_queries_does_not_grow_with_the_plan(as_lead, rollout):
    def queries() -> list[int]:
        counts = []
        for address in (PAGE, *(f"/cal/{feed.secret}.ics" for feed in (whole, own))):
            with CaptureQueriesContext(connection) as captured:
                assert as_lead.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    for number in range(26):
        place(make_agency(f"a{number}"), rollout.waves.get(number=1 + number % 3) if number < 12 else None)
    whole, own = make_feed(rollout), make_feed(rollout, Agency.objects.get(slug="a0"))
    few = queries()
    for number in range(26, 260):
        agency = place(make_agency(f"a{number}")).agency
        if number < 60:
            make_feed(rollout, agency)
    for number in range(4, 30):
        make_wave(rollout, number)
    assert queries() == few
