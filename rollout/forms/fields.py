"""The fields that several forms have."""

import datetime as dt
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

NO_PRIVATE_MATTERS = _("Skriv ikke personopplysninger eller annet som må skjermes.")
#: What fits an integer column, with room to spare for any municipality.
MOST = 2_000_000_000


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day(label: Any, **kwargs: Any) -> forms.DateField:
    """A date within this century: another has its year mistyped, and pages count days and weeks up to it."""
    return forms.DateField(label=label, widget=DayInput, validators=[_this_century], **kwargs)


def _this_century(value: dt.date) -> None:
    if not 2000 <= value.year <= 2099:
        raise ValidationError(_("Se over årstallet: det må være fra 2000 til 2099."))


class ShownField(forms.JSONField):
    """What a page was shown with, as it sends it back: an object, and nothing else."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (RecursionError, ValueError):  # brackets within brackets within brackets, or a number without end
            found = value
        if found is not None and not isinstance(found, dict):
            raise ValidationError(_("Åpne skjemaet på nytt."), code="invalid")
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
