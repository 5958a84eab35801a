"""Reads what people type. Holds no rule and saves nothing: the verbs of `rollout.domain` do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.forms import BaseForm

from rollout.domain.refusals import FieldsRefused, Refused

#: The code of an error that a verb gave, beside Django's own ("required", "invalid").
REFUSED = "refused"


@contextmanager
def refusals_at(form: BaseForm) -> Iterator[None]:
    """What a verb within it refuses, stands at the form afterwards, which is then shown again."""
    try:
        yield
    except Refused as refused:
        add_reasons(form, refused)


def add_reasons(form: BaseForm, refused: Refused | list[str]) -> None:
    """Show why a verb refused: at the fields it is about, or above the form; what was typed stays."""
    if isinstance(refused, FieldsRefused):
        by_field = refused.by_field
    else:
        by_field = {refused.field: refused.reasons} if isinstance(refused, Refused) else {"": refused}
    for name, reasons in by_field.items():
        at_field = name in form.fields and not form.fields[name].disabled
        for reason in reasons:
            form.add_error(name if at_field else None, ValidationError(reason, code=REFUSED))
