"""Reads what is typed about a new rollout."""

from typing import Any

from django import forms
from django.core.validators import MinValueValidator, validate_slug
from django.utils.translation import gettext_lazy as _

from rollout.domain.creating import suggest_slug
from rollout.forms.fields import MOST, day
from rollout.models import Rollout


class NewRolloutForm(forms.Form):
    """`leaders_on` is asked for only where the template has waves to move."""

    name = forms.CharField(
        label=_("Navn"), max_length=120, help_text=_("Slik den vises overalt, for eksempel «Teams i Oslo kommune».")
    )
    slug = forms.CharField(
        label=_("Kode i adressene"),
        max_length=60,
        required=False,
        validators=[validate_slug],
        help_text=_("Små bokstaver, tall og bindestrek. Lages av navnet om du lar den stå tom."),
    )
    tool_name = forms.CharField(label=_("Verktøy"), max_length=60)
    leaders_on = day(
        _("Første pulje åpner for ledere"),
        help_text=_("De andre puljene beholder avstanden til denne, regnet i arbeidsdager."),
        error_messages={"required": _("Velg dagen da den første puljen åpner for ledere.")},
    )
    ends_on = day(_("Siste dag"), required=False, help_text=_("Datoer etter denne varsles, men nektes ikke."))
    municipality_employees = forms.IntegerField(
        label=_("Medarbeidere i kommunen"),
        min_value=1,
        max_value=MOST,
        required=False,
        help_text=_("Kommunens eget tall, ikke summen av virksomhetene."),
    )
    municipality_employees_source = forms.CharField(label=_("Kilde for tallet"), max_length=240, required=False)
    pool = forms.IntegerField(label=_("Lisenser i avtalen"), min_value=0, max_value=MOST)
    price_nok = forms.DecimalField(
        label=_("Pris per lisens per måned, i kroner"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        localize=True,
    )
    contact_email = forms.EmailField(
        label=_("Kontaktadresse"),
        max_length=254,
        required=False,
        help_text=_("Hvem de som får e-post, kan spørre."),
    )

    def __init__(self, data: Any = None, *, template: Rollout, has_waves: bool):
        same = ("tool_name", "municipality_employees", "municipality_employees_source", "contact_email")
        initial = {name: getattr(template, name) for name in same} | {"pool": 0, "price_nok": 0}
        super().__init__(data, initial=initial)
        if not has_waves:
            del self.fields["leaders_on"]

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"].lower()
        if slug:
            return slug
        suggested = suggest_slug(self.cleaned_data.get("name", ""))
        if not suggested and "name" in self.cleaned_data:
            raise forms.ValidationError(_("Navnet har ingen bokstaver å lage en kode av. Skriv en kode."))
        return suggested
