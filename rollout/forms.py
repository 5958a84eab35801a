"""Reads what people type. Holds no rule and saves nothing: the verbs of `rollout.domain` do."""

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency

QUEUE = "queue"


class MoveForm(forms.Form):
    """Where an agency is to go. `version` is the card's as it was shown; `origin` the column it was shown in.

    `position` counts from 1 in the queue; `before` and `after` are the neighbours a card was dropped between.
    """

    to = forms.ChoiceField(label=_("Flytt til"))
    position = forms.TypedChoiceField(
        label=_("Plass i køen"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("Øverst i køen står først for tur."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    origin = forms.SlugField(widget=forms.HiddenInput, required=False)
    before = forms.SlugField(widget=forms.HiddenInput, required=False)
    after = forms.SlugField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, destinations, queue, **kwargs):
        """`destinations`: choices for `to`; `queue`: names of the agencies queued, in order, without the one moved."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", _("Velg …")), *destinations]
        self.fields["position"].choices = [
            ("", _("Bakerst")),
            *(
                (place, _("%(place)s. plass, foran %(name)s") % {"place": place, "name": name})
                for place, name in enumerate(queue, 1)
            ),
        ]


class JoinForm(forms.Form):
    """An agency that has joined the agreement, and the licences it has funded."""

    agency = forms.ModelChoiceField(
        label=_("Virksomhet"), queryset=Agency.objects.none(), to_field_name="slug", empty_label=_("Velg …")
    )
    funded = forms.IntegerField(
        label=_("Finansierte lisenser"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("Én for hver medarbeider som skal inn."),
    )
    implementation_cost_nok = forms.IntegerField(
        label=_("Satt av til innføring, i kroner"), min_value=0, max_value=2_000_000_000, required=False
    )
    budget_reference = forms.CharField(label=_("Budsjettreferanse"), max_length=120, required=False)

    def __init__(self, *args, agencies, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = agencies


class WaveForm(forms.Form):
    """A wave's two dates."""

    leaders_on = forms.DateField(
        label=_("Åpner for ledere"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    all_staff_on = forms.DateField(
        label=_("Åpner for alle"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
