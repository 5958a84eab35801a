"""The HTML part of a message, made from MJML so that it holds in Outlook and Gmail."""

import re

import mrml

# Without this mrml brings a web font for every family it knows the address of.
_OPTIONS = mrml.RenderOptions(fonts={})
#: What XML has no place for, however it is escaped: a line break out of a slide (U+000B) is one of them.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LEFT_OVER = re.compile(r"</?mj[a-z-]*", re.IGNORECASE)


class BadTemplateError(ValueError):
    """A template of ours that is not well-formed MJML, or uses an element there is not. No reader's text can cause it:
    what stands in a name is escaped before it comes here, and what cannot be is left out (`to_html`).
    """


def to_html(mjml: str) -> str:
    """HTML with tables for Outlook and every style on its element. Brings nothing from elsewhere.

    A sign that XML cannot hold becomes a space.

    Raises `BadTemplateError`, so that the verb that wrote the message is undone and nobody gets half a mail.
    """
    try:
        made = mrml.to_html(_NOT_IN_XML.sub(" ", mjml), render_options=_OPTIONS)
    except OSError as malformed:  # which is what mrml raises
        raise BadTemplateError(str(malformed)) from None
    unknown = _LEFT_OVER.search(made.content.partition("<body")[2])
    if unknown or made.warnings:
        raise BadTemplateError(unknown[0] if unknown else made.warnings[0].kind)
    return made.content.replace("&nbsp;", "\N{NO-BREAK SPACE}")  # as in the text part
