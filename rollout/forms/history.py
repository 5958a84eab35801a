"""What the history is asked for, in its address. Everything is optional."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from rollout.forms.fields import day

#: Stands for what nobody did: openings and the like.
SYSTEM = "system"


class HistoryForm(forms.Form):
    """`before` is the page's keyset mark, not a wish of the reader: bad ones are simply the newest page."""

    agency = forms.ModelChoiceField(
        label=_("Virksomhet"),
        queryset=Agency.objects.in_norwegian_order(),
        to_field_name="slug",
        empty_label=_("Alle"),
        required=False,
        error_messages={"invalid_choice": _("Denne virksomheten finnes ikke. Velg en fra listen.")},
    )
    wave = forms.TypedChoiceField(label=_("Pulje"), coerce=int, empty_value=None, required=False)
    person = forms.ChoiceField(label=_("Hvem"), required=False)
    kind = forms.ChoiceField(label=_("Hva"), required=False)
    first_day = day(_("Fra og med"), required=False)
    last_day = day(_("Til og med"), required=False)

    def __init__(self, *args: Any, waves: list[int], people: list[tuple], kinds: list[tuple], **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple]] = {
            "wave": [(number, _("Pulje %(number)s") % {"number": number}) for number in waves],
            "person": [*people, (SYSTEM, _("Puljeplan selv"))],
            "kind": kinds,
        }
        for name, found in choices.items():
            self.fields[name].choices = [("", _("Alle")), *found]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["class"] = "pkt-input"

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        first: dt.date | None = wanted.get("first_day")
        last: dt.date | None = wanted.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Siste dag må være lik eller etter første dag."))
        return wanted


class SeenForm(forms.Form):
    """The last event that was on the page."""

    event = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
