"""The course's pages: its steps, a new version of it, and what an agency sees that follows an older one."""

import re

import pytest
from django.urls import reverse

from rollout.domain import course
from rollout.models import CourseStep
from tests.factories import NOW, make_agency, make_lead, make_people, make_rollout, place, set_clock, sign
from tests.pages import text
from tests.rollout.domain.test_course import drafts, new_step

pytestmark = pytest.mark.django_db
EDIT = "/r/workplace-2018/course/edit/"


@pytest.fixture
def rollout(settings):
    settings.DEMO_MODE = True
    set_clock(NOW)
    return make_rollout(waves=1)


@pytest.fixture
def lead(client, rollout):
    client.force_login(make_lead())


def posted(page, do, **changes) -> dict:
    """What the page's form would send, with some fields changed."""
    form, steps = page.context["form"], page.context["steps"]
    fields = [*form, *steps.management_form, *(field for step in steps for field in step)]
    sent = {field.html_name: field.value() for field in fields if field.value() not in (None, False)}
    return sent | {"do": do} | {name.replace("__", "-"): value for name, value in changes.items()}


def test_the_page_shows_the_steps_of_the_newest_version_and_who_follows_it(client, lead, rollout):
    place(make_agency(), rollout=rollout)
    page = text(client.get(reverse("rollout:course", args=["workplace-2018"])))
    assert "Versjon 1 gjelder for nye virksomheter. 1 av 1 følger den." in page
    for step in CourseStep.objects.all():
        assert step.name in page
    assert "Virksomhetsleder · 56 dager før åpning for ledere" in page


def test_a_new_version_is_published_after_its_difference_was_shown(client, lead, rollout):
    kept, moved = place(make_agency("kept"), rollout=rollout), place(make_agency("moved"), rollout=rollout)
    sign(kept)
    first = client.get(EDIT)
    more = client.post(EDIT, posted(first, "add", **{"step-0-lead_time_days": "sent"}))
    assert len(more.context["steps"].forms) == 13
    assert more.context["steps"].forms[0]["lead_time_days"].value() == "sent", "nothing typed is lost"

    typed = {"step-0-lead_time_days": 60, "step-8-DELETE": "on", "step-12-name": "Utpek superbrukere"}
    typed |= {"step-12-evidence_required": "Liste", "step-12-owner_role": "IKT-kontakt", "step-12-place": 2}
    shown = client.post(EDIT, posted(more, "publish", **typed))
    assert rollout.course_versions.count() == 1, "the difference comes first"
    page = text(shown)
    assert "før: 56 dager før åpning for ledere nå: 60 dager før" in page
    assert "Gruppestruktur, kommunikasjons- og opplæringsplan Tatt ut" in page
    assert "1 virksomhet har ikke begynt, og går over" in page and "1 virksomhet har begynt, og beholder" in page

    done = client.post(EDIT, posted(shown, "publish", note="Superbrukere trengs"), follow=True)
    assert "Versjon 2 av løpet er publisert." in text(done)
    version = rollout.course_versions.get(number=2)
    assert [step.key for step in version.steps.all()][:3] == ["sponsor", "utpek_superbrukere", "funding"]
    assert (version.note, version.made_by.email) == ("Superbrukere trengs", "prosjektleder@example.org")
    for placement, number in ((kept, 1), (moved, 2)):
        placement.refresh_from_db()
        assert placement.course_version.number == number


def test_what_is_wrong_is_told_at_each_field_and_nothing_typed_is_lost(client, lead, rollout):
    page = client.post(
        EDIT,
        posted(client.get(EDIT), "see", **{"step-0-name": "", "step-3-lead_time_days": 999, "step-4-name": "Drøftet"}),
    )
    assert page.status_code == 422
    forms = page.context["steps"].forms
    assert list(forms[0].errors) == ["name"] and list(forms[3].errors) == ["lead_time_days"]
    assert forms[4]["name"].value() == "Drøftet"
    rule = client.post(EDIT, posted(client.get(EDIT), "see", **{"step-1-blocking": ""}))
    assert rule.status_code == 409
    assert list(rule.context["steps"].forms[1].errors) == ["blocking"]


def test_a_step_by_a_fact_cannot_be_taken_out_by_a_forged_form(client, lead, rollout):
    page = client.post(EDIT, posted(client.get(EDIT), "see", **{"step-1-DELETE": "on"}))
    assert page.status_code == 409
    assert "kan ikke tas ut" in text(page)


def test_who_started_from_an_older_version_keeps_what_was_typed_and_sees_the_new_difference(client, lead, rollout):
    shown = client.post(EDIT, posted(client.get(EDIT), "see", **{"step-0-lead_time_days": 60}))
    course.publish(
        rollout=rollout, based_on=1, steps=[*drafts(rollout), new_step()], by=make_lead("kari@example.org"), now=NOW
    )
    page = client.post(EDIT, posted(shown, "publish"))
    assert page.status_code == 409
    assert "publisert av kari@example.org" in text(page)
    assert page.context["steps"].forms[0]["lead_time_days"].value() == "60"
    assert "Utpek superbrukere Tatt ut" in text(page), "the difference is from hers"
    assert client.post(EDIT, posted(page, "publish")).status_code == 302


def test_an_agency_on_an_older_version_and_the_leads_see_what_differs(client, lead, rollout):
    kli = place(make_agency("kli"), rollout=rollout)
    people = make_people(kli.agency)
    sign(kli)
    course.publish(rollout=rollout, based_on=1, steps=[*drafts(rollout), new_step()], by=make_lead(), now=NOW)
    plan, own = (reverse(f"rollout:{name}", args=["workplace-2018", "kli"]) for name in ("agency-plan", "my-course"))
    assert "Følger versjon 1 av løpet" in text(client.get(plan))
    client.force_login(people["chief"])
    page = text(client.get(own))
    assert "Følger versjon 1 av løpet" in page and "Utpek superbrukere" in page


def test_a_step_that_has_got_another_number_meanwhile_is_not_confirmed_in_its_place(client, lead, rollout):
    kli = place(make_agency("kli"), rollout=rollout)
    chief = make_people(kli.agency)["chief"]
    pages = {
        chief: reverse("rollout:my-step", args=["workplace-2018", "kli", 4]),
        make_lead(): reverse("rollout:agency-waive", args=["workplace-2018", "kli", 4]),
    }
    seen = {}
    for person, page in pages.items():
        client.force_login(person)
        seen[person] = re.search(r'name="key_seen" value="([^"]+)"', client.get(page).text)[1]
    course.publish(rollout=rollout, based_on=1, steps=[new_step(), *drafts(rollout)], by=make_lead(), now=NOW)
    for person, page in pages.items():
        client.force_login(person)
        typed = {"text": "Gjort", "reason": "Unødig", "owner_role": "IKT-kontakt", "key_seen": seen[person]}
        refused = client.post(page, typed)
        assert refused.status_code == 409
        assert "annen versjon av løpet" in text(refused)
    assert not kli.evidence.exists() and not kli.waivers.exists()
