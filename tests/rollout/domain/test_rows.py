"""Rows read plainly are what the models' own queries give."""

import pytest

from agencies.models import Agency
from rollout.domain import rows
from rollout.models import BlackoutPeriod, Placement, Rollout, Wave
from tests.factories import make_agency, make_rollout, place

pytestmark = pytest.mark.django_db
#: All that is read so.
MODELS = (Agency, BlackoutPeriod, Placement, Rollout, Wave)


@pytest.fixture(autouse=True)
def plan():
    rollout = make_rollout(waves=1)
    BlackoutPeriod.objects.get_or_create(
        rollout=rollout, name="Fellesferie", first_day="2018-07-09", last_day="2018-07-29", hard=True
    )
    place(make_agency(), rollout.waves.get())
    return rollout


def fields_of(instance):
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


@pytest.mark.parametrize("model", MODELS)
def test_a_row_makes_the_same_model_as_its_query_does(model):
    sql = f"SELECT {rows.columns(model, 't')} FROM {model._meta.db_table} t ORDER BY t.id"
    read = [instance for (instance,) in rows.read(sql, [], model)]
    assert read
    assert [fields_of(one) for one in read] == [fields_of(one) for one in model.objects.order_by("pk")]
    assert not any(one._state.adding for one in read), "it is saved as the row that it is"


def test_two_models_and_a_value_beside_them_come_of_one_row():
    placement = Placement.objects.select_related("agency").get()
    [(read, agency, slot)] = rows.read(
        f"SELECT {rows.columns(Placement, 'p')}, {rows.columns(Agency, 'a')}, p.slot "
        "FROM rollout_placement p JOIN agencies_agency a ON a.id = p.agency_id WHERE p.id = %s",
        [placement.pk],
        Placement,
        Agency,
    )
    assert (read, agency, slot) == (placement, placement.agency, 1)
