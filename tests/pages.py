"""What a reader sees of a page."""

import re
from html import unescape


def text_of(page: str) -> str:
    """Its words: without tags and soft hyphens, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace("\N{SOFT HYPHEN}", "").split())


def text(response) -> str:
    return text_of(response.text)
