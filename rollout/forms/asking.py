"""Reads what agencies state and ask for, and what they are answered."""

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.forms.fields import MOST, long_text
from rollout.models import Wave


class StatementForm(forms.Form):
    """What the agency has set aside. `seen`: the statement in force as it was shown; empty: none."""

    licences = forms.IntegerField(
        label=_("Finansierte lisenser"),
        min_value=0,
        max_value=MOST,
        help_text=_("Én for hver medarbeider som skal ha tilgang."),
    )
    implementation_cost_nok = forms.IntegerField(
        label=_("Satt av til innføring, i kroner"), min_value=0, max_value=MOST
    )
    budget_reference = forms.CharField(
        label=_("Budsjettreferanse"), max_length=120, required=False, help_text=_("Hvor pengene står i budsjettet.")
    )
    comment = long_text(_("Merknad eller svar til prosjektlederen"), required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class WhichStatementForm(forms.Form):
    """The statement that was on the page when somebody pressed."""

    statement = forms.IntegerField(widget=forms.HiddenInput)


class QuestionForm(WhichStatementForm):
    text = long_text(_("Spørsmål"), error_messages={"required": _("Skriv hva du lurer på.")})


class DateRequestForm(forms.Form):
    wanted = forms.ModelChoiceField(
        label=_("Pulje dere heller vil gå i"),
        queryset=Wave.objects.none(),
        to_field_name="number",
        empty_label=_("Ingen bestemt"),
        required=False,
        error_messages={"invalid_choice": _("Puljen er ikke lenger ledig å ønske seg. Velg en annen.")},
    )
    reason = long_text(
        _("Begrunnelse"), rows=4, error_messages={"required": _("Skriv hvorfor dere trenger en annen dato.")}
    )

    def __init__(self, *args, waves, labels: dict[int, str], **kwargs):
        """`waves`: those that may be wanted; `labels`: how each is shown, by its number."""
        super().__init__(*args, **kwargs)
        wanted = self.fields["wanted"]
        wanted.queryset = waves  # type: ignore[attr-defined]
        wanted.label_from_instance = lambda wave: labels[wave.number]  # type: ignore[attr-defined]


class JoinRequestForm(forms.Form):
    reason = long_text(
        _("Hvorfor vil dere være med?"), rows=4, error_messages={"required": _("Skriv hvorfor dere vil være med.")}
    )
    employees = forms.IntegerField(
        label=_("Medarbeidere"), min_value=1, max_value=MOST, help_text=_("Hoder, ikke årsverk.")
    )
    licences = forms.IntegerField(
        label=_("Finansierte lisenser"), min_value=0, max_value=MOST, help_text=_("0 hvis ingenting er satt av ennå.")
    )
    implementation_cost_nok = forms.IntegerField(
        label=_("Satt av til innføring, i kroner"), min_value=0, max_value=MOST
    )
    budget_reference = forms.CharField(label=_("Budsjettreferanse"), max_length=120, required=False)


class AcceptDateForm(forms.Form):
    """Where the agency is to go. `version` is its placement's as it was shown."""

    to = forms.ChoiceField(label=_("Flytt til"))
    answer = long_text(_("Melding til virksomheten"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, destinations, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", _("Velg …")), *destinations]  # type: ignore[attr-defined]


class AcceptJoinForm(forms.Form):
    use_headcount = forms.BooleanField(label=_("Bruk dette antallet medarbeidere for virksomheten"), required=False)
    answer = long_text(_("Melding til virksomheten"), required=False)


class DeclineForm(forms.Form):
    answer = long_text(_("Begrunnelse"), rows=4, error_messages={"required": _("Skriv hvorfor ønsket avslås.")})
