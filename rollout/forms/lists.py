"""A list that is read from a file."""

import base64

from django import forms
from django.utils.translation import gettext_lazy as _


class ListForm(forms.Form):
    """A list of agencies: a file that was chosen, or the one that was tried out a moment ago (`kept`, in base64).

    A browser forgets a chosen file when the page is shown anew, so the page carries it along.
    """

    file = forms.FileField(
        label=_("Liste over virksomheter"),
        help_text=_("CSV eller XLSX, høyst 1 MB."),
        error_messages={"required": _("Velg filen med listen.")},
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx,text/csv"}),
    )
    kept = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    name = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not self["kept"].value()

    def clean_kept(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["kept"], validate=True)
        except ValueError:  # not in base64, or not even ASCII
            raise forms.ValidationError(_("Velg filen på nytt.")) from None

    def clean(self):
        """Add `content` (bytes) and `name` of the list."""
        super().clean()
        wanted = self.cleaned_data
        if wanted.get("file"):
            return wanted | {"content": wanted["file"].read(), "name": wanted["file"].name[:200]}
        return wanted | {"content": wanted.get("kept", b"")}
