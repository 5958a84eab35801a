"""The reference rollout as it stood on the morning of 1 February 2018: what the demo begins with.

Everything that happened before that morning is written by the verbs, with the dates it would have had. Only the role
mailboxes, which nobody invited, and the agencies' domains are plain rows.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

from django.contrib.auth.hashers import make_password
from django.db import transaction

from agencies import lists
from agencies.models import Agency, Person, Role, RoleName
from rollout import reference
from rollout.domain import confirming, importing, inviting, learning, licensing, queueing, scheduling, signing_off
from rollout.domain.creating import create_rollout
from rollout.domain.locks import lock_rollouts, lock_table
from rollout.domain.readiness import key_people_required
from rollout.domain.words import thousands
from rollout.models import OSLO, DemoClock, Placement, Rollout

SLUG = "workplace-2018"
INVENTED = "oppdiktet eksempel"
LEAD, SPONSOR = "prosjektleder@example.org", "sponsor@example.org"
HEAD, CHIEF, KEY_PERSON = (
    "leder.{slug}@example.org",
    "kommunikasjonssjef.{slug}@example.org",
    "nokkelperson{n}.{slug}@example.org",
)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=OSLO)


#: When the demo's clock starts. Nothing is due by then: the rollout came in after Monday's status was due.
STARTS_AT = _moment("2018-02-01 09:00")
CREATED_AT = _moment("2018-01-29 09:00")
LISTED_AT = _moment("2018-01-29 09:15")
FUNDED_AT = _moment("2018-01-29 09:45")
PLANNED_AT = _moment("2018-01-29 10:30")
KEY_PEOPLE_AT = _moment("2018-01-30 11:00")
SIGNED_AT = _moment("2018-01-31 09:30")
CONFIRMED_AT = _moment("2018-01-31 14:00")

#: Leaders' date and all-staff date of waves 1 to 7 (the baseline).
WAVES = (
    (dt.date(2018, 2, 7), dt.date(2018, 2, 27)),
    (dt.date(2018, 4, 4), dt.date(2018, 4, 17)),
    (dt.date(2018, 4, 26), dt.date(2018, 5, 7)),
    (dt.date(2018, 5, 23), dt.date(2018, 6, 5)),
    (dt.date(2018, 8, 16), dt.date(2018, 8, 28)),
    (dt.date(2018, 9, 6), dt.date(2018, 9, 18)),
    (dt.date(2018, 9, 27), dt.date(2018, 10, 16)),
)
#: Agencies that funded another number of licences than their headcount.
FUNDED = {"bns": 1_600}
#: So many of the queue, the agencies of wave 1, have done their course; but these have not signed or confirmed.
WELL_ON_THEIR_WAY = 5
UNSIGNED = ("kli",)
UNCONFIRMED = ("kli", "vav")

#: The evidence of each step: when it was confirmed, the case number's year and end (or none), and the words.
EVIDENCE = {
    "sponsor": (
        "2018-01-29 12:00",
        ("17", "11"),
        "Behandlet i ledergruppen 12. desember 2017. Virksomhetslederen er sponsor og tar eierskap.",
    ),
    "risk_and_dpia": (
        "2018-01-29 12:30",
        ("18", "37"),
        "ROS gjennomført 22. januar 2018. DPIA er vurdert og ikke nødvendig: bare ansattes navn og kontaktopplysninger "
        "behandles. Lederen har akseptert restrisikoen, og behandlingsprotokollen er oppdatert.",
    ),
    "employee_representatives": (
        "2018-01-29 13:00",
        ("18", "25"),
        "Drøftet med tillitsvalgte og verneombud 18. januar 2018. Referatet er arkivert.",
    ),
    "groups_comms_training": (
        "2018-01-30 10:30",
        None,
        "Grupper, kommunikasjonsplan og opplæringsplan er klare. Ledere får opplæring 5. februar 2018. Ansatte uten PC "
        "får hjelp til å bruke mobil.",
    ),
    "agreement_joined": (
        "2018-01-30 15:00",
        ("18", "42"),
        "Tilslutning til rammeavtalen og databehandleravtalen er signert 30. januar 2018 og arkivert.",
    ),
    "accounts_and_sso": (
        "2018-01-31 11:00",
        None,
        "{accounts} kontoer er importert. Pålogging er prøvd på PC og mobil. Rutinen når ansatte slutter, er på plass.",
    ),
}


@transaction.atomic
def load_reference_rollout() -> Rollout | None:
    """Write the reference rollout and start the demo's clock. None, and nothing written, if it is there already."""
    lock_rollouts()  # rows before the table, as `creating` takes them
    lock_table(Rollout)
    if Rollout.objects.filter(slug=SLUG).exists():
        return None
    inviting.invite(email=LEAD, role=RoleName.PROJECT_LEAD, by=None, now=CREATED_AT)
    lead = Person.objects.get(email=LEAD)
    rollout = create_rollout(
        slug=SLUG,
        name="Workplace i Oslo kommune",
        tool_name="Workplace",
        is_example=True,
        municipality_employees=55_400,
        municipality_employees_source="41 000 medarbeidere er oppgitt som 74 % av kommunen: om lag 55 400",
        contact_email=LEAD,
        ends_on=dt.date(2018, 12, 31),
        pool=45_000,
        price_nok=Decimal(25),
        by=lead,
        now=CREATED_AT,
    )
    agency_list = lists.read(reference.AGENCIES_FILE.read_bytes())
    importing.import_list(rollout=rollout, agency_list=agency_list, by=lead, now=LISTED_AT)
    for slug, status in reference.statuses().items():
        if status == "pilot":
            queueing.mark_pilot(rollout=rollout, agency=Agency.objects.get(slug=slug), by=lead, now=LISTED_AT)
    for slug, texts in reference.pilot_lessons().items():
        learning.write_lessons(
            placement=rollout.placements.get(agency__slug=slug), texts=texts, source=INVENTED, by=lead, now=LISTED_AT
        )
    _give_domains()
    queue = list(rollout.placements.queued().select_related("agency"))
    _add_people([placement.agency for placement in queue])
    for placement in queue:
        _fund(placement, by=lead)
    for leaders_on, all_staff_on in WAVES:
        scheduling.add_wave(rollout=rollout, leaders_on=leaders_on, all_staff_on=all_staff_on, by=lead, now=PLANNED_AT)
    done = [what for placement in queue[:WELL_ON_THEIR_WAY] for what in _course(placement)]
    for _at, do in sorted(done, key=lambda what: what[0]):
        do()
    rollout.emails.all().delete()  # what came before the demo was told then: nothing waits when it starts
    DemoClock.objects.get_or_create(id=1, defaults={"now": STARTS_AT})
    return rollout


def _give_domains() -> None:
    """Every agency's employees have addresses of their own domain, which the list says nothing of."""
    agencies = list(Agency.objects.all())
    for agency in agencies:
        agency.email_domains = [f"{agency.slug}.example.org"]
    Agency.objects.bulk_update(agencies, ["email_domains"])


def _add_people(agencies: list[Agency]) -> None:
    """The role mailboxes: the sponsor, and at each agency its head, communication chief and three key people."""
    held: list[tuple[str, RoleName, Agency | None]] = [(SPONSOR, RoleName.SPONSOR, None)]
    for agency in agencies:
        held.append((HEAD.format(slug=agency.slug), RoleName.AGENCY_HEAD, agency))
        held.append((CHIEF.format(slug=agency.slug), RoleName.COMMUNICATION_CHIEF, agency))
        held += [(KEY_PERSON.format(slug=agency.slug, n=n), RoleName.KEY_PERSON, agency) for n in (1, 2, 3)]
    people = Person.objects.bulk_create(Person(email=email, password=make_password(None)) for email, *_rest in held)
    Role.objects.bulk_create(
        Role(person=person, role=role, agency=agency, since=CREATED_AT)
        for person, (_email, role, agency) in zip(people, held, strict=True)
    )


def _fund(placement: Placement, *, by: Person) -> None:
    employees = placement.agency.employees
    licensing.set_funding(
        placement=placement,
        funded=FUNDED.get(placement.agency.slug, employees),
        implementation_cost_nok=round(40_000 + 120 * employees, -4),
        budget_reference="Budsjett 2018",
        by=by,
        now=FUNDED_AT,
    )


def _course(placement: Placement) -> Iterator[tuple[dt.datetime, Callable[[], object]]]:
    """Steps 1 to 10, funding apart, as (when, what): evidence, key people, and the signature and the word if given."""
    agency, version = placement.agency, placement.rollout.guideline_versions.get()
    head = Person.objects.get(email=HEAD.format(slug=agency.slug))
    chief = Person.objects.get(email=CHIEF.format(slug=agency.slug))
    for step in placement.course_version.steps.filter(key__in=EVIDENCE):
        confirmed_at, case, text = EVIDENCE[step.key]
        yield (
            _moment(confirmed_at),
            partial(
                confirming.confirm_step,
                placement=placement,
                step=step,
                owner_role=step.owner_role,
                text=text.format(accounts=thousands(placement.licence_budget.funded)),
                case_number=f"{case[0]}/{placement.queue_position:02}{case[1]}" if case else "",
                by=chief,
                now=_moment(confirmed_at),
            ),
        )
    number = key_people_required(placement) + 1
    yield (
        KEY_PEOPLE_AT,
        partial(confirming.state_key_people, placement=placement, number=number, by=chief, now=KEY_PEOPLE_AT),
    )
    if agency.slug not in UNSIGNED:
        yield (
            SIGNED_AT,
            partial(
                signing_off.sign,
                placement=placement,
                version=version,
                hash_seen=version.text_hash,
                by=head,
                role=RoleName.AGENCY_HEAD,
                signed_in_by="code",
                now=SIGNED_AT,
            ),
        )
    if agency.slug not in UNCONFIRMED:
        yield CONFIRMED_AT, partial(confirming.confirm_readiness, placement=placement, by=chief, now=CONFIRMED_AT)
