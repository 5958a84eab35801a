"""What a verb answers when a rule stands in the way: sentences for the person who asked."""

from collections.abc import Iterable, Mapping


class Refused(Exception):
    """A rule stands in the way. `reasons` are sentences that say what to do, in the user's language.

    `field` names the input that the reasons are about, where there is one; empty: they are about the whole.
    """

    def __init__(self, reasons: str | Iterable[str], *, field: str = ""):
        self.reasons = [str(reasons)] if not isinstance(reasons, (list, tuple)) else [str(r) for r in reasons]
        self.field = field
        super().__init__(" ".join(self.reasons))


class FieldsRefused(Refused):
    """Several inputs stand in the way at once: `by_field` holds the sentences of each."""

    def __init__(self, by_field: Mapping[str, list[str]]):
        self.by_field = dict(by_field)
        super().__init__([reason for reasons in by_field.values() for reason in reasons], field=next(iter(by_field)))


class MoveRefused(Refused):
    """An agency cannot be placed there: full, opened, pinned, or moved since it was shown (rules 1 and 2)."""


class DecisionRefused(Refused):
    """A go or no-go cannot be given now (rule 6)."""


class SignOffRefused(Refused):
    """The text is not the one that was seen (rule 5)."""


class UndoRefused(Refused):
    """A change cannot be taken back: of a kind that cannot, or something newer stands in the way (rule 9)."""
