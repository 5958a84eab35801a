"""How things are written and drawn on every page: icons, form fields, numbers, dates, long names.

{% load skin %}
{% icon "calendar" %}  {% field form.reason %}  {{ 41000|thousands }}  {{ wave.leaders_on|day }}
"""

import functools
import re
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.forms import BaseForm, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.forms.boundfield import BoundField
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rollout.domain.words import SHORT_MONTHS

register = template.Library()

NO_BREAK_SPACE = "\u00a0"
SOFT_HYPHEN = "\u00ad"

# Parts that Norwegian names of public bodies are put together of: a long word may be broken before one of them.
NAME_PARTS = (
    "anlegg|administrasjon|arkiv|avdeling|bygg|bygning|direkt|etat|familie|fond|forening|foretak|fornyelse|forvaltning|"
    "gjenvinning|hjem|hus|innkjøp|kapell|kjøp|kompetanse|kontor|kultur|ledelse|leder|museet|ombud|plass|råd|redning|"
    "revisjon|selskap|senter|service|sjef|tjeneste|tilsyn|utvalg|utvikling|verket|vern|virksomhet"
)
BREAK_BEFORE_PART = re.compile(rf"(?<=\w{{3}})(?=(?:{NAME_PARTS})\w*)", re.IGNORECASE)
LONG_WORD = re.compile(r"\w{13,}")

ALERT_KINDS = {"success": "ok", "info": "info", "debug": "info", "warning": "warn", "error": "stop"}
ALERT_ICONS = {"ok": "check-circle", "warn": "alert-warning", "stop": "exclamation-mark-circle"}


@register.simple_tag
@functools.cache
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite, in the colour and size of the text. The word beside it carries the meaning."""
    return format_html(
        '<svg class="ur-ico" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/punkt/sprite.svg"),
        name,
    )


def _as_shown(bound: BoundField) -> SafeString:
    """A hidden copy, for a form that asks what was changed in it."""
    return bound.as_hidden(only_initial=True) if bound.field.show_hidden_initial else SafeString()


def _is_grouped(bound: BoundField) -> bool:
    return isinstance(bound.field.widget, (RadioSelect, CheckboxSelectMultiple))


@register.filter
def first_to_mend(form: BaseForm) -> str:
    """The name of the first field with an error, where the page that comes back opens; empty where there is none that
    can have focus, and the page opens at the errors instead."""
    wrong = next((bound for bound in form.visible_fields() if bound.errors), None)
    return "" if wrong is None or _is_grouped(wrong) else wrong.name


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, autofocus: bool = False) -> dict:
    """A form field with label, hint and errors, tied together for screen readers. Optional fields say so.

    The first one with an error has focus when the page comes back: it may stand far down.
    """
    described_by = []
    if bound.help_text:
        described_by.append(f"{bound.auto_id}_hint")
    if bound.errors:
        described_by.append(f"{bound.auto_id}_error")
    widget = bound.field.widget
    grouped = _is_grouped(bound)
    checkbox = isinstance(widget, CheckboxInput)
    attrs: dict[str, str | bool] = {}
    if not (grouped or checkbox or isinstance(widget, FileInput)):
        attrs["class"] = "pkt-input"
    if described_by and not grouped:
        attrs["aria-describedby"] = " ".join(described_by)
    if bound.errors and not grouped:
        attrs["aria-invalid"] = "true"
    if autofocus or (bound.errors and bound.name == first_to_mend(bound.form)):
        attrs["autofocus"] = True
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attrs) + _as_shown(bound),
        "grouped": grouped,
        "checkbox": checkbox,
        "described_by": " ".join(described_by),
    }


@register.inclusion_tag("components/download.html", takes_context=True)
def download(context: Context, name: str, *args: object, feeds: bool = False) -> dict:
    """*Last ned* for what is on screen: the export at the named address, with the page's own query, and the printer.

    `feeds`: also the way to the calendar addresses.
    """
    query = context["request"].GET.urlencode()
    address = {suffix: reverse(name, args=[*args, suffix]) for suffix in ("csv", "xlsx")}
    return {
        **{suffix: f"{path}?{query}" if query else path for suffix, path in address.items()},
        "feeds": reverse("rollout:feeds", args=args[:1]) if feeds else "",
    }


@register.filter
def soft(name: str) -> str:
    """A long Norwegian name with soft hyphens, so that it breaks between its parts: `Utdannings-etaten`."""
    return LONG_WORD.sub(lambda word: BREAK_BEFORE_PART.sub(SOFT_HYPHEN, word.group()), str(name))


@register.filter
def thousands(number: int | None) -> str:
    """`41 000`, with no-break spaces; nothing for None."""
    return "" if number is None else number_format(number, decimal_pos=0, force_grouping=True)


@register.filter
def kroner(amount: Decimal | None) -> str:
    """`1 027 000 kr`, and `27,50 kr` where there are øre; nothing for None."""
    return "" if amount is None else f"{money(amount)}{NO_BREAK_SPACE}kr"


@register.filter(name="amount")
def money(amount: Decimal) -> str:
    """The same without the unit, for a column whose head says it."""
    whole = amount == amount.to_integral_value()
    return number_format(amount, decimal_pos=0 if whole else 2, force_grouping=True)


@register.filter
def month(day: date) -> str:
    """`feb. 2018`, unbroken."""
    return f"{SHORT_MONTHS[day.month - 1]}{NO_BREAK_SPACE}{day.year}"


@register.filter
def percent(value: Decimal | float | None, decimals: int = 1) -> str:
    """`74,0 %` of 74.0 (per cent, not a fraction)."""
    return "" if value is None else number_format(value, decimal_pos=decimals) + NO_BREAK_SPACE + "%"


def _local(value: date) -> date:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


@register.filter
def day(value: date | None) -> str:
    """`7. feb. 2018`, unbroken; a moment is told in Oslo's time."""
    return "" if value is None else f"{short_day(value)}{NO_BREAK_SPACE}{_local(value).year}"


@register.filter
def short_day(value: date | None) -> str:
    """`7. feb.`, where the year is plain."""
    if value is None:
        return ""
    here = _local(value)
    return f"{here.day}.{NO_BREAK_SPACE}{SHORT_MONTHS[here.month - 1]}"


@register.filter
def short_month(value: date | None) -> str:
    """`feb.`, for an axis."""
    return "" if value is None else str(SHORT_MONTHS[value.month - 1])


@register.filter
def long_day(value: date | None) -> str:
    """`onsdag 7. februar 2018`."""
    return "" if value is None else date_format(_local(value), "l j. F Y")


@register.filter
def moment(value: datetime | None) -> str:
    """`torsdag 1. februar 2018 kl. 09.00`, in Oslo's time."""
    if value is None:
        return ""
    return _("%(day)s kl. %(time)s") % {"day": long_day(value), "time": date_format(_local(value), "H.i")}


@register.filter
def short_moment(value: datetime | None) -> str:
    """`1. feb. 2018 kl. 09.00`, for tables."""
    if value is None:
        return ""
    return _("%(day)s kl. %(time)s") % {"day": day(value), "time": date_format(_local(value), "H.i")}


@register.filter
def clock_time(value: datetime | None) -> str:
    """`kl. 09.00`, where the day is plain."""
    return "" if value is None else _("kl.\u00a0%(time)s") % {"time": date_format(_local(value), "H.i")}


@register.filter
def isotime(value: date | None) -> str:
    """For the `datetime` attribute of <time>."""
    return "" if value is None else _local(value).isoformat()


@register.filter
def alert_kind(level_tag: str) -> str:
    """Django's message level -> ok, info, warn or stop."""
    return ALERT_KINDS.get(level_tag, "info")


@register.filter
def alert_icon(kind: str | None) -> str:
    return ALERT_ICONS.get(kind or "info", "information")
