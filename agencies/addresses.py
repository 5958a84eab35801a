"""Work addresses and the domains they belong to, as they are compared: one spelling for one mailbox. Pure."""

import re
from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

#: One label or more, a dot, and a last label that is no number. Short enough for DNS.
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})")


def domain(text: str) -> str:
    """A domain as it is kept: lower-case, without @ or a last dot, letters beyond a–z as IDNA writes them.

    Raises:
        ValueError: it is no domain.
    """
    bare = text.strip().removeprefix("@").removesuffix(".").lower()
    written = bare if bare.isascii() else _idna(bare)
    if not _DOMAIN.fullmatch(written):
        raise ValueError(text)
    return written


def _idna(text: str) -> str:
    try:
        return text.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(text) from error


def domains(texts: Iterable[str]) -> list[str]:
    """Each domain once, in the order given. Raises ValueError with the first that is none."""
    return list(dict.fromkeys(domain(text) for text in texts))


def address(text: str) -> str:
    """The address as mail is sent to it: trimmed, its domain as `domain` writes it.

    Raises:
        ValueError: it is no address.
    """
    local, at, where = text.strip().rpartition("@")
    if not at:
        raise ValueError(text)
    written = f"{local}@{domain(where)}"
    try:
        validate_email(written)
    except ValidationError as error:
        raise ValueError(text) from error
    return written


def mailbox(text: str) -> str:
    """Whose address it is: lower-case, and without what follows a plus sign, since that reaches the same mailbox.

    Dots are kept: `ola.nordmann` and `olanordmann` may be two people. Raises ValueError as `address` does.
    """
    local, _at, where = address(text).rpartition("@")
    return f"{local.partition('+')[0].lower() or local.lower()}@{where}"


def is_at(text: str, among: Collection[str]) -> bool:
    """Whether the address is at one of these domains itself, and not at one below it."""
    return address(text).rpartition("@")[2] in among
