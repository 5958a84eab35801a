"""Reads what leads type about the mail."""

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.forms.fields import long_text


class ReasonForm(forms.Form):
    reason = long_text(_("Begrunnelse"), max_length=1000, error_messages={"required": _("Skriv hvorfor.")})


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("Riktig e-postadresse"),
        max_length=254,
        help_text=_("Personen logger inn med denne adressen fra nå av."),
        error_messages={"required": _("Skriv adressen."), "invalid": _("Skriv en hel e-postadresse.")},
    )


class AnnounceForm(forms.Form):
    note = long_text(
        _("Et ord til alle"),
        max_length=1000,
        required=False,
        help_text=_("Kort om hvorfor. Det står øverst i meldingen til hver av dem."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
