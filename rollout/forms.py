"""Reads what people type. Holds no rule and saves nothing: the verbs of `rollout.domain` do."""

import base64
from collections.abc import Callable, Iterable

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from rollout.domain.documents import KINDS, TAKEN, Upload
from rollout.domain.refusals import FieldsRefused, Refused
from rollout.models import CAPACITY, OwnerRole

NO_PRIVATE_MATTERS = _("Skriv ikke personopplysninger eller annet som må skjermes.")
#: What fits an integer column, with room to spare for any municipality.
MOST = 2_000_000_000


class MoveForm(forms.Form):
    """Where an agency is to go. `version` is the card's as it was shown; `origin` the column it was shown in.

    `seen` is the last event that the page knew of when the form was made.

    `position` counts from 1 in the queue and `place` in a wave; `before` and `after` are the neighbours a card was
    dropped between.
    """

    to = forms.ChoiceField(label=_("Flytt til"))
    position = forms.TypedChoiceField(
        label=_("Plass i køen"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("Øverst i køen står først for tur."),
    )
    place = forms.TypedChoiceField(
        label=_("Plass i puljen"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", _("Sist")),
            (1, _("Øverst")),
            *((n, _("%(n)s. plass") % {"n": n}) for n in range(2, CAPACITY + 1)),
        ],
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    origin = forms.SlugField(widget=forms.HiddenInput, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    before = forms.SlugField(widget=forms.HiddenInput, required=False)
    after = forms.SlugField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, destinations: list, queue: Callable[[], Iterable[str]], **kwargs):
        """`destinations`: choices for `to`; `queue` gives the names of the agencies queued, in order, without the one
        moved, and is asked only where a place in it is shown or wanted.
        """
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", _("Velg …")), *destinations]  # type: ignore[attr-defined]
        self.fields["position"].choices = lambda: [  # type: ignore[attr-defined]
            ("", _("Bakerst")),
            *(
                (place, _("%(place)s. plass, foran %(name)s") % {"place": place, "name": name})
                for place, name in enumerate(queue(), 1)
            ),
        ]


class MoveManyForm(forms.Form):
    """Where several agencies are to go together, and why. Which they are stands in the address or beside it."""

    to = forms.ChoiceField(label=_("Flytt til"))
    reason = forms.CharField(
        label=_("Begrunnelse"), max_length=1000, required=False, help_text=_("Står i historikken for hver av dem.")
    )

    def __init__(self, *args, destinations, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", _("Velg …")), *destinations]  # type: ignore[attr-defined]


class PinForm(forms.Form):
    """Why an agency must stay where it stands. `version` is its placement's as it was shown."""

    reason = forms.CharField(
        label=_("Hvorfor må den stå her?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=NO_PRIVATE_MATTERS,
        error_messages={"required": _("Skriv hvorfor plasseringen skal være låst.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


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
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]


class FeedForm(forms.Form):
    """The agency a calendar address is to show."""

    agency = forms.ModelChoiceField(
        label=_("Virksomhet"), queryset=Agency.objects.none(), to_field_name="slug", empty_label=_("Velg …")
    )

    def __init__(self, *args, agencies, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]


def _day(label, **kwargs) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class WaveForm(forms.Form):
    """A wave's two dates."""

    leaders_on = _day(_("Åpner for ledere"))
    all_staff_on = _day(_("Åpner for alle"))


class NewWaveForm(WaveForm):
    """`number_seen`: the number the wave was to get when the form was shown."""

    number_seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


def add_reasons(form: forms.Form, refused: Refused | list[str]) -> None:
    """Show why a verb refused: at the fields it is about, or above the form; what was typed stays."""
    if isinstance(refused, FieldsRefused):
        by_field = refused.by_field
    else:
        by_field = {refused.field: refused.reasons} if isinstance(refused, Refused) else {"": refused}
    for name, reasons in by_field.items():
        at_field = name in form.fields and not form.fields[name].disabled
        for reason in reasons:
            form.add_error(name if at_field else None, reason)


class EvidenceForm(forms.Form):
    """What shows that a step is done: words, a case number or a file."""

    text = forms.CharField(
        label=_("Dokumentasjon"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
        help_text=NO_PRIVATE_MATTERS,
    )
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
    reason = forms.CharField(
        label=_("Begrunnelse"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
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
    comment = forms.CharField(
        label=_("Åpne avvik og kommentar"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
        help_text=NO_PRIVATE_MATTERS,
    )


class FundingForm(forms.Form):
    funded = forms.IntegerField(label=_("Finansierte lisenser"), min_value=0, max_value=MOST)
    implementation_cost_nok = forms.IntegerField(
        label=_("Satt av til innføring, i kroner"), min_value=0, max_value=MOST
    )
    budget_reference = forms.CharField(label=_("Budsjettreferanse"), max_length=120, required=False)
    reason = forms.CharField(label=_("Begrunnelse"), max_length=1000, required=False)


class WaiveForm(forms.Form):
    reason = forms.CharField(
        label=_("Begrunnelse"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000, help_text=NO_PRIVATE_MATTERS
    )
    key_seen = forms.SlugField(widget=forms.HiddenInput, required=False)  # the step that was on the page


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


class WaveDatesForm(WaveForm):
    """New dates for a wave. `seen`: the marks of the effect that was shown, by wave (`scheduling.marks`)."""

    carry_on = forms.BooleanField(label=_("Flytt puljene etter like mange arbeidsdager"), required=False)
    earlier = forms.BooleanField(label=_("Flytt dem også når det blir tidligere"), required=False)
    reason = forms.CharField(
        label=_("Begrunnelse"),
        max_length=1000,
        required=False,
        help_text=_("Står i historikken og i ukestatusen."),
    )
    seen = forms.JSONField(widget=forms.HiddenInput, required=False)


class CapForm(forms.Form):
    cap = forms.IntegerField(
        label=_("Høyst så mange medarbeidere"),
        min_value=1,
        max_value=MOST,
        required=False,
        help_text=_("Flere enn dette varsles, men nektes ikke. La feltet stå tomt for ikke å ha noe tak."),
    )


class BlackoutForm(forms.Form):
    """A period in the calendar, both ends included."""

    name = forms.CharField(label=_("Navn"), max_length=80)
    first_day = _day(_("Første dag"))
    last_day = _day(_("Siste dag"))
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
    ends_on = _day(
        _("Siste dag i utrullingen"),
        required=False,
        help_text=_("Datoer etter denne varsles, men nektes ikke. La feltet stå tomt om det ikke er bestemt."),
    )


class DecisionForm(forms.Form):
    """A go or no-go. `version` is the wave's plan version as it was shown; `override` as `deciding.decide` takes it."""

    reason = forms.CharField(
        label=_("Begrunnelse"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("Står i historikken og i ukestatusen."),
        error_messages={"required": _("Skriv en begrunnelse. Den gjelder både klarsignal og stopp.")},
    )
    override = forms.CharField(
        label=_("Klarsignal likevel: hvorfor?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        required=False,
        help_text=_("Trengs bare for klarsignal. Står i historikken."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class DeferralForm(forms.Form):
    """Where an agency goes if it is not ready when its wave opens."""

    to = forms.ChoiceField(label=_("Utsettes til"))

    def __init__(self, *args, destinations, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = destinations  # type: ignore[attr-defined]


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        label=_("Begrunnelse"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, help_text=NO_PRIVATE_MATTERS
    )


class SeenForm(forms.Form):
    """The last event that was on the page."""

    event = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
