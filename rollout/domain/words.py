"""How figures and dates are said in the app's sentences (bokmål)."""

import datetime as dt

from django.utils import dateformat, translation

from rollout.models import OSLO


def thousands(number: int) -> str:
    """41000 -> "41 000", with a space that does not break."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def long_date(day: dt.date) -> str:
    """2018-02-07 -> "onsdag 7. februar 2018"."""
    with translation.override("nb"):
        return dateformat.format(day, "l j. F Y")


def clock_time(moment: dt.datetime) -> str:
    """ "7. feb. kl. 08.00", in Oslo."""
    with translation.override("nb"):
        return dateformat.format(moment.astimezone(OSLO), r"j. N \k\l. H.i")
