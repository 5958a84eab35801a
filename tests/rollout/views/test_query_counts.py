"""No page, file or feed asks the database more often for being about more: 26 or 260 agencies, one rollout or three."""

import datetime as dt
import functools
import itertools

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import Person, Role, RoleName
from rollout import emails, rehearsals
from rollout.domain import creating, drafting, rehearsing, reporting, scenarios
from rollout.domain.forecasting import keeping
from rollout.domain.rehearsing import Assumptions, Rehearsal
from rollout.domain.reporting import Week
from rollout.models import (
    BlackoutPeriod,
    CalendarFeed,
    Commitment,
    CommitmentProof,
    DateRequest,
    Decision,
    EmailKind,
    EmailState,
    EventKind,
    JoinRequest,
    Lesson,
    LicencePrice,
    OutgoingEmail,
    Placement,
    PlanEvent,
    Purpose,
    ReadinessConfirmation,
    Rollout,
    Scenario,
    SignOff,
    Verdict,
    Waiver,
    Wave,
    WaveState,
)
from rollout.views.overview_changes import EVENTS_READ
from tests import factories as make
from tests.bench import world

pytestmark = pytest.mark.django_db

R = {"slug": world.SLUG}
OPENED, HALF_OPEN, PLANNED = 1, 2, 3
A_SCENARIO, A_BASELINE, A_REQUEST = 1_000_000_001, 1_000_000_002, 1_000_000_003
SUFFIX = {"suffix": "csv"}
#: What lists agencies, waves, rollouts or what happened to them: the route, what its address names, and its query.
PAGES = (
    ("rollout:overview", R, ""),
    ("rollout:board", R, ""),
    ("rollout:board", R, "q=etaten&vis=ikke-klare&storrelse=100-999&sorter=mangler"),
    ("rollout:board-changes", R, "since=1"),
    ("rollout:board-move", R | {"agency": "v12"}, ""),
    ("rollout:board-effect", R | {"agency": "v12"}, "to=4"),
    ("rollout:board-move-many", R, "agency=v12&agency=v21"),
    ("rollout:board-pin", R | {"agency": "v12"}, ""),
    ("rollout:board-join", R, ""),
    ("rollout:wave-new", R, ""),
    ("rollout:board-export", R | SUFFIX, ""),
    ("rollout:calendar", R, ""),
    ("rollout:compose", R, ""),
    ("rollout:scenarios", R, ""),
    ("rollout:scenario-new", R, ""),
    ("rollout:scenario", R | {"pk": A_SCENARIO}, ""),
    ("rollout:scenario", R | {"pk": A_BASELINE}, ""),
    ("rollout:scenario-forecast", R | {"pk": A_SCENARIO}, ""),
    ("rollout:scenario-edit", R | {"pk": A_SCENARIO}, ""),
    ("rollout:scenario-export", R | {"pk": A_SCENARIO} | SUFFIX, ""),
    ("rollout:wave", R | {"number": OPENED}, ""),
    ("rollout:wave", R | {"number": HALF_OPEN}, ""),
    ("rollout:wave", R | {"number": PLANNED}, ""),
    ("rollout:wave-review", R | {"number": OPENED}, ""),
    ("rollout:wave-review-template", R | {"number": OPENED}, ""),
    ("rollout:wave-review-figures", R | {"number": OPENED, "agency": "v1"}, ""),
    ("rollout:lessons", R, ""),
    ("rollout:lessons-edit", R | {"agency": "v1"}, ""),
    ("rollout:wave-dates", R | {"number": PLANNED}, ""),
    ("rollout:wave-cap", R | {"number": PLANNED}, ""),
    ("rollout:wave-mail", R | {"number": PLANNED, "place": 1}, ""),
    ("rollout:wave-export", R | {"number": PLANNED} | SUFFIX, ""),
    ("agencies:list", {}, ""),
    ("agencies:agency", {"agency": "v12"}, ""),
    ("rollout:agency-plan", R | {"agency": "v12"}, ""),
    ("rollout:agency-withdraw", R | {"agency": "v12"}, ""),
    ("rollout:agencies-export", R | SUFFIX, ""),
    ("rollout:archive", R | {"agency": "v12"}, ""),
    ("rollout:archive-file", R | {"agency": "v12", "suffix": "json"}, ""),
    ("rollout:licences", R, ""),
    ("rollout:licences-pool", R, ""),
    ("rollout:licences-export", R | SUFFIX, ""),
    ("rollout:history", R, ""),
    ("rollout:history", R, "agency=v1&kind=places"),
    ("rollout:history-export", R | SUFFIX, ""),
    ("rollout:rollouts", {}, ""),
    ("rollout:rollout-activate", R, ""),
    ("rollout:rollout-copy", R, ""),
    ("rollout:feeds", R, ""),
    ("rollout:calendar-feed", {"secret": "the-whole-plan"}, ""),
    ("rollout:calendar-feed", {"secret": "the-feed-of-v1"}, ""),
    ("rollout:import", R, ""),
    ("rollout:import-list", R | SUFFIX, ""),
    ("rollout:announce", R, ""),
    ("rollout:mail", R, ""),
    ("rollout:mail", R, "state=unknown"),
    ("rollout:mail-preview", R, ""),
    ("rollout:mail-preview-kind", R | {"kind": "your_dates"}, ""),
    ("rollout:mail-preview-kind", R | {"kind": "deferred"}, ""),
    ("rollout:mail-preview-kind", R | {"kind": "date_changed"}, ""),
    ("rollout:mail-preview-kind", R | {"kind": "to_do"}, ""),
    ("rollout:mail-preview-kind", R | {"kind": "request"}, ""),
    ("rollout:forecast", R, ""),
    ("rollout:status-index", R, ""),
    ("rollout:status", R | {"week": "2018-W07"}, ""),
    ("rollout:status-mail", R | {"week": "2018-W07"}, ""),
    ("rollout:status-preview", R, ""),
    ("rollout:my", R, ""),
    ("rollout:my-course", R | {"agency": "v12"}, ""),
    ("rollout:my-people", R | {"agency": "v12"}, ""),
    ("rollout:my-funding", R | {"agency": "v12"}, ""),
    ("rollout:my-date", R | {"agency": "v12"}, ""),
    ("rollout:requests", R, ""),
    ("rollout:request-date", R | {"pk": A_REQUEST}, ""),
    ("rollout:request-join", R | {"pk": A_REQUEST}, ""),
    ("rollout:guidelines", R, ""),
    ("rollout:guidelines-version", R | {"number": 1}, ""),
    ("rollout:guidelines-publish", R, ""),
    ("rollout:commit", R, ""),
    ("rollout:commitments", R, ""),
    ("rollout:commitments-export", R | SUFFIX, ""),
    ("rollout:course", R, ""),
    ("rollout:course-edit", R, ""),
    ("rollout:rehearsal", R, ""),
    ("rollout:notices", {}, ""),
    ("rollout:my-data", {}, ""),
)


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO_MODE = True


def fill(agencies: int) -> Rollout:
    """The bench's plan, in which every kind of thing that a page lists grows with the agencies; wave 1 is full."""
    rollout, lead = world.build(agencies), make.make_lead()
    make.set_clock(make.at("2018-02-20 09:00"))
    waves = list(rollout.waves.all())
    first, second, third, *later = waves
    for wave, leaders_on, all_staff_on in (
        (first, dt.date(2018, 2, 7), dt.date(2018, 2, 14)),
        (second, dt.date(2018, 2, 14), dt.date(2018, 2, 28)),
        (third, dt.date(2018, 3, 7), dt.date(2018, 3, 20)),
    ):
        wave.leaders_on, wave.all_staff_on = leaders_on, all_staff_on
        wave.leaders_opened_at = None if wave is third else make.at(f"{leaders_on} 08:00")
        wave.all_staff_opened_at = make.at("2018-02-14 08:00") if wave is first else None
        wave.state = {first: WaveState.ALL_OPEN, second: WaveState.LEADERS_OPEN}.get(wave, WaveState.PLANNED)
        wave.save()
    placements = list(rollout.placements.select_related("agency").order_by("pk"))
    for placement in placements:
        if placement.wave_id in (first.pk, second.pk):
            placement.leaders_access_at, placement.employees_at_opening = make.NOW, placement.agency.employees
        if placement.wave_id == first.pk:
            placement.all_staff_access_at = make.NOW
        if placement.wave_id == third.pk:
            placement.deferral_wave = later[0]
        if placement.slot == 3 and placement.wave_id not in (first.pk, second.pk):
            placement.pin_reason = "Må stå her."
        placement.key_people_stated = 100
    fields = (
        "key_people_stated",
        "leaders_access_at",
        "all_staff_access_at",
        "employees_at_opening",
        "deferral_wave",
        "pin_reason",
    )
    Placement.objects.bulk_update(placements, fields)

    roles = [(RoleName.AGENCY_HEAD, "leder"), (RoleName.COMMUNICATION_CHIEF, "sjef"), (RoleName.KEY_PERSON, "folk")]
    held = [(role, f"{name}.{p.agency.slug}@example.org", p.agency) for p in placements for role, name in roles]
    people = Person.objects.bulk_create(Person(email=email, password="!") for _role, email, _agency in held)
    Role.objects.bulk_create(
        Role(person=person, role=role, agency=agency, since=make.NOW)
        for person, (role, _email, agency) in zip(people, held, strict=True)
    )
    text = rollout.guideline_versions.get()
    signed = {"version": text, "text_hash": text.text_hash, "person": people[1], "signed_at": make.NOW}
    SignOff.objects.bulk_create(
        SignOff(placement=p, role=RoleName.COMMUNICATION_CHIEF, signed_in_by="code", **signed) for p in placements[::2]
    )
    ReadinessConfirmation.objects.bulk_create(
        ReadinessConfirmation(placement=p, confirmed_by=people[1], confirmed_at=make.NOW) for p in placements[::2]
    )
    step = placements[0].course_version.steps.get(number=4)
    Waiver.objects.bulk_create(
        Waiver(placement=p, step=step, reason="Gjort før.", by=lead, waived_at=make.NOW) for p in placements[1::4]
    )
    Decision.objects.bulk_create(
        Decision(
            wave=wave, verdict=Verdict.GO, reason="Klare.", plan_version=wave.plan_version, by=lead, decided_at=make.NOW
        )
        for wave in waves
    )

    for placement in placements:
        if placement.wave_id == first.pk:
            for day in (14, 15, 16)[: 1 + agencies // 100]:
                make.make_figures(placement, dt.date(2018, 2, day))
        Lesson.objects.bulk_create(
            Lesson(placement=placement, number=n, text="Begynn i tide.", written_by=lead, written_at=make.NOW)
            for n in (1, 2, 3)
        )
    asked_and_committed(placements, waves, by=people[1])
    drafting.save(rollout=rollout, text=f"{text.text}\n\nNytt.", revision_seen=0, by=lead, now=make.NOW)
    happened(rollout, placements, waves, by=lead)
    days = (dt.date(2018, 3, 1) + dt.timedelta(days=number) for number in itertools.count())
    BlackoutPeriod.objects.bulk_create(
        BlackoutPeriod(rollout=rollout, name=f"Uke {number}", first_day=day, last_day=day, hard=False)
        for number, day in zip(range(agencies // 4), days, strict=False)
    )
    LicencePrice.objects.bulk_create(
        LicencePrice(rollout=rollout, valid_from=day, price_nok=30)
        for day in (dt.date(2018, 4, 1) + dt.timedelta(days=number) for number in range(agencies // 4))
    )
    made = {"rollout": rollout, "made_by": lead, "made_at": make.NOW}
    CalendarFeed.objects.create(secret="the-whole-plan", agency=None, **made)
    CalendarFeed.objects.bulk_create(
        CalendarFeed(secret=f"the-feed-of-{p.agency.slug}", agency=p.agency, **made)
        for p in placements[: agencies // 2]
    )
    OutgoingEmail.objects.bulk_create(
        OutgoingEmail(
            rollout=rollout,
            kind=EmailKind.LEADERS_OPEN,
            subject=f"wave:{first.pk}",
            occurrence=str(number),
            person=person,
            to_address=person.email,
            headline="Workplace er åpnet",
            told={agency.slug: {"wave": waves[-1].number, "leaders_on": "2018-12-03", "all_staff_on": "2018-12-10"}},
            message_id=f"<{number}@example.org>",
            state=(EmailState.SENT, EmailState.UNKNOWN, EmailState.FAILED, EmailState.WAITING)[number % 4],
            written_at=make.NOW,
            not_before=make.NOW,
            settled_at=make.NOW,
        )
        for number, (person, (_role, _email, agency)) in enumerate(zip(people, held, strict=True))
    )
    swap = {p.agency.slug: {"wave": later[0].number} for p in placements if p.wave_id == third.pk}
    for pk, purpose, places in ((A_SCENARIO, Purpose.WHAT_IF, swap), (A_BASELINE, Purpose.BASELINE, {})):
        one = scenarios.make(rollout=rollout, name="Hva om", purpose=purpose, by=lead, now=make.NOW, places=places)
        Scenario.objects.filter(pk=one.pk).update(id=pk)
    Wave.objects.filter(pk=later[0].pk).update(all_staff_on=dt.date(2018, 12, 4))
    for week, morning in ((6, "2018-02-05 08:00"), (7, "2018-02-12 08:00"), (8, "2018-02-19 08:00")):
        report = reporting.draft(rollout=rollout, week=Week(2018, week), now=make.at(morning))
        report.save()
        told = emails.weekly_status(report=report, now=make.at(morning))
        emails.write(told, rollout=rollout, occurrence=f"status:{report.pk}", now=make.at(morning))
    keeping.keep(rollout, now=make.at("2018-02-20 09:00"), futures=50)
    return rollout


def asked_and_committed(placements: list[Placement], waves: list[Wave], *, by: Person) -> None:
    """Every agency wants another date, as many again want to join, and at each some employees have committed."""
    asked = {"asked_by": by, "asked_at": make.NOW, "reason": "Opplæringen er ikke ferdig."}
    DateRequest.objects.bulk_create(DateRequest(placement=p, wanted=waves[-1], **asked) for p in placements)
    DateRequest.objects.filter(placement=placements[-1]).update(id=A_REQUEST)
    rollout = placements[0].rollout
    others = [make.make_agency(f"not-joined-{number}") for number in range(len(placements) // 2)]
    JoinRequest.objects.bulk_create(JoinRequest(rollout=rollout, agency=a, employees=100, **asked) for a in others)
    JoinRequest.objects.filter(agency=others[0]).update(id=A_REQUEST)
    version = rollout.guideline_versions.get()
    Commitment.objects.bulk_create(
        Commitment(
            version=version,
            agency=p.agency,
            person_hash=f"{p.pk}-{number}".encode(),
            proof=CommitmentProof.CODE,
            committed_on=make.NOW.date(),
        )
        for p in placements
        for number in range(12)
    )


def happened(rollout: Rollout, placements: list[Placement], waves: list[Wave], *, by: Person) -> None:
    """Each agency moved; every third of the moves was taken back; each wave got its dates and opened for some."""
    common = {"rollout": rollout, "by": by, "at": make.at("2018-02-15 12:00")}
    moved = PlanEvent.objects.bulk_create(
        PlanEvent(
            kind=EventKind.MOVED,
            agency=p.agency,
            wave=p.wave,
            before={"queue_position": 1},
            after={"wave": p.wave.number, "slot": p.slot} if p.wave else {"queue_position": p.queue_position},
            **common,
        )
        for p in placements
    )
    PlanEvent.objects.bulk_create(
        PlanEvent(kind=EventKind.MOVED, agency=one.agency, before=one.after, after=one.before, undoes=one, **common)
        for one in moved[::3]
    )
    dates = {"leaders_on": "2018-03-07", "all_staff_on": "2018-03-20"}
    PlanEvent.objects.bulk_create(
        PlanEvent(kind=EventKind.DATES_SET, wave=wave, before=dates, after=dates, **common) for wave in waves
    )
    # So many that the overview does not read them all, at either size: it then asks how many there are.
    PlanEvent.objects.bulk_create(
        PlanEvent(kind=EventKind.KEY_PEOPLE_STATED, agency=placements[0].agency, after={"number": n}, **common)
        for n in range(EVENTS_READ)
    )
    PlanEvent.objects.create(
        kind=EventKind.LEADERS_OPENED,
        wave=waves[0],
        after={"let_in": [p.agency.slug for p in waves[0].placements.select_related("agency")], "turned_away": []},
        **common,
    )


def counted(client: Client, rollout: Rollout, played: Rehearsal) -> dict[str, int]:
    """How often each page asks, the first time it is asked for: what was kept of it is forgotten, but not what
    a worker has `played`."""
    found = {}
    for route, args, query in PAGES:
        address = reverse(route, kwargs=args) + (f"?{query}" if query else "")
        cache.clear()
        rehearsals.keep(played, rollout=rollout, assuming=Assumptions())
        with CaptureQueriesContext(connection) as seen:
            response = client.get(address)
        assert response.status_code in (200, 302), f"{response.status_code} {address}"
        found[address] = len(seen)
    return found


def counted_with(agencies: int, *, rollouts: int = 1) -> dict[str, int]:
    """The same of a plan of that size, which is then taken away again."""
    with transaction.atomic():
        rollout = fill(agencies)
        for number in range(1, rollouts):
            another(rollout, number)
        with connection.cursor() as cursor:
            cursor.execute(
                "ANALYZE"
            )  # the database may have looked when the tables were empty: then each page takes minutes
        now = make.at("2018-02-20 09:00")
        played = rehearsing.rehearse(rollout=rollout, now=now, until=dt.date(2018, 3, 7))
        client = Client()
        client.force_login(make.make_lead())
        counts = counted(client, rollout, played)
        transaction.set_rollback(True)
    return counts


def another(rollout: Rollout, number: int) -> None:
    """One more rollout, with some of the same agencies in it."""
    more = {"slug": f"another-{number}", "name": f"Enda en {number}", "tool_name": "Teams"}
    made = creating.create_from(
        template=rollout, leaders_on=dt.date(2019, 2, 5), by=make.make_lead(), now=make.at("2018-02-20 09:00"), **more
    )
    wave = made.waves.first()
    for placement in rollout.placements.select_related("agency")[:6]:
        make.place(placement.agency, wave if wave.placements.count() < 4 else None, rollout=made)


@functools.cache
def small() -> dict[str, int]:
    """Of the small plan. What the process itself keeps is read by whoever comes first, and is not counted."""
    counted_with(26)
    return counted_with(26)


def test_260_agencies_take_as_many_queries_as_26():
    assert counted_with(260) == small()


def test_three_rollouts_take_as_many_queries_as_one():
    assert counted_with(26, rollouts=3) == small()
