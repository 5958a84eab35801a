"""`/my/`: what a communication chief sees, confirms and signs (journey 3)."""

import re

import pytest
from django.urls import reverse

from agencies.models import RoleName
from agencies.sign_in import SIGNED_IN_BY
from rollout.domain import deciding, signing_off
from rollout.models import (
    EventKind,
    PlanEvent,
    ReadinessConfirmation,
    SignOff,
    StepEvidence,
    text_hash,
)
from tests.factories import (
    at,
    give_role,
    make_agency,
    make_guidelines,
    make_lead,
    make_people,
    make_pilot,
    make_ready,
    make_rollout,
    place,
    set_clock,
)
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
EVIDENCE = {"owner_role": "personvernkoordinator", "text": "ROS behandlet 12. januar.", "case_number": "18/00042"}


@pytest.fixture
def rollout():
    return make_rollout(waves=2)


@pytest.fixture
def kli(rollout):
    return place(make_agency("kli", name="Klimaetaten", employees=37), rollout.waves.get(number=1))


@pytest.fixture
def people(kli):
    return make_people(kli.agency)


@pytest.fixture
def chief(client, people):
    client.force_login(people["chief"])
    session = client.session
    session[SIGNED_IN_BY] = "demo"
    session.save()
    return people["chief"]


def url(name: str, *args, agency: str = "kli") -> str:
    return reverse(f"rollout:{name}", args=["workplace-2018", agency, *args])


def test_the_short_address_leads_to_ones_own_agency(client, chief):
    response = client.get("/my/", follow=True)
    assert response.request["PATH_INFO"] == "/r/workplace-2018/my/kli/"
    assert "<h1>Klimaetaten åpner for ledere om 6 dager." in response.content.decode().replace("\xad", "")


def test_the_top_says_when_it_opens_and_how_much_remains(client, chief, kli):
    make_ready(kli, but_not=("guidelines_adopted", "readiness_confirmed", "sponsor"))
    assert "Klimaetaten åpner for ledere om 6 dager. 3 av 10 steg gjenstår." in text(client.get(url("my-course")))


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ("2018-02-06 09:00", "åpner for ledere om 1 dag."),
        ("2018-02-07 07:59", "åpner for ledere i dag."),
        ("2018-02-08 09:00", "skulle ha åpnet for ledere onsdag 7. februar 2018. Spør prosjektlederen om ny dato."),
    ],
)
def test_the_top_counts_in_days_of_oslo(now, sentence, client, chief):
    set_clock(at(now))
    assert f"Klimaetaten {sentence}" in text(client.get(url("my-course")))


def test_in_the_queue_it_says_the_place_and_no_dates(client, rollout):
    place(make_agency("ren"))
    place(make_agency("kli", name="Klimaetaten"))
    client.force_login(give_role("chief@example.org", RoleName.COMMUNICATION_CHIEF, rollout.placements.last().agency))
    page = text(client.get(url("my-course")))
    assert "Klimaetaten står som nummer 2 i køen. 9 av 10 steg gjenstår." in page
    assert "Frist" not in page.replace("frister", "").replace("Frister", "")


@pytest.mark.parametrize(
    ("access", "sentence"),
    [
        ({"leaders_access_at": 7}, "Lederne i Klimaetaten har tilgang. Alle får tilgang om 13 dager."),
        ({"leaders_access_at": 7, "held_at": 13}, "åpningen for alle er holdt tilbake."),
        ({"leaders_access_at": 7, "all_staff_access_at": 13}, "Alle i Klimaetaten har tilgang."),
    ],
)
def test_after_opening_the_top_says_who_is_in(access, sentence, client, chief, kli):
    set_clock(at("2018-02-14 09:00"))
    for name, day in access.items():
        setattr(kli, name, at(f"2018-02-{day:02} 08:00"))
    kli.employees_at_opening = 37
    kli.save()
    assert sentence in text(client.get(url("my-course")))


@pytest.mark.parametrize("outside", ["pilot", "not joined"])
def test_an_agency_outside_the_plan_has_a_page_and_no_steps(outside, client, rollout):
    agency = make_agency("kul", name="Kulturetaten")
    if outside == "pilot":
        make_pilot(agency)
    client.force_login(make_people(agency)["chief"])
    page = client.get(url("my-course", agency="kul"))
    assert "Kulturetaten" in text(page)
    assert "ur-steps" not in page.content.decode()
    assert client.get(url("my-ready", agency="kul")).status_code == 404


def test_each_missing_step_shows_who_when_how_late_and_what_counts(client, chief):
    page = client.get(url("my-course")).content.decode()
    step = re.search(r'<li [^>]*class="is-late" data-step="risk_and_dpia">.*?</li>', page, re.DOTALL)[0]
    assert "Personvernkoordinator" in step
    assert "3.\xa0jan.\xa02018" in step  # 35 days before 7 February
    assert "29 dager for sent" in step
    assert "restrisiko akseptert av leder" in step


def test_the_steps_are_shown_in_order(client, chief):
    page = client.get(url("my-course")).content.decode()
    keys = re.findall(r'data-step="([a-z_]+)"', page)
    assert keys[:3] == ["sponsor", "funding", "agreement_joined"]
    assert len(keys) == 10
    assert keys[-1] == "readiness_confirmed"


def test_who_has_several_agencies_chooses(client, people, rollout):
    vav = place(make_agency("vav", name="Vann- og avløpsetaten"))
    give_role(people["chief"], RoleName.DEPUTY, vav.agency)
    client.force_login(people["chief"])
    page = client.get("/r/workplace-2018/my/")
    assert text(page).index("Klimaetaten") < text(page).index("Vann- og avløpsetaten")
    assert url("my-course", agency="vav") in page.content.decode()


def test_a_step_is_confirmed_with_its_evidence(client, chief, kli):
    page = client.get(url("my-step", 4))
    assert "Bekreft steg" in text(page)
    assert '<option value="personvernkoordinator" selected>' in page.content.decode()

    response = client.post(url("my-step", 4), EVIDENCE, follow=True)
    assert "er bekreftet" in text(response)
    evidence = StepEvidence.objects.get()
    assert (evidence.step.key, evidence.owner_role, evidence.case_number) == (
        "risk_and_dpia",
        "personvernkoordinator",
        "18/00042",
    )
    assert evidence.confirmed_by == chief
    assert evidence.confirmed_at == at("2018-02-01 09:00")
    assert PlanEvent.objects.get().kind == EventKind.STEP_CONFIRMED


def test_looking_at_the_pages_changes_nothing(client, chief):
    for page in (url("my-course"), url("my-step", 4), url("my-guidelines"), url("my-key-people"), url("my-ready")):
        assert client.get(page).status_code == 200
        assert client.head(page).status_code == 200
    assert not PlanEvent.objects.exists()


def test_without_evidence_nothing_is_confirmed_and_what_was_typed_is_kept(client, chief):
    response = client.post(url("my-step", 4), {"owner_role": "IKT-kontakt", "text": " ", "case_number": ""})
    assert response.status_code == 409
    assert "oppgi saksnummeret eller legg ved en fil" in text(response)
    assert '<option value="IKT-kontakt" selected>' in response.content.decode()
    assert not StepEvidence.objects.exists()


def test_a_step_confirmed_meanwhile_is_refused_in_words(client, chief, people):
    client.post(url("my-step", 4), EVIDENCE)
    response = client.post(url("my-step", 4), EVIDENCE | {"text": "En gang til."})
    assert response.status_code == 409
    assert "er alt bekreftet av" in text(response)
    assert StepEvidence.objects.get().text == "ROS behandlet 12. januar."


@pytest.mark.parametrize("number", [2, 6, 7, 10])
def test_steps_fulfilled_by_facts_cannot_be_ticked(number, client, chief):
    client.post(url("my-step", number), EVIDENCE)
    assert not StepEvidence.objects.exists()


def test_there_is_no_page_for_steps_after_opening(client, chief):
    assert client.get(url("my-step", 11)).status_code == 404


def test_the_funding_is_a_page_of_its_own_and_no_tick(client, chief, kli):
    kli.licence_budget.funded = 30
    kli.licence_budget.save()
    page = client.get(url("my-step", 2), follow=True)
    assert page.request["PATH_INFO"] == url("my-funding")
    assert "Mangler 7 lisenser" in text(page)
    assert "Bekreft steg" not in text(page)


def test_the_number_of_key_people_is_stated(client, chief, kli):
    assert "Dere trenger minst 1" in text(client.get(url("my-key-people")))
    client.post(url("my-key-people"), {"number": "3"})
    kli.refresh_from_db()
    assert kli.key_people_stated == 3


def test_a_number_that_is_none_is_refused_and_kept(client, chief, kli):
    response = client.post(url("my-key-people"), {"number": "-4"})
    assert response.status_code == 422
    assert 'value="-4"' in response.content.decode()


def sign_form(page) -> dict:
    return dict(re.findall(r'<input type="hidden" name="(version|hash_seen)" value="([^"]+)">', page.content.decode()))


def test_the_guidelines_are_signed_as_they_were_read(client, chief, kli):
    page = client.get(url("my-guidelines"))
    version = kli.rollout.guideline_versions.get()
    assert version.text in text(page)
    assert version.text_hash in text(page)
    response = client.post(url("my-guidelines"), sign_form(page), follow=True)
    assert "Kjørereglene, versjon 1, er signert. Kvitteringen er sendt til" in text(response)
    signed = SignOff.objects.get()
    assert (signed.person, signed.role, signed.signed_in_by) == (chief, RoleName.COMMUNICATION_CHIEF, "demo")
    assert signed.text_hash == text_hash(version.text)
    assert "Signert av kommunikasjonssjef.kli@example.org som kommunikasjonssjef, versjon 1" in text(
        client.get(url("my-guidelines"))
    )


def test_a_text_that_changed_since_it_was_read_is_not_signed(client, chief, kli):
    seen = sign_form(client.get(url("my-guidelines")))
    signing_off.publish(rollout=kli.rollout, text="En helt ny tekst.", by=None, now=at("2018-02-01 09:00"))
    response = client.post(url("my-guidelines"), seen)
    assert response.status_code == 409
    assert "Kjørereglene er endret siden du leste dem." in text(response)
    assert "En helt ny tekst." in text(response)
    assert sign_form(response)["version"] == "2"
    assert not SignOff.objects.exists()


@pytest.mark.parametrize("posted", [{}, {"version": "1", "hash_seen": "0" * 64}, {"version": "9", "hash_seen": "x"}])
def test_a_post_that_names_another_text_signs_nothing(posted, client, chief):
    assert client.post(url("my-guidelines"), posted).status_code == 409
    assert not SignOff.objects.exists()


def test_the_dates_come_with_their_hour_and_whether_they_are_decided(client, chief, kli):
    def panel() -> str:
        return text(client.get(url("my-course")))

    assert "onsdag 7. februar 2018 kl. 08.00" in panel()
    assert "Klarsignal er ikke gitt ennå. Datoene kan bli endret." in panel()
    deciding.decide(wave=kli.wave, verdict="go", reason="Alt er klart.", by=make_lead(), now=at("2018-02-01 09:00"))
    assert "Klarsignal er gitt." in panel()
    deciding.decide(wave=kli.wave, verdict="no-go", reason="Feil i import.", by=make_lead(), now=at("2018-02-01 10:00"))
    assert "Puljen er stoppet." in panel()


def test_markdown_is_shown_as_headings_and_lists_and_html_as_text(client, people, rollout):
    make_guidelines(
        rollout,
        number=2,
        text="# Regler\n\n- Vær saklig\n\n<script>alert(1)</script>\n\n[x](javascript:x) ![y](https://evil.example/y.png)",
    )
    client.force_login(people["chief"])
    page = client.get(url("my-guidelines")).content.decode()
    assert "<h3>Regler</h3>" in page
    assert "<li>Vær saklig</li>" in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="javascript' not in page
    assert "<img" not in page and '<a href="https://evil.example/y.png">y</a>' in page


def test_readiness_is_confirmed_after_a_page_that_shows_what_is_missing(client, chief, kli):
    make_ready(kli, but_not=("sponsor", "readiness_confirmed"))
    page = client.get(url("my-ready"))
    assert "Lederforankring" in text(page)
    assert "Klarmeldingen gjør ikke disse stegene ferdige" in text(page)
    client.post(url("my-ready"), {"comment": "Ingen åpne avvik."})
    confirmation = ReadinessConfirmation.objects.get()
    assert (confirmation.confirmed_by, confirmation.comment) == (chief, "Ingen åpne avvik.")


def test_a_second_press_confirms_nothing_new(client, chief):
    client.post(url("my-ready"), {"comment": "Først."})
    response = client.post(url("my-ready"), {"comment": "Igjen."})
    assert response.status_code == 409
    assert "er alt meldt klar av" in text(response)
    assert ReadinessConfirmation.objects.get().comment == "Først."


def test_with_everything_done_the_top_says_so(client, chief, kli):
    make_ready(kli)
    assert "Alle 10 steg er ferdige." in text(client.get(url("my-course")))


def test_a_key_person_reads_and_cannot_act(client, people):
    client.force_login(people["key1"])
    page = text(client.get(url("my-course")))
    assert "Du kan lese." in page
    assert "Dokumenter steget" not in page
    assert "Bekreft steg" not in text(client.get(url("my-step", 4)))
    response = client.post(url("my-step", 4), EVIDENCE)
    assert response.status_code == 403
    assert "kan bekrefte og signere for virksomheten" in text(response)
    assert not StepEvidence.objects.exists()


@pytest.mark.parametrize("role", [RoleName.AGENCY_HEAD, RoleName.DEPUTY])
def test_the_head_and_a_deputy_act_too(role, client, kli):
    client.force_login(give_role("annen@example.org", role, kli.agency))
    client.post(url("my-step", 4), EVIDENCE)
    assert StepEvidence.objects.count() == 1
    client.post(url("my-guidelines"), sign_form(client.get(url("my-guidelines"))))
    assert SignOff.objects.get().role == role


def test_a_lead_reads_an_agencys_course_and_does_not_sign_for_it(client, kli):
    client.force_login(make_lead())
    assert client.get(url("my-course")).status_code == 200
    assert client.post(url("my-guidelines"), {}).status_code == 403


def test_another_agencys_course_is_not_there(client, chief):
    place(make_agency("vav"))
    for name, args in (("my-course", []), ("my-step", [4]), ("my-guidelines", []), ("my-ready", [])):
        assert client.get(url(name, *args, agency="vav")).status_code == 404
        assert client.post(url(name, *args, agency="vav"), EVIDENCE).status_code == 404
    assert not StepEvidence.objects.exists()
