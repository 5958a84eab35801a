"""Reads what an employee types to commit to the guidelines."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AddressForm(forms.Form):
    """Any text: what an address of the agency's is, the verb says, in words of that agency."""

    address = forms.CharField(
        label=_("Jobbadressen din"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "off", "spellcheck": "false"}),
        error_messages={
            "required": _("Skriv e-postadressen du har på jobben."),
            "max_length": _("Adressen er for lang. Skriv e-postadressen du har på jobben."),
        },
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Koden fra e-posten"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={
            "required": _("Skriv koden fra e-posten."),
            "max_length": _("Koden er for lang. Den har seks sifre."),
        },
    )


class AcceptForm(forms.Form):
    """`hash_seen`: of the text that was shown."""

    hash_seen = forms.CharField(max_length=64)
