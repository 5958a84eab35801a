"""Numbers as addresses and hidden fields bring them: typed by anybody, and no longer than what a column holds."""

from collections.abc import Sequence
from typing import Any

#: The digits of a number that surely fits the database's largest integers.
DIGITS_AT_MOST = 18


def whole(text: str) -> int | None:
    """The whole number from 0 that the text is; None for what is none, or larger than any of ours."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS_AT_MOST else None


def place_among(text: str, drafts: Sequence[Any]) -> int:
    """The place, from 1, that the text asks for among the drafts; else the first."""
    place = whole(text) or 0
    return place if 0 < place <= len(drafts) else 1
