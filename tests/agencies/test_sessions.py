"""A session tells who is behind it and what they may, by one query, and is believed in no more than before."""

import datetime as dt

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.utils import timezone

from agencies.models import RoleName
from agencies.people import forget_ended_sessions
from tests.factories import give_role, make_agency, make_lead, make_rollout

ACCOUNT = "/account/"


@pytest.fixture
def lead(db):
    make_rollout()
    return make_lead()


@pytest.fixture
def signed_in(client, lead):
    client.force_login(lead)
    return client


def queries_about(tables, captured):
    return [q["sql"] for q in captured if any(f" {table} " in q["sql"].replace('"', " ") for table in tables)]


def test_session_person_and_roles_take_one_query(signed_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(2) as captured:  # and the plan's last event
        signed_in.get("/r/workplace-2018/board/changes/?since=9")
    assert len(queries_about(("django_session", "agencies_person", "agencies_role"), captured)) == 1


def test_a_session_from_before_the_id_stood_in_front_still_lets_its_person_in(signed_in, lead):
    row = Session.objects.get()
    row.session_data = db.SessionStore().encode(signed_in.session.load())
    row.save()
    assert lead.email in signed_in.get(ACCOUNT).text


def test_the_id_in_front_is_not_believed_over_what_is_signed(signed_in, lead):
    other = give_role("leder.kli@example.org", RoleName.AGENCY_HEAD, make_agency("kli"))
    row = Session.objects.get()
    row.session_data = f"{other.pk} {row.session_data.partition(' ')[2]}"
    row.save()
    page = signed_in.get(ACCOUNT).text
    assert lead.email in page
    assert other.email not in page


def test_a_session_that_somebody_has_written_themselves_is_nobodys(signed_in, lead):
    row = Session.objects.get()
    row.session_data = f"{lead.pk} e30:1:forged"
    row.save()
    assert signed_in.get(ACCOUNT).status_code == 302


@pytest.mark.parametrize("key", ["", "ukjent", "x" * 32, '"\\000bcdefghijkl"', "a' OR 1=1 --------"])
def test_a_made_up_key_is_nobodys(client, lead, key):
    client.cookies["sessionid"] = "placeholder"
    client.cookies["sessionid"].set("sessionid", key, key)
    assert client.get(ACCOUNT).status_code == 302


def test_who_signs_in_in_this_very_request_is_there_in_it(client, lead, settings):
    settings.DEMO_MODE = True
    session = client.session
    session["noe"] = "fra før"
    session.save()
    client.force_login(lead)
    assert client.session[SESSION_KEY] == str(lead.pk)
    assert lead.email in client.get(ACCOUNT).text


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_since_the_last_request_is_opened_anew(client):
    make_rollout()
    client.force_login(make_lead())
    assert client.get(ACCOUNT).status_code == 200
    connection.settings_dict["CONN_MAX_AGE"], before = 60, connection.settings_dict["CONN_MAX_AGE"]
    try:
        connection.ensure_connection()
        dead = connection.connection.info.backend_pid
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [dead])
        finally:
            other.close()
        connection.health_check_done = False  # as when a request begins
        assert client.get(ACCOUNT).status_code == 200
        assert connection.connection.info.backend_pid != dead
    finally:
        connection.settings_dict["CONN_MAX_AGE"] = before


def test_of_a_session_that_is_over_neither_what_was_typed_nor_where_it_was_used_is_kept(client, lead):
    client.post("/sign-in/", {"email": "ukjent@example.org"})  # never let in, and so in no list of sessions
    [typed] = Session.objects.all()
    over, open_ = (db.SessionStore() for _n in range(2))
    for store in (over, open_):
        store.save()
        UserSession.objects.create(
            user=lead, session_key=store.session_key, ip="192.0.2.1", user_agent="Firefox", created_at=timezone.now()
        )
    UserSession.objects.create(user=lead, session_key="signed-out", ip="192.0.2.2", user_agent="Firefox")
    long_ago = timezone.now() - dt.timedelta(seconds=1)
    Session.objects.filter(pk__in=[typed.pk, over.session_key]).update(expire_date=long_ago)

    forget_ended_sessions()

    assert [session.pk for session in Session.objects.all()] == [open_.session_key]
    assert [used.session_key for used in UserSession.objects.all()] == [open_.session_key]
