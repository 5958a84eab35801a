"""Reads what leads type about the mail. Holds no rule and saves nothing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.forms import NO_PRIVATE_MATTERS


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Begrunnelse"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=NO_PRIVATE_MATTERS,
        error_messages={"required": _("Skriv hvorfor.")},
    )


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("Riktig e-postadresse"),
        max_length=254,
        help_text=_("Personen logger inn med denne adressen fra nå av."),
        error_messages={"required": _("Skriv adressen."), "invalid": _("Skriv en hel e-postadresse.")},
    )


class AnnounceForm(forms.Form):
    note = forms.CharField(
        label=_("Et ord til alle"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
        help_text=_("Kort om hvorfor. Det står øverst i meldingen til hver av dem."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
