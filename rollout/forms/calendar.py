"""What is typed about days: the periods of the calendar, the rollout's last day, and whose calendar a feed is."""

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from rollout.forms.fields import day


class BlackoutForm(forms.Form):
    """A period in the calendar, both ends included."""

    name = forms.CharField(label=_("Navn"), max_length=80)
    first_day = day(_("Første dag"))
    last_day = day(_("Siste dag"))
    hard = forms.TypedChoiceField(
        label=_("Hva gjelder for åpninger i perioden?"),
        choices=[("soft", _("Varsles: en pulje kan åpne, men vi sier fra")), ("hard", _("Nektes: ingenting åpner"))],
        coerce=lambda value: value == "hard",
        widget=forms.RadioSelect,
        initial="soft",
    )
    source = forms.CharField(
        label=_("Kilde"),
        max_length=240,
        required=False,
        help_text=_("For eksempel skoleruten, eller hvem som ba om det."),
    )
    confirmed = forms.BooleanField(label=_("Kilden har bekreftet datoene"), required=False)


class LastDayForm(forms.Form):
    ends_on = day(
        _("Siste dag i utrullingen"),
        required=False,
        help_text=_("Datoer etter denne varsles, men nektes ikke. La feltet stå tomt om det ikke er bestemt."),
    )


class FeedForm(forms.Form):
    """The agency a calendar address is to show."""

    agency = forms.ModelChoiceField(
        label=_("Virksomhet"), queryset=Agency.objects.none(), to_field_name="slug", empty_label=_("Velg …")
    )

    def __init__(self, *args, agencies, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]
