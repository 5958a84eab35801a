"""An open board that is answered from what was decided before: never once anything it was decided by is another."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from agencies.models import RoleName
from agencies.sign_in import BY_CODE, SIGNED_IN_BY
from rollout.domain import erasing, placing
from rollout.domain.recording import plan_version
from tests import factories as make

pytestmark = pytest.mark.django_db
CHANGES = "/r/workplace-2018/board/changes/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead():
    make.give_role("kari@example.org", RoleName.PROJECT_LEAD)
    return make.make_lead()


@pytest.fixture
def rollout(lead):
    rollout = make.make_rollout(waves=2)
    placement = make.place(make.make_agency("kli", name="Klimaetaten"), rollout=rollout)
    placing.move(placement=placement, to=rollout.waves.get(number=1), by=lead, now=make.NOW)
    return rollout


@pytest.fixture
def open_board(client, rollout, lead):
    """A browser with the board open, whose question has been answered before."""
    client.force_login(lead)
    assert ask(client) == 204
    return client


def ask(client, *, since=None, at=CHANGES):
    return client.get(
        at, {"since": plan_version("workplace-2018") if since is None else since}, headers=HTMX
    ).status_code


def lose_the_role(lead, client):
    lead.roles.update(until=make.NOW)


def become_a_head(lead, client):
    lead.roles.all().delete()
    make.give_role(lead, RoleName.AGENCY_HEAD, make.make_agency("vav"))


def close_the_account(lead, client):
    lead.is_active = False
    lead.save()


def change_the_password(lead, client):
    lead.set_password("noe nytt")
    lead.save()


def end_the_session(lead, client):
    client.session.delete()


def let_the_session_run_out(lead, client):
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))


def erase(lead, client):
    erasing.erase(person=lead, by=None, now=make.NOW)


def demand_the_second_step(lead, client):
    session = client.session
    session[SIGNED_IN_BY] = BY_CODE
    session.save()


@pytest.mark.parametrize(
    ("happens", "answer"),
    [
        (lose_the_role, 403),
        (become_a_head, 403),
        (close_the_account, 302),
        (change_the_password, 302),
        (end_the_session, 302),
        (let_the_session_run_out, 302),
        (erase, 302),
        (demand_the_second_step, 200),  # and htmx is led to where it is taken
    ],
)
def test_who_may_no_longer_ask_is_told_so_at_the_next_question(open_board, lead, happens, answer):
    happens(lead, open_board)
    assert ask(open_board) == answer
    assert ask(open_board) == answer


def test_who_gets_the_role_back_is_answered_again(open_board, lead):
    lose_the_role(lead, open_board)
    assert ask(open_board) == 403
    lead.roles.update(until=None)
    assert ask(open_board) == 204


def test_a_change_is_told_and_an_older_board_gets_it_too(open_board, rollout, lead):
    seen = plan_version("workplace-2018")
    placing.move(placement=rollout.placements.get(), to=rollout.waves.get(number=2), by=lead, now=make.NOW)
    assert ask(open_board, since=seen) == 200
    assert ask(open_board, since="") == 200
    assert ask(open_board) == 204


def test_a_plan_that_is_not_there_is_not_there(open_board):
    assert ask(open_board, at="/r/finnes-ikke/board/changes/", since=1) == 404


def test_a_strangers_browser_is_not_answered_for_another_was(open_board, client):
    stranger = type(client)()
    stranger.cookies["sessionid"] = "a" * 32
    assert ask(stranger) == 302
    assert ask(stranger) == 302
