"""*Foreslå puljer* as a lead meets it: what counts, how far the search has come, what it found, what is in the way."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from rollout import tasks
from rollout.domain import compositions, scenarios, scheduling
from rollout.models import Composition, CompositionState
from rollout.views import compose
from tests.factories import NOW, make_agency, make_lead, make_ready, make_rollout, place
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("february")]

TYPED = {"order": 3, "even": 3, "variation": 3, "moves": 2, "early": 1, "pilots": ["2"]}
URL = "/r/workplace-2018/compose/"


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list:
    """What was handed to a worker, which is not there."""
    handed: list = []
    monkeypatch.setattr(compose.current_app, "send_task", lambda name, kwargs: handed.append((name, kwargs)))
    return handed


@pytest.fixture
def rollout():
    rollout = make_rollout(waves=3)
    for number, slug in enumerate(("a", "b", "c")):
        make_ready(place(make_agency(slug, employees=100 + 50 * number), rollout=rollout))
    return rollout


@pytest.fixture(autouse=True)
def lead(client, rollout):
    person = make_lead()
    client.force_login(person)
    return person


def work(sent) -> None:
    for name, kwargs in sent:
        assert name == tasks.compose.name
        tasks.compose(**kwargs)
    sent.clear()


def test_a_press_asks_once_and_the_page_tells_how_far_it_has_come(client, rollout, sent):
    assert client.post(URL, TYPED).url == URL
    assert [kwargs for _name, kwargs in sent] == [{"composition": Composition.objects.get().pk}]
    page = client.get(URL)
    assert "Venter på å begynne" in text(page)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    Composition.objects.update(state=CompositionState.RUNNING, best=268_217, bound=200_000)
    part = client.get(URL, headers={"HX-Request": "true"})
    assert "Beste så langt: 2 682 poeng. Ingen plan kan ha færre enn 2 000." in text(part)
    assert "<h1>" not in part.content.decode()


def test_a_second_press_is_refused_with_who_asked_first(client, rollout, sent):
    client.post(URL, TYPED)
    again = client.post(URL, TYPED)
    assert again.status_code == 409
    assert "prosjektleder@example.org ba om et forslag" in text(again)
    assert len(sent) == 1


def test_the_proposal_is_told_with_its_moves_its_points_and_its_gap(client, rollout, sent):
    client.post(URL, TYPED)
    work(sent)
    page = client.get(URL)
    said = text(page)
    assert "Et forslag er klart" in said
    assert "Det er bevist at ingen plan etter disse hensynene er bedre." in said
    assert "Virksomhet a får plass i pulje" in said
    assert "every 2s" not in page.content.decode()
    findings = Composition.objects.get().findings
    assert sum(aim["points"] for aim in findings["aims"]) == findings["objective"]
    for aim in ("Køens rekkefølge", "Jevn fordeling", "Variasjon i pilotpuljer", "Få flyttinger", "Tidlig ferdig"):
        assert aim in said


def test_a_proposal_that_is_dropped_is_not_offered_for_use_again(client, rollout, sent, lead):
    client.post(URL, TYPED)
    work(sent)
    assert "Se forslaget og ta det i bruk" in text(client.get(URL))
    scenarios.drop(scenario=Composition.objects.get().scenario, by=lead, now=NOW)
    said = text(client.get(URL))
    assert "Se forslaget" in said and "ta det i bruk" not in said.replace("endre og ta i bruk", "")


def test_a_plan_of_today_with_fewer_points_is_said_to_break_a_rule(client, sent):
    rollout = make_rollout(slug="in-haste", waves=3)
    for slug in ("d", "e"):
        place(make_agency(slug), rollout.waves.get(number=1))
    url = f"/r/{rollout.slug}/compose/"
    client.post(url, TYPED | {"moves": 5})
    work(sent)
    page = client.get(url)
    assert page.context["today_total"] < page.context["total"]
    assert "Planen i dag har færre poeng, men kan ikke foreslås: noen står i en pulje som åpner før de kan" in text(
        page
    )


def test_the_form_remembers_what_was_asked_for_last(client, rollout, sent):
    client.post(URL, TYPED | {"order": 5, "rushed": ["1"]})
    form = client.get(URL).context["form"]
    assert (form["order"].value(), list(form["pilots"].value()), list(form["rushed"].value())) == (5, [2], [1])


def test_what_is_in_the_way_is_told_with_what_to_relax(client, rollout, sent, lead):
    for wave in rollout.waves.all():
        scheduling.set_people_cap(wave=wave, cap=180, by=lead, now=NOW)
    client.post(URL, TYPED | {"everyone": "on"})
    work(sent)
    said = text(client.get(URL))
    assert "Kravene går ikke opp" in said
    assert re.search(r"Løft taket i pulje \d til 200 medarbeidere\.", said)
    assert "Alle 3 virksomheter skal ha plass" in said


def test_a_cancel_ends_the_search_and_says_so(client, rollout, sent):
    client.post(URL, TYPED)
    cancel = reverse("rollout:compose-cancel", args=[rollout.slug, Composition.objects.get().pk])
    said = text(client.post(cancel, follow=True))
    assert "Utregningen er avbrutt. Planen er som før." in said
    assert "Forrige utregning ble avbrutt" in said
    assert "alt ferdig" in text(client.post(cancel, follow=True))
    work(sent)
    assert Composition.objects.get().state == CompositionState.CANCELLED


def test_a_dead_workers_search_is_shown_as_failed_and_may_be_asked_for_again(client, rollout, sent):
    client.post(URL, TYPED)
    Composition.objects.update(alive_at=timezone.now() - 2 * compositions.SILENCE)
    page = client.get(URL)
    assert "Arbeiderprosessen svarte ikke" in text(page)
    assert "every 2s" not in page.content.decode()
    assert client.post(URL, TYPED).status_code == 302


def test_where_nothing_can_be_handed_to_a_worker_the_lead_is_told(client, rollout, monkeypatch):
    def nobody_there(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(compose.current_app, "send_task", nobody_there)
    assert "Oppgaven kunne ikke legges i kø" in text(client.post(URL, TYPED, follow=True))
    assert Composition.objects.get().state == CompositionState.FAILED


def test_without_a_wave_that_can_change_there_is_no_form(client, rollout):
    rollout.waves.all().delete()
    said = client.get(URL)
    assert "Ingen pulje kan endres" in text(said)
    assert 'name="order"' not in said.content.decode()
