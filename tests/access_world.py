"""What the table of access is tried in: everybody with a role, something of each kind, and one request at a time.

It is made once for a file of tests, and each request is undone when it has been answered.
"""

import functools

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone

from agencies.models import Person, Role
from rollout import heartbeat
from rollout.domain import reporting, scenarios
from rollout.models import (
    CalendarFeed,
    Composition,
    DateRequest,
    EmailKind,
    EmailState,
    JoinRequest,
    OutgoingEmail,
    Purpose,
    Scenario,
)
from tests.access import A_PERSON, A_REQUEST, A_ROLE, A_SCENARIO, EVERYONE, KEY, OWN, READER, Line, address
from tests.factories import (
    NOW,
    at,
    attach,
    give_role,
    make_agency,
    make_lead,
    make_person,
    make_ready,
    make_rollout,
    make_wave,
    open_for_all,
    place,
    set_clock,
)


@pytest.fixture(scope="module", autouse=True)
def world(django_db_setup, django_db_blocker):
    """One agency of each kind of standing, and somebody in every role at `kli`. Undone after the last test."""
    issuer = {"OIDC_ISSUER": "http://127.0.0.1:1", "OIDC_CLIENT_ID": "puljeplan", "OIDC_CLIENT_SECRET": "hemmelig"}
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO_MODE=True, FORMS_PER_MINUTE=10**6, **issuer),
        transaction.atomic(),
    ):
        visitor.cache_clear()  # their sessions went with another file's world
        make_world()
        yield
        transaction.set_rollback(True)


def make_world():
    cache.clear()
    set_clock(at("2018-02-01 09:00"))
    rollout = make_rollout(waves=2, is_example=True)
    kli = make_ready(place(make_agency("kli"), rollout.waves.get(number=1)))
    give_role("nokkelperson1.kli@example.org", KEY, kli.agency)
    Role.objects.create(pk=A_ROLE, person=make_person(), role=KEY, agency=kli.agency, since=NOW)
    attach(kli.evidence.get(step__number=4))
    place(make_agency("vav"), rollout.waves.get(number=1))
    open_for_all(make_wave(rollout, 3))
    kul = make_agency("kul")
    make_lead()
    asked = {"pk": A_REQUEST, "reason": "Sykdom.", "asked_by": make_person(), "asked_at": NOW}
    DateRequest.objects.create(placement=kli, **asked)
    wishes = {"weights": {"order": 3}, "pilots": [], "rushed": [], "everyone": False}
    Composition.objects.create(
        pk=A_REQUEST,
        rollout=rollout,
        wishes=wishes,
        plan_version=0,
        asked_by=make_lead(),
        asked_at=NOW,
        alive_at=timezone.now(),
    )
    JoinRequest.objects.create(rollout=rollout, agency=kul, employees=10, **asked)
    make_person("avvist@example.org", pk=A_PERSON)
    reporting.draft(rollout=rollout, week=reporting.Week(2018, 6), now=at("2018-02-05 08:00")).save()
    made = scenarios.make(rollout=rollout, name="Hva om", purpose=Purpose.WHAT_IF, by=make_lead(), now=NOW)
    Scenario.objects.filter(pk=made.pk).update(id=A_SCENARIO)
    CalendarFeed.objects.create(pk=999, rollout=rollout, secret="known-to-calendars", made_by=make_lead(), made_at=NOW)
    OutgoingEmail.objects.create(
        pk=1,
        rollout=rollout,
        kind=EmailKind.HELD,
        person=make_lead(),
        state=EmailState.UNKNOWN,
        not_before=NOW,
        written_at=NOW,
    )
    OutgoingEmail.objects.create(
        pk=2,
        rollout=rollout,
        kind=EmailKind.WEEKLY_STATUS,
        subject="week:2018-W06",
        person=make_lead(),
        text="Hei",
        html="<p>Hei</p>",
        message_id="<2@example.org>",
        state=EmailState.SENT,
        not_before=NOW,
        written_at=NOW,
        settled_at=NOW,
    )

    for role in EVERYONE:
        give_role(f"{role}@example.org", role, kli.agency if role in OWN else None)
    give_role("uten.rolle@example.org", READER).roles.update(until=NOW)
    # Signed in here, where it is not undone after each test.
    for email in (*(f"{role}@example.org" for role in EVERYONE), "uten.rolle@example.org", None):
        visitor(email)


@functools.cache
def visitor(email: str | None) -> tuple[Client, str | None]:
    """Somebody's browser, and the session it starts each request with (None: has not signed in)."""
    client = Client()
    if email:
        client.force_login(Person.objects.get(email=email))
    return client, client.cookies["sessionid"].value if email else None


def send(email: str | None, method: str, name: str, line: Line, *, htmx: bool = False, **other):
    """The answer to one request, whose doings are then undone."""
    client, session = visitor(email)
    client.cookies.clear()
    if session:
        client.cookies["sessionid"] = session
    if name == "readyz":
        heartbeat.beat_was_here()  # longer ago, and it is rightly not ready
    told = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"} if htmx else {}
    with transaction.atomic():
        answer = getattr(client, method)(
            address(name, line, **other), line.data if method == "post" else {}, headers=told
        )
        transaction.set_rollback(True)
    return answer
