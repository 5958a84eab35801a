"""What no browser sends, somebody else does: nothing in an address, a header or a hidden field makes a page fail."""

import json
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse

from tests.access import A_SCENARIO, ANYONE, LEAD, TABLE, address
from tests.access_world import visitor, world  # noqa: F401

pytestmark = pytest.mark.django_db

#: Text the database cannot hold, numbers beyond any column and beyond what Python reads, days without a day after.
ODD = ("\0", "a\0b", "9" * 19, "9" * 5000, "-1", "²", "9999-12-31", "0001-01-01", "x" * 20_000, "[" * 20_000)
LOST = "http://["  # is no address at all


@contextmanager
def reading():
    """What a view asks the address for, by name."""
    asked: dict[str, None] = {}
    plain = {name: getattr(QueryDict, name) for name in ("get", "getlist", "__getitem__")}

    def listening(name):
        def listen(self, key, *args, **kwargs):
            asked[key] = None
            return plain[name](self, key, *args, **kwargs)

        return listen

    with pytest.MonkeyPatch.context() as patch:
        for name in plain:
            patch.setattr(QueryDict, name, listening(name))
        yield asked


def get(client, session, path, query=None, **headers):
    client.cookies.clear()
    if session:
        client.cookies["sessionid"] = session
    with transaction.atomic():
        answer = client.get(path, query or {}, headers=headers)
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if line.get])
def test_no_page_fails_whatever_its_address_asks_for(name):
    line, wrong = TABLE[name], []
    client, session = visitor(None if line.get == ANYONE else f"{LEAD}@example.org")
    path = address(name, line)
    with reading() as asked:
        get(client, session, path)
        get(client, session, path, **{"HX-Request": "true"})
    for key in asked:
        for odd in ODD:
            try:
                answer = get(client, session, path, {key: odd})
            except Exception as error:
                wrong.append((key, odd[:20], repr(error)[:100]))
            else:
                if answer.status_code >= 500:
                    wrong.append((key, odd[:20], answer.status_code))
    assert wrong == []


ODD_PLACES = {
    "week": ("2018-W99", "0000-W01", "0001-W01", "9999-W52", "9999-W53", "2018-W01\n"),
    "valid_from": ("0001-01-01", "9999-12-31", "20180801", "2018-W05-1", "x"),
    "number": (0, 10**9, 10**30),
    "pk": (0, 10**30),
    "person": (0, 10**30),
    "role": (0, 10**30),
    "place": (0, 10**30),
    "suffix": ("exe", "csv\0", "%", "xlsx"),
    "kind": ("finnes-ikke",),
    "secret": ("finnes-ikke",),
}


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if ODD_PLACES.keys() & line.args.keys()])
def test_no_place_in_an_address_makes_a_page_fail(name):
    line, wrong = TABLE[name], []
    client, session = visitor(f"{LEAD}@example.org")
    for place in ODD_PLACES.keys() & line.args.keys():
        for odd in ODD_PLACES[place]:
            path = address(name, line, **{place: odd})
            for method in ("get", "post"):
                client.cookies.clear()
                client.cookies["sessionid"] = session
                try:
                    with transaction.atomic():
                        answer = getattr(client, method)(path)
                        transaction.set_rollback(True)
                except Exception as error:
                    wrong.append((method, path, repr(error)[:100]))
                else:
                    if answer.status_code >= 500:
                        wrong.append((method, path, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": LOST},
        {"Referer": "http://testserver//example.com/"},  # a path that a browser takes for another site
        {"HX-Request": "true", "HX-Current-URL": LOST},
    ],
)
def test_who_is_signed_out_is_led_to_the_sign_in_whatever_the_browser_says_of_the_page_before(headers):
    client, _nobody = visitor(None)
    client.cookies.clear()
    answer = client.post(reverse("rollout:board-join", args=["workplace-2018"]), headers=headers)
    assert (answer.status_code, answer.url) == (302, "/sign-in/")


def post_to(client, session, path, data):
    client.cookies.clear()
    if session:
        client.cookies["sessionid"] = session
    with transaction.atomic():
        answer = client.post(path, data)
        transaction.set_rollback(True)
    return answer


def post(client, session, name, data, **args):
    return post_to(client, session, reverse(name, kwargs={"slug": "workplace-2018"} | args), data)


NEW_DAYS = {"leaders_on": "2018-04-11", "all_staff_on": "2018-04-24"}
ASKED = NEW_DAYS | {"carry_on": "False", "earlier": "False"}


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ("[]", 422),
        ('"sett"', 422),
        ("[" * 100_000, 422),
        ("9" * 5000, 422),
        ('{"asked": 1, "marks": []}', 200),  # something else was seen: the effect is shown first
        (json.dumps({"asked": ASKED, "marks": []}), 409),
        (json.dumps({"asked": ASKED, "marks": {"pulje": 1, "2": ["x"], "9" * 30: "x"}}), 409),
    ],
)
def test_dates_are_not_set_on_an_effect_that_was_never_shown(seen, status):
    answer = post(*visitor(f"{LEAD}@example.org"), "rollout:wave-dates", NEW_DAYS | {"seen": seen}, number=2)
    assert answer.status_code == status


@pytest.mark.parametrize("shown", ["[]", "1", "[" * 100_000, "9" * 5000, "{}", r'{"name": "\ud800"}'])
def test_a_profile_is_not_changed_from_something_else_than_a_profile(shown):
    data = {"name": "Ny", "kind": "etat", "employees": 1, "locations": 1, "shown": shown}
    assert post(*visitor(f"{LEAD}@example.org"), "rollout:agency-edit", data, agency="kli").status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "0202-05-02", "9999-12-31"])
@pytest.mark.parametrize(
    ("name", "args", "fields"),
    [
        ("rollout:wave-new", {}, ("leaders_on", "all_staff_on")),
        ("rollout:wave-dates", {"number": 2}, ("leaders_on", "all_staff_on")),
        ("rollout:calendar-last-day", {}, ("ends_on",)),
        ("rollout:licences-price", {}, ("valid_from",)),
        ("rollout:scenario-edit", {"pk": A_SCENARIO}, ("leaders_on-4", "all_staff_on-4")),
    ],
)
def test_a_year_mistyped_is_said_at_the_field(name, args, fields, day):
    answer = post(*visitor(f"{LEAD}@example.org"), name, dict.fromkeys(fields, day), **args)
    assert answer.status_code == 422
    assert answer.text.count("Se over årstallet: det må være fra 2000 til 2099.") >= len(fields)


@pytest.mark.parametrize("wanted", ["x", "rollout:board", "//example.com/", "/\\example.com/", "https://example.com/"])
def test_what_is_no_page_of_ours_is_no_page_to_go_on_to(wanted):
    signed_in = visitor(f"{LEAD}@example.org")
    for answer in (
        post_to(*signed_in, "/demo/step/", {"to": "day", "next": wanted}),
        post_to(*visitor(None), "/sign-in/demo/", {"role": "lead", "next": wanted}),
    ):
        assert (answer.status_code, answer.url) == (302, "/")
    change = {"change": "00000000-0000-4000-8000-000000000000"}
    answer = post(*signed_in, "rollout:undo", {"next": wanted}, **change)
    assert answer.url == reverse("rollout:board", args=["workplace-2018"])
