"""Reads what leads type about an agency and about the licences."""

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import CENTRAL_ROLES, AgencyKind, RoleName
from rollout.domain.profiles import EDITABLE
from rollout.forms.fields import MOST, ShownField, day, long_text, optional_reason

SCORES = [("", _("Ikke vurdert")), *((score, _("%(score)s av 5") % {"score": score}) for score in range(1, 6))]


class DomainsField(forms.CharField):
    """Domains, kept apart by commas or spaces, as a list. Whether they are domains, the verb says."""

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value) -> list[str]:
        return super().clean(value).replace(",", " ").replace(";", " ").split()


class ProfileForm(forms.Form):
    """An agency's figures and words. `shown` holds them, as JSON, as they stood when the form was shown."""

    name = forms.CharField(label=_("Navn"), max_length=120)
    kind = forms.ChoiceField(label=_("Type"), choices=AgencyKind.choices)
    sector = forms.CharField(label=_("Sektor"), max_length=120, required=False)
    employees = forms.IntegerField(
        label=_("Medarbeidere"), min_value=0, max_value=MOST, help_text=_("Hoder, ikke årsverk.")
    )
    locations = forms.IntegerField(label=_("Tjenestesteder"), min_value=0, max_value=MOST)
    maturity = forms.TypedChoiceField(
        label=_("Modenhetsgrad"), choices=SCORES, coerce=int, empty_value=None, required=False
    )
    leadership_anchoring = forms.TypedChoiceField(
        label=_("Lederforankring"), choices=SCORES, coerce=int, empty_value=None, required=False
    )
    status_note = long_text(_("Merknad"), required=False)
    email_domains = DomainsField(
        label=_("E-postdomener"),
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false"}),
        help_text=_(
            "Det som står etter @ i de ansattes adresser, med komma mellom. Bare de kan godta kjørereglene her."
        ),
    )
    shown = ShownField(widget=forms.HiddenInput)

    def clean_shown(self) -> dict:
        shown = self.cleaned_data["shown"]
        if set(shown) != set(EDITABLE):
            raise forms.ValidationError(_("Åpne skjemaet på nytt."))
        return shown


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-post"), max_length=254)
    role = forms.ChoiceField(
        label=_("Rolle"), choices=[(role, role.label.capitalize()) for role in RoleName if role not in CENTRAL_ROLES]
    )


class WithdrawForm(forms.Form):
    """`version` is the placement's as it was shown."""

    reason = long_text(
        _("Begrunnelse"),
        help_text=_("Står i historikken. Skriv ikke personopplysninger eller annet som må skjermes."),
        error_messages={"required": _("Skriv hvorfor virksomheten trekkes.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class RejoinForm(forms.Form):
    reason = optional_reason()


class CaseForm(forms.Form):
    case_number = forms.CharField(
        label=_("Saksnummer"),
        max_length=40,
        required=False,
        help_text=_("Slik det står i arkivsystemet, for eksempel 18/01234. Står på alt som tas ut."),
    )


class EraseForm(forms.Form):
    """Erasing cannot be undone, so it takes a mark beside the press."""

    sure = forms.BooleanField(
        label=_("Jeg forstår at dette ikke kan angres"),
        error_messages={"required": _("Kryss av for at du forstår at dette ikke kan angres.")},
    )


class PoolForm(forms.Form):
    size = forms.IntegerField(label=_("Lisenser i avtalen"), min_value=0, max_value=MOST)
    reason = optional_reason()


class PriceForm(forms.Form):
    valid_from = day(_("Gjelder fra"), help_text=_("En måned koster det som gjelder den 1."))
    price_nok = forms.DecimalField(
        label=_("Pris per lisens per måned, i kroner"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        localize=True,
        help_text=_("For eksempel 25 eller 27,50."),
    )
