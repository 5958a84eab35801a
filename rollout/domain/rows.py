"""The hottest reads, as plain SQL whose rows are models: to build such a query costs several times what asking it does.

For tables without a field that Django must convert on the way in (JSON).
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def columns(model: type[Model], alias: str) -> str:
    """What to select for `read` to make a model of it: its columns, in the order of its fields."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def read(sql: str, params: Sequence[Any], *models: type[Model]) -> list[tuple]:
    """Each row as a tuple: an instance of each of `models`, whose `columns` are selected first, then what is left."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [_parts(row, models) for row in cursor.fetchall()]


def _parts(row: tuple, models: Sequence[type[Model]]) -> tuple:
    parts: list[Any] = []
    for model in models:
        names = [field.attname for field in model._meta.concrete_fields]
        parts.append(model.from_db(connection.alias, names, row[: len(names)]))
        row = row[len(names) :]
    return (*parts, *row)
