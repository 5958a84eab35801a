"""What a check of the doctor's finds, and how it is told: without secrets, in a line."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection

OK, WARNING, WRONG = "ok", "advarsel", "feil"
#: Shorter ones would hide whole words.
SECRET_FROM = 6


class Finding(NamedTuple):
    """`level`: OK, WARNING (it runs, but look at it) or WRONG (it does not); `remedy` is empty where all is well."""

    level: str
    about: str
    found: str
    remedy: str = ""

    def hidden(self) -> "Finding":
        """The same without secrets."""
        return self._replace(found=_hide(self.found), remedy=_hide(self.remedy))


def fine(about: str, found: str) -> Finding:
    return Finding(OK, about, found)


def warn(about: str, found: str, remedy: str) -> Finding:
    return Finding(WARNING, about, found, remedy)


def wrong(about: str, found: str, remedy: str) -> Finding:
    return Finding(WRONG, about, found, remedy)


def describe(error: Exception) -> str:
    """The first line of it: drivers tell the rest of the story over many."""
    return (str(error).strip().splitlines() or [""])[0] or type(error).__name__


def _secrets() -> set[str]:
    """What must not be told, in each form in which it may turn up."""
    urls = (settings.REDIS_URL, settings.EMAIL_URL, settings.DATABASE_URL, settings.MIGRATE_DATABASE_URL)
    passwords = [urlsplit(url).password or "" for url in urls]
    keys = [settings.SECRET_KEY, settings.COMMITMENT_KEY, settings.OIDC_CLIENT_SECRET, settings.EMAIL_HOST_PASSWORD]
    known = {*passwords, *map(unquote, passwords), *keys, connection.settings_dict.get("PASSWORD")}
    return {secret for secret in known if secret and len(secret) >= SECRET_FROM}


def _hide(words: str) -> str:
    for secret in _secrets():
        words = words.replace(secret, "•••")
    return words
