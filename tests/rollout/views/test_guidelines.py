"""The guidelines' pages: written, published and read by the leads; read and signed by the agencies (rule 5)."""

import re

import pytest
from django.urls import reverse

from agencies.models import RoleName
from agencies.sign_in import SIGNED_IN_BY
from rollout.domain import drafting, signing_off
from rollout.models import EmailKind, GuidelineDraft, OutgoingEmail, SignOff
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_guidelines,
    make_lead,
    make_people,
    make_person,
    make_ready,
    make_rollout,
    place,
    set_clock,
    sign,
)
from tests.pages import text

pytestmark = pytest.mark.django_db
OLD, NEW = "Vær saklig.\n\nDel ikke passord.", "Vær vennlig.\n\nDel ikke passord.\n\nSi fra."


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    rollout = make_rollout(waves=2, guidelines=False)
    make_guidelines(rollout, text=OLD, published_by=make_lead())
    return rollout


@pytest.fixture
def kli(rollout):
    kli = place(make_agency("kli", name="Klimaetaten"), rollout.waves.get(number=1))
    make_people(kli.agency)
    return kli


@pytest.fixture
def lead(client, rollout):
    lead = make_lead()
    client.force_login(lead)
    return lead


def url(name: str, *args) -> str:
    return reverse(f"rollout:{name}", args=["workplace-2018", *args])


# -- reading -------------------------------------------------------------------------------------------------------


def test_the_list_tells_each_version_and_how_many_have_signed_it(client, lead, rollout, kli):
    place(make_agency("vav"), rollout=rollout)
    sign(kli)
    newest = signing_off.publish(rollout=rollout, text=NEW, is_material=False, by=lead, now=NOW)
    page = text(client.get(url("guidelines")))
    assert "Versjon 2 gjelder. 0 av 2 virksomheter har signert den." in page
    assert "Retting" in page and "1 av 2" in page and newest.short_hash in page


def test_any_version_can_be_read_by_who_commits_to_it_and_shows_no_other_agency(client, rollout, kli):
    sign(kli)
    signing_off.publish(rollout=rollout, text=NEW, by=make_lead(), now=NOW)
    client.force_login(make_person("nokkelperson1.kli@example.org"))
    page = client.get(url("guidelines-version", 1))
    version = rollout.guideline_versions.get(number=1)
    assert version.text_hash in page.text and "Del ikke passord." in page.text
    assert "Versjon 2 gjelder nå" in text(page)
    assert "Klimaetaten" not in page.text and "kommunikasjonssjef" not in page.text
    assert client.get(url("guidelines-version", 3)).status_code == 404


# -- writing -------------------------------------------------------------------------------------------------------


def test_a_draft_starts_from_the_last_text_and_is_saved(client, lead, rollout):
    page = client.get(url("guidelines-draft"))
    assert page.context["form"]["text"].value() == OLD
    client.post(url("guidelines-draft"), {"text": NEW.replace("\n", "\r\n"), "revision": 0, "do": "save"})
    assert (GuidelineDraft.objects.get().text, GuidelineDraft.objects.get().saved_by) == (NEW, lead)


def test_a_preview_shows_the_text_and_the_difference_and_saves_nothing(client, lead):
    for address in (url("guidelines-draft"), url("guidelines-preview")):
        page = client.post(address, {"text": "# Ny\n\n<script>x</script>", "revision": 0, "do": "preview"})
        assert page.status_code == 200
        assert "<h3>Ny</h3>" in page.text and "<script>x" not in page.text
        assert "satt inn:" in page.text and "tatt ut:" in page.text
    assert not GuidelineDraft.objects.exists()


def test_of_two_writers_the_second_sees_both_texts_and_loses_nothing(client, lead, rollout):
    drafting.save(rollout=rollout, text="Karis tekst", revision_seen=0, by=make_person("kari@example.org"), now=NOW)
    page = client.post(url("guidelines-draft"), {"text": "Olas tekst", "revision": 0, "do": "save"})
    assert page.status_code == 409
    assert "kari@example.org lagret utkastet" in text(page)
    assert page.context["form"]["text"].value() == "Olas tekst"
    assert "Karis tekst" in page.text
    assert GuidelineDraft.objects.get().text == "Karis tekst"
    again = {"text": "Olas tekst", "revision": page.context["form"]["revision"].value(), "do": "save"}
    assert client.post(url("guidelines-draft"), again).status_code == 302, "the second press knows of theirs"
    assert GuidelineDraft.objects.get().text == "Olas tekst"


def test_an_empty_text_is_told_at_the_field(client, lead):
    page = client.post(url("guidelines-draft"), {"text": " ", "revision": 0, "do": "save"})
    assert page.status_code == 422
    assert "Skriv teksten." in text(page)


# -- publishing ----------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(rollout):
    return drafting.save(rollout=rollout, text=NEW, revision_seen=0, by=make_lead(), now=NOW)


def test_before_the_press_it_shows_whom_a_material_change_reopens_and_what_opens_soon(client, lead, draft, kli):
    sign(kli)
    page = text(client.get(url("guidelines-publish")))
    assert "må disse signere på nytt" in page
    assert "Klimaetaten versjon 1 Pulje 1, ledere 7. feb. 2018" in page.replace("\xa0", " ")
    assert "Må signere før" in page
    chosen = {"is_material": "yes", "old_counts_until": "2018-02-10"}
    part = client.get(url("guidelines-publish"), chosen, headers={"HX-Request": "true"})
    assert "gjelder til og med lørdag 10. februar 2018" in text(part) and "<html" not in part.text
    assert "Åpner snart" in text(part) and "Må signere før" not in text(part)
    plain = client.post(url("guidelines-publish"), {"revision": 1, "is_material": "no", "do": "effect"})
    assert "Ingen må signere på nytt" in text(plain)
    assert draft.rollout.guideline_versions.count() == 1


def test_publishing_asks_whether_the_change_is_material(client, lead, draft):
    page = client.post(url("guidelines-publish"), {"revision": 1})
    assert page.status_code == 422
    assert "Velg om endringen er vesentlig eller ikke." in text(page)
    assert draft.rollout.guideline_versions.count() == 1


def test_a_day_that_has_passed_is_refused_at_its_field(client, lead, draft):
    page = client.post(
        url("guidelines-publish"), {"revision": 1, "is_material": "yes", "old_counts_until": "2018-01-31"}
    )
    assert page.status_code == 409
    assert page.context["form"].errors["old_counts_until"]


def test_the_draft_is_published_as_it_was_seen_and_the_agencies_are_told(client, lead, draft, kli):
    sign(kli)
    seen = {"revision": draft.revision, "is_material": "yes", "old_counts_until": "2018-02-10"}
    page = client.post(url("guidelines-publish"), seen, follow=True)
    assert "Kjørereglene, versjon 2, er publisert." in text(page)
    version = draft.rollout.guideline_versions.get(number=2)
    assert (version.text, version.is_material, str(version.old_counts_until)) == (NEW, True, "2018-02-10")
    assert OutgoingEmail.objects.filter(kind=EmailKind.GUIDELINES_CHANGED).count() == 2
    assert "ikke noe utkast å publisere" in text(client.post(url("guidelines-publish"), seen, follow=True))


def test_a_draft_saved_after_it_was_seen_is_not_published(client, lead, draft):
    drafting.save(rollout=draft.rollout, text="Enda nyere", revision_seen=1, by=make_lead(), now=NOW)
    page = client.post(url("guidelines-publish"), {"revision": 1, "is_material": "no"}, follow=True)
    assert "Ingenting er publisert" in text(page)
    assert draft.rollout.guideline_versions.count() == 1


# -- who signs -----------------------------------------------------------------------------------------------------


def test_a_lead_says_who_signs_and_how(client, lead, rollout):
    client.post(url("guidelines-settings"), {"signers": "head", "signing_needs_oidc": "on"})
    rollout.refresh_from_db()
    assert (rollout.signers, rollout.signing_needs_oidc) == ("head", True)
    page = text(client.get(url("guidelines")))
    assert "Bare virksomhetslederen" in page and "Personlig innlogging kreves" in page
    history = text(client.get(url("history")))
    assert "hvem signerer kjørereglene" in history


def as_chief(client, how="code"):
    client.force_login(make_person("kommunikasjonssjef.kli@example.org"))
    session = client.session
    session[SIGNED_IN_BY] = how
    session.save()


def sign_form(page) -> dict:
    return {name: re.search(rf'name="{name}" value="([^"]+)"', page.text)[1] for name in ("version", "hash_seen")}


def test_where_only_the_head_signs_the_chief_is_told_so_and_cannot(client, rollout, kli):
    as_chief(client)
    form = sign_form(client.get(url("my-guidelines", "kli")))
    signing_off.set_signing(rollout=rollout, signers="head", signing_needs_oidc=False, by=make_lead(), now=NOW)
    page = client.get(url("my-guidelines", "kli"))
    assert "bare virksomhetslederen som signerer" in text(page) and 'name="hash_seen"' not in page.text
    refused = client.post(url("my-guidelines", "kli"), form)
    assert refused.status_code == 409
    assert not SignOff.objects.exists()


@pytest.mark.parametrize(("how", "signed"), [("code", 0), ("demo", 0), ("oidc", 1)])
def test_where_a_personal_sign_in_is_demanded_another_is_told_what_to_do(how, signed, client, rollout, kli):
    as_chief(client, how)
    form = sign_form(client.get(url("my-guidelines", "kli")))
    signing_off.set_signing(rollout=rollout, signers="head_or_chief", signing_needs_oidc=True, by=make_lead(), now=NOW)
    page = text(client.get(url("my-guidelines", "kli")))
    assert ("Logg ut, og logg inn igjen med jobbkontoen din" in page) == (not signed)
    client.post(url("my-guidelines", "kli"), form)
    assert SignOff.objects.count() == signed


def test_a_version_published_meanwhile_refuses_the_press_and_shows_what_changed(client, rollout, kli):
    as_chief(client)
    form = sign_form(client.get(url("my-guidelines", "kli")))
    signing_off.publish(rollout=rollout, text=NEW, by=make_lead(), now=NOW)
    page = client.post(url("my-guidelines", "kli"), form)
    assert page.status_code == 409
    assert "Endret siden versjon 1" in text(page) and "satt inn: vennlig" in text(page)
    assert client.post(url("my-guidelines", "kli"), sign_form(page)).status_code == 302
    assert SignOff.objects.get().version.number == 2


def test_who_has_signed_an_older_text_sees_what_changed_until_when_it_counts_and_both_signatures(client, rollout, kli):
    make_ready(kli)
    signing_off.publish(rollout=rollout, text=NEW, old_counts_until=at("2018-02-10 00:00").date(), by=None, now=NOW)
    as_chief(client)
    page = client.get(url("my-guidelines", "kli"))
    assert "gjelder til og med lørdag 10. februar 2018" in text(page)
    assert "Endret siden versjon 1" in text(page)
    client.post(url("my-guidelines", "kli"), sign_form(page))
    signed = text(client.get(url("my-guidelines", "kli")))
    assert "Signert av kommunikasjonssjef.kli@example.org som kommunikasjonssjef, versjon 2" in signed
    assert "Signert før" in signed
    assert OutgoingEmail.objects.filter(kind=EmailKind.SIGN_RECEIPT).count() == 1


def test_a_reader_sees_the_list_and_has_nothing_to_press(client, rollout):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    page = client.get(url("guidelines"))
    assert page.status_code == 200 and "Skriv neste versjon" not in page.text
