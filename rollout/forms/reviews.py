"""What a lead types when a wave is reviewed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.domain import reviewing, usage
from rollout.forms.fields import MOST, NO_PRIVATE_MATTERS, day, long_text
from rollout.forms.lists import ListForm
from rollout.models import LESSONS, Criteria, Lesson, Pace, UsageFigures

HINTS = {
    "activated": _("Av de inviterte, også ledere og nøkkelpersoner."),
    "leaders_activated": _("Av de inviterte lederne og nøkkelpersonene."),
    "weekly_active": _("Av dem som har aktivert kontoen."),
    "on_mobile": _("Av de ukentlig aktive."),
    "support_requests": _("Antall siden forrige måling."),
    "severe_incidents": _("Alvorlige hendelser for personvern eller sikkerhet som ikke er lukket."),
}


def _label(model, name: str):
    return str(model._meta.get_field(name).verbose_name).capitalize()


class FiguresForm(forms.Form):
    """An agency's figures of one date, as sums: never of one person."""

    measured_on = day(_("Målt dato"))
    definition = forms.CharField(
        label=_("Definisjon"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Hva verktøyet teller som aktivert og aktiv."),
    )
    source = forms.CharField(label=_("Kilde"), max_length=240, help_text=_("For eksempel navnet på rapporten."))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in (*usage.COUNTS, "support_requests", "severe_incidents"):
            self.fields[name] = forms.IntegerField(
                label=_label(UsageFigures, name),
                min_value=0,
                max_value=MOST,
                required=name != "on_mobile",
                help_text=HINTS.get(name, ""),
            )
        self.fields["backlog_days"] = forms.DecimalField(
            label=_label(UsageFigures, "backlog_days"), min_value=0, max_value=1000, max_digits=5, decimal_places=1
        )
        self.order_fields(["measured_on", *usage.NUMBERS, "definition", "source"])

    @property
    def numbers(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in usage.NUMBERS}


class UsageListForm(ListForm):
    """A list of figures; carried along by the page after a try."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["file"].label = _("Tall fra verktøyet")
        self.fields["file"].error_messages["required"] = _("Velg filen med tallene.")


class LessonsForm(forms.Form):
    """Three lessons of an agency. An empty one is taken away."""

    def __init__(self, *args: Any, lessons: dict[int, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        for number in range(1, LESSONS + 1):
            self.fields[f"text_{number}"] = forms.CharField(
                label=_("Erfaring %(number)s") % {"number": number},
                max_length=Lesson._meta.get_field("text").max_length,
                widget=forms.Textarea(attrs={"rows": 3}),
                required=False,
                initial=lessons.get(number, ""),
                show_hidden_initial=True,
                help_text=NO_PRIVATE_MATTERS if number == 1 else "",
            )

    @property
    def texts(self) -> list[str]:
        return [self.cleaned_data[f"text_{number}"] for number in range(1, LESSONS + 1)]

    @property
    def seen(self) -> list[str | None]:
        """Each as the form showed it."""
        return [self.data.get(self.add_initial_prefix(f"text_{number}")) for number in range(1, LESSONS + 1)]


class CloseForm(forms.Form):
    """The decision a review ends in, and what it was made on (`Standing.as_seen`)."""

    pace = forms.ChoiceField(
        label=_("Tempoet videre"),
        choices=Pace.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Velg tempoet for de neste puljene.")},
    )
    reason = long_text(
        _("Begrunnelse"),
        rows=4,
        help_text=_("Står i historikken. Er noe ikke oppfylt, skriv hvem som følger det opp, og innen når."),
        error_messages={"required": _("Skriv en begrunnelse for beslutningen.")},
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    agencies_seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    criteria_seen = forms.CharField(widget=forms.HiddenInput, required=False, empty_value=None)


class CriteriaForm(forms.ModelForm):
    """Reads the thresholds; the verb saves them."""

    class Meta:
        model = Criteria
        fields = reviewing.CRITERIA

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def changed(self) -> dict[str, Any]:
        """Those that are others than the form showed: what somebody else has set meanwhile stands."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
