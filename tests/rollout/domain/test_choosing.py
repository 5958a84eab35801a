"""Who gets mail that is no duty: by role, unless they have left it, or because they have asked for it."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.models import RoleName
from rollout.domain import choosing, reminding, reporting
from rollout.domain.refusals import Refused
from rollout.emails.choosing import CHOICES, DUTIES, wanted_by
from rollout.models import CHOSEN_KINDS, EmailKind, EmailState, MailChoice, OutgoingEmail, PlanEvent
from rollout.views.notices import ABOUT
from tests import factories as make
from tests.factories import NOW, at

pytestmark = pytest.mark.django_db
STATUS = EmailKind.WEEKLY_STATUS


def choose(person, kind, wanted, now=NOW):
    choosing.choose(person=person, wanted={kind: wanted}, now=now)


def readers(kind=STATUS) -> list[str]:
    return [person.email.split("@")[0] for person in wanted_by(kind)]


@pytest.fixture
def people():
    make.make_lead("lead@example.org")
    make.give_role("sponsor@example.org", RoleName.SPONSOR)
    make.give_role("leser@example.org", RoleName.READER)
    make.give_role("sjef@example.org", RoleName.COMMUNICATION_CHIEF, make.make_agency("kli"))
    return {name: make.make_person(f"{name}@example.org") for name in ("lead", "sponsor", "leser", "sjef")}


def test_leads_and_sponsor_get_the_status_and_a_reader_who_asks(people):
    assert readers() == ["lead", "sponsor"]
    choose(people["leser"], STATUS, True)
    assert readers() == ["lead", "leser", "sponsor"]


def test_the_sponsor_may_leave_it_and_come_back(people):
    choose(people["sponsor"], STATUS, False)
    assert readers() == ["lead"]
    choose(people["sponsor"], STATUS, True)
    assert readers() == ["lead", "sponsor"]
    assert MailChoice.objects.count() == 1


def test_a_wish_gives_nobody_what_their_role_does_not(people):
    choose(people["sjef"], STATUS, True)
    assert readers() == ["lead", "sponsor"]


def test_whoever_loses_the_role_or_the_access_loses_the_subscription(people):
    choose(people["leser"], STATUS, True)
    people["leser"].roles.update(until=NOW)
    people["sponsor"].is_active = False
    people["sponsor"].save()
    assert readers() == ["lead"]


def test_the_weekly_status_goes_to_those_who_want_it(people):
    choose(people["leser"], STATUS, True)
    choose(people["sponsor"], STATUS, False)
    reporting.send_due(rollout=make.make_rollout(), now=at("2018-02-05 08:00"))
    assert sorted(OutgoingEmail.objects.values_list("to_address", flat=True)) == [
        "lead@example.org",
        "leser@example.org",
    ]


@pytest.mark.parametrize("kind", [kind for kind in EmailKind if kind not in CHOSEN_KINDS])
def test_a_duty_cannot_be_left_through_the_verb_nor_past_it(people, kind):
    with pytest.raises(Refused, match="kan ikke velges bort"):
        choose(people["lead"], kind, False)
    with pytest.raises(IntegrityError), transaction.atomic():
        MailChoice.objects.create(person=people["lead"], kind=kind, wanted=False, chosen_at=NOW)


def test_every_kind_is_either_a_duty_or_a_choice_and_has_its_words():
    assert set(CHOICES) | set(DUTIES) == set(EmailKind)
    assert not set(CHOICES) & set(DUTIES)
    assert set(CHOICES) == set(CHOSEN_KINDS) == set(ABOUT)
    assert all(choice.by_default <= choice.may_get for choice in CHOICES.values())


def test_a_choice_is_no_change_of_the_plan(people):
    make.make_rollout()
    before = PlanEvent.objects.count()
    choose(people["lead"], STATUS, False)
    assert PlanEvent.objects.count() == before


@pytest.fixture
def kli():
    make.make_lead()
    rollout = make.make_rollout()
    agency = make.make_agency("kli", name="Klimaetaten")
    people = make.make_people(agency)
    make.make_ready(
        make.place(agency, make.make_wave(rollout, 9, at("2018-06-06 00:00").date())), but_not=("accounts_and_sso",)
    )
    return rollout, people["chief"]


def test_who_leaves_reminders_gets_none_and_one_that_waits_is_withdrawn(kli):
    rollout, chief = kli
    reminding.send_due(rollout=rollout, now=at("2018-05-09 08:00"))
    choose(chief, EmailKind.TO_DO, False)

    assert OutgoingEmail.objects.get().state == EmailState.WITHDRAWN
    assert reminding.send_due(rollout=rollout, now=at("2018-05-09 08:01")) == 0
    reminding.send_due(rollout=rollout, now=at("2018-05-16 08:00"))
    assert not OutgoingEmail.objects.filter(kind=EmailKind.TO_DO).exclude(state=EmailState.WITHDRAWN).exists()


def test_who_leaves_the_week_is_reminded_on_mondays_as_on_other_days(kli):
    rollout, chief = kli
    choose(chief, EmailKind.AGENCY_WEEK, False)
    reminding.send_due(rollout=rollout, now=at("2018-05-08 08:00"))
    assert not OutgoingEmail.objects.exists()
    reminding.send_due(rollout=rollout, now=at("2018-05-14 08:00"))  # a Monday; the 9th's reminder is caught up
    assert OutgoingEmail.objects.get().kind == EmailKind.TO_DO


def test_who_leaves_reminders_still_gets_the_week(kli):
    rollout, chief = kli
    choose(chief, EmailKind.TO_DO, False)
    reminding.send_due(rollout=rollout, now=at("2018-05-14 08:00"))
    assert OutgoingEmail.objects.get().kind == EmailKind.AGENCY_WEEK


def test_what_has_been_sent_is_not_touched_by_leaving(kli):
    rollout, chief = kli
    reminding.send_due(rollout=rollout, now=at("2018-05-09 08:00"))
    OutgoingEmail.objects.update(state=EmailState.SENT, settled_at=timezone.now())
    choose(chief, EmailKind.TO_DO, False)
    assert OutgoingEmail.objects.get().state == EmailState.SENT
