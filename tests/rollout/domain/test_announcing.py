"""What people were told and no longer holds: gathered, shown, and told in one message to each (rule 10)."""

import datetime as dt

import pytest
from django.utils import timezone
from icalendar import Calendar

from agencies.models import Role, RoleName
from rollout import emails
from rollout.domain import (
    announcing,
    deciding,
    erasing,
    inviting,
    leaving,
    placing,
    requesting,
    scheduling,
    undoing,
)
from rollout.domain.refusals import Refused
from rollout.models import EmailKind, EmailState, OutgoingEmail, Verdict
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    place,
)

pytestmark = pytest.mark.django_db

HEAD, CHIEF = "leder.kli@example.org", "kommunikasjonssjef.kli@example.org"
BOTH = "leder.to@example.org"


@pytest.fixture
def rollout():
    """Waves 1 to 4; in wave 2 Klimaetaten and Omsorgsbygg, in wave 3 Bymiljøetaten. One person heads the last two."""
    rollout = make_rollout(waves=4)
    make_lead()
    for slug, name, wave in (("kli", "Klimaetaten", 2), ("oby", "Omsorgsbygg", 2), ("bym", "Bymiljøetaten", 3)):
        agency = make_agency(slug, name=name, employees=40)
        make_people(agency, key_people=1)
        make_ready(place(agency, rollout.waves.get(number=wave)))
    for slug in ("oby", "bym"):
        give_role(BOTH, RoleName.AGENCY_HEAD, placement(rollout, slug).agency)
    return rollout


def placement(rollout, slug):
    return rollout.placements.get(agency__slug=slug)


def wave(rollout, number):
    return rollout.waves.get(number=number)


def decide(rollout, number, verdict=Verdict.GO, *, now=NOW):
    said = {"reason": "Klare.", "override": "Uten evaluering."}
    deciding.decide(wave=wave(rollout, number), verdict=verdict, by=make_lead(), now=now, **said)


def move(rollout, slug, number, *, now=NOW):
    to = wave(rollout, number) if number else None
    return placing.move(placement=placement(rollout, slug), to=to, by=make_lead(), now=now)


def set_dates(rollout, number, leaders_on, all_staff_on, *, now=NOW):
    dates = {"leaders_on": dt.date.fromisoformat(leaders_on), "all_staff_on": dt.date.fromisoformat(all_staff_on)}
    return scheduling.set_dates(wave=wave(rollout, number), by=make_lead(), now=now, reason="Plassmangel.", **dates)


def sent(**which):
    OutgoingEmail.objects.filter(state=EmailState.WAITING, **which).update(
        state=EmailState.SENT, settled_at=timezone.now()
    )


def told(rollout):
    """Both waves have their go, and everybody has it in writing."""
    decide(rollout, 2)
    decide(rollout, 3)
    sent()


def gathered(rollout):
    return {
        (notice.person.email, change.agency.slug): (change.before["wave"], change.now["wave"])
        for notice in emails.announcing.gathered(rollout).notices
        for change in notice.changes
    }


def announce(rollout, *, note="", seen=None, now=NOW):
    seen = emails.announcing.gathered(rollout).mark if seen is None else seen
    return announcing.announce(rollout=rollout, seen=seen, note=note, by=make_lead(), now=now)


def mail(**which):
    return list(OutgoingEmail.objects.filter(**which).exclude(state=EmailState.WITHDRAWN).order_by("to_address"))


def events_in(message):
    assert message.calendar, "no calendar file"
    return {
        str(event["uid"]): (str(event["status"]), event.decoded("dtstart").isoformat(), event["sequence"])
        for event in Calendar.from_ical(message.calendar).walk("VEVENT")
    }


# -- gathered and told -----------------------------------------------------------------------------------------------


def test_what_nobody_was_told_of_is_nothing_to_announce(rollout):
    move(rollout, "kli", 3)
    set_dates(rollout, 3, "2018-05-02", "2018-05-15")

    assert gathered(rollout) == {}
    with pytest.raises(Refused, match="ingenting å kunngjøre"):
        announce(rollout)


def test_many_moves_are_one_message_to_each_with_what_they_were_told_and_what_holds(rollout):
    told(rollout)
    move(rollout, "kli", 3)
    move(rollout, "oby", 3)
    move(rollout, "kli", 4)
    set_dates(rollout, 3, "2018-05-02", "2018-05-15")

    assert gathered(rollout) == {
        (HEAD, "kli"): (2, 4),
        (CHIEF, "kli"): (2, 4),
        ("leder.oby@example.org", "oby"): (2, 3),
        ("kommunikasjonssjef.oby@example.org", "oby"): (2, 3),
        ("leder.bym@example.org", "bym"): (3, 3),
        ("kommunikasjonssjef.bym@example.org", "bym"): (3, 3),
        (BOTH, "oby"): (2, 3),
        (BOTH, "bym"): (3, 3),
    }
    assert mail(kind=EmailKind.DATE_CHANGED) == [], "nobody is told before a lead announces it"

    event = announce(rollout, note="Skolestart.")

    assert event.after == {"people": 7, "agencies": ["bym", "kli", "oby"]}
    corrections = mail(kind=EmailKind.DATE_CHANGED)
    assert len({one.to_address for one in corrections}) == len(corrections) == 7
    to_both = next(one for one in corrections if one.to_address == BOTH)
    for body in (to_both.text, to_both.html):
        assert "Skolestart." in body
        assert "Omsorgsbygg" in body
        assert "Bymiljøetaten" in body
        assert "nsdag 2. mai 2018" in body
        assert "Klimaetaten" not in body
    assert {uid.split("@")[0]: status for uid, (status, *_rest) in events_in(to_both).items()} == {
        f"wave-{wave(rollout, 2).pk}-leaders": "CANCELLED",
        f"wave-{wave(rollout, 2).pk}-all-staff": "CANCELLED",
        f"wave-{wave(rollout, 3).pk}-leaders": "CONFIRMED",
        f"wave-{wave(rollout, 3).pk}-all-staff": "CONFIRMED",
    }
    first = OutgoingEmail.objects.get(kind=EmailKind.YOUR_DATES, to_address=HEAD)
    to_head = next(one for one in corrections if one.to_address == HEAD)
    assert to_head.in_reply_to == first.message_id
    assert gathered(rollout) == {}


def test_new_dates_that_nobody_has_decided_on_yet_are_not_told_as_settled(rollout):
    told(rollout)
    set_dates(rollout, 3, "2018-05-02", "2018-05-15")  # its go is void
    move(rollout, "kli", None)
    announce(rollout)
    moved, queued = (mail(kind=EmailKind.DATE_CHANGED, to_address=who)[0] for who in (BOTH, HEAD))
    for body in ("text", "html"):
        assert "Klarsignal er ikke gitt ennå." in getattr(moved, body)
        assert "Klarsignal er ikke gitt ennå." not in getattr(queued, body), "in the queue there is nothing to decide"


def test_the_same_opening_in_the_calendar_is_moved_by_a_higher_sequence(rollout):
    told(rollout)
    before = events_in(OutgoingEmail.objects.get(kind=EmailKind.YOUR_DATES, to_address=HEAD))
    set_dates(rollout, 2, "2018-04-05", "2018-04-18")
    announce(rollout)
    after = events_in(OutgoingEmail.objects.get(kind=EmailKind.DATE_CHANGED, to_address=HEAD))

    assert before.keys() == after.keys()
    assert all(after[uid][2] > before[uid][2] for uid in before)
    assert {begins[:10] for _status, begins, _sequence in after.values()} == {"2018-04-05", "2018-04-18"}


def test_an_opening_stays_in_the_calendar_of_who_has_another_agency_in_the_wave(rollout):
    move(rollout, "bym", 2)
    decide(rollout, 2)
    sent()
    move(rollout, "bym", 4)
    announce(rollout)

    (to_both,) = mail(kind=EmailKind.DATE_CHANGED, to_address=BOTH)
    assert sorted(to_both.told) == ["bym"]
    assert {status for status, *_rest in events_in(to_both).values()} == {"CONFIRMED"}


@pytest.mark.parametrize("back", ["moved", "undone"])
def test_a_move_and_back_again_tells_nobody_anything(rollout, back):
    told(rollout)
    event = move(rollout, "kli", 3)
    assert len(gathered(rollout)) == 2
    if back == "moved":
        move(rollout, "kli", 2)
    else:
        undoing.undo(rollout=rollout, change=event.change, by=make_lead(), now=NOW)

    assert gathered(rollout) == {}


def test_who_was_told_is_told_that_the_agency_is_in_the_queue_or_has_left(rollout):
    told(rollout)
    move(rollout, "kli", None)
    leaving.withdraw(placement=placement(rollout, "oby"), reason="Legges ned.", by=make_lead(), now=NOW)
    announce(rollout)

    (to_head,) = mail(kind=EmailKind.DATE_CHANGED, to_address=HEAD)
    assert "står i køen, og har ingen dato ennå" in to_head.text
    assert "Gjelder ikke lenger: pulje 2, for ledere onsdag 4. april 2018" in to_head.text
    (to_other,) = mail(kind=EmailKind.DATE_CHANGED, to_address="leder.oby@example.org")
    assert "trukket fra utrullingen" in to_other.text
    assert {status for status, *_rest in events_in(to_other).values()} == {"CANCELLED"}


def test_who_no_longer_answers_for_an_agency_hears_no_more_of_it(rollout):
    told(rollout)
    Role.objects.filter(person__email=HEAD).update(until=NOW)
    Role.objects.filter(person__email=BOTH, agency__slug="oby").update(until=NOW)
    move(rollout, "kli", 4)
    move(rollout, "oby", 4)
    move(rollout, "bym", 4)
    announce(rollout)

    assert mail(kind=EmailKind.DATE_CHANGED, to_address=HEAD) == []
    (to_both,) = mail(kind=EmailKind.DATE_CHANGED, to_address=BOTH)
    assert sorted(to_both.told) == ["bym"]


def test_a_message_that_waits_loses_the_agency_that_is_no_longer_its_readers(rollout):
    move(rollout, "bym", 2)
    decide(rollout, 2)
    role = Role.objects.get(person__email=BOTH, agency__slug="oby")

    inviting.end_role(role=role, by=make_lead(), now=NOW)

    (to_both,) = mail(kind=EmailKind.YOUR_DATES, to_address=BOTH)
    assert sorted(to_both.told) == ["bym"]
    assert "Omsorgsbygg" not in to_both.text + to_both.calendar


def test_nothing_is_written_anew_to_who_is_erased(rollout):
    move(rollout, "bym", 2)
    decide(rollout, 2)
    person = Role.objects.filter(person__email=BOTH).first().person

    erasing.erase(person=person, by=make_lead(), now=NOW)

    assert {one.state for one in person.emails.all()} == {EmailState.WITHDRAWN}
    assert not any(one.text or one.html or one.calendar for one in person.emails.all())
    assert BOTH not in {one.to_address for one in person.emails.all()}


def test_the_answer_to_a_wish_for_another_date_has_told_those_it_went_to(rollout):
    told(rollout)
    chief = Role.objects.get(agency__slug="kli", role=RoleName.COMMUNICATION_CHIEF).person
    wish = requesting.ask_for_date(
        placement=placement(rollout, "kli"), wanted=wave(rollout, 3), reason="Flytting.", by=chief, now=NOW
    )
    requesting.accept_date(request=wish, to=wave(rollout, 3), by=make_lead(), now=NOW)
    assert gathered(rollout) == {}

    set_dates(rollout, 3, "2018-05-02", "2018-05-15")

    answers = mail(kind=EmailKind.ANSWER)
    assert {one.to_address for one in answers} == {HEAD, CHIEF}
    assert all("2. mai 2018" in one.text and "26. april" not in one.text for one in answers), "written anew"


# -- pressing ---------------------------------------------------------------------------------------------------------


def test_what_changed_after_it_was_shown_is_not_announced_unseen(rollout):
    told(rollout)
    move(rollout, "kli", 3)
    seen = emails.announcing.gathered(rollout).mark
    move(rollout, "oby", 3)

    with pytest.raises(Refused, match="andre enn da du åpnet siden"):
        announce(rollout, seen=seen)
    assert mail(kind=EmailKind.DATE_CHANGED) == []


def test_a_second_press_tells_nobody_and_says_who_did(rollout):
    told(rollout)
    move(rollout, "kli", 3)
    seen = emails.announcing.gathered(rollout).mark
    announce(rollout, seen=seen)

    with pytest.raises(Refused, match="prosjektleder@example.org kunngjorde endringene 1. feb. kl. 09.00"):
        announce(rollout, seen=seen)
    assert len(mail(kind=EmailKind.DATE_CHANGED)) == 2


def test_the_same_change_announced_back_and_forth_is_told_each_time(rollout):
    told(rollout)
    for number in (3, 2, 3):
        move(rollout, "kli", number)
        announce(rollout)
        sent()
    assert len(mail(kind=EmailKind.DATE_CHANGED, to_address=HEAD)) == 3


def test_an_announcement_that_fell_before_it_was_sent_can_be_made_again_when_the_same_holds_again(rollout):
    told(rollout)
    move(rollout, "kli", 3)
    announce(rollout)
    for number in (4, 3):
        move(rollout, "kli", number)
    announce(rollout)
    assert [message.told["kli"]["wave"] for message in mail(kind=EmailKind.DATE_CHANGED, to_address=HEAD)] == [3]


# -- near at hand ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "is_urgent"),
    [("2018-03-27 09:00", True), ("2018-03-23 09:00", False)],  # Easter lies between: three working days
)
def test_an_opening_within_three_working_days_makes_an_untold_change_urgent(rollout, now, is_urgent):
    told(rollout)
    set_dates(rollout, 2, "2018-04-05", "2018-04-18", now=at("2018-03-20 09:00"))
    found = announcing.urgent(rollout, emails.announcing.gathered(rollout), now=at(now))

    slugs = [(one.agency.slug, one.day) for one in found]
    assert slugs == ([("kli", dt.date(2018, 4, 4)), ("oby", dt.date(2018, 4, 4))] if is_urgent else [])


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2018-02-09 12:00", 0), ("2018-02-10 12:00", 44), ("2018-03-31 12:00", 0)],
    ids=["a Friday", "a Saturday", "a Saturday with an opening within three working days"],
)
def test_from_a_closed_day_it_waits_for_the_next_working_morning_unless_an_opening_is_near(rollout, now, hours):
    decide(rollout, 2)
    sent()
    move(rollout, "kli", 4)
    event = announce(rollout, now=at(now))

    assert ("not_before" in event.after) == bool(hours)
    for message in mail(kind=EmailKind.DATE_CHANGED):
        wait = message.not_before - timezone.now()
        assert abs(wait - dt.timedelta(hours=hours)) < dt.timedelta(minutes=5)
