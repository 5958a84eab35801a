"""*Mine opplysninger*: one sees all that is stored on oneself, takes it along, and can have it erased."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from agencies.models import Person, RoleName
from rollout.domain import owndata
from rollout.models import CalendarFeed, EmailKind, EmailState, OutgoingEmail
from tests.factories import (
    NOW,
    give_role,
    make_agency,
    make_figures,
    make_lead,
    make_person,
    make_ready,
    make_rollout,
    place,
    sign,
)

pytestmark = pytest.mark.django_db

EMAIL = "kari@kli.example.org"


@pytest.fixture
def kli(settings):
    settings.DEMO_MODE = False
    rollout = make_rollout(waves=1)
    kli = place(make_agency("kli"), rollout.waves.get())
    kari = give_role(make_person(EMAIL, name="Kari"), RoleName.COMMUNICATION_CHIEF, kli.agency)
    make_ready(kli, by=kari)
    make_lead()
    OutgoingEmail.objects.create(
        rollout=rollout,
        kind=EmailKind.SIGN_RECEIPT,
        person=kari,
        to_address=EMAIL,
        headline="Kvittering for signatur",
        text="Hei",
        state=EmailState.SENT,
        settled_at=NOW,
        not_before=timezone.now(),
        written_at=NOW,
    )
    return kli


@pytest.fixture
def kari(kli):
    client = Client()
    client.force_login(Person.objects.get(email=EMAIL))
    return client


def test_the_page_and_both_files_hold_all_that_is_stored(kari):
    page = kari.get("/my-data/").content.decode()
    told = json.loads(kari.get("/my-data/file.json").content)["stored"]
    for heading in ("Om deg", "Åpne innlogginger", "Roller", "Signaturer", "Klarmeldinger", "E-post til deg"):
        assert heading in page
    assert told["agencies.Person"][0]["email"] == EMAIL
    assert told["rollout.SignOff"][0]["role"] == "kommunikasjonssjef"
    assert len(told["rollout.StepEvidence"]) == 6
    assert told["rollout.OutgoingEmail"][0]["headline"] == "Kvittering for signatur"
    rows = list(csv.reader(io.StringIO(kari.get("/my-data/file.csv").content.decode("utf-8-sig")), delimiter=";"))
    assert ["Om deg", "1", "e-post", EMAIL] in rows
    assert len(rows) > 50


def test_nobody_elses_data_is_among_it(kari, kli):
    make_person("ola@kli.example.org", name="Ola")
    sign(place(make_agency("vav"), rollout=kli.rollout), by=make_person("ola@kli.example.org"))
    for path in ("/my-data/", "/my-data/file.json", "/my-data/file.csv"):
        assert "ola@kli" not in kari.get(path).content.decode()


def test_what_lets_one_act_as_somebody_is_never_shown(kli):
    lead = make_lead()
    CalendarFeed.objects.create(rollout=kli.rollout, secret="hemmelig-adresse", made_by=lead, made_at=NOW)
    client = Client()
    client.force_login(lead)
    told = client.get("/my-data/file.json").content.decode()
    assert "rollout.CalendarFeed" in told
    assert "hemmelig-adresse" not in told
    assert client.session.session_key not in told
    assert '"password"' not in told


def test_every_table_that_points_at_a_person_is_told_of(db):
    """Also one that a new part or a new sign-in app brings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'agencies_person'::regclass"
        )
        pointing = {table for (table,) in cursor.fetchall()}
    told = {fields[0].model._meta.db_table for fields in owndata._pointing().values()}
    assert pointing == told


def test_every_field_is_told_in_norwegian(db):
    models = [Person, *(fields[0].model for fields in owndata._pointing().values())]
    shown = {field.name for model in models for field in owndata.fields_told(model)}
    same_in_both = {"id", "person", "scenario"}
    unnamed = {name for name in shown - same_in_both if owndata.label(name) == name.replace("_", " ")}
    assert not unnamed, "give them words in owndata.LABELS"


def test_the_panel_and_the_footer_lead_there(kari):
    page = kari.get("/my-data/").content.decode()
    assert page.count('href="/my-data/"') >= 2  # the panel, on desk and phone
    assert 'href="/personvern"' in page and 'href="/tilgjengelighet"' in page


def test_one_erases_oneself_and_is_signed_out(kari):
    assert kari.post("/my-data/erase/", {}).status_code == 422
    assert Person.objects.get(email=EMAIL).is_active
    response = kari.post("/my-data/erase/", {"sure": "on"})
    assert response.url == "/sign-in/"
    assert not Person.objects.filter(email=EMAIL).exists()
    assert "er slettet, og du er logget ut" in kari.get("/sign-in/").content.decode()
    assert kari.get("/my-data/").status_code == 302


def test_the_last_lead_is_told_why_not(kli):
    client = Client()
    client.force_login(make_lead())
    response = client.post("/my-data/erase/", {"sure": "on"})
    assert response.status_code == 409
    assert "siste prosjektlederen" in response.content.decode()


def test_a_lead_erases_for_who_asks(kli):
    client = Client()
    client.force_login(make_lead())
    role = Person.objects.get(email=EMAIL).roles.get()
    address = f"/r/workplace-2018/agencies/kli/people/{role.pk}/erase/"
    assert "Slett opplysningene om Kari" in client.get(address).content.decode()
    assert client.post(address, {"sure": "on"}).status_code == 302
    assert not Person.objects.filter(email=EMAIL).exists()
    assert client.post(address, {"sure": "on"}).status_code == 404


def test_a_get_erases_nothing(kari):
    kari.get("/my-data/erase/?sure=on")
    kari.head("/my-data/erase/?sure=on")
    assert Person.objects.get(email=EMAIL).is_active


def test_the_sums_of_an_agencys_people_are_not_about_who_entered_them(kli):
    """And a group may be under ten (rule 14)."""
    lead = make_lead()
    make_figures(
        kli, NOW.date(), invited=8, activated=7, leaders_invited=2, leaders_activated=1, weekly_active=6, on_mobile=5
    )
    client = Client()
    client.force_login(lead)
    (row,) = json.loads(client.get("/my-data/file.json").content)["stored"]["rollout.UsageFigures"]
    assert row["source"] == "Innsikt"
    assert not {"invited", "activated", "leaders_invited", "leaders_activated", "weekly_active", "on_mobile"} & set(row)
