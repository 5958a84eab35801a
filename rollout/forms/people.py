"""Reads whom an agency invites: one address, or a pasted list of them."""

import re
from collections.abc import Iterable, Iterator

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Person, RoleName
from rollout.domain.inviting import Address

MOST_AT_ONCE = 500
COMPLAINTS_IN_SIGHT = 20
LONGEST_NAME = Person._meta.get_field("name").max_length or 0
#: "Navn <adresse>", as mail programs write it; the name may hold a comma.
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")


class InviteManyForm(forms.Form):
    """`roles`: those that may be given from here."""

    role = forms.ChoiceField(label=gettext_lazy("Rolle"))
    addresses = forms.CharField(
        label=gettext_lazy("E-postadresser"),
        widget=forms.Textarea(attrs={"rows": 6, "autocapitalize": "none", "spellcheck": "false"}),
        max_length=60_000,
        help_text=gettext_lazy(
            "Én på hver linje, eller med komma eller semikolon mellom. «Navn &lt;adresse&gt;» går også. "
            "Navn er valgfritt. Skriv ikke fødselsnummer eller annet som må skjermes."
        ),
        error_messages={"required": gettext_lazy("Skriv minst én e-postadresse.")},
    )

    def __init__(self, *args, roles: Iterable[RoleName], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role, role.label.capitalize()) for role in roles]  # type: ignore[attr-defined]

    def clean_addresses(self) -> list[Address]:
        found, complaints = read_addresses(self.cleaned_data["addresses"])
        if len(found) > MOST_AT_ONCE:
            complaints = [_("Høyst %(n)s adresser om gangen. Del listen.") % {"n": MOST_AT_ONCE}]
        if complaints:
            left = len(complaints) - COMPLAINTS_IN_SIGHT
            shown = complaints[:COMPLAINTS_IN_SIGHT]
            raise ValidationError(shown + ([_("… og %(n)s linjer til.") % {"n": left}] if left > 0 else []))
        return found


def read_addresses(text: str) -> tuple[list[Address], list[str]]:
    """The addresses of a pasted list, each with its line from 1; and what is wrong, by line."""
    found: dict[str, Address] = {}
    complaints = []
    for number, line in enumerate(text.splitlines(), 1):
        for name, email in _pieces(line):
            wrong = _what_is_wrong(name, email, found)
            if wrong:
                complaints.append(_("Linje %(line)s: %(wrong)s") % {"line": number, "wrong": wrong})
            else:
                found[email.lower()] = Address(email.lower(), name, number)
    return list(found.values()), complaints


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """(name, address) for each that a line holds; the name is empty where none was written."""
    rest = line
    while (named := _NAMED.match(rest)) is not None:
        before, email = re.split(r"[,;]", named[1]), named[2]
        # Plain addresses may stand in front of the name on the same line.
        while len(before) > 1 and ("@" in before[0] or not before[0].strip()):
            yield from _plain(before.pop(0))
        yield ", ".join(filter(None, (part.strip(" \t\"'") for part in before))), email.strip()
        rest = rest[named.end() :]
    for part in re.split(r"[,;]", rest):
        yield from _plain(part)


def _plain(text: str) -> Iterator[tuple[str, str]]:
    if text.strip():
        yield "", text.strip()


def _what_is_wrong(name: str, email: str, found: dict[str, Address]) -> str:
    try:
        validate_email(email)
    except ValidationError:
        if "@" in email and not email.isascii():
            return _("«%(text)s» kan ikke brukes. Skriv adressen uten æ, ø, å og andre spesialtegn.") % {
                "text": email[:80]
            }
        return _("«%(text)s» er ikke en e-postadresse.") % {"text": email[:80]}
    if len(email) > 254:
        return _("«%(text)s …» er for lang.") % {"text": email[:40]}
    if len(name) > LONGEST_NAME:
        return _("Navnet foran %(email)s er for langt.") % {"email": email}
    if email.lower() in found:
        return _("%(email)s står alt på linje %(first)s.") % {"email": email, "first": found[email.lower()].line}
    return ""
