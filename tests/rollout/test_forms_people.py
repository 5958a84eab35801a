"""A pasted list of addresses, as people paste them."""

import pytest

from rollout.domain.inviting import Address
from rollout.forms.people import MOST_AT_ONCE, InviteManyForm, read_addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@example.org\n\n B@Example.org ", [("a@example.org", "", 1), ("b@example.org", "", 3)]),
        ("a@example.org, b@example.org;c@example.org", [(f"{x}@example.org", "", 1) for x in "abc"]),
        ("Kari Nordmann <kari@example.org>", [("kari@example.org", "Kari Nordmann", 1)]),
        (
            '"Nordmann, Kari" <kari@example.org>; Ola <ola@example.org>',
            [("kari@example.org", "Nordmann, Kari", 1), ("ola@example.org", "Ola", 1)],
        ),
        (
            "a@example.org, Kari <kari@example.org>, b@example.org",
            [("a@example.org", "", 1), ("kari@example.org", "Kari", 1), ("b@example.org", "", 1)],
        ),
    ],
)
def test_addresses_are_read_as_mail_programs_write_them(text, found):
    assert read_addresses(text) == ([Address(*one) for one in found], [])


def test_each_bad_line_is_explained_by_its_number():
    text = "kari@example.org\nkari\nOla <ola@>\nÅse <åse@example.org>\nKARI@example.org"
    assert read_addresses(text)[1] == [
        "Linje 2: «kari» er ikke en e-postadresse.",
        "Linje 3: «ola@» er ikke en e-postadresse.",
        "Linje 4: «åse@example.org» kan ikke brukes. Skriv adressen uten æ, ø, å og andre spesialtegn.",
        "Linje 5: KARI@example.org står alt på linje 1.",
    ]


def test_a_list_too_long_is_refused_as_a_whole():
    text = "\n".join(f"a{number}@example.org" for number in range(MOST_AT_ONCE + 1))
    form = InviteManyForm({"role": "key_person", "addresses": text}, roles=[])
    form.is_valid()
    assert form.errors["addresses"] == [f"Høyst {MOST_AT_ONCE} adresser om gangen. Del listen."]


def test_of_very_many_bad_lines_the_first_are_told():
    form = InviteManyForm({"role": "key_person", "addresses": "\n".join(f"a{n}" for n in range(50))}, roles=[])
    form.is_valid()
    assert len(form.errors["addresses"]) == 21
    assert form.errors["addresses"][-1] == "… og 30 linjer til."
