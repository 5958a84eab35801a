"""For pages and mail that read frozen figures: ISO strings back to dates, counts with their nouns.

{% load frozen skin %}
{{ wave.leaders_on|iso|short_day }}  {{ 5|agencies }}  {{ 2922|people }}  {{ 3|late }}
{% for bar in figures|bars %}…{% endfor %}  {% for line in figures|text_chart %}…{% endfor %}  {{ agency|worst }}
"""

import datetime as dt
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.domain import weekly_reading
from rollout.domain.weekly_reading import Bar
from rollout.templatetags.skin import short_day, thousands

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


@register.filter
def bars(figures: dict[str, Any]) -> list[Bar]:
    """The way to everybody having access, wave by wave."""
    return weekly_reading.bars(figures)


@register.filter
def text_chart(figures: dict[str, Any]) -> list[str]:
    """The same as lines of text: `27. feb.  Pulje 1  1 272  #`."""
    names = [
        (short_day(iso(bar.on)), _("Pulje %(number)s") % {"number": bar.wave})
        if bar.wave
        else (_("uten dato"), _("Kø"))
        for bar in weekly_reading.bars(figures)
    ]
    return weekly_reading.text_chart(figures, names)


@register.filter
def worst(agency: dict[str, Any]) -> dict[str, Any]:
    """`problems`: the latest of what stops the agency, each with its role; `more`: how many there are besides."""
    problems, more = weekly_reading.worst(agency)
    return {"problems": problems, "more": more}


@register.filter
def stopped(stuck: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the agencies that lack something: those that are late or held."""
    return [agency for agency in stuck if agency["late"] or agency["held"]]


@register.filter
def in_time(stuck: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the agencies that lack something: those with nothing late."""
    return [agency for agency in stuck if not (agency["late"] or agency["held"])]


@register.filter
def standing(wave: dict[str, Any]) -> str:
    """How far a wave's agencies are: `3 av 4 har tilgang`, `Ledere i 4 av 4`, `0 av 4 klare, ikke besluttet`."""
    whole = len(wave["agencies"])
    if not whole:
        return _("ingen virksomheter ennå")
    words = {"all": whole, "ready": wave["ready"], "decision": wave["decision_text"]}
    if wave["state"] == "planned":
        return _("%(ready)s av %(all)s klare, %(decision)s") % words
    if wave["state"] == "leaders_open":
        words["ready"] = sum(agency["access"] is not None for agency in wave["agencies"])
        return _("lederne i %(ready)s av %(all)s har tilgang") % words
    words["ready"] = sum(agency["access"] == "all_staff" for agency in wave["agencies"])
    return _("%(ready)s av %(all)s har tilgang") % words


@register.filter
def opens(agency: dict[str, Any]) -> str:
    """When a stuck agency opens, or that it is held: `åpner 23. mai`."""
    if agency["held"]:
        return _("holdes tilbake")
    return _("åpner %(day)s") % {"day": short_day(iso(agency["leaders_on"]))}


@register.filter
def lacks(problem: dict[str, Any]) -> str:
    """What an agency lacks, in words: the step, and the detail where it says more than that it is not done."""
    return problem["name"] if problem["code"] == "evidence_missing" else f"{problem['name']}: {problem['detail']}"


@register.filter
def by_day(ahead: dict[str, Any]) -> list[dict[str, Any]]:
    """Openings and due dates together, the first first: `on`, and either `opening` or `due`."""
    found = [{"on": opening["on"], "opening": opening} for opening in ahead["openings"]]
    found += [{"on": due["on"], "due": due} for due in ahead["due"]]
    return sorted(found, key=lambda one: one["on"])
