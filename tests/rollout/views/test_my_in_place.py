"""A step confirmed where it stands: the row that is swapped in, and forms that survive what happens to forms."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import Role
from rollout.models import EventKind, EvidenceFile, PlanEvent, ReadinessConfirmation, StepEvidence
from tests.factories import (
    at,
    attach,
    make_agency,
    make_lead,
    make_people,
    make_ready,
    make_rollout,
    place,
)
from tests.files import EXE, PDF
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
EVIDENCE = {"owner_role": "personvernkoordinator", "text": "ROS behandlet 12. januar.", "case_number": "18/00042"}
ROS, READY = "risk_and_dpia", "readiness_confirmed"


@pytest.fixture
def kli():
    return place(make_agency("kli", name="Klimaetaten", employees=37), make_rollout(waves=2).waves.get(number=1))


@pytest.fixture
def people(kli):
    return make_people(kli.agency)


@pytest.fixture
def chief(client, people):
    client.force_login(people["chief"])
    return people["chief"]


def url(name: str, *args) -> str:
    return reverse(f"rollout:{name}", args=["workplace-2018", "kli", *args])


def in_row(key: str) -> dict:
    """The headers htmx sends from the row of a step."""
    page = f"http://testserver{url('my-course')}"
    return {"HX-Request": "true", "HX-Target": f"step-{key}", "HX-Current-URL": page}


def parts(response) -> dict[str, str]:
    """The heading and each row of an answer or a page, by their ids, as they stand once htmx has put them there."""
    page = response.content.decode().replace(' hx-swap-oob="true"', "")
    found = re.findall(r'<header [^>]*id="(my-head)".*?</header>|<li id="(step-[a-z_]+)".*?</li>', page, re.DOTALL)
    whole = re.finditer(r'<header [^>]*id="my-head".*?</header>|<li id="step-[a-z_]+".*?\n</li>', page, re.DOTALL)
    return {head or row: match.group() for (head, row), match in zip(found, whole, strict=True)}


def test_the_form_opens_in_the_row_and_nothing_else_of_the_page_comes_along(client, chief):
    opened = client.get(url("my-step", 4), headers=in_row(ROS))
    assert set(parts(opened)) == {f"step-{ROS}"}
    assert "Bekreft steg" in text(opened)
    assert "<html" not in opened.content.decode()
    assert not PlanEvent.objects.exists()


@pytest.mark.parametrize(
    ("name", "args", "key", "sent"),
    [
        ("my-step", [4], ROS, EVIDENCE),
        ("my-step", [1], "sponsor", EVIDENCE),
        ("my-key-people", [], "key_people_named", {"number": "3"}),
        ("my-ready", [], READY, {"comment": ""}),
    ],
)
def test_what_is_swapped_in_equals_the_page_loaded_anew(name, args, key, sent, client, chief):
    answer = client.post(url(name, *args), sent, headers=in_row(key))
    assert answer.status_code == 200
    assert '"say"' in answer.headers["HX-Trigger"]
    swapped, fresh = parts(answer), parts(client.get(url("my-course")))
    assert {"my-head", f"step-{key}"} <= set(swapped)
    for part, markup in swapped.items():
        assert markup == fresh[part], part
    missing = {part for part in fresh if f'<li id="{part}" class="is-done"' not in fresh[part]}
    assert set(swapped) == missing | {f"step-{key}"}


@pytest.mark.parametrize(("name", "args", "key"), [("my-step-withdraw", [4], ROS), ("my-ready-withdraw", [], READY)])
def test_a_confirmation_is_withdrawn_in_its_row_and_the_page_is_as_if_loaded_anew(name, args, key, client, chief, kli):
    make_ready(kli)
    opened = client.get(url(name, *args), headers=in_row(key))
    assert "Historikken beholder det som ble trukket" in text(opened)
    answer = client.post(url(name, *args), {"reason": "Feil versjon."}, headers=in_row(key))
    swapped, fresh = parts(answer), parts(client.get(url("my-course")))
    assert set(swapped) == {"my-head", f"step-{key}"}
    assert all(markup == fresh[part] for part, markup in swapped.items())
    assert PlanEvent.objects.get().reason == "Feil versjon."
    assert "1 av 10 steg gjenstår" in text(answer)


def test_without_javascript_it_is_a_page_a_press_and_a_redirect(client, chief, kli):
    make_ready(kli)
    page = client.get(url("my-step", 4))
    assert url("my-step-withdraw", 4) in page.content.decode()
    assert "Trekk tilbake" in text(client.get(url("my-step-withdraw", 4)))
    response = client.post(url("my-step-withdraw", 4), {"reason": "Feil versjon."}, follow=True)
    assert response.redirect_chain == [(url("my-course"), 302)]
    assert "Bekreftelsen av «ROS gjennomført" in text(response)


def test_a_withdrawal_without_a_reason_is_asked_again(client, chief, kli):
    make_ready(kli)
    response = client.post(url("my-step-withdraw", 4), {"reason": " "})
    assert response.status_code == 422
    assert "Skriv hvorfor bekreftelsen trekkes." in text(response)
    assert StepEvidence.objects.filter(step__key=ROS).exists()


def test_after_opening_nobody_is_offered_to_withdraw_and_a_press_is_refused_in_words(client, chief, kli):
    make_ready(kli)
    kli.wave.state, kli.wave.leaders_opened_at = "leaders_open", at("2018-02-01 08:00")
    kli.wave.save()
    assert url("my-step-withdraw", 4) not in client.get(url("my-step", 4)).content.decode()
    assert "kan ikke trekkes tilbake" in text(client.get(url("my-step-withdraw", 4)))
    response = client.post(url("my-step-withdraw", 4), {"reason": "For sent."})
    assert response.status_code == 409
    assert "Pulje 1 er åpnet. Bekreftelsen kan ikke trekkes tilbake." in text(response)
    assert not PlanEvent.objects.exists()


@pytest.mark.parametrize("who", ["key1", "lead"])
def test_who_reads_does_not_withdraw(who, client, people, kli):
    make_ready(kli)
    client.force_login(make_lead() if who == "lead" else people[who])
    assert "Trekk bekreftelsen" not in text(client.get(url("my-step", 4)))
    assert client.post(url("my-step-withdraw", 4), {"reason": "Nei."}).status_code == 403
    assert not PlanEvent.objects.exists()


PAGES = [("my-course", []), ("my-step", [4]), ("my-key-people", []), ("my-guidelines", []), ("my-ready", [])]
WITHDRAWALS = [("my-step-withdraw", [4]), ("my-ready-withdraw", []), ("my-file", [4])]


def test_a_mail_scanner_that_fetches_every_link_changes_nothing(client, chief, kli):
    attach(make_ready(kli).evidence.get(step__key=ROS))
    before = [*StepEvidence.objects.values(), *ReadinessConfirmation.objects.values()]
    for name, args in PAGES + WITHDRAWALS:
        for method in ("get", "head"):
            for headers in ({}, in_row(ROS)):
                assert getattr(client, method)(url(name, *args), headers=headers).status_code == 200
    assert [*StepEvidence.objects.values(), *ReadinessConfirmation.objects.values()] == before
    assert EvidenceFile.objects.count() == 1
    assert not PlanEvent.objects.exists()


@pytest.mark.parametrize("row", [False, True])
def test_a_press_in_a_second_tab_is_told_who_was_first_and_keeps_what_was_typed(row, client, chief, people):
    other = Client()
    other.force_login(people["head"])
    other.post(url("my-step", 4), EVIDENCE)
    headers = in_row(ROS) if row else {}
    response = client.post(url("my-step", 4), EVIDENCE | {"text": "Mitt eget referat."}, headers=headers)
    assert response.status_code == 409
    assert "er alt bekreftet av leder.kli@example.org 1. feb. kl. 09.00." in text(response)
    assert "Mitt eget referat." in text(response)
    assert "ROS behandlet 12. januar." in text(response)
    assert StepEvidence.objects.count() == 1


def test_a_double_press_confirms_readiness_once_and_says_so(client, chief):
    client.post(url("my-ready"), {"comment": "Klar."})
    response = client.post(url("my-ready"), {"comment": "Klar."}, headers=in_row(READY))
    assert response.status_code == 409
    assert "er alt meldt klar av kommunikasjonssjef.kli@example.org 1. feb. kl. 09.00." in text(response)
    assert PlanEvent.objects.filter(kind=EventKind.READINESS_CONFIRMED).count() == 1


def test_a_withdrawal_pressed_twice_is_told_that_it_is_done(client, chief, kli):
    make_ready(kli)
    client.post(url("my-step-withdraw", 4), {"reason": "Feil."})
    response = client.post(url("my-step-withdraw", 4), {"reason": "Feil."})
    assert response.status_code == 409
    assert "alt trukket" in text(response)
    assert PlanEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("ros.pdf", b"", "Filen er tom"), ("ros.pdf", EXE, "ikke det navnet"), ("ros.exe", EXE, "tas ikke imot")],
)
def test_a_file_that_is_refused_says_why_and_keeps_what_was_typed(name, content, told, client, chief):
    sent = EVIDENCE | {"document": SimpleUploadedFile(name, content)}
    response = client.post(url("my-step", 4), sent, headers=in_row(ROS))
    assert response.status_code == 409
    assert told in text(response)
    assert "ROS behandlet 12. januar." in text(response)
    assert 'value="18/00042"' in response.content.decode()
    assert "Velg filen på nytt." in text(response)
    assert not StepEvidence.objects.exists()


def test_a_file_alone_is_enough(client, chief):
    sent = {"owner_role": "IKT-kontakt", "document": SimpleUploadedFile("ros.pdf", PDF)}
    assert client.post(url("my-step", 4), sent, headers=in_row(ROS)).status_code == 200
    assert EvidenceFile.objects.get().name == "ros.pdf"
    assert "ros.pdf" in text(client.get(url("my-step", 4)))


def test_a_session_that_ran_out_leads_to_signing_in_and_back_to_the_form(client, chief):
    client.logout()
    for page in (url("my-step", 4), url("my-course")):
        response = client.post(url("my-step", 4), EVIDENCE, headers={"Referer": f"http://testserver{page}"})
        assert response.url == f"/sign-in/?next={page}"
    response = client.post(url("my-step", 4), EVIDENCE, headers=in_row(ROS))
    assert response.url == f"/sign-in/?next={url('my-course')}"
    assert not StepEvidence.objects.exists()


def test_another_site_cannot_choose_where_signing_in_leads(client):
    response = client.post(url("my-step", 4), EVIDENCE, headers={"Referer": "http://evil.example/my/"})
    assert response.url == "/sign-in/"


def test_a_role_lost_midway_is_told_in_a_sentence_and_nothing_is_saved(client, chief):
    client.get(url("my-step", 4), headers=in_row(ROS))
    Role.objects.filter(person=chief).update(until=at("2018-02-01 09:00"))
    response = client.post(url("my-step", 4), EVIDENCE, headers=in_row(ROS))
    assert response.status_code == 403
    assert "Du har ingen rolle i Puljeplan nå." in text(response)
    assert not StepEvidence.objects.exists()


def test_a_chief_who_became_a_key_person_is_told_who_confirms(client, chief, kli):
    Role.objects.filter(person=chief).update(role="key_person")
    response = client.post(url("my-ready"), {"comment": ""}, headers=in_row(READY))
    assert response.status_code == 403
    assert "Bare virksomhetslederen, kommunikasjonssjefen og stedfortredere" in text(response)


def test_the_page_costs_as_much_with_everything_done_as_with_nothing(client, chief, kli):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            client.get(url("my-course"))
        return len(counted)

    queries()
    nothing = queries()
    for evidence in make_ready(kli).evidence.all():
        attach(evidence)
    assert queries() <= nothing + 1  # who signed


def test_the_page_never_reads_the_files_themselves(client, chief, kli):
    attach(make_ready(kli).evidence.get(step__key=ROS))
    with CaptureQueriesContext(connection) as counted:
        client.get(url("my-course"))
        client.get(url("my-step", 4))
    assert not [query for query in counted if '"content"' in query["sql"]]


def test_done_steps_fold_to_one_line_with_who_and_when(client, chief, kli):
    make_ready(kli, but_not=(READY,))
    rows = parts(client.get(url("my-course")))
    for key in (ROS, "guidelines_adopted"):
        row = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", rows[f"step-{key}"])).replace("\xa0", " ")
        assert "Ferdig: kommunikasjonssjef.kli@example.org, 1. feb. 2018" in row
        assert "Dokumentasjon" not in row
    assert "Neste:" in rows[f"step-{READY}"]
    assert sum("Neste:" in row for row in rows.values()) == 1
