"""What a dress rehearsal is of, and may take for granted."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.models import Purpose, Rollout, ScenarioState


class AssumptionsForm(forms.Form):
    go = forms.BooleanField(label=_("Hver pulje får klarsignal arbeidsdagen før den åpner"), required=False)
    ready = forms.BooleanField(label=_("Det virksomhetene mangler, blir gjort arbeidsdagen før"), required=False)

    def __init__(self, *args: Any, rollout: Rollout, **kwargs: Any):
        super().__init__(*args, **kwargs)
        ended = _("Scenarioet er tatt i bruk eller forkastet. Velg et annet, eller planen.")
        self.fields["scenario"] = forms.ModelChoiceField(
            label=_("Hva som spilles"),
            queryset=rollout.scenarios.filter(state=ScenarioState.OPEN).exclude(purpose=Purpose.BASELINE),
            required=False,
            empty_label=_("Planen slik den er"),
            error_messages={"invalid_choice": ended},
        )
