"""What leads type on the board: where agencies go, and who joins."""

from collections.abc import Callable, Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from rollout.forms.fields import MOST, long_text, optional_reason
from rollout.models import CAPACITY


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
    reason = optional_reason(help_text=_("Står i historikken for hver av dem."))

    def __init__(self, *args, destinations, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", _("Velg …")), *destinations]  # type: ignore[attr-defined]


class PinForm(forms.Form):
    """Why an agency must stay where it stands. `version` is its placement's as it was shown."""

    reason = long_text(
        _("Hvorfor må den stå her?"),
        max_length=1000,
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
        label=_("Satt av til innføring, i kroner"), min_value=0, max_value=MOST, required=False
    )
    budget_reference = forms.CharField(label=_("Budsjettreferanse"), max_length=120, required=False)

    def __init__(self, *args, agencies, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]
