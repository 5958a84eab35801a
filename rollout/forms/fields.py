"""The fields that several forms have."""

import datetime as dt
import json
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

NO_PRIVATE_MATTERS = _("Skriv ikke personopplysninger eller annet som må skjermes.")
#: What fits an integer column, with room to spare for any municipality.
MOST = 2_000_000_000
#: No rollout is planned outside these. A year mistyped (0202, 20018) would have pages of months and working days made.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
OUT_OF_RANGE = _("Skriv en dato fra 2000 til 2099.")
DAYS = [MinValueValidator(FIRST_DAY, OUT_OF_RANGE), MaxValueValidator(LAST_DAY, OUT_OF_RANGE)]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput, validators=DAYS, **kwargs)


class ShownField(forms.JSONField):
    """What a page was shown with, as it sends it back: an object, and nothing else."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (RecursionError, ValueError):  # brackets within brackets within brackets, or a number without end
            found = value
        if found is not None and not isinstance(found, dict):
            raise forms.ValidationError(_("Åpne skjemaet på nytt."), code="invalid")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (RecursionError, ValueError):
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        """In ASCII: half a letter can be escaped so, and cannot be sent."""
        return value if isinstance(value, InvalidJSONInput) else json.dumps(value, cls=self.encoder)


def long_text(label: Any, *, rows: int = 3, **kwargs: Any) -> forms.CharField:
    """Several lines; the reader is reminded of what must not stand there."""
    told: dict[str, Any] = {"max_length": 2000, "help_text": NO_PRIVATE_MATTERS} | kwargs
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), **told)


def optional_reason(**kwargs: Any) -> forms.CharField:
    """Why a lead does what needs no reason."""
    return forms.CharField(label=_("Begrunnelse"), max_length=1000, required=False, **kwargs)
