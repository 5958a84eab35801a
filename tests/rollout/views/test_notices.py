"""*Varsler*: what comes to the one who asks, and a form that saves what they choose."""

import pytest
from django.conf import settings
from django.test import Client

from agencies.models import RoleName
from rollout import emails
from rollout.domain import reminding, reporting
from rollout.emails.choosing import wants
from rollout.models import EmailKind, MailChoice, OutgoingEmail
from tests import factories as make
from tests.factories import at

pytestmark = pytest.mark.django_db
ADDRESS = "/varsler/"


@pytest.fixture(autouse=True)
def real(settings):
    settings.DEMO_MODE = False


@pytest.fixture
def kli():
    make.make_lead()
    rollout = make.make_rollout(waves=1)
    agency = make.make_agency("kli", name="Klimaetaten")
    make.make_people(agency)
    return make.place(agency, rollout.waves.get())


def signed_in(email: str) -> Client:
    client = Client()
    client.force_login(make.make_person(email))
    return client


def page(email: str) -> str:
    return signed_in(email).get(ADDRESS).content.decode()


def test_the_chief_may_leave_reminders_and_the_week_and_nothing_else(kli):
    html = page("kommunikasjonssjef.kli@example.org")
    assert html.count('type="checkbox" name="wanted"') == html.count(" checked>") == 2
    for words in ("Påminnelse", "Virksomheten denne uken", "Åpent for ledere", "Kvittering for signatur"):
        assert words in html
    for words in ("Ingen beslutning", "Levering feilet", "Mandag klokken 8: hvor langt"):
        assert words not in html


def test_a_lead_sees_their_duties_and_the_status(kli):
    html = page("prosjektleder@example.org")
    assert 'value="weekly_status"' in html and 'value="to_do"' not in html
    assert "Ingen beslutning" in html and "Levering feilet" in html


def test_a_reader_subscribes_to_the_status(kli):
    reader = make.give_role("leser@example.org", RoleName.READER)
    client = signed_in("leser@example.org")
    assert " checked>" not in client.get(ADDRESS).content.decode()

    answer = client.post(ADDRESS, {"shown": "weekly_status", "wanted": "weekly_status"}, follow=True)

    assert "Valgene er lagret." in answer.content.decode()
    assert wants(reader, EmailKind.WEEKLY_STATUS)


def test_a_switch_turned_off_is_left_and_one_that_was_not_shown_stays(kli):
    chief = make.make_person("kommunikasjonssjef.kli@example.org")
    signed_in(chief.email).post(ADDRESS, {"shown": ["to_do"], "wanted": []})
    assert not wants(chief, EmailKind.TO_DO)
    assert wants(chief, EmailKind.AGENCY_WEEK)
    assert MailChoice.objects.count() == 1


@pytest.mark.parametrize("kind", ["leaders_open", "no_decision", "nothing", ""])
def test_what_is_no_choice_is_not_chosen_by_a_form_of_ones_own_making(kli, kind):
    signed_in("prosjektleder@example.org").post(ADDRESS, {"shown": kind})
    assert not MailChoice.objects.exists()


def test_one_chooses_for_oneself_only_and_reading_changes_nothing(kli):
    client = signed_in("kommunikasjonssjef.kli@example.org")
    client.get(ADDRESS, {"shown": "to_do"})
    assert not MailChoice.objects.exists()
    client.post(ADDRESS, {"shown": "to_do", "person": "1"})
    assert MailChoice.objects.get().person.email == "kommunikasjonssjef.kli@example.org"


def test_the_menu_leads_there(kli):
    assert f'href="{ADDRESS}"' in page("leder.kli@example.org")


def test_the_page_needs_a_sign_in():
    assert Client().get(ADDRESS).status_code == 302


def test_reminders_and_the_status_lead_to_the_page_in_text_and_html(kli):
    reminding.send_due(rollout=kli.rollout, now=at("2018-02-02 08:00"))
    reminding.send_due(rollout=kli.rollout, now=at("2018-02-05 08:00"))
    reporting.send_due(rollout=kli.rollout, now=at("2018-02-05 08:00"))
    opened = emails.leaders_open(wave=kli.wave, placements=[kli], now=at("2018-02-07 08:00"))
    kinds = set(OutgoingEmail.objects.values_list("kind", flat=True))
    assert kinds == {EmailKind.WEEKLY_STATUS, *emails.reminding.REMINDERS}
    for mail in [*OutgoingEmail.objects.all(), *opened]:
        assert mail.text.count(f"{settings.SITE_URL}{ADDRESS}\n") == 1
        assert f'href="{settings.SITE_URL}{ADDRESS}"' in mail.html
