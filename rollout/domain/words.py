"""How figures and dates are said in the app's sentences (bokmål)."""

import datetime as dt

from django.utils import dateformat, translation
from django.utils.text import slugify
from django.utils.translation import gettext_lazy

from rollout.models import OSLO

# Short months as Norwegian writes them; the library's own list has «jun.» and «sept.».
SHORT_MONTHS = [
    gettext_lazy("jan."),
    gettext_lazy("feb."),
    gettext_lazy("mars"),
    gettext_lazy("apr."),
    gettext_lazy("mai"),
    gettext_lazy("juni"),
    gettext_lazy("juli"),
    gettext_lazy("aug."),
    gettext_lazy("sep."),
    gettext_lazy("okt."),
    gettext_lazy("nov."),
    gettext_lazy("des."),
]

_PLAIN_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


def plain_slug(text: str) -> str:
    """ "Kjøreregler på plass" -> "kjoreregler-pa-plass"."""
    return slugify(text.lower().translate(_PLAIN_LETTERS))


def thousands(number: int) -> str:
    """41000 -> "41 000", with a space that does not break."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def long_date(day: dt.date) -> str:
    """2018-02-07 -> "onsdag 7. februar 2018"."""
    with translation.override("nb"):
        return dateformat.format(day, "l j. F Y")


def clock_time(moment: dt.datetime) -> str:
    """ "7. feb. kl. 08.00", in Oslo."""
    here = moment.astimezone(OSLO)
    return f"{here.day}. {SHORT_MONTHS[here.month - 1]} kl. {here:%H.%M}"
