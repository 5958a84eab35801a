"""The HTML part: made from MJML, well-formed or not at all, with nothing from elsewhere."""

import pytest

from rollout.emails.html import BadTemplateError, to_html

FRAME = (
    '<mjml><mj-head><mj-style inline="inline">p {{ margin: 0; }}</mj-style></mj-head><mj-body><mj-section>'
    "<mj-column>{}</mj-column></mj-section></mj-body></mjml>"
)


@pytest.mark.parametrize(
    "broken",
    [
        "<mj-text><p>Hei</mj-text>",
        "<mj-text>Hei</p></mj-text>",
        "<mj-text><table><tr><td>En<tr><td>To</table></mj-text>",
        "<mj-text>5 < 6</mj-text>",
        "<mj-txet>Hei</mj-txet>",
        '<mj-include path="/etc/hostname"></mj-include>',
    ],
)
def test_a_malformed_template_is_refused_and_not_half_made(broken):
    with pytest.raises(BadTemplateError):
        to_html(FRAME.format(broken))


def test_each_style_is_put_on_its_element():
    assert '<p style="margin: 0;">Hei</p>' in to_html(FRAME.format("<mj-text><p>Hei</p></mj-text>"))


def test_no_web_font_is_fetched():
    html = to_html(FRAME.format('<mj-text font-family="Ubuntu, Roboto">Hei</mj-text>'))

    assert "http" not in html.replace("http://www.w3.org", "").replace("http-equiv", "")


@pytest.mark.parametrize("sign", ["\x01", "\x0b", "\x1f", "\ufffe"])
def test_a_sign_that_xml_cannot_hold_makes_no_mail_fail(sign):
    """It may stand in a name or a reason for years, and an opening that tells of it must still be told."""
    assert "Hei du" in to_html(FRAME.format(f"<mj-text>Hei{sign}du</mj-text>"))
