"""A database state kept in memory: made once, put back in a moment before each test that wants it."""

from collections.abc import Callable
from io import BytesIO

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model


def _models() -> list[type[Model]]:
    return [model for app in ("agencies", "rollout") for model in apps.get_app_config(app).get_models()]


class Snapshot:
    """The rows of our own tables, as PostgreSQL's COPY writes and reads them."""

    def __init__(self) -> None:
        self._tables: dict[str, BytesIO] = {}

    def restore(self, make: Callable[[], object]) -> None:
        """Fill the emptied database: by `make` the first time, from memory afterwards."""
        if not self._tables:
            make()
            self._keep()
            return
        with transaction.atomic(), connection.cursor() as cursor:
            # Triggers and foreign keys have judged these rows once; now they would stand in the way of their order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self._tables.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows.getvalue())
            for table in self._tables.keys() & {model._meta.db_table for model in _models() if model._meta.auto_field}:
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM " + table + "))", [table]
                )

    def _keep(self) -> None:
        with connection.cursor() as cursor:
            for model in _models():
                table, rows = model._meta.db_table, BytesIO()
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    for part in copy:
                        rows.write(part)
                if rows.tell():
                    self._tables[table] = rows
