"""One spelling for one mailbox, so that one person is counted once."""

import pytest

from agencies import addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("kli.example.org", "kli.example.org"),
        (" @KLI.Example.org. ", "kli.example.org"),
        ("blåbær.example.org", "xn--blbr-roah.example.org"),
    ],
)
def test_a_domain_is_kept_in_one_spelling(typed, kept):
    assert addresses.domain(typed) == kept


@pytest.mark.parametrize("typed", ["", "kli", "kari@kli.example.org", "kli..example.org", "-kli.no", "1.2.3.4"])
def test_what_is_no_domain_is_refused(typed):
    with pytest.raises(ValueError):
        addresses.domain(typed)


@pytest.mark.parametrize(
    "typed",
    ["kari@kli.example.org", " Kari@KLI.example.org ", "kari+her@kli.example.org", "KARI+2@kli.example.org"],
)
def test_spellings_of_one_mailbox_are_one_person(typed):
    assert addresses.mailbox(typed) == "kari@kli.example.org"


def test_letters_beyond_a_to_z_in_the_domain_are_one_spelling():
    assert addresses.mailbox("kari@Blåbær.example.org") == addresses.mailbox("kari@xn--blbr-roah.example.org")


def test_dots_tell_people_apart():
    assert addresses.mailbox("ka.ri@kli.example.org") != addresses.mailbox("kari@kli.example.org")


@pytest.mark.parametrize(
    "typed", ["kari", "@kli.example.org", "kari@", "kari@kli", "kari@kli.no\nBcc: a@b.no", "a b@x.no"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValueError):
        addresses.address(typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("kari@kli.example.org", True),
        ("kari@KLI.EXAMPLE.ORG", True),
        ("kari@vav.example.org", False),
        ("kari@under.kli.example.org", False),
        ("kari@kli.example.org.evil.no", False),
        ("kari@evilkli.example.org", False),
    ],
)
def test_an_address_is_at_a_domain_itself_or_not_at_all(typed, expected):
    assert addresses.is_at(typed, ["kli.example.org"]) is expected
