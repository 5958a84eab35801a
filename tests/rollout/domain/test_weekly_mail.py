"""The weekly status as it is mailed: what the text and the HTML show of its figures."""

# ruff: noqa: F811 (fixtures are asked for by the names they are imported under)
import pytest

from rollout.models import OutgoingEmail
from rollout.templatetags.frozen import by_day
from tests import factories as make
from tests.rollout.domain.test_weekly import open_leaders, rollout, status  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


def test_the_mail_says_the_same_in_text_and_html(rollout, lead):
    open_leaders(rollout, lead)
    figures = status(rollout, "2018-02-12 08:00")
    [mail] = OutgoingEmail.objects.filter(kind="weekly_status")

    assert mail.headline == "Workplace, ukestatus uke 7: 0 av 4 virksomheter har tilgang"
    assert mail.text.startswith(figures["summary"][0])
    for body in (mail.text, mail.html):
        assert "/r/workplace-2018/status/2018-W07/" in body
        assert "Bydel Nordstrand ble utsatt fra Pulje 1 til køen" in body
        for sentence in figures["summary"]:
            assert sentence in body
    for wave in figures["waves"]:
        assert f"- Pulje {wave['number']}, ledere " in mail.text
        assert f">{wave['number']}</th>" in mail.html


def test_the_mail_draws_the_way_to_everybody_without_images_and_tells_each_bar_by_its_figure(rollout, lead):
    status(rollout, "2018-02-05 08:00")
    mail = OutgoingEmail.objects.get(kind="weekly_status")

    for drawn in ("<svg", "<img", "url("):
        assert drawn not in mail.html
    assert 'bgcolor="#b3c7f7"' in mail.html
    assert "27. feb.   Pulje 1  2 167  ------------------\n" in mail.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "uten dato  Kø       2 867  ------------------------\n" in mail.text.replace("\N{NO-BREAK SPACE}", " ")
    for body in (mail.text, mail.html):
        assert "2\N{NO-BREAK SPACE}167" in body


def test_the_mail_tells_the_three_latest_of_what_stops_an_agency_and_counts_the_rest(rollout, lead):
    place = make.place(make.make_agency("sen", name="Seneste etat", employees=50), rollout.waves.get(number=1))
    make.make_ready(place, but_not=tuple(step.key for step in place.course_version.steps.filter(number__lte=10)))
    figures = status(rollout, "2018-02-05 08:00")
    mail = OutgoingEmail.objects.get(kind="weekly_status")

    [agency] = [agency for agency in figures["stuck"] if agency["slug"] == "sen"]
    assert agency["late"] == 8
    for body in (mail.text, mail.html):
        assert body.index("Seneste etat") < body.index("5 steg til, se hele statusen")
    told = mail.text.split("Seneste etat")[1].split("5 steg til")[0]
    assert told.count("over fristen") == 3
    assert told.count("må handle") == 3


def test_openings_and_due_dates_ahead_stand_in_the_order_of_their_days(rollout, lead):
    make.place(make.make_agency("oby", name="Omsorgsbygg", employees=155), rollout.waves.get(number=2))
    status(rollout, "2018-02-19 08:00")
    ahead = by_day(status(rollout, "2018-02-26 08:00")["next"])
    assert [one["on"] for one in ahead] == sorted(one["on"] for one in ahead)
    mail = OutgoingEmail.objects.get(subject="week:2018-W09").text
    soon = mail.split("DE NESTE TO UKENE")[1].split("TALLENE")[0]
    assert soon.index("27. feb.".replace(" ", "\N{NO-BREAK SPACE}")) < soon.index("frist for")


def test_a_name_with_markup_is_escaped_in_the_html_only(rollout, lead):
    make.place(make.make_agency("rar", name="Barn & <Unge>", employees=10), rollout.waves.get(number=1))
    status(rollout, "2018-02-05 08:00")
    mail = OutgoingEmail.objects.get(kind="weekly_status")
    assert "Barn & <Unge>" in mail.text
    assert "Barn &amp; &lt;Unge&gt;" in mail.html
    assert "<Unge>" not in mail.html
