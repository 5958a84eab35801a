"""What a dress rehearsal may take for granted."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AssumptionsForm(forms.Form):
    go = forms.BooleanField(label=_("Hver pulje får klarsignal arbeidsdagen før den åpner"), required=False)
    ready = forms.BooleanField(label=_("Det virksomhetene mangler, blir gjort arbeidsdagen før"), required=False)
