"""For pages and mail that read frozen figures: ISO strings back to dates, counts with their nouns.

{% load frozen skin %}
{{ wave.leaders_on|iso|short_day }}  {{ 5|agencies }}  {{ 2922|people }}  {{ 3|late }}
"""

import datetime as dt

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.templatetags.skin import thousands

register = template.Library()


@register.filter
def iso(text: str | None) -> dt.date | None:
    """The date that a frozen report holds as "2018-02-07"."""
    return dt.date.fromisoformat(text) if text else None


@register.filter
def agencies(count: int) -> str:
    """`1 virksomhet`, `26 virksomheter`."""
    return ngettext("%(count)s virksomhet", "%(count)s virksomheter", count) % {"count": thousands(count)}


@register.filter
def people(count: int) -> str:
    """`1 medarbeider`, `41 000 medarbeidere`."""
    return ngettext("%(count)s medarbeider", "%(count)s medarbeidere", count) % {"count": thousands(count)}


@register.filter
def steps(count: int) -> str:
    """`1 steg`, `9 steg`."""
    return _("%(count)s steg") % {"count": thousands(count)}


@register.filter
def late(days: int) -> str:
    """`3 dager over fristen`."""
    return ngettext("%(count)s dag over fristen", "%(count)s dager over fristen", days) % {"count": thousands(days)}


@register.filter
def minus(whole: int, part: int) -> int:
    """`9|minus:2`: how many are left."""
    return whole - part
