"""Reads the steps that a lead types for the next version of the course."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from rollout.domain.course import LONGEST_LEAD, LONGEST_NAME, StepDraft
from rollout.models import CourseStep, OwnerRole

#: More steps than any course has, and few enough for one page.
MOST_STEPS = 40


class StepForm(forms.Form):
    """One step. `key`: of the step it carries on; empty: a new one. `place`: where in the order it is to stand."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    place = forms.IntegerField(label=_("Plass"), min_value=1, max_value=MOST_STEPS)
    name = forms.CharField(
        label=_("Navn"), max_length=LONGEST_NAME, error_messages={"required": _("Gi steget et navn.")}
    )
    owner_role = forms.ChoiceField(label=_("Ansvarlig"), choices=[(r.value, r.label.capitalize()) for r in OwnerRole])
    lead_time_days = forms.IntegerField(
        label=_("Dager før åpning for ledere"),
        min_value=-LONGEST_LEAD,
        max_value=LONGEST_LEAD,
        help_text=_("Skriv minus for dager etter."),
    )
    blocking = forms.BooleanField(label=_("Steget må være gjort før virksomheten kan åpne"), required=False)
    evidence_required = forms.CharField(
        label=_("Dette teller som dokumentasjon"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": _("Skriv hva som dokumenterer at steget er gjort.")},
    )

    def draft(self) -> StepDraft:
        typed = self.cleaned_data
        return StepDraft(
            key=typed["key"],
            name=typed["name"],
            owner_role=typed["owner_role"],
            lead_time_days=typed["lead_time_days"],
            blocking=typed["blocking"],
            evidence_required=typed["evidence_required"].replace("\r\n", "\n"),
        )


class VersionForm(forms.Form):
    """What is the same for all steps. `based_on`: the version they were made from; `seen`: the difference shown."""

    note = forms.CharField(
        label=_("Hvorfor endres løpet?"),
        max_length=500,
        required=False,
        help_text=_("Står i historikken, og vises for virksomhetene."),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class _Steps(BaseFormSet):
    """A step that is taken out is not read further: what stands in it need not be right."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Ta ut steget")


Steps = formset_factory(
    StepForm, _Steps, extra=0, can_delete=True, max_num=MOST_STEPS, validate_max=True, absolute_max=MOST_STEPS
)


def of_version(steps: Iterable[CourseStep]) -> BaseFormSet:
    """The steps of a version, as they stand."""
    names = ("key", "name", "owner_role", "lead_time_days", "blocking", "evidence_required")
    return _unbound([{name: getattr(step, name) for name in names} | {"place": step.number} for step in steps])


def with_one_more(typed: BaseFormSet) -> BaseFormSet:
    """All that was typed, right or wrong, and an empty step last."""
    rows = [{name: form[name].value() for name in form.fields} for form in typed]
    return _unbound([*rows, {"place": len(rows) + 1, "lead_time_days": 28, "blocking": True}])


def _unbound(initial: list[dict[str, Any]]) -> BaseFormSet:
    return Steps(initial=initial, prefix="step")


def typed(data: Any) -> BaseFormSet:
    return Steps(data, prefix="step")


def in_order(steps: BaseFormSet) -> list[StepForm]:
    """The steps that stay, each where its `place` says: who got a new place gets exactly it, the others fill in."""
    order: list[StepForm] = []
    moved: list[StepForm] = []
    for number, form in enumerate(steps.forms, 1):
        (order if form.cleaned_data.get("place", number) == number else moved).append(form)
    for form in sorted(moved, key=lambda form: form.cleaned_data["place"]):
        order.insert(form.cleaned_data["place"] - 1, form)
    return [form for form in order if form not in steps.deleted_forms]
