"""Norwegian alphabetical order, made in Python: neither database here has a Norwegian collation."""

import unicodedata

_LAST = {"æ": "z1", "ä": "z1", "ø": "z2", "ö": "z2", "å": "z3"}


def sort_key(text: str) -> str:
    """Return a key under which plain ordering puts æ, ø and å last (aa counts as two letters, as in names)."""
    letters = []
    for letter in text.casefold():
        if letter in _LAST:
            letters.append(_LAST[letter])
            continue
        plain = unicodedata.normalize("NFKD", letter)
        letters.append("".join(c for c in plain if not unicodedata.combining(c)))
    return "".join(letters)
