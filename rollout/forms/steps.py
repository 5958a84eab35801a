"""What is typed about the steps of a course: by the agency, and by the lead who waives or funds one."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from rollout.domain.documents import KINDS, TAKEN, Upload
from rollout.forms.fields import MOST, long_text, optional_reason
from rollout.models import OwnerRole


class EvidenceForm(forms.Form):
    """What shows that a step is done: words, a case number or a file."""

    text = long_text(_("Dokumentasjon"), max_length=4000, required=False)
    case_number = forms.CharField(
        label=_("Saksnummer"), max_length=40, required=False, help_text=_("Fra arkivsystemet, for eksempel 18/00123.")
    )
    document = forms.FileField(
        label=_("Fil"),
        required=False,
        allow_empty_file=True,
        help_text=format_lazy("{} {}.", _("Høyst 10 MB."), TAKEN),
        widget=forms.FileInput(attrs={"accept": ",".join(f".{ending}" for ending in KINDS)}),
    )
    owner_role = forms.ChoiceField(label=_("Hvem kommer dokumentasjonen fra?"), choices=OwnerRole.choices)
    key_seen = forms.SlugField(widget=forms.HiddenInput, required=False)  # the step that was on the page

    def clean_document(self) -> Upload | None:
        sent = self.cleaned_data["document"]
        return Upload(sent.name, sent.read()) if sent else None


class WithdrawConfirmationForm(forms.Form):
    reason = long_text(
        _("Begrunnelse"),
        help_text=_("Står i historikken. Skriv ikke personopplysninger eller annet som må skjermes."),
        error_messages={"required": _("Skriv hvorfor bekreftelsen trekkes.")},
    )


class KeyPeopleForm(forms.Form):
    number = forms.IntegerField(label=_("Antall nøkkelpersoner"), min_value=0, max_value=MOST)


class SignForm(forms.Form):
    """The version and the hash of the text that was on the page (rule 5)."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    hash_seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class ReadyForm(forms.Form):
    comment = long_text(_("Åpne avvik og kommentar"), rows=4, max_length=4000, required=False)


class FundingForm(forms.Form):
    funded = forms.IntegerField(label=_("Finansierte lisenser"), min_value=0, max_value=MOST)
    implementation_cost_nok = forms.IntegerField(
        label=_("Satt av til innføring, i kroner"), min_value=0, max_value=MOST
    )
    budget_reference = forms.CharField(label=_("Budsjettreferanse"), max_length=120, required=False)
    reason = optional_reason()


class WaiveForm(forms.Form):
    reason = long_text(_("Begrunnelse"), rows=4)
    key_seen = forms.SlugField(widget=forms.HiddenInput, required=False)  # the step that was on the page
