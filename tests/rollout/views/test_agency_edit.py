"""What a lead changes about an agency, from its page: profile, people, and whether it takes part."""

import json

import pytest
from django.urls import reverse

from agencies.models import Person, Role, RoleName
from rollout.domain import leaving, placing, profiles, together
from rollout.models import EventKind, PlacementStatus, PlanEvent
from tests.factories import (
    at,
    give_go,
    give_role,
    make_agency,
    make_lead,
    make_people,
    make_pilot,
    make_rollout,
    place,
)
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]
NOW = at("2018-02-01 09:00")


@pytest.fixture
def bns():
    rollout = make_rollout(waves=2)
    agency = make_agency("bns", name="Bydel Nordstrand", employees=1650, locations=64, maturity=None)
    return place(agency, rollout.waves.get(number=1))


@pytest.fixture
def lead(client, bns):
    person = make_lead()
    client.force_login(person)
    return person


def url(name: str, *args, agency: str = "bns") -> str:
    return reverse(f"rollout:agency-{name}", args=["workplace-2018", agency, *args])


def stands(agency) -> dict:
    agency.refresh_from_db()
    return {name: getattr(agency, name) for name in profiles.EDITABLE}


def save(client, shown: dict, **typed):
    values = {name: "" if value is None else value for name, value in (shown | typed).items()}
    return client.post(url("edit"), values | {"shown": json.dumps(shown)})


# -- the profile -----------------------------------------------------------------------------------------------------


def test_the_page_and_the_dialog_show_the_same_form(client, lead):
    page = client.get(url("edit")).content.decode()
    part = client.get(url("edit"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" in page
    assert "<html" not in part
    for markup in (page, part):
        assert 'value="Bydel Nordstrand"' in markup
        assert 'name="shown"' in markup


def test_what_is_saved_is_set_told_and_can_be_taken_back(client, lead, bns):
    response = save(client, stands(bns.agency), employees="1700", maturity="4")
    assert response.url == "/agencies/bns/"
    assert (stands(bns.agency)["employees"], stands(bns.agency)["maturity"]) == (1700, 4)
    event = PlanEvent.objects.get()
    assert (event.kind, event.by, event.after) == (EventKind.AGENCY_EDITED, lead, {"employees": 1700, "maturity": 4})
    page = client.get("/agencies/bns/")
    assert "Bydel Nordstrand er lagret." in text(page)
    undo = reverse("rollout:undo", args=["workplace-2018", event.change])
    assert f'action="{undo}"' in page.content.decode()

    assert client.post(undo, {"next": "/agencies/bns/"}).url == "/agencies/bns/"
    assert (stands(bns.agency)["employees"], stands(bns.agency)["maturity"]) == (1650, None)
    history = client.get(url("plan"))
    assert f"Angret av {lead}" in text(history)
    assert f'action="{undo}"' not in history.content.decode()


def test_from_the_dialog_the_page_is_loaded_anew(client, lead, bns):
    shown = stands(bns.agency)
    values = {name: value or "" for name, value in shown.items()} | {"sector": "Ny", "shown": json.dumps(shown)}
    response = client.post(url("edit"), values, headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/agencies/bns/"


@pytest.mark.parametrize(("field", "typed"), [("employees", "mange"), ("name", ""), ("maturity", "9"), ("kind", "x")])
def test_a_wrong_value_is_told_at_its_field_and_nothing_typed_is_lost(client, lead, bns, field, typed):
    response = save(client, stands(bns.agency), **{field: typed, "sector": "Skrevet nå"})
    assert response.status_code == 422
    page = response.content.decode()
    assert f'href="#id_{field}"' in page
    assert f'id="id_{field}_error"' in page
    assert 'value="Skrevet nå"' in page
    assert not PlanEvent.objects.exists()


def test_a_form_that_was_tampered_with_is_asked_to_be_opened_again(client, lead, bns):
    typed = {name: value or "" for name, value in stands(bns.agency).items()}
    response = client.post(url("edit"), typed | {"shown": '{"name": "x"}'})
    assert response.status_code == 422
    assert "Åpne skjemaet på nytt." in text(response)


def test_a_stale_form_keeps_what_others_did_and_asks_where_both_changed_the_same(client, lead, bns):
    shown = stands(bns.agency)
    profiles.edit(
        rollout=bns.rollout,
        agency=bns.agency,
        fields={"employees": 1700, "sector": "Helse"},
        by=make_lead("kari@example.org"),
        now=NOW,
    )

    response = save(client, shown, employees="1600", status_note="Min merknad")

    assert response.status_code == 409
    assert "kari@example.org har endret dette til «1 700», og du skrev «1 600»." in text(response)
    page = response.content.decode()
    assert 'id="id_employees_error"' in page
    assert 'value="1600"' in page
    assert 'value="Helse"' in page, "what the other changed and I did not is shown as it is now"

    again = save(client, stands(bns.agency), employees="1600", status_note="Min merknad")
    assert again.status_code == 302
    assert (stands(bns.agency)["employees"], stands(bns.agency)["sector"]) == (1600, "Helse")


def test_an_agency_of_an_opened_wave_is_told_that_its_headcount_there_is_frozen(client, lead, bns):
    bns.employees_at_opening, bns.leaders_access_at = 1650, NOW
    bns.save()
    assert "antallet medarbeidere der er frosset" in text(client.get(url("edit")))


# -- people ----------------------------------------------------------------------------------------------------------


def test_a_lead_invites_somebody_and_ends_a_role_after_asking(client, lead, bns):
    assert client.post(url("invite"), {"email": "Ny@example.org", "role": "deputy"}).url == "/agencies/bns/"
    role = Role.objects.get(person__email="ny@example.org")
    assert (role.role, role.agency, role.until) == (RoleName.DEPUTY, bns.agency, None)
    assert url("end-role", role.pk) in client.get("/agencies/bns/").content.decode()

    assert "ny@example.org mister tilgangen som stedfortreder" in text(client.get(url("end-role", role.pk)))
    assert client.post(url("end-role", role.pk)).url == "/agencies/bns/"
    role.refresh_from_db()
    assert role.until == NOW
    assert list(PlanEvent.objects.values_list("kind", "agency", "by")) == [
        (EventKind.ROLE_GIVEN, bns.agency.pk, lead.pk),
        (EventKind.ROLE_ENDED, bns.agency.pk, lead.pk),
    ]


def test_who_lost_the_role_is_out_at_once_in_an_open_session_too(client, lead, bns, django_user_model):
    chief = make_people(bns.agency)["chief"]
    other = type(client)()
    other.force_login(chief)
    assert other.get("/agencies/bns/").status_code == 200
    client.post(url("end-role", chief.roles.get().pk))
    assert other.get("/agencies/bns/").status_code == 403


def test_a_second_press_is_answered_in_words_and_changes_nothing(client, lead, bns):
    chief = make_people(bns.agency)["chief"]
    role = chief.roles.get()
    client.post(url("end-role", role.pk))
    response = client.post(url("end-role", role.pk))
    assert response.status_code == 409
    assert "er ikke lenger kommunikasjonssjef i Bydel Nordstrand" in text(response)
    assert PlanEvent.objects.count() == 1


def test_a_role_that_is_held_already_is_told_at_the_address(client, lead, bns):
    give_role("ny@example.org", RoleName.DEPUTY, bns.agency)
    response = client.post(url("invite"), {"email": "ny@example.org", "role": "deputy"})
    assert response.status_code == 409
    assert 'id="id_email_error"' in response.content.decode()


@pytest.mark.parametrize("typed", [{}, {"email": "ingen", "role": "deputy"}, {"email": "a@b.no", "role": "sponsor"}])
def test_an_invitation_that_makes_no_sense_is_refused(client, lead, typed):
    before = Person.objects.count()
    assert client.post(url("invite"), typed).status_code == 422
    assert Person.objects.count() == before


def test_a_role_at_another_agency_is_not_ended_from_here(client, lead):
    elsewhere = give_role("x@example.org", RoleName.DEPUTY, make_agency("kli")).roles.get()
    assert client.post(url("end-role", elsewhere.pk)).status_code == 404


# -- withdrawing and coming back -------------------------------------------------------------------------------------


def withdraw(client, bns, **typed):
    return client.post(url("withdraw"), {"reason": "Går ut av avtalen.", "version": bns.version} | typed)


def test_withdrawing_says_first_what_it_means(client, lead, bns):
    give_go(bns.wave)
    page = text(client.get(url("withdraw")))
    assert "gir fra seg plassen i Pulje 1" in page
    assert "Lisensene virksomheten har finansiert, røres ikke." in page
    assert "Pulje 1 har klarsignal. Det faller bort" in page
    assert not PlanEvent.objects.exists()


def test_a_withdrawn_agencys_page_has_its_profile_its_history_and_the_way_back(client, lead, bns):
    assert withdraw(client, bns).url == "/agencies/bns/"
    bns.refresh_from_db()
    assert bns.status == PlacementStatus.WITHDRAWN
    part = client.get(url("plan"))
    assert "Bydel Nordstrand er trukket fra utrullingen." in text(part)
    assert "Begrunnelse: Går ut av avtalen." in text(part)
    assert "Trukket fra pulje 1" in text(part)
    assert url("rejoin") in part.content.decode()
    assert url("edit") in part.content.decode()
    assert url("withdraw") not in part.content.decode()

    assert client.post(url("rejoin"), {"reason": "Ble enige."}).url == "/agencies/bns/"
    bns.refresh_from_db()
    assert (bns.status, bns.queue_position) == (PlacementStatus.QUEUED, 1)


def test_withdrawing_without_a_reason_is_told_at_the_field(client, lead, bns):
    response = withdraw(client, bns, reason=" ")
    assert response.status_code == 422
    assert "Skriv hvorfor virksomheten trekkes." in text(response)


def test_an_agency_that_moved_meanwhile_is_not_withdrawn_and_the_next_press_is_for_what_is_shown(client, lead, bns):
    placing.move(placement=bns, to=bns.rollout.waves.get(number=2), by=lead, now=NOW)
    response = withdraw(client, bns)
    assert response.status_code == 409
    assert "Bydel Nordstrand er flyttet siden du så kortet" in text(response)
    assert "gir fra seg plassen i Pulje 2" in text(response)
    assert "Går ut av avtalen." in response.content.decode()
    bns.refresh_from_db()
    assert f'name="version" value="{bns.version}"' in response.content.decode()


def test_rejoining_twice_is_refused_in_words(client, lead, bns):
    withdraw(client, bns)
    client.post(url("rejoin"))
    response = client.post(url("rejoin"))
    assert response.status_code == 409
    assert "er ikke trukket" in text(response)


def test_a_pilot_neither_withdraws_nor_rejoins(client, lead, bns):
    make_pilot(make_agency("kul"))
    for name in ("withdraw", "rejoin"):
        assert client.get(url(name, agency="kul")).status_code == 404


def test_a_pinned_place_is_shown_with_its_reason_and_is_not_withdrawn(client, lead, bns):
    leaving.pin(placement=bns, reason="Avtalt med byråden.", by=lead, now=NOW)
    page = client.get(url("plan"))
    assert "Plasseringen er låst Avtalt med byråden." in text(page)
    assert url("withdraw") not in page.content.decode()
    assert withdraw(client, bns).status_code == 409


def test_readers_see_it_all_and_get_no_buttons(client, bns):
    client.force_login(give_role("leser@example.org", RoleName.READER))
    make_people(bns.agency)
    page = client.get("/agencies/bns/").content.decode() + client.get(url("plan")).content.decode()
    for name in ("edit", "invite", "withdraw"):
        assert url(name) not in page
    assert "kommunikasjonssjef.bns@example.org" in page


def test_an_undo_that_takes_others_with_it_says_so(client, lead, bns):
    place(make_agency("kli"), bns.wave)
    together.move_many(rollout=bns.rollout, versions={"bns": 1, "kli": 1}, to=None, by=lead, now=NOW)
    assert "Angre alle 2 som ble endret sammen" in text(client.get(url("plan")))
