"""{% load guidelines %} {{ version.text|guidelines_html }}: a guideline text in Markdown, as HTML."""

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

register = template.Library()

# Raw HTML in the text is shown as text, and no link leads to a script: the library's own rules. A picture is a link
# to it: it would come from elsewhere, and what it shows is no part of the text that is signed.
markdown = MarkdownIt("commonmark", {"html": False}).disable("image")


@register.filter
def guidelines_html(text: str) -> SafeString:
    """The text with its headings two levels down, under the page's own."""
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    return mark_safe(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S308 (escaped by the renderer)
