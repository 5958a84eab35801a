"""Norwegian order, as the database sorts by the stored key."""

import pytest

from agencies.models import Agency
from agencies.norwegian import LONGEST, sort_key
from tests.factories import make_agency

IN_ORDER = ["Alna", "alna sør", "Bjerke", "Élan", "Ellingsrud", "Zoo", "Zürich", "Ærfugl", "Økern", "Ås", "Åsgård"]


@pytest.mark.django_db
def test_the_database_puts_ae_oe_and_aa_last():
    for name in reversed(IN_ORDER):
        make_agency(name=name)
    assert [agency.name for agency in Agency.objects.in_norwegian_order()] == IN_ORDER


def test_swedish_letters_stand_with_the_norwegian_ones():
    assert sort_key("Ängby") < sort_key("Öster") < sort_key("Ås")


def test_the_key_of_the_longest_name_fits_its_column():
    assert len(sort_key("ø" * 120)) == LONGEST == Agency._meta.get_field("name_sort_key").max_length
