"""A copy of every table to play in, which the verbs take for the real ones; nothing of it is left.

PostgreSQL looks for a table among the session's temporary ones first. So within `shadowed` every query, lock and
trigger of this connection meets the copies, under the tables' own names and keys; no row of the real ones is written
or locked.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction
from django.db.models import BinaryField, Field, Model

#: Who takes part and the plan. Sign-in and sessions stand aside: the verbs know nothing of them.
COPIED = ("agencies", "rollout")
# The triggers that keep a sum or refuse a change are rules too. Those of foreign keys are internal and stay behind.
_TRIGGERS = """
SELECT pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal
"""


@contextmanager
def shadowed() -> Iterator[None]:
    """Within it the connection sees copies of all tables as they were when it began; after it they are gone.

    Costs a second or less for a plan of some hundred agencies, more with many thousand messages kept.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not connection.savepoint_ids:  # ours is the outermost: all tables are read as of one moment
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT current_schema()")
            schema = cursor.fetchone()[0]
            for app in COPIED:
                for model in apps.get_app_config(app).get_models():
                    _copy(cursor, model, schema)
            # Also makes the triggers' functions forget the plans they made for the real tables.
            cursor.execute(f'SET LOCAL search_path = pg_temp, "{schema}"')
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _copy(cursor, model: type[Model], schema: str) -> None:
    table = model._meta.db_table
    real, copy = f'"{schema}"."{table}"', f'pg_temp."{table}"'
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join("''::bytea" if _is_a_file(field) else f'"{field.column}"' for field in fields)
    cursor.execute(f'CREATE TEMP TABLE "{table}" (LIKE {real} INCLUDING ALL) ON COMMIT DROP')
    cursor.execute(f"INSERT INTO {copy} ({columns}) SELECT {values} FROM {real}")  # noqa: S608 (names of our own)
    key = model._meta.pk.column
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [copy, key])
    if sequence := cursor.fetchone()[0]:
        cursor.execute(f'SELECT setval(%s, COALESCE(max("{key}"), 0) + 1, false) FROM {copy}', [sequence])  # noqa: S608
    cursor.execute(_TRIGGERS, [real])
    for (trigger,) in cursor.fetchall():
        # Written with the schema or without, as the search path has it.
        cursor.execute(
            trigger.replace(f" ON {schema}.{table} ", f" ON {copy} ").replace(f" ON {table} ", f" ON {copy} ")
        )


def _is_a_file(field: Field) -> bool:
    """The bytes of files stay behind: no verb reads them, and there may be gigabytes."""
    return isinstance(field, BinaryField) and field.max_length is None
