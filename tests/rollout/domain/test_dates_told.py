"""A go tells people their dates, and a deferral their new ones, each with the openings for the calendar (rule 10)."""

# ruff: noqa: F811 (fixtures are asked for by the names they are imported under)
import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from rollout.domain import deciding, opening
from rollout.models import EmailKind, EmailState, EventKind, OutgoingEmail, PlanEvent, Verdict
from tests.factories import NOW, at, make_lead
from tests.rollout.domain.test_announcing import (  # noqa: F401 (rollout is a fixture)
    BOTH,
    CHIEF,
    HEAD,
    decide,
    events_in,
    gathered,
    mail,
    move,
    placement,
    rollout,
    sent,
    set_dates,
    told,
    wave,
)

pytestmark = pytest.mark.django_db


# -- the go ----------------------------------------------------------------------------------------------------------


def test_a_go_tells_head_and_chief_their_dates_with_both_openings_for_the_calendar(rollout):
    decide(rollout, 2)

    messages = mail(kind=EmailKind.YOUR_DATES)
    assert [one.to_address for one in messages] == [
        CHIEF,
        "kommunikasjonssjef.oby@example.org",
        HEAD,
        "leder.oby@example.org",
        BOTH,
    ]
    event = PlanEvent.objects.get(kind=EventKind.DECIDED)
    to_head = messages[2]
    assert to_head.occurrence == f"event:{event.pk}"
    assert to_head.headline == "Klimaetaten: Workplace åpner for ledere 4. april 2018"
    for body in (to_head.text, to_head.html):
        assert "nsdag 4. april 2018" in body
        assert "irsdag 17. april 2018" in body
        assert "Omsorgsbygg" not in body
    second = wave(rollout, 2)
    assert events_in(to_head) == {
        f"wave-{second.pk}-leaders@puljeplan": ("CONFIRMED", "2018-04-04T08:00:00+02:00", event.pk),
        f"wave-{second.pk}-all-staff@puljeplan": ("CONFIRMED", "2018-04-17T08:00:00+02:00", event.pk),
    }


def test_a_go_that_falls_before_its_mail_is_sent_takes_the_mail_with_it(rollout):
    decide(rollout, 2)
    move(rollout, "bym", 2)

    assert mail() == []
    assert gathered(rollout) == {}, "nobody has been told anything"


@pytest.mark.parametrize("undone_by", ["dates", "no-go"])
def test_neither_new_dates_nor_a_stop_leaves_the_mail_of_the_go_waiting(rollout, undone_by):
    decide(rollout, 2)
    if undone_by == "dates":
        set_dates(rollout, 2, "2018-04-05", "2018-04-18")
    else:
        decide(rollout, 2, Verdict.NO_GO)

    assert mail() == []


def test_a_second_go_for_the_same_dates_tells_only_who_has_not_been_told(rollout):
    told(rollout)
    move(rollout, "bym", 2)
    decide(rollout, 2)

    new = mail(kind=EmailKind.YOUR_DATES, state=EmailState.WAITING)
    assert {one.to_address for one in new} == {"kommunikasjonssjef.bym@example.org", "leder.bym@example.org", BOTH}
    to_both = next(one for one in new if one.to_address == BOTH)
    assert sorted(to_both.told) == ["bym", "oby"]
    assert "De gjelder i stedet for dem du har fått før." in to_both.text
    third = wave(rollout, 3)
    assert events_in(to_both)[f"wave-{third.pk}-leaders@puljeplan"][0] == "CANCELLED"
    assert to_both.in_reply_to, "it corrects what was told of wave 3"
    assert gathered(rollout) == {}


def test_the_opening_itself_is_told_instead_of_a_go_that_was_not_sent(rollout):
    decide(rollout, 2)
    opening.open_step(wave_id=wave(rollout, 2).pk, now=at("2018-04-04 08:00"))

    assert {one.kind for one in mail()} == {EmailKind.LEADERS_OPEN}


# -- deferred ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(rollout):
    """Wave 2 has opened for leaders. Omsorgsbygg was let in, Klimaetaten was not ready."""
    told(rollout)
    placement(rollout, "kli").readiness_confirmation.delete()
    deciding.choose_deferral(placement=placement(rollout, "kli"), to=wave(rollout, 4), by=make_lead(), now=NOW)
    opening.open_due(now=at("2018-04-04 08:00"))
    return rollout


def test_the_deferred_are_told_why_and_where_to_and_the_leads_of_them_all(opened):
    messages = mail(kind=EmailKind.DEFERRED)
    assert [one.to_address for one in messages] == [CHIEF, HEAD, "prosjektleder@example.org"]
    for one in messages:
        for body in (one.text, one.html):
            assert "Klarmelding" in body
            assert "pulje 4, som åpner for ledere onsdag 23. mai 2018" in body
            assert "Omsorgsbygg" not in body
    second, fourth = wave(opened, 2), wave(opened, 4)
    statuses = {uid.split("@")[0]: status for uid, (status, *_rest) in events_in(messages[0]).items()}
    assert statuses == {
        f"wave-{second.pk}-leaders": "CANCELLED",
        f"wave-{second.pk}-all-staff": "CANCELLED",
        f"wave-{fourth.pk}-leaders": "CONFIRMED",
        f"wave-{fourth.pk}-all-staff": "CONFIRMED",
    }
    assert gathered(opened) == {}, "who is deferred has been told so"


def test_a_deferral_that_is_not_sent_names_the_new_place_when_that_changes(opened):
    move(opened, "kli", 3, now=at("2018-04-04 09:00"))

    messages = mail(kind=EmailKind.DEFERRED)
    assert len(messages) == 3
    for one in messages:
        assert "pulje 3, som åpner for ledere torsdag 26. april 2018" in one.text
        assert "Klarmelding" in one.text
        assert "23. mai" not in one.text
    assert gathered(opened) == {}


# -- from an older version --------------------------------------------------------------------------------------------


def test_who_was_told_a_date_before_it_was_kept_is_told_when_it_moves(opened):
    """A plan from an older version: its mail says nothing by itself of where its agencies stand."""
    OutgoingEmail.objects.update(told={})
    migrations = MigrationLoader(None).disk_migrations.items()
    (migration,) = [found for (_app, name), found in migrations if name.endswith("what_earlier_mail_told")]
    migration.operations[0].code(apps, None)
    sent()
    set_dates(opened, 2, "2018-04-04", "2018-04-20", now=at("2018-04-05 09:00"))

    readers = {person for person, _slug in gathered(opened)}
    assert readers == {message.to_address for message in mail(kind=EmailKind.LEADERS_OPEN)}
    assert readers
