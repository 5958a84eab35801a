"""How numbers, dates, long names and form fields are written on the pages."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template

from rollout.templatetags import skin

STATIC = Path(__file__).resolve().parents[3] / "static"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (skin.thousands(41_000), "41\u00a0000"),
        (skin.thousands(37), "37"),
        (skin.thousands(None), ""),
        (skin.percent(74.0), "74,0\u00a0%"),
        (skin.day(date(2018, 2, 7)), "7.\u00a0feb.\u00a02018"),
        (skin.short_day(date(2018, 5, 23)), "23.\u00a0mai"),
        (skin.day(date(2018, 6, 5)), "5.\u00a0juni\u00a02018"),
        (skin.short_day(datetime(2018, 6, 30, 22, 30, tzinfo=UTC)), "1.\u00a0juli"),
        (skin.long_day(date(2018, 2, 7)), "onsdag 7. februar 2018"),
        (skin.moment(datetime(2018, 2, 1, 8, 0, tzinfo=UTC)), "torsdag 1. februar 2018 kl. 09.00"),
        (skin.moment(datetime(2018, 8, 16, 6, 0, tzinfo=UTC)), "torsdag 16. august 2018 kl. 08.00"),
    ],
)
def test_numbers_and_dates_are_written_the_norwegian_way(written, expected):
    assert written == expected


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("Utdanningsetaten", "Utdannings-etaten"),
        ("Eiendoms- og byfornyelsesetaten", "Eiendoms- og byfornyelses-etaten"),
        ("Klimaetaten", "Klimaetaten"),
        ("Brann- og redningsetaten", "Brann- og rednings-etaten"),
        ("Bydel Nordstrand", "Bydel Nordstrand"),
    ],
)
def test_a_long_name_breaks_between_its_parts(name, broken):
    assert skin.soft(name).replace("\u00ad", "-") == broken
    assert skin.soft(name).replace("\u00ad", "") == name


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Begrunnelse", help_text="Én setning holder.")


def test_a_field_ties_its_hint_and_its_error_to_the_input():
    html = Template("{% load skin %}{% field form.reason %}").render(Context({"form": ReasonForm({})}))
    described_by = re.search(r'aria-describedby="([^"]+)"', html).group(1).split()
    assert described_by == ["id_reason_hint", "id_reason_error"]
    assert all(f'id="{name}"' in html for name in described_by)
    assert 'aria-invalid="true"' in html
    assert '<label class="ur-field__label" for="id_reason">Begrunnelse' in html


def test_every_icon_a_template_or_view_names_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "vendor/punkt/sprite.svg").read_text()))
    root = STATIC.parent
    sources = [path.read_text() for path in root.glob("templates/**/*.html")]
    named = {name for text in sources for name in re.findall(r'(?:\{% icon |\bicon=)"([\w-]+)"', text)}
    assert named
    assert named | set(skin.ALERT_ICONS.values()) | {"information"} <= drawn


def test_the_vendored_style_reaches_for_nothing_outside():
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "vendor/punkt/punkt.css").read_text(), flags=re.DOTALL)
    assert "@font-face" not in css
    assert not re.search(r"https?:|data:|sourceMappingURL", css)
    for file in re.findall(r"url\(([^)]+)\)", css):
        assert (STATIC / "vendor/punkt" / file.strip("\"'")).is_file()


class TwoFieldsForm(forms.Form):
    first = forms.CharField(required=False)
    second = forms.CharField()
    third = forms.CharField()


def _form_page(form):
    template = '{% load skin %}{% include "components/errors.html" %}{% for f in form %}{% field f %}{% endfor %}'
    return Template(template).render(Context({"form": form}))


def test_a_page_that_comes_back_with_an_error_opens_at_the_first_field_to_mend():
    assert re.findall(r"<[^>]*autofocus[^>]*>", _form_page(TwoFieldsForm())) == []
    [focused] = re.findall(r"<[^>]*autofocus[^>]*>", _form_page(TwoFieldsForm({})))
    assert 'id="id_second"' in focused


def test_a_refusal_of_no_one_field_is_where_the_page_opens():
    form = TwoFieldsForm({"second": "a", "third": "b"})
    form.add_error(None, "Puljen er full.")
    [focused] = re.findall(r"<[^>]*autofocus[^>]*>", _form_page(form))
    assert 'role="alert"' in focused and 'tabindex="-1"' in focused
