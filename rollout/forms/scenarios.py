"""Reads what is typed about a scenario."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from rollout.forms.fields import NO_PRIVATE_MATTERS, day
from rollout.models import Purpose, Scenario, Wave, WaveState

QUEUE, FRONT = "queue", "front"


class NewScenarioForm(forms.Form):
    """A name, what it is for, and which plan it begins as: today's, or (by its id) another scenario."""

    name = forms.CharField(label=_("Navn"), max_length=120, error_messages={"required": _("Gi scenarioet et navn.")})
    purpose = forms.ChoiceField(
        label=_("Hva skal det brukes til?"),
        widget=forms.RadioSelect,
        initial=Purpose.WHAT_IF,
        choices=[
            (Purpose.WHAT_IF, _("Prøve en endring: hva om?")),
            (Purpose.BASELINE, _("Måle mot: ta vare på planen slik den er, som referanseplan")),
        ],
    )
    source = forms.ModelChoiceField(
        label=_("Begynn med"),
        queryset=Scenario.objects.none(),
        required=False,
        empty_label=_("planen slik den er i dag"),
    )

    def __init__(self, *args: Any, sources, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]


class EditScenarioForm(forms.Form):
    """Where each agency goes, and the two dates of each wave not yet open for all; the last wave is one to be added.

    `version` is the scenario's as it was shown.
    """

    name = forms.CharField(label=_("Navn"), max_length=120, error_messages={"required": _("Gi scenarioet et navn.")})
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, scenario: Scenario, agencies: Sequence[Agency]):
        super().__init__(data, initial={"name": scenario.name, "version": scenario.version}, auto_id="scenario-%s")
        self.scenario = scenario
        opened = {int(n) for n, days in scenario.base_dates.items() if days["state"] != WaveState.PLANNED}
        # In a wave that had opened there is nothing to choose.
        self.agencies = [a for a in agencies if scenario.base_places[a.slug]["wave"] not in opened]
        numbers = list(map(int, scenario.dates))
        self.added = max(numbers, default=0) + 1
        ends = [(QUEUE, _("Køen, bakerst")), (FRONT, _("Køen, fremst"))]
        waves = [(str(n), str(Wave(number=n))) for n in [*numbers, self.added] if n not in opened]
        for agency in agencies:
            place = scenario.places[agency.slug]
            self.fields[f"to-{agency.slug}"] = forms.ChoiceField(
                label=agency.name,
                choices=[*waves, *ends],
                initial=QUEUE if place["wave"] is None else str(place["wave"]),
                error_messages={"invalid_choice": _("Velg en pulje fra listen, eller køen.")},
            )
        for number in [*numbers, self.added]:
            self._dates(number, scenario.dates.get(str(number), {}))

    def _dates(self, number: int, days: dict[str, str]) -> None:
        base = self.scenario.base_dates.get(str(number))
        for name, label in (("leaders_on", _("Ledere")), ("all_staff_on", _("Alle"))):
            opened = base is not None and (
                base["state"] in (WaveState.ALL_OPEN, WaveState.CLOSED)
                or (name == "leaders_on" and base["state"] == WaveState.LEADERS_OPEN)
            )
            self.fields[f"{name}-{number}"] = day(
                label,
                initial=days.get(name),
                disabled=opened,
                required=base is not None,
                error_messages={"required": _("Velg en dato."), "invalid": _("Skriv datoen som dd.mm.åååå.")},
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in self.numbers:
            leaders_on, all_staff_on = (cleaned.get(f"{name}-{number}") for name in ("leaders_on", "all_staff_on"))
            if (leaders_on is None) != (all_staff_on is None):
                empty = "leaders_on" if leaders_on is None else "all_staff_on"
                if f"{empty}-{number}" not in self.errors:
                    self.add_error(f"{empty}-{number}", _("En ny pulje trenger begge datoene."))
        return cleaned

    @property
    def numbers(self) -> list[int]:
        return [*map(int, self.scenario.dates), self.added]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The agencies as the scenario has them: by wave, and the queue last, each with its field."""
        found: dict[int | None, list[dict[str, Any]]] = {}
        places = self.scenario.places
        for agency in sorted(self.agencies, key=lambda one: places[one.slug]["position"]):
            number, base = places[agency.slug]["wave"], self.scenario.base_places[agency.slug]["wave"]
            row = {"agency": agency, "field": self[f"to-{agency.slug}"], "moved": number != base, "base": _wave(base)}
            found.setdefault(number, []).append(row)
        return [
            {"wave": _wave(number), "rows": rows, "people": sum(row["agency"].employees for row in rows)}
            for number, rows in sorted(found.items(), key=lambda one: (one[0] is None, one[0] or 0))
        ]

    @property
    def waves(self) -> list[dict[str, Any]]:
        return [
            {
                "wave": Wave(number=number),
                "leaders_on": self[f"leaders_on-{number}"],
                "all_staff_on": self[f"all_staff_on-{number}"],
                "is_new": str(number) not in self.scenario.base_dates,
                "is_next": number == self.added,
            }
            for number in self.numbers
        ]

    @property
    def places(self) -> dict[str, dict[str, Any]]:
        """Those that go elsewhere than the scenario had them, as `scenarios.change` takes them."""
        found: dict[str, dict[str, Any]] = {}
        for agency in self.agencies:
            to, stands = self.cleaned_data[f"to-{agency.slug}"], self.scenario.places[agency.slug]["wave"]
            wave = None if to in (QUEUE, FRONT) else int(to)
            if wave != stands or to == FRONT:
                found[agency.slug] = {"wave": wave} | ({"position": 1} if to == FRONT else {})
        return found

    @property
    def dates(self) -> dict[int, dict[str, dt.date]]:
        """Of every wave that has both, as `scenarios.change` takes them."""
        return {
            number: {name: self.cleaned_data[f"{name}-{number}"] for name in ("leaders_on", "all_staff_on")}
            for number in self.numbers
            if self.cleaned_data.get(f"leaders_on-{number}")
        }


def _wave(number: int | None) -> Wave | None:
    return None if number is None else Wave(number=number)


class AdoptForm(forms.Form):
    """Which of the scenario's moves and dates are taken, and why.

    `version` is the scenario's as it was shown, `goes` the waves that were shown to lose their go.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    moves = forms.MultipleChoiceField(required=False)
    waves = forms.TypedMultipleChoiceField(coerce=int, required=False)
    goes = forms.TypedMultipleChoiceField(coerce=int, required=False)
    reason = forms.CharField(
        label=_("Begrunnelse"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=NO_PRIVATE_MATTERS,
    )

    def __init__(self, data: Any = None, *, scenario: Scenario):
        super().__init__(data, initial={"version": scenario.version}, auto_id="adopt-%s")
        self.fields["moves"].choices = [(slug, slug) for slug in scenario.places]  # type: ignore[attr-defined]
        for name in ("waves", "goes"):
            self.fields[name].choices = [(n, n) for n in scenario.dates]  # type: ignore[attr-defined]
