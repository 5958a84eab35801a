"""What leads type about a wave: its dates, its cap, the decision, and who waits or is let in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.forms.fields import MOST, ShownField, day, long_text, optional_reason


class WaveForm(forms.Form):
    """A wave's two dates."""

    leaders_on = day(_("Åpner for ledere"))
    all_staff_on = day(_("Åpner for alle"))


class NewWaveForm(WaveForm):
    """`number_seen`: the number the wave was to get when the form was shown."""

    number_seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class WaveDatesForm(WaveForm):
    """New dates for a wave. `seen`: the marks of the effect that was shown, by wave (`shifting.marks`)."""

    carry_on = forms.BooleanField(label=_("Flytt puljene etter like mange arbeidsdager"), required=False)
    earlier = forms.BooleanField(label=_("Flytt dem også når det blir tidligere"), required=False)
    reason = optional_reason(help_text=_("Står i historikken og i ukestatusen."))
    seen = ShownField(widget=forms.HiddenInput, required=False)

    def clean_seen(self) -> dict[str, Any]:
        """What was asked for, and the marks of waves by number; what else was sent, nobody was shown."""
        seen = self.cleaned_data["seen"] or {}
        marks = seen.get("marks")
        known = marks.items() if isinstance(marks, dict) else ()
        marks = {key: mark for key, mark in known if key.isdecimal() and len(key) < 9 and isinstance(mark, str)}
        return {"asked": seen.get("asked"), "marks": marks}


class CapForm(forms.Form):
    cap = forms.IntegerField(
        label=_("Høyst så mange medarbeidere"),
        min_value=1,
        max_value=MOST,
        required=False,
        help_text=_("Flere enn dette varsles, men nektes ikke. La feltet stå tomt for ikke å ha noe tak."),
    )


class DecisionForm(forms.Form):
    """A go or no-go. `version` is the wave's plan version as it was shown; `override` as `deciding.decide` takes it."""

    reason = long_text(
        _("Begrunnelse"),
        help_text=_("Står i historikken og i ukestatusen."),
        error_messages={"required": _("Skriv en begrunnelse. Den gjelder både klarsignal og stopp.")},
    )
    override = long_text(
        _("Klarsignal likevel: hvorfor?"),
        rows=2,
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
    reason = long_text(_("Begrunnelse"))
