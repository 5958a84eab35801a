"""Whether the process is alive, and whether all that it needs works: asked by machines, who sign in nowhere."""

import datetime as dt
import uuid

import pytest
from django.core.cache import cache
from django.db import OperationalError, connections
from django.utils import timezone

from rollout import heartbeat
from rollout.models import EmailKind, EmailState, OutgoingEmail
from tests import factories as make


def test_healthz_answers_ok_to_anyone(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.content == b"ok\n"


def test_healthz_takes_no_post(client):
    assert client.post("/healthz").status_code == 405


@pytest.fixture
def beating(db):
    heartbeat.beat_was_here()


def write_mail(*, not_before: dt.datetime) -> None:
    OutgoingEmail.objects.create(
        rollout=make.make_rollout(),
        kind=EmailKind.HELD,
        person=make.make_lead(),
        to_address="prosjektleder@example.org",
        not_before=not_before,
        written_at=make.NOW,
    )


def test_it_is_ready_when_all_it_needs_is_there(client, beating):
    response = client.get("/readyz")
    assert response.json() == {"database": "ok", "broker": "ok", "beat": "ok", "mail": "ok"}
    assert response.status_code == 200


def test_beat_that_was_never_seen_or_has_gone_quiet_is_told(client, db):
    cache.clear()
    assert client.get("/readyz").json()["beat"] == "never seen"
    heartbeat.beat_was_here()
    cache.set(heartbeat._KEY, cache.get(heartbeat._KEY) - 300)
    response = client.get("/readyz")
    assert response.json()["beat"].startswith("last seen 300 seconds ago")
    assert response.status_code == 503


def test_mail_that_should_have_left_is_told_and_mail_that_is_put_off_is_not(client, beating):
    write_mail(not_before=timezone.now() + dt.timedelta(hours=1))
    assert client.get("/readyz").status_code == 200
    OutgoingEmail.objects.update(not_before=timezone.now() - dt.timedelta(minutes=11))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["mail"].startswith("oldest unsent message has waited 66")


def test_mail_whose_worker_is_gone_and_that_nobody_takes_over_is_told(client, beating):
    write_mail(not_before=timezone.now())
    claim = {"state": EmailState.CLAIMED, "claim": uuid.uuid4()}
    OutgoingEmail.objects.update(**claim, claimed_at=timezone.now())
    assert client.get("/readyz").status_code == 200
    OutgoingEmail.objects.update(claimed_at=timezone.now() - dt.timedelta(minutes=11))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["mail"][:32]) == (503, "oldest unsent message has waited")


def test_a_database_that_is_away_is_told_and_not_its_address(client, beating, monkeypatch):
    def away(self):
        raise OperationalError("connection to 10.0.0.7 failed for user hemmelig")

    with monkeypatch.context() as outage:
        outage.setattr(type(connections["default"]), "cursor", away)
        response = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert (response.status_code, response.json()["database"]) == (503, "unreachable")
    assert b"hemmelig" not in response.content


def test_a_broker_that_is_away_is_told_and_not_its_address(client, beating):
    from celery import current_app

    kept = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = "redis://:hemmelig@127.0.0.1:1/0"
    try:
        response = client.get("/readyz")
    finally:
        current_app.conf.broker_write_url = kept
    assert response.status_code == 503
    assert response.json()["broker"] == "unreachable"
    assert b"hemmelig" not in response.content
