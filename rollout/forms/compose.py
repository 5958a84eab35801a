"""Reads what a lead asks the composer for."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.domain.composition_words import AIMS
from rollout.domain.words import long_date
from rollout.models import Wave

WEIGHTS = [
    (0, _("Teller ikke")),
    (1, _("Litt")),
    (2, _("Noe")),
    (3, _("Middels")),
    (4, _("Mye")),
    (5, _("Mest")),
]


class ComposeForm(forms.Form):
    """The weight of each aim, which waves are pilots, and for which waves lead times are set aside."""

    pilots = forms.TypedMultipleChoiceField(
        label=_("Pilotpuljer"),
        help_text=_("De får virksomheter som er ulike i størrelse, tjenestesteder, modenhet og lederforankring."),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    rushed = forms.TypedMultipleChoiceField(
        label=_("Se bort fra ledetidene i"),
        help_text=_("Ellers plasseres ingen i en pulje som åpner før stegene de mangler, kan være gjort."),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    everyone = forms.BooleanField(
        label=_("Alle skal ha plass"),
        help_text=_("Går det ikke, får du vite hva som er i veien. Ellers blir de som ikke får plass, stående i køen."),
        required=False,
    )

    def __init__(self, *args, waves: Iterable[Wave], **kwargs):
        super().__init__(*args, **kwargs)
        choices = [(wave.number, f"{wave}, {long_date(wave.leaders_on)}") for wave in waves]
        for name in ("pilots", "rushed"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        for name, (label, meaning) in AIMS.items():
            self.fields[name] = forms.TypedChoiceField(label=label, help_text=meaning, choices=WEIGHTS, coerce=int)

    def weights(self):
        """The fields of the aims, in their order."""
        return [self[name] for name in AIMS]
