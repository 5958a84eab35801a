"""How a verb says no: whole sentences that say why and what to do, for people to read."""

from collections.abc import Iterable


class Refused(Exception):
    """A rule stands in the way and nothing was changed. `reasons` are sentences in the user's language."""

    def __init__(self, reasons: str | Iterable[str]):
        self.reasons = [str(reasons)] if not isinstance(reasons, (list, tuple)) else [str(r) for r in reasons]
        super().__init__(" ".join(self.reasons))


class MoveRefused(Refused):
    """An agency cannot be placed there: full, opened, or moved since it was shown (rules 1 and 2)."""


class DecisionRefused(Refused):
    """A go or no-go cannot be given now (rule 6)."""


class SignOffRefused(Refused):
    """The text is not the one that was seen (rule 5)."""
