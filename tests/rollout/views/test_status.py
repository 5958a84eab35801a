"""The weekly status over HTTP and from a shell."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from agencies.models import RoleName
from rollout.domain import queueing, reporting
from rollout.models import OutgoingEmail, StatusReport
from tests import factories as make
from tests.factories import at
from tests.rollout.test_commands import run

pytestmark = pytest.mark.django_db
STATUS = "/r/workplace-2018/status/"
COMMAND = "send_weekly_status"


@pytest.fixture(autouse=True)
def the_demos_clock(settings, db):
    settings.DEMO_MODE = True
    make.set_clock(at("2018-02-13 09:00"))


@pytest.fixture
def rollout(lead):
    rollout = make.make_rollout(waves=2)
    agency = make.make_agency("kli", name="Klimaetaten", employees=37)
    make.place(agency, rollout.waves.get(number=1))
    return rollout


@pytest.fixture
def sent(rollout):
    """Two Mondays, 5 and 12 February."""
    for moment in ("2018-02-05 08:00", "2018-02-12 08:00"):
        reporting.send_due(rollout=rollout, now=at(moment))


# -- pages ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_report_as_it_was_sent(as_lead, rollout, sent):
    before = as_lead.get(f"{STATUS}2018-W06/").text
    rollout.placements.get().agency.employees = 9_999
    queueing.join(rollout=rollout, agency=make.make_agency(name="Nykommer"), by=None, now=at("2018-02-13 09:00"))
    after = as_lead.get(f"{STATUS}2018-W06/").text

    assert "0 av 1 virksomheter og 0 av 37 medarbeidere har tilgang." in after
    assert "Klimaetaten" in after
    assert "Nykommer" not in after
    assert after.split("<article")[1].split("</article")[0] == before.split("<article")[1].split("</article")[0]


def test_the_page_leads_to_the_weeks_beside_it(as_lead, sent):
    first, second = as_lead.get(f"{STATUS}2018-W06/").text, as_lead.get(f"{STATUS}2018-W07/").text
    assert f'rel="next" href="{STATUS}2018-W07/"' in first
    assert 'rel="prev"' not in first
    assert f'rel="prev" href="{STATUS}2018-W06/"' in second
    assert f'href="{STATUS}coming/"' in second


def test_a_week_that_was_skipped_is_no_neighbour(as_lead, sent, rollout):
    reporting.send_due(rollout=rollout, now=at("2018-03-13 10:00"))
    html = as_lead.get(f"{STATUS}2018-W07/").text
    assert f'rel="next" href="{STATUS}2018-W11/">Uke 11' in html


def test_the_mail_is_shown_as_it_was_sent(as_lead, rollout, sent):
    queueing.join(rollout=rollout, agency=make.make_agency(name="Nykommer"), by=None, now=at("2018-02-13 09:00"))
    message = OutgoingEmail.objects.get(subject="week:2018-W06")

    page = as_lead.get(f"{STATUS}2018-W06/mail/")
    assert message.headline in page.text
    assert escape(message.text) in page.text
    assert "til 1 mottaker" in page.text
    assert f'rel="next" href="{STATUS}2018-W07/mail/"' in page.text
    assert f'href="{STATUS}2018-W06/mail/"' in as_lead.get(f"{STATUS}2018-W06/").text
    shown = as_lead.get(f"{STATUS}2018-W06/mail/html/")
    assert shown.content.decode() == message.html
    assert shown["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_mail_whose_words_are_deleted_is_not_found_and_its_figures_are(as_lead, sent):
    OutgoingEmail.objects.filter(subject="week:2018-W06").update(text="", html="")

    response = as_lead.get(f"{STATUS}2018-W06/mail/")
    assert (response.status_code, "E-posten for uke 6 finnes ikke" in response.text) == (404, True)
    assert as_lead.get(f"{STATUS}2018-W06/mail/html/").status_code == 404
    assert "/mail/" not in as_lead.get(f"{STATUS}2018-W06/").text.split("<article")[1].split("</article")[0]


def test_the_mail_of_a_week_that_was_not_sent_says_why(as_lead, sent):
    response = as_lead.get(f"{STATUS}2018-W09/mail/")
    assert response.status_code == 404
    assert "sendes først mandag 26. februar 2018" in response.text


def test_the_short_address_leads_to_the_active_rollout(as_lead, sent):
    response = as_lead.get("/status/2018-W07/")
    assert (response.status_code, response["Location"]) == (302, f"{STATUS}2018-W07/")


def test_the_list_has_every_week_the_newest_first_and_says_when_the_next_comes(as_lead, sent):
    html = as_lead.get(STATUS).text
    assert html.index("Uke 7,") < html.index("Uke 6,")
    assert "uke 8, sendes mandag 19. februar 2018 kl. 08.00" in html


def test_before_the_first_there_is_nothing_but_a_sentence(as_lead, rollout):
    make.set_clock(at("2018-02-02 09:00"))
    html = as_lead.get(STATUS).text
    assert "Ingen ukestatus er sendt ennå." in html
    assert "uke 6, sendes mandag 5. februar 2018" in html


@pytest.mark.parametrize(
    ("week", "why"), [("2018-W09", "sendes først mandag 26. februar 2018"), ("2018-W02", "før utrullingen begynte")]
)
def test_a_week_that_was_not_sent_is_not_found_and_says_why(as_lead, sent, week, why):
    response = as_lead.get(f"{STATUS}{week}/")
    assert response.status_code == 404
    assert why in response.text


@pytest.mark.parametrize("week", ["2018-W54", "uke-7", "2019-W53"])
def test_what_is_no_week_is_not_found(as_lead, sent, week):
    assert as_lead.get(f"{STATUS}{week}/").status_code == 404


def test_a_lead_previews_the_coming_one_and_nothing_is_written(as_lead, sent):
    reports, messages = StatusReport.objects.count(), OutgoingEmail.objects.count()
    html = as_lead.get(f"{STATUS}coming/").text
    assert "Forhåndsvisning" in html
    assert "sendes mandag 19. februar 2018 kl. 08.00" in html
    assert html.count('ur-alert__title">Forhåndsvisning<') == 1, "what is asked of the lead has not that title"
    assert (StatusReport.objects.count(), OutgoingEmail.objects.count()) == (reports, messages)


@pytest.mark.parametrize(
    ("role", "page", "preview"),
    [
        (RoleName.PROJECT_LEAD, 200, 200),
        (RoleName.SPONSOR, 200, 403),
        (RoleName.READER, 200, 403),
        (RoleName.COMMUNICATION_CHIEF, 403, 403),
        (RoleName.KEY_PERSON, 403, 403),
    ],
)
def test_who_may_read_it(client, sent, rollout, role, page, preview):
    central = role in (RoleName.PROJECT_LEAD, RoleName.SPONSOR, RoleName.READER)
    person = make.give_role("ny@example.org", role, None if central else rollout.placements.get().agency)
    client.force_login(person)
    assert client.get(STATUS).status_code == page
    assert client.get(f"{STATUS}2018-W06/").status_code == page
    assert client.get(f"{STATUS}coming/").status_code == preview


def test_a_visitor_signs_in_first(client, sent):
    response = client.get(f"{STATUS}2018-W06/")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_the_number_of_queries_does_not_grow(as_lead, rollout, sent):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert as_lead.get(STATUS).status_code == 200
            assert as_lead.get(f"{STATUS}2018-W07/").status_code == 200
            assert as_lead.get(f"{STATUS}coming/").status_code == 200
        return len(seen)

    few = queries()
    for number in range(20):
        make.place(make.make_agency(), rollout.waves.get(number=1 + number % 2) if number < 6 else None)
        queueing.join(rollout=rollout, agency=make.make_agency(), by=None, now=at("2018-02-12 09:00"))
    reporting.send_due(rollout=rollout, now=at("2018-02-19 08:00"))
    assert queries() == few


# -- from a shell --------------------------------------------------------------------------------------------------


def test_the_command_makes_the_status_that_is_due_and_then_nothing(rollout):
    done = run(COMMAND)
    assert (done.code, done.out) == (0, "Ukestatusen for 2018-W07 er laget. E-poster til levering: 1.\n")
    again = run(COMMAND)
    assert again.code == 0
    assert "Ingen ukestatus er forfalt. Den neste, 2018-W08, sendes mandag 19. februar 2018" in again.out
    assert OutgoingEmail.objects.count() == 1


@pytest.mark.parametrize(
    ("week", "why"),
    [("2018-W07", "er alt sendt"), ("2018-W08", "sendes først"), ("2018-W01", "før utrullingen begynte")],
)
def test_the_command_refuses_another_week_with_the_reason(sent, week, why):
    done = run(COMMAND, "--week", week)
    assert done.code == 1
    assert why in done.err
    assert StatusReport.objects.count() == 2


def test_the_command_takes_the_week_that_is_due_by_name(rollout):
    assert run(COMMAND, "--week", "2018-W07").code == 0
    assert StatusReport.objects.get().label == "2018-W07"


def test_the_command_does_not_know_what_is_no_week(rollout):
    done = run(COMMAND, "--week", "2018-W54")
    assert done.code == 2
    assert "Skriv år og uke slik" in done.err


def test_the_preview_prints_the_text_and_writes_nothing(rollout):
    done = run(COMMAND, "--preview")
    assert done.code == 0
    assert done.out.startswith("Workplace, ukestatus uke 7: 0 av 1 virksomhet har tilgang\n\n0 av 1 virksomheter")
    assert not StatusReport.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_the_preview_of_a_week_that_was_sent_is_what_was_sent(sent):
    headline, text = OutgoingEmail.objects.filter(subject="week:2018-W06").values_list("headline", "text").get()
    done = run(COMMAND, "--preview", "--week", "2018-W06")
    assert done.out.strip() == f"{headline}\n\n{text}".strip()


def test_only_the_coming_week_can_be_previewed(sent):
    done = run(COMMAND, "--preview", "--week", "2018-W10")
    assert done.code == 1
    assert "Bare den neste, 2018-W08, kan forhåndsvises." in done.err


def test_a_status_for_nobody_is_refused_in_the_preview(db):
    make.make_rollout()
    done = run(COMMAND, "--preview")
    assert done.code == 1
    assert "Inviter en først" in done.err
